/* SPDX-License-Identifier: MIT */
#include "sys.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <linux/kcmp.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>

#define PATIENCE 200000 /* looks; some 20 ms */

uint64_t sys_forbidden[SYS_FORBIDDEN_WORDS];
uint32_t sys_unsettled;
_Thread_local struct sys_child sys_child;

static bool is_in(const uint64_t *words, long number)
{
	return READ_ONCE(words[number / 64]) >> number % 64 & 1;
}

static bool is_listed(long number)
{
	return is_in(sys_forbidden, number) ||
	       (unlikely(READ_ONCE(sys_child.pid)) &&
		is_in(sys_child.forbidden, number));
}

/* A handler may wait here for the thread that it interrupts. */
static COLD bool stays_listed(long number)
{
	for (unsigned i = 0; i < PATIENCE && is_listed(number); i++) {
		if (!LOAD_ACQUIRE(sys_unsettled))
			return is_listed(number);
		sys_pause();
	}
	return is_listed(number);
}

static bool is_forbidden(long number)
{
	return unlikely(is_listed(number)) && stays_listed(number);
}

/* Nothing may come between the registers and the call: whatever the compiler
 * calls there, a sanitizer's functions too, would take them. */
static long enter_kernel(long number, long a, long b, long c, long d, long e,
			 long f)
{
	long result;
	register long r10 __asm__("r10") = d;
	register long r8 __asm__("r8") = e;
	register long r9 __asm__("r9") = f;

	__asm__ volatile("syscall"
			 : "=a"(result)
			 : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10),
			   "r"(r8), "r"(r9)
			 : "rcx", "r11", "memory");
	return result;
}

static long call(long number, long a, long b, long c, long d, long e, long f)
{
	if (unlikely(is_forbidden(number)))
		return -EPERM;
	return enter_kernel(number, a, b, c, d, e, f);
}

#define CALL0(n)          call(n, 0, 0, 0, 0, 0, 0)
#define CALL1(n, a)       call(n, (long)(a), 0, 0, 0, 0, 0)
#define CALL2(n, a, b)    call(n, (long)(a), (long)(b), 0, 0, 0, 0)
#define CALL3(n, a, b, c) call(n, (long)(a), (long)(b), (long)(c), 0, 0, 0)
#define CALL4(n, a, b, c, d)                                                   \
	call(n, (long)(a), (long)(b), (long)(c), (long)(d), 0, 0)

/* Those that are a call of the kernel and nothing else. */
#define PLAIN(name, parameters, call)                                          \
	long name parameters                                                   \
	{                                                                      \
		return call;                                                   \
	}

long sys_open(const char *path, int flags, int mode)
{
	if (flags & O_ACCMODE && is_forbidden(SYS_OPEN_TO_WRITE))
		return -EPERM;
	if (flags & O_PATH && is_forbidden(SYS_OPEN_PATH))
		return -EPERM;
	/* Filters see 64 bits of the number, and the C library's is 32 wide. */
	return CALL4(SYS_openat, (unsigned)AT_FDCWD, path, flags | O_CLOEXEC,
		     mode);
}

long sys_open_below(int fd, const char *path, int flags)
{
	if (is_forbidden(SYS_OPEN_BELOW))
		return -EPERM;
	return CALL4(SYS_openat, fd, path, flags | O_CLOEXEC, 0);
}

PLAIN(sys_duplicate, (int fd, int least),
      CALL3(SYS_fcntl, fd, F_DUPFD_CLOEXEC, least))

bool sys_is_inherited(int fd)
{
	long flags = CALL2(SYS_fcntl, fd, F_GETFD);

	return flags >= 0 && !(flags & FD_CLOEXEC);
}

PLAIN(sys_modes, (int fd), CALL2(SYS_fcntl, fd, F_GETFL))
PLAIN(sys_close, (int fd), CALL1(SYS_close, fd))
PLAIN(sys_read, (int fd, void *buffer, size_t size),
      CALL3(SYS_read, fd, buffer, size))
PLAIN(sys_pread, (int fd, void *buffer, size_t size, uint64_t offset),
      CALL4(SYS_pread64, fd, buffer, size, offset))
PLAIN(sys_write, (int fd, const void *buffer, size_t size),
      CALL3(SYS_write, fd, buffer, size))

bool sys_writable(int fd, int patience_ms)
{
	struct pollfd p = { .fd = fd, .events = POLLOUT };
	long n = CALL3(SYS_poll, &p, 1, patience_ms);

	return n < 0 || (n && p.revents == POLLOUT);
}

PLAIN(sys_truncate, (int fd, uint64_t size), CALL2(SYS_ftruncate, fd, size))
PLAIN(sys_allocate, (int fd, uint64_t offset, uint64_t size),
      CALL4(SYS_fallocate, fd, 0, offset, size))
PLAIN(sys_mode, (int fd, int mode), CALL2(SYS_fchmod, fd, mode))

/* struct stat is the kernel's own, on this machine. */
PLAIN(sys_stat, (int fd, struct stat *st), CALL2(SYS_fstat, fd, st))

long sys_identify(int fd, struct sys_identity *id)
{
	struct stat st;
	long result = sys_stat(fd, &st);

	if (!result)
		*id = (struct sys_identity){ st.st_dev, st.st_ino };
	return result;
}

long sys_file_mode(int fd)
{
	struct stat st;
	long result = sys_stat(fd, &st);

	return result ? result : (long)st.st_mode;
}

PLAIN(sys_unlink, (const char *path), CALL1(SYS_unlink, path))
PLAIN(sys_link, (const char *target, const char *path),
      CALL2(SYS_symlink, target, path))
PLAIN(sys_readlink, (const char *path, char *buffer, size_t size),
      CALL3(SYS_readlink, path, buffer, size))
PLAIN(sys_getcwd, (char *buffer, size_t size), CALL2(SYS_getcwd, buffer, size))
PLAIN(sys_directory, (int fd, void *buffer, size_t size),
      CALL3(SYS_getdents64, fd, buffer, size))

#define PAGE 4096

static bool failed(long p)
{
	return p < 0 && p > -4096;
}

static size_t page_up(size_t size)
{
	return (size + PAGE - 1) & ~(size_t)(PAGE - 1);
}

uint64_t sys_mapped;

/* What the kernel answered to mmap(). */
static void *mapped(long p, size_t size)
{
	if (failed(p))
		return NULL;
	__atomic_add_fetch(&sys_mapped, page_up(size), __ATOMIC_RELAXED);
	return (void *)p;
}

void *sys_map_file(size_t size, int fd)
{
	long p = call(SYS_mmap, 0, (long)size, PROT_NONE,
		      MAP_SHARED | MAP_NORESERVE, fd, 0);

	return mapped(p, size);
}

#define OWN_FLAGS  (MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE)
#define OWN_ACCESS (PROT_READ | PROT_WRITE)

/* Memory that may grow down counts as a stack, not as data (RLIMIT_DATA), and is
 * limited as one only while it grows: which the page below keeps it from. */
static long map_down_at(long at, size_t size, int access)
{
	return call(SYS_mmap, at, (long)size, access,
		    OWN_FLAGS | MAP_FIXED | MAP_GROWSDOWN, -1, 0);
}

static long map_down(size_t size, int access)
{
	long p, down;

	if (is_forbidden(SYS_MAP_DOWN))
		return -EPERM;
	p = call(SYS_mmap, 0, (long)size + PAGE, PROT_NONE, OWN_FLAGS, -1, 0);
	if (failed(p))
		return p;
	down = map_down_at(p + PAGE, size, access);
	if (failed(down))
		CALL2(SYS_munmap, p, size + PAGE);
	return failed(down) ? down : p;
}

void *sys_map_own(size_t size)
{
	long p = map_down(size, OWN_ACCESS);
	char *own;

	if (failed(p))
		p = call(SYS_mmap, 0, (long)size + PAGE, OWN_ACCESS, OWN_FLAGS,
			 -1, 0);
	own = mapped(p, size + PAGE);
	return own ? own + PAGE : NULL;
}

void sys_unmap_own(void *p, size_t size)
{
	sys_unmap((char *)p - PAGE, size + PAGE);
}

void *sys_map_spare(size_t size)
{
	char *p = mapped(map_down(size, PROT_NONE), size + PAGE);

	return p ? p + PAGE : NULL;
}

bool sys_map_nothing(size_t size)
{
	return mapped(
	    call(SYS_mmap, 0, (long)size, PROT_NONE, OWN_FLAGS, -1, 0), size);
}

static bool map_at(void *p, size_t size, int access)
{
	if (is_forbidden(SYS_MAP_DOWN))
		return false;
	return !failed(map_down_at((long)p, size, access));
}

bool sys_map_own_at(void *p, size_t size)
{
	return map_at(p, size, OWN_ACCESS);
}

bool sys_map_spare_at(void *p, size_t size)
{
	return map_at(p, size, PROT_NONE);
}

void *sys_map_part(int fd, uint64_t offset, size_t size)
{
	long p = call(SYS_mmap, 0, (long)size, PROT_READ, MAP_PRIVATE, fd,
		      (long)offset);

	return mapped(p, size);
}

PLAIN(sys_open_up, (void *p, size_t size),
      CALL3(SYS_mprotect, p, size, PROT_READ | PROT_WRITE))
PLAIN(sys_seal, (void *p, size_t size), CALL3(SYS_mprotect, p, size, PROT_READ))

void sys_unmap(void *p, size_t size)
{
	if (CALL2(SYS_munmap, p, size) == 0)
		__atomic_sub_fetch(&sys_mapped, page_up(size),
				   __ATOMIC_RELAXED);
}

uint64_t sys_break(void)
{
	return (uint64_t)CALL1(SYS_brk, 0);
}

/* Documentation/admin-guide/mm/pagemap.rst; the system's headers may be older. */
struct scan {
	uint64_t size, flags, start, end, walk_end, list, most, most_pages;
	uint64_t inverted, all_of, any_of, returned;
};
#define SCAN         0xc0606610u /* PAGEMAP_SCAN */
#define SCAN_PRESENT (1u << 3)
#define SCAN_SWAPPED (1u << 4)
#define SCAN_ZEROS   (1u << 5)
static_assert(sizeof(struct scan) == 96, "the number of the call has it");

static long scan(int fd, struct sys_scan *to, uint64_t categories)
{
	struct scan s = { .size = sizeof(s),
			  .start = to->start,
			  .end = to->end,
			  .list = ADDRESS(to->found),
			  .most = SYS_SCAN_MOST,
			  .any_of = categories,
			  .returned = categories };
	long n = CALL3(SYS_ioctl, fd, SCAN, &s);

	if (n < 0)
		return n;
	if (s.walk_end <= to->start)
		return -EINVAL;
	to->end = s.walk_end;
	to->count = (uint32_t)n;
	return 0;
}

long sys_touched(int fd, struct sys_scan *s)
{
	return scan(fd, s, SCAN_PRESENT | SCAN_SWAPPED);
}

long sys_zeros(int fd, struct sys_scan *s)
{
	return scan(fd, s, SCAN_ZEROS);
}

long sys_mapping(void *at, size_t size, int access, int flags, int fd,
		 int64_t offset)
{
	return call(SYS_mmap, (long)at, (long)size, access, flags, fd,
		    (long)offset);
}

PLAIN(sys_unmapping, (void *p, size_t size), CALL2(SYS_munmap, p, size))
PLAIN(sys_protecting, (void *p, size_t size, int access),
      CALL3(SYS_mprotect, p, size, access))
PLAIN(sys_keying, (void *p, size_t size, int access, int key),
      CALL4(SYS_pkey_mprotect, p, size, access, key))

long sys_moving(void *p, size_t size, size_t wanted, int flags, void *to)
{
	return call(SYS_mremap, (long)p, (long)size, (long)wanted, flags,
		    (long)to, 0);
}

PLAIN(sys_resident, (uint64_t address, size_t size, unsigned char *pages),
      CALL3(SYS_mincore, address, size, pages))
PLAIN(sys_advise, (void *p, size_t size, int advice),
      CALL3(SYS_madvise, p, size, advice))

void sys_exit(int status)
{
	for (;;)
		CALL1(SYS_exit_group, status);
}

/* Its only thread's, too. */
static int own_number(long call_number)
{
	const int child = READ_ONCE(sys_child.pid);

	if (unlikely(child) && is_forbidden(call_number))
		return child;
	return (int)CALL0(call_number);
}

int sys_pid(void)
{
	return own_number(SYS_getpid);
}

COLD bool sys_begin_child(void)
{
	int pid = sys_pid();

	if (READ_ONCE(sys_child.pid))
		return true;
	if (CALL1(SYS_set_tid_address, &sys_child.pid) < 0)
		return false;
	memset(sys_child.forbidden, 0, sizeof(sys_child.forbidden));
	WRITE_ONCE(sys_child.pid, pid);
	return true;
}

int sys_parent(void)
{
	return (int)CALL0(SYS_getppid);
}

int sys_tid(void)
{
	return own_number(SYS_gettid);
}

int sys_group_of(int pid)
{
	return (int)CALL1(SYS_getpgid, pid);
}

int sys_group(void)
{
	return sys_group_of(0);
}

bool sys_thread_alive(int pid, int tid)
{
	return CALL3(SYS_tgkill, pid, tid, 0) != -ESRCH;
}

bool sys_is_same_memory(int pid, int other)
{
	return CALL3(SYS_kcmp, pid, other, KCMP_VM) == 0;
}

bool sys_task_alive(int tid)
{
	return CALL2(SYS_tkill, tid, 0) != -ESRCH;
}

PLAIN(sys_signal_thread, (int pid, int tid, int signal),
      CALL3(SYS_tgkill, pid, tid, signal))
PLAIN(sys_queue_signal, (int pid, int tid, int signal, const void *info),
      CALL4(SYS_rt_tgsigqueueinfo, pid, tid, signal, info))

long sys_queue_stop(int pid, int tid, int signal, const void *info)
{
	if (is_forbidden(SYS_QUEUE_STOP))
		return -EPERM;
	return sys_queue_signal(pid, tid, signal, info);
}

#define PERMITTED 0x1022 /* ARCH_GET_XCOMP_PERM, since Linux 5.16 */

PLAIN(sys_permitted_state, (uint64_t * classes),
      CALL2(SYS_arch_prctl, PERMITTED, classes))

#define CPUID_ENABLED 0x1011 /* ARCH_GET_CPUID, since Linux 4.12 */

bool sys_cpuid_faults(void)
{
	return CALL2(SYS_arch_prctl, CPUID_ENABLED, 0) == 0;
}

struct limits {
	uint64_t soft, hard;
};

uint64_t sys_limit(int resource)
{
	struct limits limit;

	if (CALL4(SYS_prlimit64, 0, resource, 0, &limit) < 0)
		return UINT64_MAX;
	return limit.soft;
}

long sys_limits(int resource, uint64_t *soft, uint64_t *hard)
{
	struct limits limit = { UINT64_MAX, UINT64_MAX };
	long result = CALL4(SYS_prlimit64, 0, resource, 0, &limit);

	*soft = limit.soft;
	*hard = limit.hard;
	return result;
}

long sys_set_limit(int resource, uint64_t soft, uint64_t hard)
{
	const struct limits limit = { soft, hard };

	if (is_forbidden(SYS_SET_LIMIT))
		return -EPERM;
	return CALL4(SYS_prlimit64, 0, resource, &limit, 0);
}

uint64_t sys_clock(int clock)
{
	struct timespec t = { 0, 0 };

	CALL2(SYS_clock_gettime, clock, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

long sys_wait(uint32_t *word, uint32_t value, uint64_t timeout_ns)
{
	struct timespec t = { (time_t)(timeout_ns / 1000000000u),
			      (long)(timeout_ns % 1000000000u) };

	return CALL4(SYS_futex, word, FUTEX_WAIT_PRIVATE, value, &t);
}

void sys_rest(uint64_t ns)
{
	struct timespec t = { 0, (long)ns };

	if (ns)
		CALL2(SYS_nanosleep, &t, 0);
	else
		CALL0(SYS_sched_yield);
}

#define BARRIER          8  /* MEMBARRIER_CMD_PRIVATE_EXPEDITED */
#define REGISTER_BARRIER 16 /* MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED */

bool sys_barrier(void)
{
	if (CALL2(SYS_membarrier, BARRIER, 0) == 0)
		return true;
	return CALL2(SYS_membarrier, REGISTER_BARRIER, 0) == 0 &&
	       CALL2(SYS_membarrier, BARRIER, 0) == 0;
}

void sys_wake(uint32_t *word)
{
	CALL3(SYS_futex, word, FUTEX_WAKE_PRIVATE, 0x7fffffff);
}

long sys_peek(int pid, void *to, uint64_t from, size_t size)
{
	struct iovec local = { to, size };
	struct iovec remote = { (void *)(uintptr_t)from, size };

	return call(SYS_process_vm_readv, pid, (long)&local, 1, (long)&remote,
		    1, 0);
}

long sys_peek_parts(int pid, void *to, size_t size, const struct iovec *from,
		    size_t count)
{
	struct iovec local = { to, size };

	return call(SYS_process_vm_readv, pid, (long)&local, 1, (long)from,
		    (long)count, 0);
}

/* One that an instruction brings would end the process if it were blocked, and
 * a filter's SIGSYS is for the caller. */
#define FAULTS                                                                 \
	(1ull << (SIGSEGV - 1) | 1ull << (SIGBUS - 1) | 1ull << (SIGILL - 1) | \
	 1ull << (SIGFPE - 1) | 1ull << (SIGTRAP - 1) | 1ull << (SIGSYS - 1))

static long block(uint64_t set, uint64_t *old)
{
	return CALL4(SYS_rt_sigprocmask, SIG_BLOCK, &set, old, sizeof(set));
}

long sys_block_signals(uint64_t *old)
{
	return block(~FAULTS, old);
}

void sys_hold_signals(uint64_t *old)
{
	block(~(FAULTS | 1ull << (SYS_STOP_SIGNAL - 1)), old);
}

void sys_restore_signals(const uint64_t *old)
{
	CALL4(SYS_rt_sigprocmask, SIG_SETMASK, old, NULL, sizeof(*old));
}

bool sys_takes(int signal)
{
	uint64_t blocked = ~0ull;

	CALL4(SYS_rt_sigprocmask, SIG_BLOCK, NULL, &blocked, sizeof(blocked));
	return !(blocked >> (signal - 1) & 1);
}

PLAIN(sys_pending_signals, (uint64_t * set),
      CALL2(SYS_rt_sigpending, set, sizeof(*set)))

bool sys_can_take_signals(void)
{
	return !is_forbidden(SYS_rt_sigtimedwait);
}

void sys_take_signals(uint64_t set)
{
	struct timespec now = { 0, 0 };

	CALL4(SYS_rt_sigtimedwait, &set, NULL, &now, sizeof(set));
}

uint64_t sys_alternate_stack(uint64_t sp, bool *active)
{
	stack_t now = { .ss_flags = SS_DISABLE };

	CALL2(SYS_sigaltstack, NULL, &now);
	*active = !(now.ss_flags & SS_DISABLE) &&
		  sp - ADDRESS(now.ss_sp) < now.ss_size;
	return (now.ss_flags & SS_DISABLE) ? 0 : ADDRESS(now.ss_sp);
}

long sys_use_alternate_stack(void *start, size_t size)
{
	stack_t stack = { .ss_sp = start,
			  .ss_flags = start ? 0 : SS_DISABLE,
			  .ss_size = size };

	if (is_forbidden(SYS_USE_STACK))
		return -EPERM;
	return CALL2(SYS_sigaltstack, &stack, NULL);
}

PLAIN(sys_action,
      (int signal, const struct sys_action *set, struct sys_action *old),
      CALL4(SYS_rt_sigaction, signal, set, old, sizeof(uint64_t)))

/* What a handler returns to; found by its bytes, as the C library's own. */
__asm__(".text\n"
	".balign 16\n"
	"sys_restore:\n"
	"	mov $15, %rax\n"
	"	syscall\n");
extern char sys_restore[] __attribute__((visibility("hidden")));

void *sys_restorer(void)
{
	return sys_restore;
}

void sys_action_init(struct sys_action *a, void (*handler)(int, void *, void *))
{
	memset(a, 0, sizeof(*a));
	a->handler = (void *)handler;
	a->flags = SA_SIGINFO | SA_RESTART | SYS_RESTORER;
	a->restorer = sys_restorer();
	a->mask = ~0ull;
}
