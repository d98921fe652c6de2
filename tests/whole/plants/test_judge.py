# SPDX-License-Identifier: MIT
"""The judge of plants.py says what a report is worth."""
import pytest
from plants import Fault, Plant, judge

PLANT = Plant("corner", (Fault(("leaked-reference",), "Object",
                               ("culprit", "unload"), references=1),))
CARD = """refknot: x[1]: 1 finding

#1 LEAKED REFERENCE  1 object  sig 1
    Object#1
      1/1  {taker} at x.c:1 (x)
          called by {caller} at x.c:2 (x)
    given back by {giver} at x.c:3 (x)
"""


def finding(kind="leaked-reference", count=1, left=1, type_of="Object",
            signature="1"):
    return {"kind": kind, "type": type_of, "count": count, "objects": count,
            "members": [{"type": type_of}], "signature": signature,
            "evidence": ["counts"], "references": {"count": left}}


def report(*findings, gaps=()):
    return {"findings": list(findings),
            "complete": [{"count": 1, "what": g} for g in gaps]}


def card(taker="taken retain", caller="culprit", giver="unload"):
    return CARD.format(taker=taker, caller=caller, giver=giver)


@pytest.mark.parametrize("verdict, made, text", [
    ("right", report(finding()), card()),
    ("vague", report(finding()), card(giver="nobody")),
    ("vague", report(finding(count=2)), card()),
    ("vague", report(finding(left=2)), card()),
    ("wrong", report(finding()), card(caller="maker")),
    ("wrong", report(finding("orphaned-cycle")), card()),
    ("wrong", report(finding(), finding("leak", signature="2")), card()),
    ("missed", report(), "refknot: x[1]: no findings\n"),
    ("vague", report(gaps=["releases without an object"]), "refknot: x\n"),
], ids=["all", "no_giver", "two_instances", "two_references", "a_lone_guess",
        "another_kind", "one_too_many", "nothing", "a_gap"])
def test_a_report_is_judged(verdict, made, text):
    assert judge(PLANT, made, text)[0] == verdict


def callers(*nets, certain=0):
    f = finding()
    f["references"]["balance"] = {"certain": certain, "callers": [
        {"net": net, "stack": [{"function": name}]} for name, net in nets]}
    return f


@pytest.mark.parametrize("verdict, made", [
    ("right", callers(("culprit", 1), ("unload", -1))),
    ("vague", callers(("unload", -1), ("culprit", 1))),
    ("vague", callers(("culprit", 2), ("unload", -1))),
    ("vague", callers(("culprit", 1), ("maker", 1), ("unload", -1))),
    ("vague", callers(("culprit", 1), ("unload", -1), certain=1)),
    ("vague", finding()),
], ids=["all", "giver_first", "another_number", "an_innocent_one", "certain",
        "none"])
def test_a_balance_is_judged(verdict, made):
    fault = Fault(("leaked-reference",), "Object", ("culprit", "unload"),
                  balance=(("culprit", 1), ("unload", -1)))
    assert judge(Plant("corner", (fault,)), report(made), card())[0] == verdict


def test_a_longer_name_is_another_one():
    told = card(caller="culprit2")
    assert judge(PLANT, report(finding()), told)[0] == "wrong"
