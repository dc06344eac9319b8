//! Joining the edits of two people.

use super::{EVERYWHERE, JOINED, NEW_PLAINTEXT, Run};
use crate::common::Done;
use crate::git_matrix::Expected;
use crate::git_matrix::place::{BASE, Place, merged, on_main};

pub(crate) const ALL: &[(&str, Run, [Expected; 4])] = &[
    ("merge, another file", merge_other_file, EVERYWHERE),
    ("merge, the same file", |place| joins(place, &["merge", "--no-edit", "origin/topic"]), JOINED),
    ("merge, a conflict", conflict, JOINED),
    ("merge --squash", squash, JOINED),
    ("rebase --merge", |place| rebase(place, "--merge"), JOINED),
    ("rebase --apply", |place| rebase(place, "--apply"), JOINED),
    ("rebase -i, reworded", rebase_interactively, EVERYWHERE),
    ("cherry-pick", |place| joins(place, &["cherry-pick", "origin/topic"]), JOINED),
    ("revert", revert, EVERYWHERE),
    ("revert, an older edit", revert_older, JOINED),
    ("format-patch, am", mail, EVERYWHERE),
    ("format-patch, am -3", mail_three_way, JOINED),
    ("stash pop onto other edits", stash_pop, NEW_PLAINTEXT),
    ("merge-tree --write-tree", merge_tree, JOINED),
    ("pull --rebase", pull, JOINED),
];

#[track_caller]
fn is_merged(place: &Place<'_>) {
    place.shows("secrets/app.env", &merged());
    place.holds("HEAD:secrets/app.env", &merged());
    place.is_clean();
}

fn joins(place: &Place<'_>, args: &[&str]) -> Result<(), Done> {
    place.git(args)?;
    is_merged(place);
    Ok(())
}

fn merge_other_file(place: &Place<'_>) -> Result<(), Done> {
    place.git(&["merge", "-q", "--no-edit", "origin/side"])?;
    place.shows("secrets/app.env", &on_main());
    place.shows("secrets/other.env", "OTHER=canary-side\n");
    place.is_clean();
    Ok(())
}

/// Markers stand in the worktree in the clear, and nowhere else.
fn conflict(place: &Place<'_>) -> Result<(), Done> {
    let done = place.git(&["merge", "origin/clash"]).expect_err("it conflicts");
    if !place.is_open() {
        return Err(done);
    }
    assert_eq!(done.status, 1, "{}", done.stderr);
    let text = String::from_utf8(place.read("clone/secrets/app.env")).unwrap();
    for part in ["<<<<<<< ", "A=canary-main\n", "=======\n", "A=canary-clash\n", ">>>>>>> "] {
        assert!(text.contains(part), "{text}");
    }
    assert!(!place.holds_plaintext());
    place.write("secrets/app.env", BASE);
    place.git(&["add", "secrets"])?;
    place.git(&["commit", "-q", "--no-edit"])?;
    place.holds("HEAD:secrets/app.env", BASE);
    place.is_clean();
    Ok(())
}

fn squash(place: &Place<'_>) -> Result<(), Done> {
    place.git(&["merge", "--squash", "origin/topic"])?;
    place.git(&["commit", "-q", "-m", "squashed"])?;
    is_merged(place);
    Ok(())
}

fn rebase(place: &Place<'_>, backend: &str) -> Result<(), Done> {
    place.git(&["switch", "-q", "topic"])?;
    place.git(&["rebase", backend, "main"])?;
    is_merged(place);
    Ok(())
}

fn rebase_interactively(place: &Place<'_>) -> Result<(), Done> {
    place.sh("GIT_SEQUENCE_EDITOR='sed -i s/^pick/reword/' git rebase -q -i v1")?;
    place.shows("secrets/app.env", &on_main());
    place.is_clean();
    Ok(())
}

fn revert(place: &Place<'_>) -> Result<(), Done> {
    place.git(&["revert", "--no-edit", "HEAD"])?;
    place.shows("secrets/app.env", BASE);
    place.is_clean();
    Ok(())
}

fn revert_older(place: &Place<'_>) -> Result<(), Done> {
    place.git(&["reset", "-q", "--hard", "joined"])?;
    place.git(&["revert", "--no-edit", "origin/topic"])?;
    place.shows("secrets/app.env", &on_main());
    place.is_clean();
    Ok(())
}

fn mail(place: &Place<'_>) -> Result<(), Done> {
    place.sh("git format-patch -q --full-index -1 -o ../mail origin/topic")?;
    place.git(&["checkout", "-q", "--detach", "v1"])?;
    place.sh("git am -q ../mail/*")?;
    place.shows("secrets/app.env", &BASE.replace("F=6", "F=canary-topic"));
    place.is_clean();
    Ok(())
}

fn mail_three_way(place: &Place<'_>) -> Result<(), Done> {
    place.sh("git format-patch -q --full-index -1 -o ../mail origin/topic")?;
    place.sh("! grep -q canary ../mail/*")?;
    place.sh("git am -3 ../mail/*")?;
    is_merged(place);
    Ok(())
}

fn stash_pop(place: &Place<'_>) -> Result<(), Done> {
    place.git(&["checkout", "-q", "--detach", "v1"])?;
    place.write("secrets/app.env", &BASE.replace("F=6", "F=canary-topic"));
    place.git(&["stash", "push", "-q"])?;
    place.git(&["checkout", "-q", "main"])?;
    place.git(&["stash", "pop"])?;
    place.git(&["commit", "-q", "-a", "-m", "both"])?;
    is_merged(place);
    Ok(())
}

fn merge_tree(place: &Place<'_>) -> Result<(), Done> {
    let tree = place.git(&["merge-tree", "--write-tree", "main", "origin/topic"])?.text();
    place.holds(&format!("{}:secrets/app.env", tree.trim_end()), &merged());
    place.is_clean();
    Ok(())
}

fn pull(place: &Place<'_>) -> Result<(), Done> {
    place.git(&["switch", "-q", "topic"])?;
    place.git(&["pull", "--rebase", "origin", "main"])?;
    is_merged(place);
    Ok(())
}
