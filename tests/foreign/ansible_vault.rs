//! `import ansible-vault`, beside the real program: whole vaults, and values in YAML files.

use crate::common::{Done, Sandbox, needs, text};

const PLAIN: &str = "user: bob\npw: canary-whole\n";

/// A repository, in `repo`, with vaults of the password in `vault.pass`.
fn vaults() -> Sandbox {
    needs("ansible-vault", "ansible-core");
    let sandbox = Sandbox::new();
    sandbox.git(".", ["init", "-q", "-b", "main", "repo"]);
    sandbox.shroud("repo", ["init", "-q"]);
    sandbox.write("vault.pass", "canary-password\n");
    sandbox.write("whole.yml", PLAIN);
    std::fs::create_dir(sandbox.path("repo/vars")).unwrap();
    sandbox.sh(
        ".",
        "set -e
         v() { ansible-vault \"$@\" --vault-password-file vault.pass; }
         v encrypt --output repo/vars/whole.yml whole.yml
         printf 'canary\\0binary' | v encrypt --output repo/vars/key.bin -
         {
             printf -- '---\\nuser: bob  # note\\n'
             v encrypt_string --name db_pw 'canary-inline'
             printf '\\nlist:\\n  - plain\\n  - '
             v encrypt_string 'canary \"two\" \\ lines
last: #1'
             printf '\\nport: 080\\n'
         } > repo/vars/inline.yml
         rm whole.yml",
    );
    sandbox.git("repo", ["add", "."]);
    sandbox.git("repo", ["commit", "-q", "-m", "vaults"]);
    sandbox
}

/// `import ansible-vault ARGS`, whatever its exit status, with the output in which no secret is.
#[track_caller]
fn import(sandbox: &Sandbox, args: &[&str]) -> Done {
    let done = sandbox.try_shroud("repo", [&["import", "ansible-vault"], args].concat());
    assert!(!done.stderr.contains("canary") && done.stdout.is_empty(), "{}", done.stderr);
    done
}

#[test]
fn whole_vaults_and_values_become_sealed_by_value() {
    let sandbox = vaults();
    let before = text(sandbox.read("repo/vars/inline.yml"));
    assert_eq!(before.matches("$ANSIBLE_VAULT;1.1;AES256").count(), 2, "{before}");
    let files = [
        "--vault-password-file",
        "../vault.pass",
        "vars/whole.yml",
        "vars/inline.yml",
        "vars/key.bin",
    ];
    let done = import(&sandbox, &files).expect(0);
    let done = done.says("vars/whole.yml: sealed by value, 2 values");
    let done = done.says(
        "vars/whole.yml: names and comments, which ansible-vault had encrypted with the rest",
    );
    assert!(!done.stderr.contains("vars/inline.yml: names"), "{}", done.stderr);
    done.says("vars/inline.yml: sealed by value, 5 values").says("vars/key.bin: sealed whole");
    assert_eq!(text(sandbox.read("repo/vars/whole.yml")), PLAIN);
    assert_eq!(sandbox.read("repo/vars/key.bin"), b"canary\0binary");
    let inline = "---\nuser: bob  # note\ndb_pw: \"canary-inline\"\nlist:\n  - plain\n  - \"canary \\\"two\\\" \\\\ lines\\nlast: #1\"\nport: 080\n";
    assert_eq!(text(sandbox.read("repo/vars/inline.yml")), inline);
    let blob = text(sandbox.blob("repo", ":vars/inline.yml"));
    assert!(blob.contains("\ndb_pw: shroud.v1.") && !blob.contains("!vault"), "{blob}");
    sandbox.assert_no_object_holds("repo", b"canary");
    sandbox.git("repo", ["add", "--renormalize", "."]);
    let staged = "M  .gitattributes\nM  vars/inline.yml\nM  vars/key.bin\nM  vars/whole.yml\n";
    assert_eq!(sandbox.git("repo", ["status", "--porcelain"]).text(), staged);
}

#[test]
fn a_wrong_password_or_none_is_ansibles_to_say() {
    let sandbox = vaults();
    let staged = sandbox.git("repo", ["ls-files", "-s"]).text();
    sandbox.write("wrong.pass", "other\n");
    for file in ["vars/whole.yml", "vars/inline.yml"] {
        let done = import(&sandbox, &["--vault-password-file", "../wrong.pass", file]).expect(1);
        done.says("Decryption failed").says(&format!("ansible-vault could not decrypt {file}"));
        let done = import(&sandbox, &[file]).expect(1);
        done.says(&format!("ansible-vault could not decrypt {file}"));
    }
    assert_eq!(sandbox.git("repo", ["ls-files", "-s"]).text(), staged);
    assert_eq!(sandbox.git("repo", ["status", "--porcelain"]).text(), "");
}

#[test]
fn a_file_that_is_no_yaml_is_refused_with_its_line() {
    let sandbox = vaults();
    let inline = text(sandbox.read("repo/vars/inline.yml"));
    sandbox.write("repo/vars/inline.yml", format!("{inline}x: {{{{ y }}}}: z\n"));
    let done = import(&sandbox, &["--vault-password-file", "../vault.pass", "vars/inline.yml"]);
    done.expect(1)
        .says("vars/inline.yml: it does not read as YAML (line ")
        .says("nothing was changed");
}

#[test]
fn what_the_repository_sets_for_ansible_starts_nothing() {
    let sandbox = vaults();
    sandbox.write("repo/ansible.cfg", "[defaults]\nvault_password_file = ./say.sh\n");
    sandbox.write("repo/say.sh", "#!/bin/sh\ntouch started\ncat ../vault.pass\n");
    sandbox.sh("repo", "chmod +x say.sh");
    import(&sandbox, &["vars/whole.yml"]).expect(1);
    import(&sandbox, &["--vault-id", "x@../vault.pass", "vars/whole.yml"]).expect(0);
    assert!(!sandbox.path("repo/started").exists());
}

/// ansible-vault runs in an empty folder; what the user has named is meant from where the user is.
#[test]
fn files_with_passwords_are_found_from_where_the_user_is() {
    let sandbox = vaults();
    sandbox.write("repo/vars/own.pass", sandbox.read("vault.pass"));
    sandbox.write("repo/.git/info/exclude", "*.pass\n");
    for (file, args) in [
        ("whole.yml", ["--vault-password-file", "own.pass"]),
        ("inline.yml", ["--vault-id", "x@own.pass"]),
        ("key.bin", ["--vault-id", "own.pass"]),
    ] {
        let args = [&["import", "ansible-vault"], &args[..], &[file]].concat();
        sandbox.try_shroud("repo/vars", args).expect(0);
    }
    assert_eq!(text(sandbox.read("repo/vars/whole.yml")), PLAIN);
}
