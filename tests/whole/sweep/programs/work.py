# SPDX-License-Identifier: MIT
import collections, hashlib, json, re, sqlite3, xml.etree.ElementTree as ET, zlib
words = re.split(r"\W+", open("text.txt").read())
for w, n in sorted(collections.Counter(words).items(), key=lambda p: (-p[1], p[0]))[:5]:
    print(w, n)
print(hashlib.md5(json.dumps(json.load(open("data.json"))).encode()).hexdigest())
print(len(list(ET.parse("data.xml").getroot())), len(zlib.compress(b"x" * 10000)))
db = sqlite3.connect(":memory:")
db.execute("create table t(a, b)")
db.executemany("insert into t values(?, ?)", ((i, str(i)) for i in range(500)))
print(db.execute("select sum(a) from t").fetchone())
