# SPDX-License-Identifier: MIT
"""Time and memory of programs, plain and under each profiler.

Runs are interleaved, so that what disturbs the machine disturbs all alike; a
ratio is the median of the ratios of runs that stood beside each other.
"""
import argparse
import json
import math
import os
import pathlib
import statistics
import sys
import tempfile
import time

TESTS = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(TESTS), str(TESTS / "support")]

# pylint: disable=wrong-import-position
import workloads
from conftest import read_json, refknot
from tools import Failed, measure, tools, versions

SLOW_SCALE = 0.1
SLOW_ROUNDS = 2
NOISE = 0.05  # of a plain run: less than that is not compared
MEASURES = ("wall_s", "cpu_s", "rss_bytes")


def run_pairs(tool, workload, rounds, scale, out):
    """`rounds` runs, each right after a plain one of the same size."""
    plain = tools(out)[0]
    return [(measure(plain, workload, scale, out),
             measure(tool, workload, scale, out)) for _ in range(rounds)]


def summary(tool, workload, pairs, scale):
    row = {"workload": workload.name, "tool": tool.name, "scale": scale,
           "rounds": len(pairs), "command": pairs[0][1]["command"],
           "env": {k: str(v) for k, v in {**workload.env,
                                          **tool.env}.items()},
           "file_bytes": statistics.median(t["file_bytes"]
                                           for _, t in pairs)}
    for key in MEASURES:
        row[key] = statistics.median(t[key] for _, t in pairs)
        row["plain_" + key] = statistics.median(p[key] for p, _ in pairs)
        row[key.split("_")[0] + "_ratio"] = statistics.median(
            t[key] / max(p[key], 1e-4) for p, t in pairs)
    row["runs"] = [{"plain": p, "tool": t} for p, t in pairs]
    return row


def after_refknot(row, out):
    """What only refknot's recording tells: the check at exit, the report."""
    main = out / "r.rkn"
    if not main.exists():
        return
    row["snapshot_s"] = read_json("info", main)["recording"]["snapshot_s"]
    begin = time.monotonic()
    refknot("report", main)
    row["report_s"] = time.monotonic() - begin


def failure(tool, workload, why):
    print(f"{workload.name:27} {tool.name:20} {why}", flush=True)
    return {"workload": workload.name, "tool": tool.name, "failed": why}


def measure_workload(workload, out, wanted):
    """One row a tool; the rounds of all tools are interleaved."""
    rows, pairs, failed = [], {}, {}
    all_tools = [t for t in tools(out)[1:]
                 if not t.missing and t.name in (wanted.tool or [t.name])]
    for number in range(wanted.rounds):
        for tool in all_tools:
            if (tool.name in failed or number >= SLOW_ROUNDS and tool.slow
                    or workload.rounds and number >= workload.rounds):
                continue
            scale = SLOW_SCALE if tool.slow else 1.0
            try:
                pairs.setdefault(tool.name, []).extend(
                    run_pairs(tool, workload, 1, scale, out))
            except Failed as why:
                failed[tool.name] = str(why)
    for tool in all_tools:
        if tool.name in failed:
            rows.append(failure(tool, workload, failed[tool.name]))
            continue
        rows.append(summary(tool, workload, pairs[tool.name],
                            SLOW_SCALE if tool.slow else 1.0))
        if workload.blocks:
            rows[-1]["blocks"] = workload.blocks
            rows[-1]["bytes_a_block"] = (
                added(rows[-1], "rss_bytes") / workload.blocks)
        if tool.name == "refknot":
            measure(tool, workload, 1.0, out)
            after_refknot(rows[-1], out)
        print_row(rows[-1])
    return rows


def mean(rows, tool):
    ratios = [r["wall_ratio"] for r in rows
              if r["tool"] == tool and r["workload"] in workloads.MEAN
              and "failed" not in r]
    return math.exp(statistics.fmean(map(math.log, ratios))) if ratios else 0


def added(row, key):
    """What the tool adds to a plain run of full size."""
    return (row[key] - row["plain_" + key]) / row["scale"]


def print_added(rows):
    """How many times as much the others add: CPU time of all processes."""
    print("\nTimes the CPU time that refknot adds:")
    for row in rows:
        ours = [r for r in rows if r["workload"] == row["workload"]
                and r["tool"] == "refknot" and "failed" not in r]
        if row["tool"] == "refknot" or "failed" in row or not ours:
            continue
        base = added(ours[0], "cpu_s")
        told = "refknot's is lost in noise"
        if base > NOISE * ours[0]["plain_cpu_s"]:
            row["added_cpu"] = added(row, "cpu_s") / base
            told = f"{row['added_cpu']:7.1f}x"
        print(f"  {row['workload']:27} {row['tool']:20} {told}")


def print_memory(rows):
    for row in rows:
        if row["tool"] == "refknot" and "blocks" in row:
            print(f"\n{row['workload']}: {row['bytes_a_block']:.1f} bytes of "
                  f"memory added a block")


def print_row(row):
    more = ""
    if "snapshot_s" in row:
        more = (f"  exit check {row['snapshot_s']:.3f} s, "
                f"report {row['report_s']:.2f} s")
    print(f"{row['workload']:27} {row['tool']:20} {row['plain_wall_s']:7.3f}"
          f" {row['wall_s']:8.3f} {row['wall_ratio']:7.2f}x"
          f" {row['cpu_ratio']:7.2f}x {row['rss_bytes'] / 2**20:8.1f}"
          f" {row['file_bytes'] / 1024:10.0f}{more}", flush=True)


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("result", type=pathlib.Path, help="JSON to write")
    parser.add_argument("workload", nargs="*", help="by name; none: all")
    parser.add_argument("--tool", action="append",
                        help="refknot, heaptrack, ...; again for more")
    parser.add_argument("--rounds", type=int, default=int(
        os.environ.get("BENCH_ROUNDS", "5")))
    return parser.parse_intermixed_args()


def main():
    wanted = arguments()
    rows = []
    print(f"{'program':27} {'under':20} {'plain s':>7} {'s':>8} {'wall':>8} "
          f"{'CPU':>8} {'RSS MiB':>8} {'file KiB':>10}")
    with tempfile.TemporaryDirectory(prefix="bench-") as directory:
        d, out = pathlib.Path(directory), pathlib.Path(directory) / "out"
        out.mkdir()
        for workload in (workloads.real_programs(d)
                         + workloads.short_programs(d)
                         + workloads.malloc_programs()
                         + workloads.micro_programs()):
            if wanted.workload and workload.name not in wanted.workload:
                continue
            if not workloads.available(workload):
                print(f"{workload.name}: not installed, left out")
                continue
            for row in measure_workload(workload, out, wanted):
                row["real"] = workload.real
                rows.append(row)
    means = {tool.name: mean(rows, tool.name)
             for tool in tools(pathlib.Path("/"))[1:] if not tool.missing}
    print("\nGeometric mean of wall ratios over "
          + ", ".join(sorted(workloads.MEAN)) + ":")
    for name, value in means.items():
        if value:
            print(f"  {name:20} {value:6.2f}x")
    print_added(rows)
    print_memory(rows)
    wanted.result.write_text(json.dumps(
        {"versions": versions(), "geometric_mean_wall_ratio": means,
         "rounds": wanted.rounds, "rows": rows}, indent=1, default=str))
    print(f"\n{wanted.result}")
    # Others may fail; refknot may not.
    return int(any("failed" in r and "refknot" in r["tool"] for r in rows))


if __name__ == "__main__":
    sys.exit(main())
