//! What git does with a repository as a whole.

use super::{EVERYWHERE, Run};
use crate::common::Done;
use crate::git_matrix::Expected;
use crate::git_matrix::place::{Place, on_main};

pub(crate) const ALL: &[(&str, Run, [Expected; 4])] = &[
    ("gc, repack, prune", housekeeping, EVERYWHERE),
    ("fsck", fsck, EVERYWHERE),
    ("notes", notes, EVERYWHERE),
    ("bisect", bisect, EVERYWHERE),
    ("read-tree -m -u", read_tree, EVERYWHERE),
    ("sparse-checkout", sparse_checkout, EVERYWHERE),
    ("fast-export, fast-import", export, EVERYWHERE),
];

fn housekeeping(place: &Place<'_>) -> Result<(), Done> {
    place.git(&["repack", "-a", "-d", "-f", "-q"])?;
    place.git(&["gc", "-q", "--prune=now"])?;
    place.git(&["prune"])?;
    place.sh("rm -r secrets")?;
    place.git(&["checkout", "-q", "."])?;
    place.shows("secrets/app.env", &on_main());
    place.is_clean();
    Ok(())
}

fn fsck(place: &Place<'_>) -> Result<(), Done> {
    place.git(&["fsck", "--full", "--strict"])?;
    Ok(())
}

fn notes(place: &Place<'_>) -> Result<(), Done> {
    place.git(&["notes", "add", "-m", "a note", "HEAD"])?;
    assert_eq!(place.git(&["notes", "show", "HEAD"])?.text(), "a note\n");
    assert!(place.git(&["log", "-1"])?.text().contains("a note"));
    Ok(())
}

/// `main` is found to be the commit that brought the new value of A.
fn bisect(place: &Place<'_>) -> Result<(), Done> {
    place.git(&["merge", "-q", "--no-edit", "origin/side"])?;
    place.git(&["bisect", "start", "HEAD", "v1"])?;
    let test = "! git merge-base --is-ancestor origin/main HEAD";
    let done = place.git(&["bisect", "run", "sh", "-c", test])?;
    assert!(done.text().contains("is the first bad commit"), "{}", done.text());
    place.git(&["bisect", "reset"])?;
    place.shows("secrets/app.env", &on_main());
    place.is_clean();
    Ok(())
}

fn read_tree(place: &Place<'_>) -> Result<(), Done> {
    place.git(&["read-tree", "-m", "-u", "HEAD", "origin/side"])?;
    place.shows("secrets/other.env", "OTHER=canary-side\n");
    place.git(&["commit", "-q", "-m", "side"])?;
    place.is_clean();
    Ok(())
}

fn sparse_checkout(place: &Place<'_>) -> Result<(), Done> {
    place.git(&["sparse-checkout", "set", "--cone", "docs"])?;
    assert!(!place.path("clone/secrets").exists());
    place.git(&["sparse-checkout", "disable"])?;
    place.shows("secrets/app.env", &on_main());
    place.is_clean();
    Ok(())
}

fn export(place: &Place<'_>) -> Result<(), Done> {
    place.git_in(".", &["init", "-q", "-b", "main", "copy"])?;
    place.sh("git fast-export --signed-tags=strip main | git -C ../copy fast-import --quiet")?;
    place.git_in("copy", &["checkout", "-q", "-f", "main"])?;
    place.shows_in("copy", "secrets/app.env", &on_main(), false);
    place.unlock_in("copy");
    place.shows_in("copy", "secrets/app.env", &on_main(), true);
    Ok(())
}
