#!/usr/bin/env python3
"""Measures how large a repository becomes, after 'git gc --aggressive', with plain git, git-crypt and git-shroud in one run.

    benches/growth.py                                     # about five minutes
    benches/growth.py --files 10000 --json result.json    # as in benches/README.md
    benches/growth.py --tools plain,git-shroud,git-shroud-delta
    benches/growth.py --tools plain,git-shroud-values --only 'one value'   # what 200 edits of a value add

Each corpus is committed version by version in a repository of each tool. The table shows the bytes of the pack and, in
brackets, of the whole folder of objects, as ratios to plain git. The files are generated, the same in every run.
git-shroud is taken from --bin, by default the release build of this project.
"""
import argparse
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
WORDS = "alpha beta gamma delta key value password token host region service true false".split()
# How the lines of each tool read; '{key}' is a key file that nobody needs.
TOOLS = {
    "plain": None,
    "git-crypt": ("git-crypt init", "* filter=git-crypt diff=git-crypt\n.gitattributes !filter !diff\n"),
    "git-shroud": ("git-shroud init --no-tripwire", "* shroud\n.gitattributes !shroud !filter !diff !merge !text\n"),
    "git-shroud-delta": ("git-shroud init --no-tripwire",
                         "* shroud shroud-delta delta\n.gitattributes !shroud !filter !diff !merge !text\n"),
    "git-shroud-values": ("git-shroud init --no-tripwire",
                          "* shroud-values shroud-by=value filter=shroud diff=shroud-values merge=shroud -text delta\n"
                          ".gitattributes !shroud !filter !diff !merge !text\n"),
}
# In these corpora only what is added after the first version is measured.
ADDED = "one value of 100"


def lines_of(rng, size):
    lines, length = [], 0
    while length < size:
        lines.append(f"{rng.choice(WORDS)}_{rng.randint(0, 99999)}: {rng.choice(WORDS)}-{rng.getrandbits(48):x}\n")
        length += len(lines[-1])
    return lines


def small_files(count):
    """Files of 1 to 8 KiB, half random hex; the second version differs in one line of each."""
    for version in range(2):
        files = {}
        for number in range(count):
            rng = random.Random(number)
            lines = lines_of(rng, rng.randint(1024, 8192))
            if version:
                lines[len(lines) // 2] = f"edited_{version}: {number}\n"
            files[f"data/{number // 100:04d}/file{number:06d}.yml"] = "".join(lines).encode()
        yield files


def random_edits(versions):
    """One line somewhere in 100 KiB changes each time."""
    rng = random.Random(1)
    lines = lines_of(rng, 100 << 10)
    for version in range(versions + 1):
        if version:
            lines[rng.randrange(len(lines))] = f"edited_{version}: {rng.getrandbits(48):x}\n"
        yield {"config.yml": "".join(lines).encode()}


def appends(versions):
    """A line is added at the end of 100 KiB each time."""
    rng = random.Random(2)
    lines = lines_of(rng, 100 << 10)
    for version in range(versions + 1):
        if version:
            lines.append(f"added_{version}: {rng.getrandbits(48):x}\n")
        yield {"config.yml": "".join(lines).encode()}


def state_file(versions):
    """JSON of about 2 MB, as terraform writes it; one resource changes each time."""
    rng = random.Random(3)
    resources = [{
        "mode": "managed", "type": rng.choice(["aws_instance", "aws_subnet", "aws_iam_role"]), "name": f"r{n}",
        "provider": 'provider["registry.terraform.io/hashicorp/aws"]',
        "instances": [{"schema_version": 0, "attributes": {
            "arn": f"arn:aws:ec2:eu-west-1:123456789012:x/{rng.getrandbits(64):016x}", "id": f"i-{rng.getrandbits(64):016x}",
            "password": f"{rng.getrandbits(80):020x}", "enabled": True, "tags": {"Name": f"r{n}", "env": "prod"},
            "timeouts": None, "description": ""}, "sensitive_attributes": [], "dependencies": ["aws_vpc.main"]}],
    } for n in range(1900)]
    for version in range(versions + 1):
        if version:
            changed = resources[rng.randrange(len(resources))]["instances"][0]["attributes"]
            changed["password"] = f"{rng.getrandbits(80):020x}"
        state = {"version": 4, "serial": version, "lineage": "b7f0c1d2", "resources": resources}
        yield {"prod.tfstate": json.dumps(state, indent=2).encode()}


def sql_dump(versions):
    """A dump of about 10 MB; some rows change and some are added each time."""
    rng = random.Random(4)
    rows = [f"{n}\tuser{n}\tuser{n}@example.com\t{rng.getrandbits(128):032x}\t2026-01-{n % 28 + 1:02d} 10:00:00\n"
            for n in range(115_000)]
    for version in range(versions + 1):
        if version:
            for _ in range(5):
                n = rng.randrange(len(rows))
                rows[n] = rows[n].replace("2026-01", "2026-02")
            rows.append(f"{len(rows)}\tnew\tnew@example.com\t{rng.getrandbits(128):032x}\t2026-03-01 10:00:00\n")
        head = "COPY public.users (id, name, email, password, created_at) FROM stdin;\n"
        yield {"dump.sql": (head + "".join(rows) + "\\.\n").encode()}


# How a file of each format begins and ends, and a line of it.
FORMATS = {
    "env": ("# settings\n", "{name}={value}\n", ""),
    "properties": ("# settings\n", "app.{name} = {value}\n", ""),
    "ini": ("; settings\n[app]\n", "{name} = {value}\n", ""),
    "toml": ("# settings\n[app]\n", "{name} = \"{value}\"\n", ""),
    "yaml": ("# settings\napp:\n", "  {name}: {value}\n", ""),
    "json": ("{{\n", "  \"{name}\": \"{value}\",\n", "  \"last\": 1\n}}\n"),
}


def one_value(ending, versions):
    """One value of 100, as a program draws them, changes each time."""
    rng = random.Random(6)
    head, line, tail = FORMATS[ending]
    values = {f"{rng.choice(WORDS)}_{n}": f"{rng.getrandbits(96):024x}" for n in range(100)}
    changing = list(values)[50]
    for version in range(versions + 1):
        if version:
            values[changing] = f"{rng.getrandbits(96):024x}"
        body = "".join(line.format(name=name, value=value) for name, value in values.items())
        yield {f"config.{ending}": (head.format() + body + tail.format()).encode()}


def incompressible(count):
    rng = random.Random(5)
    yield {f"data/{n}.bin": rng.randbytes(rng.randint(2_000, 60_000)) for n in range(count)}


def run(command, cwd, env):
    done = subprocess.run(command.split(), cwd=cwd, env=env, capture_output=True)
    if done.returncode:
        sys.exit(f"failed in {cwd}: {command}\n{done.stderr.decode()[-2000:]}")
    return done.stdout.decode()


def measure(repository, gc, env):
    run(gc, repository, env)
    packs = sum(file.stat().st_size for file in (repository / ".git/objects/pack").glob("*.pack"))
    objects = sum(file.stat().st_size for file in (repository / ".git/objects").rglob("*") if file.is_file())
    return packs, objects


def build(tool, versions, repository, env, added):
    """Commits all versions and returns the bytes of the pack, and of all objects; if `added`, less what the first version has."""
    repository.mkdir()
    run("git init -q -b main", repository, env)
    run("git config gc.auto 0", repository, env)
    run("git config core.fsync none", repository, env)
    if TOOLS[tool]:
        init, attributes = TOOLS[tool]
        run(init, repository, env)
        with (repository / ".gitattributes").open("a") as file:
            file.write(attributes)
    for number, files in enumerate(versions):
        for path, content in files.items():
            (repository / path).parent.mkdir(parents=True, exist_ok=True)
            (repository / path).write_bytes(content)
        run("git add -A", repository, env)
        run(f"git commit -q -m v{number}", repository, env)
        if added and number == 0:
            first = measure(repository, "git gc -q --prune=now", env)
    if not added:
        return measure(repository, "git gc -q --aggressive --prune=now", env)
    return tuple(after - before for after, before in zip(measure(repository, "git gc -q --prune=now", env), first))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tools", default=",".join(TOOLS), help="which, separated by commas (default: %(default)s)")
    parser.add_argument("--bin", type=Path, help="folder of the git-shroud programs (default: target/*/release)")
    parser.add_argument("--files", type=int, default=1000, help="number of small files (default: %(default)s)")
    parser.add_argument("--only", help="only corpora whose name holds this text")
    parser.add_argument("--work", type=Path, help="where to work (default: a new temporary directory)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all numbers there")
    options = parser.parse_args()
    tools = options.tools.split(",")
    if unknown := [tool for tool in tools if tool not in TOOLS]:
        sys.exit(f"unknown tool: {', '.join(unknown)}; there are {', '.join(TOOLS)}")
    if "git-crypt" in tools and not shutil.which("git-crypt"):
        sys.exit("git-crypt is not installed: apt-get install git-crypt, or leave it out with --tools plain,git-shroud")
    built = max(ROOT.glob("target/**/release/git-shroud"), key=lambda path: path.stat().st_mtime, default=None)
    bin_dir = options.bin.resolve() if options.bin else built and built.parent
    if any(tool.startswith("git-shroud") for tool in tools) and not (bin_dir and (bin_dir / "git-shroud").is_file()):
        sys.exit("no git-shroud in target/*/release: cargo build --release, or name its folder with --bin")
    corpora = {
        f"{options.files} small files x 2 versions": lambda: small_files(options.files),
        "100 KiB, 200 random edits": lambda: random_edits(200),
        "100 KiB, 200 appends": lambda: appends(200),
        "2 MB JSON state, 50 edits": lambda: state_file(50),
        "10 MB SQL dump, 20 edits": lambda: sql_dump(20),
        "60 incompressible files": lambda: incompressible(60),
        **{f"{ADDED}, 200 edits, {ending}": (lambda ending=ending: one_value(ending, 200)) for ending in FORMATS},
    }
    env = {
        **{name: value for name, value in os.environ.items() if not name.startswith("GIT_")},
        "PATH": f"{bin_dir}:{os.environ['PATH']}" if bin_dir else os.environ["PATH"], "LC_ALL": "C",
        "GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_AUTHOR_NAME": "a", "GIT_AUTHOR_EMAIL": "a@b", "GIT_COMMITTER_NAME": "a", "GIT_COMMITTER_EMAIL": "a@b",
    }
    results = {}
    with tempfile.TemporaryDirectory(prefix="growth-", dir=options.work) as work:
        env["HOME"] = work
        print(f"{'pack (objects), plain in KiB, others to plain':<48}" + "".join(f"{tool:>20}" for tool in tools))
        for name, versions in corpora.items():
            if options.only and options.only not in name:
                continue
            sizes = {}
            for tool in tools:
                print(time.strftime("%H:%M:%S"), name, tool, file=sys.stderr, flush=True)
                repository = Path(work) / "repository"
                sizes[tool] = build(tool, versions(), repository, env, name.startswith(ADDED))
                shutil.rmtree(repository)
            row = f"{name:<48}"
            for tool, (pack, objects) in sizes.items():
                plain = sizes.get("plain")
                if tool == "plain" or not plain:
                    row += f"{pack // 1024:>11} ({objects // 1024})"
                else:
                    row += f"{pack / plain[0]:>12.2f} ({objects / plain[1]:.2f})"
            print(row, flush=True)
            results[name] = sizes
    print(f"\n{run('git version', '/', env).strip()}")
    if options.json:
        options.json.write_text(json.dumps(results, indent=1) + "\n")


if __name__ == "__main__":
    main()
