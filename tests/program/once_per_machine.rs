//! `install --global` and `uninstall --global`: the drivers in the user's configuration; and the path under which git starts the program.

use crate::common::{Sandbox, is_sealed, sealed};

fn user_config(sandbox: &Sandbox) -> String {
    std::fs::read_to_string(sandbox.path("home/.gitconfig")).unwrap_or_default()
}

/// A clone of a sealed repository whose attributes have no tripwire: nothing but the drivers keeps plaintext out.
fn clone_without_tripwire(sandbox: &Sandbox) {
    sandbox.git(".", ["init", "-q", "-b", "main", "plain"]);
    sandbox.shroud("plain", ["init", "-q", "--no-tripwire"]);
    sandbox.shroud("plain", ["track", "-q", "secrets/**"]);
    sandbox.write("plain/secrets/a", "canary one");
    sandbox.git("plain", ["add", "."]);
    sandbox.git("plain", ["commit", "-q", "-m", "sealed"]);
    sandbox.shroud("plain", ["key", "export", "-q", "-o", "../plain.key"]);
    sandbox.git(".", ["clone", "-q", "plain", "clone"]);
}

#[test]
fn a_fresh_clone_refuses_plaintext_and_needs_only_to_be_unlocked() {
    let sandbox = Sandbox::new();
    sandbox.shroud(".", ["install", "--global"]).says("wrote 9 settings");
    let written = user_config(&sandbox);
    sandbox.shroud(".", ["install", "--global"]).says("has these settings already");
    assert_eq!(user_config(&sandbox), written);
    clone_without_tripwire(&sandbox);
    let own = sandbox.try_git("clone", ["config", "--local", "--get-regexp", "shroud"]);
    assert_eq!(own.expect(1).text(), "");
    assert!(is_sealed(&sandbox.read("clone/secrets/a")));
    sandbox.write("clone/secrets/new", "canary two");
    sandbox.try_git("clone", ["add", "."]).expect(128).says("clean filter 'shroud' failed");
    sandbox.assert_no_object_holds("clone", b"canary");
    assert!(sandbox.shroud("clone", ["doctor"]).text().contains("by your own git configuration"));
    sandbox.shroud("clone", ["unlock", "-q", "../plain.key"]);
    assert_eq!(sandbox.read("clone/secrets/a"), b"canary one");
    sandbox.git("clone", ["add", "."]);
    assert!(is_sealed(&sandbox.blob("clone", ":secrets/new")));
}

#[test]
fn what_install_wrote_goes_and_nothing_else() {
    let sandbox = Sandbox::new();
    let before = "[user]\n\tname = Ann\n[filter \"lfs\"]\n\trequired = true\n";
    sandbox.write("home/.gitconfig", before);
    sandbox.shroud(".", ["install", "--global"]);
    clone_without_tripwire(&sandbox);
    sandbox.shroud("clone", ["unlock", "-q", "../plain.key"]);
    // Of an earlier version, elsewhere.
    let earlier = "'/old place/git-shroud' clean -- %f";
    sandbox.git(".", ["config", "--global", "filter.shroud.clean", earlier]);
    sandbox.shroud(".", ["uninstall", "--global"]).says("removed 9 settings");
    assert_eq!(user_config(&sandbox), before);
    sandbox.shroud(".", ["uninstall", "--global"]).says("has no settings");
    // A clone that was unlocked counts on no configuration but its own.
    sandbox.write("clone/secrets/new", "canary two");
    sandbox.git("clone", ["add", "."]);
    assert!(is_sealed(&sandbox.blob("clone", ":secrets/new")));
    sandbox.assert_no_object_holds("clone", b"canary");
}

#[test]
fn a_setting_of_somebody_else_stays() {
    let sandbox = Sandbox::new();
    sandbox.git(".", ["config", "--global", "filter.shroud.smudge", "my-own-program"]);
    let before = user_config(&sandbox);
    let refused = sandbox.try_shroud(".", ["install", "--global"]).expect(2);
    let refused = refused.says("sets 'filter.shroud.smudge' to something");
    assert!(!refused.stderr.contains("my-own-program"), "{}", refused.stderr);
    assert_eq!(user_config(&sandbox), before);
    sandbox.shroud(".", ["uninstall", "--global"]).says("left 'filter.shroud.smudge' as it is");
    assert_eq!(user_config(&sandbox), before);
    sandbox.try_shroud(".", ["install"]).expect(2).says("--global");
}

#[test]
fn a_repository_without_keys_is_not_ill_by_it() {
    let sandbox = Sandbox::new();
    sandbox.shroud(".", ["install", "--global"]);
    sandbox.git(".", ["init", "-q", "other"]);
    let doctor = sandbox.try_shroud("other", ["doctor", "--json"]).expect(1).json();
    let checks: Vec<_> = doctor["findings"].as_array().unwrap().iter().collect();
    assert_eq!(checks.last().unwrap()["check"], "set-up");
}

/// As with Homebrew: a folder for each version, and a link on `PATH` that leads into the one in use.
#[cfg(unix)]
#[test]
fn an_upgrade_and_a_short_path_leave_the_program_where_git_finds_it() {
    let sandbox = sealed();
    let programs = std::path::absolute(env!("CARGO_BIN_EXE_git-shroud")).unwrap();
    let programs = programs.parent().unwrap();
    let install = |version: &str| {
        let folder = sandbox.path(format!("Cellar/git-shroud/{version}/bin"));
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::create_dir_all(sandbox.path("bin")).unwrap();
        for name in ["git-shroud", "git-shroud-textconv"] {
            std::fs::hard_link(programs.join(name), folder.join(name))
                .or_else(|_| std::fs::copy(programs.join(name), folder.join(name)).map(drop))
                .unwrap();
            let link = sandbox.path("bin").join(name);
            let _ = std::fs::remove_file(&link);
            std::os::unix::fs::symlink(folder.join(name), link).unwrap();
        }
    };
    let in_path = |program: &str, path: String, args: &[&str]| {
        let mut command = sandbox.command(program, "repo");
        command.args(args).env("PATH", path);
        sandbox.run(command)
    };
    let path = std::env::var("PATH").unwrap();
    let bin = sandbox.path("bin");
    let with_bin = format!("{}:{path}", bin.display());
    install("1.2.0");
    in_path("git", with_bin.clone(), &["shroud", "unlock"]).expect(0);
    let set = sandbox.git("repo", ["config", "filter.shroud.process"]).text();
    assert_eq!(set.trim_end(), format!("{}/git-shroud filter-process", bin.display()));
    // Also if the program was started by its full path, from a client that has no such folder on PATH.
    let real = sandbox.path("Cellar/git-shroud/1.2.0/bin/git-shroud");
    in_path(real.to_str().unwrap(), path.clone(), &["unlock"]).expect(0);
    assert_eq!(sandbox.git("repo", ["config", "filter.shroud.process"]).text(), set);
    let doctor = in_path("git", with_bin.clone(), &["shroud", "doctor"]);
    assert!(!doctor.text().contains("graphical clients"), "{}", doctor.text());
    install("1.3.0");
    std::fs::remove_dir_all(sandbox.path("Cellar/git-shroud/1.2.0")).unwrap();
    sandbox.write("repo/secrets/new.env", "A=canary\n");
    in_path("git", path, &["add", "."]).expect(0);
    assert!(is_sealed(&sandbox.blob("repo", ":secrets/new.env")));
    // By name, as an earlier version wrote it, it starts only where PATH has it.
    sandbox.git("repo", ["config", "filter.shroud.process", "git-shroud filter-process"]);
    let doctor = in_path("git", with_bin, &["shroud", "doctor"]).text();
    assert!(doctor.contains("PATH=/usr/bin:/bin"), "{doctor}");
    assert!(doctor.contains("git cannot start git-shroud\n"), "{doctor}");
}

#[test]
fn hooks_of_the_configuration_run_beside_others() {
    let sandbox = sealed();
    if !sandbox.git_knows("hooks in its configuration", (2, 54)) {
        sandbox.try_shroud(".", ["hooks", "install", "--global"]).expect(2).says("git 2.54");
        assert_eq!(user_config(&sandbox), "");
        return;
    }
    for scope in [&["--global"][..], &[]] {
        sandbox.git("repo", ["config", "--replace-all", "hook.other.event", "pre-commit"]);
        sandbox.git("repo", ["config", "hook.other.command", "echo other ran >&2"]);
        // Files of an earlier version do not run a second time.
        sandbox.shroud("repo", ["hooks", "install", "-q", "--files"]);
        let install = [&["hooks", "install"][..], scope].concat();
        sandbox.shroud("repo", &install).says("set the hook pre-commit in git's configuration");
        sandbox.shroud("repo", &install).says("left the hook pre-push as it is");
        assert_eq!(sandbox.path("repo/.git/hooks/pre-commit").exists(), !scope.is_empty());
        sandbox.shroud("repo", ["hooks", "remove", "-q"]);
        sandbox.shroud("repo", &install);
        let doctor = sandbox.try_shroud("repo", ["doctor"]).text();
        assert!(doctor.contains("hooks check commits and pushes here"), "{doctor}");
        sandbox.stage_raw("repo", "secrets/bad", b"canary");
        let refused = sandbox.try_git("repo", ["commit", "-q", "-m", "bad"]).expect(1);
        let said = refused.text() + &refused.stderr;
        assert_eq!(said.matches("secrets/bad  plaintext").count(), 1, "{said}");
        sandbox.git("repo", ["commit", "-q", "--no-verify", "-m", "bad"]);
        sandbox.git(".", ["clone", "-q", "--bare", "repo", "server.git"]);
        sandbox.git("server.git", ["update-ref", "refs/heads/main", "main~1"]);
        let refused = sandbox.try_git("repo", ["push", "-q", "../server.git", "main"]).expect(1);
        let said = refused.text() + &refused.stderr;
        assert!(said.contains("secrets/bad  plaintext"), "{said}");
        sandbox.git("repo", ["reset", "-q", "--hard", "HEAD~1"]);
        std::fs::remove_dir_all(sandbox.path("server.git")).unwrap();
        sandbox.write("repo/secrets/good", format!("sealed by the filter {scope:?}"));
        sandbox.git("repo", ["add", "."]);
        sandbox.git("repo", ["commit", "-q", "-m", "good"]).says("other ran");
        // What switches the guard off is told.
        let off = ["config", "hook.git-shroud-pre-push.enabled", "false"];
        sandbox.git("repo", off);
        let doctor = sandbox.try_shroud("repo", ["doctor"]).text();
        assert!(doctor.contains("no git-shroud hook checks commits here: pre-push"), "{doctor}");
        sandbox.git("repo", ["config", "--unset", off[1]]);
        let remove = [&["hooks", "uninstall"][..], scope].concat();
        sandbox.shroud("repo", &remove).says("removed the hook pre-commit");
        let left = sandbox.git("repo", ["config", "--get-regexp", "^hook"]).text();
        assert_eq!(left.matches("git-shroud").count(), 0, "{left}");
        assert!(left.contains("hook.other.command"), "{left}");
    }
}

#[test]
fn the_guard_of_an_unknown_event_says_so() {
    let sandbox = sealed();
    sandbox.try_shroud("repo", ["guard", "update"]).expect(2).says("no guard for 'update'");
}
