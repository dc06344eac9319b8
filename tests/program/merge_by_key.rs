//! Merging by keys: what two people add at one place is kept, and nothing is lost, doubled or put in another order.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;

use crate::common::Sandbox;
use git_shroud::config_format::Format;
use git_shroud::merge::{self, Labels, Merged};
use proptest::prelude::*;

const ENV: Format = Format::Env;

fn by_key(format: Format, base: &str, ours: &str, theirs: &str) -> Option<String> {
    let merged = merge::by_key(format, base.as_bytes(), ours.as_bytes(), theirs.as_bytes())?;
    Some(String::from_utf8(merged.to_vec()).unwrap())
}

/// `None` where the merge by lines has a conflict.
fn by_lines(base: &str, ours: &str, theirs: &str) -> Option<String> {
    let labels = Labels::new(&[] as &[OsString]);
    let [base, ours, theirs] = [base, ours, theirs].map(str::as_bytes);
    match merge::text(base, ours, theirs, &labels, 7, None).unwrap() {
        Merged::Clean(merged) => Some(String::from_utf8(merged.to_vec()).unwrap()),
        Merged::Conflict(_) => None,
        Merged::Binary => panic!("it is text"),
    }
}

/// One that conflicts by lines and merges by keys.
#[track_caller]
fn merges(format: Format, base: &str, ours: &str, theirs: &str, expected: &str) {
    assert_eq!(by_lines(base, ours, theirs), None, "this needs no merge by keys");
    assert_eq!(by_key(format, base, ours, theirs).as_deref(), Some(expected));
    let windows = [base, ours, theirs, expected].map(|text| text.replace('\n', "\r\n"));
    assert_eq!(by_key(format, &windows[0], &windows[1], &windows[2]).as_ref(), Some(&windows[3]));
}

#[track_caller]
fn leaves(format: Format, base: &str, ours: &str, theirs: &str) {
    assert_eq!(by_key(format, base, ours, theirs), None);
}

#[test]
fn keys_added_at_one_place_are_both_kept() {
    merges(ENV, "A=1\n", "A=1\nB=2\n", "A=1\nC=3\n", "A=1\nB=2\nC=3\n");
    merges(ENV, "A=1", "A=1\nB=2", "A=1\nC=3", "A=1\nB=2\nC=3");
    merges(ENV, "", "B=2\n", "C=3\n", "B=2\nC=3\n");
    merges(
        ENV,
        "Z=\n",
        "# b\nB=2\n\nZ=\n",
        "# c\nC=\"3\n4\"\n\nZ=\n",
        "# b\nB=2\n# c\nC=\"3\n4\"\n\nZ=\n",
    );
    merges(ENV, "A=1\n", "A=1\nS=s\nB=2\n", "A=1\nS=s\nC=3\n", "A=1\nS=s\nB=2\nC=3\n");
    let properties = Format::Properties;
    merges(properties, "a=1\n", "a=1\nb: \\\n 2\n", "a=1\nc=3\n", "a=1\nb: \\\n 2\nc=3\n");
}

#[test]
fn neighbours_that_one_side_each_changed_are_both_kept() {
    merges(ENV, "A=1\nB=2\n", "A=x\nB=2\n", "A=1\nB=y\n", "A=x\nB=y\n");
    merges(ENV, "A=1\nB=2\n", "A=x\nB=2\n", "A=1\n", "A=x\n");
    merges(ENV, "A=1\n", "A=x\n", "A=1\nC=3\n", "A=x\nC=3\n");
}

#[test]
fn a_section_keeps_its_own() {
    let base = "[a]\nx=1\n\n[b]\ny=1\n";
    let [ours, theirs] =
        ["p=2\n", "q=3\n"].map(|line| base.replace("x=1\n", &format!("x=1\n{line}")));
    let both = base.replace("x=1\n", "x=1\np=2\nq=3\n");
    merges(Format::Ini, base, &ours, &theirs, &both);
    merges(Format::Toml, base, &ours, &theirs, &both);
    // Ours would end the section that theirs added to.
    let ours = base.replace("x=1\n", "x=1\n[c]\nz=1\n");
    leaves(Format::Ini, base, &ours, &theirs);
    leaves(Format::Toml, base, &ours, &theirs);
}

#[test]
fn nested_keys_are_merged() {
    let base = "a:\n  b: 1\nz: 1\n";
    let with = |lines: &str| base.replace("b: 1\n", &format!("b: 1\n{lines}"));
    merges(Format::Yaml, base, &with("  c: 2\n"), &with("  d: 3\n"), &with("  c: 2\n  d: 3\n"));
    leaves(Format::Yaml, base, &with("  c: 2\n"), &with("d: 3\n").replace("d:", " d:"));
    // One name for a value and for a mapping.
    leaves(Format::Yaml, "", "a: 5\n", "a:\n  b: 1\n");
    let base = "{\n  \"a\": {\n    \"b\": 1\n  }\n}\n";
    let with = |lines: &str| base.replace("1\n", &format!("1{lines}\n"));
    merges(
        Format::Json,
        base,
        &with(",\n    \"c\": \"2\""),
        &with(",\n    \"d\": [3]"),
        &with(",\n    \"c\": \"2\",\n    \"d\": [3]"),
    );
    leaves(Format::Json, base, &with(",\n\"c\": 2"), &with(",\n\"c\": {\n\"d\": 3\n}"));
}

#[test]
fn what_is_in_doubt_stays_a_conflict() {
    for (base, ours, theirs) in [
        // One key, two values.
        ("A=1\n", "A=2\n", "A=3\n"),
        ("", "A=2\n", "A=3\n"),
        ("Z=1\n", "A=1\nZ=1\n", "Z=1\nA=1\n"),
        // Changed and taken away.
        ("A=1\n", "", "A=2\n"),
        // Renamed, or taken away where the other adds.
        ("A=1\n", "B=1\n", "C=1\n"),
        ("A=1\nB=1\n", "A=1\n", "A=1\nC=1\nB=1\n"),
        // Another order.
        ("A=1\nB=1\n", "B=1\nA=1\n", "A=1\nB=1\nC=1\n"),
        // A key twice.
        ("A=1\nA=2\n", "A=1\nA=2\nB=1\n", "A=1\nA=2\nC=1\n"),
        // A line that is not understood.
        ("A\n", "A\nB=1\n", "A\nC=1\n"),
        // Comments alone.
        ("#\n", "# a\n", "# b\n"),
        ("", "# a\n", "B=1\n"),
        ("Z=1\n", "A=1\n# of Z\nZ=1\n", "B=1\nZ=1\n"),
        // Line ends.
        ("A=1\n", "A=1\nB=1\n", "A=1\r\nC=1\r\n"),
    ] {
        leaves(ENV, base, ours, theirs);
    }
}

/// What a side does with a line of the base, and what it adds before it.
type Edit = (u8, Vec<u8>);

/// The line at a place of the base: one in four is a comment.
fn base_line(at: usize) -> String {
    if at % 4 == 3 { format!("# about {at}\n") } else { format!("K{at}=0\n") }
}

fn side(name: &str, edits: &[Edit]) -> String {
    let mut text = String::new();
    let mut added = BTreeSet::new();
    for (at, (edit, adds)) in edits.iter().enumerate() {
        for &what in adds {
            let line = match what {
                0..=5 => format!("{name}_{at}_{what}=new\n"),
                6 => "SHARED=same\n".to_owned(),
                7 => format!("CLASH={name}\n"),
                _ => format!("# {name} {at} {what}\n"),
            };
            if added.insert(line.clone()) {
                text.push_str(&line);
            }
        }
        match (edit, at + 1 == edits.len()) {
            (_, true) | (0, _) => {}
            (1, _) if at % 4 != 3 => text.push_str(&format!("K{at}={name}\n")),
            _ => text.push_str(&base_line(at)),
        }
    }
    text
}

fn edits() -> impl Strategy<Value = Vec<Edit>> {
    let adds = prop_oneof![4 => Just(Vec::new()), 1 => prop::collection::vec(0u8..10, 1..3)];
    prop::collection::vec((prop_oneof![1 => Just(0u8), 1 => Just(1), 6 => Just(2)], adds), 9)
}

fn lines(text: &str) -> Vec<&str> {
    text.lines().collect()
}

/// Each key and each comment with its line; every one stands once.
fn entries(text: &str) -> BTreeMap<&str, &str> {
    let entry = |line| (str::split_once(line, '=').map_or(line, |(key, _)| key), line);
    let entries: BTreeMap<_, _> = text.lines().map(entry).collect();
    assert_eq!(entries.len(), text.lines().count(), "{text}");
    entries
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn nothing_is_lost_doubled_or_moved(ours in edits(), theirs in edits()) {
        let base: String = (0..8).map(base_line).collect();
        let (ours, theirs) = (side("ours", &ours), side("theirs", &theirs));
        let by_lines = by_lines(&base, &ours, &theirs);
        let Some(merged) = by_key(ENV, &base, &ours, &theirs) else { return Ok(()) };
        prop_assert_eq!(by_key(ENV, &base, &ours, &theirs), Some(merged.clone()));

        // Each key and comment is what the side made of it that touched it.
        let [b, o, t, m] = [&base, &ours, &theirs, &merged].map(|text| entries(text));
        let names: BTreeSet<_> = [&b, &o, &t, &m].into_iter().flat_map(BTreeMap::keys).collect();
        for name in names {
            let [b, o, t, m] = [&b, &o, &t, &m].map(|entries| entries.get(name));
            prop_assert_eq!(m, if o == b { t } else { o }, "{}", name);
            prop_assert!(o == t || o == b || t == b, "{}: {:?} {:?}", name, o, t);
        }
        // Each side's order is kept.
        for side in [&ours, &theirs] {
            let places = lines(side).into_iter().filter_map(|line| {
                let key = line.split('=').next();
                lines(&merged).into_iter().position(|other| other.split('=').next() == key)
            });
            let places: Vec<_> = places.collect();
            prop_assert!(places.is_sorted(), "{}\n{}", side, merged);
        }
        // Where the merge by lines is clean, this is no other.
        if let Some(by_lines) = by_lines {
            prop_assert_eq!(merged, by_lines);
        }
    }

    #[test]
    fn any_text_is_survived(
        format in prop::sample::select(vec![
            Format::Env, Format::Properties, Format::Ini, Format::Toml, Format::Yaml, Format::Json,
        ]),
        texts in prop::array::uniform3("([a-c]|\"|'|=|:|\\{|\\}|\\[|\\]|,| |\\\\|#|\r?\n|\n  |\"a\":|\"b\": 1){0,24}"),
    ) {
        let [base, ours, theirs] = &texts;
        for text in &texts {
            if let Some(lines) = format.lines(text.as_bytes()) {
                let written = format.join(&lines.entries, lines.tail);
                prop_assert_eq!(&String::from_utf8(written).unwrap(), text);
            }
        }
        if let Some(merged) = by_key(format, base, ours, theirs) {
            prop_assert!(format.lines(merged.as_bytes()).is_some());
        }
    }
}

/// A repository in whose file both branches have added a line at the end.
fn added_twice(path: &str, attributes: &str, base: &str, ours: &str, theirs: &str) -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.sealed_repository("repo");
    let file = format!("repo/{path}");
    let lines = String::from_utf8(sandbox.read("repo/.gitattributes")).unwrap();
    sandbox.write("repo/.gitattributes", format!("{lines}{attributes}"));
    for (branch, text) in [("main", base), ("topic", theirs), ("main", ours)] {
        if branch == "topic" {
            sandbox.git("repo", ["checkout", "-q", "-b", "topic"]);
        } else {
            sandbox.git("repo", ["checkout", "-q", "main"]);
        }
        sandbox.write(&file, text);
        sandbox.git("repo", ["add", "."]);
        sandbox.git("repo", ["commit", "-q", "-m", branch]);
    }
    sandbox
}

#[test]
fn git_merges_env_files_by_key_and_others_where_an_attribute_says_so() {
    let json = ["{\n\"a\": 1\n}\n", "{\n\"a\": 1,\n\"b\": 2\n}\n", "{\n\"a\": 1,\n\"c\": 3\n}\n"];
    let env = ["A=canary\n", "A=canary\nB=canary\n", "A=canary\nC=canary\n"];
    for (path, attributes, [base, ours, theirs], clean) in [
        ("secrets/x.env", "", env, true),
        ("secrets/.env.prod", "", env, true),
        ("secrets/x.properties", "", env, true),
        ("secrets/x.env", "*.env shroud-merge=text\n", env, false),
        ("secrets/x.env", "*.env -shroud-merge\n", env, false),
        ("secrets/x.ini", "", env, false),
        ("secrets/x.ini", "*.ini shroud-merge=keys\n", env, true),
        ("secrets/x.json", "", json, false),
        ("secrets/x.json", "secrets/** shroud-merge=keys\n", json, true),
        ("secrets/x", "secrets/** shroud-merge=keys\n", env, false),
    ] {
        let sandbox = added_twice(path, attributes, base, ours, theirs);
        let done = sandbox.try_git("repo", ["merge", "-q", "--no-edit", "topic"]);
        let done = done.expect(if clean { 0 } else { 1 });
        let text = String::from_utf8(sandbox.read(format!("repo/{path}"))).unwrap();
        assert_eq!(!text.contains("<<<<<<< "), clean, "{path} {attributes}\n{text}{}", done.stderr);
        if clean {
            let both = [ours, theirs].concat();
            assert!(both.lines().all(|line| text.contains(line.trim_end_matches(','))), "{text}");
            assert_eq!(sandbox.shroud("repo", ["cat", &format!("HEAD:{path}")]).text(), text);
            assert_eq!(sandbox.git("repo", ["status", "--porcelain"]).text(), "");
        }
        sandbox.assert_no_object_holds("repo", b"canary");
    }
}
