# SPDX-License-Identifier: MIT
"""The page's code: how much it is, what it may not have, and that web/dist/ is what
its sources give."""
import gzip
import json
import os
import re
import shutil
import subprocess

import pytest

from conftest import SOURCE, run

pytest_plugins = ["pages"]

WEB = SOURCE / "web"
MOST = 60_000  # bytes, compressed


def built():
    return [(WEB / "dist" / name).read_bytes() for name in ("page.js", "page.css")]


def test_it_is_small():
    assert len(gzip.compress(b"".join(built()), 9)) <= MOST


def test_it_has_no_way_out():
    code = b"".join(built()).decode()
    for word in ("fetch(", "XMLHttpRequest", "WebSocket", "EventSource",
                 "sendBeacon", "import(", "eval(", "new Function", "innerHTML",
                 "insertAdjacentHTML", "document.write", "outerHTML"):
        # preact knows innerHTML by a property of its own, which nothing here uses.
        if word == "innerHTML":
            assert "dangerouslySetInnerHTML={" not in "".join(
                p.read_text() for p in (WEB / "src").iterdir())
        else:
            assert word not in code, word
    assert set(re.findall(r"https?://[\w./]+", code)) <= {
        "http://www.w3.org/2000/svg", "http://www.w3.org/1999/xhtml",
        "http://www.w3.org/1998/Math/MathML"}
    assert not re.search(r"</(script|style)|<!--", code, re.I)


def test_it_is_in_the_program(pages):
    html = pages("leak").path.read_bytes()
    code, style = built()
    assert b"<script>" + code + b"</script>" in html
    assert b"<style>" + style + b"</style>" in html


def test_licences_are_named():
    text = (WEB / "dist/THIRD-PARTY-LICENSES").read_text()
    wanted = json.loads((WEB / "package.json").read_text())["dependencies"]
    for version in wanted.values():
        assert re.fullmatch(r"\d+\.\d+\.\d+", version), "versions are exact"
    lock = json.loads((WEB / "package-lock.json").read_text())["packages"]
    shipped = {path.removeprefix("node_modules/"): package["version"]
               for path, package in lock.items()
               if path and not package.get("dev")}
    assert set(wanted) <= set(shipped)
    for name, version in shipped.items():
        assert f"--- {name} {version} (" in text


def test_dist_is_what_the_sources_give(tmp_path):
    """npm ci && npm run build && git diff --exit-code, in a copy."""
    if not shutil.which("npm") or not shutil.which("node"):
        pytest.skip("there is no node with npm")
    web = tmp_path / "web"
    shutil.copytree(WEB, web, ignore=shutil.ignore_patterns("node_modules", "dist"))
    (web / "dist").mkdir()
    env = {**os.environ, "npm_config_update_notifier": "false"}
    done = run("npm", "ci", "--no-audit", "--no-fund", cwd=web, env=env)
    if done.status and re.search(r"ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ETIMEDOUT",
                                 done.told):
        pytest.skip("npm's registry cannot be reached")
    assert done.status == 0, done.told
    done = run("npm", "run", "build", cwd=web, env=env)
    assert done.status == 0, done.told + done.out.decode()
    differ = subprocess.run(["diff", "-rq", WEB / "dist", web / "dist"],
                            capture_output=True, text=True, check=False)
    assert differ.returncode == 0, differ.stdout
