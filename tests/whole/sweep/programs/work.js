const fs = require('fs');
const words = fs.readFileSync('text.txt', 'utf8').split(/\W+/);
const count = new Map();
for (const w of words) count.set(w, (count.get(w) || 0) + 1);
[...count].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1))
  .slice(0, 5).forEach(([w, n]) => console.log(w, n));
console.log(require('crypto').createHash('md5').update(fs.readFileSync('data.json')).digest('hex'));
console.log(require('zlib').gzipSync(fs.readFileSync('text.txt')).length > 100);
