//! `init --template config`: a configuration repository from nothing.

use crate::common::{Sandbox, is_sealed_anyhow, text};
use crate::config::place::PASSPHRASE;

fn with_passphrase(sandbox: &Sandbox, dir: &str, args: &[&str]) -> crate::common::Done {
    sandbox.try_shroud_with(("GIT_SHROUD_PASSPHRASE", PASSPHRASE), dir, args).expect(0)
}

#[test]
fn six_commands_lead_to_a_sealed_repository_with_a_colleague_and_a_check_that_passes() {
    let sandbox = Sandbox::new();
    let bob = sandbox.age_identity("bob");
    let init = [
        "init",
        "--template",
        "config",
        "shop",
        "--env",
        "dev",
        "--env",
        "staging",
        "--env",
        "prod",
    ];
    let done = with_passphrase(&sandbox, ".", &[&init[..], &["--backup", "keys.age"]].concat());
    let next = done.text();
    let printed: Vec<&str> = next.lines().collect();
    assert_eq!(
        printed,
        [
            "git shroud member add THEIR-PUBLIC-KEY --key dev --key staging --key prod",
            "git commit -m 'Lay out the configuration, add the first colleague'",
            "git push",
        ]
    );
    // The commands that it printed, but for the push: there is nowhere to push to.
    let add = printed[0].replace("THEIR-PUBLIC-KEY", &format!("{bob} --label bob"));
    sandbox.sh("shop", &add);
    sandbox.sh("shop", printed[1]);
    sandbox.shroud("shop", ["check", "HEAD"]);
    sandbox
        .shroud("shop", ["config", "check"])
        .says("the schema has no property yet")
        .says("in 3 environments and found nothing wrong");
    for name in ["dev", "staging", "prod"] {
        let path = format!("environments/{name}/app.env");
        let status = sandbox.shroud("shop", ["status"]).text();
        assert!(status.contains(&format!("sealed by value  {path}")), "{status}");
    }
    let listed = sandbox.git("shop", ["ls-tree", "-r", "--name-only", "HEAD"]).text();
    for path in [
        ".gitattributes",
        ".github/workflows/configuration.yml",
        "README.md",
        "config.shroud.toml",
        ".shroud/prod/members/bob.toml",
    ] {
        assert!(listed.lines().any(|line| line == path), "{path}: {listed}");
    }
    assert_eq!(sandbox.git("shop", ["status", "--porcelain"]).text(), "");
    sandbox.git(".", ["clone", "-q", "shop", "clone"]);
    sandbox.shroud("clone", ["unlock", "-q", "-i", "../bob.age"]);
    assert_eq!(
        sandbox.read("clone/environments/prod/app.env"),
        sandbox.read("shop/environments/prod/app.env")
    );
}

#[test]
fn doctor_reminds_of_a_backup_until_one_was_verified() {
    let sandbox = Sandbox::new();
    let init = ["init", "-q", "--template", "config", "shop", "--env", "dev", "--env", "prod"];
    with_passphrase(&sandbox, ".", &[&init[..], &["--backup", "keys.age"]].concat());
    let reminders = |dir: &str| {
        let json = sandbox.shroud(dir, ["doctor", "--json"]).json();
        let findings = json["findings"].as_array().unwrap().clone();
        findings
            .iter()
            .filter(|finding| finding["check"] == "backup" && finding["severity"] == "advice")
            .count()
    };
    assert_eq!(reminders("shop"), 2);
    with_passphrase(&sandbox, "shop", &["key", "export", "--verify", "../keys.age"]);
    assert_eq!(reminders("shop"), 0);
    sandbox
        .shroud(".", ["init", "--template", "config", "other", "--env", "dev", "--no-backup"])
        .says("'git shroud doctor' will remind you");
    assert_eq!(reminders("other"), 1);
    sandbox.shroud("other", ["key", "export", "-q", "-o", "../other.key"]);
    assert_eq!(reminders("other"), 1);
    sandbox.shroud("other", ["key", "export", "--verify", "../other.key"]);
    assert_eq!(reminders("other"), 0);
}

#[test]
fn a_backup_is_asked_for_on_the_terminal() {
    let sandbox = Sandbox::new();
    let script = "git shroud init --template config shop --env dev";
    let typed = format!("../keys.age\n{PASSPHRASE}\n{PASSPHRASE}\n");
    let done = sandbox.on_terminal(".", script, &typed).expect(0);
    assert!(
        done.text().contains("Write a backup of the keys, under a passphrase?"),
        "{}",
        done.text()
    );
    with_passphrase(&sandbox, "shop", &["key", "export", "--verify", "../keys.age"]);
    let done = sandbox
        .on_terminal(".", "git shroud init --template config none --env dev", "\n")
        .expect(0);
    assert!(done.text().contains("the keys exist only in this clone"), "{}", done.text());
}

/// Whoever takes the name in a registry would run code in the CI of every team.
#[test]
fn the_job_for_ci_takes_git_shroud_from_no_registry() {
    let sandbox = Sandbox::new();
    sandbox
        .shroud(".", ["init", "-q", "--template", "config", "shop", "--env", "dev", "--no-backup"]);
    let workflow = text(sandbox.read("shop/.github/workflows/configuration.yml"));
    let (_, script) = workflow.split_once("TAG: ").unwrap();
    let (tag, script) = script.split_once("run: |\n").unwrap();
    let (script, _) = script.split_once("      - name:").unwrap();
    assert_eq!(tag.trim(), concat!("v", env!("CARGO_PKG_VERSION")));
    sandbox.write("bin/cargo", "#!/bin/sh\necho cargo \"$@\"\n");
    sandbox.sh(".", "chmod +x bin/cargo");
    let run = |source: &str| {
        let mut command = sandbox.command("sh", ".");
        command.args(["-c", script]).env("SOURCE", source).env("TAG", tag.trim());
        command.env("PATH", format!("{}:/usr/bin:/bin", sandbox.path("bin").display()));
        sandbox.run(command)
    };
    let done = run("https://example.com/git-shroud.git").expect(0).text();
    let tag = tag.trim();
    let expected = "cargo install --locked --git https://example.com/git-shroud.git --tag";
    assert_eq!(done, format!("{expected} {tag} git-shroud\n"));
    assert!(run("").expect(1).text().starts_with("::error::set the variable GIT_SHROUD_SOURCE"));
    let listed = sandbox.git("shop", ["ls-files"]).text();
    for path in listed.lines() {
        let content = String::from_utf8_lossy(&sandbox.read(format!("shop/{path}"))).into_owned();
        assert!(!content.contains("crates.io"), "{path}");
        let lines = content.lines().filter(|line| line.contains("cargo install"));
        lines.for_each(|line| assert!(line.contains("--git"), "{path}: {line}"));
    }
}

#[test]
fn every_form_is_laid_out_and_passes() {
    let sandbox = Sandbox::new();
    for form in ["env", "properties", "yaml", "toml", "json"] {
        let init = [
            "init",
            "-q",
            "--template",
            "config",
            form,
            "--env",
            "dev",
            "--env",
            "prod",
            "--no-backup",
        ];
        sandbox.shroud(".", [&init[..], &["--format", form]].concat());
        sandbox.shroud(form, ["config", "schema", "add", "-q", "db.url", "--required"]);
        sandbox.shroud(form, ["config", "sync", "-q"]);
        for name in ["dev", "prod"] {
            crate::config::place::try_set(&sandbox, form, name, "db.url", "https://x").expect(0);
        }
        sandbox.shroud(form, ["config", "check"]);
        sandbox.git(form, ["add", "."]);
        sandbox.git(form, ["commit", "-q", "-m", "configuration"]);
        assert!(is_sealed_anyhow(
            &sandbox.blob(form, &format!("HEAD:environments/dev/app.{form}"))
        ));
        let json = sandbox.shroud(form, ["config", "render", "dev", "-o", "json"]).json();
        let nested = matches!(form, "yaml" | "toml" | "json");
        let value = if nested { &json["db"]["url"] } else { &json["db.url"] };
        assert_eq!(value, "https://x", "{form}");
    }
}

#[test]
fn the_guards_and_the_tripwire_are_set() {
    let sandbox = Sandbox::new();
    sandbox
        .shroud(".", ["init", "-q", "--template", "config", "shop", "--env", "dev", "--no-backup"]);
    let attributes = text(sandbox.read("shop/.gitattributes"));
    assert!(
        attributes.contains("working-tree-encoding=")
            && attributes.contains("environments/dev/** shroud-values shroud-key=dev")
    );
    sandbox.git("shop", ["commit", "-q", "-m", "configuration"]);
    sandbox.stage_raw("shop", "environments/dev/more.env", b"PASSWORD=canary\n");
    sandbox.try_git("shop", ["commit", "-q", "-m", "leak"]).expect(1);
    sandbox.git(".", ["clone", "-q", "shop", "clone"]);
    sandbox.write("clone/environments/dev/more.env", "PASSWORD=canary\n");
    let stock = sandbox
        .try_git("clone", ["-c", "filter.shroud.process=", "add", "environments/dev/more.env"]);
    assert_ne!(stock.status, 0);
}

#[test]
fn the_ci_example_passes_and_fails_where_it_should() {
    let sandbox = Sandbox::new();
    sandbox.shroud(
        ".",
        [
            "init",
            "-q",
            "--template",
            "config",
            "shop",
            "--env",
            "dev",
            "--env",
            "prod",
            "--no-backup",
        ],
    );
    sandbox.git("shop", ["commit", "-q", "-m", "configuration"]);
    let workflow = text(sandbox.read("shop/.github/workflows/configuration.yml"));
    let run: Vec<&str> =
        workflow.lines().filter_map(|line| line.trim().strip_prefix("run: git ")).collect();
    assert_eq!(run.len(), 2, "{workflow}");
    sandbox.git(".", ["clone", "-q", "shop", "ci"]);
    let key = sandbox.shroud("shop", ["key", "export", "--name", "dev"]).text();
    let steps = || -> Vec<i32> {
        let step = |line: &&str| {
            let mut command = sandbox.command("sh", "ci");
            command.args(["-c", &format!("git {line}")]).env("GIT_SHROUD_KEY", &key);
            sandbox.run(command).status
        };
        run.iter().map(step).collect()
    };
    assert_eq!(steps(), [0, 0]);
    sandbox.shroud("shop", ["config", "schema", "add", "-q", "URL", "--required"]);
    sandbox.git("shop", ["commit", "-q", "-am", "a new property"]);
    sandbox.git("ci", ["pull", "-q"]);
    assert_eq!(steps(), [0, 1]);
}

#[test]
fn nothing_is_laid_out_where_it_does_not_belong() {
    let sandbox = Sandbox::new();
    sandbox.sealed_repository("repo");
    let init = ["init", "--template", "config", "--env", "dev", "--no-backup"];
    sandbox.try_shroud("repo/secrets", init).expect(2).says("this is a folder of the repository");
    sandbox.git(".", ["clone", "-q", "repo", "clone"]);
    sandbox.try_shroud("clone", init).expect(2).says("already set up");
    sandbox.git(".", ["init", "-q", "empty"]);
    let before = sandbox.snapshot("empty");
    sandbox
        .try_shroud("empty", ["init", "--template", "config"])
        .expect(2)
        .says("no environment was named");
    sandbox.try_shroud("empty", ["init", "--template", "config", "--env", "De v"]).expect(2);
    sandbox.try_shroud("empty", ["init", "--env", "dev"]).expect(2).says("--template");
    assert_eq!(sandbox.snapshot("empty"), before);
    sandbox.try_shroud(".", ["init", "--template", "config", "none"]).expect(2);
    assert!(!sandbox.path("none").exists());
    sandbox.write("there.age", "x");
    let args = ["init", "--template", "config", "new", "--env", "dev", "--backup", "there.age"];
    sandbox
        .try_shroud_with(("GIT_SHROUD_PASSPHRASE", PASSPHRASE), ".", &args)
        .expect(2)
        .says("exists already");
    assert!(!sandbox.path("new").exists());
}

#[test]
fn a_repository_that_has_keys_already_gets_those_of_the_environments() {
    let sandbox = Sandbox::new();
    sandbox.sealed_repository("repo");
    sandbox.shroud("repo", ["key", "new", "-q", "prod"]);
    sandbox.git("repo", ["commit", "-q", "-m", "prod"]);
    let before = sandbox.read("repo/.shroud/prod/key.toml");
    let init = ["init", "--template", "config", "--env", "dev", "--env", "prod", "--no-backup"];
    let done = sandbox.shroud("repo", init).says("made key 'dev'");
    assert!(!done.stderr.contains("made key 'prod'"), "{}", done.stderr);
    assert_eq!(sandbox.read("repo/.shroud/prod/key.toml"), before);
    sandbox.git("repo", ["commit", "-q", "-m", "configuration"]);
    sandbox.shroud("repo", ["config", "check"]);
    let status = sandbox.shroud("repo", ["status"]).text();
    for line in ["environments/prod/app.env  (key prod", "secrets/db.env  (key default"] {
        assert!(status.contains(line), "{status}");
    }
    let before = sandbox.snapshot("repo");
    sandbox
        .try_shroud("repo", init)
        .expect(2)
        .says("this is already a configuration repository")
        .says("git shroud config env add");
    assert_eq!(sandbox.snapshot("repo"), before);
}

#[test]
fn a_layout_that_fails_leaves_nothing_behind() {
    let sandbox = Sandbox::new();
    sandbox.git(".", ["init", "-q", "repo"]);
    sandbox.write("repo/.gitattributes", "*.txt text\n");
    // A file stands where a folder has to be.
    sandbox.write("repo/environments", "x");
    sandbox
        .try_shroud("repo", ["init", "--template", "config", "--env", "dev", "--no-backup"])
        .expect(2);
    assert_eq!(sandbox.read("repo/.gitattributes"), b"*.txt text\n");
    assert!(
        !sandbox.path("repo/.shroud").exists() && !sandbox.path("repo/config.shroud.toml").exists()
    );
    std::fs::remove_file(sandbox.path("repo/environments")).unwrap();
    sandbox.shroud("repo", ["init", "--template", "config", "--env", "dev", "--no-backup"]);
}

#[test]
fn no_hook_of_others_is_touched() {
    let sandbox = Sandbox::new();
    sandbox.git(".", ["init", "-q", "repo"]);
    sandbox.write("hooks/pre-commit", "#!/bin/sh\n");
    let shared = sandbox.path("hooks");
    sandbox.git("repo", ["config", "core.hooksPath", shared.to_str().unwrap()]);
    let init = ["init", "--template", "config", "--env", "dev", "--no-backup"];
    sandbox.shroud("repo", init).says("core.hooksPath points to");
    assert_eq!(sandbox.read("hooks/pre-commit"), b"#!/bin/sh\n");
    sandbox.shroud("repo", ["config", "check"]);
}
