#!/usr/bin/env python3
"""What 'config check' costs: CPU time with many properties in many environments, all sealed and open in the worktree.

    cargo build --release
    benches/config_check.py
    benches/config_check.py --program target/debug/git-shroud --properties 500 --environments 10 --json result.json

It needs Python 3.9 and git. CPU time is user and system time of the program and of every process that it waited for. With
--limit it fails where the median is above so many seconds.
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

WRITERS = {
    "env": lambda name, value: f"{name}={value}\n",
    "properties": lambda name, value: f"{name} = {value}\n",
    "toml": lambda name, value: f'{name} = "{value}"\n',
    "yaml": lambda name, value: f"{name}: {value}\n",
    "json": None,
}


def content(kind, values):
    if kind == "json":
        return json.dumps(values, indent=2) + "\n"
    return "".join(WRITERS[kind](name, value) for name, value in values.items())


def cpu(command, where, environment):
    """Runs a command, which must succeed, and returns its CPU seconds with those of its children."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(command, cwd=where, env=environment, capture_output=True, text=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode:
        raise SystemExit(f"{' '.join(command)}: exit status {done.returncode}\n{done.stdout}{done.stderr}")
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def measure(options, kind, work):
    home, repository = work / "home", work / "repo"
    home.mkdir()
    program = str(options.program.resolve())
    environment = {"PATH": os.environ["PATH"], "HOME": str(home), "GIT_CONFIG_NOSYSTEM": "1"}
    names = [f"env{number}" for number in range(options.environments)]
    arguments = [argument for name in names for argument in ("--env", name)]
    layout = ["init", "-q", "--template", "config", str(repository), *arguments, "--format", kind, "--no-backup"]
    cpu([program, *layout], work, environment)
    with (repository / "config.shroud.toml").open("a") as schema:
        for number in range(options.properties):
            rules = ['required = true\nsecret = true\ndistinct = true', 'required = true\ntype = "url"',
                     'default = "5"\ntype = "int"', 'required = true\npattern = "[a-z0-9-]+"'][number % 4]
            schema.write(f'\n[properties."PROPERTY_{number}"]\n{rules}\n')
    for name in names:
        values = {}
        for number in range(options.properties):
            values[f"PROPERTY_{number}"] = [f"secret-{name}-{number}", f"https://{name}.example.com/{number}",
                                            str(number), f"value-{number}"][number % 4]
        (repository / "environments" / name / f"app.{kind}").write_text(content(kind, values))
    times = [cpu([program, "config", "check"], repository, environment) for _ in range(options.runs)]
    return {"median": statistics.median(times), "fastest": min(times)}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", type=pathlib.Path, default=ROOT / "target/release/git-shroud")
    parser.add_argument("--properties", type=int, default=500)
    parser.add_argument("--environments", type=int, default=10)
    parser.add_argument("--formats", default=",".join(WRITERS))
    parser.add_argument("--runs", type=int, default=11)
    parser.add_argument("--limit", type=float, help="fail where the median is above so many seconds")
    parser.add_argument("--work", type=pathlib.Path, help="where the temporary directory is made")
    parser.add_argument("--json", type=pathlib.Path, help="write the figures to this file")
    options = parser.parse_args()
    results = {}
    for kind in options.formats.split(","):
        with tempfile.TemporaryDirectory(prefix="config-check-", dir=options.work) as work:
            results[kind] = measure(options, kind, pathlib.Path(work))
        figures = ", ".join(f"{name} {1000 * seconds:.0f} ms" for name, seconds in results[kind].items())
        size = f"{options.properties} properties, {options.environments} environments"
        print(f"{kind}: {size}: CPU {figures}", flush=True)
    if options.json:
        options.json.write_text(json.dumps({"cores": os.cpu_count(), "cpu seconds": results}, indent=1) + "\n")
    slow = [kind for kind, result in results.items() if options.limit and result["median"] > options.limit]
    if slow:
        raise SystemExit(f"above {options.limit} s: {', '.join(slow)}")


if __name__ == "__main__":
    main()
