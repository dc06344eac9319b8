//! Repositories that come from this clone: each is opened with the key, and holds what it should.

use super::{EVERYWHERE, Run};
use crate::common::Done;
use crate::git_matrix::Expected;
use crate::git_matrix::place::{Place, on_main};

pub(crate) const ALL: &[(&str, Run, [Expected; 4])] = &[
    ("worktree add", worktree, EVERYWHERE),
    ("clone --local", |place| clone(place, &["--local"]), EVERYWHERE),
    ("clone --shared", |place| clone(place, &["--shared"]), EVERYWHERE),
    ("clone --depth=1", |place| clone_over_protocol(place, &["--depth=1"]), EVERYWHERE),
    (
        "clone --filter=blob:none",
        |place| clone_over_protocol(place, &["--filter=blob:none"]),
        EVERYWHERE,
    ),
    ("clone --sparse", sparse, EVERYWHERE),
    ("clone --bare, push", push, EVERYWHERE),
    ("submodule add, update", submodule, EVERYWHERE),
    ("bundle", bundle, EVERYWHERE),
    ("archive", archive, EVERYWHERE),
];

fn worktree(place: &Place<'_>) -> Result<(), Done> {
    place.git(&["worktree", "add", "-q", "../linked", "origin/topic"])?;
    assert!(place.git_in("linked", &["status", "--porcelain"])?.text().is_empty());
    let topic = crate::git_matrix::place::BASE.replace("F=6", "F=canary-topic");
    place.shows_in("linked", "secrets/app.env", &topic, place.is_open());
    place.git(&["worktree", "remove", "--force", "../linked"])?;
    place.is_clean();
    Ok(())
}

/// The repository in the folder `to` is sealed, and opens.
fn opens(place: &Place<'_>, to: &str) -> Result<(), Done> {
    place.shows_in(to, "secrets/app.env", &on_main(), false);
    place.unlock_in(to);
    place.shows_in(to, "secrets/app.env", &on_main(), true);
    assert_eq!(place.git_in(to, &["status", "--porcelain"])?.text(), "");
    place.shroud_in(to, &["lock", "-q"])?;
    place.shows_in(to, "secrets/app.env", &on_main(), false);
    Ok(())
}

fn clone(place: &Place<'_>, options: &[&str]) -> Result<(), Done> {
    place.git_in(".", &[&["clone", "-q"], options, &["clone", "copy"]].concat())?;
    opens(place, "copy")
}

fn clone_over_protocol(place: &Place<'_>, options: &[&str]) -> Result<(), Done> {
    place.must(&["config", "uploadpack.allowFilter", "true"]);
    let url = format!("file://{}", place.path("clone").display());
    place.git_in(".", &[&["clone", "-q"], options, &[&url, "copy"]].concat())?;
    opens(place, "copy")
}

fn sparse(place: &Place<'_>) -> Result<(), Done> {
    place.git_in(".", &["clone", "-q", "--sparse", "clone", "copy"])?;
    assert!(!place.path("copy/secrets").exists());
    place.unlock_in("copy");
    place.git_in("copy", &["sparse-checkout", "add", "secrets"])?;
    place.shows_in("copy", "secrets/app.env", &on_main(), true);
    Ok(())
}

fn push(place: &Place<'_>) -> Result<(), Done> {
    place.git_in(".", &["clone", "-q", "--bare", "clone", "bare.git"])?;
    place.git(&["merge", "-q", "--no-edit", "origin/side"])?;
    place.git(&["push", "-q", "../bare.git", "main"])?;
    place.git_in(".", &["clone", "-q", "bare.git", "copy"])?;
    place.shows_in("copy", "secrets/other.env", "OTHER=canary-side\n", false);
    opens(place, "copy")
}

fn submodule(place: &Place<'_>) -> Result<(), Done> {
    place.git_in(".", &["init", "-q", "super"])?;
    place.git_in("super", &["submodule", "--quiet", "add", "../clone", "sub"])?;
    place.git_in("super", &["commit", "-q", "-m", "sub"])?;
    opens(place, "super/sub")?;
    place.git(&["merge", "-q", "--no-edit", "origin/side"])?;
    place.git_in("super", &["submodule", "--quiet", "update", "--remote"])?;
    place.shows_in("super/sub", "secrets/other.env", "OTHER=canary-side\n", false);
    opens(place, "super/sub")?;
    place.git_in(".", &["clone", "-q", "--recurse-submodules", "super", "copy"])?;
    opens(place, "copy/sub")
}

fn bundle(place: &Place<'_>) -> Result<(), Done> {
    place.git(&["bundle", "create", "-q", "../all.bundle", "--all"])?;
    place.git(&["bundle", "verify", "-q", "../all.bundle"])?;
    place.git_in(".", &["clone", "-q", "-b", "main", "all.bundle", "copy"])?;
    opens(place, "copy")
}

/// An archive is made through the filters: in the clear where the clone is unlocked.
fn archive(place: &Place<'_>) -> Result<(), Done> {
    place.sh("mkdir ../out && git archive HEAD > ../out.tar && tar -x -f ../out.tar -C ../out")?;
    place.shows_in("out", "secrets/app.env", &on_main(), place.is_open());
    Ok(())
}
