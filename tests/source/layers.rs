//! Every module is a layer of its own, and uses only those below it.
//!
//! A folder's file (`mod.rs`, or `x.rs` beside `x/`) and what is in the folder are one; what the folder holds may use what the folder's file has.

use std::collections::{BTreeMap, BTreeSet};

use crate::exceptions::{self, Finding};
use crate::paths::{Crate, Module};
use crate::texts;

/// The modules, lowest first.
const LAYERS: [&str; 37] = [
    // Words that every other module may use.
    "clock",
    "hex",
    "newer",
    "repo_path",
    "sanitise",
    "error",
    "secret",
    "parallel",
    "progress",
    "fs",
    // What is sealed, with which key, for whom, and where it is kept.
    "format",
    "git_crypt",
    "keyring",
    "recipient",
    "git",
    "store",
    // Services that know text alone.
    "config_format",
    "detect",
    "values",
    // Services that know a repository.
    "filter",
    "merge",
    "status",
    "check",
    "clone",
    "access",
    "remote",
    "scan",
    "environments",
    "migrate",
    "import",
    "scrub",
    "doctor",
    "demo",
    // The program.
    "ui",
    "hardening",
    "commands",
    "cli",
];

fn layer(module: &str) -> usize {
    LAYERS.iter().position(|&layer| layer == module).unwrap_or_else(|| {
        panic!(
            "module '{module}' is in no layer: give it a place in LAYERS of tests/source/layers.rs"
        )
    })
}

/// A use of one module by another, as the list of exceptions writes it.
fn written(read: &Crate, user: &Module, used: &Module) -> String {
    format!("{} uses {}", read.files[user].name, used.join("::"))
}

/// What uses what, in the whole crate.
fn uses(read: &Crate) -> Vec<(Module, Module)> {
    let of = |user: &Module| {
        let used = read.used_by(user).into_iter();
        used.map(|used| (user.clone(), used)).collect::<Vec<_>>()
    };
    read.files.keys().flat_map(of).collect()
}

/// Uses of what is in a later layer, and of one command by another.
fn upward(read: &Crate) -> Vec<Finding> {
    let mut found = Vec::new();
    for (user, used) in uses(read) {
        let up = layer(&used[0]) > layer(&user[0]);
        let command =
            |module: &Module| (module[0] == "commands").then(|| module.get(1).cloned()).flatten();
        let across = match (command(&user), command(&used)) {
            (Some(user), Some(used)) => user != used,
            _ => false,
        };
        let why = match (up, across) {
            (true, _) => "is an import upward: move what is used down, or the user up",
            (_, true) => "is a command that uses another: move what both need into a service",
            _ => continue,
        };
        found.push(Finding { line: written(read, &user, &used), why: why.to_owned() });
    }
    found
}

/// The uses that go from one thing in a folder to another in it, by the folder: a thing is a file with the folder of its name.
type Folders = BTreeMap<Module, Vec<Use>>;

struct Use {
    from: Module,
    to: Module,
    line: String,
}

fn folders(read: &Crate) -> Folders {
    let mut folders = Folders::new();
    for (user, used) in uses(read) {
        let common = user.iter().zip(&used).take_while(|(a, b)| a == b).count();
        // The layers rule over modules, and commands use no other at all.
        let ruled = common == 0 || user[..common] == ["commands"];
        if ruled || common == user.len() || common == used.len() {
            continue;
        }
        let (from, to) = (user[..=common].to_vec(), used[..=common].to_vec());
        let line = written(read, &user, &used);
        folders.entry(user[..common].to_vec()).or_default().push(Use { from, to, line });
    }
    folders
}

/// Whether uses lead from one thing to another.
fn leads(uses: &[&Use], from: &Module, to: &Module) -> bool {
    let mut reached = BTreeSet::from([from]);
    let mut next = vec![from];
    while let Some(from) = next.pop() {
        for step in uses.iter().filter(|step| step.from == *from) {
            if reached.insert(&step.to) {
                next.push(&step.to);
            }
        }
    }
    reached.contains(to)
}

/// The uses that close a circle. Of a circle that an exception opens only the exceptions are told, so that each is needed.
fn circles(read: &Crate, listed: &BTreeSet<String>) -> Vec<Finding> {
    let mut found = Vec::new();
    for (folder, uses) in folders(read) {
        let all: Vec<&Use> = uses.iter().collect();
        let open: Vec<&Use> = uses.iter().filter(|one| !listed.contains(&one.line)).collect();
        for one in &all {
            let through = if listed.contains(&one.line) { &all } else { &open };
            if !leads(through, &one.to, &one.from) {
                continue;
            }
            let is_folder = |thing: &Module| {
                read.files
                    .keys()
                    .any(|module| module.len() > thing.len() && module.starts_with(thing))
            };
            let where_ = if is_folder(&one.from) || is_folder(&one.to) {
                "modules of different folders"
            } else {
                "files of one folder"
            };
            let (from, to) = (one.from.join("::"), one.to.join("::"));
            found.push(Finding {
                line: one.line.clone(),
                why: format!(
                    "is part of a circle between {where_}, in {}: {from} and {to}",
                    folder.join("::")
                ),
            });
        }
    }
    found
}

#[test]
fn imports_point_downward_and_in_no_circle() {
    let read = Crate::read(&texts("src"));
    let listed = exceptions::listed(" uses ");
    let mut found = upward(&read);
    let lines: BTreeSet<String> =
        listed.iter().map(|line| exceptions::claim(line).to_owned()).collect();
    found.extend(circles(&read, &lines));
    exceptions::hold(&listed, &found);
}

#[test]
fn every_layer_is_named_once() {
    let named: BTreeSet<&str> = LAYERS.into_iter().collect();
    assert_eq!(named.len(), LAYERS.len());
}

#[test]
fn what_is_wrong_is_found() {
    let texts = [
        ("src/format.rs", "use crate::store::Thing;"),
        ("src/store.rs", "pub struct Thing;"),
        ("src/scan/a.rs", "use super::b; use super::c::d;"),
        ("src/scan/b.rs", "use super::a;"),
        ("src/scan/c/mod.rs", ""),
        ("src/scan/c/d.rs", "use super::super::a;"),
        ("src/commands/x.rs", "use super::Context;"),
        ("src/commands/y.rs", "fn f() { super::x::run() }"),
        ("src/commands/y/z.rs", "use super::f;"),
    ];
    let texts = texts.map(|(name, text)| (name.to_owned(), text.to_owned()));
    let read = Crate::read(&texts);
    let lines = |found: Vec<Finding>| found.into_iter().map(|found| found.line).collect::<Vec<_>>();
    assert_eq!(
        lines(upward(&read)),
        ["src/commands/y.rs uses commands::x", "src/format.rs uses store"]
    );
    let all = [
        "src/scan/a.rs uses scan::b",
        "src/scan/a.rs uses scan::c::d",
        "src/scan/b.rs uses scan::a",
        "src/scan/c/d.rs uses scan::a",
    ];
    assert_eq!(lines(circles(&read, &BTreeSet::new())), all);
    // An exception opens its circle, and is needed as long as the circle is there.
    let listed = BTreeSet::from([all[0].to_owned(), all[1].to_owned()]);
    assert_eq!(lines(circles(&read, &listed)), all[..2]);
}
