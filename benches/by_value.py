#!/usr/bin/env python3
"""Compares files that are sealed by value with the same files sealed whole: CPU time of git and the filter, in turns.

    cargo build --release
    benches/by_value.py
    benches/by_value.py --files 1000 --values 60 --runs 5 --before path/to/an/earlier/build
"""

import argparse
import os
import random
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
WORDS = "alpha beta gamma delta key value password token host region service true false".split()
LINES = {
    "whole": "*.env shroud filter=shroud diff=shroud merge=shroud -text\n",
    "value": "*.env shroud-values shroud-by=value filter=shroud diff=shroud-values merge=shroud -text\n",
}


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bin", type=Path, default=ROOT / "target/release", help="folder of the program")
    parser.add_argument("--before", type=Path, help="folder of an earlier build: the same with it, in the same run")
    parser.add_argument("--files", type=int, default=1000)
    parser.add_argument("--values", type=int, default=60)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--work", help="where repositories are made, as /dev/shm")
    return parser.parse_args()


def content(number, values):
    rng = random.Random(number)
    names = [f"{rng.choice(WORDS)}_{at}".upper() for at in range(values)]
    return {name: f"{rng.choice(WORDS)}-{rng.getrandbits(96):024x}" for name in names}


class Repository:
    """One that is made anew for each run."""

    def __init__(self, folder, lines, program):
        self.folder, self.lines = folder, lines
        self.env = {
            **{name: value for name, value in os.environ.items() if not name.startswith("GIT_")},
            "PATH": f"{program}:{os.environ['PATH']}", "HOME": str(folder.parent), "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_AUTHOR_NAME": "a", "GIT_AUTHOR_EMAIL": "a@b", "GIT_COMMITTER_NAME": "a", "GIT_COMMITTER_EMAIL": "a@b",
        }

    def run(self, *command):
        """CPU seconds of the command and all that it waited for."""
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run(command, cwd=self.folder, env=self.env, check=True, stdout=subprocess.DEVNULL,
                       stderr=subprocess.DEVNULL)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime

    def write(self, files, values, change=""):
        for number in range(files):
            of = content(number, values)
            name = list(of)[number % values]
            of[name] += change
            (self.folder / f"{number}.env").write_text("".join(f"{name}={value}\n" for name, value in of.items()))

    def make(self, options):
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir()
        self.run("git", "init", "-q", "-b", "main")
        self.run("git-shroud", "init", "--no-tripwire")
        with open(self.folder / ".gitattributes", "a") as file:
            file.write(self.lines)
        self.run("git", "add", "-A")
        self.run("git", "commit", "-q", "--no-verify", "-m", "start")
        self.write(options.files, options.values)

    def touch(self):
        for file in self.folder.glob("*.env"):
            os.utime(file, ns=(0, 10**18 + int(file.stem)))


def main():
    options = arguments()
    work = Path(tempfile.mkdtemp(prefix="by-value-", dir=options.work))
    programs = {"": options.bin.resolve(), **({"before ": options.before.resolve()} if options.before else {})}
    for folder in programs.values():
        if not (folder / "git-shroud").is_file():
            sys.exit(f"no git-shroud in {folder}: build it, or name its folder")
    repositories = {
        program + way: Repository(work / f"{program}{way}".replace(" ", "-"), lines, folder)
        for program, folder in programs.items() for way, lines in LINES.items()
    }
    steps = ("add", "status touched", "add edits")
    times = {(name, step): [] for name in repositories for step in steps}
    try:
        for _ in range(options.runs):
            for repository in repositories.values():
                repository.make(options)
            for name, repository in repositories.items():
                times[name, "add"].append(repository.run("git", "add", "-A"))
            for name, repository in repositories.items():
                repository.touch()
                times[name, "status touched"].append(repository.run("git", "status", "--porcelain"))
            for name, repository in repositories.items():
                repository.write(options.files, options.values, "x")
                times[name, "add edits"].append(repository.run("git", "add", "-A"))
    finally:
        shutil.rmtree(work, ignore_errors=True)
    for step in steps:
        for program in programs:
            whole, value = (times[program + way, step] for way in LINES)
            ratio = statistics.median(one / other for one, other in zip(value, whole))
            print(f"{step:16}{program:8}whole {statistics.median(whole):6.3f} s   by value {statistics.median(value):6.3f} s"
                  f"   {ratio:.2f} times")


if __name__ == "__main__":
    main()
