#!/usr/bin/env python3
"""Compares an encrypted remote with plain git and with git-remote-gcrypt: bytes at the host, CPU time, memory.

    cargo build --release
    benches/remote.py
    benches/remote.py --commits 2000 --pushes 200 --large 1024 --json result.json
    benches/remote.py --tools plain,git-shroud --large 0

It needs Python 3.9, git, age-keygen (age), and git-remote-gcrypt with gpg unless --tools leaves it out.
"""

import argparse
import json
import os
import random
import resource
import subprocess
import tempfile
import threading
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TOOLS = ("plain", "git-shroud", "gcrypt")


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bin", type=Path, default=ROOT / "target/release", help="folder of the programs")
    parser.add_argument("--tools", default=",".join(TOOLS))
    parser.add_argument("--first", type=int, default=20, help="MB of noise in the first push of the small one")
    parser.add_argument("--commits", type=int, default=2000, help="commits of the clone")
    parser.add_argument("--source", type=Path, help="a repository whose history is cloned instead of a generated one")
    parser.add_argument("--pushes", type=int, default=200)
    parser.add_argument("--large", type=int, default=1024, help="MiB of the pack whose memory is measured; 0 for none")
    parser.add_argument("--work", help="where repositories are made, as /dev/shm")
    parser.add_argument("--json", type=Path)
    return parser.parse_args()


class Tool:
    """One kind of remote, with a home, a clone and a bare repository as the host."""

    def __init__(self, name, folder, programs):
        self.name, self.folder = name, folder
        folder.mkdir()
        self.env = {
            **{key: value for key, value in os.environ.items() if not key.startswith(("GIT_", "XDG_"))},
            "PATH": f"{programs}:{os.environ['PATH']}", "HOME": str(folder), "GIT_CONFIG_NOSYSTEM": "1",
            "GNUPGHOME": str(folder / "gpg"), "GIT_TERMINAL_PROMPT": "0",
            "GIT_AUTHOR_NAME": "a", "GIT_AUTHOR_EMAIL": "a@b", "GIT_COMMITTER_NAME": "a", "GIT_COMMITTER_EMAIL": "a@b",
        }
        self.host, self.clone = folder / "host.git", folder / "clone"
        # What arrives stays as it arrived, so that its bytes can be counted.
        self.git(folder, "config", "--global", "receive.unpackLimit", "1")
        self.git(folder, "config", "--global", "gc.auto", "0")
        self.git(folder, "config", "--global", "init.defaultBranch", "master")
        self.member = None
        if name == "git-shroud":
            (folder / ".config/age").mkdir(parents=True)
            self.run(folder, "age-keygen", "-o", str(folder / ".config/age/keys.txt"))
            self.member = self.out(folder, "age-keygen", "-y", str(folder / ".config/age/keys.txt"))
        if name == "gcrypt":
            (folder / "gpg").mkdir(mode=0o700)
            self.run(folder, "gpg", "--batch", "--quiet", "--passphrase", "", "--quick-gen-key", "a@b", "default", "default", "never")

    @property
    def url(self):
        return {"plain": "", "git-shroud": "shroud::", "gcrypt": "gcrypt::"}[self.name] + f"file://{self.host}"

    def begin(self):
        """An empty host, and an empty clone with the remote 'host'."""
        for path in (self.host, self.clone):
            subprocess.run(["rm", "-rf", str(path)], check=True)
        self.git(self.folder, "init", "-q", "--bare", str(self.host))
        self.git(self.folder, "init", "-q", str(self.clone))
        if self.name == "git-shroud":
            self.run(self.clone, "git-shroud", "remote", "init", "host", f"file://{self.host}", "--member", self.member, "--again")
        else:
            self.git(self.clone, "remote", "add", "host", self.url)
        if self.name == "gcrypt":
            self.git(self.clone, "config", "remote.host.gcrypt-participants", "a@b")

    def run(self, folder, *command):
        subprocess.run(command, cwd=folder, env=self.env, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def out(self, folder, *command):
        return subprocess.run(command, cwd=folder, env=self.env, check=True, capture_output=True, text=True).stdout.strip()

    def git(self, folder, *args):
        self.run(folder, "git", *args)

    def push(self):
        # git-remote-gcrypt rewrites the host's branch at each push, and says so only with force.
        force = ["--force"] if self.name == "gcrypt" else []
        self.git(self.clone, "push", "-q", *force, "host", "master")

    def received(self):
        """Bytes of all packs that the host was ever sent."""
        return sum(path.stat().st_size for path in self.host.glob("objects/pack/*.pack"))

    def live(self):
        """Bytes that the host needs now: those of the branch's files, or of the packs after gc."""
        if self.name == "plain":
            self.git(self.host, "gc", "-q", "--prune=now")
            return self.received()
        branch = {"git-shroud": "shroud", "gcrypt": "master"}[self.name]
        listed = self.out(self.host, "git", "ls-tree", "-r", "-l", branch).splitlines()
        return sum(int(line.split()[3]) for line in listed)

    def cpu(self, folder, *command):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        began = time.monotonic()
        self.run(folder, *command)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, time.monotonic() - began


def commit(tool, name, content):
    (tool.clone / name).write_bytes(content)
    tool.git(tool.clone, "add", name)
    tool.git(tool.clone, "commit", "-q", "-m", name)


def small_push(tool, megabytes):
    tool.begin()
    commit(tool, "large", random.Random(1).randbytes(megabytes * 1_000_000))
    tool.push()
    before = tool.received()
    commit(tool, "small", b"x\n")
    tool.push()
    return tool.received() - before


def history(tool, commits, source):
    """A history of text, by git's own import; or a real one."""
    tool.begin()
    if source:
        tool.git(tool.clone, "fetch", "-q", str(source.resolve()), "HEAD")
        tool.git(tool.clone, "reset", "-q", "--hard", "FETCH_HEAD")
        return
    rng, lines = random.Random(2), [f"line {at} of a file\n" for at in range(200)]
    stream = []
    for number in range(commits):
        lines[rng.randrange(200)] = f"line {rng.getrandbits(64):x}\n"
        text = "".join(lines)
        stream.append(
            f"commit refs/heads/master\nmark :{number + 1}\ncommitter a <a@b> {1_700_000_000 + number} +0000\n"
            f"data 2\nc\n{f'from :{number}' if number else ''}\nM 644 inline file{number % 20}\ndata {len(text)}\n{text}\n"
        )
    subprocess.run(["git", "fast-import", "--quiet"], cwd=tool.clone, env=tool.env, check=True, input="".join(stream).encode())
    tool.git(tool.clone, "reset", "-q", "--hard")


def clone_cpu(tool, commits, source, runs=5):
    history(tool, commits, source)
    tool.push()
    best = None
    for _ in range(runs):
        subprocess.run(["rm", "-rf", str(tool.folder / "new")], check=True)
        took = tool.cpu(tool.folder, "git", "clone", "-q", tool.url, "new")
        best = min(best or took, took)
    return best


def many_pushes(tool, pushes):
    tool.begin()
    rng = random.Random(3)
    for number in range(pushes):
        commit(tool, f"file{number % 10}", f"{number} {rng.getrandbits(256):x}\n".encode())
        tool.push()
    return tool.live(), tool.received()


def highest(name, until):
    """The most memory that any process of this name has used until then, in bytes."""
    most = 0
    while not until.wait(0.02):
        for status in Path("/proc").glob("[0-9]*/status"):
            try:
                text = status.read_text()
            except OSError:
                continue
            fields = dict(line.split(":", 1) for line in text.splitlines() if ":" in line)
            if fields["Name"].strip() == name and "VmHWM" in fields:
                most = max(most, int(fields["VmHWM"].split()[0]) * 1024)
    return most


def memory(tool, mebibytes):
    tool.begin()
    rng = random.Random(4)
    with open(tool.clone / "large", "wb") as file:
        for _ in range(mebibytes):
            file.write(rng.randbytes(1 << 20))
    tool.git(tool.clone, "config", "core.bigFileThreshold", "1m")
    tool.git(tool.clone, "add", "large")
    tool.git(tool.clone, "commit", "-q", "-m", "large")
    found = []
    for work in (tool.push, lambda: tool.git(tool.folder, "clone", "-q", tool.url, "huge")):
        ended, most = threading.Event(), []
        thread = threading.Thread(target=lambda: most.append(highest("git-shroud", ended)))
        thread.start()
        work()
        ended.set()
        thread.join()
        found.append(most[0])
    return found


def main():
    args = arguments()
    results = {}
    with tempfile.TemporaryDirectory(dir=args.work) as work:
        for name in args.tools.split(","):
            tool = Tool(name, Path(work) / name, args.bin.resolve())
            row = results[name] = {}
            row["bytes of a small push"] = small_push(tool, args.first)
            row["clone CPU s"], row["clone wall s"] = clone_cpu(tool, args.commits, args.source)
            row["bytes of many pushes, live"], row["bytes of many pushes, sent"] = many_pushes(tool, args.pushes)
            if name == "git-shroud" and args.large:
                row["memory of a push"], row["memory of a clone"] = memory(tool, args.large)
            for what, value in row.items():
                plain = results.get("plain", {}).get(what)
                ratio = f"  ({value / plain:.2f} of plain git)" if plain and name != "plain" else ""
                print(f"{name:10}  {what:28} {value:>14,.2f}{ratio}", flush=True)
    if args.json:
        args.json.write_text(json.dumps(results, indent=1))


if __name__ == "__main__":
    main()
