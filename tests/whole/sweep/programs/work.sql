create table t(id integer primary key, name varchar(40), n integer);
insert into t values (1, 'one', 10), (2, 'two', 20), (3, 'three', 30);
create index i on t(n);
select name, n * 2 from t where n > 5 order by n desc;
select count(*), sum(n), max(name) from t;
update t set n = n + 1 where id = 2;
delete from t where id = 3;
select * from t order by id;
