//! What is done with all of a history: rotations, members who leave, scrubs.

use std::fs;

use super::{FILES, by_value, stored};
use crate::common::{Sandbox, contains, is_sealed, text};

/// The files, with another word in the place of the values.
fn write_files(sandbox: &Sandbox, word: &str) {
    for (path, content) in FILES {
        sandbox.write(format!("repo/{path}"), content.replace("value-", word));
    }
}

/// Every version of every file below `conf` opens, and holds no token.
#[track_caller]
fn assert_all_open(sandbox: &Sandbox) {
    for commit in sandbox.git("repo", ["rev-list", "HEAD"]).text().lines() {
        let files = sandbox.git("repo", ["ls-tree", "-r", "--name-only", commit, "conf"]).text();
        for file in files.lines() {
            let name = format!("{commit}:{file}");
            let opened = sandbox.shroud("repo", ["cat", &name]).stdout;
            assert!(!contains(&opened, b"shroud.v1."), "{name}");
            let blob = sandbox.blob("repo", &name);
            assert!(contains(&blob, b"shroud.v1.") && !contains(&blob, b"secret-"), "{name}");
        }
    }
}

#[test]
fn a_member_who_leaves_is_followed_by_a_list_of_values() {
    let sandbox = by_value(&[]);
    let recipient = sandbox.age_identity("bob");
    sandbox.shroud("repo", ["member", "add", "-q", &recipient, "--label", "bob", "--commit"]);
    sandbox.write("repo/conf/a.env", FILES[0].1.replace("value-one", "value-new"));
    sandbox.git("repo", ["commit", "-q", "-a", "-m", "change"]);
    let report = sandbox.shroud("repo", ["member", "remove", "bob", "--report=json"]).json();
    let paths = report["paths"].as_array().unwrap();
    let found: Vec<(&str, u64)> = paths
        .iter()
        .map(|path| (path["path"].as_str().unwrap(), path["versions"].as_u64().unwrap()))
        .collect();
    for (value, versions) in [
        ("conf/a.env: A", 2),
        ("conf/a.env: B", 1),
        ("conf/a.properties: a.b", 1),
        ("conf/a.properties: c", 1),
        ("conf/a.ini: s.a", 2),
        ("conf/a.toml: s.a", 1),
        ("conf/a.toml: s.b[1].c", 1),
        ("conf/a.yaml: a[0]", 1),
        ("conf/a.yaml: a[1].b", 1),
        ("conf/a.yaml: c", 1),
        ("conf/a.json: a", 1),
        ("conf/a.json: b[2]", 1),
    ] {
        assert!(found.contains(&(value, versions)), "{value}: {found:?}");
    }
    assert!(paths.iter().all(|path| !path["unchanged_at"].as_array().unwrap().is_empty()));
    // All tokens are of the new key.
    sandbox.git("repo", ["commit", "-q", "-m", "Bob left"]);
    assert_all_open(&sandbox);
    sandbox.shroud("repo", ["check"]);
}

#[test]
fn a_scrub_seals_history_by_value_and_its_attributes_say_so() {
    for seal in ["--seal", "--seal=conf/**"] {
        let sandbox = Sandbox::new();
        sandbox.git(".", ["init", "-q", "-b", "main", "repo"]);
        for word in ["secret-a-", "secret-b-"] {
            write_files(&sandbox, word);
            sandbox.git("repo", ["add", "."]);
            sandbox.git("repo", ["commit", "-q", "-m", word]);
        }
        sandbox.shroud("repo", ["init", "-q"]);
        sandbox.shroud("repo", ["track", "-q", "--values", "conf/**"]);
        sandbox.git("repo", ["commit", "-q", "-m", "sealed"]);
        let attributes = sandbox.blob("repo", "HEAD:.gitattributes");
        sandbox.shroud("repo", ["scrub", seal]);
        assert_all_open(&sandbox);
        assert_eq!(
            sandbox.shroud("repo", ["cat", "HEAD~2:conf/a.yaml"]).text(),
            FILES[4].1.replace("value-", "secret-a-")
        );
        assert_eq!(sandbox.blob("repo", "HEAD:.gitattributes"), attributes, "{seal}");
        assert_eq!(sandbox.git("repo", ["status", "--porcelain"]).text(), "");
        // A checkout of an old commit goes on by value.
        sandbox.git("repo", ["checkout", "-q", "HEAD~2"]);
        sandbox.sh("repo", "touch conf/*");
        assert_eq!(sandbox.git("repo", ["status", "--porcelain"]).text(), "");
        sandbox.git("repo", ["checkout", "-q", "main", "--", ".shroud"]);
        sandbox.write("repo/conf/a.env", "A=secret-new\n");
        sandbox.git("repo", ["add", "."]);
        assert!(stored(&sandbox, "conf/a.env").starts_with("A=shroud.v1."));
    }
}

#[test]
fn a_scrub_moves_all_tokens_to_the_newest_key() {
    let sandbox = by_value(&[]);
    let head =
        |name: &str| stored(&sandbox, name).split("shroud.v1.").nth(1).unwrap()[..10].to_owned();
    let old = head("conf/a.yaml");
    sandbox.shroud("repo", ["key", "rotate", "-q"]);
    sandbox.git("repo", ["commit", "-q", "-m", "rotated"]);
    sandbox.shroud("repo", ["scrub", "--rekey"]);
    assert_all_open(&sandbox);
    for commit in ["HEAD", "HEAD~1"] {
        for (path, content) in FILES {
            let name = format!("{commit}:{path}");
            assert_eq!(sandbox.shroud("repo", ["cat", &name]).text(), content);
            assert!(!text(sandbox.blob("repo", &name)).contains(&old), "{name}");
        }
    }
}

/// A rotation that cannot write its last file.
fn stopped() -> Sandbox {
    let sandbox = by_value(&[]);
    let recipient = sandbox.age_identity("alice");
    sandbox.shroud("repo", ["member", "add", "-q", &recipient, "--label", "alice", "--commit"]);
    let (file, pause) =
        (sandbox.path("repo/.shroud/default/members/alice.toml"), sandbox.path("pause"));
    let hook = format!(
        "#!/bin/sh\n[ -e {0} ] || {{ touch {0}; rm {1}; ln -s /dev/null {1}; }}\n",
        pause.display(),
        file.display()
    );
    sandbox.write("repo/.git/hooks/post-index-change", hook);
    sandbox.sh("repo", "chmod +x .git/hooks/post-index-change");
    sandbox.try_shroud("repo", ["key", "rotate"]).expect(2).says("key rotate --abort");
    fs::remove_file(sandbox.path("repo/.git/hooks/post-index-change")).unwrap();
    fs::remove_file(file).unwrap();
    sandbox
}

#[test]
fn a_rotation_is_undone_value_by_value() {
    let sandbox = stopped();
    assert_ne!(sandbox.git("repo", ["diff", "--cached", "--name-only", "conf"]).text(), "");
    sandbox.git("repo", ["checkout", "--", ".shroud"]);
    sandbox.shroud("repo", ["key", "rotate", "--abort"]);
    assert_eq!(sandbox.git("repo", ["status", "--porcelain"]).text(), "");
    let keys = sandbox.shroud("repo", ["key", "list"]).text();
    assert_eq!(keys.lines().count(), 1, "{keys}");
    for (path, content) in FILES {
        assert_eq!(sandbox.shroud("repo", ["cat", &format!(":{path}")]).text(), content);
    }
}

#[test]
fn an_undone_rotation_keeps_the_key_of_tokens_that_were_committed() {
    let sandbox = stopped();
    sandbox.git("repo", ["commit", "-q", "-m", "in the middle"]);
    sandbox.git("repo", ["checkout", "--", ".shroud"]);
    sandbox.shroud("repo", ["key", "rotate", "--abort"]).says("so the key was kept");
    for (path, content) in FILES {
        assert_eq!(sandbox.shroud("repo", ["cat", &format!("HEAD:{path}")]).text(), content);
    }
}

/// Versions of every kind: one with a value as plaintext, one that does not read, one that is sealed whole, one with a damaged token.
#[test]
fn a_scrub_seals_each_version_as_it_can_be() {
    let sandbox = by_value(&["--clear", "LOG"]);
    let sound = stored(&sandbox, "conf/a.env");
    let leak = format!("{sound}LEAK=secret-leak\nLOG=secret-log\n");
    let damaged = sound.replacen("A=shroud", "MOVED=shroud", 1);
    let odd = "A=secret-odd\n\"nothing that reads\nB=\n";
    sandbox.write("repo/whole.env", "A=secret-whole\n");
    sandbox.shroud("repo", ["track", "-q", "/whole.env"]);
    sandbox.git("repo", ["add", "."]);
    let whole = sandbox.blob("repo", ":whole.env");
    for (name, version) in [
        ("leak", leak.as_bytes()),
        ("damaged", damaged.as_bytes()),
        ("odd", odd.as_bytes()),
        ("whole", &whole),
        ("sound", sound.as_bytes()),
    ] {
        sandbox.stage_raw("repo", "conf/a.env", version);
        sandbox.git("repo", ["commit", "-q", "--no-verify", "-m", name]);
    }
    sandbox.git("repo", ["checkout", "-q", "-f", "HEAD", "--", "conf"]);
    sandbox.shroud("repo", ["scrub", "--seal"]);
    let at = |name: &str| {
        let found = sandbox.git("repo", ["log", "--format=%h", &format!("--grep=^{name}$")]).text();
        format!("{}:conf/a.env", found.trim())
    };
    let blob = |name: &str| sandbox.blob("repo", &at(name));
    let sealed = text(blob("leak"));
    assert!(sealed.starts_with(&sound) && sealed.contains("\nLEAK=shroud.v1."), "{sealed}");
    assert!(sealed.ends_with("LOG=secret-log\n"), "{sealed}");
    assert_eq!(text(blob("damaged")), damaged);
    assert!(is_sealed(&blob("odd")));
    assert_eq!(sandbox.shroud("repo", ["cat", &at("odd")]).text(), odd);
    assert_eq!(sandbox.shroud("repo", ["cat", &at("whole")]).text(), "A=secret-whole\n");
    assert_eq!(text(blob("sound")), sound);
    assert_eq!(sandbox.git("repo", ["status", "--porcelain"]).text(), "");
    // Again there is nothing to do.
    let head = sandbox.git("repo", ["rev-parse", "HEAD"]).text();
    sandbox.try_shroud("repo", ["scrub", "--seal"]);
    assert_eq!(sandbox.git("repo", ["rev-parse", "HEAD"]).text(), head);
}
