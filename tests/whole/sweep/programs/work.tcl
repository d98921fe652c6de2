set f [open text.txt]; set t [read $f]; close $f
foreach w [regexp -all -inline {\w+} $t] { dict incr count $w }
set i 0
foreach {w n} [lsort -stride 2 -index 1 -integer -decreasing $count] {
  puts "$w $n"; if {[incr i] == 5} break
}
proc fib n { expr {$n < 2 ? $n : [fib [expr {$n-1}]] + [fib [expr {$n-2}]]} }
puts [fib 15]
