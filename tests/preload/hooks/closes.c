/* SPDX-License-Identifier: MIT */
/* Closes every descriptor, as daemons do, opens its own, and changes its
 * directory and umask; loses 100 bytes before and 100 after. */
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "hooks.h"

int main(int argc, char **argv)
{
	int status = 0;

	lose(100);
	for (int fd = argc > 1 ? atoi(argv[1]) : 3; fd < 1024; fd++)
		close(fd);
	for (int i = 0; i < 20; i++)
		if (open("/dev/null", O_RDONLY) < 0)
			status = 1;
	if (chdir("/"))
		status = 1;
	umask(0777);
	lose(100);
	scrub();
	return status;
}
