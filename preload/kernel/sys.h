/* SPDX-License-Identifier: MIT */
/*
 * The kernel, directly: every system call that the shim makes is here.  Raw
 * calls do not change errno, cannot be interposed, are not cancellation points
 * and take no lock, so all of them may run inside malloc and in a signal
 * handler.  They return what the kernel does: a value, or -errno.
 */
#ifndef SYS_H
#define SYS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <sys/uio.h>

#include "compiler.h"

/*
 * Calls that are not made, a bit for each number. They answer -EPERM, which
 * every caller here can handle; the number of the process or a thread is
 * negative then.
 */
#define SYS_FORBIDDEN_WORDS 8
#define SYS_OPEN_TO_WRITE   511 /* openat, but for only reading */
#define SYS_OPEN_BELOW      510 /* openat, from a directory */
#define SYS_OPEN_PATH       509 /* openat, not even for reading */
#define SYS_QUEUE_STOP      508 /* rt_tgsigqueueinfo, of what stops threads */
#define SYS_MAP_DOWN        507 /* mmap, of what might grow */
#define SYS_USE_STACK       506 /* sigaltstack, not only to ask */
#define SYS_SET_LIMIT       505 /* prlimit64, the same */
extern HIDDEN uint64_t sys_forbidden[SYS_FORBIDDEN_WORDS];
/* How many threads have set bits there and do not know yet whether these stay:
 * a call waits a moment for them. */
extern HIDDEN uint32_t sys_unsettled;

/*
 * The same for a vfork child that installs a filter. Its thread-local memory is
 * its parent's, and its parent may make all of these calls. The kernel itself
 * clears `pid` when the child leaves that memory, as it does with the number of
 * a thread that ends: so nothing has to ask for the number, which the filter
 * may forbid.
 */
struct sys_child {
	int pid; /* 0: there is none */
	uint64_t forbidden[SYS_FORBIDDEN_WORDS];
};
extern HIDDEN _Thread_local struct sys_child sys_child;
/* Only in such a child, before its filter; false if the kernel does not do
 * that. */
bool sys_begin_child(void);

static inline void sys_pause(void)
{
	__builtin_ia32_pause();
}

long sys_open(const char *path, int flags, int mode);
/* For reading, `path` from the directory that is open as `fd`. */
long sys_open_below(int fd, const char *path, int flags);
/* The same file at the lowest free number from `least` on; exec closes it. */
long sys_duplicate(int fd, int least);
/* Whether it is open and stays so in an executed program. */
bool sys_is_inherited(int fd);
long sys_modes(int fd); /* of open(2): O_PATH, ... */
long sys_close(int fd);
long sys_read(int fd, void *buffer, size_t size);
long sys_pread(int fd, void *buffer, size_t size, uint64_t offset);
long sys_write(int fd, const void *buffer, size_t size);
/* Whether it takes some bytes within that time. True also if that is not known;
 * false also for a pipe without a reader. */
bool sys_writable(int fd, int patience_ms);
long sys_truncate(int fd, uint64_t size);
long sys_allocate(int fd, uint64_t offset, uint64_t size); /* fallocate */
long sys_mode(int fd, int mode);
struct sys_identity { /* of a file, whatever its names */
	uint64_t device, inode;
};
struct stat;
long sys_stat(int fd, struct stat *st);
long sys_identify(int fd, struct sys_identity *id);
long sys_file_mode(int fd); /* st_mode */
long sys_unlink(const char *path);
long sys_link(const char *target, const char *path); /* symlink */
long sys_readlink(const char *path, char *buffer, size_t size);
long sys_getcwd(char *buffer, size_t size);
struct sys_entry { /* the kernel's struct linux_dirent64 */
	uint64_t inode;
	int64_t offset;
	uint16_t size;
	uint8_t type;
	char name[];
};
long sys_directory(int fd, void *buffer, size_t size); /* getdents64 */

/* Maps the file, shared, without access until sys_open_up(); NULL if the kernel
 * refuses. */
void *sys_map_file(size_t size, int fd);
/* Private zeros in whole pages, not reserved, which count against no limit on
 * data, behind a page without access; NULL if the kernel refuses. Only for
 * spare.c: all others take what is kept first. */
void *sys_map_own(size_t size);
void sys_unmap_own(void *p, size_t size);
/* The same in place of pages that are mapped, with one below them; false if
 * they stay as they were. */
bool sys_map_own_at(void *p, size_t size);
bool sys_map_spare_at(void *p, size_t size); /* without access */
/* The same without access, which the kernel counts as the program's stack; and
 * any mapping without access. */
void *sys_map_spare(size_t size);
bool sys_map_nothing(size_t size);
/* Bytes of addresses that all these have mapped now; atomic. */
extern HIDDEN uint64_t sys_mapped;
/* Part of a file, private and read-only; `offset` is a multiple of a page. */
void *sys_map_part(int fd, uint64_t offset, size_t size);
long sys_open_up(void *p, size_t size); /* mprotect, for reads and writes */
/* mprotect, only for reads. Only while the program has no filter. */
long sys_seal(void *p, size_t size);
void sys_unmap(void *p, size_t size);
/* The program's own calls, with its own arguments. */
long sys_mapping(void *at, size_t size, int access, int flags, int fd,
		 int64_t offset);
long sys_unmapping(void *p, size_t size);
long sys_protecting(void *p, size_t size, int access);
long sys_keying(void *p, size_t size, int access, int key);
long sys_moving(void *p, size_t size, size_t wanted, int flags, void *to);
uint64_t sys_break(void); /* where the program's data segment ends */
/* Ranges of pages in [start, end), in order; `end` becomes less if there are more
 * of them. */
#define SYS_SCAN_MOST 32
struct sys_scan {
	uint64_t start, end;
	uint32_t count;
	struct {
		uint64_t start, end, categories;
	} found[SYS_SCAN_MOST];
};
/* Those that are in memory or swapped out; those where the kernel's page of zeros
 * stands. `fd` is /proc/PID/pagemap. Return 0, or -errno: before Linux 6.7. */
long sys_touched(int fd, struct sys_scan *s);
long sys_zeros(int fd, struct sys_scan *s);
/* mincore: -ENOMEM when a page is not mapped. */
long sys_resident(uint64_t address, size_t size, unsigned char *pages);
long sys_advise(void *p, size_t size, int advice);

void sys_exit(int status) __attribute__((noreturn)); /* exit_group */
int sys_pid(void);
int sys_parent(void);
int sys_tid(void);
int sys_group(void); /* of processes, as kill() has them */
int sys_group_of(int pid);
bool sys_thread_alive(int pid, int tid);
/* Whether two processes share their memory; false if the kernel does not say.
 */
bool sys_is_same_memory(int pid, int other);
/* The same as sys_thread_alive(), whatever process it is of. */
bool sys_task_alive(int tid);
long sys_signal_thread(int pid, int tid, int signal);
/* The same with any siginfo_t, to a thread of this process. */
long sys_queue_signal(int pid, int tid, int signal, const void *info);
/* Classes of registers that the process may use, a bit for each. */
long sys_permitted_state(uint64_t *classes);
/* Whether this thread has asked that the instruction cpuid faults, as recorders
 * and sandboxes do. */
bool sys_cpuid_faults(void);
/* Queues the signal that stops a thread. */
long sys_queue_stop(int pid, int tid, int signal, const void *info);
/* Soft limit of `resource`; UINT64_MAX: none. */
uint64_t sys_limit(int resource);
/* Both limits; and set them. */
long sys_limits(int resource, uint64_t *soft, uint64_t *hard);
long sys_set_limit(int resource, uint64_t soft, uint64_t hard);
uint64_t sys_clock(int clock); /* nanoseconds; 0: a filter denies it */
long sys_wait(uint32_t *word, uint32_t value, uint64_t timeout_ns);
void sys_wake(uint32_t *word);
void sys_rest(uint64_t ns); /* let others run; so long, if not 0 */
/* Make every running thread pass a memory barrier; false: the kernel cannot. */
bool sys_barrier(void);
/* The second of the two signals that glibc keeps for itself; see stop.c. */
#define SYS_STOP_SIGNAL 33
/* Block all signals but those of faults, beside what is blocked; *old: that. */
long sys_block_signals(uint64_t *old);
/* The same, but the thread can still be stopped. */
void sys_hold_signals(uint64_t *old);
void sys_restore_signals(const uint64_t *old);
/* Does the calling thread not block that signal? */
bool sys_takes(int signal);
/* Which signals wait, for the calling thread or the process. */
long sys_pending_signals(uint64_t *set);
/* Take one of `set` that waits, so that it is not delivered; or none. */
bool sys_can_take_signals(void);
void sys_take_signals(uint64_t set);
/* Where the alternate signal stack starts, 0 if there is none; *active: `sp` is
 * on it. */
uint64_t sys_alternate_stack(uint64_t sp, bool *active);
/* NULL: use none from here on. */
long sys_use_alternate_stack(void *start, size_t size);
/* Read memory of this process without faulting. */
long sys_peek(int pid, void *to, uint64_t from, size_t size);
/* The same for `count` parts at once, at most 1,024, which follow each other in
 * the `size` bytes at `to`. Returns the bytes before the first that cannot be
 * read. */
long sys_peek_parts(int pid, void *to, size_t size, const struct iovec *from,
		    size_t count);

/* The kernel's own struct sigaction. */
struct sys_action {
	void *handler;
	unsigned long flags;
	void *restorer;
	uint64_t mask;
};

#define SYS_RESTORER       0x04000000u /* SA_RESTORER, in no header */
#define SYS_EXPOSE_TAGBITS 0x00000800u /* SA_EXPOSE_TAGBITS, as new ones have */

/* Any signal, glibc's reserved ones too. `set`, `old` may be NULL. */
long sys_action(int signal, const struct sys_action *set,
		struct sys_action *old);
/* What a handler returns to. */
void *sys_restorer(void);
/* Fill in the handler, with all signals blocked while it runs. */
void sys_action_init(struct sys_action *a,
		     void (*handler)(int, void *, void *));

#endif
