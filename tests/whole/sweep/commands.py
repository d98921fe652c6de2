# SPDX-License-Identifier: MIT
"""The commands of the sweep, one row a command.

A line is of bash, in a scratch directory with the materials; "$T program"
runs a program under the tool, $P is a port of the row's own, and prelude.sh
has more. A row says `varies` when two runs of the plain program do not
allocate the same, and why where that is not plain.
"""
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Row:
    name: str
    packages: tuple
    kind: str
    line: str
    varies: bool = False
    port: int = 0
    status: int = 0         # of the plain program; None: any
    env: dict = field(default_factory=dict)
    limit: int = 60         # seconds, of the plain program
    user: str = None        # when the sweep runs as root
    x11: bool = False
    filters: tuple = ()     # (expression, replacement) for outputs
    skip_files: tuple = ()  # expressions: files that differ in each run

    @property
    def identity(self):
        return (self.line, self.env, self.user, self.x11)


COMMANDS = []


def row(name, packages, kind, line, **more):
    # Ports below the kernel's ephemeral ones, two a row.
    COMMANDS.append(Row(name, tuple(packages.split()), kind, line,
                        port=20000 + 2 * len(COMMANDS), **more))


GIT = {"GIT_CONFIG_GLOBAL": "/dev/null", "GIT_AUTHOR_NAME": "a",
       "GIT_AUTHOR_EMAIL": "a@b", "GIT_COMMITTER_NAME": "a",
       "GIT_COMMITTER_EMAIL": "a@b",
       "GIT_AUTHOR_DATE": "2024-01-01T00:00:00Z",
       "GIT_COMMITTER_DATE": "2024-01-01T00:00:00Z"}
PG = ((r"^\d{4}-\d\d-\d\d [\d:.]+ \w+ \[\d+\]", "TIME"),)
NO_POOL = {"PYTHONMALLOC": "malloc", "PYTHONHASHSEED": "0"}


# ---------------------------------------------------------------- interpreters
row("php", "php8.2-cli", "interpreter", "$T php8.2 work.php")
row("php-nothing", "php8.2-cli", "interpreter", "$T php8.2 -r '1;'")
row("php-malloc", "php8.2-cli", "interpreter", "$T php8.2 work.php",
    env={"USE_ZEND_ALLOC": "0"})
row("php-xml", "php8.2-cli php8.2-xml php8.2-sqlite3", "interpreter",
    "$T php8.2 xml.php")
row("php-gd", "php8.2-cli php8.2-gd", "interpreter",
    "$T php8.2 -r '$i = imagecreatetruecolor(50, 50); imageline($i, 0, 0, 49, "
    "49, 255); imagepng($i, \"o.png\"); echo filesize(\"o.png\");'")
row("ruby", "ruby", "interpreter", "$T ruby work.rb")
row("ruby-nothing", "ruby", "interpreter", "$T ruby --disable-gems -e 'p 1'")
row("irb", "ruby", "interpreter",
    "echo '1 + 2' | $T irb -f --noreadline --nomultiline",
    skip_files=("history",))
row("node", "nodejs", "interpreter", "$T node work.js", varies=True)
row("node-check", "nodejs", "interpreter", "$T node --check work.js",
    varies=True)
row("perl", "perl", "interpreter", "$T perl work.pl",
    env={"PERL_HASH_SEED": "0"})
row("perl-modules", "perl", "interpreter",
    "$T perl -MJSON::PP -MEncode -MPOSIX -MStorable=dclone -e "
    "'print length encode_json(dclone({map {$_ => [1..$_]} 1..50}))'",
    env={"PERL_HASH_SEED": "0"})
row("python", "python3", "interpreter", "$T /usr/bin/python3 work.py",
    env=NO_POOL)
row("python-pools", "python3", "interpreter", "$T /usr/bin/python3 work.py",
    env={"PYTHONHASHSEED": "0"})
row("python-threads", "python3", "interpreter",
    "$T /usr/bin/python3 threads.py", env=NO_POOL, varies=True)
row("python-processes", "python3", "interpreter",
    "$T /usr/bin/python3 processes.py", env=NO_POOL, varies=True)
row("python-numpy", "python3 python3-numpy", "interpreter",
    "$T /usr/bin/python3 matrix.py", env={**NO_POOL,
                                           "OPENBLAS_NUM_THREADS": "1"})
row("python-lxml", "python3 python3-lxml", "interpreter",
    "$T /usr/bin/python3 tree.py", env=NO_POOL)
row("lua", "lua5.4", "interpreter", "$T lua5.4 work.lua")
row("luajit", "luajit", "interpreter", "$T luajit work.lua")
row("tcl", "tcl", "interpreter", "$T tclsh work.tcl")
row("guile", "guile-3.0", "interpreter",
    "$T guile --no-auto-compile work.scm", varies=True)
row("gawk", "gawk", "interpreter", "$T gawk -f work.awk text.txt")
row("mawk", "mawk", "interpreter", "$T mawk -f work.awk text.txt")
row("original-awk", "original-awk", "interpreter",
    "$T original-awk -f work.awk text.txt")
row("bc", "bc", "interpreter", "$T bc -q work.bc </dev/null")
row("dc", "dc", "interpreter", "$T dc -e '50k 2 v p 3 100 ^ p [lax]sa'")
row("jq", "jq", "interpreter",
    "$T jq '[.[] | {name, x: .at.x}] | length' data.json")
row("m4", "m4", "interpreter", "$T m4 work.m4")
row("zsh", "zsh", "shell", "$T zsh -f work.zsh")
row("bash", "bash", "shell", "$T bash work.sh")
row("dash", "dash", "shell", "$T dash work.sh")
row("mksh", "mksh", "shell", "$T mksh work.sh")
row("tcsh", "tcsh", "shell", "$T tcsh -f work.csh")
row("fish", "fish", "shell", "$T fish --no-config work.fish", varies=True)
row("swipl", "swi-prolog-nox", "interpreter",
    "$T swipl -q work.pro </dev/null", varies=True)
row("gforth", "gforth", "interpreter", "$T gforth work.fs")
row("sbcl", "sbcl", "interpreter", "$T sbcl --script work.lisp")
row("ecl", "ecl", "interpreter", "$T ecl --norc --shell work.lisp")
row("csi", "chicken-bin", "interpreter", "$T csi -n -s chicken.scm")
row("duktape", "duktape", "interpreter", "$T duk duk.js")
row("mujs", "mujs", "interpreter", "$T mujs duk.js")
row("jimsh", "jimsh", "interpreter", "$T jimsh work.tcl || true")
row("slsh", "slsh", "interpreter", "$T slsh -n work.sl")
row("expect", "expect", "interpreter", "$T expect work.exp")
row("erlang", "erlang-base", "interpreter", "$T escript work.erl",
    varies=True)
row("octave", "octave", "interpreter",
    "$T octave-cli --norc --no-history work.m", varies=True)
row("gnuplot", "gnuplot-nox", "interpreter", "$T gnuplot work.plt")
row("gp", "pari-gp", "interpreter", "$T gp -q -f work.gp </dev/null")
row("maxima", "maxima", "interpreter",
    "$T maxima --very-quiet --batch=work.mac")
row("R", "r-base-core", "interpreter", "$T Rscript --vanilla work.R",
    varies=True)

# ------------------------------------------------------- compilers and the like
row("gcc", "gcc", "compiler", "$T gcc -O2 -c work.c -o work.o")
row("gcc-link", "gcc", "compiler", "$T gcc -g work.c -o work && ./work a b")
row("cc1", "gcc", "compiler",
    "$T $(gcc -print-prog-name=cc1) -quiet "
    "-imultiarch x86_64-linux-gnu -O2 work.c -o work.s")
row("g++", "g++", "compiler", "$T g++ -O1 -c work.cc -o work.o")
row("clang", "clang", "compiler", "$T clang -O2 -c work.c -o work.o")
row("clang-syntax", "clang", "compiler",
    "$T clang -fsyntax-only -Wall work.c")
row("clang-format", "clang-format", "compiler", "$T clang-format work.cc")
row("clangd", "clangd", "compiler",
    "$T clangd --check=work.c --log=error", varies=True)
row("llc", "llvm clang", "compiler",
    "clang -S -emit-llvm -O1 work.c -o work.ll && $T llc work.ll -o work.s")
row("opt", "llvm clang", "compiler",
    "clang -S -emit-llvm -O0 work.c -o work.ll && $T opt -O2 -S work.ll "
    "-o out.ll")
row("llvm-objdump", "llvm gcc", "compiler",
    "gcc -c work.c && $T llvm-objdump -d work.o")
row("tcc", "tcc", "compiler", "$T tcc -c work.c -o work.o")
row("tcc-run", "tcc", "compiler", "$T tcc -run plain.c")
row("nasm", "nasm", "compiler", "$T nasm -f elf64 work.asm -o work.o")
row("yasm", "yasm", "compiler", "$T yasm -f elf64 work.asm -o work.o")
row("gfortran", "gfortran", "compiler", "$T gfortran -O1 -c work.f90")
row("gofmt", "golang-go", "compiler",
    "$T gofmt -l work.go", varies=True)
row("rustc", "rustc", "compiler", "$T rustc --emit=metadata work.rs",
    varies=True, skip_files=("rmeta$",))
row("ocamlc", "ocaml-nox", "compiler", "$T ocamlc -c work.ml")
row("ocaml", "ocaml-nox", "interpreter", "$T ocaml work.ml")
row("ghc", "ghc", "compiler", "$T ghc --version", varies=True)
row("fpc", "fp-compiler", "compiler", "$T fpc -v0 work.pas")
row("valac", "valac", "compiler", "$T valac -C work.vala")
row("bison", "bison", "compiler", "$T bison -o gram.c gram.y")
row("flex", "flex", "compiler", "$T flex -o scan.c scan.l")
row("re2c", "re2c", "compiler", "$T re2c scan.re -o scan2.c")
row("ragel", "ragel", "compiler", "$T ragel -C scan.rl -o scan3.c")
row("gperf", "gperf", "compiler", "$T gperf words.gperf")
row("swig", "swig", "compiler", "$T swig -python work.i")
row("protoc", "protobuf-compiler", "compiler",
    "mkdir o && $T protoc --cpp_out=o --python_out=o work.proto")
row("dtc", "device-tree-compiler", "compiler",
    "$T dtc -O dtb -o work.dtb work.dts && $T dtc -I dtb -O dts work.dtb")
row("cmake", "cmake", "compiler",
    "$T cmake -S . -B b -G Ninja >log; tail -1 log",
    skip_files=("^b/", "^log$"))
row("make", "make", "compiler", "$T make all extra1")
row("make-j", "make", "compiler", "$T make -j2 all extra1 extra2 | sort")
row("ninja", "ninja-build", "compiler", "$T ninja -j1 | tail -1",
    skip_files=("^.ninja",))
row("meson", "meson ninja-build", "compiler",
    "$T meson introspect --targets meson.build", env=NO_POOL)
row("autoconf", "autoconf", "compiler", "$T autoconf -o configure.out",
    env={"PERL_HASH_SEED": "0"}, skip_files=("autom4te",))
row("ctags", "universal-ctags", "compiler",
    "$T ctags-universal -f - --sort=yes work.c work.cc work.py work.rb")
row("cppcheck", "cppcheck", "compiler", "$T cppcheck -q work.c")
row("sparse", "sparse", "compiler", "$T sparse work.c")
row("indent", "indent", "compiler", "$T indent -st work.c")
row("astyle", "astyle", "compiler", "$T astyle --stdin=work.cc")
row("doxygen", "doxygen", "compiler",
    "printf 'QUIET=YES\\nINPUT=work.c\\nEXTRACT_ALL=YES\\n"
    "GENERATE_LATEX=NO\\nTIMESTAMP=NO\\n' >D; $T doxygen D",
    skip_files=("html/",))
row("gdb", "gdb gcc", "compiler",
    "gcc -g work.c -o work; $T gdb -nx -batch -ex 'info functions main' "
    "-ex 'disassemble main' ./work", varies=True)
row("strace", "strace", "compiler", "$T strace -o log -e trace=execve true; "
    "grep -c execve log", skip_files=("^log$",))
row("readelf", "binutils", "compiler", "$T readelf -Ws /bin/true")
row("objdump", "binutils", "compiler", "$T objdump -d /bin/true | tail -3")
row("nm", "binutils", "compiler",
    "$T nm -D -C /usr/lib/x86_64-linux-gnu/libstdc++.so.6 | tail -2")
row("ld", "binutils gcc", "compiler",
    "nasm -f elf64 work.asm -o w.o && $T ld w.o -o w && ./w")
row("msgfmt", "gettext", "compiler", "$T msgfmt -o o.mo msg.po")
row("xgettext", "gettext", "compiler",
    "$T xgettext -k_ -o - work.c work.py work.pl 2>&1 | head -3")

# --------------------------------------------------------------------- editors
row("vim", "vim", "editor", "$T vim.basic -es -u NONE -i NONE -S work.vim")
row("vim-syntax", "vim", "editor",
    "$T vim.basic -es -u NONE -i NONE -c 'syntax on' -c 'e work.c' "
    "-c 'TOhtml' -c 'wqa!'", status=None)
row("emacs", "emacs-nox", "editor", "$T emacs -Q --batch -l work.el",
    varies=True)
row("ed", "ed", "editor",
    "printf '%s\\n' 1,5p /the/ 's/the/THE/gp' w q | $T ed -s text.txt")
row("neovim", "neovim", "editor",
    "$T nvim --headless -u NONE -i NONE -c '%s/the/THE/g' -c 'w! o.txt' "
    "-c 'qa!' text.txt", varies=True)
row("nano", "nano", "editor",
    "printf '\\030' | $T script -qec 'nano -I text.txt' /dev/null "
    "| wc -l", status=None, varies=True)
row("joe", "joe", "editor", "$T jmacs -help </dev/null; true")
row("sed", "sed", "editor",
    "$T sed -n -e 's/the \\(.*\\) of/[\\1]/p' text.txt | tail -2")

# ------------------------------------------------------- databases and servers
row("sqlite3", "sqlite3", "database", "$T sqlite3 :memory: <lite.sql")
row("sqlite3-file", "sqlite3", "database",
    "$T sqlite3 t.db <work.sql && $T sqlite3 t.db .dump")
row("postgres-single", "postgresql", "database",
    "B=$(echo /usr/lib/postgresql/*/bin); "
    "$B/initdb -D d -A trust --no-sync >/dev/null 2>&1; "
    "tr '\\n' ' ' <work.sql | sed 's/;/;\\n/g' | "
    "$T $B/postgres --single -D d postgres",
    user="nobody", skip_files=("^d/",), filters=PG, limit=120)
row("postgres", "postgresql postgresql-client", "server",
    "B=$(echo /usr/lib/postgresql/*/bin); "
    "$B/initdb -D d -A trust --no-sync >/dev/null 2>&1; "
    "$T $B/postgres -D d -p $P -k $PWD/tmp -h 127.0.0.1 >log 2>&1 & S=$!; "
    "until_true psql -h $PWD/tmp -p $P postgres -c 'select 1'; "
    "psql -h $PWD/tmp -p $P postgres -q -f work.sql; stop $S INT",
    user="nobody", skip_files=("^d/", "^log$"), varies=True, limit=120)
row("psql", "postgresql postgresql-client", "database",
    "B=$(echo /usr/lib/postgresql/*/bin); "
    "$B/initdb -D d -A trust --no-sync >/dev/null 2>&1; "
    "$B/postgres -D d -p $P -k $PWD/tmp -h 127.0.0.1 >log 2>&1 & S=$!; "
    "until_true psql -h $PWD/tmp -p $P postgres -c 'select 1'; "
    "$T psql -h $PWD/tmp -p $P postgres -f work.sql; stop $S INT",
    user="nobody", skip_files=("^d/", "^log$"), limit=120)
row("mariadbd", "mariadb-server mariadb-client", "server",
    "mariadb-install-db --no-defaults --datadir=$PWD/d "
    "--auth-root-authentication-method=normal >/dev/null 2>&1; "
    "$T mariadbd --no-defaults --datadir=$PWD/d --socket=$PWD/s --port=$P "
    "--bind-address=127.0.0.1 --innodb-buffer-pool-size=8M >log 2>&1 & S=$!; "
    "until_true mariadb --no-defaults -u root -S s -e 'select 1'; "
    "mariadb --no-defaults -u root -S s -e 'create database x'; "
    "mariadb --no-defaults -u root -S s x <work.sql; "
    "mariadb-admin --no-defaults -u root -S s shutdown; wait $S; echo $?",
    user="nobody", skip_files=("^d/", "^log$"), varies=True, limit=180)
row("mariadb", "mariadb-server mariadb-client", "database",
    "$T mariadb --no-defaults --help | head -3")
row("redis-server", "redis-server redis-tools", "server",
    "$T redis-server --port $P --save '' --daemonize no >log & S=$!; up $P; "
    "for i in 1 2 3 4 5; do redis-cli -p $P set k$i v$i; done; "
    "redis-cli -p $P lpush l a b c; redis-cli -p $P eval "
    "'return redis.call(\"get\", \"k3\")' 0; stop $S",
    skip_files=("^log$",), varies=True)
row("redis-cli", "redis-server redis-tools", "database",
    "redis-server --port $P --save '' --daemonize no >log & S=$!; up $P; "
    "$T redis-cli -p $P set a b; $T redis-cli -p $P get a; "
    "stop $S", skip_files=("^log$",))
row("memcached", "memcached", "server",
    "$T memcached -u nobody -l 127.0.0.1 -p $P -m 16 & S=$!; up $P; "
    "exec 3<>/dev/tcp/127.0.0.1/$P; "
    "printf 'set a 0 0 5\\r\\nhello\\r\\nget a\\r\\nquit\\r\\n' >&3; "
    "cat <&3; exec 3>&-; stop $S", varies=True)
row("slapd", "slapd ldap-utils", "server",
    "mkdir d; printf '%s\\n' 'include /etc/ldap/schema/core.schema' "
    "'modulepath /usr/lib/ldap' 'moduleload back_mdb' 'database mdb' "
    "'maxsize 10485760' 'suffix dc=sweep' 'directory d' >slapd.conf; "
    "slapadd -f slapd.conf -l work.ldif; "
    "$T slapd -d 0 -f slapd.conf -h ldap://127.0.0.1:$P/ & S=$!; up $P; "
    "ldapsearch -x -LLL -H ldap://127.0.0.1:$P/ -b dc=sweep sn; stop $S",
    skip_files=("^d/",), varies=True)
row("slapadd", "slapd", "database",
    "mkdir d; printf '%s\\n' 'include /etc/ldap/schema/core.schema' "
    "'modulepath /usr/lib/ldap' 'moduleload back_mdb' 'database mdb' "
    "'maxsize 10485760' 'suffix dc=sweep' 'directory d' >slapd.conf; "
    "$T slapadd -f slapd.conf -l work.ldif", skip_files=("^d/",))
row("mdb", "lmdb-utils", "database",
    "mkdir d; printf 'VERSION=3\\nformat=print\\ntype=btree\\n"
    "HEADER=END\\n a\\n b\\n c\\n d\\nDATA=END\\n' | $T mdb_load d; "
    "$T mdb_dump -p d", skip_files=("^d/",))
row("tdb", "tdb-tools", "database",
    "printf 'create t.tdb\\ninsert a b\\ninsert c d\\ndump\\nquit\\n' | "
    "$T tdbtool; $T tdbdump t.tdb", skip_files=("tdb$",))
row("db", "db5.3-util", "database",
    "printf 'a\\nb\\nc\\nd\\n' | $T db5.3_load -T -t btree t.db; "
    "$T db5.3_dump -p t.db", skip_files=("db$",))
row("nginx", "nginx-light curl", "server",
    "mkdir -p logs; printf 'daemon off; worker_processes 2; pid n.pid; "
    "error_log stderr; user nobody nogroup; events {} http { access_log off; "
    "server { listen 127.0.0.1:%d; root %s; gzip on; } }' $P $PWD >n.conf; "
    "chmod 755 .; $T nginx -p $PWD -c n.conf 2>log & S=$!; up $P; "
    "curl -s http://127.0.0.1:$P/small.json; "
    "curl -s --compressed http://127.0.0.1:$P/text.txt | md5sum; "
    "stop $S QUIT", skip_files=("^log$", "^logs"), varies=True)
row("nginx-single", "nginx-light curl", "server",
    "mkdir -p logs; printf 'daemon off; master_process off; pid n.pid; "
    "error_log stderr; events {} http { access_log off; "
    "server { listen 127.0.0.1:%d; root %s; gzip on; } }' $P $PWD >n.conf; "
    "$T nginx -p $PWD -c n.conf 2>log & S=$!; up $P; "
    "curl -s http://127.0.0.1:$P/small.json; "
    "curl -s --compressed http://127.0.0.1:$P/text.txt | md5sum; "
    "stop $S QUIT", skip_files=("^log$", "^logs"))
row("lighttpd", "lighttpd curl", "server",
    "printf 'server.document-root = \"%s\"\\nserver.bind = \"127.0.0.1\"\\n"
    "server.port = %d\\n' $PWD $P >l.conf; "
    "$T lighttpd -D -f l.conf 2>log & S=$!; up $P; "
    "curl -s http://127.0.0.1:$P/small.json; stop $S INT",
    skip_files=("^log$",))
row("apache", "apache2 curl", "server",
    "M=/usr/lib/apache2/modules; printf '%s\\n' \"ServerRoot $PWD\" "
    "\"Listen 127.0.0.1:$P\" 'ServerName localhost' 'PidFile a.pid' "
    "\"LoadModule mpm_event_module $M/mod_mpm_event.so\" "
    "\"LoadModule authz_core_module $M/mod_authz_core.so\" "
    "\"DocumentRoot $PWD\" 'ErrorLog log' 'User nobody' 'Group nogroup' "
    "'StartServers 1' 'DefaultRuntimeDir tmp' >a.conf; chmod 755 .; "
    "$T apache2 -d $PWD -f a.conf -DFOREGROUND & S=$!; up $P; "
    "curl -s http://127.0.0.1:$P/small.json; stop $S",
    skip_files=("^log$", "pid$"), varies=True)
row("ab", "apache2-utils lighttpd", "tool",
    "printf 'server.document-root = \"%s\"\\nserver.bind = \"127.0.0.1\"\\n"
    "server.port = %d\\n' $PWD $P >l.conf; lighttpd -D -f l.conf 2>/dev/null & "
    "S=$!; "
    "up $P; $T ab -q -n 50 -c 5 http://127.0.0.1:$P/small.json | "
    "grep -c :; stop $S INT")
row("haproxy", "haproxy", "server",
    "printf 'defaults\\n mode http\\n timeout connect 1s\\n timeout client 1s"
    "\\n timeout server 1s\\nfrontend f\\n bind 127.0.0.1:%d\\n http-request "
    "return status 200 content-type text/plain string hi\\n' $P >h.cfg; "
    "$T haproxy -db -f h.cfg & S=$!; up $P; "
    "curl -s http://127.0.0.1:$P/; stop $S", status=None, varies=True)
row("dnsmasq", "dnsmasq-base bind9-dnsutils", "server",
    "$T dnsmasq -k -C /dev/null -p $P -a 127.0.0.1 -z -R -h -u root "
    "-A /a.test/1.2.3.4 --pid-file=$PWD/p --log-facility=- 2>log & S=$!; "
    "until_true dig +time=1 +tries=1 @127.0.0.1 -p $P a.test; "
    "dig +short @127.0.0.1 -p $P a.test; stop $S", skip_files=("^log$", "^p$"))
row("unbound", "unbound bind9-dnsutils", "server",
    "printf 'server:\\n interface: 127.0.0.1@%d\\n chroot: \"\"\\n username: "
    "\"\"\\n do-daemonize: no\\n use-syslog: no\\n pidfile: \"u.pid\"\\n "
    "local-zone: \"a.test\" static\\n local-data: \"a.test A 1.2.3.4\"\\n' "
    "$P >u.conf; $T unbound -d -c u.conf 2>log & S=$!; "
    "until_true dig +time=1 +tries=1 @127.0.0.1 -p $P a.test; "
    "dig +short @127.0.0.1 -p $P a.test; stop $S",
    skip_files=("^log$", "pid$"), varies=True)
row("named", "bind9 bind9-dnsutils", "server",
    "printf 'options { directory \"%s\"; listen-on port %d { 127.0.0.1; }; "
    "listen-on-v6 { none; }; pid-file none; recursion no; session-keyfile "
    "none; }; controls { }; zone \"a.test\" { type master; file \"z\"; };' "
    "$PWD $P >n.conf; printf '@ 60 IN SOA a.test. b.a.test. 1 60 60 60 60\\n"
    "@ 60 IN NS a.test.\\n@ 60 IN A 1.2.3.4\\n' >z; "
    "$T named -g -n 2 -c n.conf 2>log & S=$!; "
    "until_true dig +time=1 +tries=1 @127.0.0.1 -p $P a.test; "
    "dig +short @127.0.0.1 -p $P a.test; stop $S",
    skip_files=("^log$",), varies=True)
row("dig", "bind9-dnsutils dnsmasq-base", "tool",
    "dnsmasq -k -C /dev/null -p $P -a 127.0.0.1 -z -R -h -u root "
    "-A /a.test/1.2.3.4 --pid-file=$PWD/p --log-facility=- 2>/dev/null & S=$!; "
    "until_true dig +time=1 +tries=1 @127.0.0.1 -p $P a.test; "
    "$T dig +short @127.0.0.1 -p $P a.test; stop $S",
    skip_files=("^p$",), varies=True)
row("mosquitto", "mosquitto mosquitto-clients", "server",
    "$T mosquitto -p $P 2>log & S=$!; up $P; "
    "mosquitto_pub -p $P -t a -m hello -r; "
    "mosquitto_sub -p $P -t a -C 1; stop $S", skip_files=("^log$",))
row("mosquitto_sub", "mosquitto mosquitto-clients", "tool",
    "mosquitto -p $P 2>log & S=$!; up $P; "
    "$T mosquitto_pub -p $P -t a -m hello -r; "
    "$T mosquitto_sub -p $P -t a -C 1; stop $S", skip_files=("^log$",))
row("stunnel", "stunnel4 openssl", "server",
    "openssl req -x509 -newkey rsa:2048 -nodes -keyout k.pem -out c.pem "
    "-days 9 -subj /CN=localhost 2>/dev/null; cat k.pem c.pem >a.pem; "
    "printf 'foreground=yes\\npid=\\nsyslog=no\\ncert=a.pem\\n[x]\\n"
    "accept=127.0.0.1:%d\\nexec=/bin/cat\\nexecArgs=cat small.json\\n' "
    "$P >s.conf; $T stunnel4 s.conf 2>log & S=$!; up $P; "
    "openssl s_client -quiet -connect 127.0.0.1:$P </dev/null 2>/dev/null; "
    "stop $S", skip_files=("pem$", "^log$"), varies=True, status=None)
row("tinyproxy", "tinyproxy lighttpd curl", "server",
    "printf 'Port %d\\nListen 127.0.0.1\\nTimeout 5\\nMaxClients 5\\n"
    "Allow 127.0.0.1\\nLogLevel Error\\n' $P >t.conf; "
    "printf 'server.document-root = \"%s\"\\nserver.bind = \"127.0.0.1\"\\n"
    "server.port = %d\\n' $PWD $((P + 1)) >l.conf; "
    "lighttpd -D -f l.conf 2>/dev/null & L=$!; up $((P + 1)); "
    "$T tinyproxy -d -c t.conf >log 2>&1 & S=$!; up $P; "
    "curl -s -x http://127.0.0.1:$P http://127.0.0.1:$((P + 1))/small.json; "
    "stop $S; stop $L INT", skip_files=("^log$",), varies=True)
row("sshd", "openssh-server openssh-client", "server",
    "mkdir -p /run/sshd; ssh-keygen -q -t ed25519 -N '' -f host; "
    "$T /usr/sbin/sshd -D -e -p $P -f /dev/null -o ListenAddress=127.0.0.1 "
    "-o HostKey=$PWD/host -o PidFile=none 2>log & S=$!; up $P; "
    "ssh-keyscan -t ed25519 -p $P 127.0.0.1 2>/dev/null | wc -l; stop $S",
    skip_files=("^host", "^log$"), varies=True, status=None)
row("ssh-keygen", "openssh-client", "tool",
    "$T ssh-keygen -q -t ed25519 -N '' -f k && $T ssh-keygen -l -f k.pub | "
    "wc -l", skip_files=("^k",))
row("ngircd", "ngircd", "server",
    "printf '[Global]\\nName = irc.sweep\\nInfo = x\\nPorts = %d\\n"
    "Listen = 127.0.0.1\\n[Options]\\nIdent = no\\nDNS = no\\nPAM = no\\n' "
    "$P >n.conf; $T ngircd -n -f $PWD/n.conf >log 2>&1 & S=$!; up $P; "
    "exec 3<>/dev/tcp/127.0.0.1/$P; "
    "printf 'NICK a\\r\\nUSER a 0 * :a\\r\\nQUIT\\r\\n' >&3; cat <&3 | wc -l; "
    "exec 3>&-; stop $S", skip_files=("^log$",), varies=True, status=None)
row("aria2", "aria2 lighttpd", "tool",
    "printf 'server.document-root = \"%s\"\\nserver.bind = \"127.0.0.1\"\\n"
    "server.port = %d\\n' $PWD $P >l.conf; lighttpd -D -f l.conf 2>/dev/null & "
    "S=$!; "
    "up $P; $T aria2c -q --no-conf -o o.json http://127.0.0.1:$P/small.json; "
    "cat o.json; stop $S INT", varies=True)
row("curl", "curl lighttpd", "tool",
    "printf 'server.document-root = \"%s\"\\nserver.bind = \"127.0.0.1\"\\n"
    "server.port = %d\\n' $PWD $P >l.conf; lighttpd -D -f l.conf 2>/dev/null & "
    "S=$!; "
    "up $P; $T curl -s http://127.0.0.1:$P/small.json "
    "http://127.0.0.1:$P/data.json | md5sum; stop $S INT")
row("wget", "wget lighttpd", "tool",
    "printf 'server.document-root = \"%s\"\\nserver.bind = \"127.0.0.1\"\\n"
    "server.port = %d\\n' $PWD $P >l.conf; lighttpd -D -f l.conf 2>/dev/null & "
    "S=$!; "
    "up $P; $T wget -q -O o.html http://127.0.0.1:$P/page.html; stop $S INT")
row("varnishd", "varnish", "server",
    "printf 'vcl 4.1; backend default none; sub vcl_recv { return "
    "(synth(200)); }' >v.vcl; $T varnishd -C -f $PWD/v.vcl 2>&1 | wc -l",
    varies=True, limit=90)
row("openssl-server", "openssl", "server",
    "openssl req -x509 -newkey rsa:2048 -nodes -keyout k.pem -out c.pem "
    "-days 9 -subj /CN=localhost 2>/dev/null; "
    "$T openssl s_server -quiet -naccept 1 -accept 127.0.0.1:$P -key k.pem "
    "-cert c.pem </dev/null & S=$!; "
    "until_true grep -q \":$(printf '%04X' $P) 0*:0000 \" /proc/net/tcp; "
    "echo hi | openssl s_client -quiet -connect 127.0.0.1:$P "
    "2>/dev/null; wait $S; echo $?", skip_files=("pem$",), status=None,
    varies=True)

# ------------------------------------------------------------ media, documents
row("ffmpeg", "ffmpeg", "media",
    "$T ffmpeg -v error -nostdin -threads 1 -i tone.wav -c:a flac o.flac",
    varies=True)
row("ffmpeg-video", "ffmpeg", "media",
    "$T ffmpeg -v error -nostdin -f lavfi -i testsrc=d=1:s=96x64:r=5 "
    "-c:v mpeg4 o.avi", varies=True, skip_files=("avi$",))
row("ffprobe", "ffmpeg", "media", "$T ffprobe -v error -show_streams tone.wav")
row("convert", "imagemagick", "media",
    "$T convert picture.png -resize 50% -blur 0x2 -strip o.jpg",
    env={"MAGICK_THREAD_LIMIT": "1"})
row("identify", "imagemagick", "media", "$T identify -verbose picture.ppm | "
    "grep -c :", env={"MAGICK_THREAD_LIMIT": "1"})
row("gm", "graphicsmagick", "media",
    "$T gm convert picture.png -rotate 30 o.ppm",
    env={"OMP_NUM_THREADS": "1"})
row("sox", "sox", "media", "$T sox tone.wav o.wav reverse rate 11025",
    skip_files=("o.wav",))
row("lame", "lame", "media", "$T lame --quiet tone.wav o.mp3")
row("mpg123", "mpg123 lame", "media",
    "lame --quiet tone.wav o.mp3; $T mpg123 -q -w p.wav o.mp3")
row("flac", "flac", "media",
    "$T flac -s tone.wav -o o.flac && $T flac -s -d o.flac -o p.wav")
row("oggenc", "vorbis-tools", "media",
    "$T oggenc -Q -s 1 tone.wav -o o.ogg && $T ogginfo o.ogg | grep -c :")
row("opusenc", "opus-tools", "media",
    "$T opusenc --quiet --serial 1 tone.wav o.opus")
row("x264", "x264", "media",
    "for i in 1 2 3; do head -c 9216 /dev/zero; done >v.yuv; "
    "$T x264 --quiet --threads 1 --input-res 96x64 --fps 5 -o o.264 v.yuv "
    "2>/dev/null", varies=True)
row("cwebp", "webp", "media",
    "$T cwebp -quiet picture.png -o o.webp && $T dwebp -quiet o.webp -o o.png")
row("cjpeg", "libjpeg-turbo-progs", "media",
    "$T cjpeg picture.ppm >o.jpg && $T djpeg o.jpg >p.ppm")
row("jpegtran", "libjpeg-turbo-progs", "media",
    "cjpeg picture.ppm >o.jpg; $T jpegtran -rotate 90 -optimize o.jpg >p.jpg")
row("pngquant", "pngquant", "media",
    "$T pngquant 32 --output o.png picture.png", env={"OMP_NUM_THREADS": "1"})
row("optipng", "optipng", "media", "$T optipng -quiet -out o.png picture.png")
row("exiv2", "exiv2", "media", "$T exiv2 picture.png", status=253)
row("mediainfo", "mediainfo", "media", "$T mediainfo tone.wav | wc -l")
row("rsvg", "librsvg2-bin", "media", "$T rsvg-convert -o o.png picture.svg")
row("rsvg-pdf", "librsvg2-bin", "media",
    "$T rsvg-convert -f pdf -o o.pdf picture.svg", skip_files=("pdf$",))
row("dot", "graphviz", "media", "$T dot -Tsvg graph.dot")
row("dot-png", "graphviz", "media", "$T dot -Tpng graph.dot -o o.png")
row("neato", "graphviz", "media", "$T neato -Tplain graph.dot")
row("pdftotext", "poppler-utils", "media",
    "$T pdftotext page.pdf - && $T pdfinfo page.pdf")
row("pdftocairo", "poppler-utils", "media",
    "$T pdftocairo -png -r 30 page.pdf o")
row("pdftoppm", "poppler-utils", "media", "$T pdftoppm -r 30 page.pdf o")
row("gs", "ghostscript", "media",
    "$T gs -q -dBATCH -dNOPAUSE -sDEVICE=ppmraw -r30 -o o.ppm page.ps")
row("gs-pdf", "ghostscript", "media",
    "$T gs -q -dBATCH -dNOPAUSE -sDEVICE=pdfwrite -o o.pdf page.ps",
    skip_files=("pdf$",))
row("mutool", "mupdf-tools", "media",
    "$T mutool draw -q -r 30 -o o%d.png page.pdf && $T mutool info page.pdf")
row("qpdf", "qpdf", "media",
    "$T qpdf --linearize --deterministic-id page.pdf o.pdf && "
    "$T qpdf --check o.pdf", status=None)
row("pandoc", "pandoc", "media", "$T pandoc -t latex page.md", varies=True)
row("potrace", "potrace imagemagick", "media",
    "convert picture.png -threshold 50% o.pbm; $T potrace -s o.pbm -o o.svg")
row("gifsicle", "gifsicle imagemagick", "media",
    "convert picture.png a.gif; $T gifsicle -O3 a.gif a.gif -o b.gif")
row("povray", "povray", "media",
    "$T povray -GA -D +W32 +H24 +WT1 +Iscene.pov +Oo.png 2>/dev/null",
    varies=True)
row("tesseract", "tesseract-ocr", "media", "$T tesseract --list-langs | "
    "tail -1", env={"OMP_THREAD_LIMIT": "1"})
row("espeak", "espeak-ng", "media", "$T espeak-ng -q -x hello")
row("qrencode", "qrencode", "media",
    "$T qrencode -o o.png hello && $T qrencode -t UTF8 hello")
row("zbarimg", "zbar-tools qrencode", "media",
    "qrencode -s 6 -o o.png hello; $T zbarimg -q --nodbus o.png",
    env={"MAGICK_THREAD_LIMIT": "1"})
row("groff", "groff-base", "media", "$T groff -man -Tutf8 page.1")
row("man", "man-db", "media", "$T man -l page.1 | cat", env={"MANWIDTH": "70"})
row("xmllint", "libxml2-utils", "media",
    "$T xmllint --xpath 'count(//item)' data.xml")
row("xsltproc", "xsltproc", "media", "$T xsltproc style.xsl data.xml")
row("xmlstarlet", "xmlstarlet", "media",
    "$T xmlstarlet sel -t -m '//item[@kind=3]' -v name -n data.xml")
row("tidy", "tidy", "media", "$T tidy -q page.html 2>/dev/null", status=1)
row("w3m", "w3m", "media", "$T w3m -dump -T text/html page.html")
row("lynx", "lynx", "media", "$T lynx -dump -nolist page.html")

# ----------------------------------------------------------------- X programs
row("xclock", "x11-apps", "X",
    "$T xclock & S=$!; window xclock; stop $S", x11=True, varies=True)
row("xeyes", "x11-apps", "X",
    "$T xeyes & S=$!; window xeyes; stop $S", x11=True, varies=True)
row("xcalc", "x11-apps xdotool", "X",
    "$T xcalc & S=$!; window Calculator; stop $S", x11=True, varies=True)
row("xdpyinfo", "x11-utils", "X", "$T xdpyinfo | wc -l", x11=True)
row("xwininfo", "x11-utils", "X", "$T xwininfo -root | wc -l", x11=True)
row("xterm", "xterm", "X", "$T xterm -e true", x11=True, varies=True)
row("xvfb", "xvfb x11-utils", "X",
    "$T Xvfb :$((P % 1000 + 200)) -nolisten tcp -screen 0 320x200x24 2>log & "
    "S=$!; until_true xdpyinfo -display :$((P % 1000 + 200)); stop $S",
    skip_files=("^log$",), varies=True)
row("zenity", "zenity", "X", "$T zenity --info --text hello --timeout 1",
    x11=True, status=5, varies=True)
row("gtk3-demo", "gtk-3-examples", "X",
    "$T gtk3-demo --run=links --autoquit", x11=True, varies=True)
row("gtk3-widget-factory", "gtk-3-examples", "X",
    "$T gtk3-widget-factory & S=$!; window gtk3-widget; stop $S", x11=True,
    varies=True, status=None)
row("feh", "feh", "X", "$T feh picture.png & S=$!; window feh; stop $S",
    x11=True, varies=True)
row("mousepad", "mousepad", "X",
    "$T mousepad --disable-server text.txt & S=$!; window Mousepad; "
    "stop $S", x11=True, varies=True, status=None)
row("galculator", "galculator", "X",
    "$T galculator & S=$!; window galculator; stop $S", x11=True,
    varies=True, status=None)
row("openbox", "openbox", "X",
    "Xvfb :$((P % 1000 + 200)) -nolisten tcp 2>log & X=$!; "
    "export DISPLAY=:$((P % 1000 + 200)); until_true xdpyinfo; "
    "$T openbox & S=$!; sleep 2; $T openbox --exit; wait $S; echo $?; stop $X",
    skip_files=("^log$",), x11=True, varies=True)
row("twm", "twm", "X",
    "Xvfb :$((P % 1000 + 200)) -nolisten tcp 2>log & X=$!; "
    "export DISPLAY=:$((P % 1000 + 200)); until_true xdpyinfo; "
    "$T twm & S=$!; sleep 2; stop $S; stop $X",
    skip_files=("^log$",), x11=True, varies=True)
row("xdotool", "xdotool", "X", "$T xdotool getdisplaygeometry", x11=True)
row("scite", "scite", "X",
    "$T scite text.txt & S=$!; window SciTE; stop $S", x11=True,
    varies=True, status=None)
row("zathura", "zathura", "X", "$T zathura --version | wc -l", x11=True,
    varies=True)
row("wish", "tk", "X",
    "printf 'button .b -text hi; pack .b; update; after 300 exit' >w.tcl; "
    "$T wish w.tcl", x11=True, varies=True)
row("qdbus", "qdbus-qt5 dbus", "X",
    "dbus-run-session -- $T qdbus org.freedesktop.DBus | wc -l", x11=True,
    varies=True, env={"QT_SELECT": "5"}, status=None)

# --------------------------------------------------- C++, Rust, Go and Haskell
row("ledger", "ledger", "C++", "$T ledger -f ledger.dat bal")
row("hunspell", "hunspell hunspell-en-us", "C++",
    "$T hunspell -d en_US -l text.txt page.md")
row("aspell", "aspell aspell-en", "C++",
    "$T aspell --lang=en list <page.md")
row("xapian", "xapian-tools", "C++", "$T xapian-delve --version")
row("z3", "z3", "C++", "$T z3 work.smt")
row("minisat", "minisat", "C++", "$T minisat -verb=0 work.cnf o.txt",
    status=10)
row("glpsol", "glpk-utils", "C++", "$T glpsol -m work.mod | grep -v Time")
row("stockfish", "stockfish", "C++",
    "printf 'go depth 6\\nquit\\n' | $T stockfish | head -1", varies=True)
row("rg", "ripgrep", "Rust", "$T rg -j1 -c the text.txt", varies=True)
row("rg-tree", "ripgrep", "Rust", "$T rg -j2 --sort path of tree",
    varies=True)
row("fd", "fd-find", "Rust", "$T fdfind -j1 txt tree | sort", varies=True)
row("bat", "bat", "Rust", "$T batcat --color=always -p work.c", varies=True)
row("exa", "exa", "Rust", "$T exa -1 tree")
row("hyperfine", "hyperfine", "Rust",
    "$T hyperfine -N -r 2 -w 0 true >/dev/null", varies=True)
row("fzf", "fzf", "Go", "$T fzf -f the <text.txt | wc -l", varies=True)
row("miller", "miller", "Go", "$T mlr --icsv --ojson head -n 2 data.csv",
    varies=True)
row("rclone", "rclone", "Go", "$T rclone --config /dev/null ls tree",
    varies=True)
row("restic", "restic", "Go",
    "export RESTIC_PASSWORD=x; $T restic -q init -r r", skip_files=("^r/",),
    varies=True)
row("hugo", "hugo", "Go", "$T hugo new site s >/dev/null; ls s | wc -l",
    skip_files=("^s/",), varies=True)
row("git-lfs", "git-lfs", "Go", "$T git-lfs version", varies=True)
row("shellcheck", "shellcheck", "Haskell", "$T shellcheck -s sh work.sh",
    varies=True, status=None)

# -------------------------------------------------------------- everything else
row("git", "git", "tool",
    "git init -q . && $T git add work.c text.txt && "
    "$T git commit -q -m one && $T git log --stat && $T git gc -q",
    env=GIT, skip_files=("^.git",))
row("git-diff", "git", "tool",
    "git init -q . && git add . && git commit -q -m one && "
    "sed -i 's/the/THE/' text.txt && $T git diff --stat && "
    "$T git blame text.txt | tail -1", env=GIT, skip_files=("^.git",))
row("git-clone", "git", "tool",
    "git init -q a && cp text.txt a && cd a && git add . && "
    "git commit -q -m one && cd .. && $T git clone -q --no-local a b",
    env=GIT, skip_files=(".git/",), varies=True)
row("rsync", "rsync", "tool", "$T rsync -a tree/ copy/ && ls copy | wc -l")
row("tar", "tar gzip", "tool", "$T tar czf o.tgz tree && $T tar tzf o.tgz",
    skip_files=("tgz$",))
row("bzip2", "bzip2", "tool", "$T bzip2 -k text.txt && $T bunzip2 -c *.bz2 | "
    "md5sum")
row("xz", "xz-utils", "tool", "$T xz -k -T2 text.txt && $T xz -dc *.xz | "
    "md5sum")
row("zstd", "zstd", "tool", "$T zstd -q text.txt && $T zstd -dc *.zst | "
    "md5sum", varies=True)
row("lz4", "lz4", "tool", "$T lz4 -q text.txt o.lz4")
row("brotli", "brotli", "tool", "$T brotli -k text.txt")
row("7z", "p7zip-full", "tool", "$T 7z a -bd -mmt1 o.7z text.txt >log; "
    "$T 7z t o.7z | tail -3", skip_files=("7z$", "log"), varies=True)
row("zip", "zip unzip", "tool", "$T zip -q -r o.zip tree && $T unzip -l o.zip "
    "| tail -1", skip_files=("zip$",))
row("openssl", "openssl", "tool",
    "$T openssl dgst -sha256 text.txt && $T openssl list -cipher-algorithms "
    "| wc -l")
row("openssl-req", "openssl", "tool",
    "$T openssl req -x509 -newkey rsa:2048 -nodes -keyout k -out c -days 9 "
    "-subj /CN=a 2>/dev/null && $T openssl x509 -in c -noout -subject",
    skip_files=("^[kc]$",))
row("gpg", "gnupg", "tool",
    "mkdir -m 700 g; $T gpg --homedir g --batch --no-autostart -q "
    "--print-md SHA256 text.txt", skip_files=("^g/",))
row("gpg-armor", "gnupg", "tool",
    "mkdir -m 700 g; $T gpg --homedir g --batch --no-autostart -q --enarmor "
    "<small.json", skip_files=("^g/",))
row("certtool", "gnutls-bin", "tool",
    "$T certtool --generate-privkey --key-type ed25519 --outfile k && "
    "$T certtool -k --infile k | wc -l", skip_files=("^k$",))
row("gnutls-cli", "gnutls-bin", "tool", "$T gnutls-cli -l | tail -1")
row("nmap", "nmap", "tool",
    "$T nmap -n -Pn -sT -p $P 127.0.0.1 | grep -c open", status=1,
    varies=True)
row("tshark", "tshark", "tool",
    "printf '0000 00 00 00 00 00 00 00 00 00 00 00 00 08 00 45 00\\n' >h; "
    "text2pcap -q h o.pcap 2>/dev/null; $T tshark -n -r o.pcap", varies=True,
    filters=((r"^Running as user.*\n", ""),))
row("lsof", "lsof", "tool", "$T lsof -p $$ | head -1", status=None)
row("tmux", "tmux", "tool",
    "$T tmux -S $PWD/sock -f /dev/null new-session -d 'sleep 1'; "
    "tmux -S $PWD/sock list-sessions -F x; until_true sh -c "
    "'! tmux -S sock list-sessions'", varies=True)
row("units", "units", "tool", "$T units -t '3 miles' km", skip_files=("units",))
row("datamash", "datamash", "tool",
    "$T datamash -t, mean 2 max 1 <data.csv")
row("figlet", "figlet", "tool", "$T figlet sweep")
row("bsdtar", "libarchive-tools", "tool",
    "$T bsdtar cf o.tar tree && $T bsdtar tf o.tar", skip_files=("tar$",))
row("mke2fs", "e2fsprogs", "tool",
    "truncate -s 4M o.img; $T mke2fs -q -F -t ext4 o.img && "
    "$T e2fsck -fn o.img >/dev/null && $T debugfs -R 'ls -l' o.img "
    "2>/dev/null | wc -l", skip_files=("img$",))
row("mtools", "dosfstools mtools", "tool",
    "truncate -s 2M o.img; $T mkfs.fat o.img >/dev/null && "
    "$T mcopy -i o.img text.txt :: && $T mdir -b -i o.img",
    skip_files=("img$",))
row("xorriso", "xorriso", "tool",
    "$T xorriso -as mkisofs -quiet -o o.iso tree", skip_files=("iso$",),
    varies=True)
row("mksquashfs", "squashfs-tools", "tool",
    "$T mksquashfs tree o.sq -quiet -no-progress -processors 1 && "
    "$T unsquashfs -l o.sq | wc -l", skip_files=("sq$",), varies=True)
row("cpio", "cpio", "tool",
    "find tree -type f | sort | $T cpio -o -H newc --quiet >o.cpio && "
    "$T cpio -t --quiet <o.cpio | wc -l", skip_files=("cpio$",))
row("qemu-img", "qemu-utils", "tool",
    "$T qemu-img create -q -f qcow2 o.q 4M && $T qemu-img info o.q | "
    "grep -v size", skip_files=("q$",), varies=True)
row("qemu-user", "qemu-user", "tool",
    "$T qemu-x86_64 -U LD_PRELOAD /bin/echo hello",
    varies=True)
row("patch", "patch diffutils", "tool",
    "sed 's/the/THE/' text.txt >n.txt; $T diff -u text.txt n.txt >p; "
    "$T patch -s text.txt p && cmp text.txt n.txt", skip_files=("^p$",))
row("sort", "coreutils", "tool",
    "$T sort -k2 text.txt | md5sum; $T sort --parallel=2 -S 1M text.txt | "
    "uniq | wc -l", varies=True)
row("grep", "grep", "tool",
    "$T grep -Ec '(the|of) .*house' text.txt; $T grep -Pc '\\bthe\\b' text.txt")
row("find", "findutils", "tool", "$T find tree -name '*1*' | sort")
row("ls", "coreutils", "tool", "$T ls -R tree")
row("file", "file", "tool", "$T file text.txt picture.png page.pdf /bin/true")
row("ps", "procps", "tool", "$T ps -p $$ -o comm=")
row("top", "procps", "tool", "$T top -b -n 1 | head -1 | wc -l", varies=True)
row("pstree", "psmisc", "tool", "$T pstree $$ | wc -l", varies=True)
row("locale", "libc-bin", "tool", "$T locale")
row("getent", "libc-bin", "tool", "$T getent passwd root")
row("apt", "apt", "C++", "$T apt-cache show bash | head -1")
row("dpkg", "dpkg", "tool", "$T dpkg -s bash | head -1")
row("ip", "iproute2", "tool", "$T ip -br addr show lo")
row("gpgv", "gpgv", "tool", "$T gpgv --version | head -1")
row("sha256sum", "coreutils", "tool", "$T sha256sum text.txt data.json")
row("column", "bsdextrautils", "tool", "$T column -t -s, data.csv | tail -1")
row("less", "less", "tool", "$T less text.txt | md5sum")
