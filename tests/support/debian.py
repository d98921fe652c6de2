# SPDX-License-Identifier: MIT
"""Debian's source packages, by an apt configuration of our own."""
import shutil
import subprocess

import pytest

KEYS = "/usr/share/keyrings/debian-archive-keyring.gpg"


def options(directory):
    (directory / "lists/partial").mkdir(parents=True)
    (directory / "cache/archives/partial").mkdir(parents=True)
    (directory / "sources").write_text(
        f"deb-src [signed-by={KEYS}] http://deb.debian.org/debian "
        "bookworm main\n")
    return [f"-oDir::Etc::sourcelist={directory}/sources",
            "-oDir::Etc::sourceparts=-",
            f"-oDir::State::lists={directory}/lists",
            f"-oDir::Cache={directory}/cache", "-oAPT::Sandbox::User=root",
            "-oAcquire::Retries=3", "-oAcquire::http::Timeout=30"]


def sources(directory, *names):
    """{package: its upstream source tree}; skips where they cannot be had."""
    if not shutil.which("apt-get"):
        pytest.skip("there is no apt-get to fetch Debian's sources")
    settings = options(directory)
    for command in (["update", "-q"],
                    ["source", "-q", "--download-only", *names]):
        done = subprocess.run(["apt-get", *settings, *command], cwd=directory,
                              capture_output=True, timeout=240, check=False)
        if done.returncode:
            pytest.skip("Debian's sources could not be fetched: "
                        + done.stderr.decode().strip().splitlines()[-1])
    trees = {}
    for name in names:
        archive, = (path for path in directory.glob(f"{name}_*.orig.tar.*[xgb]z*")
                    if path.suffix != ".asc")
        trees[name] = directory / name
        trees[name].mkdir()
        subprocess.run(["tar", "-xf", archive, "-C", trees[name],
                        "--strip-components=1"], check=True)
    return trees


def kept(directory, *names):
    """The same, in its folder "sources" for the next time."""
    home = directory / "sources"
    if home.exists():
        return {name: home / name for name in names}
    home.mkdir(parents=True)
    return sources(home, *names)
