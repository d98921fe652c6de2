# SPDX-License-Identifier: MIT
i=0
while [ $i -lt 200 ]; do i=$((i + 1)); done
for f in *.txt; do echo "$f"; done
x=$(printf 'b\na\n' | sort | head -1); echo "$x"
case $x in [a-c]*) echo in ;; esac
( cd /; pwd )
