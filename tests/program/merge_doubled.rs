//! Merges by lines after which a key would be there twice: two sides have added it at different places.

use std::collections::BTreeMap;
use std::ffi::OsString;

use crate::common::{Sandbox, text};
use git_shroud::config_format::Format;
use git_shroud::merge::{self, Labels, Merged, Undoubled};
use proptest::prelude::*;

fn labels() -> Labels {
    Labels::new(&["base", "HEAD", "topic"].map(OsString::from))
}

fn by_lines(base: &str, ours: &str, theirs: &str) -> Option<String> {
    let [base, ours, theirs] = [base, ours, theirs].map(str::as_bytes);
    match merge::text(base, ours, theirs, &labels(), 7, None).unwrap() {
        Merged::Clean(merged) => Some(text(merged.to_vec())),
        _ => None,
    }
}

/// What is made of a merge that is clean by lines; `None` where it stays.
fn undoubled(
    format: Format,
    base: &str,
    ours: &str,
    theirs: &str,
) -> Option<(String, Vec<String>)> {
    let merged = by_lines(base, ours, theirs).expect("it is clean by lines");
    let sides = [base, ours, theirs].map(str::as_bytes);
    let done = merge::undouble(format, sides, merged.as_bytes(), &labels(), 7).unwrap();
    done.map(|Undoubled { merged, keys }| match merged {
        Merged::Clean(content) => {
            assert!(keys.is_empty(), "{keys:?}");
            (text(content.to_vec()), keys)
        }
        Merged::Conflict(content) => (text(content.to_vec()), keys),
        Merged::Binary => panic!("it is text"),
    })
}

#[track_caller]
fn is(format: Format, [base, ours, theirs]: [&str; 3], expected: &str, keys: &[&str]) {
    for end in ["\n", "\r\n"] {
        let all = [base, ours, theirs, expected].map(|text| text.replace('\n', end));
        let (merged, named) = undoubled(format, &all[0], &all[1], &all[2]).expect("a key is twice");
        assert_eq!(merged, all[3]);
        assert_eq!(named, keys);
    }
}

const ENV: &str = "A=1\nB=1\nC=1\n";

#[test]
fn the_same_value_is_kept_once() {
    let ours = "NEW=x\nA=1\nB=1\nC=1\n";
    is(Format::Env, [ENV, ours, "A=1\nB=1\nC=1\nNEW=x\n"], ours, &[]);
    // With the comment above it.
    let ours = "# new\nNEW=x\nA=1\nB=1\nC=1\n";
    is(
        Format::Env,
        [ENV, ours, "A=1\nB=1\nC=1\nD=1\n# new\nNEW=x\n"],
        &format!("{ours}D=1\n"),
        &[],
    );
    let theirs = "A=1\nB=1\nC=1\n# another\nNEW=x\n";
    is(Format::Env, [ENV, ours, theirs], &format!("{ours}# another\n"), &[]);
    // Both have moved it.
    is(Format::Env, [ENV, "B=1\nA=1\nC=1\n", "B=1\nC=1\nA=1\n"], "B=1\nA=1\nC=1\n", &[]);
    let json = [
        "{\n\"a\": 1,\n\"b\": 1\n}\n",
        "{\n\"n\": 1,\n\"a\": 1,\n\"b\": 1\n}\n",
        "{\n\"a\": 1,\n\"b\": 1,\n\"n\": 1\n}\n",
    ];
    is(Format::Json, json, json[1], &[]);
    let toml =
        ["a = 1\nb = 1\nc = 1\n", "n = 1\na = 1\nb = 1\nc = 1\n", "a = 1\nb = 1\nc = 1\nn = 1\n"];
    is(Format::Toml, toml, toml[1], &[]);
    let yaml =
        ["a: 1\nb: 1\nc: 1\n", "n:\n  x: 1\na: 1\nb: 1\nc: 1\n", "a: 1\nb: 1\nc: 1\nn:\n  x: 1\n"];
    is(Format::Yaml, yaml, yaml[1], &[]);
    let ini = [
        "[a]\nx=1\n[b]\ny=1\n",
        "[n]\nz=1\n[a]\nx=1\n[b]\ny=1\n",
        "[a]\nx=1\n[b]\ny=1\n[n]\nz=1\n",
    ];
    is(Format::Ini, ini, ini[1], &[]);
}

#[test]
fn another_value_is_a_conflict_that_names_the_key() {
    let conflict = "<<<<<<< HEAD\nNEW=x\n=======\nNEW=y\n>>>>>>> topic\nA=1\nB=1\nC=1\n";
    is(Format::Env, [ENV, "NEW=x\nA=1\nB=1\nC=1\n", "A=1\nB=1\nC=1\nNEW=y\n"], conflict, &["NEW"]);
    is(
        Format::Json,
        [
            "{\n\"a\": 1,\n\"b\": 1\n}\n",
            "{\n\"n\": 1,\n\"a\": 1,\n\"b\": 1\n}\n",
            "{\n\"a\": 1,\n\"b\": 1,\n\"n\": 2\n}\n",
        ],
        "{\n<<<<<<< HEAD\n\"n\": 1,\n=======\n\"n\": 2,\n>>>>>>> topic\n\"a\": 1,\n\"b\": 1\n}\n",
        &["n"],
    );
    is(
        Format::Toml,
        [
            "[s]\na = 1\nb = 1\nc = 1\n",
            "[s]\nn = 1\na = 1\nb = 1\nc = 1\n",
            "[s]\na = 1\nb = 1\nc = 1\nn = 2\n",
        ],
        "[s]\n<<<<<<< HEAD\nn = 1\n=======\nn = 2\n>>>>>>> topic\na = 1\nb = 1\nc = 1\n",
        &["s.n"],
    );
    // A section that both have made, with something of its own in each: nobody may guess.
    let base = "[a]\nx=1\n[b]\ny=1\n";
    let (ours, theirs) = (format!("[n]\nz=1\n{base}"), format!("{base}[n]\nz=1\nw=2\n"));
    for format in [Format::Ini, Format::Toml] {
        let (merged, keys) = undoubled(format, base, &ours, &theirs).unwrap();
        assert!(merged.contains("<<<<<<< HEAD\n") && merged.contains("w=2"), "{merged}");
        assert_eq!(keys, ["n", "n.z"]);
    }
    // Names in any case are one.
    let (merged, keys) =
        undoubled(Format::Ini, base, "[a]\nNew=1\nx=1\n[b]\ny=1\n", "[a]\nx=1\nnew=2\n[b]\ny=1\n")
            .unwrap();
    assert!(merged.contains("New=1\n=======\nnew=2\n"), "{merged}");
    assert_eq!(keys, ["a.new"]);
}

#[test]
fn what_may_be_there_twice_stays() {
    for (format, base, ours, theirs) in [
        // Peers of WireGuard.
        (
            Format::Ini,
            "[Peer]\nKey=a\n\n[X]\ny=1\n",
            "[Peer]\nKey=n\n\n[Peer]\nKey=a\n\n[X]\ny=1\n",
            "[Peer]\nKey=a\n\n[X]\ny=1\n\n[Peer]\nKey=m\n",
        ),
        (
            Format::Toml,
            "[[p]]\nk = 1\n\n[x]\ny = 1\n",
            "[[p]]\nk = 2\n\n[[p]]\nk = 1\n\n[x]\ny = 1\n",
            "[[p]]\nk = 1\n\n[x]\ny = 1\n\n[[p]]\nk = 3\n",
        ),
        (
            Format::Yaml,
            "l:\n- a\n- b\n- c\n",
            "l:\n- n\n- a\n- b\n- c\n",
            "l:\n- a\n- b\n- c\n- n\n",
        ),
        (
            Format::Yaml,
            "l:\n- k: 1\n- k: 2\n",
            "l:\n- k: 0\n- k: 1\n- k: 2\n",
            "l:\n- k: 1\n- k: 2\n- k: 0\n",
        ),
        (
            Format::Env,
            "A=1\nB=1\nA=1\nC=1\n",
            "A=1\nA=1\nB=1\nA=1\nC=1\n",
            "A=1\nB=1\nA=1\nC=1\nA=1\n",
        ),
        (Format::Env, ENV, "N=1\nA=1\nB=1\nC=1\n", "A=1\nB=1\nC=1\nM=1\n"),
    ] {
        assert_eq!(undoubled(format, base, ours, theirs), None, "{base}");
    }
}

/// A file of this format with these values, and those of a section of its own.
fn written(format: Format, values: &[(String, u8)]) -> String {
    let lines = |line: &dyn Fn(&str, u8) -> String, end: &str| {
        values.iter().map(|(name, value)| line(name, *value)).collect::<Vec<_>>().join(end)
    };
    match format {
        Format::Json => {
            format!("{{\n{}\n}}\n", lines(&|name, value| format!("  \"{name}\": {value}"), ",\n"))
        }
        Format::Ini => {
            format!("[s]\n{}\n", lines(&|name, value| format!("{name} = {value}"), "\n"))
        }
        Format::Yaml => {
            format!("s:\n{}\n", lines(&|name, value| format!("  {name}: {value}"), "\n"))
        }
        Format::Toml => {
            format!("[s]\n{}\n", lines(&|name, value| format!("{name} = {value}"), "\n"))
        }
        _ => lines(&|name, value| format!("{name}={value}\n"), ""),
    }
}

/// Each name with its value; every one is there once.
fn values(format: Format, content: &str) -> BTreeMap<String, String> {
    let document =
        format.parse(content.as_bytes()).unwrap_or_else(|doubt| panic!("{doubt}\n{content}"));
    assert_eq!(document.repeated(), None, "{content}");
    let scalars = document.items.iter().filter(|item| item.is_scalar());
    scalars.map(|item| (item.path.to_string(), item.text.to_string())).collect()
}

/// What is added, with place, name and value; and what is changed.
type Edits = (Vec<(usize, u8, u8)>, Vec<(usize, u8)>);

proptest! {
    #![proptest_config(ProptestConfig { cases: 1500, failure_persistence: None, ..ProptestConfig::default() })]

    /// Both sides add some of the same few keys at any places, and change or take away what was there.
    #[test]
    fn no_merge_has_a_key_twice_and_none_loses_one(
        format in prop::sample::select(vec![
            Format::Env, Format::Properties, Format::Ini, Format::Toml, Format::Yaml, Format::Json,
        ]),
        sides in prop::array::uniform2((
            prop::collection::vec((0usize..13, 0u8..4, 0u8..2), 0..4),
            prop::collection::vec((0usize..12, 0u8..3), 0..2),
        )),
    ) {
        let base: Vec<(String, u8)> = (0..12).map(|at| (format!("k{at}"), 0)).collect();
        let side = |(added, changed): &Edits| {
            let mut side = base.clone();
            for (at, value) in changed {
                side[*at].1 = *value;
            }
            for (place, name, value) in added {
                let name = format!("n{name}");
                if side.iter().all(|(other, _)| *other != name) {
                    side.insert((*place).min(side.len()), (name, *value));
                }
            }
            written(format, &side)
        };
        let (base_text, [ours, theirs]) = (written(format, &base), sides.each_ref().map(side));
        let Some(clean) = by_lines(&base_text, &ours, &theirs) else { return Ok(()) };
        let all = [&base_text, &ours, &theirs];
        let [b, o, t] = all.map(|text| values(format, text));
        let done = merge::undouble(format, all.map(String::as_bytes), clean.as_bytes(), &labels(), 7).unwrap();
        let (merged, keys) = match done {
            None => (clean, Vec::new()),
            Some(Undoubled { merged: Merged::Clean(merged), keys }) => (text(merged.to_vec()), keys),
            Some(Undoubled { merged: Merged::Conflict(merged), keys }) => {
                prop_assert!(!keys.is_empty());
                // Whichever side a person takes, the rest is there.
                let merged = text(merged.to_vec());
                for (side, wanted) in [(0, &o), (1, &t)] {
                    let mut at = None;
                    let taken: String = merged.split_inclusive('\n').filter(|line| {
                        match line.split(' ').next().unwrap().trim_end() {
                            "<<<<<<<" => { at = Some(0); false }
                            "=======" => { at = Some(1); false }
                            ">>>>>>>" => { at = None; false }
                            _ => at.is_none_or(|at| at == side),
                        }
                    }).collect();
                    let taken = values(format, &taken);
                    for key in &keys {
                        prop_assert_eq!(taken.get(key), wanted.get(key));
                        prop_assert!(o.get(key) != t.get(key));
                    }
                    for key in o.keys().chain(t.keys()) {
                        prop_assert!(taken.contains_key(key), "{} {}", key, merged);
                    }
                }
                return Ok(());
            }
            Some(_) => panic!("it is text"),
        };
        prop_assert!(keys.is_empty());
        let merged = values(format, &merged);
        for key in b.keys().chain(o.keys()).chain(t.keys()).chain(merged.keys()) {
            let expected = if o.get(key) == b.get(key) { t.get(key) } else { o.get(key) };
            prop_assert_eq!(merged.get(key), expected, "{}", key);
        }
    }
}

#[test]
fn git_stops_where_two_sides_gave_a_key_two_values() {
    for (value, status) in [("canary-same", 0), ("canary-other", 1)] {
        let sandbox = Sandbox::new();
        sandbox.sealed_repository("repo");
        for (branch, content) in [
            ("main", ENV.to_owned()),
            ("topic", format!("{ENV}NEW={value}\n")),
            ("main", format!("NEW=canary-same\n{ENV}")),
        ] {
            let create = if branch == "topic" { &["-b"][..] } else { &[] };
            sandbox.git("repo", [&["checkout", "-q"], create, &[branch]].concat());
            sandbox.write("repo/secrets/x.env", content);
            sandbox.git("repo", ["add", "."]);
            sandbox.git("repo", ["commit", "-q", "-m", branch]);
        }
        let done = sandbox.try_git("repo", ["merge", "--no-edit", "topic"]).expect(status);
        let merged = text(sandbox.read("repo/secrets/x.env"));
        if status == 0 {
            assert_eq!(merged, format!("NEW=canary-same\n{ENV}"));
            continue;
        }
        let done = done.says("secrets/x.env: both sides have added NEW, with different values");
        assert!(!done.stderr.contains("canary"), "{}", done.stderr);
        assert!(merged.contains("=======\nNEW=canary-other\n>>>>>>> topic\n"), "{merged}");
        let unmerged = sandbox.git("repo", ["ls-files", "-u"]).text();
        assert_eq!(unmerged.lines().count(), 3, "{unmerged}");
    }
}
