<?php
$d = new DOMDocument;
$d->load('data.xml');
$x = new DOMXPath($d);
echo $x->query('//item')->length, "\n";
$s = simplexml_load_file('data.xml');
foreach ($s->item as $i => $item) if ($item['kind'] == 3) { echo $item->name, "\n"; break; }
$p = new PDO('sqlite::memory:');
$p->exec('create table t(a, b)');
for ($i = 0; $i < 100; $i++) $p->prepare('insert into t values(?, ?)')->execute([$i, "n$i"]);
echo $p->query('select count(*), max(a) from t')->fetch()[0], "\n";
echo mb_strtoupper('grün'), "\n";
