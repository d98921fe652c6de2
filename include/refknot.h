/* SPDX-License-Identifier: MIT */
/*
 * refknot's interface for programs.  Header only: nothing to link.  Without
 * refknot's library in the process every call does nothing.
 */
#ifndef REFKNOT_H
#define REFKNOT_H

#ifdef __cplusplus
extern "C" {
#endif

/* The version of the library that records this process: "0.1.0". Weak: NULL
 * without it; ask refknot_present() first. */
extern const char *refknot_version(void) __attribute__((weak));

/* Is this process being recorded? Any thread, any time; not 0: yes. */
static inline int refknot_present(void)
{
	return refknot_version != (const char *(*)(void))0;
}

#ifdef __cplusplus
}
#endif

#endif
