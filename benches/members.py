#!/usr/bin/env python3
"""What a large team costs: CPU time of 'member add' and 'key rotate' with many members and many files.

    cargo build --release
    benches/members.py
    benches/members.py --program target/debug/git-shroud --members 100 --files 1000 --json result.json

It needs Python 3.9, git, and, where it makes recipients, age-keygen and sq. CPU time is user and system time of the
program and of every process that it waited for.
"""

import argparse
import json
import os
import pathlib
import resource
import statistics
import subprocess
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent


def cpu(command, where, environment):
    """Runs a command, which must succeed, and returns its CPU seconds with those of its children."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(command, cwd=where, env=environment, capture_output=True, text=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode:
        raise SystemExit(f"{' '.join(command)}: exit status {done.returncode}\n{done.stderr}")
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def recipients(work, team, count):
    """Public keys of this many people: all of OpenPGP, or every second one of age."""
    for number in range(count):
        if team == "mixed" and number % 2:
            made = subprocess.run(["age-keygen"], capture_output=True, text=True, check=True)
            line = next(line for line in made.stdout.splitlines() if line.startswith("# public key: "))
            yield line.removeprefix("# public key: ")
        else:
            key, certificate = work / f"{number}.key", work / f"{number}.asc"
            user_id = f"Member {number} <member{number}@example.com>"
            subprocess.run(
                ["sq", "key", "generate", "--userid", user_id, "--export", str(key)], check=True, capture_output=True
            )
            subprocess.run(
                ["sq", "key", "extract-cert", "--output", str(certificate), str(key)], check=True, capture_output=True
            )
            yield str(certificate)


def measure(options, team, work):
    home, repository = work / "home", work / "repo"
    home.mkdir()
    program = str(options.program.resolve())
    environment = {
        "PATH": os.environ["PATH"], "HOME": str(home), "GNUPGHOME": str(home), "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_AUTHOR_NAME": "Ann", "GIT_AUTHOR_EMAIL": "ann@example.com",
        "GIT_COMMITTER_NAME": "Ann", "GIT_COMMITTER_EMAIL": "ann@example.com",
    }
    run = lambda *command: cpu(command, repository, environment)
    repository.mkdir()
    run("git", "init", "-q")
    run(program, "init", "-q")
    run(program, "track", "-q", "secrets/**")
    for number in range(options.files):
        file = repository / "secrets" / str(number % 20) / f"{number}.env"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(f"PASSWORD={number}\n".encode() * (number % 100 + 1))
    run("git", "add", ".")
    everybody = list(recipients(work, team, options.members + options.runs))
    first, more = everybody[: options.members], everybody[options.members :]
    result = {"add all": run(program, "member", "add", "-q", *first)}
    run("git", "commit", "-q", "-m", "all")
    result["list"] = run(program, "member", "list")
    result["rotate"] = statistics.median(run(program, "key", "rotate", "-q") for _ in range(options.runs))
    run("git", "commit", "-q", "-m", "rotated")
    result["add one"] = statistics.median(run(program, "member", "add", "-q", one) for one in more)
    return result


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", type=pathlib.Path, default=ROOT / "target/release/git-shroud")
    parser.add_argument("--members", type=int, default=100)
    parser.add_argument("--files", type=int, default=1000)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--teams", default="mixed,openpgp")
    parser.add_argument("--work", type=pathlib.Path, help="where the temporary directory is made")
    parser.add_argument("--json", type=pathlib.Path, help="write the figures to this file")
    options = parser.parse_args()
    results = {}
    for team in options.teams.split(","):
        with tempfile.TemporaryDirectory(prefix="members-", dir=options.work) as work:
            results[team] = measure(options, team, pathlib.Path(work))
        figures = ", ".join(f"{name} {seconds:.2f} s" for name, seconds in results[team].items())
        print(f"{team}: {options.members} members, {options.files} files: {figures}", flush=True)
    if options.json:
        options.json.write_text(json.dumps({"cores": os.cpu_count(), "cpu seconds": results}, indent=1) + "\n")


if __name__ == "__main__":
    main()
