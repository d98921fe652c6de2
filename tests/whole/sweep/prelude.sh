# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# What the commands of the table may use beside $T, which runs a program under
# the tool that is measured.

# until_true COMMAND...: try a command until it succeeds, at most 4 minutes.
until_true()
{
	local i
	for ((i = 0; i < 1200; i++)); do
		"$@" >/dev/null 2>&1 && return 0
		sleep 0.2
	done
	echo "sweep: never became true: $*" >&2
	return 1
}

# listens PORT: whether somebody accepts connections there.
listens()
{
	(exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null
}

# up PORT: wait for a server.
up()
{
	until_true listens "$1"
}

# stop PID [SIGNAL]: end a server and wait; prints how it ended.
stop()
{
	kill -"${2:-TERM}" "$1"
	wait "$1"
	echo "ended with $?"
}

# window NAME: wait for a window of that name (X).
window()
{
	until_true xdotool search --onlyvisible --name "$1"
	sleep 0.5
}
