//! `import git-secret`, beside the real one, and `import blackbox`, with gpg as its scripts run it.

use super::{import, sh};
use crate::common::gpg::{Home, home};
use crate::common::{Sandbox, contains, needs, text};

/// A person's home, who does not know the certificate of `two@example.com`.
fn me() -> Home {
    let home = home().copy();
    let two = home.fingerprint("two");
    home.gpg(&["--yes", "--delete-secret-and-public-key", &two], b"").expect();
    home
}

/// A repository of git-secret, made by its own program, for three people.
pub(super) fn git_secret() -> (Sandbox, Home) {
    needs("git-secret", "git-secret");
    needs("gpg", "gnupg");
    let (sandbox, me) = (Sandbox::new(), me());
    sandbox.git(".", ["init", "-q", "-b", "main", "repo"]);
    for (path, content) in [
        ("conf/db.env", "A=canary-1\n"),
        ("a b.txt", "canary sp\n"),
        ("run.sh", "#!/bin/sh\n# canary\n"),
    ] {
        sandbox.write(format!("repo/{path}"), content);
    }
    sandbox.write("repo/.gitignore", "*.log\n");
    sandbox.write("two.asc", home().export("two"));
    sh(
        &sandbox,
        &me,
        "chmod +x run.sh
         git secret init
         git secret tell curve25519@example.com rsa@example.com
         gpg --homedir .gitsecret/keys --batch --no-permission-warning --import ../two.asc
         git secret add conf/db.env 'a b.txt' run.sh
         git secret hide
         gpgconf --homedir .gitsecret/keys --kill all",
    );
    sandbox.commit_all();
    (sandbox, me)
}

/// A repository of blackbox, as its scripts leave it.
fn blackbox(dir: &str) -> (Sandbox, Home) {
    needs("gpg", "gnupg");
    let (sandbox, me) = (Sandbox::new(), me());
    sandbox.git(".", ["init", "-q", "-b", "main", "repo"]);
    sandbox.write(format!("repo/{dir}/blackbox-files.txt"), "conf/db.env\nkey?.txt\n");
    sandbox.write(
        format!("repo/{dir}/blackbox-admins.txt"),
        "curve25519@example.com\nnobody@example.com\nrsa@example.com\n",
    );
    let lines = "blackbox-admins.txt text eol=lf\nblackbox-files.txt text eol=lf\n";
    sandbox.write(format!("repo/{dir}/.gitattributes"), lines);
    sandbox.write("repo/.gitattributes", "*.gpg diff=blackbox\n");
    let ignored = format!("/{dir}/pubring.kbx~\n/conf/db.env\n/key\\?.txt\n");
    sandbox.write("repo/.gitignore", ignored);
    sandbox.git("repo", ["config", "diff.blackbox.textconv", "gpg --decrypt"]);
    sandbox.write("repo/conf/db.env", "A=canary-1\n");
    sandbox.write("repo/key?.txt", "canary-2\n");
    sh(
        &sandbox,
        &me,
        &format!(
            "gpg --export curve25519@example.com rsa@example.com sign@example.com | gpg --homedir {dir} --batch --no-permission-warning --import
             gpgconf --homedir \"$PWD/{dir}\" --kill all
             for file in conf/db.env 'key?.txt'; do
                 gpg --batch --trust-model always --encrypt -o \"$file.gpg\" -r curve25519@example.com -r rsa@example.com \"$file\"
             done
             rm 'key?.txt'"
        ),
    );
    sandbox.commit_all();
    (sandbox, me)
}

#[test]
fn the_keyring_of_git_secret_becomes_members() {
    let (sandbox, me) = git_secret();
    let two = home().fingerprint("two");
    let before = sandbox.snapshot("repo");
    let planned = import(&sandbox, Some(&me), &["git-secret", "--dry-run"]).expect(0);
    assert!(sandbox.snapshot("repo") == before);
    let said = planned.text();
    for line in ["  a b.txt", "remove conf/db.env.secret", ".gitignore:3: - !*.secret"] {
        assert!(said.lines().any(|said| said == line), "{line}:\n{said}");
    }
    planned.says(&two).says("--trust");
    import(&sandbox, Some(&me), &["git-secret"]).expect(1).says(&two).says("would lose access");
    assert_eq!(sandbox.git("repo", ["rev-list", "--count", "HEAD"]).text(), "1\n");
    // Somebody who has only cloned has no plaintext.
    std::fs::remove_file(sandbox.path("repo/a b.txt")).unwrap();
    import(&sandbox, Some(&me), &["git-secret", "--trust"]).expect(0).says("committed");
    sandbox.assert_sealed(&["conf/db.env", "a b.txt", "run.sh"]);
    sandbox.assert_clean();
    assert_eq!(sandbox.read("repo/a b.txt"), b"canary sp\n");
    let tracked = sandbox.git("repo", ["ls-files", "-s"]).text();
    assert!(!tracked.contains(".secret") && !tracked.contains(".gitsecret"), "{tracked}");
    assert!(tracked.contains("100755") && tracked.contains("run.sh"), "{tracked}");
    assert_eq!(text(sandbox.read("repo/.gitignore")), "*.log\n.gitsecret/keys/random_seed\n");
    for member in ["curve25519", "rsa", "two"] {
        let file = format!("repo/.shroud/default/members/{member}.toml");
        assert!(contains(&sandbox.read(file), home().fingerprint(member).as_bytes()), "{member}");
    }
    sandbox.assert_no_object_holds("repo", b"canary");
    import(&sandbox, Some(&me), &["git-secret"]).expect(2).says("git-secret encrypts nothing");
}

#[test]
fn a_member_opens_what_git_secret_had() {
    let (sandbox, me) = git_secret();
    import(&sandbox, Some(&me), &["git-secret", "--without-those"]).expect(0);
    sandbox.git(".", ["clone", "-q", "repo", "clone"]);
    let mut command = sandbox.command(env!("CARGO_BIN_EXE_git-shroud"), "clone");
    command.env("GNUPGHOME", me.path(".")).arg("unlock");
    sandbox.run(command).expect(0);
    assert_eq!(text(sandbox.read("clone/conf/db.env")), "A=canary-1\n");
    assert!(!sandbox.path("clone/.shroud/default/members/two.toml").exists());
}

#[test]
fn plaintext_that_was_changed_since_is_not_lost() {
    let (sandbox, me) = git_secret();
    sandbox.write("repo/conf/db.env", "A=canary-later\n");
    let args = ["git-secret", "--trust"];
    import(&sandbox, Some(&me), &args)
        .expect(1)
        .says("conf/db.env: it was changed")
        .says("git secret hide");
    assert_eq!(sandbox.read("repo/conf/db.env"), b"A=canary-later\n");
    assert!(sandbox.path("repo/conf/db.env.secret").exists());
    assert!(!sandbox.path("repo/.shroud").exists());
}

#[test]
fn administrators_of_blackbox_become_members() {
    for dir in [".blackbox", "keyrings/live"] {
        let (sandbox, me) = blackbox(dir);
        let done = import(&sandbox, Some(&me), &["blackbox"]).expect(1);
        done.says("1 user of blackbox would lose access").says("nobody@example.com");
        let done = import(&sandbox, Some(&me), &["blackbox", "--without-those"]).expect(0);
        done.says("git shroud member add");
        sandbox.assert_sealed(&["conf/db.env", "key?.txt"]);
        sandbox.assert_clean();
        assert_eq!(sandbox.read("repo/key?.txt"), b"canary-2\n");
        let members = std::fs::read_dir(sandbox.path("repo/.shroud/default/members")).unwrap();
        // Not everybody whose certificate is in the keyring is an administrator.
        assert_eq!(members.count(), 2);
        let attributes = text(sandbox.read("repo/.gitattributes"));
        assert!(!attributes.contains("blackbox"), "{attributes}");
        assert_eq!(text(sandbox.read("repo/.gitignore")), format!("/{dir}/pubring.kbx~\n"));
        let settings = sandbox.git("repo", ["config", "--local", "--list"]).text();
        assert!(!settings.contains("diff.blackbox"), "{settings}");
        sandbox.assert_no_object_holds("repo", b"canary");
    }
}

#[test]
fn somebody_else_s_key_opens_nothing() {
    let (sandbox, me) = git_secret();
    for name in ["curve25519", "rsa"] {
        let fingerprint = me.fingerprint(name);
        me.gpg(&["--yes", "--delete-secret-keys", &fingerprint], b"").expect();
    }
    let done = import(&sandbox, Some(&me), &["git-secret", "--trust"]).expect(1);
    done.says("a b.txt: ").says("nothing was changed");
    assert!(!sandbox.path("repo/.shroud").exists());
}
