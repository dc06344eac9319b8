//! What a holder of the key does with values that were set without it.

use super::{VALUE, contributed, export, flags, set_second_element, token, type_in};
use crate::common::{Sandbox, text};

/// The contributor has set A, and everybody has it.
pub(super) fn pushed() -> Sandbox {
    let sandbox = contributed();
    type_in(&sandbox, "clone", "A", VALUE);
    sandbox.git("clone", ["commit", "-q", "-a", "-m", "Set A"]);
    sandbox.git("clone", ["push", "-q"]);
    sandbox
}

#[test]
fn a_token_stays_until_its_value_changes() {
    let sandbox = pushed();
    let first = token(&sandbox, "repo", "A");
    type_in(&sandbox, "repo", "B", "changed");
    sandbox.git("repo", ["commit", "-q", "-a", "-m", "Change B"]);
    assert_eq!(token(&sandbox, "repo", "A"), first);
    assert_eq!(flags(&sandbox, "repo", "B"), 0);
    type_in(&sandbox, "repo", "A", "changed-by-a-holder");
    sandbox.git("repo", ["commit", "-q", "-a", "-m", "Change A"]);
    assert_eq!(flags(&sandbox, "repo", "A"), 0);
    // Back to the contributed value, as an editor does that undoes: it was never ordinary.
    type_in(&sandbox, "repo", "A", VALUE);
    sandbox.git("repo", ["commit", "-q", "-a", "-m", "Change A back"]);
    assert_eq!(token(&sandbox, "repo", "A"), first);
}

#[test]
fn equal_values_of_a_list_keep_their_tokens() {
    let sandbox = contributed();
    set_second_element(&sandbox);
    let before = sandbox.blob("repo", ":conf/a.json");
    assert!(text(sandbox.read("repo/conf/a.json")).contains("[\"two\", \"two\"]"));
    sandbox.git("repo", ["add", "--renormalize", "."]);
    assert_eq!(sandbox.blob("repo", ":conf/a.json"), before);
    assert_eq!(sandbox.git("repo", ["status", "--porcelain"]).text(), "");
}

#[test]
fn rotation_seals_them_to_the_new_public_key_and_keeps_the_option() {
    let sandbox = pushed();
    let public = |sandbox: &Sandbox| {
        let file = text(sandbox.read("repo/.shroud/default/key.toml"));
        file.lines().find(|line| line.starts_with("public_key")).map(str::to_owned)
    };
    let before = public(&sandbox).unwrap();
    sandbox.shroud("repo", ["key", "rotate", "-q"]);
    sandbox.git("repo", ["commit", "-q", "-m", "Rotate keys"]);
    assert_eq!(flags(&sandbox, "repo", "A"), 2);
    let id = |sandbox: &Sandbox| token(sandbox, "repo", "B")[..8].to_vec();
    assert_eq!(token(&sandbox, "repo", "A")[..8], id(&sandbox));
    let after = public(&sandbox).unwrap();
    assert_ne!(before, after);
    assert!(text(sandbox.read("repo/conf/a.env")).contains(VALUE));
    // The contributor goes on with the new key, and is told.
    sandbox.git("clone", ["pull", "-q"]);
    type_in(&sandbox, "clone", "B", "after-rotation");
    sandbox.git("clone", ["add", "."]).says("has a new public key");
    let said = sandbox.git("clone", ["add", "--renormalize", "."]);
    assert!(!said.stderr.contains("public key"), "{}", said.stderr);
    sandbox.git("clone", ["commit", "-q", "-m", "Set B"]);
    sandbox.shroud("clone", ["check", "--all"]);
    sandbox.git("clone", ["push", "-q"]);
    assert!(text(sandbox.read("repo/conf/a.env")).contains("B=after-rotation"));
    // Withdrawn, it is refused again.
    sandbox.shroud("repo", ["key", "rotate", "-q", "--no-write-only"]);
    sandbox.git("repo", ["commit", "-q", "-m", "Rotate keys"]);
    assert_eq!(public(&sandbox), None);
    // Those that were set stay what they are, sealed to a public key that only holders know.
    assert_eq!((flags(&sandbox, "repo", "A"), flags(&sandbox, "repo", "B")), (2, 2));
    assert_eq!(token(&sandbox, "repo", "A")[..8], id(&sandbox));
    sandbox.shroud("repo", ["check", "--all"]);
    sandbox.git(".", ["clone", "-q", "repo", "fresh"]);
    export(&sandbox);
    sandbox.shroud("fresh", ["unlock", "-q", sandbox.path("team.key").to_str().unwrap()]);
    let read = text(sandbox.read("fresh/conf/a.env"));
    assert!(read.starts_with(&format!("A={VALUE}\nB=after-rotation\n")), "{read}");
    sandbox.git("clone", ["pull", "-q"]);
    type_in(&sandbox, "clone", "B", VALUE);
    sandbox.try_git("clone", ["add", "."]).expect(128).says("not held here");
}

#[test]
fn every_command_reads_them() {
    let sandbox = pushed();
    let says = |args: &[&str], what: &str| {
        let done = sandbox.shroud("repo", args);
        assert!(
            done.text().contains(what) || done.stderr.contains(what),
            "{args:?}: {}",
            done.text()
        );
    };
    says(&["cat", "HEAD:conf/a.env"], VALUE);
    says(&["diff", "HEAD~1..HEAD", "--masked"], "A");
    assert!(sandbox.git("repo", ["diff", "HEAD~1", "HEAD"]).text().contains(VALUE));
    says(&["log", "-1", "conf/a.env"], VALUE);
    says(&["check", "--all"], "");
    says(&["doctor"], "");
    says(&["scan"], "");
    sandbox.shroud("repo", ["lock", "-q"]);
    assert!(!text(sandbox.read("repo/conf/a.env")).contains(VALUE));
    sandbox.shroud("repo", ["unlock", "-q", sandbox.path("team.key").to_str().unwrap()]);
    assert!(text(sandbox.read("repo/conf/a.env")).contains(VALUE));
    // A lock that seals changes keeps what did not change.
    let first = token(&sandbox, "repo", "A");
    type_in(&sandbox, "repo", "B", "changed");
    sandbox.shroud("repo", ["lock", "-q", "--force"]);
    sandbox.git("repo", ["add", "."]);
    assert_eq!(token(&sandbox, "repo", "A"), first);
}

/// With the key of the environment a file of the worktree stays sealed.
#[test]
fn a_file_that_stays_sealed_keeps_them() {
    let sandbox = pushed();
    let key = sandbox.path("team.key");
    std::fs::remove_file(sandbox.path("clone/conf/a.env")).unwrap();
    sandbox.git("clone", ["checkout", "-q", "--", "conf"]);
    let first = token(&sandbox, "clone", "A");
    sandbox.git("clone", ["config", "core.editor", "sed -i s/two/changed/"]);
    let variable = ("GIT_SHROUD_KEYRING", key.to_str().unwrap());
    sandbox.try_shroud_with(variable, "clone", &["edit", "conf/a.env"]).expect(0);
    assert!(!text(sandbox.read("clone/conf/a.env")).contains("changed"));
    sandbox.git("clone", ["add", "."]);
    assert_eq!(token(&sandbox, "clone", "A"), first);
    assert_eq!(flags(&sandbox, "clone", "B"), 0);
    sandbox.git("clone", ["commit", "-q", "-m", "Change B"]);
    sandbox.git("clone", ["push", "-q"]);
    let read = text(sandbox.read("repo/conf/a.env"));
    assert_eq!(read, format!("A={VALUE}\nB=changed\n# note\nLOG=info\n"));
}

#[test]
fn a_merge_with_a_holders_change_has_both() {
    let sandbox = pushed();
    sandbox.git("repo", ["checkout", "-q", "-b", "side", "HEAD~1"]);
    let file = text(sandbox.read("repo/conf/a.env"));
    sandbox.write("repo/conf/a.env", format!("{file}NEW=by-a-holder\n"));
    sandbox.git("repo", ["commit", "-q", "-a", "-m", "New"]);
    sandbox.git("repo", ["merge", "-q", "main", "-m", "Both"]);
    let read = text(sandbox.read("repo/conf/a.env"));
    assert_eq!(read, format!("A={VALUE}\nB=two\n# note\nLOG=info\nNEW=by-a-holder\n"));
    assert_eq!(sandbox.git("repo", ["status", "--porcelain"]).text(), "");
    sandbox.shroud("repo", ["check", "HEAD~1..HEAD"]);
}
