//! `config exec --redact`: what a program prints has masks in place of secrets.

use std::process::Stdio;

use crate::common::{Done, Sandbox};
use crate::config::place::{SCHEMA, configuration, try_set};

#[track_caller]
fn run(sandbox: &Sandbox, script: &str) -> Done {
    sandbox.try_shroud("repo", ["config", "exec", "dev", "--redact", "--", "sh", "-c", script])
}

#[test]
fn secrets_are_masked_in_both_outputs_and_several_forms() {
    let sandbox = configuration();
    let script = "echo \"password $DB_PASSWORD.\"; printf %s \"$DB_PASSWORD\" | base64; echo \"$DB_PASSWORD\" | base64; \
        printf %s \"$DB_PASSWORD\" | od -An -tx1 | tr -d ' \\n'; echo; \
        printf can; printf ary-dev-; printf 'value\\n'; echo canary-dev; echo $DB_URL; \
        echo \"err $DB_PASSWORD\" >&2; exit 7";
    let done = run(&sandbox, script).expect(7);
    let lines: Vec<&str> = std::str::from_utf8(&done.stdout).unwrap().lines().collect();
    assert_eq!(lines[0], "password ***db.password***.");
    assert_eq!(lines[1], "***db.password***==");
    assert!(lines[2].starts_with("***db.password***"), "{lines:?}");
    assert_eq!(lines[3..6], ["***db.password***", "***db.password***", "canary-dev"]);
    // The schema says that it is no secret.
    assert_eq!(lines[6..], ["https://dev.example.com"]);
    assert!(done.stderr.contains("err ***db.password***"), "{done:?}");
    assert!(!done.stderr.contains("canary-dev-value"), "{done:?}");
}

#[test]
fn files_are_masked_as_a_whole_and_line_by_line() {
    let sandbox = configuration();
    let own = "[properties.TLS_KEY]\nfile = \"tls.key\"\nsecret = true\n";
    sandbox.write("repo/config.shroud.toml", format!("{SCHEMA}{own}"));
    let key =
        "-----BEGIN KEY-----\nfirst-line-of-the-key\nsecond-line-of-the-key\n-----END KEY-----\n";
    sandbox.write("repo/environments/dev/tls.key", key);
    sandbox.git("repo", ["add", "."]);
    for files in ["--files", "--files=folder"] {
        let script = "cat \"$TLS_KEY\"; grep second \"$TLS_KEY\"";
        let done = sandbox.try_shroud(
            "repo",
            ["config", "exec", "dev", files, "--redact", "--", "sh", "-c", script],
        );
        assert_eq!(done.expect(0).text(), "***TLS_KEY***\n***TLS_KEY***\n", "{files}");
    }
}

#[test]
fn secrets_that_are_too_short_are_named() {
    let sandbox = configuration();
    try_set(&sandbox, "repo", "dev", "db.password", "abc").expect(0);
    run(&sandbox, "echo abc").expect(0).says("db.password is too short");
}

/// As in `program | head -1`.
#[test]
fn a_program_whose_output_nobody_reads_ends() {
    let sandbox = configuration();
    let mut command = sandbox.command(env!("CARGO_BIN_EXE_git-shroud"), "repo");
    command.args(["config", "exec", "dev", "--redact", "--", "yes"]).stdout(Stdio::piped());
    let mut child = command.spawn().unwrap();
    drop(child.stdout.take());
    assert!(!child.wait().unwrap().success());
}
