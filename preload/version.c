/* SPDX-License-Identifier: MIT */
#include <refknot.h>

#include "compiler.h"

EXPORT const char *refknot_version(void)
{
	return REFKNOT_VERSION;
}
