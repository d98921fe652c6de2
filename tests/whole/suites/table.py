# SPDX-License-Identifier: MIT
"""Six test suites of Debian packages, and the ways in which they are built.

A suite's commands run in its build, with S for its sources and T before each
program: what runs it, or nothing. Their status is s, which is 0 before.
"""
from dataclasses import dataclass


@dataclass(frozen=True)
class Suite:
    name: str        # of Debian's source package
    options: tuple   # of cmake
    commands: str
    forks: bool = False
    subdirectory: str = "."
    shared: str = "BUILD_SHARED_LIBS"
    targets: tuple = ()  # all without any


SUITES = {s.name: s for s in (
    Suite("libyaml", ("-DBUILD_TESTING=ON",), """
$T ./test-version || s=$?
$T ./test-reader || s=$?
for p in scanner parser loader dumper emitter; do
    $T ./run-$p "$S"/examples/*.yaml || s=$?
done
"""),
    Suite("json-c", ("-DDISABLE_EXTRA_LIBS=ON",), """
cd tests
for p in test1 test2 test4 testReplaceExisting test_cast test_compare \\
    test_deep_copy test_double_serializer test_float test_int_add \\
    test_json_pointer test_null test_object_iterator test_parse \\
    test_parse_int64 test_printbuf test_set_serializer test_set_value \\
    test_strerror test_visit; do
    $T ./$p || s=$?
done
$T ./test_util_file "$S/tests" || s=$?
"""),
    Suite("expat", ("-DEXPAT_BUILD_EXAMPLES=OFF", "-DEXPAT_BUILD_DOCS=OFF",
                    "-DEXPAT_BUILD_TOOLS=OFF"),
          "$T tests/runtests -q || s=$?\n", subdirectory="expat",
          shared="EXPAT_SHARED_LIBS"),
    Suite("pcre2", ("-DPCRE2_BUILD_PCRE2GREP=OFF",), """
cp "$S/testdata/testbtables" .
for n in 1 2 4 5; do
    $T ./pcre2test -q "$S/testdata/testinput$n" out$n || s=$?
    cksum <out$n
done
"""),
    # Tests of time would take minutes.
    Suite("check", ("-DCHECK_ENABLE_TIMEOUT_TESTS=OFF",), """
cd tests
$T ./check_check || s=$?
""", forks=True),
    # listener/error_unlock leaves no descriptor free, so that the map of the
    # process cannot be read at its end.
    Suite("libevent", ("-DEVENT__DISABLE_OPENSSL=ON",
                       "-DEVENT__DISABLE_MBEDTLS=ON",
                       "-DEVENT__DISABLE_BENCHMARK=ON",
                       "-DEVENT__DISABLE_SAMPLES=ON"), """
$T bin/regress --quiet evbuffer/.. evtag/.. heap/.. rpc/.. bufferevent/.. \\
    listener/.. finalize/.. :listener/error_unlock || s=$?
""", forks=True, shared="EVENT_SHARED", targets=("regress",)),
)}


@dataclass(frozen=True)
class Build:
    name: str
    cc: str
    flags: str
    shared: bool

    def cmake(self, suite):
        shared = suite.shared
        if shared == "EVENT_SHARED":
            shared = ("-DEVENT__LIBRARY_TYPE="
                      + ("SHARED" if self.shared else "STATIC"))
        else:
            shared = f"-D{shared}={'ON' if self.shared else 'OFF'}"
        return [f"-DCMAKE_C_COMPILER={self.cc}", "-DCMAKE_BUILD_TYPE=None",
                f"-DCMAKE_C_FLAGS={self.flags} -w", shared, *suite.options]


BUILDS = {b.name: b for b in (
    Build("gcc-O2", "gcc", "-O2 -g", True),
    Build("gcc-O0", "gcc", "-O0 -g", False),
    # Valgrind cannot read the DWARF 5 of this clang.
    Build("clang-O2", "clang", "-O2 -gdwarf-4", True),
)}
