#!/usr/bin/env python3
"""Times whole git commands with plain git, git-crypt and git-shroud, all in one run.

    benches/filters.py                                    # 500 small files, one of 96 MiB; about two minutes
    benches/filters.py --small 10000 --runs 5 --large 1x1024 --json result.json
    benches/filters.py --tools plain,git-shroud --large ''
    benches/filters.py --files path/to/a/worktree --before path/to/an/earlier/build

Each scenario is run --runs times, the tools in turn within each repetition, so that other load hits all alike. The tables show
medians of wall time, of CPU time (git and every process that it waited for) and of memory, and the ratios to plain git
(xP), to git-crypt (xG) and to an earlier build (xB). git-shroud is taken from --bin, by default the release build of this project.
"""
import argparse
import json
import os
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections import namedtuple
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LOG_COMMITS = 20
WORDS = "alpha beta gamma delta key value password token host region service true false".split()


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tools", default="plain,git-crypt,git-shroud", help="which, separated by commas (default: %(default)s)")
    parser.add_argument("--bin", type=Path, help="folder of the git-shroud programs (default: target/*/release)")
    parser.add_argument("--before", type=Path, help="folder of an earlier build: the tool 'before', in the same run")
    parser.add_argument("--files", type=Path, help="copies the text files of this folder in place of generated small files; "
                        "--small is how many at most")
    parser.add_argument("--small", type=int, default=500, help="number of files of 1 to 8 KiB; 0 leaves them out")
    parser.add_argument("--large", default="1x96", help="large files, as COUNTxMiB with commas; '' leaves them out")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--diff-files", type=int, default=300, help="how many files a diff shows")
    parser.add_argument("--work", type=Path, help="where to work (default: a new temporary directory); never removed")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all numbers there")
    parser.add_argument("--rt", action="store_true", help="run all under SCHED_RR (needs root): steadier on a busy machine, "
                        "as git and a filter that take turns do not wait for time slices then")
    return parser.parse_args()


class Runner:
    """Runs commands in an environment without the user's configuration, and collects what they took."""

    def __init__(self, work, bin_dirs):
        self.bin_dirs = bin_dirs  # tool -> its folder
        self.env = {
            **{name: value for name, value in os.environ.items() if not name.startswith("GIT_")},
            "HOME": str(work / "home"), "LC_ALL": "C", "GIT_PAGER": "cat", "GIT_TERMINAL_PROMPT": "0",
            "GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_AUTHOR_NAME": "a", "GIT_AUTHOR_EMAIL": "a@b", "GIT_COMMITTER_NAME": "a", "GIT_COMMITTER_EMAIL": "a@b",
        }
        self.samples = {}  # scenario -> tool -> [sample]

    def use(self, tool):
        """From here on the commands find this tool."""
        folder = self.bin_dirs.get(tool.name)
        self.env["PATH"] = f"{folder}:{os.environ['PATH']}" if folder else os.environ["PATH"]

    def run(self, command, cwd):
        done = subprocess.run(command.split(), cwd=cwd, env=self.env, capture_output=True)
        if done.returncode:
            sys.exit(f"failed in {cwd}: {command}\n{done.stderr.decode()[-2000:]}")
        return done.stdout.decode()

    def time(self, scenario, tool, command, cwd):
        self.command(scenario, tool, command.split(), cwd)

    def command(self, scenario, tool, command, cwd):
        began = time.perf_counter()
        process = subprocess.Popen(command, cwd=cwd, env=self.env, stdin=subprocess.DEVNULL,
                                   stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        errors = process.stderr.read()
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - began
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            sys.exit(f"failed ({process.returncode}) in {cwd}: {' '.join(command)[:200]}\n{errors.decode()[-2000:]}")
        sample = {"wall": wall, "cpu": usage.ru_utime + usage.ru_stime, "rss_mib": usage.ru_maxrss / 1024}
        self.samples.setdefault(scenario, {}).setdefault(tool.name, []).append(sample)


# Commands of one tool; {key} is a key file. Plain git has none: its unlock is a checkout of the same files.
Tool = namedtuple("Tool", "name attributes init export unlock lock status set_up", defaults=[""] * 7)
GIT_CRYPT_LINES = "* filter=git-crypt diff=git-crypt\n.gitattributes !filter !diff\n"
TOOLS = {tool.name: tool for tool in (
    Tool("plain"),
    Tool("git-crypt", GIT_CRYPT_LINES, "git-crypt init",
         "git-crypt export-key {key}", "git-crypt unlock {key}", "git-crypt lock", "git-crypt status -e"),
    # The lines that 'git shroud track "*"' writes; init has defined the macro.
    Tool("git-shroud", "* shroud\n.gitattributes !filter !diff !merge\n", "git-shroud init",
         "git-shroud key export -o {key}", "git-shroud unlock {key}", "git-shroud lock", "git-shroud status"),
    # The same, of an earlier build.
    Tool("before", "* shroud\n.gitattributes !filter !diff !merge\n", "git-shroud init",
         "git-shroud key export -o {key}", "git-shroud unlock {key}", "git-shroud lock", "git-shroud status"),
    # git-shroud in a repository of git-crypt's.
    Tool("drop-in", GIT_CRYPT_LINES, "git-crypt init", "git-crypt export-key {key}", "git-shroud unlock {key}",
         "git-shroud lock", "git-shroud status", "git-shroud unlock {key}"),
)}


def small_name(number):
    return f"data/{number // 100:04d}/file{number:06d}.yml"


def write_small(top, count, version):
    """Files of 1 to 8 KiB. A version differs from another in one line of each file."""
    for number in range(count):
        rng = random.Random(number)
        size, length, lines = rng.randint(1024, 8192), 0, []
        while length < size:
            name, value = f"{rng.choice(WORDS)}_{rng.randint(0, 99999)}", f"{rng.choice(WORDS)}-{rng.getrandbits(48):x}"
            lines.append(f"{name}: {value}\n")
            length += len(lines[-1])
        if version:
            lines[len(lines) // 2] = f"edited_{version}: {number * version}\n"
        path = top / small_name(number)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("".join(lines))


def copy_small(top, files, count, version):
    """The text files of a folder, up to 64 KiB each. A version differs from another in one line of each file."""
    chosen = []
    for path in sorted(path for path in files.rglob("*") if path.is_file() and not path.is_symlink()):
        name = path.relative_to(files)
        if ".git" in name.parts or path.name.startswith(".git") or not 0 < path.stat().st_size <= 64 << 10:
            continue
        content = path.read_bytes()
        if b"\0" not in content:
            chosen.append((name, content))
    random.Random(1).shuffle(chosen)
    for number, (name, content) in enumerate(chosen[:count]):
        lines = content.splitlines(keepends=True)
        if version:
            lines[len(lines) // 2] = f"edited_{version}: {number * version}\n".encode()
        path = top / "data" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"".join(lines))


def write_large(top, count, mib):
    (top / "large").mkdir(parents=True)
    for number in range(count):
        rng = random.Random(99 + number)
        with (top / f"large/file{number}.bin").open("wb") as file:
            for _ in range(mib):
                file.write(rng.randbytes(1 << 20))


def fresh(runner, repository, tool, source):
    """A repository with the files of source, set up and not added."""
    shutil.rmtree(repository, ignore_errors=True)
    repository.mkdir()
    for command in ("git init -q -b main", "git config gc.auto 0", "git config core.fsync none"):
        runner.run(command, repository)
    if tool.init:
        runner.run(tool.init, repository)
        with (repository / ".gitattributes").open("a") as file:
            file.write(tool.attributes)
        repository.with_suffix(".key").unlink(missing_ok=True)
        runner.run(tool.export.format(key=repository.with_suffix(".key")), repository)
        if tool.set_up:
            runner.run(tool.set_up.format(key=repository.with_suffix(".key")), repository)
    runner.run(f"cp -r {source}/. {repository}", "/")


def touch(runner, folder):
    runner.run("find . -type f -exec touch {} +", folder)


def settle(runner, repository):
    """Past the second in which git reads a file again because it is as young as the index."""
    time.sleep(1.05)
    runner.run("git update-index -q --refresh", repository)


def log(message):
    print(time.strftime("%H:%M:%S"), message, file=sys.stderr, flush=True)


def bench_small(runner, tools, work, options):
    count, diff_files = options.small, min(options.diff_files, options.small)
    sources = [work / "source0", work / "source1"]
    for version, source in enumerate(sources):
        if options.files:
            copy_small(source, options.files, count, version)
        else:
            write_small(source, count, version)
    names = sorted(str(path.relative_to(sources[0])) for path in sources[0].rglob("*") if path.is_file())
    count, diff_files = len(names), min(diff_files, len(names))
    repositories = {tool: work / f"small-{tool.name}" for tool in tools}
    for _ in range(options.runs):
        for tool, repository in repositories.items():
            runner.use(tool)
            fresh(runner, repository, tool, sources[0])
            runner.time("add", tool, "git add -A", repository)
            runner.time("commit", tool, "git commit -q -m v1", repository)
            runner.run("git branch v1", repository)
    for _ in range(options.runs):
        for tool, repository in repositories.items():
            runner.use(tool)
            runner.run("git checkout -q -f main", repository)
            runner.run("git reset -q --hard v1", repository)
            runner.run(f"cp -r {sources[1]}/. {repository}", "/")
            runner.time("add edits", tool, "git add -A", repository)
            runner.run("git commit -q -m v2", repository)
    for tool, repository in repositories.items():
        runner.use(tool)
        runner.run("git branch v2", repository)
        runner.run("git checkout -q -b log v1", repository)
        for commit in range(LOG_COMMITS):
            for file in range(5):
                with (repository / names[(commit * 97 + file * 13) % count]).open("a") as text:
                    text.write(f"line {commit}\n")
            runner.run("git commit -q -a -m change", repository)
        runner.run("git checkout -q v2", repository)
        runner.time("repack", tool, "git repack -adq --depth=50 --window=10", repository)
    for _ in range(options.runs):
        for tool, repository in repositories.items():
            runner.use(tool)
            bench_use(runner, tool, repository, names[:diff_files])
    log("checked out and compared")
    for _ in range(options.runs):
        for tool, repository in repositories.items():
            runner.use(tool)
            bench_unlock(runner, tool, repository, work / f"clone-{tool.name}", sources[1] / names[0], names[0])
    log("unlocked and locked")


def bench_use(runner, tool, repository, changed):
    shutil.rmtree(repository / "data")
    runner.time("checkout all", tool, "git checkout -q -f", repository)
    runner.time("switch", tool, "git checkout -q v1", repository)
    runner.time("switch", tool, "git checkout -q v2", repository)
    settle(runner, repository)
    runner.time("status clean", tool, "git status --porcelain", repository)
    touch(runner, repository / "data")
    runner.time("status touched", tool, "git status --porcelain", repository)
    for name in changed:
        with (repository / name).open("a") as text:
            text.write("changed\n")
    runner.time("diff worktree", tool, "git diff", repository)
    runner.run("git checkout -q -f", repository)
    runner.command("diff commits", tool, ["git", "diff", "v1", "v2", "--", *changed], repository)
    runner.time("log -p", tool, f"git log -p -{LOG_COMMITS} log", repository)


def bench_unlock(runner, tool, repository, clone, expected, name):
    shutil.rmtree(clone, ignore_errors=True)
    runner.run(f"git clone -q -b main --local {repository} {clone}", "/")
    runner.run("git config core.fsync none", clone)
    if not tool.unlock:
        shutil.rmtree(clone / "data")
        runner.time("unlock", tool, "git checkout -q -f", clone)
        return
    runner.time("unlock", tool, tool.unlock.format(key=repository.with_suffix(".key")), clone)
    if (clone / name).read_bytes() != expected.read_bytes():
        sys.exit(f"{tool.name}: unlock did not decrypt")
    if runner.run("git status --porcelain", clone):
        sys.exit(f"{tool.name}: git sees changes after unlock")
    runner.time("tool status", tool, tool.status, clone)
    runner.time("lock", tool, tool.lock, clone)


def bench_large(runner, tools, work, spec, runs):
    count, mib = map(int, spec.split("x"))
    source, prefix = work / "source-large", f"{count} x {mib} MiB:"
    write_large(source, count, mib)
    for _ in range(runs):
        for tool in tools:
            runner.use(tool)
            repository = work / f"large-{tool.name}"
            fresh(runner, repository, tool, source)
            runner.time(f"{prefix} add", tool, "git add -A", repository)
            settle(runner, repository)
            runner.time(f"{prefix} commit", tool, "git commit -q -m v1", repository)
            shutil.rmtree(repository / "large")
            runner.time(f"{prefix} checkout", tool, "git checkout -q -f", repository)
            touch(runner, repository / "large")
            runner.time(f"{prefix} touched", tool, "git status --porcelain", repository)
            shutil.rmtree(repository)
    shutil.rmtree(source)
    log(f"{spec} MiB done")


def print_tables(runner, tools):
    units = {"wall": "wall time, seconds", "cpu": "CPU time, seconds", "rss_mib": "memory of the largest process, MiB"}
    names, medians = [tool.name for tool in tools], {}
    against = [name for name in ("plain", "git-crypt", "before") if name in names]
    marks = "".join(f"{'x' + {'plain': 'P', 'git-crypt': 'G', 'before': 'B'}[name]:>7}" for name in against)
    for metric, unit in units.items():
        ratios, digits = metric != "rss_mib", 3 if metric != "rss_mib" else 0
        print(f"\n{unit}\n{'':<24}" + "".join(f"{name:>12}" + (marks if ratios else "") for name in names))
        for scenario, samples in runner.samples.items():
            median = {name: statistics.median(sample[metric] for sample in samples[name]) for name in samples}
            medians.setdefault(scenario, {})[metric] = median
            row = f"{scenario:<24}"
            for name in names:
                row += f"{median[name]:>12.{digits}f}" if name in median else f"{'-':>12}"
                for base in against if ratios else ():
                    known = name in median and median.get(base)
                    row += f"{median[name] / median[base]:>7.2f}" if known else f"{'-':>7}"
            print(row)
    return medians


def choose_tools(names, bin_dir, before):
    if unknown := [name for name in names if name not in TOOLS]:
        sys.exit(f"unknown tool: {', '.join(unknown)}; there are {', '.join(TOOLS)}")
    if {"git-crypt", "drop-in"} & set(names) and not shutil.which("git-crypt"):
        sys.exit("git-crypt is not installed: apt-get install git-crypt, or leave it out with --tools plain,git-shroud")
    if {"git-shroud", "drop-in"} & set(names) and not (bin_dir and (bin_dir / "git-shroud-textconv").is_file()):
        sys.exit(f"no git-shroud in {bin_dir or 'target/*/release'}: cargo build --release, or name its folder with --bin")
    if "before" in names and not (before and (before / "git-shroud-textconv").is_file()):
        sys.exit(f"no git-shroud in {before}: name the folder of an earlier build with --before")
    return [TOOLS[name] for name in names]


def main():
    options = parse_arguments()
    built = max(ROOT.glob("target/**/release/git-shroud"), key=lambda path: path.stat().st_mtime, default=None)
    bin_dir = options.bin.resolve() if options.bin else built and built.parent
    before = options.before and options.before.resolve()
    names = options.tools.split(",") + (["before"] if before and "before" not in options.tools else [])
    tools = choose_tools(names, bin_dir, before)
    if options.rt:
        os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(1))
    with tempfile.TemporaryDirectory(prefix="filters-", dir=options.work) as work:
        work = Path(work)
        (work / "home").mkdir()
        runner = Runner(work, {"git-shroud": bin_dir, "drop-in": bin_dir, "before": before})
        if options.small:
            bench_small(runner, tools, work, options)
        for spec in filter(None, options.large.split(",")):
            bench_large(runner, tools, work, spec, options.runs)
    medians = print_tables(runner, tools)
    version = runner.run("git version", "/").strip()
    print(f"\n{version}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, {options.runs} runs")
    if options.json:
        result = {"git": version, "cores": os.cpu_count(), "small": options.small, "medians": medians, "samples": runner.samples}
        options.json.write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()
