/* SPDX-License-Identifier: MIT */
#include "privilege.h"

#include <endian.h>
#include <linux/capability.h>
#include <stdbool.h>
#include <sys/prctl.h>
#include <sys/statvfs.h>
#include <sys/xattr.h>
#include <unistd.h>

static bool honoured(const char *path)
{
	struct statvfs fs;

	return statvfs(path, &fs) || !(fs.f_flag & ST_NOSUID);
}

/* The kernel's rule: effective, or permitted ones that the user lacks. */
static bool has_capabilities(const char *path)
{
	struct vfs_ns_cap_data caps = { 0 };
	ssize_t size =
	    getxattr(path, "security.capability", &caps, sizeof(caps));

	if (size < (ssize_t)XATTR_CAPS_SZ_1)
		return false;
	return (le32toh(caps.magic_etc) & VFS_CAP_FLAGS_EFFECTIVE) ||
	       caps.data[0].permitted || caps.data[1].permitted;
}

enum privilege privilege_gained(const char *path, const struct stat *st)
{
	const mode_t group = S_ISGID | S_IXGRP;
	uid_t uid = geteuid();
	gid_t gid = getegid();

	if (!honoured(path))
		return PRIVILEGE_NONE;
	if (prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1) {
		if (st->st_mode & S_ISUID)
			uid = st->st_uid;
		if ((st->st_mode & group) == group)
			gid = st->st_gid;
	}
	if (uid != getuid())
		return PRIVILEGE_SETUID;
	if (gid != getgid())
		return PRIVILEGE_SETGID;
	if (getuid() != 0 && has_capabilities(path))
		return PRIVILEGE_CAPABILITIES;
	return PRIVILEGE_NONE;
}
