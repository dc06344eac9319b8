//! Every command as its user meets it, but for those that have a file of their own: `init`, `track`, `unlock`, `lock`, `status`.

use crate::common::{SECRETS, Sandbox, contains, is_sealed, repository, text};

#[test]
fn key_new_and_list_show_what_is_held() {
    let sandbox = Sandbox::new();
    sandbox.sealed_repository("repo");
    sandbox.shroud("repo", ["key", "new", "prod"]).says("made key 'prod'");
    sandbox
        .try_shroud("repo", ["key", "new", "prod"])
        .expect(2)
        .says("there is a key 'prod' already");
    sandbox.try_shroud("repo", ["key", "new", "a/b"]).expect(2).says("cannot be the name of a key");
    assert!(sandbox.git("repo", ["ls-files"]).text().contains(".shroud/prod/key.toml"));
    sandbox.git("repo", ["commit", "-q", "-m", "prod"]);
    sandbox.git(".", ["clone", "-q", "repo", "clone"]);
    sandbox.shroud("clone", ["key", "import", "../team.key"]).says("took 1 new key");
    assert!(is_sealed(&sandbox.read("clone/secrets/db.env")), "import opens nothing");
    let listed = sandbox.shroud("clone", ["key", "list"]).text();
    let lines: Vec<Vec<&str>> = listed.lines().map(|line| line.split('\t').collect()).collect();
    assert_eq!(lines.len(), 2);
    assert_eq!((lines[0][0], lines[0][1], lines[0][3]), ("default", "generation 1", "held"));
    assert_eq!((lines[1][0], lines[1][1], lines[1][3]), ("prod", "generation 1", "not held"));
    let json = sandbox.shroud("clone", ["key", "list", "--json"]).json();
    assert_eq!(json["keys"][1]["held"], false);
    assert_eq!(json["keys"][1]["current"], true);
    assert_eq!(json["keys"][1]["id"], lines[1][2]);
}

#[test]
fn key_export_chooses_by_name_and_overwrites_nothing() {
    let sandbox = Sandbox::new();
    sandbox.sealed_repository("repo");
    sandbox.shroud("repo", ["key", "new", "-q", "prod"]);
    let prod = sandbox.shroud("repo", ["key", "export", "--name", "prod"]).text();
    assert!(prod.starts_with("git-shroud-keyring v1\nprod 1 GIT-SHROUD-KEY-1"), "{prod}");
    assert_eq!(prod.lines().count(), 2);
    sandbox
        .try_shroud("repo", ["key", "export", "--name", "dev"])
        .expect(2)
        .says("'dev' is not held here");
    let before = sandbox.read("team.key");
    sandbox
        .try_shroud("repo", ["key", "export", "-o", "../team.key"])
        .expect(2)
        .says("exists already");
    assert_eq!(sandbox.read("team.key"), before);
    sandbox.shroud("repo", ["key", "export", "-o", "in.key"]).says("inside the worktree");
}

#[cfg(unix)]
#[test]
fn key_material_is_private_whatever_the_umask() {
    let sandbox = repository();
    sandbox.sh("repo", "umask 000; git shroud init -q; git shroud key export -q -o ../out.key");
    assert_eq!(sandbox.mode("repo/.git/git-shroud"), 0o700);
    assert_eq!(sandbox.mode("repo/.git/git-shroud/keyring"), 0o600);
    assert_eq!(sandbox.mode("out.key"), 0o600);
}

#[test]
fn a_directory_given_with_c_is_where_paths_begin() {
    let sandbox = Sandbox::new();
    sandbox.fresh_clone();
    sandbox.shroud(".", ["-C", "repo", "key", "export", "-q", "-o", "../again.key"]);
    assert_eq!(sandbox.read("again.key"), sandbox.read("team.key"));
    sandbox.shroud(".", ["-C", "clone", "unlock", "../team.key"]).says("opened 2 files");
}

#[test]
fn cat_prints_one_file_in_the_clear() {
    let sandbox = Sandbox::new();
    sandbox.sealed_repository("repo");
    sandbox.write("repo/secrets/db.env", "staged");
    sandbox.git("repo", ["add", "."]);
    sandbox.write("repo/secrets/db.env", "in the worktree");
    let cat = |dir: &str, name: &str| sandbox.shroud(dir, ["cat", name]).text();
    assert_eq!(cat("repo", "HEAD:secrets/db.env"), SECRETS[0].1);
    assert_eq!(cat("repo", ":secrets/db.env"), "staged");
    assert_eq!(cat("repo", "secrets/db.env"), "in the worktree");
    assert_eq!(cat("repo/secrets", "db.env"), "in the worktree");
    assert_eq!(cat("repo/secrets", "HEAD:./db.env"), SECRETS[0].1);
    assert_eq!(cat("repo", "HEAD:README"), "in the clear\n");
    assert_eq!(cat("repo", "HEAD:secrets/empty"), "");
    sandbox.try_shroud("repo", ["cat", "none"]).expect(2).says("no file 'none'").says("REV:PATH");
    sandbox.try_shroud("repo", ["cat", "HEAD:none"]).expect(2).says("names no file");
    sandbox.try_shroud("repo", ["cat", "HEAD:secrets"]).expect(2);
}

#[test]
fn cat_needs_the_key_and_takes_it_from_the_environment_in_a_bare_repository() {
    let sandbox = Sandbox::new();
    sandbox.fresh_clone();
    sandbox.git(".", ["clone", "-q", "--bare", "repo", "bare.git"]);
    for (dir, name) in [
        ("clone", "HEAD:secrets/db.env"),
        ("clone", "secrets/db.env"),
        ("bare.git", "HEAD:secrets/db.env"),
    ] {
        let done = sandbox
            .try_shroud(dir, ["cat", name])
            .expect(1)
            .says("is not held here")
            .says("unlock");
        assert!(done.stdout.is_empty(), "{name}");
    }
    let key = text(sandbox.read("team.key"));
    for variable in [("GIT_SHROUD_KEY", key.as_str()), ("GIT_SHROUD_KEYRING", "../team.key")] {
        let done = sandbox
            .try_shroud_with(variable, "bare.git", &["cat", "HEAD:secrets/db.env"])
            .expect(0);
        assert_eq!(done.text(), SECRETS[0].1);
    }
}

#[test]
fn why_names_the_line_the_key_and_what_a_clone_sees() {
    let sandbox = Sandbox::new();
    sandbox.sealed_repository("repo");
    let said = sandbox.shroud("repo/secrets", ["why", "db.env"]).text();
    for part in [
        "secrets/db.env",
        "filter=shroud",
        ".gitattributes:",
        "default, held here, generation 1",
        "sealed bytes",
    ] {
        assert!(said.contains(part), "lacks {part:?}:\n{said}");
    }
    let said = sandbox.shroud("repo", ["why", "README"]).text();
    assert!(said.contains("stored as plaintext") && said.contains("sees the plaintext"), "{said}");
    let said = sandbox.shroud("repo", ["why", "secrets/not-yet"]).text();
    assert!(said.contains("not there") && said.contains("would see sealed bytes"), "{said}");
    sandbox.try_shroud("repo", ["why", "../team.key"]).expect(2).says("outside the worktree");
}

#[test]
fn doctor_finds_missing_drivers_and_unlock_cures_them() {
    let sandbox = Sandbox::new();
    sandbox.sealed_repository("repo");
    assert!(!sandbox.shroud("repo", ["doctor"]).text().contains("problem"));
    sandbox.git("repo", ["config", "--remove-section", "filter.shroud"]);
    let text = sandbox.try_shroud("repo", ["doctor"]).expect(1).text();
    assert!(
        text.contains("problem") && text.contains("filter.shroud.process") && text.contains("-> "),
        "{text}"
    );
    let json = sandbox.try_shroud("repo", ["doctor", "--json"]).expect(1).json();
    let findings = json["findings"].as_array().unwrap();
    let ill: Vec<_> = findings.iter().filter(|finding| finding["severity"] == "problem").collect();
    assert_eq!(ill.len(), 1, "{json}");
    assert_eq!(ill[0]["check"], "drivers");
    assert!(ill[0]["remedy"].as_str().unwrap().contains("git shroud unlock"));
    sandbox.shroud("repo", ["unlock", "-q"]);
    sandbox.shroud("repo", ["doctor"]);
}

#[test]
fn doctor_finds_a_cached_textconv_and_a_missing_macro() {
    let sandbox = Sandbox::new();
    sandbox.sealed_repository("repo");
    sandbox.git("repo", ["config", "diff.shroud.cachetextconv", "true"]);
    sandbox.write("repo/.gitattributes", "secrets/** shroud\n");
    let json = sandbox.try_shroud("repo", ["doctor", "--json"]).expect(1).json();
    for check in ["cachetextconv", "macro"] {
        let found = json["findings"]
            .as_array()
            .unwrap()
            .iter()
            .find(|finding| finding["check"] == check)
            .unwrap();
        assert_eq!(found["severity"], "problem", "{check}");
    }
}

#[test]
fn completions_are_made_for_each_shell() {
    let sandbox = Sandbox::new();
    for (shell, mark) in [("zsh", "#compdef git-shroud"), ("fish", "complete -c git-shroud")] {
        let script = sandbox.shroud(".", ["completions", shell]).text();
        assert!(script.contains(mark) && script.contains("untrack"), "{shell}:\n{script}");
    }
    sandbox.sh(".", "git shroud completions bash > completions.bash");
    for (words, expected) in [("unt", "untrack"), ("key exp", "export"), ("status --f", "--fix")] {
        let last = words.rsplit(' ').next().unwrap();
        let script = format!(
            ". ./completions.bash; COMP_WORDS=(git-shroud {words}); COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1))
            f=$(complete -p git-shroud); f=${{f##*-F }}; ${{f%% *}} git-shroud {last} ''; echo ${{COMPREPLY[@]}}"
        );
        let mut bash = sandbox.command("bash", ".");
        bash.args(["-c", &script]);
        let offered = sandbox.run(bash).expect(0).text();
        assert_eq!(offered, format!("{expected}\n"), "git-shroud {words}");
    }
    sandbox.try_shroud(".", ["completions", "sh"]).expect(2);
}

#[test]
fn man_pages_are_printed_or_written_for_every_command() {
    let sandbox = Sandbox::new();
    assert!(sandbox.shroud(".", ["man"]).text().contains(".TH git-shroud 1"));
    sandbox.shroud(".", ["man", "man/man1"]).says("wrote the man pages");
    for page in
        ["git-shroud.1", "git-shroud-unlock.1", "git-shroud-key.1", "git-shroud-key-export.1"]
    {
        assert!(contains(&sandbox.read(format!("man/man1/{page}")), b".TH"), "{page}");
    }
    assert!(
        !sandbox.path("man/man1/git-shroud-filter-process.1").exists(),
        "plumbing is not for people"
    );
}

#[test]
fn the_demo_passes_its_own_checks_and_leaves_a_used_directory_alone() {
    let sandbox = Sandbox::new();
    sandbox.shroud(".", ["demo", "demo"]).says("all checks passed");
    assert!(contains(&sandbox.read("demo/shop/secrets/db.env"), b"correct-horse"));
    assert!(is_sealed(&sandbox.blob("demo/shop", "HEAD:secrets/db.env")));
    sandbox.assert_no_object_holds("demo/shop", b"correct-horse");
    let before = sandbox.snapshot("demo");
    sandbox.try_shroud(".", ["demo", "demo"]).expect(2).says("exists and is not empty");
    assert_eq!(sandbox.snapshot("demo"), before);
}

#[test]
fn a_request_that_makes_no_sense_ends_with_status_2() {
    let sandbox = repository();
    sandbox.try_shroud("repo", ["frobnicate"]).expect(2);
    sandbox
        .try_shroud("repo", ["-C", "nowhere", "status"])
        .expect(2)
        .says("there is no directory 'nowhere'");
    sandbox.try_shroud("home", ["status"]).expect(2).says("not a git repository");
    sandbox.shroud("repo", ["--version"]);
}
