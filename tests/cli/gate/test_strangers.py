# SPDX-License-Identifier: MIT
"""What refknot does not get into, or waits for in vain, is never green."""
import os
import re
import shutil
import subprocess

import pytest

from conftest import SOURCE, REFKNOT, compiled, environment, refknot, run
from gate import check, summary

# With arguments it tells by the first that it has begun, and stays until nobody
# can write to the second any more.
FIRST = r"""
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>
int main(int argc, char **argv)
{
    void *volatile p = malloc(100);
    char c;
    if (!p) return 1;
    p = NULL;
    if (argc < 3) return 0;
    if (write(open(argv[1], O_WRONLY), "up\n", 3) != 3) return 1;
    return (int)read(open(argv[2], O_RDONLY), &c, 1);
}
"""

# It executes its third argument in the way that the first names.
EXECUTOR = r"""
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>
extern char **environ;
static const char *path;
static char **rest;
static char *none[] = { NULL };
typedef int spawns(int *, const char *, const posix_spawn_file_actions_t *,
                   const posix_spawnattr_t *, char *const[], char *const[]);
spawns pidfd_spawn __attribute__((weak)), pidfd_spawnp __attribute__((weak));
static int by_pidfd(spawns *f, const char *what, char **list)
{
    siginfo_t info = { 0 };
    int fd = -1, error = f ? f(&fd, what, NULL, NULL, rest, list) : ENOSYS;
    if (error) return error;
    return waitid(P_PIDFD, fd, &info, WEXITED) ? 99 : info.si_status;
}
/* By the names that a file has for this process alone. */
static void execute_own(const char *how)
{
    static char name[4096];
    int fd = open(path, O_RDONLY);
    char *base = strrchr(path, '/') + 1;
    if (!strcmp(how, "own-fd")) sprintf(name, "/dev/fd/%d", fd);
    if (!strcmp(how, "own-self")) sprintf(name, "/proc/self/fd/%d", fd);
    if (!strcmp(how, "own-thread"))
        sprintf(name, "/proc/thread-self/fd/%d", fd);
    if (!strcmp(how, "own-pid"))
        sprintf(name, "/proc/%d/fd/%d", getpid(), fd);
    if (*name) execve(name, rest, none);
    if (!strcmp(how, "own-descriptor")) fexecve(fd, rest, none);
    memcpy(name, path, (size_t)(base - path));
    if (chdir(name)) _exit(8);
    if (!strcmp(how, "own-here")) {
        sprintf(name, "./%s", base);
        execve(name, rest, none);
    }
    if (!strcmp(how, "own-search")) {
        setenv("PATH", "/absent:", 1);
        execvpe(base, rest, none);
    }
    if (!strcmp(how, "own-full")) { /* no descriptor is left for a look */
        while (open("/dev/null", O_RDONLY | O_CLOEXEC) >= 0) ;
        sprintf(name, "/proc/self/fd/%d", fd);
        execve(name, rest, none);
    }
    _exit(7);
}
static void tell(void) { printf("%d\n", errno); fflush(stdout); }
static void execute(const char *how)
{
    if (!strcmp(how, "execve")) execve(path, rest, environ);
    if (!strcmp(how, "execv")) execv(path, rest);
    if (!strcmp(how, "execvp")) execvp(path, rest);
    if (!strcmp(how, "execvpe")) execvpe(path, rest, environ);
    if (!strcmp(how, "execl")) execl(path, path, rest[1], (char *)NULL);
    if (!strcmp(how, "execlp")) execlp(path, path, rest[1], (char *)NULL);
    if (!strcmp(how, "execle"))
        execle(path, path, rest[1], (char *)NULL, environ);
    if (!strcmp(how, "fexecve")) fexecve(open(path, O_RDONLY), rest, environ);
    if (!strcmp(how, "execveat"))
        execveat(AT_FDCWD, path, rest, environ, 0);
    if (!strcmp(how, "execveat-fd"))
        execveat(open(path, O_RDONLY), "", rest, environ, AT_EMPTY_PATH);
    if (!strcmp(how, "raw")) syscall(SYS_execve, path, rest, environ);
    if (!strcmp(how, "raw-at"))
        syscall(SYS_execveat, AT_FDCWD, path, rest, environ, 0);
    if (!strcmp(how, "raw-fd"))
        syscall(SYS_execveat, open(path, O_RDONLY), "", rest, environ,
                AT_EMPTY_PATH);
    if (!strcmp(how, "raw-cleared")) syscall(SYS_execve, path, rest, none);
    if (!strcmp(how, "cleared")) execve(path, rest, none);
    if (!strncmp(how, "own-", 4)) execute_own(how);
    if (!strcmp(how, "bad")) {
        const char *volatile nowhere = NULL, *volatile odd = (char *)8;
        execve(nowhere, rest, environ), tell();
        execv(odd, rest), tell();
        execveat(AT_FDCWD, odd, rest, environ, AT_EMPTY_PATH), tell();
        execl(nowhere, "a", (char *)NULL), tell();
        _exit(0);
    }
    if (!strcmp(how, "bad-list")) {
        char **volatile odd = (char **)8, *volatile text = (char *)8;
        char *texts[] = { text, NULL };
        execve(path, rest, odd), tell();
        execve(path, rest, texts), tell();
        printf("%d\n", posix_spawn(NULL, path, NULL, NULL, rest, texts));
        fflush(stdout);
        _exit(0);
    }
    if (!strcmp(how, "missing-raw")) {
        if (syscall(SYS_execve, "/absent", rest, environ) != -1) _exit(1);
        if (errno != ENOENT) _exit(1);
        syscall(SYS_execveat, 777, "", rest, environ, AT_EMPTY_PATH);
        _exit(errno != EBADF);
    }
    if (!strcmp(how, "missing")) {
        execve("/absent", rest, environ);
        execlp("absent", "absent", (char *)NULL);
    }
    _exit(how[0] == 'm' ? 0 : 9);
}
int main(int argc, char **argv)
{
    const char *how = argv[1], *where = argc > 2 ? argv[2] : "";
    int status = 0;
    pid_t pid = -1;
    path = argc > 3 ? argv[3] : "";
    rest = argv + 3;
    if (!strcmp(how, "busy")) {
        time_t end = time(NULL) + 2;
        if (!fork()) {
            while (time(NULL) < end) {
                posix_spawn(&pid, path, NULL, NULL, rest, environ);
                waitpid(pid, NULL, 0);
            }
            _exit(0);
        }
        return 0;
    }
    if (!strcmp(how, "spawn"))
        posix_spawn(&pid, path, NULL, NULL, rest, environ);
    else if (!strcmp(how, "spawnp"))
        posix_spawnp(NULL, path, NULL, NULL, rest, environ);
    else if (!strcmp(how, "pidfd")) return by_pidfd(pidfd_spawn, path, environ);
    else if (!strcmp(how, "pidfdp")) {
        *strrchr(argv[3], '/') = 0;
        setenv("PATH", argv[3], 1);
        return by_pidfd(pidfd_spawnp, path + strlen(path) + 1, environ);
    } else if (!strcmp(how, "pidfd-cleared"))
        return by_pidfd(pidfd_spawn, path, none);
    else if (!strcmp(how, "pidfd-missing"))
        return by_pidfd(pidfd_spawn, "/absent", environ) != 2;
    else if (!strcmp(how, "system") || !strcmp(how, "popen")) {
        char command[4096];
        snprintf(command, sizeof(command), "%s %s; true", path, rest[1]);
        if (!strcmp(how, "system")) return system(command);
        FILE *f = popen(command, "r");
        while (fgets(command, sizeof(command), f)) fputs(command, stdout);
        return pclose(f);
    } else if (!strcmp(where, "small")) {
        static char stack[2048 + 512]; /* the C library needs some, too */
        static ucontext_t main_context, context;
        if (!fork()) {
            getcontext(&context);
            context.uc_stack.ss_sp = stack;
            context.uc_stack.ss_size = sizeof(stack);
            context.uc_link = &main_context;
            makecontext(&context, (void (*)(void))execve, 3, path, rest,
                        environ);
            swapcontext(&main_context, &context);
            _exit(6);
        }
    } else if (!strcmp(how, "spawn-cleared"))
        posix_spawn(&pid, path, NULL, NULL, rest, none);
    else if (!strcmp(how, "spawn-missing"))
        return posix_spawn(&pid, "/absent", NULL, NULL, rest, environ) != 2;
    else if (!strcmp(where, "fork")) {
        if (!fork()) execute(how);
    } else if (!strcmp(where, "allocating")) {
        if (!fork()) { free(malloc(10)); execute(how); }
    } else if (!strcmp(where, "vfork")) {
        if (!vfork()) execute(how);
    } else
        execute(how);
    wait(&status);
    return WEXITSTATUS(status);
}
"""
EXECUTES = ["execve", "execv", "execvp", "execvpe", "execl", "execlp",
            "execle", "fexecve", "execveat", "execveat-fd", "raw", "raw-at",
            "raw-fd"]
SPAWNS = ["spawn", "spawnp"]

# As glibc has them from 2.39 on; by the C library's own posix_spawn(), which no
# hook sees.
PIDFD = r"""
#define _GNU_SOURCE
#include <dlfcn.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <unistd.h>
static int by(const char *name, int *fd, const char *path,
              const posix_spawn_file_actions_t *actions,
              const posix_spawnattr_t *attributes, char *const arguments[],
              char *const environment[])
{
    void *libc = dlopen("libc.so.6", RTLD_LAZY | RTLD_NOLOAD);
    int (*f)(pid_t *, const char *, const posix_spawn_file_actions_t *,
             const posix_spawnattr_t *, char *const[], char *const[]) =
        (__typeof__(f))dlsym(libc, name);
    pid_t pid;
    int error = f(&pid, path, actions, attributes, arguments, environment);
    if (!error) *fd = (int)syscall(SYS_pidfd_open, pid, 0);
    return error;
}
int pidfd_spawn(int *fd, const char *path,
                const posix_spawn_file_actions_t *actions,
                const posix_spawnattr_t *attributes, char *const arguments[],
                char *const environment[])
{
    return by("posix_spawn", fd, path, actions, attributes, arguments,
              environment);
}
int pidfd_spawnp(int *fd, const char *path,
                 const posix_spawn_file_actions_t *actions,
                 const posix_spawnattr_t *attributes, char *const arguments[],
                 char *const environment[])
{
    return by("posix_spawnp", fd, path, actions, attributes, arguments,
              environment);
}
"""

# It says what it was given, and loses nothing.
ECHO = """
#include <stdio.h>
#include <stdlib.h>
int main(int argc, char **argv)
{
    free(malloc(10));
    puts(argc > 1 ? argv[1] : "");
    return 0;
}
"""


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    directory = tmp_path_factory.mktemp("strangers")
    for name, text, flags in [("executor", EXECUTOR, []), ("echo", ECHO, []),
                              ("static", ECHO, ["-static"]),
                              ("idle", "int main(void) { return 0; }", [])]:
        compiled(directory, name, text, "-g", *flags)
    compiled(directory, "pidfd.so", PIDFD, "-shared", "-fPIC")
    compiled(directory, "executor_pidfd", EXECUTOR, "-g",
             "-Wl,--no-as-needed", directory / "pidfd.so")
    return directory


@pytest.mark.parametrize("where", ["fork", "vfork", "allocating", "itself"])
@pytest.mark.parametrize("how", EXECUTES)
def test_what_is_executed_is_recorded_or_missed(how, where, made):
    """The program that has the shim is as without it, and counts as one."""
    for name, said in [("echo", "OK"), ("static", "FAIL complete")]:
        done = check("--error-exitcode", "0", "--", made / "executor", how,
                     where, made / name, "said")
        assert (done.status, done.out) == (0, b"said\n"), done.told
        assert summary(done).startswith(f"refknot: {said}"), done.told
    assert "static[" in summary(done)
    assert "is statically linked" in summary(done)
    assert done.told.count("incomplete:") == 1


@pytest.mark.parametrize("how", SPAWNS)
def test_what_is_spawned_is_recorded_or_missed(how, made):
    for name, said in [("echo", "OK"), ("static", "FAIL complete")]:
        done = check("--error-exitcode", "0", "--", made / "executor", how, "", made / name, "said")
        assert (done.status, done.out) == (0, b"said\n")
        assert summary(done).startswith(f"refknot: {said}"), done.told


@pytest.mark.parametrize("how", ["pidfd", "pidfdp"])
def test_what_is_spawned_by_a_descriptor_is_recorded_or_missed(how, made):
    for name, said in [("echo", "OK"), ("static", "FAIL complete")]:
        done = check("--error-exitcode", "0", "--", made / "executor_pidfd",
                     how, "", made / name, "said")
        assert (done.status, done.out) == (0, b"said\n"), done.told
        assert summary(done).startswith(f"refknot: {said}"), done.told
    assert "is statically linked" in summary(done)
    assert done.told.count("incomplete:") == 1


def test_what_is_spawned_by_a_descriptor_may_be_cleared_or_missing(made):
    done = check("--", made / "executor_pidfd", "pidfd-cleared", "",
                 made / "echo", "said")
    assert done.out == b"said\n"
    assert "LD_PRELOAD was not in its environment" in summary(done)
    done = check("--", made / "executor_pidfd", "pidfd-missing", "",
                 made / "echo")
    assert done.status == 0
    assert summary(done).startswith("refknot: OK"), done.told


def test_an_older_c_library_spawns_by_no_descriptor(made):
    """What it lacks answers as where the kernel lacks it."""
    alone = run(made / "executor", "pidfd", "", made / "echo", "said")
    done = check("--error-exitcode", "0", "--", made / "executor", "pidfd",
                 "", made / "echo", "said")
    assert (done.status, done.out) == (alone.status, alone.out)


@pytest.mark.parametrize("how", ["cleared", "spawn-cleared", "raw-cleared"])
def test_a_cleared_environment_is_told(how, made):
    done = check("--", made / "executor", how, "fork", made / "echo",
                 "said")
    assert done.out == b"said\n"
    assert "echo[" in summary(done)
    assert "LD_PRELOAD was not in its environment" in summary(done)


def test_env_i_is_told(made):
    done = check("--", "env", "-i", made / "echo", "said")
    assert (done.status, done.out) == (23, b"said\n")
    assert "echo[" in summary(done)


@pytest.mark.parametrize("how", ["missing", "spawn-missing", "missing-raw"])
def test_what_is_not_there_is_not_missed(how, made):
    done = check("--", made / "executor", how, "fork", made / "echo")
    assert done.status == 0
    assert summary(done).startswith("refknot: OK"), done.told


def test_paths_that_cannot_be_read_are_the_kernels_to_refuse(made):
    done = check("--", made / "executor", "bad", "fork", made / "echo")
    assert (done.status, done.out) == (0, b"14\n" * 4), done.told
    assert summary(done).startswith("refknot: OK"), done.told


def test_a_name_is_searched_for_where_the_program_does(made, tmp_path):
    """In refknot's own PATH it would be another program."""
    (tmp_path / "true").symlink_to(made / "static")
    done = check("--programs", made / "*", "--", "env", f"PATH={tmp_path}",
                 made / "executor", "execlp", "fork", "true", "said")
    assert done.out == b"said\n"
    assert "static[" in summary(done)


def test_what_another_refknot_runs_is_not_missed(made, tmp_path):
    inner = f"{REFKNOT} run -q -o {tmp_path}/x.rkn -- {made}/echo said"
    done = check("--programs", made / "*,sh,dash,bash", "--", "sh", "-c",
                 inner + "; true")
    assert done.out == b"said\n"
    assert summary(done).startswith("refknot: OK"), done.told


def test_the_notes_of_a_shell_that_searches_are_taken_back(made, tmp_path):
    script = tmp_path / "s"
    script.write_text("PATH=/absent:/nowhere:$PATH\ntrue; env true\n")
    done = check("--", "sh", script)
    assert (done.status, summary(done)) == (
        0, "refknot: OK no findings; suppressed 0; exit 0")


def test_a_stranger_may_be_left_out(made):
    argv = ["--", made / "executor", "execve", "fork", made / "static"]
    assert "FAIL" in summary(check(*argv))
    assert "OK" in summary(check("--skip-programs", "stat*", *argv))
    assert "OK" in summary(check("--programs", "executor", *argv))
    assert "FAIL" in summary(check("--programs", "static,executor", *argv))
    assert "OK" in summary(check("--allow-incomplete", *argv))


def test_run_tells_of_strangers_once(made, tmp_path):
    told = refknot(
        "run", "-o", tmp_path / "x.rkn", "--", "sh", "-c",
        f"{made}/static a; {made}/static b; env -i {made}/echo c").told
    assert f"refknot: {made}/static, 2 times: it was executed" in told
    assert f"refknot: {made}/echo, pid " in told


def test_what_is_executed_often_is_told_once(made):
    done = check("--", "sh", "-c", f"for i in 1 2 3; do {made}/static; done")
    lines = [line for line in done.told.splitlines()
             if line.startswith("incomplete:")]
    assert len(lines) == 1
    assert re.match(r"incomplete: static\[\d+\] and 2 more: it was", lines[0])


def test_nothing_is_left_of_notes(made):
    done = check("--", "sh", "-c", f"echo $REFKNOT_OUT; exec {made}/executor "
                 f"execve fork {made}/static >/dev/null")
    assert "FAIL complete" in summary(done)
    live = done.out.decode().strip()
    assert live and not os.path.exists(live)


def test_who_goes_on_executing_leaves_no_notes(made):
    """What it notes while the notes are removed has no place any more."""
    for _ in range(5):
        done = check("--", "sh", "-c",
                     f"echo $REFKNOT_OUT; exec {made}/executor busy fork "
                     f"{made}/static >/dev/null")
        assert "FAIL complete" in summary(done)
        assert not os.path.exists(done.out.decode().strip())


DAEMON = r"""
#define _DEFAULT_SOURCE
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "scrub.h"
static char *volatile kept;
static NOINLINE void lose(void)
{
    char *volatile p = malloc(100);
    if (p) p[0] = 1;
    p = NULL;
}
static void stay(const char *fifo)
{
    char c;
    if (read(open(fifo, O_RDONLY), &c, 1)) _exit(6);
}
int main(int argc, char **argv)
{
    const char *how = argc > 1 ? argv[1] : "";
    kept = malloc(10);
    if (!strcmp(how, "silent")) {
        if (!fork()) { close(1); close(2); stay(argv[2]); _exit(0); }
        return 0;
    }
    if (!strcmp(how, "lost")) { lose(); scrub(); }
    if (daemon(1, 0)) return 3;
    if (getppid() == getpgrp() || getsid(0) != getpid()) return 4;
    if (write(1, "nobody sees", 11) != 11) return 5;
    if (!strcmp(how, "late")) { free(malloc(1)); usleep(60000); }
    if (!strcmp(how, "leak") || !strcmp(how, "late")) lose();
    scrub();
    if (!strcmp(how, "stays")) stay(argv[2]);
    return 0;
}
"""


@pytest.fixture(scope="module")
def daemon(tmp_path_factory):
    return compiled(tmp_path_factory.mktemp("daemon"), "daemon", DAEMON, "-g",
                    f"-I{SOURCE}/samples")


def test_a_clean_daemon_is_green(daemon):
    done = check("--", daemon)
    assert (done.status, summary(done)) == (
        0, "refknot: OK no findings; suppressed 0; exit 0"), done.told


@pytest.mark.parametrize("how", ["leak", "late"])
def test_a_leaking_daemon_is_red(how, daemon):
    """Also one that ends after what started it, if soon."""
    done = check("--", daemon, how)
    assert done.status == 23
    assert "FAIL 1 leak (100 B)" in summary(done)


def test_what_was_lost_before_is_the_parents(daemon):
    done = check("--", daemon, "lost")
    assert (done.status, done.out) == (23, b"")
    assert "FAIL 1 leak (100 B)" in summary(done)


@pytest.fixture
def rest(tmp_path):
    """A fifo: who reads from it stays for as long as the test."""
    fifo = tmp_path / "rest"
    os.mkfifo(fifo)
    fifo.chmod(0o666)
    fd = os.open(fifo, os.O_RDWR)
    yield fifo
    os.close(fd)


@pytest.mark.parametrize("how", ["stays", "silent"])
def test_a_daemon_that_stays_is_not_green(how, daemon, rest):
    done = check("--", daemon, how, rest)
    assert done.status == 23
    assert "it is still running" in done.told


@pytest.fixture
def nobody(tmp_path):
    """Options of a run by a user who may not see all processes."""
    if os.getuid():
        return {}
    for directory in [tmp_path, *tmp_path.parents][:3]:
        directory.chmod(0o777)
    return {"user": 65534, "group": 65534, "extra_groups": []}


OF_ITS_OWN = ["unshare", "-Upf", "--map-root-user"]


@pytest.mark.skipif(run(*OF_ITS_OWN, "true").status != 0,
                    reason="no namespaces here")
@pytest.mark.parametrize("stays", [False, True])
def test_the_first_process_of_a_namespace_is_seen_to_end(stays, nobody, rest,
                                                         tmp_path):
    """Here its number is another process's, whose mappings are secret."""
    program = compiled(tmp_path, "first", FIRST)
    command = [*OF_ITS_OWN, program]
    if stays:
        os.mkfifo(tmp_path / "ready")
        (tmp_path / "ready").chmod(0o666)
        command = ["sh", "-c", f"{' '.join(map(str, command))} ready {rest} "
                   ">/dev/null 2>&1 & read x <ready"]
    done = check("--", *command, cwd=tmp_path, **nobody)
    assert done.status == 23, done.told
    told = [line for line in done.told.splitlines() if "process 1 " in line]
    assert bool(told) == stays, done.told
    assert ("1 leak (100 B)" in done.told) != stays, done.told


def test_who_allocates_nothing_is_recorded_all_the_same(made):
    argv = ["--", "sh", "-c", f"{made}/idle; true"]
    assert check("--programs", "idle", *argv).status == 0
    done = check("--programs", "idle,absent", *argv)
    assert done.status == 0
    assert "--programs 'absent': no program that ran was of that name" \
        in done.told
    assert check("--programs", "absent", *argv).status == 23


def test_links_in_patterns_are_followed(made, tmp_path):
    (tmp_path / "link").symlink_to(made)
    (tmp_path / "one").symlink_to(made / "idle")
    argv = ["--", "sh", "-c", f"{tmp_path}/one; true"]
    for pattern in [tmp_path / "link/*", tmp_path / "link/idle",
                    tmp_path / "one", "./link/i*"]:
        assert check("--programs", pattern, *argv,
                     cwd=tmp_path).status == 0, pattern
    assert check("--programs", tmp_path / "l*/idle", *argv).status == 23


OWN = ["fd", "self", "thread", "pid", "descriptor", "here", "search", "full"]


@pytest.mark.parametrize("how", OWN)
def test_a_name_is_that_of_the_process_that_executes_it(how, made):
    """/proc/self/exe would be refknot to whoever reads of it later."""
    argv = ["--", made / "executor", f"own-{how}", "fork", made / "echo", "a"]
    done = check("--error-exitcode", "0", *argv)
    assert (done.status, done.out) == (0, b"a\n")
    if how == "full":  # it had no way to see where that leads
        assert re.search(r"FAIL complete: \d+\[", summary(done))
        return
    assert "FAIL complete: echo[" in summary(done)
    assert "echo[" in summary(check("--programs", "echo", *argv))


def test_a_program_may_execute_itself(made, tmp_path):
    (tmp_path / "link").symlink_to("/proc/self/exe")
    for path in ["/proc/self/exe", tmp_path / "link"]:
        for how in ["cleared", "spawn-cleared"]:
            done = check("--programs", "executor", "--", made / "executor",
                         how, "fork", path, "")
            assert "FAIL complete: executor[" in summary(done)


# It says what it was given, and whether something was loaded into it.
FOREIGN = """
#include <stdio.h>
#include <stdlib.h>
int main(int argc, char **argv)
{
    const char *preload = getenv("LD_PRELOAD");
    free(malloc(10));
    printf("%s %s\\n", argv[argc - 1], preload ? preload : "-");
    return 0;
}
"""

# The same without a C library, for 32 bits.
SHORT = r"""
static int call(int number, int a, const void *b, int c)
{
    int result;
    __asm__ volatile("int $0x80" : "=a"(result) : "a"(number), "b"(a),
                     "c"(b), "d"(c) : "memory");
    return result;
}
__asm__(".globl _start\n_start: mov %esp, %eax\n push %eax\n call start");
void start(int *sp);
void start(int *sp)
{
    char **e = (char **)(sp + 1 + *sp + 1);
    const char *preload = "-";
    int size = 0;
    for (; *e; e++) {
        const char *p = *e, *name = "LD_PRELOAD=";
        while (*name && *p == *name) p++, name++;
        if (!*name) preload = p;
    }
    while (preload[size]) size++;
    call(4, 1, "said ", 5);
    call(4, 1, preload, size);
    call(4, 1, "\n", 1);
    call(1, 0, 0, 0);
}
"""


@pytest.fixture(scope="module")
def foreign(tmp_path_factory):
    """Programs by name, with what is said of each; those that work here."""
    directory = tmp_path_factory.mktemp("foreign")
    made = {}

    def add(name, why, path=None):
        path = path or directory / name
        try:
            done = subprocess.run([path, "said"], capture_output=True,
                                  check=False)
        except OSError:  # a kernel without 32-bit programs
            return
        if (done.returncode, done.stdout) == (0, b"said -\n"):
            made[name] = (path, why)

    def build(name, text, *flags, compiler="cc", why):
        (directory / f"{name}.c").write_text(text)
        if shutil.which(compiler) and not subprocess.run(
                [compiler, "-o", directory / name, directory / f"{name}.c",
                 *flags], capture_output=True, check=False).returncode:
            add(name, why)

    def script(name, *words):
        (directory / name).write_text(f"#!{' '.join(map(str, words))}\n")
        (directory / name).chmod(0o755)
        (directory / f"{name}.c").write_text("")
        add(name, "is built for musl")

    build("musl", FOREIGN, compiler="musl-gcc", why="is built for musl")
    script("script", directory / "musl")
    script("script2", directory / "script")
    small = ["-m32", "-nostdlib", "-ffreestanding", "-fno-stack-protector",
             "-fno-pic", "-no-pie", "-O1"]
    build("short", SHORT, *small, "-Wl,-dynamic-linker,/lib/ld-linux.so.2",
          "-Wl,--no-as-needed", "/lib32/libc.so.6",
          why="is a 32-bit program")
    return made


KINDS = ["musl", "script", "script2", "short"]


def foreign_one(foreign, kind):
    if kind not in foreign:
        pytest.skip(f"{kind}: such programs cannot be built or run here")
    return foreign[kind]


@pytest.mark.parametrize("where", ["fork", "vfork", "itself", "small"])
@pytest.mark.parametrize("how", EXECUTES + SPAWNS + ["system", "popen"])
def test_nothing_is_loaded_into_another_librarys_program(how, where, made,
                                                         foreign):
    if where != "fork" and how in SPAWNS + ["system", "popen"]:
        return
    if where == "small" and how != "execve":
        return
    program, why = foreign_one(foreign, "musl")
    done = check("--error-exitcode", "0", "--programs", "executor,musl", "--",
                 made / "executor", how, where, program, "said")
    assert (done.status, done.out) == (0, b"said -\n"), done.told
    assert "musl[" in summary(done) and why in summary(done)


@pytest.mark.parametrize("where", ["fork", "vfork"])
def test_an_environment_that_cannot_be_read_is_the_kernels_to_refuse(
        where, made, foreign):
    program, _ = foreign_one(foreign, "musl")
    done = check("--", made / "executor", "bad-list", where, program, "said")
    assert (done.status, done.out) == (0, b"14\n" * 3), done.told
    assert summary(done).startswith("refknot: OK"), done.told


@pytest.mark.parametrize("where", ["fork", "vfork"])
@pytest.mark.parametrize("kind", KINDS)
def test_other_programs_run_as_without_us(kind, where, made, foreign,
                                          tmp_path):
    """What the user has loaded into all of them stays."""
    program, why = foreign_one(foreign, kind)
    (tmp_path / "own.c").write_text("int own_of_the_users;\n")
    own = tmp_path / "own.so"
    subprocess.run(["cc", "-shared", "-nostdlib", "-o", own,
                    tmp_path / "own.c"], check=True)
    for preload in [None, own] if kind != "short" else [None]:
        env = environment(LD_PRELOAD=str(preload)) if preload else None
        done = check("--error-exitcode", "0", "--", made / "executor",
                     "execve", where, program, "said", env=env)
        assert done.out == f"said {preload or '-'}\n".encode(), done.told
        assert why in summary(done)
        assert "cannot be preloaded" not in done.told
    silent = check("--error-exitcode", "0", "--", "sh", "-c",
                   f"{program} said; {made}/echo b")
    assert silent.out == b"said -\nb\n"


def test_a_loader_may_be_named_first(made, foreign):
    """Of glibc it is recorded, of musl left alone."""
    program, _ = foreign_one(foreign, "musl")
    musl = subprocess.run(["readelf", "-p", ".interp", program], text=True,
                          capture_output=True, check=True).stdout.split()[-1]
    done = check("--error-exitcode", "0", "--", made / "executor", "spawn", "",
                 musl, program, "said")
    assert done.out == b"said -\n", done.told
    assert "is musl's loader" in summary(done)
    done = check("--", made / "executor", "spawn", "",
                 "/lib64/ld-linux-x86-64.so.2", made / "echo", "said")
    assert (done.out, done.status) == (b"said\n", 0), done.told


def test_static_programs_pass_on_what_they_need_not(made, tmp_path):
    """What they execute is recorded; nothing is loaded into them anyway."""
    for flag in ["-static", "-static-pie"]:
        static = compiled(tmp_path, "passes", """
#include <unistd.h>
int main(int argc, char **argv)
{
    (void)argc;
    return execv(argv[1], argv + 1);
}
""", flag)
        done = check("--programs", "echo", "--", made / "executor", "execve",
                     "fork", static, made / "echo", "said")
        assert (done.out, done.status) == (b"said\n", 0), done.told
        assert summary(done).startswith("refknot: OK")


SANITIZED = """
#include <stdlib.h>
#include <string.h>
int main(void)
{
    char *volatile p = malloc(10);
    if (p) memset(p, 1, 10);
    p = NULL;
    free(malloc(5));
    return 0;
}
"""


def sanitized(directory, *flags, **kw):
    return compiled(directory, "sanitized", SANITIZED, "-g",
                    "-fsanitize=address", *flags, **kw)


@pytest.mark.parametrize("user", [None, "exitcode=7:detect_leaks=0"])
def test_a_child_with_a_sanitizer_runs_as_without_us(user, tmp_path):
    """Its library is another one, in which the shim gets before it."""
    env = environment(ASAN_OPTIONS=user or "detect_leaks=0")
    program = sanitized(tmp_path)
    done = check("--", "sh", "-c", f"{program} && echo $ASAN_OPTIONS", env=env)
    assert done.out.decode().strip().split(":", 1) == [
        "verify_asan_link_order=0", user or "detect_leaks=0"]
    assert summary(done) == "refknot: FAIL 1 leak (10 B); suppressed 0; exit 23"


@pytest.mark.skipif(not shutil.which("clang"), reason="clang is not here")
def test_a_sanitizer_inside_the_program_is_told(tmp_path):
    env = environment(ASAN_OPTIONS="detect_leaks=0")
    program = sanitized(tmp_path, compiler="clang")
    done = check("--", "sh", "-c", f"{program}; true", env=env)
    assert "sanitized[" in summary(done)
    assert "AddressSanitizer inside" in summary(done)


# A child for which no recording can be made moves its parent's blocks, too. What
# it gives up it gives up unseen; with a second argument it uses the C library.
UNABLE = r"""
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
static int seen;
static long call(long number, long a, long b, const void *c)
{
    register long none __asm__("r10") = 0;
    if (seen) return syscall(number, a, b, c, 0);
    __asm__ volatile("syscall" : "+a"(number) : "D"(a), "S"(b), "d"(c),
                     "r"(none) : "rcx", "r11", "memory");
    return number;
}
static void limit(int resource)
{
    struct rlimit none = { 0, 0 };
    if (seen) setrlimit(resource, &none);
    else call(SYS_prlimit64, 0, resource, &none);
}
int main(int argc, char **argv)
{
    const char *how = argc > 1 ? argv[1] : "";
    char *old = malloc(100);
    int status = 0;
    seen = argc > 2;
    if (!fork()) {
        if (!strcmp(how, "user") && call(SYS_setuid, 65534, 0, NULL)) return 9;
        if (!strcmp(how, "descriptors")) limit(RLIMIT_NOFILE);
        if (!strcmp(how, "files")) limit(RLIMIT_FSIZE);
        char *new = malloc(5);
        old = realloc(old, 5000);
        new = realloc(new, 500);
        free(old);
        free(new);
        _exit(!old || !new);
    }
    wait(&status);
    free(old);
    return status != 0;
}
"""


@pytest.mark.parametrize("how", ["user", "descriptors", "files"])
def test_a_child_that_cannot_be_recorded_is_unharmed_and_told(how, tmp_path):
    if how == "user" and os.getuid():
        pytest.skip("only root can become another user")
    program = compiled(tmp_path, "unable", UNABLE, "-g", "-fno-builtin")
    done = check("--error-exitcode", "0", "--", program, how)
    assert done.status == 0, done.told
    assert "were not recorded" in summary(done) or \
        "was not recorded" in summary(done)
    assert summary(check("--", program)).startswith("refknot: OK")


@pytest.mark.parametrize("how, said", [
    ("user", "refknot: OK"), ("files", "refknot: OK"),
    ("descriptors", "the list of mappings could not be read")])
def test_a_child_is_recorded_that_gives_up_by_the_c_library(how, said, tmp_path):
    if how == "user" and os.getuid():
        pytest.skip("only root can become another user")
    program = compiled(tmp_path, "unable", UNABLE, "-g", "-fno-builtin")
    done = check("--error-exitcode", "0", "--", program, how, "seen")
    assert done.status == 0, done.told
    assert said in summary(done)
    assert "forked children" not in summary(done)
