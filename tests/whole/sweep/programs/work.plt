set terminal svg size 400,300
set output "plot.svg"
set title "sweep"
plot sin(x), x**2/50 with lines, "data.tsv" using 1:2 with points
