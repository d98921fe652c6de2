typeset -A count
for w in ${=$(<text.txt)}; do (( count[$w]++ )); done
print ${#count}
for i in {1..20}; do (exit $i) || : ; done
print ${(U)$(print hello)} ${(j:,:)${(@on)${(k)count}}[1,3]}
