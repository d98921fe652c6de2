# SPDX-License-Identifier: MIT
# Completion for bash: `refknot __complete WORDS...` knows what may follow, by
# the same tables that the options are parsed with.

_refknot()
{
	local word=${COMP_WORDS[COMP_CWORD]} quote= words line list=()

	# A word as the user has it may have a quote at its beginning, or
	# backslashes.
	case $word in
	[\'\"]*) quote=${word:0:1} word=${word:1} ;;
	*) word=${word//\\/} ;;
	esac
	words=("${COMP_WORDS[@]:1:COMP_CWORD-1}" "$word")
	while IFS= read -r line; do
		list+=("${line%%$'\t'*}")
	done < <("${COMP_WORDS[0]}" __complete "${words[@]}" 2>/dev/null)
	COMPREPLY=()
	case ${list[0]} in
	:files) compopt -o default ;;
	:command)
		mapfile -t COMPREPLY < <(compgen -c -- "$word"; compgen -f -- "$word")
		;;
	*)
		for line in "${list[@]}"; do
			# What is before an = or a : that bash splits words at is
			# there already.
			if [ -n "$quote" ]; then
				COMPREPLY+=("$line")
			else
				COMPREPLY+=("$(printf %q "$line")")
			fi
		done
		;;
	esac
}
complete -F _refknot refknot
