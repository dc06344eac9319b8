//! Looking at what changed: in the clear where the key is held, else a word about the file, never noise.

use super::{EVERYWHERE, Run};
use crate::common::{Done, contains};
use crate::git_matrix::Expected::{self, Noise, Pass, Refused};
use crate::git_matrix::place::{Kind, Place};

pub(crate) const ALL: &[(&str, Run, [Expected; 4])] = &[
    ("diff", |place| shows_edit(place, &["diff", "v1", "main"]), EVERYWHERE),
    ("diff of the worktree", diff_worktree, EVERYWHERE),
    ("log -p", |place| shows_edit(place, &["log", "-p", "v1..main"]), EVERYWHERE),
    ("show", |place| shows_edit(place, &["show", "main"]), EVERYWHERE),
    ("log --stat", |place| names_file(place, &["log", "--stat", "v1..main"]), EVERYWHERE),
    ("blame REV -- FILE", blame, EVERYWHERE),
    ("blame FILE", blame_worktree, [NOISE, REFUSED, Pass, Pass]),
    ("grep --textconv", grep, EVERYWHERE),
    ("range-diff", range_diff, EVERYWHERE),
    ("difftool", difftool, EVERYWHERE),
    ("cat-file --textconv, --filters", cat_file, EVERYWHERE),
];

/// git cleans what textconv made of the file in the worktree, so it shows sealed bytes.
const NOISE: Expected = Noise("git blame HEAD -- FILE");
const REFUSED: Expected = Refused("refusing to store plaintext");

fn has(done: &Done, text: &str) -> bool {
    contains(&done.stdout, text.as_bytes())
}

fn shows_edit(place: &Place<'_>, args: &[&str]) -> Result<(), Done> {
    let done = place.git(args)?;
    let part = match place.kind {
        Kind::Unlocked => "+A=canary-main",
        Kind::Locked => "+sealed with key default",
        Kind::NeverSetUp | Kind::Tripwire => "Binary files ",
    };
    assert!(has(&done, part), "{}", done.text());
    assert_eq!(has(&done, "canary"), place.is_open(), "{}", done.text());
    Ok(())
}

fn names_file(place: &Place<'_>, args: &[&str]) -> Result<(), Done> {
    let done = place.git(args)?;
    assert!(has(&done, "secrets/app.env") && !has(&done, "canary"), "{}", done.text());
    Ok(())
}

/// Another version is in the worktree.
fn diff_worktree(place: &Place<'_>) -> Result<(), Done> {
    place.git(&["reset", "-q", "--mixed", "v1"])?;
    shows_edit(place, &["diff"])
}

fn blame(place: &Place<'_>) -> Result<(), Done> {
    let done = place.git(&["blame", "main", "--", "secrets/app.env"])?;
    assert_eq!(has(&done, "A=canary-main") && has(&done, "F=6"), place.is_open());
    Ok(())
}

fn blame_worktree(place: &Place<'_>) -> Result<(), Done> {
    let done = place.git(&["blame", "secrets/app.env"])?;
    assert!(!has(&done, "canary"), "{}", done.text());
    if place.is_open() { Err(done) } else { Ok(()) }
}

fn grep(place: &Place<'_>) -> Result<(), Done> {
    for args in [&["grep", "--textconv", "canary-main"][..], &["grep", "canary-main"]] {
        assert_eq!(place.git(args).is_ok(), place.is_open(), "{args:?}");
    }
    let committed = place.git(&["grep", "--textconv", "canary-1", "v1"]);
    assert_eq!(committed.is_ok(), place.is_open());
    Ok(())
}

fn range_diff(place: &Place<'_>) -> Result<(), Done> {
    let done = place.git(&["range-diff", "v1..origin/topic", "v1..origin/clash"])?;
    assert!(has(&done, "topic") && has(&done, "clash"), "{}", done.text());
    Ok(())
}

fn difftool(place: &Place<'_>) -> Result<(), Done> {
    place.sh("printf '#!/bin/sh\ndiff -r -a \"$@\"\ntrue\n' > ../tool && chmod +x ../tool")?;
    let tool = place.path("tool");
    for way in ["--no-dir-diff", "--dir-diff"] {
        let args = ["difftool", "-y", "-x", tool.to_str().unwrap(), way, "v1", "main"];
        let done = place.git(&args)?;
        assert_eq!(has(&done, "> A=canary-main"), place.is_open(), "{way}: {}", done.stderr);
    }
    Ok(())
}

fn cat_file(place: &Place<'_>) -> Result<(), Done> {
    let done = place.git(&["cat-file", "--filters", "v1:secrets/app.env"])?;
    assert_eq!(has(&done, "A=canary-1"), place.is_open());
    let done = place.git(&["cat-file", "--textconv", "v1:secrets/app.env"])?;
    assert_eq!(has(&done, "A=canary-1"), place.is_open());
    Ok(())
}
