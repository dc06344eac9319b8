//! A short run of every fuzz target: its corpus, and changes of it that are the same in every run.

use std::collections::BTreeSet;
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::path::{Path, PathBuf};

use crate::targets::TARGETS;

/// Changes that each target is fed.
const CHANGES: usize = 300;
/// Bytes of what is fed at most.
const LARGEST: usize = 16 << 10;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz")
}

fn corpus(name: &str) -> Vec<(String, Vec<u8>)> {
    let folder = folder().join("corpus").join(name);
    let files = fs::read_dir(&folder).unwrap_or_else(|error| panic!("fuzz/corpus/{name}: {error}"));
    let mut files: Vec<_> = files
        .map(|file| {
            let path = file.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            (name, fs::read(path).unwrap())
        })
        .collect();
    files.sort();
    assert!(!files.is_empty(), "fuzz/corpus/{name} holds nothing");
    files
}

/// Numbers that look random and are the same in every run (Marsaglia's xorshift).
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 33).unwrap() % end.max(1)
    }
}

/// Another text: bytes changed, left out, doubled, or from another file.
fn changed(bytes: &[u8], other: &[u8], numbers: &mut Numbers) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    for _ in 0..=numbers.below(3) {
        let at = numbers.below(bytes.len() + 1);
        let end = (at + numbers.below(24)).min(bytes.len());
        match numbers.below(6) {
            0 => bytes.truncate(at),
            1 => drop(bytes.drain(at..end)),
            2 => {
                let part = bytes[at..end].to_vec();
                bytes.splice(at..at, part);
            }
            3 => {
                let from = numbers.below(other.len() + 1);
                bytes.splice(at..end, other[from..].iter().copied());
            }
            4 => bytes[at..end].fill([0, 0xff, b' ', b'\n'][numbers.below(4)]),
            _ => {
                if let Some(byte) = bytes.get_mut(at) {
                    *byte ^= 1 << numbers.below(8);
                }
            }
        }
    }
    bytes.truncate(LARGEST);
    bytes
}

/// Feeds a target its corpus, and changes of it; shows what it was fed where it panics.
pub(crate) fn smoke(name: &str, run: fn(&[u8])) {
    let feed = |what: &str, bytes: &[u8]| {
        if let Err(panic) = catch_unwind(AssertUnwindSafe(|| run(bytes))) {
            eprintln!("{name}, {what}: b\"{}\"", bytes.escape_ascii());
            resume_unwind(panic);
        }
    };
    let files = corpus(name);
    for (file, bytes) in &files {
        feed(file, bytes);
    }
    let mut numbers = Numbers(0x9e37_79b9_7f4a_7c15);
    for change in 0..CHANGES {
        let (file, bytes) = &files[numbers.below(files.len())];
        let (_, other) = &files[numbers.below(files.len())];
        feed(&format!("change {change} of {file}"), &changed(bytes, other, &mut numbers));
    }
}

#[test]
fn every_target_has_a_program_and_a_corpus_and_nothing_else_has() {
    let targets: BTreeSet<_> = TARGETS.iter().map(|target| target.name.to_owned()).collect();
    assert_eq!(targets.len(), TARGETS.len(), "two targets have one name");
    let there = |name: &str| -> BTreeSet<String> {
        let listed = fs::read_dir(folder().join(name)).unwrap();
        listed
            .map(|entry| entry.unwrap().path().file_stem().unwrap().to_string_lossy().into_owned())
            .collect()
    };
    assert_eq!(there("corpus"), targets);
    assert_eq!(there("fuzz_targets"), targets);
    let manifest = fs::read_to_string(folder().join("Cargo.toml")).unwrap();
    for target in &targets {
        assert!(manifest.contains(&format!("name = \"{target}\"\n")), "fuzz/Cargo.toml: {target}");
        let program = folder().join("fuzz_targets").join(format!("{target}.rs"));
        let program = fs::read_to_string(program).unwrap();
        assert!(program.contains(&format!("::run(\"{target}\", ")), "{target}.rs");
    }
}
