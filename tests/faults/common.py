# SPDX-License-Identifier: MIT
"""What the tests of faults share: a program looks the same with refknot."""
from conftest import BUILD, own_function, record, run

PROGRAMS = BUILD / "tests/faults"


def program(name):
    return PROGRAMS / f"fault_{name}"


def same(directory, *argv, options=(), env=None, **kw):
    """Run plain and recorded; both must look the same from outside."""
    plain = run(*argv, env=env, **kw)
    recorded = record(directory, *argv, options=options, env=env, **kw)
    status = plain.status if plain.status >= 0 else 128 - plain.status
    assert recorded.outcome.status == status, recorded.outcome.told
    assert recorded.outcome.out == plain.out
    assert recorded.outcome.err == plain.err
    return recorded


def leaks(report, name):
    """{function of the program: (objects, bytes)} of what it leaked."""
    return {own_function(f["stack"], name): (f["objects"], f["bytes"])
            for f in report["findings"] if f["kind"] == "leak"}
