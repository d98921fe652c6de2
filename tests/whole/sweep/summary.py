# SPDX-License-Identifier: MIT
"""The sweep's table, its totals, and its differences with their reasons."""
import math
import textwrap

import differences

SLOW_RATIO, SLOW_SECONDS = 8, 5
SHOWN = 12
PLACES = (("missed", "missed"), ("missed-valgrind", "missed_valgrind"),
          ("missed-lsan", "missed_lsan"), ("alarm", "alarms"))


def amount(pair):
    if pair is False or pair is None:
        return "-"
    return f"{pair[0]}/{pair[1]}" if pair[0] else "0"


def cut_of(result):
    cut = {}
    for p in result.get("processes", ()):
        for module, n in p["cut"].items():
            cut[module] = cut.get(module, 0) + n
    return cut


def differences_of(result):
    """[(kind, where, text)] of one command."""
    found = []
    if result.get("failed"):
        return [("failed", result["failed"].split("\n")[0],
                 result["failed"])]
    if result["harmed"]:
        found.append(("harmed", result["harmed"], result["harmed"]))
    held = ", ".join(f"{n} by {holder}" for holder, n in sorted(
        result.get("missed_held", {}).items(), key=lambda p: -p[1]))
    if held:
        held = f"; blocks from there are held: {held}"
    for kind, key in PLACES:
        found += [(kind, where, f"{blocks} blocks, {size} bytes: {where}"
                   + (held if kind != "alarm" and not n else ""))
                  for n, (where, blocks, size) in enumerate(result[key])]
    if result["unstable"]:
        found.append(("unstable", "numbers", unstable_text(result)))
    for module, n in cut_of(result).items():
        found.append(("cut", module, f"{n} stacks end in {module}"))
    for module in sorted({m for p in result["processes"]
                          for m in p["unnamed"]}):
        found.append(("unnamed", module, f"no file for {module}"))
    plain, ours = result["plain_s"], result["refknot_s"]
    if ours > SLOW_RATIO * plain and ours - plain > SLOW_SECONDS:
        found.append(("slow", "time", f"{ours:.1f} s for {plain:.1f} s"))
    return found


def unstable_text(result):
    """The programs' sums in which the runs differ."""
    lines = []
    for number, rows in enumerate(result["numbers"], 1):
        rows = [r for r in rows if any(r not in other for other in
                                       result["numbers"])]
        lines.append(f"run {number}: " + "; ".join(
            f"{program} " + (", ".join(
                f"{kind} {s[1]}/{s[2]}+{s[3]}/{s[4]}"
                for kind, s in sums.items()) or "nothing")
            for program, sums, _ in rows))
    return " | ".join(lines)


def one_line(result):
    if result.get("failed"):
        return f"{result['name']:20} FAILED {result['failed'][:300]!r}"
    ratio = result["refknot_s"] / max(result["plain_s"], 0.001)
    marks = sorted({d[0] for d in differences_of(result)})
    if result["refused"]:
        marks.append("refused")
    cut = sum(cut_of(result).values())
    return (f"{result['name']:20} {amount(result['lost']):>14} "
            f"{amount(result['possible']):>12} "
            f"{amount(result['valgrind']):>14} {amount(result['lsan']):>14} "
            f"{amount(summed(result['missed'])):>10} "
            f"{amount(summed(by_one(result))):>10} "
            f"{amount(summed(result['alarms'])):>10} {cut:>4} "
            f"{result['plain_s']:6.2f} {ratio:5.2f}  {' '.join(marks)}")


HEADING = (f"{'command':20} {'refknot lost':>14} {'possible':>12} "
           f"{'Valgrind':>14} {'LeakSanitizer':>14} {'missed':>10} "
           f"{'by one':>10} {'alarms':>10} {'cut':>4} {'s':>6} {'times':>5}  "
           "differs")


def summed(places):
    return (sum(p[1] for p in places), sum(p[2] for p in places))


def by_one(result):
    return result["missed_valgrind"] + result["missed_lsan"]


def totals(results):
    ran = [r for r in results if not r.get("failed")]
    recorded = [r for r in ran if not r["refused"]]
    ratios = [r["refknot_s"] / r["plain_s"] for r in recorded
              if r["plain_s"] > 0.02]
    stacks = sum(p["stacks"] for r in ran for p in r["processes"])
    rows = [
        ("commands", len(results)), ("failed plain", len(results) - len(ran)),
        ("refused", len(ran) - len(recorded)),
        ("processes recorded", sum(len(r["processes"]) for r in ran)),
        ("harmed", sum(bool(r["harmed"]) for r in ran)),
    ]
    for label, key in (("missed that both peers find", "missed"),
                       ("missed that only Valgrind finds",
                        "missed_valgrind"),
                       ("missed that only LeakSanitizer finds",
                        "missed_lsan"),
                       ("found by no peer", "alarms")):
        pair = summed([p for r in ran for p in r[key]])
        commands = sum(bool(r[key]) for r in ran)
        rows.append((label, f"{pair[0]} blocks, {pair[1]} bytes in "
                     f"{commands} commands"))
    rows += [
        ("possible leaks", f"{sum(r['possible'][0] for r in ran)} blocks in "
         f"{sum(bool(r['possible'][0]) for r in ran)} commands"),
        ("cut stacks", f"{sum(sum(cut_of(r).values()) for r in ran)} of "
         f"{stacks} in {sum(bool(cut_of(r)) for r in ran)} commands"),
        ("commands with unstable numbers", sum(r["unstable"] for r in ran)),
        ("commands that allocate differently in each run",
         sum(r.get("wavers", False) for r in ran)),
        ("commands with modules without symbols",
         sum(any(p["without_symbols"] for p in r["processes"]) for r in ran)),
        ("commands with modules without a file",
         sum(any(p["unnamed"] for p in r["processes"]) for r in ran)),
        ("Valgrind without result", sum(r["valgrind"] is False for r in ran)),
        ("LeakSanitizer without result",
         sum(r["lsan"] is False for r in ran)),
    ]
    if ratios:
        mean = math.exp(sum(map(math.log, ratios)) / len(ratios))
        worst = max(recorded, key=lambda r: r["refknot_s"]
                    / max(r["plain_s"], 0.02))
        rows.append(("time, geometric mean", f"{mean:.2f} times; most "
                     f"{worst['refknot_s'] / worst['plain_s']:.1f} times, "
                     f"{worst['name']}"))
    return [f"{label + ':':47} {value}" for label, value in rows]


def shortened(unexplained):
    """Of each kind and command the largest only, and how many more."""
    groups, lines = {}, []
    for kind, name, text in unexplained:
        groups.setdefault((kind, name), []).append(text)
    for (kind, name), texts in groups.items():
        lines += [f"  {kind:10} {name}: {t[:600]}" for t in texts[:SHOWN]]
        if len(texts) > SHOWN:
            lines.append(f"  {kind:10} {name}: and {len(texts) - SHOWN} more")
    return lines


def whole(results, rows):
    """(the text, how many differences have no reason)."""
    lines, unexplained, reasons = [HEADING], [], {}
    for result in results:
        lines.append(one_line(result))
        for kind, where, text in differences_of(result):
            row = differences.explain(rows, kind, result["name"], where)
            if row:
                reasons.setdefault(row.line, (row, []))[1].append(
                    (result["name"], text))
            else:
                unexplained.append((kind, result["name"], text))
    lines += ["", *totals(results), ""]
    for row, matched in (reasons[k] for k in sorted(reasons)):
        names = sorted({m[0] for m in matched})
        lines += textwrap.wrap(
            f"{row.kind} in {', '.join(names)} ({len(matched)}): right is "
            f"{row.right}: {row.why}", 100, subsequent_indent="    ")
    for row in differences.unused(rows, [r["name"] for r in results]):
        lines.append(f"line {row.line} of the differences matches nothing "
                     f"any more: {row.kind} {row.command} {row.where}")
    if unexplained:
        lines += ["", f"{len(unexplained)} differences without a reason:"]
        lines += shortened(unexplained)
    return "\n".join(lines) + "\n", len(unexplained)
