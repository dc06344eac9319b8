//! What `init`, `track` and `untrack` write, stage and refuse.

use crate::common::{SECRETS, Sandbox, contains, is_sealed, repository, text};

const MACRO: &str = "[attr]shroud filter=shroud diff=shroud merge=shroud -text -delta";
const SEAL: &str = "filter=shroud diff=shroud merge=shroud -text";
const ARMED: &str = "[attr]shroud filter=shroud diff=shroud merge=shroud -text -delta \
                     working-tree-encoding=locked-run-git-shroud-unlock";

#[test]
fn init_writes_key_attributes_and_drivers_and_stages_what_is_shared() {
    let sandbox = repository();
    sandbox.shroud("repo", ["init"]).says("made key 'default'").says("hint: ");
    assert_eq!(text(sandbox.read("repo/.gitattributes")), format!("{ARMED}\n"));
    assert_eq!(
        text(sandbox.read("repo/.shroud/.gitattributes")),
        "* !shroud !filter !diff !merge text eol=lf\n"
    );
    let toml: toml::Table = text(sandbox.read("repo/.shroud/default/key.toml")).parse().unwrap();
    assert_eq!(toml["version"].as_integer(), Some(1));
    assert_eq!(toml["name"].as_str(), Some("default"));
    assert_eq!(toml["generation"].as_integer(), Some(1));
    assert_eq!(toml["key_id"].as_str().map(str::len), Some(32));
    assert_eq!(toml["mac"].as_str().map(str::len), Some(64));
    assert_eq!(
        sandbox.git("repo", ["diff", "--cached", "--name-only"]).text(),
        ".gitattributes\n.shroud/.gitattributes\n.shroud/default/key.toml\n"
    );
    let config = sandbox
        .git("repo", ["config", "--local", "--get-regexp", r"^(filter|diff|merge)\.shroud\."])
        .text();
    // By its path, unless every PATH has it.
    let programs = std::path::absolute(env!("CARGO_BIN_EXE_git-shroud")).unwrap();
    let programs = programs.parent().unwrap().to_str().unwrap().replace('\\', "/");
    let config = config.replace(&format!("{programs}/"), "").replace(".exe", "");
    let mut config: Vec<_> = config.lines().collect();
    config.sort_unstable();
    let expected = [
        "diff.shroud.binary true",
        "diff.shroud.textconv git-shroud-textconv",
        "filter.shroud.clean git-shroud clean -- %f",
        "filter.shroud.process git-shroud filter-process",
        "filter.shroud.required true",
        "filter.shroud.smudge git-shroud smudge -- %f",
        "merge.shroud.driver git-shroud merge-driver -- %O %A %B %L %P %S %X %Y",
        "merge.shroud.name git-shroud: merge what is sealed",
    ];
    assert_eq!(config, expected);
}

#[test]
fn init_keeps_the_attributes_that_are_there() {
    let sandbox = repository();
    sandbox.write("repo/.gitattributes", "*.txt text\n");
    sandbox.shroud("repo", ["init", "-q"]);
    assert_eq!(text(sandbox.read("repo/.gitattributes")), format!("{ARMED}\n*.txt text\n"));
}

#[test]
fn a_second_init_is_refused_and_changes_nothing() {
    let sandbox = Sandbox::new();
    sandbox.fresh_clone();
    for (dir, hint) in [("repo", "git shroud key new NAME"), ("clone", "git shroud unlock")] {
        let before = sandbox.snapshot(dir);
        sandbox.try_shroud(dir, ["init"]).expect(2).says("already set up").says(hint);
        assert_eq!(sandbox.snapshot(dir), before, "{dir}");
    }
}

#[test]
fn init_makes_each_key_that_is_named() {
    let sandbox = repository();
    sandbox.shroud("repo", ["init", "-q", "--key", "a", "--key", "b"]);
    let keys = sandbox.shroud("repo", ["key", "list", "--json"]).json();
    let names: Vec<_> =
        keys["keys"].as_array().unwrap().iter().map(|key| key["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["a", "b"]);
    assert!(!sandbox.path("repo/.shroud/default").exists());
    assert_eq!(
        sandbox.git("repo", ["ls-files", ".shroud/a", ".shroud/b"]).text().lines().count(),
        2
    );
}

#[test]
fn init_refuses_what_it_cannot_do() {
    let sandbox = repository();
    sandbox
        .try_shroud("repo", ["init", "--key", "../x"])
        .expect(2)
        .says("cannot be the name of a key");
    sandbox
        .try_shroud("repo", ["init", "--key", "a", "--key", "a"])
        .expect(2)
        .says("key 'a' already");
    assert!(
        !sandbox.path("repo/.shroud").exists()
            && !sandbox.path("repo/.git/git-shroud/keyring").exists()
    );
    sandbox.try_shroud("home", ["init"]).expect(2).says("not a git repository").says("hint: ");
    sandbox.git(".", ["init", "-q", "--bare", "bare.git"]);
    sandbox.try_shroud("bare.git", ["init"]).expect(2).says("needs a worktree");
}

#[test]
fn the_tripwire_is_committed_and_disarmed_here() {
    let sandbox = repository();
    sandbox.shroud("repo", ["init", "-q"]);
    assert_eq!(text(sandbox.read("repo/.gitattributes")), format!("{ARMED}\n"));
    assert_eq!(text(sandbox.read("repo/.git/info/attributes")), format!("{MACRO}\n"));
    sandbox.shroud("repo", ["track", "-q", "secrets/**"]);
    sandbox.write("repo/secrets/a", "canary");
    sandbox.git("repo", ["add", "."]);
    assert!(is_sealed(&sandbox.blob("repo", ":secrets/a")));
}

#[test]
fn the_tripwire_can_be_left_out() {
    let sandbox = repository();
    sandbox.shroud("repo", ["init", "-q", "--no-tripwire"]);
    assert_eq!(text(sandbox.read("repo/.gitattributes")), format!("{MACRO}\n"));
    let template = ["init", "-q", "--template", "config", "shop", "--env", "dev", "--no-backup"];
    sandbox.shroud(".", [&template[..], &["--no-tripwire"]].concat());
    assert!(text(sandbox.read("shop/.gitattributes")).starts_with(&format!("{MACRO}\n")));
    sandbox.git(".", ["init", "-q", "old"]);
    // Scripts for earlier versions still name it.
    sandbox.shroud("old", ["init", "-q", "--tripwire"]);
    assert_eq!(text(sandbox.read("old/.gitattributes")), format!("{ARMED}\n"));
}

#[test]
fn track_writes_one_line_a_pattern_beside_where_it_is_called() {
    let sandbox = repository();
    sandbox.shroud("repo", ["init", "-q", "--key", "default", "--key", "prod"]);
    sandbox.shroud("repo", ["track", "*.pem", "with space/*.x"]).says("tracking *.pem");
    sandbox.shroud("repo", ["track", "--key", "prod", "prod/x"]);
    sandbox.shroud("repo", ["track", "*.pem"]).says("tracked already");
    let expected = format!(
        "{ARMED}\n*.pem shroud {SEAL}\n\"with space/*.x\" shroud {SEAL}\nprod/x shroud shroud-key=prod {SEAL}\n"
    );
    assert_eq!(text(sandbox.read("repo/.gitattributes")), expected);
    assert_eq!(
        sandbox.git("repo", ["check-attr", "filter", "with space/f.x"]).text(),
        "with space/f.x: filter: shroud\n"
    );
    sandbox.write("repo/sub/file", "");
    sandbox.shroud("repo/sub", ["track", "-q", "*.env"]);
    assert_eq!(text(sandbox.read("repo/sub/.gitattributes")), format!("*.env shroud {SEAL}\n"));
    assert!(sandbox.git("repo", ["ls-files"]).text().contains("sub/.gitattributes"));
    assert_eq!(
        sandbox.shroud("repo", ["track"]).text(),
        "*.pem\tdefault\t.gitattributes\nwith space/*.x\tdefault\t.gitattributes\nprod/x\tprod\t.gitattributes\n\
         *.env\tdefault\tsub/.gitattributes\n"
    );
}

#[test]
fn untrack_removes_the_line_and_the_next_add_stores_plaintext() {
    let sandbox = Sandbox::new();
    sandbox.sealed_repository("repo");
    sandbox.try_shroud("repo", ["untrack", "*.pem"]).expect(2).says("tracks *.pem").says("hint: ");
    sandbox.shroud("repo", ["untrack", "secrets/**"]).says("no longer tracking");
    assert!(!contains(&sandbox.read("repo/.gitattributes"), b"secrets"));
    assert!(is_sealed(&sandbox.blob("repo", ":secrets/db.env")));
    sandbox.git("repo", ["add", "--renormalize", "."]);
    assert_eq!(sandbox.blob("repo", ":secrets/db.env"), SECRETS[0].1.as_bytes());
}

#[test]
fn track_seals_what_the_index_holds_and_stages_no_local_edit() {
    let sandbox = repository();
    sandbox.write("repo/old.env", "committed");
    sandbox.git("repo", ["add", "."]);
    sandbox.git("repo", ["commit", "-q", "-m", "in the clear"]);
    sandbox.write("repo/staged.env", "staged");
    sandbox.git("repo", ["add", "."]);
    sandbox.shroud("repo", ["init", "-q"]);
    sandbox.write("repo/old.env", "edited, not staged");
    sandbox
        .shroud("repo", ["track", "*.env"])
        .says("sealed 2 files in the index")
        .says("earlier commits hold 1 file unencrypted");
    for (name, content) in [(":old.env", "committed"), (":staged.env", "staged")] {
        assert!(is_sealed(&sandbox.blob("repo", name)), "{name}");
        assert_eq!(sandbox.shroud("repo", ["cat", name]).text(), content);
    }
    assert_eq!(text(sandbox.read("repo/old.env")), "edited, not staged");
    assert_eq!(sandbox.git("repo", ["diff", "--name-only"]).text(), "old.env\n");
}

#[test]
fn track_refuses_what_cannot_work() {
    let sandbox = Sandbox::new();
    sandbox.sealed_repository("repo");
    let before = sandbox.read("repo/.gitattributes");
    sandbox.try_shroud("repo", ["track", "!x"]).expect(2).says("begins with '!'");
    sandbox.try_shroud("repo", ["track", "ok", "dir/"]).expect(2).says("write 'dir/**'");
    sandbox
        .try_shroud("repo", ["track", "--key", "prod", "x"])
        .expect(2)
        .says("git shroud key new prod");
    assert_eq!(sandbox.read("repo/.gitattributes"), before);
    sandbox.git(".", ["init", "-q", "bare-of-keys"]);
    sandbox.try_shroud("bare-of-keys", ["track", "x"]).expect(2).says("git shroud init");
}

#[test]
fn track_with_another_key_seals_anew_or_says_how() {
    let sandbox = Sandbox::new();
    sandbox.sealed_repository("repo");
    sandbox.shroud("repo", ["key", "new", "-q", "prod"]);
    let done = sandbox.shroud("repo", ["track", "--key", "prod", "secrets/**"]);
    let state = sandbox.try_shroud("repo", ["status", "--json", "secrets/db.env"]).json()["files"]
        [0]["state"]
        .clone();
    assert!(state == "sealed" || done.stderr.contains("status --fix"), "{state}: {}", done.stderr);
}

#[test]
fn lines_seal_for_programs_that_know_no_macros() {
    let sandbox = Sandbox::new();
    sandbox.sealed_repository("repo");
    // Without the macro in any file, as for such a program.
    let lines = text(sandbox.read("repo/.gitattributes"));
    sandbox.write("repo/.gitattributes", lines.replace(MACRO, ""));
    sandbox.write("repo/.git/info/attributes", "");
    let said = sandbox.git("repo", ["check-attr", "-a", "secrets/db.env"]).text();
    for said_of in ["filter: shroud", "diff: shroud", "merge: shroud", "text: unset"] {
        assert!(said.contains(said_of), "{said}");
    }
    sandbox.write("repo/secrets/new", "canary-new");
    sandbox.git("repo", ["add", "secrets/new"]);
    assert!(is_sealed(&sandbox.blob("repo", ":secrets/new")));
}

#[test]
fn lines_of_earlier_versions_serve_and_are_written_out_when_asked() {
    let sandbox = Sandbox::new();
    sandbox.sealed_repository("repo");
    sandbox
        .write("repo/.gitattributes", format!("{MACRO}\nsecrets/** shroud\n*.pem shroud text\n"));
    sandbox.write("repo/sub/.gitattributes", "*.env shroud\n");
    sandbox.git("repo", ["add", "."]);
    sandbox.git("repo", ["commit", "-q", "-m", "old lines"]);
    sandbox.shroud("repo", ["status"]);
    sandbox.shroud("repo", ["check", "HEAD"]);
    let doctor = sandbox.try_shroud("repo", ["doctor"]).text();
    assert!(
        doctor.contains("3 lines of .gitattributes")
            && doctor.contains("git shroud track --write-out"),
        "{doctor}"
    );
    sandbox.shroud("repo", ["track", "secrets/**"]).says("tracked already");
    sandbox.shroud("repo", ["track", "--write-out"]).says("wrote out 2 lines");
    assert_eq!(
        text(sandbox.read("repo/.gitattributes")),
        format!(
            "{MACRO}\nsecrets/** shroud {SEAL}\n*.pem shroud filter=shroud diff=shroud merge=shroud text\n.gitattributes !shroud !filter !diff !merge !text\n.gitignore !shroud !filter !diff !merge !text\n"
        )
    );
    assert_eq!(text(sandbox.read("repo/sub/.gitattributes")), format!("*.env shroud {SEAL}\n"));
    assert!(!sandbox.try_shroud("repo", ["doctor"]).text().contains("--write-out"));
    sandbox.shroud("repo", ["track", "--write-out"]).says("already");
    sandbox.shroud("repo", ["status"]);
}
