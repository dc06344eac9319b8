#!/usr/bin/env python3
"""Measures the detector of `scan` on labelled lines, with a table by source and, on demand, by rule.

    benches/scan_corpus.py CORPUS.jsonl [--by-rule] [--rank medium] [--program PATH]

The corpus has one JSON object a line: `text`, `positive`, `src`, `rule`. The program is the example `scan_lines`, built
with `cargo build --release --example scan_lines`.
"""
import argparse
import collections
import json
import pathlib
import subprocess
import sys

RANKS = ["low", "medium", "high", "certain"]
BUILT = pathlib.Path(__file__).parent.parent / "target/x86_64-unknown-linux-gnu/release/examples/scan_lines"


def scan(program, texts):
    lines = "".join(json.dumps(text) + "\n" for text in texts)
    done = subprocess.run([program], input=lines, capture_output=True, text=True, check=True)
    return [json.loads(line) for line in done.stdout.splitlines()]


def surest(found):
    return max((RANKS.index(hit["rank"]) for hit in found), default=-1)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpus")
    parser.add_argument("--rank", choices=RANKS, default="medium", help="the least rank that counts")
    parser.add_argument("--by-rule", action="store_true", help="also a table by the source's rules, worst first")
    parser.add_argument("--program", default=BUILT)
    given = parser.parse_args()
    with open(given.corpus, encoding="utf-8") as file:
        corpus = [json.loads(line) for line in file]
    results = scan(given.program, [line["text"] for line in corpus])
    if len(results) != len(corpus):
        sys.exit(f"{len(corpus)} texts, but {len(results)} results")
    least = RANKS.index(given.rank)
    counts = collections.defaultdict(lambda: [0, 0, 0, 0])
    by_rank = collections.Counter()
    for line, found in zip(corpus, results):
        rank = surest(found)
        for key in [(line["src"],), ("all",), (line["src"], line["rule"])]:
            counts[key][0 if line["positive"] else 2] += 1
            counts[key][1 if line["positive"] else 3] += rank >= least
        if rank >= 0:
            by_rank[RANKS[rank], line["positive"]] += 1
    print(f"{'source':<16}{'positive':>9}{'found':>8}{'recall':>8}{'negative':>10}{'flagged':>9}{'rate':>7}")
    for key, (positive, found, negative, flagged) in sorted(counts.items()):
        if len(key) == 1:
            recall, rate = found / max(positive, 1), flagged / max(negative, 1)
            print(f"{key[0]:<16}{positive:>9}{found:>8}{recall:>8.3f}{negative:>10}{flagged:>9}{rate:>7.3f}")
    for rank in reversed(RANKS):
        yes, no = by_rank[rank, True], by_rank[rank, False]
        print(f"surest hit is {rank:<8} {yes:>6} positive {no:>5} negative")
    if given.by_rule:
        missed = sorted(((key, c) for key, c in counts.items() if len(key) == 2), key=lambda item: item[1][1] - item[1][0])
        for (source, rule), (positive, found, negative, flagged) in missed:
            if positive > found or flagged:
                print(f"{source:<16}{rule:<48}{found:>5}/{positive:<5}{flagged:>4}/{negative}")


if __name__ == "__main__":
    main()
