edit text.txt
%s/the/THE/g
let g:d = {}
for w in split(join(getline(1, '$'), ' ')) | let g:d[w] = get(g:d, w, 0) + 1 | endfor
call append(0, string(len(g:d)))
write! vim.out
qall!
