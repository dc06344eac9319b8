//! What an import does.

use super::{BINARY, DOTENV, ENV, YAML, mixed};
use crate::by_value::stored;
use crate::common::{is_sealed, text};

#[test]
fn files_of_sops_become_sealed_by_value_and_the_others_whole() {
    let sandbox = mixed();
    let files = ["sops", "conf/app.yaml", "conf/.env.production", "conf/server.p12"];
    let done = sandbox.try_import("repo", &files).expect(0);
    assert!(!done.stderr.contains("canary"));
    let done = done.says("conf/app.yaml: sealed by value, 2 values");
    let done = done.says("conf/server.p12: sealed whole").says(".sops.yaml holds rules of sops");
    done.says("earlier commits keep the versions that sops encrypted").says("3 files sealed");
    let blob = stored(&sandbox, "conf/app.yaml");
    assert!(blob.starts_with("# note\ndb:\n    pw: shroud.v1."), "{blob}");
    assert!(stored(&sandbox, "conf/.env.production").starts_with("A=shroud.v1."));
    assert!(is_sealed(&sandbox.blob("repo", ":conf/server.p12")));
    // As every tracked file of a clone with the key.
    for (path, plain) in
        [("conf/app.yaml", YAML.1), ("conf/.env.production", ENV.1), ("conf/server.p12", BINARY.1)]
    {
        assert_eq!(sandbox.read(format!("repo/{path}")), plain.as_bytes(), "{path}");
    }
    let attributes = text(sandbox.read("repo/.gitattributes"));
    assert!(attributes.contains("\n/conf/app.yaml shroud-values shroud-by=value "), "{attributes}");
    assert!(attributes.contains("\n/conf/server.p12 shroud filter=shroud "), "{attributes}");
    // sops is told what it cannot see from the name.
    let log = text(sandbox.read("home/log"));
    assert_eq!(log, "--input-type dotenv\n--output-type dotenv\n");
    let staged =
        "M  .gitattributes\nM  conf/.env.production\nM  conf/app.yaml\nM  conf/server.p12\n";
    assert_eq!(sandbox.git("repo", ["status", "--porcelain"]).text(), staged);
    sandbox.assert_no_object_holds("repo", b"canary");
    sandbox.git("repo", ["add", "--renormalize", "."]);
    assert_eq!(sandbox.git("repo", ["status", "--porcelain"]).text(), staged);
    sandbox.git("repo", ["commit", "-q", "-m", "imported"]);
    sandbox.shroud("repo", ["check", "HEAD~1..HEAD"]);
    sandbox.shroud("repo", ["status"]);
    // Nothing is left of the way.
    assert!(
        sandbox
            .snapshot("repo")
            .keys()
            .all(|path| !path.to_string_lossy().contains(".git-shroud-"))
    );
}

#[test]
fn what_was_encrypted_and_is_readable_now_is_named() {
    let sandbox = mixed();
    let done = sandbox.try_import("repo", &["sops", "conf/app.yaml"]).expect(0);
    let comment = "conf/app.yaml: 1 comment that sops had encrypted will be readable in the repository, the first on line 1";
    done.says(comment).says("git shroud track --whole /conf/app.yaml");
    sandbox.shroud("repo", ["track", "-q", "--whole", "/conf/app.yaml"]);
    assert!(is_sealed(&sandbox.blob("repo", ":conf/app.yaml")));
    // A secret in a comment, whichever tool it comes from.
    sandbox.write("plain/.env", "A=canary-v4lue-0f-A\n# was A=canary-v4lue-0f-A\n");
    let done = sandbox.try_import("repo", &["dotenvx", "web/.env"]).expect(0);
    assert!(!done.stderr.contains("canary"), "{}", done.stderr);
    done.says("web/.env: line 2: a comment holds the value of 'A' on line 1");
    let quiet = sandbox.try_import("repo", &["sops", "--whole", "conf/.env.production"]).expect(0);
    assert!(!quiet.stderr.contains("readable in the repository"), "{}", quiet.stderr);
}

#[test]
fn files_of_dotenvx_lose_its_public_key() {
    let sandbox = mixed();
    let done = sandbox.try_import("repo/web", &["dotenvx", ".env"]).expect(0);
    let done = done
        .says("web/.env: sealed by value, 1 value")
        .says("web/.env.keys holds dotenvx's private keys");
    assert!(!done.stderr.contains("canary"));
    assert_eq!(sandbox.read("repo/web/.env"), b"# .env\nA=canary-dotenvx\n");
    assert!(stored(&sandbox, "web/.env").starts_with("# .env\nA=shroud.v1."));
    assert!(DOTENV.1.contains("DOTENV_PUBLIC_KEY"));
}

#[test]
fn private_keys_in_the_repository_are_named_as_a_leak() {
    let sandbox = mixed();
    sandbox.git("repo", ["add", "-f", "web/.env.keys"]);
    let done = sandbox.try_import("repo", &["dotenvx", "web/.env"]).expect(0);
    done.says("is in the repository: whoever has it can read every earlier version");
}

#[test]
fn odd_names_are_no_options_and_no_patterns() {
    let sandbox = mixed();
    sandbox.write("repo/conf/-x 1.env", "A=plain\n");
    sandbox.try_import("repo/conf", &["sops", "--", "-x [1].env"]).expect(0);
    assert!(stored(&sandbox, "conf/-x [1].env").starts_with("A=shroud.v1."));
    let why = sandbox.shroud("repo", ["why", "conf/-x [1].env"]).text();
    assert!(why.contains("filter=shroud (.gitattributes:"), "{why}");
    sandbox.git("repo", ["add", "."]);
    assert_eq!(stored(&sandbox, "conf/-x 1.env"), "A=plain\n");
}

#[test]
fn the_user_chooses_key_way_and_exempt_names() {
    let sandbox = mixed();
    sandbox.shroud("repo", ["key", "new", "-q", "prod"]);
    let args = ["sops", "--key", "prod", "--clear", "db.pool", "conf/app.yaml"];
    // Attributes that somebody else has pushed are respected, and not without a word.
    let done = sandbox.try_import("repo", &args).expect(0).says("sealed by value, 1 value");
    done.says("conf/app.yaml: sealed by value, 1 value; 1 value readable, as shroud-clear exempts the names");
    let blob = stored(&sandbox, "conf/app.yaml");
    assert!(blob.contains("pool: 5\n") && blob.contains("pw: shroud.v1."), "{blob}");
    let status = sandbox.shroud("repo", ["status"]).text();
    assert!(status.contains("(key prod, 1 value, generation 1"), "{status}");
    sandbox.try_import("repo", &["sops", "--whole", "conf/.env.production"]).expect(0);
    assert!(is_sealed(&sandbox.blob("repo", ":conf/.env.production")));
}

#[test]
fn a_line_that_is_there_says_how() {
    let sandbox = mixed();
    sandbox.git("repo", ["rm", "-q", "--cached", "conf/app.yaml"]);
    sandbox.shroud("repo", ["track", "-q", "conf/*.yaml"]);
    let before = sandbox.read("repo/.gitattributes");
    sandbox
        .try_import("repo", &["sops", "conf/app.yaml"])
        .expect(0)
        .says("conf/app.yaml: sealed whole");
    assert!(is_sealed(&sandbox.blob("repo", ":conf/app.yaml")));
    assert_eq!(sandbox.read("repo/.gitattributes"), before);
}

#[test]
fn what_does_not_read_is_sealed_whole() {
    let sandbox = mixed();
    sandbox.write("plain/app.yaml", "a: !tag canary\n");
    let done = sandbox.try_import("repo", &["sops", "conf/app.yaml"]).expect(0);
    done.says("conf/app.yaml: sealed whole, as it does not read as YAML: line 1");
    assert!(is_sealed(&sandbox.blob("repo", ":conf/app.yaml")));
    sandbox.assert_no_object_holds("repo", b"canary");
}

#[test]
fn with_the_key_in_the_environment_alone_the_worktree_stays_sealed() {
    let sandbox = mixed();
    sandbox.shroud("repo", ["key", "export", "-q", "-o", "../team.key"]);
    let key = text(sandbox.read("team.key"));
    sandbox.git(".", ["clone", "-q", "repo", "clone"]);
    // The tripwire says that git-shroud is not set up here.
    sandbox.sh("clone", "git shroud unlock; true");
    let mut command = sandbox.command(env!("CARGO_BIN_EXE_git-shroud"), "clone");
    command.args(["import", "sops", "conf/app.yaml"]);
    command.env("PATH", sandbox.path_with_stand_ins()).env("GIT_SHROUD_KEY", &key);
    sandbox.run(command).expect(0);
    let file = text(sandbox.read("clone/conf/app.yaml"));
    assert!(file.contains("pw: shroud.v1.") && !file.contains("canary"), "{file}");
    assert_eq!(text(sandbox.blob("clone", ":conf/app.yaml")), file);
}

/// As with 'track --key default': a line above names another key for what comes.
#[test]
fn a_key_that_is_asked_for_counts_below_a_line_of_another() {
    let sandbox = mixed();
    sandbox.shroud("repo", ["key", "new", "-q", "prod"]);
    sandbox.shroud("repo", ["track", "-q", "--key", "prod", "--values", "conf/other/**"]);
    let attributes = text(sandbox.read("repo/.gitattributes"));
    sandbox.write("repo/.gitattributes", attributes.replace("conf/other/**", "conf/**"));
    let import = ["sops", "--key", "default", "conf/app.yaml"];
    sandbox.try_import("repo", &import).expect(0);
    let status = sandbox.shroud("repo", ["status", "conf/app.yaml"]).text();
    assert!(status.contains("key default"), "{status}");
    let attributes = text(sandbox.read("repo/.gitattributes"));
    assert!(
        attributes.contains("/conf/app.yaml ") && attributes.contains("!shroud-key"),
        "{attributes}"
    );
    let paths = ["diff", "--name-only", "--", "conf/app.yaml", ".gitattributes"];
    assert_eq!(sandbox.git("repo", paths).text(), "");
}

/// What was imported by value is as every file by value: a clone sees names, and values with the key alone.
#[test]
fn imported_values_are_those_of_every_file_by_value() {
    let sandbox = mixed();
    sandbox.try_import("repo", &["sops", "conf/app.yaml", "conf/.env.production"]).expect(0);
    sandbox.try_import("repo", &["dotenvx", "web/.env"]).expect(0);
    sandbox.git("repo", ["commit", "-q", "-m", "imported"]);
    let key = sandbox.path("team.key");
    sandbox.shroud("repo", ["key", "export", "-q", "-o", key.to_str().unwrap()]);
    sandbox.git(".", ["clone", "-q", "repo", "clone"]);
    let files = [
        ("conf/app.yaml", YAML.1),
        ("conf/.env.production", ENV.1),
        ("web/.env", "# .env\nA=canary-dotenvx\n"),
    ];
    for (path, _) in files {
        let closed = text(sandbox.read(format!("clone/{path}")));
        assert!(closed.contains("shroud.v1.") && !closed.contains("canary"), "{closed}");
    }
    sandbox.shroud("clone", ["unlock", "-q", key.to_str().unwrap()]);
    for (path, plain) in files {
        assert_eq!(text(sandbox.read(format!("clone/{path}"))), plain);
    }
    // One changed value is one changed line; and the others of a rotation keep their values.
    let before = stored(&sandbox, "conf/app.yaml");
    sandbox.write("repo/conf/app.yaml", YAML.1.replace("pool: 5", "pool: 6"));
    sandbox.git("repo", ["add", "."]);
    let after = stored(&sandbox, "conf/app.yaml");
    assert_eq!(before.lines().zip(after.lines()).filter(|(one, other)| one != other).count(), 1);
    sandbox.shroud("repo", ["key", "rotate", "-q"]);
    sandbox.git("repo", ["commit", "-q", "-a", "-m", "rotated"]);
    assert_eq!(sandbox.git("repo", ["status", "--porcelain"]).text(), "");
    // A file that is imported is none of the tool's any more.
    sandbox.try_import("repo", &["sops", "conf/app.yaml"]).expect(1).says("conf/app.yaml");
    sandbox.assert_no_object_holds("repo", b"canary");
}
