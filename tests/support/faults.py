# SPDX-License-Identifier: MIT
"""What the tests of faults share: a program looks the same with refknot."""
import pytest

from conftest import BUILD, own_function, record, run

PROGRAMS = {p.name: p for p in BUILD.glob("tests/preload/*/fault_*")
            if p.is_file()}


def program(name):
    return PROGRAMS.get(f"fault_{name}", BUILD / f"fault_{name}")


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


in_a_namespace = pytest.mark.skipif(
    run("unshare", "-m", "true").status != 0, reason="no mount namespace here")


def mounted(script, *argv, **kw):
    """Run in a mount namespace of its own, after that shell script."""
    return run("unshare", "-m", "sh", "-c", f'{script}; exec "$@"', "sh",
               *argv, **kw)
