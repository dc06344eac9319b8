//! `git shroud check`: every way in which a secret leaks into history, each refused without a key.

use crate::common::{Done, Sandbox, noise};

/// Path and problem of every finding, in order.
fn findings(done: &Done) -> Vec<(String, String)> {
    let json = done.json();
    let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
    let all = json["findings"].as_array().unwrap();
    all.iter().map(|found| (text(&found["path"]), text(&found["problem"]))).collect()
}

#[track_caller]
fn expect(sandbox: &Sandbox, dir: &str, arguments: &[&str], expected: &[(&str, &str)]) {
    let done = sandbox.try_shroud(dir, [&["check", "--json"], arguments].concat());
    let done = done.expect(i32::from(!expected.is_empty()));
    let found = findings(&done);
    let found: Vec<_> = found.iter().map(|(path, problem)| (&**path, &**problem)).collect();
    assert_eq!(found, expected, "{arguments:?}");
}

fn sealed() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.sealed_repository("repo");
    sandbox
}

/// Commits what is staged, whatever guards there are.
#[track_caller]
fn commit(sandbox: &Sandbox, dir: &str, message: &str) {
    sandbox.git(dir, ["commit", "-q", "--no-verify", "-m", message]);
}

#[track_caller]
fn commit_raw(sandbox: &Sandbox, path: &str, content: &[u8]) {
    sandbox.stage_raw("repo", path, content);
    commit(sandbox, "repo", path);
}

fn append(sandbox: &Sandbox, path: &str, text: &str) {
    let mut content = sandbox.read(path);
    content.extend_from_slice(text.as_bytes());
    sandbox.write(path, content);
}

#[test]
fn what_is_staged_in_the_clear_is_refused() {
    let sandbox = sealed();
    expect(&sandbox, "repo", &["--staged"], &[]);
    sandbox.stage_raw("repo", "secrets/new.env", b"canary");
    sandbox.stage_raw("repo", "elsewhere", b"no secret");
    expect(&sandbox, "repo", &["--staged"], &[("secrets/new.env", "plaintext")]);
    let listed = sandbox.try_shroud("repo", ["check"]).expect(1).says("status --fix");
    assert_eq!(listed.text(), "staged  secrets/new.env  plaintext\n");
    sandbox.shroud("repo", ["status", "--fix"]);
    sandbox.shroud("repo", ["check"]).says("found nothing");
    assert_eq!(sandbox.shroud("repo", ["check", "--staged"]).stderr, "");
}

#[test]
fn a_clone_that_was_never_set_up_stages_nothing_in_the_clear() {
    let sandbox = Sandbox::new();
    // Else git itself would refuse.
    sandbox.sealed_repository_with("repo", &["--no-tripwire"]);
    sandbox.git(".", ["clone", "-q", "repo", "clone"]);
    sandbox.write("clone/secrets/new.env", "canary");
    sandbox.git("clone", ["add", "."]);
    expect(&sandbox, "clone", &["--staged"], &[("secrets/new.env", "plaintext")]);
}

#[test]
fn the_first_commit_of_all_is_checked_too() {
    let sandbox = crate::common::repository();
    sandbox.shroud("repo", ["check"]);
    sandbox.write("repo/.gitattributes", "* filter=shroud\n.gitattributes !filter\n");
    sandbox.git("repo", ["add", "."]);
    sandbox.stage_raw("repo", "a", b"canary");
    expect(&sandbox, "repo", &[], &[("a", "plaintext")]);
}

#[test]
fn a_commit_in_the_middle_of_a_range_is_named() {
    let sandbox = sealed();
    commit_raw(&sandbox, "secrets/leak", b"canary");
    let leak = sandbox.git("repo", ["rev-parse", "HEAD"]).text();
    sandbox.git("repo", ["rm", "-q", "--cached", "secrets/leak"]);
    commit(&sandbox, "repo", "taken back");
    let found = [("secrets/leak", "plaintext")];
    expect(&sandbox, "repo", &["HEAD~2..HEAD"], &found);
    expect(&sandbox, "repo", &["HEAD"], &found);
    expect(&sandbox, "repo", &["--all"], &found);
    expect(&sandbox, "repo", &["HEAD^!"], &[]);
    expect(&sandbox, "repo", &["HEAD", "^HEAD~1"], &[]);
    let listed =
        sandbox.try_shroud("repo", ["check", "HEAD~2..HEAD"]).expect(1).says("scrub --seal");
    assert_eq!(listed.text(), format!("{}  secrets/leak  plaintext\n", &leak[..12]));
    let json = sandbox.try_shroud("repo", ["check", "--json", "HEAD"]).expect(1).json();
    assert_eq!(json["findings"][0]["commit"], leak.trim());
    assert_eq!(json["complete"], true);
}

#[test]
fn old_plaintext_does_not_block_what_leaves_it_alone() {
    let sandbox = sealed();
    commit_raw(&sandbox, "secrets/old", b"canary");
    commit_raw(&sandbox, "docs/more", b"no secret");
    expect(&sandbox, "repo", &["HEAD^!"], &[]);
    // Also where attributes change that have nothing to do with it.
    append(&sandbox, "repo/.gitattributes", "*.png binary\n");
    sandbox.git("repo", ["add", ".gitattributes"]);
    expect(&sandbox, "repo", &["--staged"], &[]);
    commit(&sandbox, "repo", "attributes");
    expect(&sandbox, "repo", &["HEAD^!"], &[]);
    commit_raw(&sandbox, "secrets/old", b"canary two");
    expect(&sandbox, "repo", &["HEAD^!"], &[("secrets/old", "plaintext")]);
}

#[test]
fn a_merge_answers_for_what_came_with_it() {
    let sandbox = sealed();
    sandbox.git("repo", ["checkout", "-q", "-b", "side"]);
    commit_raw(&sandbox, "cert.pem", b"canary");
    sandbox.git("repo", ["checkout", "-q", "-f", "main"]);
    sandbox.shroud("repo", ["track", "-q", "*.pem"]);
    commit(&sandbox, "repo", "seal certificates");
    // Neither side leaks; the merge of both does.
    expect(&sandbox, "repo", &["--all"], &[]);
    sandbox.git("repo", ["merge", "-q", "--no-verify", "-m", "merge", "side"]);
    expect(&sandbox, "repo", &["HEAD^1..HEAD", "^side"], &[("cert.pem", "plaintext")]);

    // What only the merge brings.
    let sandbox = sealed();
    sandbox.git("repo", ["checkout", "-q", "-b", "side"]);
    commit_raw(&sandbox, "docs/a", b"a");
    sandbox.git("repo", ["checkout", "-q", "-f", "main"]);
    commit_raw(&sandbox, "docs/b", b"b");
    sandbox.git("repo", ["reset", "-q", "--hard"]);
    sandbox.git("repo", ["merge", "-q", "--no-commit", "--no-ff", "side"]);
    expect(&sandbox, "repo", &["--staged"], &[]);
    sandbox.stage_raw("repo", "secrets/evil", b"canary");
    expect(&sandbox, "repo", &["--staged"], &[("secrets/evil", "plaintext")]);
    commit(&sandbox, "repo", "evil merge");
    expect(&sandbox, "repo", &["HEAD^!"], &[("secrets/evil", "plaintext")]);

    // What one side has brought already is not the merge's.
    let sandbox = sealed();
    sandbox.git("repo", ["checkout", "-q", "-b", "side"]);
    commit_raw(&sandbox, "secrets/old", b"canary");
    sandbox.git("repo", ["checkout", "-q", "-f", "main"]);
    commit_raw(&sandbox, "docs/b", b"b");
    sandbox.git("repo", ["reset", "-q", "--hard"]);
    sandbox.git("repo", ["merge", "-q", "--no-ff", "-m", "merge", "side"]);
    expect(&sandbox, "repo", &["HEAD^!"], &[]);
}

#[test]
fn a_file_that_moves_out_of_the_sealed_folder_is_noticed() {
    let sandbox = sealed();
    // git moves the sealed blob: nothing would seal it again.
    sandbox.git("repo", ["mv", "secrets/db.env", "db.env"]);
    expect(&sandbox, "repo", &["--staged"], &[("db.env", "not-tracked")]);
    sandbox.git("repo", ["add", "--renormalize", "."]);
    expect(&sandbox, "repo", &["--staged"], &[("db.env", "moved-in-the-clear")]);
    let listed = sandbox.try_shroud("repo", ["check"]).expect(1).says("--allow").text();
    assert_eq!(listed, "staged  db.env  moved-in-the-clear  (was sealed as secrets/db.env)\n");
    // The same extension tells, too, where all small files have one length.
    sandbox.git("repo", ["mv", "db.env", "database.env"]);
    expect(&sandbox, "repo", &["--staged"], &[("database.env", "moved-in-the-clear")]);
    sandbox.git("repo", ["mv", "database.env", "notes.txt"]);
    expect(&sandbox, "repo", &["--staged"], &[]);
    // Whoever pushes writes the attributes: only where the check runs it is said to be on purpose.
    sandbox.git("repo", ["mv", "notes.txt", "db.env"]);
    append(&sandbox, "repo/.gitattributes", "db.env -filter\n");
    sandbox.git("repo", ["add", ".gitattributes"]);
    expect(&sandbox, "repo", &["--staged"], &[("db.env", "moved-in-the-clear")]);
    expect(&sandbox, "repo", &["--staged", "--allow", "/db.env"], &[]);
}

#[test]
fn larger_files_are_told_by_their_length_and_moves_within_do_no_harm() {
    let sandbox = sealed();
    let secret = noise(3_500);
    sandbox.write("repo/secrets/big.pem", &secret);
    sandbox.write("repo/secrets/conf/x.env", "more");
    sandbox.git("repo", ["add", "."]);
    commit(&sandbox, "repo", "big");
    sandbox.git("repo", ["mv", "secrets/conf", "secrets/settings"]);
    sandbox.stage_raw("repo", "docs/x.env", b"an example");
    expect(&sandbox, "repo", &["--staged"], &[]);
    commit(&sandbox, "repo", "moved within");
    expect(&sandbox, "repo", &["HEAD^!"], &[]);
    sandbox.git("repo", ["rm", "-q", "-r", "--cached", "secrets"]);
    sandbox.stage_raw("repo", "docs/page.html", &secret);
    sandbox.stage_raw("repo", "docs/other.html", b"something else");
    expect(&sandbox, "repo", &["--staged"], &[("docs/page.html", "moved-in-the-clear")]);
}

#[test]
fn a_dropped_attribute_line_is_noticed() {
    let sandbox = sealed();
    let attributes = String::from_utf8(sandbox.read("repo/.gitattributes")).unwrap();
    sandbox.write(
        "repo/.gitattributes",
        attributes.replace("secrets/** shroud filter=shroud diff=shroud merge=shroud -text\n", ""),
    );
    sandbox.git("repo", ["add", ".gitattributes"]);
    let not_tracked =
        [("secrets/db.env", "not-tracked"), ("secrets/deep/er/tls.key", "not-tracked")];
    expect(&sandbox, "repo", &["--staged"], &not_tracked);
    commit(&sandbox, "repo", "dropped");
    expect(&sandbox, "repo", &["HEAD^!"], &not_tracked);
    sandbox.git("repo", ["add", "--renormalize", "."]);
    let unsealed = [("secrets/db.env", "unsealed"), ("secrets/deep/er/tls.key", "unsealed")];
    expect(&sandbox, "repo", &["--staged"], &unsealed);
    commit(&sandbox, "repo", "in the clear");
    expect(&sandbox, "repo", &["HEAD^!"], &unsealed);
    expect(&sandbox, "repo", &["HEAD~2..HEAD"], &[not_tracked, unsealed].concat());
    sandbox.write("repo/.gitattributes", format!("{attributes}*.key -filter\n"));
    sandbox.git("repo", ["reset", "-q", "--soft", "HEAD~2"]);
    sandbox.git("repo", ["add", "."]);
    sandbox.git("repo", ["add", "--renormalize", "."]);
    let found = findings(&sandbox.try_shroud("repo", ["check", "--json"]));
    // Whoever pushes writes the attributes: they do not say that it is meant.
    assert_eq!(found, [("secrets/deep/er/tls.key".to_owned(), "unsealed".to_owned())]);
}

#[test]
fn a_new_pattern_over_plaintext_is_noticed() {
    let sandbox = sealed();
    commit_raw(&sandbox, "config/a.env", b"canary");
    sandbox.write("repo/config/.gitattributes", "[attr]own filter=shroud\n*.env shroud\n*.x own\n");
    sandbox.git("repo", ["add", "config/.gitattributes"]);
    // A macro in a folder below is none.
    sandbox.stage_raw("repo", "config/b.x", b"no secret");
    expect(&sandbox, "repo", &["--staged"], &[("config/a.env", "plaintext")]);
}

#[test]
fn only_attributes_that_every_clone_has_count() {
    let sandbox = sealed();
    sandbox
        .write("repo/.git/info/attributes", "[attr]shroud !filter\n* -filter\nx filter=shroud\n");
    sandbox.write("home/.config/git/attributes", "* -filter\n");
    sandbox.stage_raw("repo", "secrets/new", b"canary");
    sandbox.stage_raw("repo", "x", b"no secret");
    expect(&sandbox, "repo", &["--staged"], &[("secrets/new", "plaintext")]);
    // What the worktree says and the commit does not, neither.
    sandbox.write("repo/.gitattributes", "");
    expect(&sandbox, "repo", &["--staged"], &[("secrets/new", "plaintext")]);
}

#[test]
fn what_is_sealed_and_cannot_be_opened_is_refused() {
    let sandbox = sealed();
    sandbox.foreign_key();
    sandbox.shroud("other", ["track", "-q", "*.env"]);
    sandbox.write("other/a.env", "sealed with an unknown key");
    sandbox.git("other", ["add", "."]);
    let foreign = sandbox.blob("other", ":a.env");
    sandbox.shroud("repo", ["key", "new", "-q", "prod"]);
    sandbox.shroud("repo", ["track", "-q", "--key", "prod", "prod/**"]);
    let sealed = sandbox.blob("repo", ":secrets/db.env");
    let mut version = sealed.clone();
    version[7] = 9;
    append(
        &sandbox,
        "repo/.gitattributes",
        "conflict/* shroud text\nbad/* shroud shroud-key=BAD\n",
    );
    sandbox.git("repo", ["add", ".gitattributes"]);
    for (path, content) in [
        ("secrets/unknown", foreign.as_slice()),
        ("secrets/version", &version),
        ("secrets/cut", &sealed[..sealed.len() - 1]),
        ("secrets/header", &sealed[..40]),
        ("secrets/git-crypt", b"\0GITCRYPT\0 and more"),
        ("secrets/none", b""),
        ("secrets/good", &sealed),
        ("prod/other", &sealed),
        ("conflict/a", &sealed),
        ("bad/a", &sealed),
        // Of another repository and at no path of ours, as a test's example is.
        ("fixtures/foreign", &foreign),
        ("fixtures/own", &sealed),
        ("sub/.gitattributes", &sealed),
        (".shroud/default/key.toml", b"version = 1\n"),
    ] {
        sandbox.stage_raw("repo", path, content);
    }
    let expected = [
        (".shroud/default/key.toml", "damaged"),
        ("bad/a", "bad-key-name"),
        ("conflict/a", "attribute-conflict"),
        ("fixtures/own", "not-tracked"),
        ("prod/other", "other-key"),
        ("secrets/cut", "damaged"),
        ("secrets/git-crypt", "git-crypt"),
        ("secrets/header", "damaged"),
        ("secrets/unknown", "unknown-key"),
        ("secrets/version", "newer"),
        ("sub/.gitattributes", "own-file"),
    ];
    expect(&sandbox, "repo", &["--staged"], &expected);
    commit(&sandbox, "repo", "all of it");
    expect(&sandbox, "repo", &["HEAD^!"], &expected);
}

#[test]
fn gits_own_files_are_not_to_be_sealed() {
    let sandbox = sealed();
    append(&sandbox, "repo/.gitattributes", "* shroud\n");
    sandbox.stage_raw("repo", ".gitattributes", &sandbox.read("repo/.gitattributes"));
    let expected = [(".gitattributes", "own-file"), ("README", "plaintext")];
    expect(&sandbox, "repo", &["--staged"], &expected);
    for path in [".gitignore", ".mailmap", "docs/.gitignore", "docs/.mailmap"] {
        sandbox.stage_raw("repo", path, b"# read by git\n");
    }
    let own = [".gitattributes", ".gitignore", ".mailmap", "docs/.gitignore"];
    let expected: Vec<_> = own
        .into_iter()
        .map(|path| (path, "own-file"))
        .chain([("README", "plaintext"), ("docs/.mailmap", "plaintext")])
        .collect::<std::collections::BTreeMap<_, _>>()
        .into_iter()
        .collect();
    expect(&sandbox, "repo", &["--staged"], &expected);
    let doctor = sandbox.try_shroud("repo", ["doctor", "--json"]).expect(1).json();
    let found = doctor["findings"].as_array().unwrap();
    for path in own {
        let says = format!("an attribute seals {path}, but");
        let named = found.iter().find(|one| one["message"].as_str().unwrap().starts_with(&says));
        assert_eq!(named.expect(path)["severity"], "problem");
    }
}

#[test]
fn a_key_that_history_describes_is_known() {
    let sandbox = sealed();
    let sealed = sandbox.blob("repo", ":secrets/db.env");
    let described = sandbox.read("repo/.shroud/default/key.toml");
    // Commits are made up here, with bytes as they are.
    sandbox.git("repo", ["config", "--remove-section", "filter.shroud"]);
    // As after a rotation: the folder describes another key, and earlier files are sealed with the old one.
    sandbox.foreign_key();
    let newer = String::from_utf8(sandbox.read("other/.shroud/default/key.toml")).unwrap();
    let newer = newer.replace("generation = 1", "generation = 2");
    commit_raw(&sandbox, ".shroud/default/key.toml", newer.as_bytes());
    commit_raw(&sandbox, "secrets/restored", &sealed);
    expect(&sandbox, "repo", &["HEAD^!"], &[]);
    expect(&sandbox, "repo", &["HEAD"], &[]);
    // In a history that never described it, it is unknown; a later commit may, as after a scrub.
    sandbox.git("repo", ["checkout", "-q", "-f", "--orphan", "alone"]);
    sandbox.git("repo", ["update-index", "--force-remove", ".shroud/default/key.toml"]);
    commit(&sandbox, "repo", "without keys");
    commit_raw(&sandbox, ".shroud/default/key.toml", &described);
    let unknown: Vec<_> = ["secrets/db.env", "secrets/deep/er/tls.key", "secrets/restored"]
        .map(|path| (path, "unknown-key"))
        .into();
    expect(&sandbox, "repo", &["HEAD^"], &unknown);
    expect(&sandbox, "repo", &["HEAD"], &[]);
    expect(&sandbox, "repo", &["HEAD^!"], &[]);
}

#[test]
fn wrong_requests_are_told_so() {
    let sandbox = sealed();
    sandbox.try_shroud("repo", ["check", "no-such..HEAD"]).expect(2).says("no-such");
    sandbox.try_shroud("repo", ["check", "--all", "HEAD"]).expect(2);
    sandbox.try_shroud("repo", ["check", "--staged", "--pre-receive"]).expect(2);
    sandbox.try_shroud(".", ["check"]).expect(2).says("not a git repository");
    sandbox.git(".", ["clone", "-q", "--bare", "repo", "bare"]);
    sandbox.try_shroud("bare", ["check"]).expect(2).says("check main");
    sandbox.shroud("bare", ["check", "--all"]).says("checked 1 commit");
    let mut command = sandbox.command(env!("CARGO_BIN_EXE_git-shroud"), "repo");
    command.args(["check", "--pre-receive"]);
    sandbox
        .run_with_input(command, b"nonsense\n")
        .expect(2)
        .says("not what git passes to this hook");
    // A conflict has no tree.
    sandbox.git("repo", ["checkout", "-q", "-b", "side"]);
    commit_raw(&sandbox, "both", b"a");
    sandbox.git("repo", ["checkout", "-q", "-f", "main"]);
    commit_raw(&sandbox, "both", b"b");
    sandbox.git("repo", ["reset", "-q", "--hard"]);
    sandbox.try_git("repo", ["merge", "side"]).expect(1);
    sandbox.try_shroud("repo", ["check"]).expect(2).says("resolve the conflicts first");
}
