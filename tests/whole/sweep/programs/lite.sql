create table t(id integer primary key, name text, n integer);
with recursive c(x) as (select 1 union all select x + 1 from c where x < 2000)
insert into t select x, 'name ' || x, x * 7 % 100 from c;
create index i on t(n);
select n, count(*), group_concat(id) from t where n < 5 group by n;
create virtual table f using fts5(body);
insert into f select name from t;
select count(*) from f where f match 'name';
explain query plan select * from t where n = 3;
