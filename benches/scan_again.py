#!/usr/bin/env python3
"""What a second scan of the same repository costs, beside the first.

    scan_again.py REPOSITORY [--runs 3] [--program git-shroud]

Deletes the cache, scans, and scans again; prints CPU time of git-shroud and of every git that it started, the least of all runs,
and fails if a report is not that of a scan without a cache.
"""

import argparse
import os
import pathlib
import subprocess
import sys
import time


def scan(options, *arguments):
    command = [options.program, "-v", "scan", "--format", "json", *arguments]
    began = time.perf_counter()
    process = subprocess.Popen(command, cwd=options.repository, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    report, said = process.communicate()
    if process.returncode not in (0, 1, 3):
        sys.exit(said.decode())
    passed = [line for line in said.decode().splitlines() if "earlier scan" in line]
    return report, time.perf_counter() - began, passed


def cpu():
    times = os.times()
    return times.children_user + times.children_system


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("repository", type=pathlib.Path)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--program", default="git-shroud")
    options = parser.parse_args()
    ask = ["git", "-C", options.repository, "rev-parse", "--path-format=absolute", "--git-common-dir"]
    folder = subprocess.run(ask, check=True, capture_output=True, text=True).stdout.strip()
    cache = pathlib.Path(folder) / "git-shroud" / "scan-cache"
    expected = scan(options, "--no-cache")[0]
    best = {}
    for _ in range(options.runs):
        cache.unlink(missing_ok=True)
        for name in ("first", "second"):
            before = cpu()
            report, wall, passed = scan(options)
            used = cpu() - before
            if report != expected:
                sys.exit(f"the {name} report is another than without a cache")
            if name not in best or used < best[name][0]:
                best[name] = (used, wall, passed[0] if passed else "")
    for name, (used, wall, passed) in best.items():
        print(f"{name:<8}{used:>8.2f} s CPU{wall:>8.2f} s wall  {passed}")
    print(f"second / first: {best['second'][0] / best['first'][0]:.2f}, cache: {cache.stat().st_size} bytes")


if __name__ == "__main__":
    main()
