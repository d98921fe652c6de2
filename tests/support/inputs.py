# SPDX-License-Identifier: MIT
"""Input for real programs, made anew each time and always the same."""
import json
import os
import random
import subprocess


def json_document(path, size):
    """A document of at least `size` bytes."""
    rng = random.Random(1)
    people, written = [], 0
    while written < size:
        person = {"id": len(people), "name": f"name {rng.random():.12f}",
                  "tags": [f"tag{rng.randrange(99)}" for _ in range(5)],
                  "at": {"x": rng.random(), "y": rng.randrange(10 ** 9)}}
        people.append(person)
        written += len(json.dumps(person)) + 2
    path.write_text(json.dumps(people))
    return path


def xml_document(path, items):
    rng = random.Random(2)
    lines = [f'<item id="i{i}" kind="{rng.randrange(9)}"><name>item {i} '
             f"&amp; more</name><price>{rng.randrange(9999)}</price></item>"
             for i in range(items)]
    path.write_text('<?xml version="1.0"?>\n<shop>\n' + "\n".join(lines) +
                    "\n</shop>\n")
    return path


def sql_script(path, rows):
    path.write_text(
        "CREATE TABLE t (id INTEGER PRIMARY KEY, k TEXT, v REAL);\nBEGIN;\n"
        + "".join(f"INSERT INTO t VALUES ({i}, 'key {i * 7919 % rows}', "
                  f"{i / 7});\n" for i in range(rows))
        + "COMMIT;\nCREATE INDEX k ON t (k);\n"
        "SELECT count(*), sum(v) FROM t WHERE k LIKE 'key 1%';\n"
        "SELECT k, v FROM t ORDER BY k DESC LIMIT 20;\n")
    return path


PERL = r"""
my %h; my $n = shift;
for my $i (1 .. $n) {
    my $k = "key" . ($i * 7919 % ($n / 2));
    push @{ $h{$k} }, { at => $i, text => "x" x ($i % 40) };
}
my $sum = 0;
for my $k (sort keys %h) { $sum += length $_->{text} for @{ $h{$k} } }
print scalar(keys %h), " keys, $sum\n";
"""

PYTHON = """
import json, sys, re, collections
n = int(sys.argv[1])
c = collections.Counter(str(i * 7919 % 1000) for i in range(n))
d = {str(i): [i, {"a": i / 3}] for i in range(n)}
t = json.dumps(d)
print(len(c), len(t), len(json.loads(t)), len(re.findall(r"\\d+", t)))
"""


def c_source(path, functions):
    path.write_text(
        "#include <stdio.h>\n#include <stdlib.h>\n#include <string.h>\n"
        + "".join(f"int f{i}(int n, char *s)\n{{\n\tint r = {i};\n"
                  f"\tfor (int i = 0; i < n; i++)\n"
                  f"\t\tr += s[i] * {i + 3} + (int)strlen(s + i % 3);\n"
                  f'\tif (r > {i * 10})\n\t\tprintf("%d %s\\n", r, s);\n'
                  f"\treturn r;\n}}\n" for i in range(functions)))
    return path


def git_repository(path, commits):
    """A repository with history and a dirty work tree."""
    path.mkdir()
    env = {**os.environ, "GIT_AUTHOR_DATE": "1700000000 +0000",
           "GIT_COMMITTER_DATE": "1700000000 +0000", "HOME": str(path),
           "GIT_CONFIG_NOSYSTEM": "1"}

    def git(*args, **kw):
        subprocess.run(["git", *args], cwd=path, env=env, check=True,
                       capture_output=True, **kw)
    git("init", "-q", "-b", "main")
    stream = []
    for i in range(commits):
        text = f"line {i}\n" * (i % 30 + 1)
        name = f"file{i % 40}.txt"
        message = f"change {i}\n"
        stream.append(
            f"commit refs/heads/main\n"
            f"committer A B <a@example.org> {1700000000 + i * 60} +0000\n"
            f"data {len(message)}\n{message}"
            f"M 100644 inline d{i % 7}/{name}\ndata {len(text)}\n{text}\n")
    git("fast-import", "--quiet", input="".join(stream).encode())
    git("checkout", "-q", "-f", "main")
    (path / "d0/file0.txt").write_text("changed\n")
    (path / "new.txt").write_text("new\n")
    return path
