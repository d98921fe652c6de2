var o = {}; for (var i = 0; i < 1000; i++) o['k' + i] = { n: i, s: 'x' + i };
var s = 0; for (var k in o) s += o[k].n; print(s);
print(JSON.stringify([1, 2, { a: /b+/.exec('abbb')[0] }]));
