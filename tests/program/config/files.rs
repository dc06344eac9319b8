//! Properties that are files: checked, and handed over without a plaintext file on the disk.

use crate::common::{Sandbox, contains, text};
use crate::config::place::{configuration, try_set};

/// Was valid until 2020-02-01.
const PAST: &str = include_str!("../../fixtures/certificates/past.pem");
/// Is valid until 2126-11-06.
const LONG: &str = include_str!("../../fixtures/certificates/long.pem");

const SCHEMA: &str = "
[properties.TLS_KEY]
file = \"tls.key\"
required = true
[properties.TLS_CERT]
file = \"tls/cert.pem\"
secret = false
valid_days = 30
";

/// The configuration with a key and a certificate in dev, committed.
fn with_files() -> Sandbox {
    let sandbox = configuration();
    let schema = text(sandbox.read("repo/config.shroud.toml"));
    sandbox.write("repo/config.shroud.toml", format!("{schema}{SCHEMA}"));
    sandbox.write("repo/environments/dev/tls.key", "canary-key\n\0binary");
    sandbox.write("repo/environments/dev/tls/cert.pem", LONG);
    sandbox.git("repo", ["add", "."]);
    sandbox.git("repo", ["commit", "-q", "-m", "files"]);
    sandbox
}

#[test]
fn a_file_must_be_there_and_sealed_and_valid() {
    let sandbox = with_files();
    sandbox.shroud("repo", ["config", "check", "dev"]);
    let check =
        || sandbox.try_shroud("repo", ["config", "check", "dev", "staging"]).expect(1).text();
    let done = check();
    assert!(
        done.contains("staging TLS_KEY: it is required, but there is no file tls.key"),
        "{done}"
    );
    assert!(!done.contains("TLS_CERT:"), "{done}");
    sandbox.write("repo/environments/dev/tls/cert.pem", format!("{LONG}{PAST}"));
    let done = check();
    let line =
        "environments/dev/tls/cert.pem:1: dev TLS_CERT: the certificate is not valid any more";
    assert!(done.contains(line), "{done}");
    sandbox.write("repo/environments/dev/tls/cert.pem", "canary");
    let done = check();
    assert!(
        done.contains("the file holds no certificate that can be read") && !done.contains("canary"),
        "{done}"
    );
    sandbox.write("repo/environments/dev/tls.key", "");
    assert!(check().contains("dev TLS_KEY: it is required, but the file is empty"));
    let attributes = text(sandbox.read("repo/.gitattributes"));
    sandbox.write("repo/.gitattributes", format!("{attributes}*.key !filter !diff !merge\n"));
    sandbox.write("repo/environments/dev/tls.key", "canary-key");
    let done = check();
    assert!(done.contains("dev TLS_KEY: "), "{done}");
    let exec = ["config", "exec", "dev", "--files", "--", "echo", "ran"];
    assert!(sandbox.try_shroud("repo", exec).expect(1).stdout.is_empty());
    // A file is no value.
    sandbox.write("repo/.gitattributes", attributes);
    try_set(&sandbox, "repo", "dev", "TLS_KEY", "x").expect(1).says("TLS_KEY is the file tls.key");
    let own = text(sandbox.read("repo/environments/dev/app.properties"));
    sandbox.write("repo/environments/dev/app.properties", format!("{own}TLS_KEY=x\n"));
    assert!(check().contains("dev TLS_KEY: the schema says that it is a file, not a value"));
}

#[test]
fn a_locked_file_is_locked() {
    let sandbox = with_files();
    sandbox.git(".", ["clone", "-q", "repo", "clone"]);
    let done = sandbox.try_shroud("clone", ["config", "check", "--all", "dev"]).expect(3);
    let line = done.text().lines().find(|line| line.starts_with("TLS_KEY")).unwrap().to_owned();
    assert!(line.ends_with("locked"), "{line}");
    done.says("environments/dev/tls.key: locked");
}

#[test]
fn a_program_gets_the_files_in_memory() {
    let sandbox = with_files();
    sandbox.git(".", ["clone", "-q", "repo", "clone"]);
    let key = text(sandbox.read("dev.key"));
    let run = |options: &[&str], script: &str| {
        let command = ["--", "sh", "-c", script];
        let args = [&["config", "exec", "dev"], options, &command[..]].concat();
        sandbox.try_shroud_with(("GIT_SHROUD_KEY", &key), "clone", &args)
    };
    for options in [&["--files"][..], &["--files=memory"], &["--files=folder"]] {
        let done = run(options, "cat \"$TLS_KEY\"; cat \"$TLS_CERT\" | head -1; exit 5").expect(5);
        let expected = b"canary-key\n\0binary-----BEGIN CERTIFICATE-----\n";
        assert_eq!(done.stdout, expected, "{options:?}");
        // Again, from its beginning, in a program below.
        assert_eq!(run(options, "sh -c 'cat \"$TLS_KEY\"; cat \"$TLS_KEY\"'").stdout.len(), 36);
    }
    let path = run(&["--files"], "echo $TLS_KEY").expect(0).text();
    assert!(path.starts_with("/proc/self/fd/"), "{path}");
    // It may be read alone.
    run(&["--files"], "echo x >>$TLS_KEY || exit 7").expect(7);
    let path = run(&["--files=folder"], "echo $TLS_KEY").expect(0).text();
    assert!(!std::path::Path::new(path.trim_end()).exists(), "{path}");
    assert_eq!(run(&[], "echo ${TLS_KEY-none}").expect(0).text(), "none\n");
    let one = run(
        &["--files", "--only", "TLS_KEY"],
        "echo ${TLS_KEY+set} ${TLS_CERT-none} ${DB_URL-none}",
    );
    assert_eq!(one.expect(0).text(), "set none none\n");
    let one = run(&["--files", "--only", "DB_POOL"], "echo ${TLS_KEY-none} $DB_POOL");
    assert_eq!(one.expect(0).text(), "none 5\n");
    let clone = sandbox.path("clone");
    for (path, content) in sandbox.snapshot(".").iter().filter(|(path, _)| path.starts_with(&clone))
    {
        assert!(!contains(content, b"canary"), "{}", path.display());
    }
}

/// A value of the right key in a file of another is not taken.
#[test]
fn a_file_that_somebody_moved_to_another_key_is_not_taken() {
    let sandbox = with_files();
    let attributes = text(sandbox.read("repo/.gitattributes"));
    let moved = "environments/dev/tls.key shroud shroud-key=prod filter=shroud diff=shroud merge=shroud -text\n";
    sandbox.write("repo/.gitattributes", format!("{attributes}{moved}"));
    let exec = ["config", "exec", "dev", "--files", "--", "echo", "ran"];
    let done = sandbox.try_shroud("repo", exec).expect(1);
    assert!(done.stdout.is_empty());
    done.says("git stores it sealed with the key 'dev', but its attribute names 'prod'");
    // git has its plaintext.
    sandbox.write("repo/.gitattributes", attributes);
    sandbox.stage_raw("repo", "environments/dev/tls.key", b"planted");
    sandbox.write("repo/environments/dev/tls.key", "planted");
    let done = sandbox.try_shroud("repo", exec).expect(1);
    assert!(done.stdout.is_empty());
    done.says("git stores its plaintext");
    // A link leads anywhere.
    sandbox.sh("repo", "rm environments/dev/tls.key && ln -s /etc/passwd environments/dev/tls.key");
    sandbox.try_shroud("repo", exec).expect(2).says("symbolic link");
    for name in ["../x", "/etc/passwd", ".git/config", "x/"] {
        let schema = format!("environments = [\"dev\"]\n[properties.X]\nfile = \"{name}\"\n");
        sandbox.write("repo/config.shroud.toml", schema);
        sandbox
            .try_shroud("repo", ["config", "check"])
            .expect(2)
            .says("a file must be a path below");
    }
}
