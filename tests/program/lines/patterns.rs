//! What people give `track` by habit seals what they mean, or is refused.

use crate::common::{Sandbox, is_sealed, repository};

fn set_up() -> Sandbox {
    let sandbox = repository();
    sandbox.shroud("repo", ["init", "-q"]);
    for file in ["secrets/db.env", "secrets/deep/tls.key", "a[1].env", "top.env", "plain"] {
        sandbox.write(format!("repo/{file}"), format!("canary {file}\n"));
    }
    sandbox
}

#[test]
fn folders_and_paths_as_they_are_typed_seal_what_is_there() {
    let absolute = |sandbox: &Sandbox| sandbox.path("repo/secrets").display().to_string();
    let forms: [(&str, &str); 9] = [
        ("secrets", "secrets/deep/tls.key"),
        ("secrets/", "secrets/db.env"),
        ("/secrets", "secrets/db.env"),
        ("./secrets", "secrets/deep/tls.key"),
        ("./secrets/db.env", "secrets/db.env"),
        ("secrets//db.env", "secrets/db.env"),
        ("secrets\\db.env", "secrets/db.env"),
        ("a[1].env", "a[1].env"),
        ("", "secrets/deep/tls.key"),
    ];
    for (given, file) in forms {
        let sandbox = set_up();
        let given = if given.is_empty() { absolute(&sandbox) } else { given.to_owned() };
        sandbox.shroud("repo", ["track", &given]).says("matches ");
        sandbox.git("repo", ["add", "."]);
        assert!(is_sealed(&sandbox.blob("repo", &format!(":{file}"))), "{given}");
        assert!(!is_sealed(&sandbox.blob("repo", ":plain")), "{given}");
    }
}

#[test]
fn what_no_pattern_can_say_is_refused_and_nothing_is_written() {
    let sandbox = set_up();
    sandbox.sh("repo", "ln -s secrets/db.env link && mkdir inner && git -C inner init -q");
    let before = sandbox.read("repo/.gitattributes");
    for (given, says) in [
        ("../x", "not below this folder"),
        (":(glob)secrets/**", "pathspec"),
        ("*.{pem,key}", "braces"),
        ("~/secrets", "tilde"),
        ("link", "symbolic link"),
        ("inner", "another repository"),
        (".gitmodules", "cannot be sealed"),
        (".shroud", "cannot be sealed"),
        ("none\\such.env", "backslash"),
    ] {
        let done = sandbox.try_shroud("repo", ["track", "*.ok", given]).expect(2).says(says);
        assert!(!done.stderr.contains("tracking"), "{}", done.stderr);
        assert_eq!(sandbox.read("repo/.gitattributes"), before, "{given}");
    }
    sandbox
        .try_shroud("repo/secrets", ["track", "secrets/db.env"])
        .expect(2)
        .says("patterns start here");
}

#[test]
fn what_is_matched_now_is_said() {
    let sandbox = set_up();
    sandbox.shroud("repo", ["track", "secrets/**"]).says("tracking secrets/**: matches 2 files");
    sandbox.shroud("repo", ["track", "secrets"]).says("tracked already").says("(for secrets)");
    sandbox.shroud("repo", ["track", "*.p12"]).says("matches no file yet");
    sandbox.shroud("repo", ["track", "later"]).says("matches no file yet").says("'later/**'");
    sandbox.write("repo/.gitignore", "*.local\n");
    sandbox.write("repo/x.local", "canary");
    sandbox.shroud("repo", ["track", "x.local"]).says("which git ignores");
    sandbox.write("repo/secrets/.gitattributes", "db.env -filter\n");
    sandbox
        .shroud("repo", ["track", "*.env"])
        .says("secrets/db.env")
        .says("secrets/.gitattributes:1");
}

#[test]
fn track_says_that_it_tracks_only_when_it_has() {
    let sandbox = set_up();
    sandbox.write("repo/.git/index.lock", "");
    let done = sandbox.try_shroud("repo", ["track", "secrets/**"]);
    assert_ne!(done.status, 0);
    assert!(!done.stderr.contains("tracking"), "{}", done.stderr);
}

#[test]
fn a_repository_with_line_ends_of_windows_gets_no_mixed_ones() {
    let sandbox = repository();
    sandbox.shroud("repo", ["init", "-q"]);
    sandbox.shroud("repo", ["track", "-q", "*"]);
    let lines = crate::common::text(sandbox.read("repo/.gitattributes")).replace('\n', "\r\n");
    sandbox.write("repo/.gitattributes", &lines);
    sandbox.shroud("repo", ["track", "-q", "b/*"]);
    let after = crate::common::text(sandbox.read("repo/.gitattributes"));
    assert_eq!(after.matches('\n').count(), after.matches("\r\n").count(), "{after:?}");
    assert_eq!(after.matches(".gitattributes ").count(), 1, "{after:?}");
}

#[test]
fn what_git_reads_itself_stays_readable_under_every_pattern() {
    let sandbox = repository();
    sandbox.shroud("repo", ["init", "-q"]);
    let own = [".gitmodules", ".mailmap", ".gitignore", "sub/.gitignore", ".gitattributes"];
    sandbox.write("repo/.gitmodules", "");
    sandbox.write("repo/.mailmap", "A <a@example.com>\n");
    sandbox.write("repo/.gitignore", "*.o\n");
    sandbox.write("repo/sub/.gitignore", "*.p\n");
    sandbox.write("repo/secret", "canary");
    sandbox.shroud("repo", ["track", "**"]);
    sandbox.git("repo", ["add", "."]);
    for path in own {
        assert!(!is_sealed(&sandbox.blob("repo", &format!(":{path}"))), "{path}");
    }
    assert!(is_sealed(&sandbox.blob("repo", ":secret")));
    // A line of an earlier version excepted one file alone; doctor names the file and the line.
    let attributes = crate::common::text(sandbox.read("repo/.gitattributes"));
    let kept = attributes.lines().filter(|line| !line.contains("!text"));
    let old = kept.collect::<Vec<_>>().join("\n") + "\n.gitattributes !filter !diff !merge\n";
    sandbox.write("repo/.gitattributes", old);
    let doctor = sandbox.try_shroud("repo", ["doctor"]).expect(1).text();
    assert!(doctor.contains("an attribute seals .gitmodules"), "{doctor}");
    assert!(doctor.contains("/.gitmodules !shroud !filter !diff !merge !text"), "{doctor}");
    sandbox.shroud("repo", ["track", "**"]).says("written out");
    assert!(!sandbox.try_shroud("repo", ["doctor"]).text().contains("an attribute seals"));
}

#[test]
fn the_tripwire_leaves_alone_what_git_reads_itself() {
    let sandbox = repository();
    sandbox.shroud("repo", ["init", "-q"]);
    for own in [".gitmodules", ".mailmap", ".gitignore", "sub/.gitignore", "sub/.gitattributes"] {
        sandbox.write(format!("repo/{own}"), "# for git\n");
    }
    sandbox.write("repo/secret", "canary");
    sandbox.shroud("repo", ["track", "**"]);
    sandbox.git("repo", ["add", "."]);
    sandbox.git("repo", ["commit", "-qm", "all"]);

    let clone = sandbox.try_git(".", ["clone", "-q", "repo", "fresh"]).expect(0);
    let tripped: Vec<_> = clone.stderr.lines().filter(|line| line.contains("encode")).collect();
    assert!(
        !tripped.is_empty() && tripped.iter().all(|line| line.contains("'secret'")),
        "{tripped:?}"
    );
    sandbox.write("fresh/.gitignore", "*.o\n");
    sandbox.git("fresh", ["add", ".gitignore"]);
    sandbox.write("fresh/secret", "canary");
    sandbox.try_git("fresh", ["add", "secret"]).expect(128).says("unlock");
}

#[test]
fn a_demo_under_autocrlf_succeeds() {
    let sandbox = Sandbox::new();
    sandbox.git(".", ["config", "--global", "core.autocrlf", "true"]);
    sandbox.shroud(".", ["demo", "demo-dir"]).says("all checks passed");
}

#[test]
fn doctor_names_init_where_nothing_was_set_up() {
    let sandbox = repository();
    let doctor = sandbox.try_shroud("repo", ["doctor"]).expect(1).text();
    assert_eq!(doctor.matches("problem").count(), 1, "{doctor}");
    assert!(doctor.contains("git shroud init"), "{doctor}");
}

#[test]
fn doctor_reads_a_byte_order_mark_and_names_a_link() {
    let sandbox = Sandbox::new();
    sandbox.sealed_repository("repo");
    let lines = sandbox.read("repo/.gitattributes");
    sandbox.write("repo/.gitattributes", [b"\xef\xbb\xbf", &lines[..]].concat());
    let doctor = sandbox.shroud("repo", ["doctor"]).text();
    assert!(doctor.contains("defines the macro"), "{doctor}");
    sandbox.sh("repo", "mv .gitattributes real && ln -s real .gitattributes");
    let doctor = sandbox.try_shroud("repo", ["doctor"]).expect(1).text();
    assert!(
        doctor.contains("symbolic link") && doctor.contains("cp --remove-destination"),
        "{doctor}"
    );
    assert!(!doctor.contains("make the file readable"), "{doctor}");
    sandbox.write("utf16", lines.iter().flat_map(|&byte| [byte, 0]).collect::<Vec<_>>());
    sandbox.sh("repo", "rm .gitattributes && cp ../utf16 .gitattributes");
    let doctor = sandbox.try_shroud("repo", ["doctor"]).expect(1).text();
    assert!(doctor.contains("UTF-16"), "{doctor}");
    sandbox.try_shroud("repo", ["track", "x"]).expect(2).says("UTF-16");
}
