//! What the help texts show works: every example is run as it stands there.

use crate::common::stand_ins::{ANSIBLE_VAULT, DOTENVX, SOPS};
use crate::common::{Sandbox, needs};

const PASSPHRASE: &str = "correct horse battery staple";

/// The commands that a help text lists, without clap's own `help`.
fn listed(help: &str) -> Vec<String> {
    let section = help.lines().skip_while(|line| *line != "Commands:").skip(1);
    let entries =
        section.take_while(|line| !line.is_empty()).filter(|line| !line.starts_with("   "));
    let names = entries.filter_map(|line| line.split_whitespace().next());
    names.filter(|name| *name != "help").map(str::to_owned).collect()
}

/// Every command that does something, with its help; those that only have commands below them are gone into.
fn commands(sandbox: &Sandbox, above: &[String]) -> Vec<(String, String)> {
    let help = sandbox.shroud(".", above.iter().map(String::as_str).chain(["--help"])).text();
    let below = listed(&help);
    if below.is_empty() {
        return vec![(above.join(" "), help)];
    }
    below.into_iter().flat_map(|name| commands(sandbox, &[above, &[name]].concat())).collect()
}

/// A repository in which the example makes sense, and the directory to run it in.
fn fixture(command: &str, example: &str) -> (Sandbox, &'static str) {
    let sandbox = Sandbox::new();
    if command == "init" {
        sandbox.git(".", ["init", "-q", "-b", "main", "repo"]);
        return (sandbox, "repo");
    }
    if command.starts_with("config ") {
        configuration(&sandbox);
        return (sandbox, "repo");
    }
    if ["transcrypt", "git-secret", "git-agecrypt", "blackbox"]
        .iter()
        .any(|tool| command.ends_with(tool))
    {
        other_tool(&sandbox, command);
        return (sandbox, "repo");
    }
    if command == "migrate git-crypt" || example.contains("../git-crypt.key") {
        foreign_repository(&sandbox);
        sandbox.git(".", ["clone", "-q", "repo", "clone"]);
        return (sandbox, if command == "unlock" { "clone" } else { "repo" });
    }
    sandbox.sealed_repository("repo");
    sandbox.shroud("repo", ["key", "new", "-q", "prod"]);
    sandbox.shroud("repo", ["track", "-q", "--key", "prod", "environments/prod/**"]);
    sandbox.write("repo/environments/prod/db.env", "PASSWORD=prod\n");
    for member in ["me", "alice", "bob", "carol"] {
        let recipient = sandbox.age_identity(member);
        if command.starts_with("member ") && command != "member add" || command == "unlock" {
            sandbox.shroud("repo", ["member", "add", "-q", &recipient, "--label", member]);
        }
    }
    if command.starts_with("import ") {
        importable(&sandbox);
    }
    match command {
        "lock" => drop(sandbox.shroud("repo", ["key", "export", "-q", "-o", "../all.key"])),
        "scrub follow" => {
            sandbox.git("repo", ["add", "-A"]);
            sandbox.git("repo", ["commit", "-q", "-m", "all"]);
            sandbox.shroud("repo", ["scrub", "-q", "--drop", "README"]);
            sandbox.sh("repo", "cp .git/git-shroud/scrub/1/commit-map .");
        }
        "key import" => {
            let passphrase = ("GIT_SHROUD_PASSPHRASE", PASSPHRASE);
            let export = ["key", "export", "-q", "--passphrase", "-o", "../backup.age"];
            sandbox.try_shroud_with(passphrase, "repo", &export).expect(0);
        }
        "key combine" => drop(sandbox.shroud(
            "repo",
            ["key", "split", "--name=prod", "--shares=3", "--threshold=2", "-o", "../prod"],
        )),
        "member add" => drop(sandbox.sh(
            ".",
            "ssh-keygen -q -t ed25519 -N '' -C bob@host -f bob
             gpg --batch --quiet --passphrase '' --quick-gen-key alice@example.com future-default default never
             gpg --armor --export alice@example.com > alice.asc
             gpgconf --kill all",
        )),
        "unlock" => {
            let key = include_bytes!("../fixtures/git-crypt/a-default.key");
            sandbox.write("git-crypt.key", key);
        }
        "remote init" => drop(sandbox.git(".", ["init", "-q", "--bare", "host.git"])),
        _ if command.starts_with("remote ") => {
            sandbox.git(".", ["init", "-q", "--bare", "host.git"]);
            sandbox.shroud("repo", ["remote", "init", "-q", "vault", "../host.git"]);
            let status = sandbox.shroud("repo", ["remote", "status", "vault", "--json"]).json();
            sandbox.write("state-that-bob-sees", status["state"].as_str().unwrap());
        }
        "untrack" => drop(sandbox.shroud("repo", ["track", "-q", "*.pem"])),
        "key new" if !example.contains("key new") => {
            drop(sandbox.shroud("repo", ["key", "new", "-q", "staging"]));
        }
        _ => {}
    }
    sandbox.git("repo", ["add", "."]);
    sandbox.git("repo", ["commit", "-q", "-m", "more"]);
    if matches!(command, "unlock" | "key import" | "key combine") {
        sandbox.git(".", ["clone", "-q", "repo", "clone"]);
        return (sandbox, "clone");
    }
    (sandbox, "repo")
}

/// Files of other tools, and programs that stand in for them.
fn importable(sandbox: &Sandbox) {
    for (name, script) in [("sops", SOPS), ("dotenvx", DOTENVX), ("ansible-vault", ANSIBLE_VAULT)] {
        sandbox.stand_in(name, script);
    }
    let sops = "A=ENC[AES256_GCM,data:sA==,type:str]\nsops_version=3.11.0\n";
    let dotenvx = "A=encrypted:BCbv\n";
    for (path, encrypted, plain) in [
        ("conf/prod.yaml", "a: ENC[AES256_GCM,data:sA==,type:str]\nsops: {}\n", "a: 1\n"),
        ("conf/dev.yaml", "a: ENC[AES256_GCM,data:sA==,type:str]\nsops: {}\n", "a: 1\n"),
        ("conf/dev.env", sops, "A=1\n"),
        (".env", dotenvx, "A=1\n"),
        (".env.production", dotenvx, "A=1\n"),
        ("group_vars/all.yml", "$ANSIBLE_VAULT;1.1;AES256\n3161\n", "a: 1\n"),
    ] {
        sandbox.write(format!("repo/{path}"), encrypted);
        let name = path.rsplit('/').next().unwrap();
        sandbox.write(format!("plain/{name}"), plain);
    }
    sandbox.write("repo/.env.keys", "");
    sandbox.write("vault.pass", "canary\n");
}

/// A repository in which another tool was set up; what it should have encrypted was committed without it.
fn other_tool(sandbox: &Sandbox, command: &str) {
    sandbox.git(".", ["init", "-q", "-b", "main", "repo"]);
    sandbox.write("repo/README", "canary\n");
    match command {
        "import transcrypt" => {
            needs("openssl", "openssl");
            sandbox.git("repo", ["config", "transcrypt.password", "canary"]);
            sandbox.git("repo", ["config", "transcrypt.cipher", "aes-256-cbc"]);
            sandbox.write("repo/.gitattributes", "a.key filter=crypt diff=crypt merge=crypt\n");
        }
        "import git-agecrypt" => {
            let me = sandbox.age_identity("me");
            std::fs::create_dir(sandbox.path("home/.age")).unwrap();
            std::fs::rename(sandbox.path("me.age"), sandbox.path("home/.age/key.txt")).unwrap();
            let identity = sandbox.path("home/.age/key.txt");
            let identity = identity.to_str().unwrap();
            sandbox.git("repo", ["config", "git-agecrypt.config.identity", identity]);
            // Nobody is listed for 'b.key': a set of its own.
            let list = format!("[config]\n'a.key' = ['{me}']\n");
            sandbox.write("repo/git-agecrypt.toml", list);
            sandbox.write("repo/.gitattributes", "*.key filter=git-agecrypt\n");
        }
        "import git-secret" => sandbox.write("repo/.gitsecret/paths/mapping.cfg", ""),
        _ => sandbox.write("repo/.blackbox/blackbox-files.txt", ""),
    }
    for path in ["a.key", "b.key"] {
        sandbox.write(format!("repo/{path}"), "canary\n");
    }
    sandbox.git("repo", ["add", "."]);
    sandbox.git("repo", ["commit", "-q", "-m", "all"]);
}

/// A configuration repository that passes its check.
fn configuration(sandbox: &Sandbox) {
    let layout = ["--env", "dev", "--env", "staging", "--env", "prod", "--no-backup"];
    sandbox.shroud(".", [&["init", "-q", "--template", "config", "repo"][..], &layout].concat());
    sandbox.write(".env.example", "# The port.\nPORT=80\nNAME=\n");
    sandbox.write("schema.json", r#"{"properties": {"LEVEL": {"enum": ["debug", "info"]}}}"#);
    sandbox.write("tls.pem", "-----BEGIN X-----\nYQ==\n-----END X-----\n");
    sandbox
        .shroud("repo", ["config", "schema", "add", "-q", "PORT", "--required", "--type", "int"]);
    sandbox.shroud("repo", ["config", "schema", "add", "-q", "TLS_CERTIFICATE", "--type", "pem"]);
    for (name, port) in [("dev", 80), ("staging", 81), ("prod", 82)] {
        sandbox.write(format!("repo/environments/{name}/app.env"), format!("PORT={port}\n"));
    }
    sandbox.git("repo", ["add", "."]);
    sandbox.git("repo", ["commit", "-q", "-m", "configuration"]);
}

/// A repository of git-crypt with one user.
fn foreign_repository(sandbox: &Sandbox) {
    needs("git-crypt", "git-crypt");
    needs("gpg", "gnupg");
    sandbox.git(".", ["init", "-q", "-b", "main", "repo"]);
    sandbox.sh(
        "repo",
        "set -e
         git-crypt init
         git-crypt export-key ../git-crypt.key
         gpg --batch --quiet --passphrase '' --quick-gen-key bob@example.com future-default default never
         gpg --armor --export bob@example.com > ../bob.asc
         echo '*.key filter=git-crypt diff=git-crypt' > .gitattributes
         echo canary > a.key
         git add .
         git commit -q -m secrets
         git-crypt add-gpg-user --trusted bob@example.com
         gpgconf --kill all",
    );
}

#[test]
fn every_example_of_every_help_text_works() {
    let commands = commands(&Sandbox::new(), &[]);
    for expected in [
        "init",
        "track",
        "unlock",
        "status",
        "key export",
        "key split",
        "member add",
        "man",
        "config check",
    ] {
        assert!(
            commands.iter().any(|(command, _)| command == expected),
            "'{expected}' is not listed"
        );
    }
    for (command, help) in &commands {
        let examples: Vec<_> = help.lines().filter_map(|line| line.strip_prefix("  $ ")).collect();
        assert!(!examples.is_empty(), "'git shroud {command} --help' shows no example");
        let own = examples.iter().any(|example| example.contains(&format!("git shroud {command}")));
        assert!(own, "no example of 'git shroud {command}' is one of it");
        for example in examples {
            let (sandbox, dir) = fixture(command, example);
            let mut command = sandbox.command("sh", dir);
            command.env("PATH", sandbox.path_with_stand_ins());
            // A person is asked for a passphrase on the terminal; here there is none.
            command.args(["-c", example]).env("GIT_SHROUD_PASSPHRASE", PASSPHRASE);
            // Instead of the editor of whoever runs this.
            command.env("GIT_EDITOR", "true");
            sandbox.run(command).expect(0);
        }
    }
}

#[test]
fn plumbing_is_not_listed_and_has_help_all_the_same() {
    let sandbox = Sandbox::new();
    let listed = listed(&sandbox.shroud(".", ["--help"]).text());
    for hidden in ["filter-process", "clean", "smudge", "textconv", "merge-driver"] {
        assert!(!listed.iter().any(|name| name == hidden), "{hidden}");
        assert!(sandbox.shroud(".", [hidden, "--help"]).text().contains("Usage:"), "{hidden}");
    }
}

#[test]
fn help_is_no_failure_and_its_absence_is() {
    let sandbox = Sandbox::new();
    assert!(sandbox.shroud(".", ["help", "lock"]).text().contains("Usage: git shroud lock"));
    for command in [[].as_slice(), &["key"], &["untrack"]] {
        let done = sandbox.try_shroud(".", command).expect(2).says("Usage:");
        assert!(done.stdout.is_empty(), "{command:?}");
    }
}
