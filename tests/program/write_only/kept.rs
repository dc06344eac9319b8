//! What a holder of the key does with values that were set without it makes none of them an ordinary one: those can be compared.

use super::holders::pushed;
use super::{VALUE, contributed, flags, set_second_element, token, token_in, type_in};
use crate::common::{Sandbox, text};

/// A branch of the holder, from before the contributor's commit, with a change of another line.
fn on_side(sandbox: &Sandbox) {
    sandbox.git("repo", ["checkout", "-q", "-b", "side", "main~1"]);
    type_in(sandbox, "repo", "B", "changed");
    sandbox.write("repo/conf/a.env", format!("{}C=more\n", text(sandbox.read("repo/conf/a.env"))));
    sandbox.git("repo", ["commit", "-q", "-a", "-m", "Side"]);
}

#[track_caller]
fn is_kept(sandbox: &Sandbox, first: &[u8]) {
    assert_eq!(token(sandbox, "repo", "A"), first);
    assert!(text(sandbox.read("repo/conf/a.env")).contains(&format!("A={VALUE}\n")));
    assert_eq!(sandbox.git("repo", ["status", "--porcelain", "-uno"]).text(), "");
    sandbox.git("repo", ["add", "--renormalize", "."]);
    assert_eq!(token(sandbox, "repo", "A"), first);
    assert_eq!(sandbox.git("repo", ["status", "--porcelain", "-uno"]).text(), "");
}

#[test]
fn merges_take_the_token() {
    let sandbox = pushed();
    let first = token(&sandbox, "repo", "A");
    on_side(&sandbox);
    sandbox.git("repo", ["merge", "-q", "main", "-m", "Both"]);
    is_kept(&sandbox, &first);
    // From the other side.
    sandbox.git("repo", ["reset", "-q", "--hard", "HEAD^1"]);
    sandbox.git("repo", ["checkout", "-q", "main"]);
    sandbox.git("repo", ["merge", "-q", "side", "-m", "Both"]);
    is_kept(&sandbox, &first);
    sandbox.git("repo", ["reset", "-q", "--hard", "HEAD^1"]);
    sandbox.git("repo", ["checkout", "-q", "side"]);
    sandbox.git("repo", ["rebase", "-q", "main"]);
    is_kept(&sandbox, &first);
    sandbox.git("repo", ["reset", "-q", "--hard", "ORIG_HEAD"]);
    sandbox.git("repo", ["cherry-pick", "main"]);
    is_kept(&sandbox, &first);
    sandbox.git("repo", ["revert", "--no-edit", "HEAD"]);
    assert_eq!(flags(&sandbox, "repo", "A"), 0);
    sandbox.git("repo", ["revert", "--no-edit", "HEAD"]);
    is_kept(&sandbox, &first);
}

#[test]
fn a_conflict_elsewhere_in_the_file_takes_the_token() {
    let sandbox = pushed();
    let first = token(&sandbox, "repo", "A");
    type_in(&sandbox, "repo", "B", "ours");
    sandbox.git("repo", ["commit", "-q", "-a", "-m", "Ours"]);
    on_side(&sandbox);
    sandbox.try_git("repo", ["merge", "-q", "main"]).expect(1);
    for resolved in ["changed", "ours", "both"] {
        sandbox.write(
            "repo/conf/a.env",
            format!("A={VALUE}\nB={resolved}\n# note\nLOG=info\nC=more\n"),
        );
        sandbox.git("repo", ["add", "."]);
        assert_eq!(token(&sandbox, "repo", "A"), first, "{resolved}");
        sandbox.git("repo", ["checkout", "-q", "-m", "--", "conf/a.env"]);
    }
}

#[test]
fn stash_reset_and_restore_take_the_token() {
    let sandbox = pushed();
    let first = token(&sandbox, "repo", "A");
    type_in(&sandbox, "repo", "B", "changed");
    sandbox.git("repo", ["stash", "-q"]);
    sandbox.git("repo", ["stash", "pop", "-q"]);
    sandbox.git("repo", ["commit", "-q", "-a", "-m", "B"]);
    is_kept(&sandbox, &first);
    // The index has the version of before, and the worktree the contributed value.
    sandbox.git("repo", ["reset", "-q", "HEAD~2"]);
    assert_eq!(flags(&sandbox, "repo", "A"), 0);
    sandbox.git("repo", ["commit", "-q", "-a", "-m", "Again"]);
    is_kept(&sandbox, &first);
    sandbox.git("repo", ["checkout", "-q", "-b", "old", "HEAD~1"]);
    sandbox.git("repo", ["restore", "--source=main", "conf/a.env"]);
    sandbox.git("repo", ["commit", "-q", "-a", "-m", "Restored"]);
    is_kept(&sandbox, &first);
    // What is read from history and put back is no change either.
    sandbox.git("repo", ["checkout", "-q", "-b", "older", "HEAD~1"]);
    let read = sandbox.shroud("repo", ["cat", "main:conf/a.env"]).stdout;
    sandbox.write("repo/conf/a.env", read);
    sandbox.git("repo", ["commit", "-q", "-a", "-m", "Put back"]);
    is_kept(&sandbox, &first);
}

#[test]
fn copies_and_new_names_are_sealed_to_the_public_key() {
    let sandbox = pushed();
    let stored = |path: &str, name: &str| token_in(&sandbox, "repo", path, name)[8];
    let value = text(sandbox.read("repo/conf/a.env"));
    sandbox.write("repo/conf/copy.env", &value);
    sandbox.git("repo", ["add", "."]);
    assert_eq!(stored("conf/copy.env", "A"), 2);
    // Names that nobody set without the key stay ordinary.
    assert_eq!(stored("conf/copy.env", "B"), 0);
    // It stays as it is.
    let before = sandbox.blob("repo", ":conf/copy.env");
    sandbox.write("repo/conf/copy.env", format!("{value}C=more\n"));
    sandbox.git("repo", ["add", "."]);
    let after = text(sandbox.blob("repo", ":conf/copy.env"));
    assert!(after.starts_with(&text(before)), "{after}");
    // Over a file that has an ordinary value of the name.
    sandbox.git("repo", ["rm", "-q", "-f", "conf/copy.env"]);
    sandbox.write("repo/conf/b.env", "A=else\n");
    sandbox.git("repo", ["-c", "filter.shroud.required=true", "add", "."]);
    sandbox.write("repo/conf/b.env", &value);
    sandbox.git("repo", ["add", "."]);
    assert_eq!(stored("conf/b.env", "A"), 2);
    sandbox.git("repo", ["mv", "conf/a.env", "conf/moved.env"]);
    assert_eq!(stored("conf/moved.env", "A"), 2);
    // Another name in the same file.
    sandbox.write("repo/conf/moved.env", value.replace("A=", "NEW="));
    sandbox.git("repo", ["add", "."]);
    assert_eq!(stored("conf/moved.env", "NEW"), 2);
    assert_eq!(sandbox.git("repo", ["status", "--porcelain"]).text().matches("AM ").count(), 0);
    sandbox.git("repo", ["commit", "-q", "-m", "Moved"]);
    sandbox.git("repo", ["clone", "-q", ".", "../fresh"]);
    sandbox.shroud("fresh", ["unlock", "-q", sandbox.path("team.key").to_str().unwrap()]);
    assert!(text(sandbox.read("fresh/conf/moved.env")).contains(&format!("NEW={VALUE}\n")));
}

#[test]
fn sealing_in_another_way_and_back_takes_the_token() {
    let sandbox = pushed();
    let first = token(&sandbox, "repo", "A");
    sandbox.shroud("repo", ["track", "-q", "--whole", "conf/**"]);
    sandbox.git("repo", ["commit", "-q", "-a", "-m", "Whole"]);
    sandbox.shroud("repo", ["track", "-q", "--values", "--clear", "LOG", "conf/**"]);
    sandbox.git("repo", ["commit", "-q", "-a", "-m", "By value"]);
    is_kept(&sandbox, &first);
}

#[test]
fn commands_that_write_files_take_the_token() {
    let sandbox = pushed();
    let first = token(&sandbox, "repo", "A");
    sandbox.git("repo", ["config", "core.editor", "sed -i s/two/edited/"]);
    sandbox.shroud("repo", ["edit", "conf/a.env"]);
    sandbox.git("repo", ["commit", "-q", "-a", "-m", "Edited"]);
    assert!(text(sandbox.read("repo/conf/a.env")).contains("B=edited"));
    is_kept(&sandbox, &first);
    sandbox.shroud("repo", ["lock", "-q"]);
    sandbox.shroud("repo", ["unlock", "-q", sandbox.path("team.key").to_str().unwrap()]);
    is_kept(&sandbox, &first);
    sandbox.shroud("repo", ["status", "--fix"]);
    is_kept(&sandbox, &first);
}

/// Equal elements of a list are told apart by their order.
#[test]
fn an_element_that_equals_another_one_does_not_take_its_token() {
    let sandbox = contributed();
    set_second_element(&sandbox);
    let before = text(sandbox.blob("repo", ":conf/a.json"));
    let read = text(sandbox.read("repo/conf/a.json"));
    sandbox.write("repo/conf/a.json", read.replace("\"one\"", "\"changed\""));
    sandbox.git("repo", ["add", "."]);
    let after = text(sandbox.blob("repo", ":conf/a.json"));
    let list = |text: &str| text[text.find("\"b\"").unwrap()..].to_owned();
    assert_eq!(list(&after), list(&before));
    // Where one more is put among them, nobody can tell which of equal ones are which.
    sandbox.write("repo/conf/a.json", read.replace("[\"two\"", "[\"first\", \"two\""));
    sandbox.git("repo", ["add", "."]);
    let longer = list(&text(sandbox.blob("repo", ":conf/a.json")));
    let tokens: Vec<&str> = longer.split('"').filter(|part| part.starts_with("shroud")).collect();
    assert!(tokens.len() == 3 && tokens.iter().all(|token| !before.contains(token)), "{longer}");
    // And it stays so.
    sandbox.git("repo", ["add", "--renormalize", "."]);
    assert_eq!(list(&text(sandbox.blob("repo", ":conf/a.json"))), longer);
}
