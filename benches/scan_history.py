#!/usr/bin/env python3
"""What it costs to scan a whole history, beside what it costs git to print it, and other scanners to scan it.

    scan_history.py [--small] [--repository FOLDER] [--known 500] [--runs 3] [--program PROGRAM]
                    [--betterleaks PROGRAM] [--gitleaks PROGRAM]

Makes a repository with history_generator.py (50,000 blobs, 2 GB inflated, 10,000 commits; a twentieth of that with --small)
or takes one that is there. Then runs, in turn,

    git shroud scan --no-cache              everything: built-in rules, policy, where each find came from
    the same, with --known                  in a clone that shares the objects and has a sealed file of so many values
    git cat-file --batch-all-objects --unordered --buffer --batch
    betterleaks git, gitleaks git           where they are named

and prints CPU time of all threads and children, wall time and memory, the least of all runs. PROGRAM is git-shroud, built
with `cargo build --release`.
"""

import argparse
import os
import pathlib
import random
import string
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent


def measure(command):
    began = time.perf_counter()
    before = os.times()
    done = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    wall = time.perf_counter() - began
    after = os.times()
    if done.returncode not in (0, 1):
        sys.exit(f"failed ({done.returncode}): {' '.join(map(str, command))}\n{done.stderr.decode()}")
    cpu = after.children_user + after.children_system - before.children_user - before.children_system
    return {"cpu": cpu, "wall": wall}


def with_values(program, repository, number, folder):
    """A clone that shares the objects and has a sealed file with so many values, none of which stands anywhere else."""
    clone = pathlib.Path(folder) / "known"
    run = lambda *command: subprocess.run(command, cwd=clone, check=True, capture_output=True)
    subprocess.run(["git", "clone", "-q", "-n", "-s", repository, clone], check=True)
    run("git", "config", "user.name", "Ann")
    run("git", "config", "user.email", "ann@example.com")
    run("git", "reset", "-q")
    run(program, "init", "-q")
    rng = random.Random(7)
    value = lambda: "".join(rng.choices(string.ascii_letters + string.digits, k=rng.randrange(8, 40)))
    (clone / "known.env").write_text("".join(f"NAME_{at}={value()}\n" for at in range(number)))
    run(program, "track", "-q", "known.env")
    run("git", "add", ".gitattributes", ".shroud", "known.env")
    run("git", "commit", "-q", "-m", "known")
    return clone


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--small", action="store_true")
    parser.add_argument("--repository", type=pathlib.Path)
    parser.add_argument("--known", type=int)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--program", type=pathlib.Path)
    parser.add_argument("--betterleaks", type=pathlib.Path)
    parser.add_argument("--gitleaks", type=pathlib.Path)
    options = parser.parse_args()
    built = ROOT.glob("target/**/release/git-shroud")
    program = options.program or max(built, key=lambda path: path.stat().st_mtime, default=None)
    if program is None:
        sys.exit("no git-shroud: cargo build --release")
    with tempfile.TemporaryDirectory(prefix="scan-history-") as work:
        repository = options.repository
        if repository is None:
            repository = pathlib.Path(work) / "history.git"
            size = ["--commits", "500", "--blobs", "2500", "--mib", "100"] if options.small else []
            generator = [sys.executable, ROOT / "benches/history_generator.py", *size, repository]
            subprocess.run(generator, check=True)
        everything = ["--batch-all-objects", "--unordered", "--buffer", "--batch"]
        scan = ["scan", "--no-cache", "-o", pathlib.Path(work) / "report"]
        commands = {
            "git-shroud": [program, "-C", repository, *scan],
            "git cat-file": ["git", "-C", repository, "cat-file", *everything],
        }
        if options.known:
            clone = with_values(program.resolve(), repository.resolve(), options.known, work)
            commands[f"{options.known} values"] = [program, "-C", clone, *scan]
        if options.betterleaks:
            commands["betterleaks"] = [options.betterleaks, "git", "--no-banner", repository]
        if options.gitleaks:
            commands["gitleaks"] = [options.gitleaks, "git", "--no-banner", repository]
        best = {}
        for _ in range(options.runs):
            for name, command in commands.items():
                sample = measure(command)
                if name not in best or sample["cpu"] < best[name]["cpu"]:
                    best[name] = sample
        for name, command in commands.items():
            best[name]["mib"] = memory(command)
    print(f"{'':<14}{'CPU s':>8}{'wall s':>8}{'MiB':>8}{'ratio':>8}")
    for name, sample in best.items():
        ratio = sample["cpu"] / best["git-shroud"]["cpu"]
        print(f"{name:<14}{sample['cpu']:>8.2f}{sample['wall']:>8.2f}{sample['mib']:>8.0f}{ratio:>8.2f}")
    print(f"load {os.getloadavg()[0]:.1f}")


def memory(command):
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, _, usage = os.wait4(process.pid, 0)
    process.returncode = 0
    return usage.ru_maxrss / 1024


if __name__ == "__main__":
    main()
