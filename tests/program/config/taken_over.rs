//! `init --template config` in a repository that has files of environments already.

use crate::common::{Sandbox, is_sealed, text};

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
        assert!(is_sealed(&sandbox.blob("repo", &format!("HEAD:{path}"))), "{path}");
        let status = sandbox.shroud("repo", ["status"]).text();
        assert!(status.contains(&format!("sealed  {path}  (key {key}, generation 1)")), "{status}");
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
    assert!(!is_sealed(&sandbox.blob("repo", "HEAD:src/application-prod.properties")));
    assert!(is_sealed(&sandbox.blob("repo", "HEAD:environments/prod/app.env")));
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
