#!/usr/bin/env python3
"""What it costs to scan a whole history, beside what it costs git to print it.

    scan_history.py [--small] [--repository FOLDER] [--runs 3] [--program PROGRAM]

Makes a repository with history_generator.py (50,000 blobs, 2 GB inflated, 10,000 commits; a twentieth of that with --small)
or takes one that is there. Then runs, in turn,

    scan_objects REPOSITORY     all objects, names and places with the built-in rules, and where each find came from
    git cat-file --batch-all-objects --unordered --buffer --batch

and prints CPU time of all threads, wall time and memory, the least of all runs. PROGRAM is the first of these; it is built
with `cargo build --release --example scan_objects`.
"""

import argparse
import os
import pathlib
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent


def measure(command):
    began = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.PIPE if "cat-file" not in command else subprocess.DEVNULL)
    printed = process.stdout.read().decode() if process.stdout else ""
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.exit(f"failed ({process.returncode}): {' '.join(map(str, command))}")
    wall = time.perf_counter() - began
    return {"cpu": usage.ru_utime + usage.ru_stime, "wall": wall, "mib": usage.ru_maxrss / 1024, "printed": printed}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--small", action="store_true")
    parser.add_argument("--repository", type=pathlib.Path)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--program", type=pathlib.Path)
    options = parser.parse_args()
    built = ROOT.glob("target/**/release/examples/scan_objects")
    program = options.program or max(built, key=lambda path: path.stat().st_mtime, default=None)
    if program is None:
        sys.exit("no scan_objects: cargo build --release --example scan_objects")
    with tempfile.TemporaryDirectory(prefix="scan-history-") as work:
        repository = options.repository
        if repository is None:
            repository = pathlib.Path(work) / "history.git"
            size = ["--commits", "500", "--blobs", "2500", "--mib", "100"] if options.small else []
            generator = [sys.executable, ROOT / "benches/history_generator.py", *size, repository]
            subprocess.run(generator, check=True)
        everything = ["--batch-all-objects", "--unordered", "--buffer", "--batch"]
        commands = {
            "git-shroud": [program, repository],
            "git cat-file": ["git", "-C", repository, "cat-file", *everything],
        }
        best = {}
        for _ in range(options.runs):
            for name, command in commands.items():
                sample = measure(command)
                if name not in best or sample["cpu"] < best[name]["cpu"]:
                    best[name] = sample
    print(best["git-shroud"]["printed"])
    print(f"{'':<14}{'CPU s':>8}{'wall s':>8}{'MiB':>8}")
    for name, sample in best.items():
        print(f"{name:<14}{sample['cpu']:>8.2f}{sample['wall']:>8.2f}{sample['mib']:>8.0f}")
    ratio = best["git-shroud"]["cpu"] / best["git cat-file"]["cpu"]
    print(f"\nCPU time: {ratio:.2f} times that of git cat-file, load {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    main()
