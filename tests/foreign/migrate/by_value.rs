//! `migrate git-crypt --values`: configuration files become sealed by value, the others whole.

use crate::common::{Sandbox, is_sealed, text};
use crate::migrate::place::{assert_open, foreign, migrate};

const READ: [(&str, &str); 3] = [
    ("conf/app.yaml", "# note\r\ndb:\r\n  pool: 5\r\n  password: canary-yaml\r\n"),
    ("conf/app.json", "{\n  \"a\": [\"canary-json\", 1.10]\n}\n"),
    ("conf/.env.production", "A=canary-env\nB=\n"),
];
const WHOLE: [(&str, &str, &str); 3] = [
    ("conf/tagged.yaml", "a: !vault canary-tag\n", "does not read as YAML: line 1"),
    ("conf/notes.txt", "canary-notes\n", "its name tells no format"),
    ("tls/server.pem", "canary-pem\n", "its name tells no format"),
];

/// A repository of git-crypt with a folder for configuration; what `more` commits is in it too.
fn configured(more: impl FnOnce(&Sandbox)) -> Sandbox {
    let sandbox = foreign();
    let lines = "conf/** filter=git-crypt diff=git-crypt\n*.pem filter=git-crypt diff=git-crypt\n*.toml filter=git-crypt diff=git-crypt\n";
    let attributes = text(sandbox.read("repo/.gitattributes"));
    sandbox.write("repo/.gitattributes", format!("{attributes}{lines}"));
    for (path, content) in READ {
        sandbox.write(format!("repo/{path}"), content);
    }
    for (path, content, _) in WHOLE {
        sandbox.write(format!("repo/{path}"), content);
    }
    more(&sandbox);
    sandbox.git("repo", ["add", "-A", "."]);
    sandbox.git("repo", ["commit", "-q", "--allow-empty", "-m", "configuration"]);
    sandbox
}

#[test]
fn readable_files_become_sealed_by_value_and_the_others_whole() {
    let sandbox = configured(|_| {});
    let before = sandbox.git("repo", ["rev-parse", "HEAD"]).text();
    let planned = migrate(&sandbox, "repo", &["--values", "--dry-run"]).expect(0).text();
    assert!(planned.contains("  conf/app.yaml  by value\n"), "{planned}");
    let done = migrate(&sandbox, "repo", &["--values"]).expect(0);
    let mut done = done.says("6 files sealed by value, 5 files sealed whole");
    for (path, _, why) in WHOLE {
        assert!(planned.contains(&format!("  {path}  whole: {why}")), "{planned}");
        done = done.says(&format!("{path} whole: {why}"));
    }
    assert_eq!(sandbox.git("repo", ["rev-parse", "HEAD^"]).text(), before);
    assert_open(&sandbox, "repo");
    for (path, content) in READ {
        let blob = text(sandbox.blob("repo", &format!("HEAD:{path}")));
        assert!(blob.contains("shroud.v1.") && !blob.contains("canary"), "{path}: {blob}");
        assert_eq!(sandbox.read(format!("repo/{path}")), content.as_bytes(), "{path}");
        assert_eq!(sandbox.shroud("repo", ["cat", &format!("HEAD:{path}")]).text(), content);
    }
    for (path, ..) in WHOLE {
        assert!(is_sealed(&sandbox.blob("repo", &format!("HEAD:{path}"))), "{path}");
    }
    let attributes = text(sandbox.read("repo/.gitattributes"));
    for line in [
        "conf/** shroud-values shroud-key=default shroud-by=value filter=shroud diff=shroud-values merge=shroud -text\n",
        "*.pem shroud shroud-key=default filter=shroud diff=shroud merge=shroud -text !shroud-by\n",
        // It matches no file yet, and could match configuration alone.
        "*.toml shroud-values shroud-key=default shroud-by=value filter=",
    ] {
        assert!(attributes.contains(line), "{attributes}");
    }
    let status = sandbox.shroud("repo", ["status"]).text();
    assert!(
        status.contains("sealed by value  conf/app.yaml  (key default, 2 values, generation 1)"),
        "{status}"
    );
    sandbox.shroud("repo", ["check", "--all"]);
    sandbox.shroud("repo", ["doctor"]);
    sandbox.assert_no_object_holds("repo", b"canary");
    // Adding them again changes nothing.
    sandbox.git("repo", ["add", "--renormalize", "."]);
    assert_eq!(sandbox.git("repo", ["status", "--porcelain"]).text(), "");
}

#[test]
fn what_the_filter_would_refuse_keeps_its_line_whole() {
    let long = format!("A={}\n", "x".repeat(5 << 20));
    let sandbox = configured(|sandbox| sandbox.write("repo/conf/long.env", &long));
    let done = migrate(&sandbox, "repo", &["--values"]).expect(0);
    done.says("conf/long.env whole: it is larger than 4 MiB")
        .says("conf/app.yaml whole: line ")
        .says(
            "of .gitattributes decides on it and on conf/long.env, which cannot be sealed by value",
        );
    assert!(is_sealed(&sandbox.blob("repo", "HEAD:conf/app.yaml")));
    assert_eq!(sandbox.git("repo", ["status", "--porcelain"]).text(), "");
    // Under other lines files are still sealed by value.
    assert!(!is_sealed(&sandbox.blob("repo", "HEAD:secrets/db.env")));
    sandbox.assert_no_object_holds("repo", b"canary");
}

#[test]
fn plaintext_that_was_committed_is_sealed_and_stays_in_the_worktree() {
    let sandbox = configured(|_| {});
    sandbox.write("repo/conf/open.env", "A=canary-open\n");
    sandbox.stage_raw("repo", "conf/open.env", b"A=canary-open\n");
    sandbox.git("repo", ["commit", "-q", "-m", "open"]);
    let done = migrate(&sandbox, "repo", &["--values"]).expect(0);
    done.says("history holds the plaintext of conf/open.env");
    assert_eq!(sandbox.read("repo/conf/open.env"), b"A=canary-open\n");
    let blob = text(sandbox.blob("repo", "HEAD:conf/open.env"));
    assert!(blob.starts_with("A=shroud.v1."), "{blob}");
    assert_eq!(sandbox.git("repo", ["status", "--porcelain"]).text(), "");
}

#[test]
fn history_still_opens() {
    let sandbox = configured(|_| {});
    migrate(&sandbox, "repo", &["--values"]).expect(0);
    sandbox.write("repo/conf/app.yaml", "db:\n  pool: 6\n");
    sandbox.git("repo", ["commit", "-q", "-a", "-m", "edit"]);
    assert_eq!(sandbox.shroud("repo", ["cat", "HEAD~2:conf/app.json"]).text(), READ[1].1);
    sandbox.git("repo", ["checkout", "-q", "HEAD~2"]);
    assert_eq!(sandbox.read("repo/conf/app.json"), READ[1].1.as_bytes());
    sandbox.git("repo", ["checkout", "-q", "-"]);
    assert_eq!(sandbox.read("repo/conf/app.yaml"), b"db:\n  pool: 6\n");
}

/// The way back is git's own, and the way there can be gone again.
#[test]
fn a_migration_by_value_is_reverted_and_done_again() {
    let sandbox = configured(|_| {});
    let before = sandbox.git("repo", ["rev-parse", "HEAD^{tree}"]).text();
    migrate(&sandbox, "repo", &["--values"]).expect(0);
    sandbox.git("repo", ["revert", "--no-edit", "HEAD"]);
    assert_eq!(sandbox.git("repo", ["rev-parse", "HEAD^{tree}"]).text(), before);
    for (path, content) in READ {
        assert_eq!(sandbox.read(format!("repo/{path}")), content.as_bytes(), "{path}");
        assert!(sandbox.blob("repo", &format!("HEAD:{path}")).starts_with(b"\0GITCRYPT"), "{path}");
    }
    sandbox.sh("repo", "touch conf/* conf/.env*");
    assert_eq!(sandbox.git("repo", ["status", "--porcelain"]).text(), "");
    sandbox.write("repo/conf/app.yaml", "db:\n  pool: 7\n");
    sandbox.git("repo", ["commit", "-q", "-a", "-m", "edit"]);
    assert!(sandbox.blob("repo", "HEAD:conf/app.yaml").starts_with(b"\0GITCRYPT"));
    sandbox.assert_no_object_holds("repo", b"pool: 7");
    migrate(&sandbox, "repo", &["--values"]).expect(0);
    assert!(text(sandbox.blob("repo", "HEAD:conf/app.yaml")).contains("pool: shroud.v1."));
    assert_eq!(sandbox.read("repo/conf/app.yaml"), b"db:\n  pool: 7\n");
    assert_eq!(sandbox.git("repo", ["status", "--porcelain"]).text(), "");
    sandbox.assert_no_object_holds("repo", b"canary");
}
