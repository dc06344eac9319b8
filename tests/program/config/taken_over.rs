//! `init --template config` in a repository that has files of environments already.

use crate::common::{Sandbox, is_sealed_anyhow, text};
use crate::config::place::try_set;

const SCATTERED: [(&str, &str); 6] = [
    ("README.md", "# Shop\n"),
    ("src/application-dev.properties", "db.password=canary-dev\n"),
    ("src/application-prod.properties", "db.password=canary-prod\n"),
    ("deploy/prod/db.yml", "host: canary\n"),
    (".env.staging", "DB_PASSWORD=canary-staging\n"),
    ("package.json", "{\n  \"name\": \"shop\"\n}\n"),
];

fn scattered() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.git(".", ["init", "-q", "-b", "main", "repo"]);
    for (path, content) in SCATTERED {
        sandbox.write(format!("repo/{path}"), content);
    }
    sandbox.git("repo", ["add", "."]);
    sandbox.git("repo", ["commit", "-q", "-m", "shop"]);
    sandbox.write("repo/src/application-qa.properties", "db.password=canary-qa\n");
    sandbox
}

#[test]
fn files_of_environments_are_found_and_sealed_where_they_are() {
    let sandbox = scattered();
    let args = ["init", "--template", "config", "--no-backup", "--existing", "seal"];
    let done = sandbox.shroud("repo", args);
    for line in [
        "  .env.staging  (key staging)",
        "  deploy/prod/db.yml  (key prod)",
        "  src/application-qa.properties  (key qa, not in the repository yet)",
        "earlier commits hold 4 files unencrypted: change those secrets",
        "git shroud scan",
        "git shroud scrub",
    ] {
        assert!(done.stderr.contains(line), "{line}\n{}", done.stderr);
    }
    assert!(!done.stderr.contains("package.json"));
    sandbox.git("repo", ["add", "."]);
    sandbox.git("repo", ["commit", "-q", "-m", "seal"]);
    for (path, key) in [
        (".env.staging", "staging"),
        ("src/application-dev.properties", "dev"),
        ("src/application-prod.properties", "prod"),
        ("deploy/prod/db.yml", "prod"),
        ("src/application-qa.properties", "qa"),
    ] {
        assert!(is_sealed_anyhow(&sandbox.blob("repo", &format!("HEAD:{path}"))), "{path}");
        let status = sandbox.shroud("repo", ["status"]).text();
        assert!(status.contains(&format!("sealed by value  {path}  (key {key}, ")), "{status}");
    }
    for (path, content) in SCATTERED {
        assert_eq!(text(sandbox.read(format!("repo/{path}"))), content, "{path}");
    }
    assert_eq!(
        text(sandbox.blob("repo", "HEAD:CONFIGURATION.md")).lines().next(),
        Some("# Configuration")
    );
    sandbox.shroud("repo", ["config", "schema", "infer", "--write"]);
    let done = sandbox.shroud("repo", ["config", "check", "--all"]);
    assert!(done.text().contains("db.password  -        set   set  set"), "{}", done.text());
}

#[test]
fn nothing_happens_until_somebody_has_agreed() {
    let sandbox = scattered();
    let before = sandbox.snapshot("repo");
    let args = ["init", "--template", "config", "--no-backup"];
    let done = sandbox.try_shroud("repo", args).expect(2);
    done.says("would be sealed where they are").says("--existing seal");
    assert_eq!(sandbox.snapshot("repo"), before);
    let done = sandbox
        .on_terminal("repo", "git shroud init --template config --no-backup --env prod", "y\n")
        .expect(0);
    assert!(done.text().contains("Seal them? [y/N]"), "{}", done.text());
    let status = sandbox.shroud("repo", ["status"]).text();
    assert!(
        status.contains("src/application-prod.properties  (key prod")
            && !status.contains("application-dev"),
        "{status}"
    );
}

#[test]
fn they_may_stay_as_they_are() {
    let sandbox = scattered();
    let done = sandbox
        .on_terminal("repo", "git shroud init --template config --no-backup --env prod", "n\n")
        .expect(0);
    assert!(!done.text().contains("sealed 1 file"), "{}", done.text());
    sandbox.git("repo", ["commit", "-q", "-m", "configuration"]);
    assert!(!is_sealed_anyhow(&sandbox.blob("repo", "HEAD:src/application-prod.properties")));
    let status = sandbox.shroud("repo", ["status"]).text();
    assert!(status.contains("sealed by value  environments/prod/app.env"), "{status}");
    let other = scattered();
    other.shroud(
        "repo",
        [
            "init",
            "-q",
            "--template",
            "config",
            "--no-backup",
            "--existing",
            "leave",
            "--env",
            "dev",
        ],
    );
    other.shroud("repo", ["config", "check"]);
}

/// The guard of `config set`, where git-crypt encrypts the environments.
#[test]
fn a_value_goes_to_another_key_of_git_crypt_only_where_that_was_confirmed() {
    let sandbox = Sandbox::new();
    sandbox.git(".", ["init", "-q", "-b", "main", "repo"]);
    let lines = "environments/prod/** filter=git-crypt diff=git-crypt\nops/** filter=git-crypt-ops_team-1 diff=git-crypt-ops_team-1\n";
    sandbox.write("repo/.gitattributes", lines);
    for key in ["default", "ops_team-1"] {
        let file = format!("{}/tests/fixtures/git-crypt/a-{key}.key", env!("CARGO_MANIFEST_DIR"));
        sandbox.shroud("repo", ["unlock", "-q", &file]);
    }
    sandbox.write(
        "repo/config.shroud.toml",
        "environments = [\"prod\"]\n\n[properties.URL]\nrequired = true\n",
    );
    const FILE: &str = "environments/prod/app.env";
    sandbox.write(format!("repo/{FILE}"), "URL=canary-first\n");
    sandbox.git("repo", ["add", "."]);
    sandbox.git("repo", ["commit", "-q", "-m", "configuration"]);
    try_set(&sandbox, "repo", "prod", "URL", "canary-second").expect(0);
    sandbox.git("repo", ["commit", "-q", "-am", "second"]);
    let encrypted = sandbox.blob("repo", &format!("HEAD:{FILE}"));
    assert!(encrypted.starts_with(b"\0GITCRYPT\0"));
    // Somebody who can push, and who holds the other key.
    let moved = lines.replacen("filter=git-crypt diff=git-crypt", "filter=git-crypt-ops_team-1", 1);
    sandbox.write("repo/.gitattributes", moved);
    sandbox.git("repo", ["commit", "-q", "-m", "tidy", ".gitattributes"]);
    let refused = try_set(&sandbox, "repo", "prod", "URL", "canary-third");
    assert!([1, 3].contains(&refused.status), "{refused:?}");
    assert!(refused.stderr.contains(FILE) && refused.stderr.contains("ops_team-1"), "{refused:?}");
    assert_eq!(sandbox.read(format!("repo/{FILE}")), b"URL=canary-second\n");
    sandbox.shroud("repo", ["why", "--confirm", FILE]);
    try_set(&sandbox, "repo", "prod", "URL", "canary-third").expect(0);
    sandbox.git("repo", ["commit", "-q", "-am", "third"]);
    assert_ne!(sandbox.blob("repo", &format!("HEAD:{FILE}")), encrypted);
}
