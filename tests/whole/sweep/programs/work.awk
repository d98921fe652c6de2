{ for (i = 1; i <= NF; i++) count[$i]++ }
END { n = 0; for (w in count) if (count[w] > 20) n += count[w]; print n, NR
      print substr("abcdef", 2, 3), toupper("x"), sprintf("%05.2f", 3.14159) }
