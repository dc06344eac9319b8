//! What an import refuses; then nothing is changed.

use super::mixed;
use crate::common::{Done, Sandbox};

/// Refused with this status, with nothing changed and no value shown.
#[track_caller]
fn refused(sandbox: &Sandbox, args: &[&str], status: i32) -> Done {
    let (before, index) =
        (sandbox.snapshot("repo"), sandbox.git("repo", ["ls-files", "-s"]).text());
    let done = sandbox.try_import("repo", args).expect(status);
    assert_eq!(sandbox.git("repo", ["ls-files", "-s"]).text(), index);
    let files = |all: std::collections::BTreeMap<std::path::PathBuf, Vec<u8>>| {
        all.into_iter().filter(|(path, _)| !path.starts_with(".git")).collect::<Vec<_>>()
    };
    assert_eq!(files(sandbox.snapshot("repo")), files(before));
    assert!(!done.stderr.contains("canary") && done.stdout.is_empty());
    done
}

#[test]
fn files_of_no_such_tool_are_named() {
    let sandbox = mixed();
    refused(&sandbox, &["sops", "README"], 1).says("README is not encrypted with sops");
    refused(&sandbox, &["dotenvx", "conf/app.yaml"], 1).says("not encrypted with dotenvx");
    refused(&sandbox, &["ansible-vault", "conf/app.yaml"], 1).says("with ansible-vault");
    refused(&sandbox, &["sops", "nothing.yaml"], 2).says("nothing.yaml is not a file");
    refused(&sandbox, &["sops", "conf"], 2).says("conf is not a file");
    refused(&sandbox, &["sops", "../plain/app.yaml"], 2);
    refused(&sandbox, &["sops", "conf/app.yaml", "./conf/app.yaml"], 2).says("named twice");
}

#[test]
fn links_are_not_followed() {
    let sandbox = mixed();
    std::os::unix::fs::symlink("app.yaml", sandbox.path("repo/conf/link.yaml")).unwrap();
    refused(&sandbox, &["sops", "conf/link.yaml"], 2).says("is not a file");
    std::os::unix::fs::symlink("conf", sandbox.path("repo/folder")).unwrap();
    let done = sandbox.try_import("repo", &["sops", "folder/app.yaml"]).expect(2);
    done.says("symbolic link");
}

#[test]
fn one_file_that_fails_keeps_all_as_they_are() {
    let sandbox = mixed();
    std::fs::remove_file(sandbox.path("plain/.env.production")).unwrap();
    let done = refused(&sandbox, &["sops", "conf/app.yaml", "conf/.env.production"], 1);
    // What the program said comes first.
    let done = done
        .says("No such file")
        .says("sops could not decrypt conf/.env.production (exit status: 1)");
    done.says("nothing was changed");
}

#[test]
fn values_that_stay_encrypted_are_named() {
    let sandbox = mixed();
    sandbox.write("plain/.env", "A=canary\nexport B=\"encrypted:BCbv\"\n");
    refused(&sandbox, &["dotenvx", "web/.env"], 1)
        .says("dotenvx left values of web/.env encrypted: export B");
}

#[test]
fn a_key_that_is_not_held_is_asked_for_before_anything_is_decrypted() {
    let sandbox = mixed();
    sandbox.shroud("repo", ["key", "export", "-q", "-o", "../team.key"]);
    sandbox.git("repo", ["commit", "-q", "--allow-empty", "-m", "more"]);
    sandbox.shroud("repo", ["lock", "-q"]);
    sandbox.stand_in("sops", "touch \"$HOME/ran\"; exit 1\n");
    refused(&sandbox, &["sops", "conf/app.yaml"], 2).says("the key 'default' is not held here");
    assert!(!sandbox.path("home/ran").exists());
}

#[test]
fn a_file_that_changes_meanwhile_is_left() {
    let sandbox = mixed();
    sandbox.stand_in("sops", "for file; do :; done\necho '# more' >>\"$file\"\necho 'a: canary'\n");
    let done = sandbox.try_import("repo", &["sops", "conf/app.yaml"]).expect(1);
    done.says("conf/app.yaml was changed meanwhile").says("run this again");
    let file = String::from_utf8(sandbox.read("repo/conf/app.yaml")).unwrap();
    assert!(file.ends_with("# more\n") && file.contains("ENC["), "{file}");
}

#[test]
fn attributes_that_outrank_the_line_are_named() {
    let sandbox = mixed();
    sandbox.write("repo/conf/.gitattributes", "*.yaml -filter\n");
    let done = sandbox.try_import("repo", &["sops", "conf/app.yaml"]).expect(1);
    done.says("conf/app.yaml would not be sealed").says("conf/.gitattributes:1");
    assert!(String::from_utf8(sandbox.read("repo/conf/app.yaml")).unwrap().contains("ENC["));
}

/// A disk that is full at some page: no plaintext is anywhere but in a file that is done, and the next run does the rest.
#[cfg(unix)]
#[test]
fn a_full_disk_leaves_no_plaintext_and_loses_nothing() {
    for blocks in [1, 8, 40, 200] {
        let sandbox = mixed();
        sandbox.stand_in("sops", "for n in $(seq 2000); do echo \"KEY$n=canary-plain-$n\"; done\n");
        let before = sandbox.read("repo/conf/.env.production");
        let mut command = sandbox.command("sh", "repo");
        let run = format!(
            "ulimit -f {blocks}; trap '' XFSZ; exec '{}' import sops conf/.env.production",
            env!("CARGO_BIN_EXE_git-shroud")
        );
        command.args(["-c", &run]).env("PATH", sandbox.path_with_stand_ins());
        let done = sandbox.run(command);
        assert_ne!(done.status, 0, "{blocks}");
        assert_eq!(sandbox.read("repo/conf/.env.production"), before, "{blocks}");
        for (path, content) in sandbox.snapshot("repo") {
            let is_open = memchr::memmem::find(&content, b"canary-plain").is_some();
            assert!(!is_open, "{blocks}: {}", path.display());
        }
        sandbox.assert_no_object_holds("repo", b"canary-plain");
        sandbox.git("repo", ["fsck"]);
        sandbox.try_import("repo", &["sops", "conf/.env.production"]).expect(0);
        assert!(sandbox.read("repo/conf/.env.production").starts_with(b"KEY1=canary-plain-1\n"));
        assert!(
            crate::by_value::stored(&sandbox, "conf/.env.production")
                .starts_with("KEY1=shroud.v1.")
        );
    }
}
