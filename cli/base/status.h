/* SPDX-License-Identifier: MIT */
/* The exit statuses of refknot; check and steady have more (gate.h, steady.h).
 */
#ifndef STATUS_H
#define STATUS_H

enum status {
	STATUS_OK = 0,
	STATUS_INPUT = 2,    /* bad use, or a recording that cannot be read */
	STATUS_NO_RUN = 125, /* the program cannot be recorded */
};

#endif
