# SPDX-License-Identifier: MIT
"""refknot.h alone: in every dialect, without a warning, linked in every way."""
import shutil
import subprocess

import pytest

from conftest import SHIM, SOURCE, record, run

HEADER = SOURCE / "tests/preload/ledger/header.c"
STRICT = ["-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Werror"]
DIALECTS = [("cc", "c", "c99"), ("cc", "c", "c11"), ("cc", "c", "c2x"),
            ("c++", "c++", "c++11"), ("c++", "c++", "c++17")]
COMPILERS = {"gcc": {"cc": "gcc", "c++": "g++"},
             "clang": {"cc": "clang", "c++": "clang++"}}


def build(directory, *options, family="gcc", language="cc",
          output="program"):
    compiler = shutil.which(COMPILERS[family][language])
    if not compiler:
        pytest.skip(f"{COMPILERS[family][language]} is not installed")
    path = directory / output
    done = subprocess.run([compiler, *options, "-I", SOURCE / "include",
                           "-o", path], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return path


def recorded_output(directory, program):
    recorded = record(directory, program)
    assert recorded.outcome.status == 0, recorded.outcome.told
    return recorded.outcome.out


@pytest.mark.parametrize("family", COMPILERS)
@pytest.mark.parametrize("language,x,dialect", DIALECTS)
@pytest.mark.parametrize("level", ["-O0", "-O2"])
@pytest.mark.parametrize("off", [False, True])
def test_compiles_without_a_warning(family, language, x, dialect, level, off,
                                    tmp_path):
    options = [*STRICT, "-std=" + dialect, level, "-x", x, HEADER]
    if off:
        options.insert(0, "-DREFKNOT_DISABLE")
    program = build(tmp_path, *options, family=family, language=language)
    assert run(program).out == (b"0 0\nalone -1\n")
    told = recorded_output(tmp_path, program)
    assert told == (b"0 0\nalone -1\n" if off else b"1 0\nrecorded 2\n")


LINKS = {
    "pie": ["-fPIE", "-pie"],
    "pic, no pie": ["-fPIC", "-no-pie"],
    "pie code, no pie": ["-fPIE", "-no-pie"],
    "no pic, no pie": ["-fno-pic", "-no-pie"],
    "hidden": ["-fvisibility=hidden"],
    "sections": ["-ffunction-sections", "-fdata-sections",
                 "-Wl,--gc-sections"],
    "relro": ["-Wl,-z,relro,-z,now"],
    "lto": ["-flto"],
}


@pytest.mark.parametrize("family", COMPILERS)
@pytest.mark.parametrize("link", LINKS)
def test_is_found_however_the_program_is_linked(family, link, tmp_path):
    if (family, link) == ("clang", "lto") and not shutil.which("ld.lld"):
        pytest.skip("clang's LTO needs lld here")
    program = build(tmp_path, "-O2", *LINKS[link], HEADER, family=family)
    assert recorded_output(tmp_path, program) == b"1 0\nrecorded 2\n"


@pytest.mark.parametrize("family", COMPILERS)
def test_a_static_program_is_alone(family, tmp_path):
    program = build(tmp_path, "-static", HEADER, family=family)
    assert run(program, env={"LD_PRELOAD": str(SHIM)}).out == (
        b"0 0\nalone -1\n")


@pytest.mark.parametrize("family", COMPILERS)
@pytest.mark.parametrize("later", [False, True])
def test_is_found_in_libraries(family, later, tmp_path):
    """`later`: the library is loaded by dlopen."""
    library = build(tmp_path, "-shared", "-fPIC", "-DLIBRARY", HEADER,
                    family=family, output="library.so")
    main = tmp_path / "main.c"
    call = (f'((int (*)(void))dlsym(dlopen("{library}", RTLD_NOW), '
            '"library_count"))()' if later else "library_count()")
    main.write_text(f"#include <dlfcn.h>\nint library_count(void);\n"
                    f"int main(void) {{ return {call}; }}\n")
    program = build(tmp_path, main, *([] if later else [library]),
                    family=family)
    assert recorded_output(tmp_path, program) == b"1 0\nrecorded 2\n"


def test_two_units_share_one_pointer(tmp_path):
    """The header in several units of one program makes no duplicates."""
    other = tmp_path / "other.c"
    other.write_text("#include <refknot.h>\nint other(void);\n"
                     "int other(void) { return refknot_present(); }\n")
    main = tmp_path / "main.c"
    main.write_text("#include <refknot.h>\nint other(void);\n"
                    "int main(void)\n{\n"
                    "\treturn !refknot_present() || !other();\n}\n")
    program = build(tmp_path, *STRICT, main, other)
    assert run(program).status == 1
    recorded_output(tmp_path, program)
    symbols = subprocess.run(["readelf", "-sW", program], capture_output=True,
                             text=True, check=True).stdout
    assert symbols.count("refknot_table_1") == 1
