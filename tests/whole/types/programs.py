# SPDX-License-Identifier: MIT
"""The programs whose types are judged: how each is built and made busy, so that
much of what it allocates is alive at its end."""
import dataclasses
import http.server
import os
import pathlib
import shlex
import shutil
import subprocess
import threading
import time

JOBS = os.environ.get("JOBS", "2")


@dataclasses.dataclass
class Program:
    """`build` runs in a fresh copy of the sources, `$CC` is the compiler with
    its log, `$OPT` the level. `run` gets (recorder, binary, directory)."""
    name: str
    package: str
    build: str
    binary: str
    run: object
    # Functions that return what they allocated, by a way that is not in the
    # result's type: `static void get(void **result)`.
    allocators: tuple = ()
    recordings: tuple = ("main",)  # what `run` leaves: main.rkn
    goals: dict = dataclasses.field(default_factory=dict)  # see judge.py


def feed(recorder, argv, text, seconds, directory):
    """A program that reads `text` and is ended in the middle of its work."""
    source = pathlib.Path(directory) / "input"
    source.write_text(text)
    with open(source, encoding="utf-8") as given:
        subprocess.run(["timeout", "-s", "TERM", str(seconds), *recorder, "--",
                        *argv], stdin=given, stdout=subprocess.DEVNULL,
                       stderr=subprocess.DEVNULL, check=False, cwd=directory)


TABLE = """CREATE TABLE t{0}(a INTEGER PRIMARY KEY, b TEXT NOT NULL DEFAULT 'x',
    c REAL CHECK(c > {0}), d REFERENCES t1(a));
CREATE INDEX i{0} ON t{0}(b COLLATE NOCASE, c DESC) WHERE c > 2;
CREATE VIEW v{0} AS SELECT a, b || c AS bc FROM t{0} WHERE b LIKE 'x%' ORDER BY c;
CREATE TRIGGER g{0} AFTER INSERT ON t{0} BEGIN
    UPDATE t{0} SET c = new.c + 1 WHERE a = new.a - 1;
    DELETE FROM t1 WHERE a = new.a + 100000; END;
INSERT INTO t{0}(b, c) SELECT 'x' || value, value + {0}
    FROM generate_series(1, 300);
"""
LONG_QUERY = """ATTACH ':memory:' AS m; CREATE TABLE m.mm AS SELECT * FROM t3;
CREATE TEMP TABLE tt AS SELECT * FROM v4; ANALYZE; SAVEPOINT s1;
SELECT * FROM sqlite_schema LIMIT 1;
WITH RECURSIVE n(i, s) AS (SELECT 1, 'x' UNION ALL
    SELECT i + 1, s || i FROM n WHERE i < 200000000)
SELECT count(DISTINCT n.i % 10), group_concat(v3.bc),
    sum(t4.c) OVER (PARTITION BY v3.bc) FROM n, v3, t4
    WHERE v3.a = n.i % 7 AND t4.b = v3.bc GROUP BY n.i % 3 ORDER BY 2;
"""


def run_sqlite3(recorder, binary, directory):
    text = "".join(TABLE.format(i) for i in range(1, 41)) + LONG_QUERY
    feed(recorder, [binary, "x.db"], text, 25, directory)


def run_jq(recorder, binary, directory):
    rows = ",".join('{"id":%d,"name":"n%d","tags":["a",{"x":%d}]}' % (i, i, i)
                    for i in range(3000))
    feed(recorder, [binary, ". as $d | def f(x): if x > 0 then f(x - 1) else . "
                    "end; [range(100000000)] | map(tostring | {a: ., b: [.]}) |"
                    "group_by(.a) | length as $l | f($l) | $d | map(.id)"],
         f"[{rows}]", 20, directory)


TMUX = """set -g exit-empty off
new-session -d -s a -x 120 -y 40 cat
new-session -d -s b -n w1 cat
new-window -t a -n w1 cat
split-window -t a:w1 cat
split-window -h -t a:w1 cat
new-window -t a -n w2 'seq 200; cat'
new-window -t a -n w3 cat
bind-key -T prefix F5 if-shell -F 1 'display-message x' 'new-window'
bind-key -T extra x 'display-popup ; split-window -h'
set-environment -g FOO bar
set-hook -g after-new-window 'display-message hi'
set -g status-left 'x#{session_name}'
set -g @user foo
set-buffer -b buf1 'hello world'
select-layout -t a:w1 tiled
copy-mode -t a:w2
choose-tree -t a:w3
clock-mode -t b:w1
pipe-pane -t a:w1 'cat >/dev/null'
link-window -s a:w1 -t b:9
new-session -d -t a -s grp
wait-for -S chan
"""


def run_tmux(recorder, binary, directory):
    """The server is not sent away, and ended by a signal that it leaves."""
    env = {**os.environ, "TMUX_TMPDIR": str(directory), "LANG": "C.UTF-8"}
    env.pop("TMUX", None)
    client = [binary, "-L", "types", "-f", "/dev/null"]

    def ask(*words):
        return subprocess.run([*client, *words], env=env, check=False,
                              capture_output=True, text=True)

    with subprocess.Popen([*recorder, "--", *client, "-D"], env=env) as server:
        while server.poll() is None and ask("ls").returncode:
            time.sleep(0.2)
        for line in TMUX.splitlines():
            ask(*shlex.split(line))
        pid = ask("display-message", "-p", "#{pid}").stdout.strip()
        if pid.isdigit():
            os.kill(int(pid), 6)


def run_redis(recorder, binary, directory):
    socket = f"{directory}/redis.sock"
    lines = [f"SET key:{i} value{i}\nLPUSH list:{i % 50} a{i}\n"
             f"HSET hash:{i % 40} f{i} v{i}\nZADD z:{i % 30} {i} m{i}\n"
             f"SADD s:{i % 20} x{i}\n" for i in range(1, 2001)]
    lines += ["EVAL \"return redis.call('get','key:1')\" 0\n",
              "EXPIRE key:5 1000\n", "XADD st * a b\n"]
    client = ["redis-cli", "-s", socket]
    with subprocess.Popen([*recorder, "--", binary, "--port", "0",
                           "--unixsocket", socket, "--save", ""],
                          stdout=subprocess.DEVNULL) as server:
        while server.poll() is None and not os.path.exists(socket):
            time.sleep(0.2)
        subprocess.run(client, input="".join(lines), text=True, check=False,
                       stdout=subprocess.DEVNULL)
        subprocess.run([*client, "shutdown", "nosave"], check=False)


def run_git(recorder, binary, directory):
    """A repository with packs and loose objects, and the command that holds most
    of it at its end: the log of all with patches."""
    home = pathlib.Path(directory) / "repository"
    env = {**os.environ, "HOME": str(directory), "GIT_CONFIG_NOSYSTEM": "1",
           "GIT_EXEC_PATH": str(pathlib.Path(binary).parent), "GIT_PAGER": "cat"}
    for who in ("AUTHOR", "COMMITTER"):
        env |= {f"GIT_{who}_NAME": "a", f"GIT_{who}_EMAIL": "a@b",
                f"GIT_{who}_DATE": "2020-01-01T00:00:00Z"}

    def git(*words, before=()):
        subprocess.run([*before, binary, "-C", home, *words], env=env,
                       check=False, stdout=subprocess.DEVNULL,
                       stderr=subprocess.DEVNULL)

    shutil.rmtree(home, ignore_errors=True)
    home.mkdir()
    git("init", "-q", "-b", "main")
    for i in range(120):
        for k in range(8):
            folder = home / f"d{k}"
            folder.mkdir(exist_ok=True)
            (folder / f"f{i % 17}").write_text(
                "".join(f"line {n} {i * n % 7}\n" for n in range(60 + k)))
        git("add", "-A")
        git("commit", "-q", "-m", f"commit {i}")
        if i % 10 == 0:
            git("tag", "-a", f"v{i}", "-m", "x")
            git("branch", f"b{i}")
    git("gc", "-q")
    (home / "d1/f3").write_text("other\n")
    (home / "new").write_text("untracked\n")
    words = {"log": ["log", "-p", "--stat", "--graph", "--decorate", "--all",
                     "-M"],
             "status": ["status", "--ignored", "-uall"],
             "gc": ["pack-objects", "--all", "--stdout", "--no-reuse-delta"],
             "blame": ["blame", "-C", "d1/f3"],
             "merge": ["merge-tree", "b10", "b20"]}
    for name, command in words.items():
        # Folders of children, if there are any, are not looked into.
        one = [f"{recorded}".replace("main.rkn", f"{name}.rkn")
               for recorded in recorder]
        git(*command, before=[*one, "--"])


class Slow(http.server.BaseHTTPRequestHandler):
    """A server whose files never end."""

    def do_GET(self):  # pylint: disable=invalid-name
        self.send_response(200)
        self.send_header("Set-Cookie", f"n{self.path[1:]}=v; Max-Age=1000")
        self.send_header("Content-Length", "100000000")
        self.end_headers()
        try:
            while True:
                self.wfile.write(b"x" * 1000)
                time.sleep(0.1)
        except OSError:
            pass

    def log_message(self, *_):  # pylint: disable=arguments-differ
        pass


def run_curl(recorder, binary, directory):
    """Ended in the middle of its transfers, when all is alive."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Slow)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{server.server_port}"
    try:
        subprocess.run(
            ["timeout", "-s", "TERM", "6", *recorder, "--", binary, "-s",
             "--parallel", "--parallel-max", "40", "--compressed",
             "--cookie", "a=b", "--cookie-jar", f"{directory}/jar", "-H",
             "X-One: two", "-A", "agent", "-o", f"{directory}/out#1",
             f"{url}/f[0-59]"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False,
            cwd=directory)
    finally:
        server.shutdown()
        server.server_close()


TYPED = {"struct": 60, "known": 90}
OWN_SITES = {"wrappers": 1}
CONFIGURE = 'CFLAGS="$OPT -g" ./configure -q'
PROGRAMS = [
    Program("tmux", "tmux", f"{CONFIGURE} && make -s -j{JOBS}", "tmux",
            run_tmux, goals={**TYPED, **OWN_SITES}),
    Program("sqlite3", "sqlite3", f"{CONFIGURE} --disable-tcl --disable-shared "
            f"--disable-readline && make -s -j{JOBS} sqlite3", "sqlite3",
            run_sqlite3, ("sqlite3Malloc",), goals=TYPED),
    Program("redis", "redis", f"cd src && make -j{JOBS} MALLOC=libc CFLAGS=-g "
            'OPTIMIZATION="$OPT" CC="$CC" redis-server', "src/redis-server",
            run_redis, goals={**TYPED, **OWN_SITES}),
    Program("jq", "jq", f"autoreconf -fi && {CONFIGURE} --disable-docs "
            "--disable-maintainer-mode --disable-shared --enable-static && "
            f"make -s -j{JOBS}", "jq", run_jq),
    Program("git", "git", 'make -s -j' + JOBS + ' CC="$CC" CFLAGS="$OPT -g" '
            "NO_PERL=1 NO_TCLTK=1 NO_GETTEXT=1 NO_CURL=1 NO_EXPAT=1 "
            "NO_OPENSSL=1 NO_PYTHON=1 git", "git", run_git,
            goals={"known": 90},
            recordings=("log", "status", "gc", "blame", "merge")),
    Program("curl", "curl", f"{CONFIGURE} --disable-shared --without-ssl "
            "--without-libpsl --without-zstd --without-brotli --disable-ldap "
            f"&& make -s -j{JOBS} -C lib && make -s -j{JOBS} -C src",
            "src/curl", run_curl, goals={"known": 90, **OWN_SITES}),
]
