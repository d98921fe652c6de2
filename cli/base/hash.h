/* SPDX-License-Identifier: MIT */
/* uthash for the CLI: out of memory dies like everywhere else here. */
#ifndef HASH_H
#define HASH_H

#include "die.h"
#include "status.h"

#define uthash_fatal(message) die(STATUS_INPUT, "%s", message)
#include <uthash.h>

#endif
