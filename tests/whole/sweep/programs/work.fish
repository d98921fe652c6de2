for i in (seq 5); echo $i; end
set -l s (string upper hello); echo $s
function f; math $argv[1] \* 2; end
f 21
