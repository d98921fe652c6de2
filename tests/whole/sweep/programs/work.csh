set i = 0
while ($i < 50)
  @ i++
end
echo $i
foreach f (*.txt)
  echo $f:r
end
