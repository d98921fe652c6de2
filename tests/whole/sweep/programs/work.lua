local f = io.open("text.txt"); local t = f:read("*a"); f:close()
local count, words = {}, {}
for w in t:gmatch("%w+") do
  if not count[w] then words[#words + 1] = w end
  count[w] = (count[w] or 0) + 1
end
table.sort(words, function(a, b)
  if count[a] ~= count[b] then return count[a] > count[b] end
  return a < b end)
for i = 1, 5 do print(words[i], count[words[i]]) end
local co = coroutine.wrap(function() for i = 1, 100 do coroutine.yield(i) end end)
local s = 0; for i = 1, 100 do s = s + co() end; print(s)
