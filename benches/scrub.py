#!/usr/bin/env python3
"""What it costs to rewrite a history, beside git-filter-repo, and how it grows.

    scrub.py [--runs 3] [--program PROGRAM] [--work FOLDER] [--no-growth]

Makes a repository with history_generator.py (2,300 commits, 5,100 blobs, 120 MB) and rewrites copies of it, in turn:

    replace    a value in a few files: rewrite_history --replace, git filter-repo --replace-text
    everywhere a word that stands in nearly every file, the same way
    drop       a folder: rewrite_history --drop, git filter-repo --invert-paths --path

Then it makes repositories with 1, 4 and 16 times as many commits, blobs and bytes, and rewrites these with rewrite_history alone;
and the first one with 1, 4 and 16 copies of each tree's files in other folders, in which nothing is new but the trees.

Prints CPU time of a program with all that it starts and waits for, wall time, and memory, the least of all runs. rewrite_history is
built with `cargo build --release --example rewrite_history`; git-filter-repo also repacks, as it does for its users: the time
until then is what it reports itself, and stands in the last column.
"""

import argparse
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent


def measure(command, folder):
    began = time.perf_counter()
    process = subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    printed = process.stdout.read().decode()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.exit(f"failed ({process.returncode}): {' '.join(map(str, command))}\n{printed}")
    wall = time.perf_counter() - began
    written = re.search(r"written in ([0-9.]+) seconds", printed)
    return {
        "cpu": usage.ru_utime + usage.ru_stime,
        "wall": wall,
        "mib": usage.ru_maxrss / 1024,
        "written": float(written[1]) if written else None,
        "printed": printed,
    }


def best(command, repository, work, runs):
    found = None
    for _ in range(runs):
        copy = work / "copy.git"
        shutil.copytree(repository, copy)
        sample = measure(command, copy)
        shutil.rmtree(copy)
        if found is None or sample["cpu"] < found["cpu"]:
            found = sample
    return found


def generate(folder, times):
    size = ["--commits", str(2300 * times), "--blobs", str(5100 * times), "--mib", str(120 * times)]
    subprocess.run([sys.executable, ROOT / "benches/history_generator.py", *size, folder], check=True)


def copies(source, folder, times):
    """The same history with all files in `times` folders: more paths, no new contents."""
    subprocess.run(["git", "init", "-q", "--bare", "-b", "main", folder], check=True)
    exported = subprocess.Popen(["git", "fast-export", "--show-original-ids", "main"], cwd=source, stdout=subprocess.PIPE)
    importer = subprocess.Popen(["git", "fast-import", "--quiet"], cwd=folder, stdin=subprocess.PIPE)
    for line in exported.stdout:
        if line.startswith(b"M ") or line.startswith(b"D "):
            *begin, path = line.split(b" ", 3 if line.startswith(b"M") else 1)
            for number in range(times):
                importer.stdin.write(b" ".join([*begin, b"copy%d/%s" % (number, path)]))
        elif line.startswith(b"data "):
            importer.stdin.write(line + exported.stdout.read(int(line[5:])))
        else:
            importer.stdin.write(line)
    importer.stdin.close()
    if exported.wait() or importer.wait():
        sys.exit("the history could not be copied")
    subprocess.run(["git", "repack", "-adfq"], cwd=folder, check=True)


def row(name, sample):
    written = "" if sample["written"] is None else f"{sample['written']:>10.2f}"
    print(f"{name:<34}{sample['cpu']:>8.2f}{sample['wall']:>8.2f}{sample['mib']:>8.0f}{written}", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--program", type=pathlib.Path)
    parser.add_argument("--work", type=pathlib.Path)
    parser.add_argument("--no-growth", action="store_true")
    options = parser.parse_args()
    if shutil.which("git-filter-repo") is None:
        sys.exit("git-filter-repo is missing: install it with 'apt-get install git-filter-repo'")
    built = ROOT.glob("target/**/release/examples/rewrite_history")
    program = options.program or max(built, key=lambda path: path.stat().st_mtime, default=None)
    if program is None:
        sys.exit("no rewrite_history: cargo build --release --example rewrite_history")
    program = program.resolve()
    with tempfile.TemporaryDirectory(prefix="scrub-", dir=options.work) as work:
        work = pathlib.Path(work)
        repository = work / "history.git"
        generate(repository, 1)
        filter_repo = ["git", "filter-repo", "--force"]
        cases = {
            "replace": (["--replace", "db_password", "***REMOVED***"], "db_password==>***REMOVED***\n"),
            "everywhere": (["--replace", "match", "***REMOVED***"], "match==>***REMOVED***\n"),
            "drop": (["--drop", "account"], None),
        }
        print(f"{'':<34}{'CPU s':>8}{'wall s':>8}{'MiB':>8}{'written':>10}")
        for name, (ours, values) in cases.items():
            if values is None:
                theirs = ["--invert-paths", "--path", ours[1]]
            else:
                (work / "values").write_text(values)
                theirs = ["--replace-text", work / "values"]
            own = best([program, ".", *ours], repository, work, options.runs)
            other = best([*filter_repo, *theirs], repository, work, options.runs)
            row(f"{name}: git-shroud", own)
            row(f"{name}: git-filter-repo", other)
            print(f"{'':<10}{other['cpu'] / own['cpu']:.1f} times less CPU time; {own['printed'].strip()}")
        if not options.no_growth:
            for times in (1, 4, 16):
                larger = work / "larger.git"
                generate(larger, times)
                row(f"{times} times the history, replace", best([program, ".", *cases["replace"][0]], larger, work, options.runs))
                row(f"{times} times the history, drop", best([program, ".", *cases["drop"][0]], larger, work, options.runs))
                shutil.rmtree(larger)
            for times in (1, 4, 16):
                wider = work / "wider.git"
                copies(repository, wider, times)
                row(f"{times} times the paths, replace", best([program, ".", *cases["replace"][0]], wider, work, options.runs))
                shutil.rmtree(wider)
    print(f"load {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    main()
