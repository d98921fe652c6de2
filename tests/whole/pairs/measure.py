# SPDX-License-Identifier: MIT
"""One build accepts what it loses, and others are judged by that."""
import json
import os
import re
import shutil
import subprocess
from dataclasses import dataclass, field

from trees import Failed


def environment():
    clean = {k: v for k, v in os.environ.items()
             if not k.startswith(("REFKNOT_", "LD_", "MALLOC_"))}
    return {**clean, "LC_ALL": "C.UTF-8", "REFKNOT_CACHE": ""}


@dataclass
class Verdict:
    status: int
    told: str
    findings: list = field(default_factory=list)  # all, as check's JSON has it

    @property
    def new(self):
        return [f for f in self.findings if f["fails"]]

    @property
    def stale(self):
        return len(re.findall(r"^(?:refknot: )?stale: ", self.told, re.M))


class Recorded:
    """A suite that ran once under the gate, and can be judged at any time."""

    def __init__(self, refknot, tree, where):
        self.refknot, self.tree, self.where = refknot, tree, where
        self.recordings = where / "r"
        self.baseline = where / "baseline.txt"

    def check(self, *argv):
        out = self.where / "out.json"
        out.unlink(missing_ok=True)
        done = subprocess.run(
            [str(a) for a in (self.refknot, "check", "--output",
                              f"json={out}", "--source-root",
                              self.tree.directory, *argv)],
            capture_output=True, check=False, text=True, errors="replace",
            cwd=self.where, env=environment())
        findings = []
        if out.exists():
            findings = json.loads(out.read_text())["findings"]
        return Verdict(done.returncode, done.stderr + done.stdout, findings)

    def record(self):
        """Run the suite; what it loses is the baseline."""
        shutil.rmtree(self.recordings, ignore_errors=True)
        self.recordings.mkdir()
        self.baseline.unlink(missing_ok=True)
        script = self.where / "suite.sh"
        script.write_text(
            f"s=0\nB={self.where}\nT={self.tree.directory}\n"
            f"{self.tree.project.commands}exit $s\n")
        done = self.check("--keep", self.recordings / "main.rkn",
                          "--programs", f"{self.where}/*", "--baseline",
                          self.baseline, "--update-baseline", "--", "sh",
                          script)
        if done.status:
            raise Failed(f"{self.where}: {done.status}\n{done.told[-3000:]}")
        self.accepted = done
        return self

    def judge(self, baseline, *options):
        """By the baseline of another build."""
        kept = sorted(self.recordings.glob("*.rkn"))
        return self.check("--programs", f"{self.where}/*", "--baseline",
                          baseline, *options, *kept)


def frames_of(finding):
    """[(function, line)] of the project's own, innermost first."""
    stacks = finding.get("stacks") or [{"frames": []}]
    return [(f["function"], f["line"]) for f in stacks[0]["frames"]]
