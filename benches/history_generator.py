#!/usr/bin/env python3
"""Makes a repository with a long history of text, always the same one for the same numbers, for scan_history.py.

    history_generator.py [--commits 10000] [--blobs 50000] [--mib 2000] FOLDER

Files look like source code and configuration. Every commit changes some of them in a few places, as people do. Each
thousandth version of a file holds a made-up password, which goes again with the next one.
"""

import argparse
import pathlib
import random
import subprocess
import sys

WORDS = """account address amount array await backend balance batch binding body branch buffer build builder bundle byte cache
call channel charge check child client clock cluster code column command commit config connect const context count create
current cursor data date debug decode default define delete depth device digest driver edge element encode engine entry
error event export factory field file filter final fetch flag flush format frame function gateway graph group handle header
host image import index inner input insert instance integer interface item iterator join kernel label layer layout length
level library limit line link list local lock logger loop manage map match matrix memory merge message method metric mode
model module mutex name network node null number object offset option order output owner package page panic parent parse
patch path payload peer pixel point pool port prefix print process profile proto queue random range read record region
remote render report request reset result retry return route rule sample scale scan schema scope search section select
send sequence server service session shape shard signal size slice socket source stack start state static status step
store stream string struct suffix switch symbol sync system table target task template test text thread time timeout
total trace track tree trigger tuple type union unit update user valid value vector vertex view visit wait watch weight
width window worker write zone""".split()
EXTENSIONS = ("rs", "py", "go", "js", "yml", "json", "md", "toml")


def line(rng):
    word = rng.choice
    kind = rng.randrange(10)
    indent = " " * (4 * rng.randrange(4))
    if kind == 0:
        return "\n"
    if kind == 1:
        return f"{indent}// {' '.join(rng.choices(WORDS, k=rng.randrange(4, 14)))}.\n"
    if kind == 2:
        return f"{indent}let {word(WORDS)}_{word(WORDS)} = self.{word(WORDS)}.{word(WORDS)}({word(WORDS)}, {rng.randrange(4096)});\n"
    if kind == 3:
        return f'{indent}"{word(WORDS)}_{word(WORDS)}": "{word(WORDS)}-{word(WORDS)}",\n'
    if kind == 4:
        return f"{indent}{word(WORDS)}_{word(WORDS)}: {word(WORDS)}\n"
    if kind == 5:
        return f"{indent}if {word(WORDS)}.{word(WORDS)}() && {word(WORDS)} != {rng.randrange(256)} {{\n"
    if kind == 6:
        return f'{indent}return Err({word(WORDS).title()}Error::new("{word(WORDS)} {word(WORDS)} failed: {{}}", {word(WORDS)}));\n'
    if kind == 7:
        return f"{indent}}}\n"
    if kind == 8:
        return f"{indent}pub fn {word(WORDS)}_{word(WORDS)}({word(WORDS)}: &{word(WORDS).title()}) -> {word(WORDS).title()} {{\n"
    return f"{indent}{word(WORDS)}.{word(WORDS)}({word(WORDS)}_{word(WORDS)}).{word(WORDS)}()?;\n"


def edited(rng, lines):
    """A version with one to five places changed."""
    lines = list(lines)
    for _ in range(rng.choice((1, 1, 1, 2, 2, 3, 5))):
        at, gone, come = rng.randrange(len(lines) + 1), rng.choice((0, 1, 1, 2, 5)), rng.choice((0, 1, 1, 2, 3, 8))
        lines[at:at + gone] = [line(rng) for _ in range(come)]
    return lines


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--commits", type=int, default=10_000)
    parser.add_argument("--blobs", type=int, default=50_000)
    parser.add_argument("--mib", type=int, default=2000)
    parser.add_argument("--no-repack", action="store_true", help="leave the pack as fast-import writes it")
    parser.add_argument("folder", type=pathlib.Path)
    options = parser.parse_args()
    subprocess.run(["git", "init", "-q", "--bare", "-b", "main", options.folder], check=True)
    rng = random.Random(options.blobs)
    per_commit = max(1, options.blobs // options.commits)
    files = max(10, options.blobs // 25)
    mean = options.mib * 2**20 / options.blobs
    importer = subprocess.Popen(["git", "fast-import", "--quiet", "--depth=50"], cwd=options.folder, stdin=subprocess.PIPE)
    out = importer.stdin
    # Versions of one file one after the other, as fast-import makes a delta of the last blob only.
    marks, mark = {}, 0
    touched = [rng.sample(range(files), per_commit) for _ in range(options.commits)]
    versions = [0] * files
    for commit in touched:
        for file in commit:
            versions[file] += 1
    for file, count in enumerate(versions):
        own = random.Random(file)
        size, lines, length = min(mean * own.lognormvariate(-0.5, 1.0), 30 * mean), [], 0
        while length < size:
            lines.append(line(own))
            length += len(lines[-1])
        for version in range(count):
            mark += 1
            text = "".join(lines)
            if mark % 1000 == 0:
                text += f'db_password = "{own.getrandbits(80):x}Qz!"\n'
            out.write(b"blob\nmark :%d\ndata %d\n%s\n" % (mark, len(text), text.encode()))
            marks[file, version] = mark
            lines = edited(own, lines)
    seen = [0] * files
    for number, commit in enumerate(touched):
        mark += 1
        message = " ".join(rng.choices(WORDS, k=8))
        out.write(b"commit refs/heads/main\nmark :%d\ncommitter Ann <ann@example.com> %d +0000\ndata %d\n%s\n"
                  % (mark, 1_700_000_000 + number * 600, len(message), message.encode()))
        for file in commit:
            folder = f"{WORDS[file % 7]}/{WORDS[file % 97]}"
            path = f"{folder}/{WORDS[file % len(WORDS)]}_{file}.{EXTENSIONS[file % len(EXTENSIONS)]}"
            out.write(b"M 100644 :%d %s\n" % (marks[file, seen[file]], path.encode()))
            seen[file] += 1
    out.close()
    if importer.wait():
        sys.exit("git fast-import failed")
    if not options.no_repack:
        subprocess.run(["git", "repack", "-adfq", "--depth=50", "--window=10"], cwd=options.folder, check=True)


if __name__ == "__main__":
    main()
