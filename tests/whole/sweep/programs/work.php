<?php
$words = preg_split('/\W+/', file_get_contents('text.txt'));
$count = array_count_values($words);
arsort($count);
foreach (array_slice($count, 0, 5) as $word => $n) echo "$word $n\n";
echo md5(json_encode(json_decode(file_get_contents('data.json')))), "\n";
class Node { public $next; public $load; }
for ($i = 0; $i < 2000; $i++) {
	$a = new Node; $b = new Node;
	$a->next = $b; $b->next = $a; $a->load = str_repeat('x', $i % 97);
}
echo gc_collect_cycles() > 0 ? "cycles\n" : "none\n";
