# SPDX-License-Identifier: MIT
"""Source trees as tests change and build them, without their own build systems:
each file is compiled by one command, so that every option is known."""
import concurrent.futures
import hashlib
import pathlib
import re
import shutil
import subprocess
from dataclasses import dataclass


class Failed(Exception):
    """A command did not end as it should, or a text is not where it was."""


def run(*argv, **kw):
    done = subprocess.run([str(a) for a in argv], capture_output=True,
                          check=False, text=True, errors="replace", **kw)
    if done.returncode:
        raise Failed(f"{' '.join(map(str, argv))}: {done.returncode}\n"
                     + done.stdout[-2000:] + done.stderr[-2000:])
    return done.stdout


@dataclass(frozen=True)
class Build:
    """One way to compile and link; everything else is the same."""
    name: str
    cc: str = "gcc"
    flags: tuple = ("-O2", "-g")
    link: tuple = ()
    static: bool = False
    elsewhere: bool = False  # the sources are at another path
    strip: tuple = ()        # options of strip, for all that was linked

    @property
    def title(self):
        return " ".join([
            self.cc, *self.flags, "static" if self.static else "shared",
            *(["another directory"] if self.elsewhere else []),
            *(["strip " + " ".join(self.strip)] if self.strip else [])])


class Tree:
    """A copy of a project's sources, and the builds of it."""

    def __init__(self, project, directory):
        self.project = project
        self.directory = pathlib.Path(directory)

    def copy(self, directory):
        """The sources alone, at another path."""
        shutil.copytree(self.directory, directory, symlinks=True)
        return Tree(self.project, directory)

    def read(self, file):
        return (self.directory / file).read_text()

    def write(self, file, text):
        """Nothing is touched where the text is the same: make would not."""
        path = self.directory / file
        if not path.exists() or path.read_text() != text:
            path.write_text(text)

    def change(self, file, old, new, count=1):
        text = self.read(file)
        if text.count(old) != count:
            raise Failed(f"{file}: {text.count(old)} times, not {count}: "
                         f"{old}")
        self.write(file, text.replace(old, new))

    def rename(self, old, new):
        """Everywhere; as a word."""
        found = 0
        for file in self.files():
            text, n = re.subn(rf"\b{re.escape(old)}\b", new, self.read(file))
            self.write(file, text)
            found += n
        if not found:
            raise Failed(f"{old} is in no file")

    def files(self):
        """Those that are compiled, and their headers."""
        return sorted({str(p.relative_to(self.directory))
                       for pattern in self.project.files
                       for p in self.directory.glob(pattern)})

    # Builds.

    def build(self, build, where):
        """Programs and libraries of one build in the directory `where`; what
        is up to date, by the text of its sources, is not made again."""
        where = pathlib.Path(where)
        (where / "o").mkdir(parents=True, exist_ok=True)
        project = self.project
        headers = "".join(self.read(f) for f in self.files()
                          if f.endswith(".h") or f in project.included)
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            jobs = {source: pool.submit(self.compile, build, where, source,
                                        headers)
                    for source in project.all_sources()}
            objects = {source: job.result() for source, job in jobs.items()}
        libraries = []
        for name, sources in project.libraries.items():
            libraries.insert(0, self.archive(
                build, where, name, [objects[s] for s in sources], libraries))
        for name, sources in project.programs.items():
            self.link(build, where, name, [objects[s] for s in sources],
                      libraries)
        return where

    def compile(self, build, where, source, headers):
        made = where / "o" / (source.replace("/", "_") + ".o")
        argv = [build.cc, *(f.replace("@", str(self.directory))
                            for f in build.flags),
                *([] if build.static else ["-fPIC"]), "-w",
                *(f"-I{self.directory / i}" for i in self.project.include),
                *self.project.defines, "-c", self.directory / source, "-o",
                made]
        stamp = made.with_suffix(".stamp")
        key = hashlib.sha256((repr(argv) + headers + self.read(source))
                             .encode()).hexdigest()
        if not stamp.exists() or stamp.read_text() != key:
            stamp.unlink(missing_ok=True)  # lest this one is interrupted
            run(*argv, cwd=where)
            stamp.write_text(key)
        return made

    def archive(self, build, where, name, objects, libraries):
        made = where / f"lib{name}.{'a' if build.static else 'so'}"
        if build.static:
            made.unlink(missing_ok=True)
            run("gcc-ar" if build.cc == "gcc" else "llvm-ar-14", "rcs", made,
                *objects)
        else:
            run(build.cc, *build.flags, *build.link, "-shared", *objects,
                *libraries, f"-Wl,-rpath,{where}", "-o", made, cwd=where)
            self.strip(build, made)
        return made

    def link(self, build, where, name, objects, libraries):
        run(build.cc, *build.flags, *build.link, *objects, *libraries,
            f"-Wl,-rpath,{where}", "-pthread", "-lm", "-o", where / name,
            cwd=where)
        self.strip(build, where / name)

    @staticmethod
    def strip(build, made):
        if build.strip:
            run("strip", *build.strip, made)
