//! `import git-agecrypt`, with what the real age encrypts.

use super::import;
use crate::common::{Sandbox, needs, text};

/// A repository of git-agecrypt: `ops.key` for Ann alone, two more files for Ann and Bob.
fn agecrypt() -> (Sandbox, String, String) {
    needs("age", "age");
    let sandbox = Sandbox::new();
    sandbox.git(".", ["init", "-q", "-b", "main", "repo"]);
    let (ann, bob) = (sandbox.age_identity("ann"), sandbox.age_identity("bob"));
    let identity = sandbox.path("ann.age").display().to_string();
    let functions = format!(
        "decrypt() {{ age -d -i '{identity}'; }}
encrypt() {{ age -r {ann}; }}"
    );
    sandbox.filter("git-agecrypt", &functions);
    sandbox.git("repo", ["config", "git-agecrypt.config.identity", &identity]);
    let line = "filter=git-agecrypt diff=git-agecrypt";
    sandbox.write("repo/.gitattributes", format!("conf/** {line}\nops.key {line}\n"));
    let list = format!(
        "[config]\n\"conf/a\" = [\n    \"{ann}\",\n    \"{bob}\",\n]\n\"conf/b\" = [\"{bob}\", \"{ann}\"]\n\"ops.key\" = [\"{ann}\"]\n"
    );
    sandbox.write("repo/git-agecrypt.toml", list);
    for path in ["conf/a", "conf/b", "ops.key"] {
        sandbox.write(format!("repo/{path}"), format!("canary {path}\n"));
    }
    sandbox.commit_all();
    assert!(sandbox.blob("repo", "HEAD:ops.key").starts_with(b"age-encryption.org/v1"));
    (sandbox, ann, bob)
}

#[test]
fn recipients_become_members_of_what_they_could_read() {
    let (sandbox, ann, bob) = agecrypt();
    let done = import(&sandbox, None, &["git-agecrypt"]).expect(1);
    // Her own recipient needs nobody's word.
    assert!(!done.stderr.contains(&ann), "{}", done.stderr);
    done.says(&bob).says("1 user of git-agecrypt would lose access").says("--trust");
    import(&sandbox, None, &["git-agecrypt", "--trust"]).expect(0).says("committed");
    sandbox.assert_sealed(&["conf/a", "conf/b", "ops.key"]);
    sandbox.assert_clean();
    assert!(!sandbox.path("repo/git-agecrypt.toml").exists());
    sandbox.assert_no_object_holds("repo", b"canary");
    let settings = sandbox.git("repo", ["config", "--local", "--list"]).text();
    assert!(!settings.contains("git-agecrypt.sh"), "{settings}");
    for (member, ops) in [("ann", true), ("bob", false)] {
        let clone = format!("clone-{member}");
        sandbox.git(".", ["clone", "-q", "repo", &clone]);
        let identity = format!("../{member}.age");
        sandbox.try_shroud(&clone, ["unlock", "--identity", &identity]);
        assert_eq!(text(sandbox.read(format!("{clone}/conf/a"))), "canary conf/a\n", "{member}");
        let read = sandbox.read(format!("{clone}/ops.key"));
        assert_eq!(read == b"canary ops.key\n", ops, "{member}");
    }
}

#[test]
fn who_is_left_out_gets_nothing() {
    let (sandbox, _, _) = agecrypt();
    let done = import(&sandbox, None, &["git-agecrypt", "--without-those"]).expect(0);
    done.says("git shroud member add");
    let members = sandbox.shroud("repo", ["member", "list"]).text();
    assert_eq!(members.matches("age1").count(), 2, "{members}");
}

#[test]
fn an_identity_that_opens_nothing_changes_nothing() {
    let (sandbox, ..) = agecrypt();
    let head = sandbox.git("repo", ["rev-parse", "HEAD"]).text();
    sandbox.git("repo", ["config", "git-agecrypt.config.identity", "../bob.age"]);
    let args = ["git-agecrypt", "--trust"];
    import(&sandbox, None, &args).expect(1).says("conf/a: no identity").says("--identity FILE");
    sandbox.git("repo", ["config", "--unset", "git-agecrypt.config.identity"]);
    import(&sandbox, None, &args).expect(1).says("no identity for git-agecrypt");
    assert_eq!(sandbox.git("repo", ["rev-parse", "HEAD"]).text(), head);
    import(&sandbox, None, &["git-agecrypt", "--trust", "-i", "../ann.age"]).expect(0);
    sandbox.assert_clean();
}
