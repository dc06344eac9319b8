//! `import transcrypt`, with the real openssl.

use super::import;
use crate::common::{Sandbox, is_sealed, needs, text};

/// As transcrypt runs openssl, for the context of the setting `transcrypt$1`.
fn functions(group: &str) -> String {
    format!(
        "export ENC_PASS=\"$(git config transcrypt{group}.password)\"
decrypt() {{ openssl enc -d -aes-256-cbc -md MD5 -pass env:ENC_PASS -a 2>/dev/null; }}
encrypt() {{ openssl enc -e -aes-256-cbc -md MD5 -pass env:ENC_PASS -a 2>/dev/null; }}"
    )
}

/// A repository of transcrypt with two contexts.
pub(super) fn transcrypt() -> Sandbox {
    needs("openssl", "openssl");
    let sandbox = Sandbox::new();
    sandbox.git(".", ["init", "-q", "-b", "main", "repo"]);
    for (driver, group, password) in
        [("crypt", "", "canary pass$1"), ("crypt-top", ".top", "canary")]
    {
        sandbox.git("repo", ["config", &format!("transcrypt{group}.password"), password]);
        sandbox.git("repo", ["config", &format!("transcrypt{group}.cipher"), "aes-256-cbc"]);
        sandbox.filter(driver, &functions(group));
    }
    sandbox.git("repo", ["config", "transcrypt.version", "2.3.2"]);
    sandbox.git("repo", ["config", "alias.ls-crypt", "!true"]);
    sandbox.git("repo", ["config", "alias.own", "status"]);
    let lines = "secrets/**  filter=crypt diff=crypt merge=crypt\nsecrets/README !filter !diff !merge\nroot.key filter=crypt-top diff=crypt-top merge=crypt-top\n";
    sandbox.write("repo/.gitattributes", lines);
    for (path, content) in [
        ("secrets/a b.env", "A=canary-1\n"),
        ("secrets/README", "in the clear\n"),
        ("secrets/empty", ""),
        ("root.key", "canary-root"),
    ] {
        sandbox.write(format!("repo/{path}"), content);
    }
    sandbox.commit_all();
    assert!(sandbox.blob("repo", "HEAD:root.key").starts_with(b"U2FsdGVk"));
    sandbox
}

#[test]
fn contexts_become_keys_and_lines_become_ours() {
    let sandbox = transcrypt();
    let before = sandbox.snapshot("repo");
    let said = import(&sandbox, None, &["transcrypt", "--dry-run"]).expect(0).text();
    assert!(sandbox.snapshot("repo") == before);
    for line in ["key default (of transcrypt: default) seals 2 files", "  secrets/a b.env"] {
        assert!(said.lines().any(|said| said == line), "{said}");
    }
    import(&sandbox, None, &["transcrypt"]).expect(0).says("committed").says("Change the values");
    sandbox.assert_sealed(&["secrets/a b.env", "root.key"]);
    sandbox.assert_clean();
    assert_eq!(text(sandbox.read("repo/secrets/a b.env")), "A=canary-1\n");
    let lines = text(sandbox.read("repo/.gitattributes"));
    assert!(
        !lines.contains("crypt") && lines.contains("root.key shroud shroud-key=top "),
        "{lines}"
    );
    assert_eq!(sandbox.git("repo", ["rev-list", "--count", "HEAD"]).text(), "2\n");
    sandbox.assert_no_object_holds("repo", b"canary");
    // New files under the pattern are sealed, and what is excepted is not.
    sandbox.write("repo/secrets/new", "canary-new\n");
    sandbox.commit_all();
    sandbox.assert_sealed(&["secrets/new"]);
    assert_eq!(sandbox.blob("repo", "HEAD:secrets/README"), b"in the clear\n");
}

#[test]
fn its_filters_are_unset_and_its_password_stays() {
    let sandbox = transcrypt();
    sandbox.git("repo", ["notes", "--ref", "textconv/crypt", "add", "-m", "cached"]);
    import(&sandbox, None, &["transcrypt"]).expect(0).says("git gc --prune=now");
    let settings = sandbox.git("repo", ["config", "--local", "--list"]).text();
    for gone in ["crypt.sh", "crypt-top.sh", "diff.crypt"] {
        assert!(!settings.contains(gone), "{settings}");
    }
    assert!(settings.contains("transcrypt.password=") && settings.contains("alias.own="));
    assert_eq!(sandbox.git("repo", ["for-each-ref", "refs/notes"]).text(), "");
    import(&sandbox, None, &["transcrypt"]).expect(2).says("transcrypt encrypts nothing");
}

#[test]
fn another_branch_that_needs_its_filters_keeps_them() {
    let sandbox = transcrypt();
    sandbox.git("repo", ["branch", "other"]);
    import(&sandbox, None, &["transcrypt"]).expect(0).says("the branch other still has files");
    sandbox.git("repo", ["checkout", "-q", "other"]);
    sandbox.write("repo/secrets/a b.env", "A=canary-2\n");
    sandbox.commit_all();
    assert!(sandbox.blob("repo", "HEAD:secrets/a b.env").starts_with(b"U2FsdGVk"));
    sandbox.git("repo", ["checkout", "-q", "main"]);
    sandbox.git("repo", ["branch", "-q", "-D", "other"]);
    import(&sandbox, None, &["transcrypt"]).expect(0).says("only its configuration is left");
    let settings = sandbox.git("repo", ["config", "--local", "--list"]).text();
    assert!(!settings.contains("crypt.sh"), "{settings}");
}

#[test]
fn an_earlier_commit_takes_no_plaintext_in() {
    let sandbox = transcrypt();
    import(&sandbox, None, &["transcrypt"]).expect(0).says("transcrypt --upgrade");
    sandbox.git("repo", ["checkout", "-q", "-b", "fix", "HEAD^"]);
    assert!(sandbox.read("repo/root.key").starts_with(b"U2FsdGVk"));
    sandbox.assert_clean();
    sandbox.write("repo/secrets/new", "canary-new\n");
    sandbox.write("repo/secrets/zeros", b"\0\0\0\0\0\0\0\0canary");
    for path in ["secrets/new", "secrets/zeros"] {
        sandbox
            .try_git("repo", ["add", path])
            .expect(128)
            .says("this clone has moved from transcrypt");
    }
    sandbox.assert_no_object_holds("repo", b"canary");
    sandbox.sh("repo", "rm secrets/new secrets/zeros");
    sandbox.git("repo", ["checkout", "-q", "main"]);
    sandbox.assert_clean();
    assert_eq!(sandbox.read("repo/root.key"), b"canary-root");
    // The way back.
    sandbox.git("repo", ["revert", "--no-edit", "HEAD"]);
    assert!(sandbox.blob("repo", "HEAD:root.key").starts_with(b"U2FsdGVk"));
    assert_eq!(sandbox.git("repo", ["status", "--porcelain"]).text(), "");
}

#[test]
fn a_wrong_or_missing_password_changes_nothing() {
    let sandbox = transcrypt();
    let head = sandbox.git("repo", ["rev-parse", "HEAD"]).text();
    sandbox.git("repo", ["config", "transcrypt.password", "canary-wrong"]);
    let args = ["transcrypt"];
    let done = import(&sandbox, None, &args).expect(1);
    assert!(done.stderr.contains("nothing was changed"), "{}", done.stderr);
    sandbox.git("repo", ["config", "--unset", "transcrypt.password"]);
    import(&sandbox, None, &args).expect(1).says("context 'default'").says("transcrypt -c CIPHER");
    assert_eq!(sandbox.git("repo", ["rev-parse", "HEAD"]).text(), head);
    assert!(!sandbox.path("repo/.shroud").exists());
}

#[test]
fn plaintext_that_was_committed_is_sealed_and_named() {
    let sandbox = transcrypt();
    sandbox.stage_raw("repo", "secrets/leak", b"canary-leak\n");
    sandbox.git("repo", ["commit", "-q", "-m", "leak"]);
    sandbox.write("repo/secrets/leak", "canary-leak\n");
    import(&sandbox, None, &["transcrypt"])
        .expect(0)
        .says("history holds the plaintext of secrets/leak");
    sandbox.assert_sealed(&["secrets/leak"]);
    sandbox.assert_clean();
}

#[test]
fn nothing_is_committed_where_that_is_left_to_the_user() {
    let sandbox = transcrypt();
    let head = sandbox.git("repo", ["rev-parse", "HEAD"]).text();
    let args = ["transcrypt", "--no-commit", "--rename", "default=team"];
    import(&sandbox, None, &args).expect(0).says("commit it: git commit");
    assert_eq!(sandbox.git("repo", ["rev-parse", "HEAD"]).text(), head);
    assert!(is_sealed(&sandbox.blob("repo", ":root.key")));
    sandbox.git("repo", ["commit", "-q", "-m", "mine"]);
    sandbox.assert_clean();
    import(&sandbox, None, &["transcrypt"]).expect(0).says("unset transcrypt in this clone");
    sandbox.shroud("repo", ["status"]);
    assert!(sandbox.path("repo/.shroud/team/key.toml").exists());
}
