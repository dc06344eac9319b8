//! The whole of a migration, and ways around it.

use crate::common::is_sealed;
use crate::migrate::place::{
    ATTRIBUTES, FILES, OPS_ATTRIBUTES, assert_open, foreign, git_crypt, is_git_crypt, migrate,
    taken_over,
};

#[test]
fn a_repository_is_taken_over_in_one_commit() {
    let sandbox = foreign();
    let before = sandbox.git("repo", ["rev-parse", "HEAD"]).text();
    let done = migrate(&sandbox, "repo", &[]).expect(0);
    let done = done.says("the git-crypt key 'Ops' is called 'ops' here");
    done.says("to undo it: git revert HEAD").says("key export --name ops");
    assert_open(&sandbox, "repo");
    assert_eq!(sandbox.git("repo", ["rev-parse", "HEAD^"]).text(), before);
    for (path, _, key) in FILES {
        let blob = sandbox.blob("repo", format!("HEAD:{path}").as_str());
        assert_eq!(is_sealed(&blob), key.is_some(), "{path}");
        let earlier = sandbox.blob("repo", format!("HEAD^:{path}").as_str());
        assert_eq!(is_git_crypt(&earlier), key.is_some(), "{path}");
    }
    let status = sandbox.shroud("repo", ["status"]).text();
    assert!(status.contains("sealed  ops/prod.yml  (key ops, generation 1)"), "{status}");
    assert!(status.contains("sealed  ops/shared/all.yml  (key default, generation 1)"), "{status}");
    sandbox.assert_no_object_holds("repo", b"canary");
    sandbox.git("repo", ["fsck", "--strict"]);
    migrate(&sandbox, "repo", &[]).expect(2).says("git-crypt encrypts nothing in this repository");
}

#[test]
fn lines_are_rewritten_where_they_stand() {
    let sandbox = taken_over();
    // The default key is named, as a line above names another.
    let seal =
        |key: &str| format!("shroud shroud-key={key} filter=shroud diff=shroud merge=shroud -text");
    let text = |path: &str| String::from_utf8(sandbox.read(path)).unwrap();
    let expected = ATTRIBUTES
        .replace("filter=git-crypt diff=git-crypt", &seal("default"))
        .replace("diff=git-crypt  filter=git-crypt", &seal("default"))
        .replace("!filter !diff", "!filter !diff !merge !shroud");
    let head = "[attr]shroud filter=shroud diff=shroud merge=shroud -text -delta working-tree-encoding=locked-run-git-shroud-unlock\n";
    assert_eq!(text("repo/.gitattributes"), format!("{head}{expected}"));
    let expected = OPS_ATTRIBUTES
        .replace("filter=git-crypt-Ops diff=git-crypt-Ops", &seal("ops"))
        .replace("filter=git-crypt diff=git-crypt", &seal("default"))
        .replace(".gitattributes !filter !diff", ".gitattributes !filter !diff !merge !shroud")
        .replace(
            "public.txt !filter !diff",
            "public.txt !filter !diff !merge text !delta !working-tree-encoding",
        );
    assert_eq!(text("repo/ops/.gitattributes"), expected);
}

#[test]
fn files_that_are_not_sealed_keep_their_line_ends() {
    let sandbox = foreign();
    sandbox.write("repo/ops/public.txt", "in the clear\r\n");
    // The same blob; now git knows that this is what the worktree holds of it.
    sandbox.git("repo", ["add", "ops/public.txt"]);
    assert_eq!(sandbox.git("repo", ["status", "--porcelain"]).text(), "");
    let done = migrate(&sandbox, "repo", &[]).expect(0);
    assert!(!done.stderr.contains("the attribute"), "{}", done.stderr);
    assert_eq!(sandbox.git("repo", ["status", "--porcelain"]).text(), "");
    assert_eq!(sandbox.read("repo/ops/public.txt"), b"in the clear\r\n");
}

#[test]
fn an_attribute_that_changes_besides_is_named() {
    let sandbox = foreign();
    // One line cannot give two files what two lines above gave them.
    let ops = "* filter=git-crypt-Ops diff=git-crypt-Ops\n.gitattributes !filter !diff\npublic.* !filter !diff\n";
    sandbox.write("repo/ops/.gitattributes", ops);
    sandbox.write("repo/ops/public.bin", "in the clear\n");
    sandbox.git("repo", ["add", "."]);
    sandbox.git("repo", ["commit", "-q", "-m", "two"]);
    migrate(&sandbox, "repo", &["--dry-run"]).expect(0).says("ops/public.");
}

#[test]
fn a_dry_run_says_all_and_changes_nothing() {
    let sandbox = foreign();
    let before = sandbox.snapshot("repo");
    let said = migrate(&sandbox, "repo", &["--dry-run", "../default.key"]).expect(0).text();
    assert!(sandbox.snapshot("repo") == before);
    for line in [
        "key default (of git-crypt: default) seals 4 files",
        "key ops (of git-crypt: Ops) seals 1 file",
        "  ops/prod.yml",
        ".gitattributes:4: - secrets/**   filter=git-crypt diff=git-crypt",
        ".gitattributes:4: + secrets/**   shroud shroud-key=default filter=shroud diff=shroud merge=shroud -text",
        "ops/.gitattributes:1: + * shroud shroud-key=ops filter=shroud diff=shroud merge=shroud -text",
    ] {
        assert!(said.lines().any(|said| said == line), "lacks {line:?}:\n{said}");
    }
}

#[test]
fn nothing_is_committed_where_that_is_left_to_the_user() {
    let sandbox = foreign();
    let before = sandbox.git("repo", ["rev-parse", "HEAD"]).text();
    migrate(&sandbox, "repo", &["--no-commit"]).expect(0).says("commit it: git commit");
    assert_eq!(sandbox.git("repo", ["rev-parse", "HEAD"]).text(), before);
    assert_eq!(sandbox.git("repo", ["diff", "--name-only"]).text(), "");
    assert!(is_sealed(&sandbox.blob("repo", ":secrets/db.env")));
    // Given up, and done again: with the same key, to the same bytes.
    let sealed = sandbox.blob("repo", ":secrets/db.env");
    sandbox.git("repo", ["reset", "-q", "--hard"]);
    assert_open(&sandbox, "repo");
    assert!(is_git_crypt(&sandbox.blob("repo", ":secrets/db.env")));
    migrate(&sandbox, "repo", &[]).expect(0).says("that is held here");
    assert_eq!(sandbox.blob("repo", "HEAD:secrets/db.env"), sealed);
    assert_open(&sandbox, "repo");
}

#[test]
fn what_was_in_the_clear_is_sealed_and_named() {
    let sandbox = foreign();
    sandbox.stage_raw("repo", "secrets/leaked", b"canary-leak\n");
    sandbox.git("repo", ["commit", "-q", "-m", "leak"]);
    sandbox.write("repo/secrets/leaked", "canary-leak\n");
    let said = migrate(&sandbox, "repo", &["--dry-run"]).expect(0);
    assert!(said.text().contains("secrets/leaked  (plaintext now)"));
    migrate(&sandbox, "repo", &[])
        .expect(0)
        .says("history holds the plaintext of secrets/leaked")
        .says("change those secrets");
    assert!(is_sealed(&sandbox.blob("repo", "HEAD:secrets/leaked")));
    assert_eq!(sandbox.git("repo", ["status", "--porcelain"]).text(), "");
}

#[test]
fn other_work_stays_where_it_is() {
    let sandbox = foreign();
    sandbox.write("repo/README", "not finished\n");
    sandbox.write("repo/untracked", "mine\n");
    migrate(&sandbox, "repo", &[]).expect(0);
    let status = sandbox.git("repo", ["status", "--porcelain"]).text();
    assert_eq!(status, " M README\n?? untracked\n");
}

#[test]
fn it_works_in_a_locked_clone_with_key_files() {
    let sandbox = foreign();
    sandbox.git(".", ["clone", "-q", "repo", "clone"]);
    migrate(&sandbox, "clone", &[]).expect(2);
    migrate(&sandbox, "clone", &["../default.key", "../ops.key"]).expect(0);
    assert_open(&sandbox, "clone");
    assert!(is_sealed(&sandbox.blob("clone", "HEAD:ops/prod.yml")));
}

#[test]
fn keeping_git_crypt_changes_nothing_in_the_repository() {
    let sandbox = foreign();
    sandbox.git(".", ["clone", "-q", "repo", "clone"]);
    migrate(&sandbox, "clone", &["--keep", "../default.key", "../ops.key"]).expect(0);
    assert_open(&sandbox, "clone");
    sandbox.write("clone/secrets/new", "canary-new\n");
    sandbox.git("clone", ["add", "secrets/new"]);
    assert!(is_git_crypt(&sandbox.blob("clone", ":secrets/new")));
}

#[test]
fn the_way_back_is_a_revert() {
    let sandbox = taken_over();
    sandbox.write("repo/secrets/later", "canary-later\n");
    sandbox.git("repo", ["add", "."]);
    sandbox.git("repo", ["commit", "-q", "-m", "later"]);
    sandbox.git("repo", ["revert", "--no-edit", "HEAD^"]);
    for (path, content, key) in FILES {
        let blob = sandbox.blob("repo", format!("HEAD:{path}").as_str());
        assert_eq!(is_git_crypt(&blob), key.is_some(), "{path}");
        assert_eq!(sandbox.read(format!("repo/{path}")), content.as_bytes(), "{path}");
    }
    // What was sealed since is added anew; then git-crypt itself opens all of it.
    sandbox.git("repo", ["rm", "-q", "--cached", "secrets/later"]);
    sandbox.write("repo/secrets/later", "canary-later\n");
    sandbox.git("repo", ["add", "secrets/later"]);
    sandbox.git("repo", ["commit", "-q", "-m", "back"]);
    assert_open(&sandbox, "repo");
    sandbox.git(".", ["clone", "-q", "repo", "clone"]);
    git_crypt(&sandbox, "clone", &["unlock", "../default.key", "../ops.key"]);
    assert_open(&sandbox, "clone");
    assert_eq!(sandbox.read("clone/secrets/later"), b"canary-later\n");
}

#[test]
fn the_way_back_is_a_reset_too() {
    let sandbox = taken_over();
    sandbox.git("repo", ["reset", "-q", "--hard", "HEAD^"]);
    assert_open(&sandbox, "repo");
    sandbox.write("repo/root.key", "canary-changed\n");
    sandbox.git("repo", ["commit", "-q", "-a", "-m", "changed"]);
    assert!(is_git_crypt(&sandbox.blob("repo", "HEAD:root.key")));
}

#[test]
fn files_get_the_layout_that_attributes_ask_for() {
    let sandbox = foreign();
    let text: String = (0..2000).map(|n| format!("setting_{n}: canary\n")).collect();
    for path in ["secrets/whole", "secrets/records", "secrets/kept"] {
        sandbox.write(format!("repo/{path}"), &text);
    }
    let lines = "secrets/records shroud-delta delta\nsecrets/kept -shroud-compress\n";
    sandbox.write("repo/.gitattributes", format!("{ATTRIBUTES}{lines}"));
    sandbox.git("repo", ["add", "."]);
    sandbox.git("repo", ["commit", "-q", "-m", "layouts"]);
    migrate(&sandbox, "repo", &[]).expect(0);
    let blob = |path: &str| sandbox.blob("repo", format!("HEAD:{path}").as_str());
    assert_eq!(
        ["whole", "records", "kept"].map(|name| blob(&format!("secrets/{name}"))[7]),
        [2, 3, 2]
    );
    assert!(blob("secrets/kept").len() > text.len() && blob("secrets/whole").len() < text.len());
    assert_eq!(sandbox.git("repo", ["status", "--porcelain"]).text(), "");
    sandbox.shroud("repo", ["status"]);
}

#[test]
fn a_clone_that_was_never_set_up_stores_no_plaintext() {
    for (options, refused) in [(&[][..], true), (&["--no-tripwire"], false)] {
        let sandbox = foreign();
        migrate(&sandbox, "repo", options).expect(0);
        sandbox.git(".", ["clone", "-q", "repo", "fresh"]);
        sandbox.write("fresh/secrets/new.env", "canary\n");
        let added = sandbox.try_git("fresh", ["add", "secrets/new.env"]);
        assert_eq!(added.status != 0, refused, "{}", added.stderr);
        let doctor = sandbox.try_shroud("repo", ["doctor"]);
        let text = format!("{}{}", doctor.text(), doctor.stderr);
        assert_eq!(text.contains("lacks the tripwire"), !refused, "{text}");
        if refused {
            // What other lines keep out is no secret.
            for name in ["README", "ops/public.txt", "ops/.gitattributes"] {
                sandbox.write(format!("fresh/{name}"), "changed\n");
                sandbox.git("fresh", ["add", name]);
            }
        }
    }
}

#[test]
fn the_tripwire_stays_out_where_it_would_stop_other_files() {
    let sandbox = foreign();
    // Nothing in this line says that git-crypt should keep off, and yet it does.
    let ops = format!("{OPS_ATTRIBUTES}\nimage.bin filter=other\n");
    sandbox.write("repo/ops/.gitattributes", ops);
    sandbox.write("repo/ops/image.bin", "in the clear\n");
    sandbox.git("repo", ["add", "."]);
    sandbox.git("repo", ["commit", "-q", "-m", "an image"]);
    migrate(&sandbox, "repo", &[]).expect(0).says("the tripwire was left out");
    sandbox.git(".", ["clone", "-q", "repo", "fresh"]);
    sandbox.write("fresh/ops/image.bin", "changed\n");
    sandbox.git("fresh", ["add", "ops/image.bin"]);
}
