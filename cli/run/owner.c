/* SPDX-License-Identifier: MIT */
#include "owner.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <refknot/format.h>
#include <refknot/store.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "die.h"
#include "processes.h"

#define OWNER ".owner"
#define NEXT  ".next" /* before it is locked */
#define MAKING                                                                 \
	01700 /* mode of a directory without an owner: none else has it */
#define OWNED   0700
#define LETTERS 6
#define TRIES   100

/* --- Making ------------------------------------------------------------------------ */

/* A sweeper may have taken the directory for one that was left: then it is gone.
 * *fd is -1 where it has no owner. */
static bool take(const char *directory, int *fd)
{
	char *next = xasprintf("%s/" NEXT, directory);
	char *owner = xasprintf("%s/" OWNER, directory);
	bool taken = false;

	*fd = open(next, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
		   0600);
	if (*fd >= 0 && !flock(*fd, LOCK_EX | LOCK_NB)) {
		taken = !rename(next, owner) && !chmod(directory, OWNED);
	} else if (*fd >= 0 && errno != EWOULDBLOCK) {
		/* Without locks, as on some file systems, a later run cannot
		 * know whether the owner lives: then there is no owner, and
		 * what is in it stays. */
		taken = !unlink(next) && !chmod(directory, OWNED);
		close(*fd);
		*fd = -1;
	}
	if (*fd >= 0 && !taken)
		close(*fd);
	free(owner);
	free(next);
	return taken;
}

int owner_make(const char *parent, const char *name, char **directory, int *fd)
{
	static const char letters[] =
	    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
	unsigned char random[LETTERS];
	char text[LETTERS + 1] = "";
	int error = EEXIST;

	*directory = NULL;
	*fd = -1;
	for (int i = 0; i < TRIES; i++) {
		char *path;

		if (getrandom(random, sizeof(random), 0) !=
		    (ssize_t)sizeof(random))
			return -errno;
		for (int k = 0; k < LETTERS; k++)
			text[k] = letters[random[k] % (sizeof(letters) - 1)];
		path = xasprintf("%s/%s-%s", parent, name, text);
		error = mkdir(path, 0700) ? errno : 0;
		if (!error && chmod(path, MAKING))
			error = errno;
		if (!error && take(path, fd)) {
			*directory = path;
			return 0;
		}
		free(path);
		if (error && error != EEXIST)
			break;
	}
	return error ? -error : -EAGAIN;
}

void owner_release(const char *directory, int fd)
{
	char *owner = xasprintf("%s/" OWNER, directory);
	DIR *all = fd >= 0 ? opendir(directory) : NULL;
	struct dirent *entry;
	bool more = false;

	while (all && !more && (entry = readdir(all)))
		more = strcmp(entry->d_name, ".") != 0 &&
		       strcmp(entry->d_name, "..") != 0 &&
		       strcmp(entry->d_name, OWNER) != 0;
	if (all)
		closedir(all);
	if (fd >= 0 && !more) {
		chmod(directory, MAKING);
		unlink(owner);
	}
	if (fd >= 0)
		close(fd);
	free(owner);
}

void owner_keep(const char *path)
{
	const char *slash = strrchr(path, '/');
	char *owner =
	    xasprintf("%.*s/" OWNER, slash ? (int)(slash - path) : 0, path);

	if (slash)
		unlink(owner);
	free(owner);
}

/* --- Sweeping ----------------------------------------------------------------------- */

/* "NAME-XXXXXX" */
static bool is_named(const char *text, const char *name)
{
	size_t size = strlen(name);

	return !strncmp(text, name, size) && text[size] == '-' &&
	       strlen(text) == size + 1 + LETTERS && !strchr(text, '/');
}

static bool begins_with(int fd, const char *magic, size_t size)
{
	char text[16];

	return pread(fd, text, size, 0) == (ssize_t)size &&
	       !memcmp(text, magic, size);
}

/* A store, one that had no beginning yet, or what it was finished into. */
static bool is_store(int directory, const char *name)
{
	int fd = openat(directory, name,
			O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
	static const char nothing[8];
	struct stat st;
	bool is;

	is = fd >= 0 && !fstat(fd, &st) && S_ISREG(st.st_mode) &&
	     (!st.st_size || begins_with(fd, STORE_MAGIC, 8) ||
	      begins_with(fd, nothing, 8) || begins_with(fd, RKN_MAGIC, 8));
	if (fd >= 0)
		close(fd);
	return is;
}

static bool is_notes(const char *name)
{
	return !strcmp(name, STORE_EXECUTED) || !strcmp(name, ".gone");
}

/* Is all in it a run's own, and not in use? */
static bool can_go(const char *path)
{
	DIR *directory = opendir(path);
	struct dirent *entry;
	bool can = directory && !processes_any(path);

	while (can && (entry = readdir(directory))) {
		const char *name = entry->d_name;
		char *file = xasprintf("%s/%s", path, name);

		can = !strcmp(name, ".") || !strcmp(name, "..") ||
		      !strcmp(name, OWNER) || !strcmp(name, NEXT) ||
		      is_notes(name) ||
		      (is_store(dirfd(directory), name) &&
		       !processes_write(file));
		free(file);
	}
	if (directory)
		closedir(directory);
	return can;
}

static void remove_all(const char *path, bool notes)
{
	DIR *directory = opendir(path);
	struct dirent *entry;

	while (directory && (entry = readdir(directory))) {
		char *file = xasprintf("%s/%s", path, entry->d_name);

		if (!notes && is_notes(entry->d_name))
			remove_all(file, true);
		if (notes || strcmp(entry->d_name, OWNER) != 0)
			unlink(file);
		if (!notes && is_notes(entry->d_name))
			rmdir(file);
		free(file);
	}
	if (directory)
		closedir(directory);
}

static void sweep(const char *path, mode_t mode)
{
	char *owner = xasprintf("%s/" OWNER, path);
	int fd = open(owner, O_RDWR | O_NOFOLLOW | O_CLOEXEC);

	if (fd >= 0 && !flock(fd, LOCK_EX | LOCK_NB) && can_go(path)) {
		remove_all(path, false);
		chmod(path, MAKING);
		unlink(owner);
		rmdir(path);
	} else if (fd < 0 && (mode & 07777) == MAKING) {
		/* Its owner was killed while it made or removed it. */
		char *next = xasprintf("%s/" NEXT, path);

		fd = open(next, O_RDWR | O_NOFOLLOW | O_CLOEXEC);
		if (fd >= 0 && !flock(fd, LOCK_EX | LOCK_NB))
			unlink(next);
		rmdir(path);
		free(next);
	}
	if (fd >= 0)
		close(fd);
	free(owner);
}

/* A recording that its writer, which holds a lock on it, did not finish. */
static void sweep_draft(const char *path)
{
	int fd = open(path, O_RDWR | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);

	if (fd >= 0 && begins_with(fd, RKN_MAGIC, 8) &&
	    !flock(fd, LOCK_EX | LOCK_NB))
		unlink(path);
	if (fd >= 0)
		close(fd);
}

void owner_each(const char *parent, const char *name,
		void (*f)(const char *path, void *data), void *data)
{
	DIR *directory = opendir(parent);
	struct dirent *entry;
	struct stat st;

	while (directory && (entry = readdir(directory))) {
		char *path;

		if (!is_named(entry->d_name, name) ||
		    fstatat(dirfd(directory), entry->d_name, &st,
			    AT_SYMLINK_NOFOLLOW) ||
		    !S_ISDIR(st.st_mode) || st.st_uid != geteuid())
			continue;
		path = xasprintf("%s/%s", parent, entry->d_name);
		f(path, data);
		free(path);
	}
	if (directory)
		closedir(directory);
}

enum owner_state owner_look(const char *path)
{
	char *owner = xasprintf("%s/" OWNER, path);
	int fd = open(owner, O_RDWR | O_NOFOLLOW | O_CLOEXEC);
	enum owner_state state = OWNER_LIVES;
	struct stat st;

	if (fd >= 0 && !flock(fd, LOCK_EX | LOCK_NB))
		state = OWNER_KILLED;
	else if (fd < 0 && errno == ENOENT && !stat(path, &st))
		state =
		    (st.st_mode & 07777) == MAKING ? OWNER_LIVES : OWNER_NONE;
	if (fd >= 0)
		close(fd);
	free(owner);
	return state;
}

bool owner_remove(const char *path)
{
	char *owner = xasprintf("%s/" OWNER, path);
	int fd = open(owner, O_RDWR | O_NOFOLLOW | O_CLOEXEC);
	bool free_to_go = fd >= 0 ? !flock(fd, LOCK_EX | LOCK_NB)
				  : owner_look(path) == OWNER_NONE;
	bool gone = false;

	if (free_to_go && can_go(path)) {
		remove_all(path, false);
		unlink(owner);
		gone = !rmdir(path);
	}
	if (fd >= 0)
		close(fd);
	free(owner);
	return gone;
}

void owner_sweep(const char *parent, const char *name)
{
	DIR *directory = opendir(parent);
	struct dirent *entry;
	struct stat st;

	while (directory && (entry = readdir(directory))) {
		char *path;

		if ((!is_named(entry->d_name, name) &&
		     !is_named(entry->d_name, ".refknot")) ||
		    fstatat(dirfd(directory), entry->d_name, &st,
			    AT_SYMLINK_NOFOLLOW) ||
		    st.st_uid != geteuid())
			continue;
		path = xasprintf("%s/%s", parent, entry->d_name);
		if (S_ISDIR(st.st_mode) && is_named(entry->d_name, name))
			sweep(path, st.st_mode);
		else if (S_ISREG(st.st_mode) &&
			 is_named(entry->d_name, ".refknot"))
			sweep_draft(path);
		free(path);
	}
	if (directory)
		closedir(directory);
}
