# SPDX-License-Identifier: MIT
"""What refknot says of one run of a command, from its reports and, with code
of the sweep's own, from its recordings."""
import json
import os
import pathlib
import subprocess

import recording as rkn
from sites import add, frame, largest, module_name, site_of
from tables import is_cut

SURE = ("leak", "orphaned-cycle", "leaked-reference", "over-retained",
        "under-retained", "release-at-zero", "reference-on-freed",
        "freed-while-held", "wrong-holder", "zero-not-freed")
NEAR = 5     # frames by which the blocks of a site are known
DEPTH = 128  # frames that refknot run keeps
REPORT_LIMIT = 600  # seconds for one report
BLOCKS_LIMIT = 2_000_000


def report(refknot, path, cache):
    done = subprocess.run(
        [refknot, "report", "--format", "json", "--limit", "0", path],
        capture_output=True, timeout=REPORT_LIMIT, check=False,
        env={**os.environ, "REFKNOT_CACHE": str(cache)})
    if done.returncode:
        raise ValueError(done.stderr.decode(errors="replace").strip())
    return json.loads(done.stdout)


def finding_site(finding, names):
    stack = []
    for f in finding["stack"]:
        if f["inlined"]:
            continue
        calling = int(f["offset"], 16) - 1
        stack.append((f["module"], calling, f["function"]))
        if f["function"]:
            names.setdefault(frame(f["module"], calling), f["function"])
    return site_of(stack)


def sums(document):
    """{kind: [findings, objects, bytes, held objects, held bytes]} without
    the kinds of which there is none."""
    kinds = document.get("verdict", {}).get("by_kind", {})
    return {kind: [s[k] for k in ("findings", "objects", "bytes",
                                  "held_objects", "held_bytes")]
            for kind, s in sorted(kinds.items()) if s["findings"]}


def numbers(refknot, out, cache):
    """Of each process [program, sums, what it allocated], sorted. The sums
    must be the same in each run in which the programs did the same."""
    rows = []
    for path in sorted(out.glob("*.rkn")):
        document = report(refknot, path, cache)
        rows.append([os.path.basename(document["recording"]["program"]),
                     sums(document), [document["process"][k] for k in (
                         "allocations", "frees", "live_blocks",
                         "live_bytes")]])
    return sorted(rows, key=json.dumps)


def is_unstable(counted):
    """Whether runs in which programs allocated the same have other sums."""
    did = [sorted([p, a] for p, _, a in run) for run in counted]
    if any(d != did[0] for d in did):
        return False
    return any(run != counted[0] for run in counted)


def cut_stacks(recorded):
    """{module of the outermost frame: stacks that end there, though its
    unwind tables lead on, and not for their depth}, how many stacks there
    are."""
    cut = {}
    used = {b[3] for b in recorded.blocks} | set(
        range(1, len(recorded.stacks)))
    used.discard(0)
    for index in used:
        stack = recorded.stack(index)
        if len(stack) < DEPTH and is_cut(stack):
            module = module_name(stack[-1][0])
            cut[module] = cut.get(module, 0) + 1
    return cut, len(used)


def lost_sites(recorded):
    lost = {}
    if len(recorded.blocks) > BLOCKS_LIMIT:
        raise ValueError(f"{len(recorded.blocks)} blocks are too many")
    for index in recorded.unreachable():
        block = recorded.blocks[index]
        stack = [(m, a - 1, None) for m, a in recorded.stack(block[3])]
        add(lost, site_of(stack), 1, block[1])
    return lost


def unnamed(recorded):
    """Modules whose file cannot be found by the path that is known."""
    return sorted({m[3] for m in recorded.modules
                   if m[3] and not m[3].startswith("[")
                   and not m[3].startswith("linux-vdso")
                   and not (m[3].startswith("/")
                            and pathlib.Path(m[3]).exists())})


def process(refknot, path, cache, names):
    """One recording: its sums, losses by site, and what is wrong with it."""
    document = report(refknot, path, cache)
    recorded = rkn.Recording(path)
    cut, stacks = cut_stacks(recorded)
    heads, possible = {}, {}
    for finding in document.get("findings", []):
        site = finding_site(finding, names)
        add(heads if finding["kind"] in SURE else possible, site,
            finding["objects"], finding["bytes"])
    whole = recorded.has_snapshot
    return {
        "program": os.path.basename(document["recording"]["program"]),
        "snapshot": whole, "sums": sums(document),
        "lost": lost_sites(recorded) if whole else {},
        "heads": heads, "possible": possible, "cut": cut, "stacks": stacks,
        "unnamed": unnamed(recorded),
        "without_symbols": document["recording"]["modules_without_symbols"],
        "confidence": sorted({f["confidence"] for f in
                              document.get("findings", [])}),
        "missing": [[g["what"], g["count"]] for g in document["complete"]],
        "signal": document["process"].get("signal"),
        "blocks": len(recorded.blocks),
    }


def all_processes(refknot, out, cache, names):
    return [process(refknot, path, cache, names)
            for path in sorted(out.glob("*.rkn")) if rkn.is_recording(path)]


def holders(out, missed):
    """{holder: blocks} of the blocks of these sites that something holds."""
    wanted, found = {s[:NEAR] for s in missed}, {}
    for path in sorted(out.glob("*.rkn")):
        recorded = rkn.Recording(path)
        if not recorded.has_snapshot:
            continue
        holder, sites = recorded.holders(), {}
        for index, block in enumerate(recorded.blocks):
            if block[3] not in sites:
                sites[block[3]] = site_of(
                    [(m, a - 1, None) for m, a in recorded.stack(block[3])])
            if sites[block[3]][:NEAR] in wanted:
                name = holder(index)
                found[name] = found.get(name, 0) + 1
    return found


def together(processes, key):
    """Losses of all processes of a command by site."""
    return largest([p[key] for p in processes])
