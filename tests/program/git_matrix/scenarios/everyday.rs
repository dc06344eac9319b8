//! Adding, changing, moving and removing files.

use super::{EVERYWHERE, NEW_PLAINTEXT, Run};
use crate::common::Done;
use crate::git_matrix::Expected::{self, Git, LeaksUnseen, Pass, Refused};
use crate::git_matrix::place::{BASE, Kind, Place, on_main};

pub(crate) const ALL: &[(&str, Run, [Expected; 4])] = &[
    ("add", add, NEW_PLAINTEXT),
    ("commit -a", commit, NEW_PLAINTEXT),
    ("add -p", add_by_patch, [Git("Only binary files changed"), REFUSED, BINARY, TRIPPED]),
    ("checkout REV -- FILE", checkout_file, EVERYWHERE),
    ("checkout, 4 workers", parallel_checkout, EVERYWHERE),
    ("switch", switch, EVERYWHERE),
    ("restore", restore, EVERYWHERE),
    ("restore --staged --source", restore_staged, EVERYWHERE),
    ("reset --hard", reset_hard, EVERYWHERE),
    ("reset --mixed, add", reset_mixed, [Pass, Pass, Pass, TRIPPED]),
    ("stash push, show, pop", stash, NEW_PLAINTEXT),
    ("stash -u", stash_untracked, [Pass, REFUSED, UNSEEN, TRIPPED]),
    ("mv within the sealed folder", move_within, EVERYWHERE),
    ("mv out of it", move_out, [Refused("not-tracked"); 4]),
    ("mv into it", move_in, [PLAIN, REFUSED, PLAIN, PLAIN]),
    ("rm", remove, EVERYWHERE),
    ("clean", clean, EVERYWHERE),
];

const REFUSED: Expected = Refused("refusing to store plaintext");
const BINARY: Expected = Git("Only binary files changed");
const TRIPPED: Expected = Git("locked-run-git-shroud-unlock");
const PLAIN: Expected = Refused("plaintext");
/// git keeps untracked files in a commit without attributes, and pushes no stash.
const UNSEEN: Expected = LeaksUnseen("a stash is not pushed");
const NEW: &str = "NEW=canary-new\n";

fn add(place: &Place<'_>) -> Result<(), Done> {
    place.write("secrets/new", NEW);
    place.git(&["add", "secrets/new"])?;
    if place.is_open() {
        place.holds(":secrets/new", NEW);
    }
    Ok(())
}

fn commit(place: &Place<'_>) -> Result<(), Done> {
    place.write("secrets/app.env", NEW);
    place.git(&["commit", "-q", "-a", "-m", "new"])?;
    if place.is_open() {
        place.holds("HEAD:secrets/app.env", NEW);
        place.is_clean();
    }
    Ok(())
}

/// git patches no file that has a driver for binary diffs; it says so, and stages nothing.
fn add_by_patch(place: &Place<'_>) -> Result<(), Done> {
    place.write("secrets/app.env", NEW);
    let done = place.sh("echo y | git add -p")?;
    assert_eq!(place.must(&["diff", "--cached", "--name-only"]).text(), "");
    Err(done)
}

fn checkout_file(place: &Place<'_>) -> Result<(), Done> {
    place.git(&["checkout", "-q", "v1", "--", "secrets/app.env"])?;
    place.shows("secrets/app.env", BASE);
    place.git(&["checkout", "-q", "HEAD", "--", "secrets"])?;
    place.shows("secrets/app.env", &on_main());
    place.is_clean();
    Ok(())
}

fn parallel_checkout(place: &Place<'_>) -> Result<(), Done> {
    place.sh("rm -r secrets README")?;
    let workers = ["-c", "checkout.workers=4", "-c", "checkout.thresholdForParallelism=1"];
    place.git(&[&workers[..], &["checkout", "-q", "."]].concat())?;
    place.shows("secrets/app.env", &on_main());
    place.shows("secrets/other.env", "OTHER=canary-other\n");
    place.is_clean();
    Ok(())
}

fn switch(place: &Place<'_>) -> Result<(), Done> {
    for (branch, text) in [
        ("topic", BASE.replace("F=6", "F=canary-topic")),
        ("main", on_main()),
        ("clash", BASE.replace("canary-1", "canary-clash")),
    ] {
        place.git(&["switch", "-q", branch])?;
        place.shows("secrets/app.env", &text);
        place.is_clean();
    }
    Ok(())
}

fn restore(place: &Place<'_>) -> Result<(), Done> {
    place.write("secrets/app.env", NEW);
    place.sh("rm secrets/other.env")?;
    place.git(&["restore", "secrets"])?;
    place.shows("secrets/app.env", &on_main());
    place.shows("secrets/other.env", "OTHER=canary-other\n");
    place.is_clean();
    Ok(())
}

fn restore_staged(place: &Place<'_>) -> Result<(), Done> {
    place.git(&["restore", "--staged", "--worktree", "--source", "v1", "secrets"])?;
    place.shows("secrets/app.env", BASE);
    place.git(&["commit", "-q", "-m", "as it was"])?;
    place.holds("HEAD:secrets/app.env", BASE);
    place.is_clean();
    Ok(())
}

fn reset_hard(place: &Place<'_>) -> Result<(), Done> {
    place.write("secrets/app.env", NEW);
    place.git(&["reset", "-q", "--hard", "v1"])?;
    place.shows("secrets/app.env", BASE);
    place.is_clean();
    Ok(())
}

/// The file stays as it is in the worktree, and makes the blob of the commit that was left.
fn reset_mixed(place: &Place<'_>) -> Result<(), Done> {
    let blob = place.must(&["rev-parse", "main:secrets/app.env"]).text();
    place.git(&["reset", "-q", "--mixed", "v1"])?;
    place.shows("secrets/app.env", &on_main());
    place.git(&["add", "secrets"])?;
    assert_eq!(place.must(&["rev-parse", ":secrets/app.env"]).text(), blob);
    Ok(())
}

fn stash(place: &Place<'_>) -> Result<(), Done> {
    place.write("secrets/app.env", NEW);
    place.git(&["stash", "push", "-q"])?;
    place.shows("secrets/app.env", &on_main());
    // Without the option git shows no text here, whatever the driver.
    let shown = place.git(&["stash", "show", "-p", "--textconv"])?.text();
    assert_eq!(shown.contains("+NEW=canary-new"), place.is_open(), "{shown}");
    if place.kind == Kind::NeverSetUp {
        return Ok(());
    }
    place.git(&["stash", "pop", "-q"])?;
    assert_eq!(place.read("clone/secrets/app.env"), NEW.as_bytes());
    Ok(())
}

fn stash_untracked(place: &Place<'_>) -> Result<(), Done> {
    place.write("secrets/new", NEW);
    place.git(&["stash", "push", "-q", "-u"])?;
    assert!(!place.path("clone/secrets/new").exists());
    place.git(&["stash", "pop", "-q"])?;
    assert_eq!(place.read("clone/secrets/new"), NEW.as_bytes());
    Ok(())
}

fn move_within(place: &Place<'_>) -> Result<(), Done> {
    place.git(&["mv", "secrets/app.env", "secrets/moved.env"])?;
    place.git(&["commit", "-q", "-m", "moved"])?;
    place.shows("secrets/moved.env", &on_main());
    place.holds("HEAD:secrets/moved.env", &on_main());
    place.is_clean();
    place.shroud_in("clone", &["check", "HEAD^!"])?;
    Ok(())
}

/// git moves the entry as it is, so what is staged is sealed still; the guard says that its path is not.
fn move_out(place: &Place<'_>) -> Result<(), Done> {
    place.git(&["mv", "secrets/app.env", "app.env"])?;
    place.shroud_in("clone", &["check", "--staged"])?;
    Ok(())
}

/// git moves the entry as it is, in the clear; the guard stops the commit.
fn move_in(place: &Place<'_>) -> Result<(), Done> {
    place.git(&["mv", "README", "secrets/README"])?;
    place.shroud_in("clone", &["check", "--staged"])?;
    Ok(())
}

fn remove(place: &Place<'_>) -> Result<(), Done> {
    place.git(&["rm", "-q", "secrets/app.env"])?;
    assert!(!place.path("clone/secrets/app.env").exists());
    place.git(&["commit", "-q", "-m", "gone"])?;
    place.is_clean();
    Ok(())
}

fn clean(place: &Place<'_>) -> Result<(), Done> {
    place.write("secrets/junk", NEW);
    place.git(&["clean", "-f", "-d", "-q"])?;
    assert!(!place.path("clone/secrets/junk").exists());
    place.shows("secrets/app.env", &on_main());
    place.is_clean();
    Ok(())
}
