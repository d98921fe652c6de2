#!/bin/sh
# SPDX-License-Identifier: MIT
# The manual against the program: man.sh REFKNOT SOURCE
# Pages are clean to mandoc and groff, list exactly the options that --help
# lists, and the recording's page has every field of format.h in order.
set -u
refknot=$1
source=$2
failed=0
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

fail() {
	echo "man: $*" >&2
	failed=1
}

lint() {
	if command -v mandoc >/dev/null; then
		# Examples are before the options: test_examples.py knows our order.
		mandoc -Tlint -W warning "$1" |
			grep -v 'sections out of conventional order' &&
			fail "$1: mandoc complains"
	fi
	if command -v groff >/dev/null; then
		groff -ww -mdoc -Tutf8 "$1" >/dev/null 2>"$tmp/groff"
		if [ -s "$tmp/groff" ]; then
			fail "$1: groff complains: $(cat "$tmp/groff")"
		fi
	fi
}

# "  -o, --output=FILE   write ..." gives -o and --output.
help_options() {
	for command; do
		"$refknot" "$command" --help ||
			fail "refknot $command --help fails"
	done | sed -n 's/^  *\(-[^ ].*\)/\1/p' |
		sed 's/   .*//; s/[=[].*//' | tr ',' '\n' | tr -d ' ' |
		sort -u
}

# ".It Fl o , -output Ar file" gives -o and --output.
page_options() {
	sed -n 's/^\.It Fl //p' "$1" | sed 's/\\&//g' | tr ',' '\n' |
		awk '{ print "-" $1 }' | sort -u
}

compare() { # PAGE COMMAND...
	page=$source/man/refknot-$1.1
	shift
	help_options "$@" >"$tmp/help"
	page_options "$page" >"$tmp/page"
	[ -s "$tmp/help" ] || fail "refknot $1 --help lists no option"
	diff -u --label "refknot $* --help" --label "$page" "$tmp/help" \
		"$tmp/page" >&2 || fail "$page: its options are not the program's"
}

fields() {
	sed -n 's/^.*\(u*int[0-9]*_t\|char\) *\([a-z_]*\)\(\[[0-9]*\]\)*;.*/\2/p' \
		"$1"
}

# ".so man1/refknot-report.1": another name of that page, once installed.
for page in "$source"/man/*.[1357]; do
	target=$(sed -n 's/^\.so man[1-8]\///p' "$page")
	if [ -z "$target" ]; then
		lint "$page"
	elif [ ! -f "$source/man/$target" ]; then
		fail "$page: there is no $target"
	fi
done
if ! command -v mandoc >/dev/null && ! command -v groff >/dev/null; then
	fail "neither mandoc nor groff is there to check the pages"
fi

compare run run
compare report report leaks cycles
compare objects objects
compare refs refs
compare show show
compare why why
compare list list clean
compare balance balance
compare timeline timeline
compare regions regions
compare diff diff
compare export export
compare check check
compare steady steady
compare info info
compare doctor doctor
compare view view

"$refknot" --help | sed -n 's/^  \([a-z][a-z]*\) .*/\1/p' | sort >"$tmp/help"
sed -n 's/^\.It Cm //p' "$source/man/refknot.1" | sort >"$tmp/page"
diff -u "$tmp/help" "$tmp/page" >&2 || fail "refknot.1: other commands"

fields "$source/include/refknot/format.h" >"$tmp/format"
fields "$source/man/refknot-recording.5" >"$tmp/page"
diff -u "$tmp/format" "$tmp/page" >&2 ||
	fail "refknot-recording.5: other fields than format.h"

sed -n 's/^REFKNOT_API .*[ *]\(refknot_[a-z_]*\)(.*/\1/p' \
	"$source/include/refknot.h" | sort >"$tmp/header"
[ -s "$tmp/header" ] || fail "refknot.h has no function"
for macro in Fo 'It Fn'; do
	sed -n "s/^\.$macro \(refknot_\)/\1/p" "$source/man/refknot.3" |
		sort >"$tmp/page"
	diff -u "$tmp/header" "$tmp/page" >&2 ||
		fail "refknot.3: other functions than refknot.h ($macro)"
done

# "[free|frees] of [a block|blocks]" is "frees of blocks".
sed -n 's/^RKN_LIMIT([A-Z_]*, "\(.*\)",.*/\1/p' \
	"$source/include/refknot/limits.def" |
	sed 's/\[[^]|]*|\([^]]*\)\]/\1/g; s/\\"/"/g' >"$tmp/limits"
[ -s "$tmp/limits" ] || fail "limits.def has no row"
[ "$(grep -c '^RKN_LIMIT(' "$source/include/refknot/limits.def")" = \
	"$(wc -l <"$tmp/limits")" ] || fail "limits.def has rows of other shape"
sed -n '/^\.Ss What a report may lack/,$s/^\.It //p' "$source/man/refknot-limits.7" |
	sed 's/\\(dq/"/g' >"$tmp/page"
diff -u "$tmp/limits" "$tmp/page" >&2 ||
	fail "refknot-limits.7: other limits than limits.def"
# Each has a sentence of its own.
awk '/^\.It / { if (item != "") print item; item = $0; next }
	/^[^.]/ || /^\.F[an] / { item = "" }
	END { if (item != "") print item }' "$source/man/refknot-limits.7" \
	>"$tmp/bare"
[ ! -s "$tmp/bare" ] || fail "refknot-limits.7: no word on $(cat "$tmp/bare")"

# LeakSanitizer's: what the shim defines, and what it asks the program for.
sed -n '/^__lsan_/p' "$source/tests/preload/edges/exports.txt" \
	"$source/tests/preload/edges/imports.txt" | sort >"$tmp/lsan"
sed -n 's/^\.It Fn \(__lsan_\)/\1/p' "$source/man/refknot.3" | sort >"$tmp/page"
diff -u "$tmp/lsan" "$tmp/page" >&2 ||
	fail "refknot.3: other functions of LeakSanitizer's than the shim has"

# Every page is found from the first, and lists no page that there is not.
for page in "$source"/man/refknot-*.[157]; do
	name=$(basename "$page")
	grep -q "^\.Xr ${name%.*} ${name##*.}" "$source/man/refknot.1" ||
		grep -q '^\.so ' "$page" || fail "refknot.1 does not name $name"
done

exit $failed
