//! Damaged and unsealed files that somebody else has pushed do not stop git.

use crate::common::{SECRETS, Sandbox, sealed};

fn porcelain(sandbox: &Sandbox, dir: &str) -> String {
    sandbox.git(dir, ["status", "--porcelain"]).text()
}

/// The ways in which a sealed file can be bad.
fn bad(sealed: &[u8]) -> Vec<Vec<u8>> {
    let mut flipped = sealed.to_vec();
    *flipped.last_mut().unwrap() ^= 1;
    let mut newer = sealed.to_vec();
    newer[7] = 9;
    vec![sealed[..100].to_vec(), sealed[..20].to_vec(), flipped, newer]
}

/// The one of them that has the number of a later format.
const NEWER: usize = 3;

#[test]
fn one_damaged_file_stops_neither_pull_nor_status_nor_stash() {
    let sandbox = sealed();
    for (at, bytes) in bad(&sandbox.blob("repo", "HEAD:secrets/db.env")).iter().enumerate() {
        let (open, locked, pushed) =
            (format!("open{at}"), format!("locked{at}"), format!("pushed{at}"));
        for dir in [&open, &locked, &pushed] {
            sandbox.git(".", ["clone", "-q", "repo", dir]);
        }
        for dir in [&open, &locked] {
            sandbox.shroud(dir, ["unlock", "-q", "../team.key"]);
        }
        sandbox.shroud(&locked, ["lock", "-q"]);
        sandbox.stage_raw(&pushed, "secrets/db.env", bytes);
        sandbox.write(format!("{pushed}/README"), "changed\n");
        sandbox.git(&pushed, ["add", "README"]);
        sandbox.git(&pushed, ["commit", "-q", "-m", "damaged"]);
        for dir in [&open, &locked] {
            let pulled = sandbox.git(dir, ["pull", "-q", &format!("../{pushed}"), "main"]);
            if dir == &open {
                let (what, hint) = match at {
                    NEWER => ("a newer git-shroud wrote", "install a newer git-shroud"),
                    _ => ("damaged", "git shroud cat REV:PATH"),
                };
                pulled.says("secrets/db.env").says(what).says(hint);
            }
            assert_eq!(&sandbox.read(format!("{dir}/secrets/db.env")), bytes);
            assert_eq!(sandbox.read(format!("{dir}/README")), b"changed\n");
            // As new times make git look at everything again.
            sandbox.sh(dir, "touch secrets/db.env secrets/deep/er/tls.key README");
            assert_eq!(porcelain(&sandbox, dir), "");
            sandbox.write(format!("{dir}/README"), "mine\n");
            sandbox.git(dir, ["stash", "-q"]);
            sandbox.git(dir, ["stash", "pop", "-q"]);
            sandbox.git(dir, ["log", "-p", "-2"]);
            sandbox.git(dir, ["commit", "-qam", "mine"]);
            assert_eq!(&sandbox.blob(dir, "HEAD:secrets/db.env"), bytes);
            // Without the key a changed byte in the middle is not seen.
            let status = sandbox.try_shroud(dir, ["status"]).text();
            let word = if at == NEWER { "newer" } else { "damaged" };
            assert_eq!(status.contains(word), dir == &open || at != 2, "{status}");
        }
        // The way out.
        sandbox.git(&open, ["checkout", "-q", "HEAD~2", "--", "secrets/db.env"]);
        sandbox.git(&open, ["commit", "-q", "-m", "put back"]);
        assert_eq!(sandbox.read(format!("{open}/secrets/db.env")), SECRETS[0].1.as_bytes());
        sandbox.shroud(&open, ["status"]);
    }
}

#[test]
fn other_damaged_bytes_than_the_indexs_are_refused() {
    let sandbox = sealed();
    for bytes in bad(&sandbox.blob("repo", "HEAD:secrets/db.env")) {
        sandbox.write("repo/secrets/db.env", &bytes);
        sandbox.try_git("repo", ["add", "secrets/db.env"]).expect(128);
        sandbox.write("repo/secrets/new", &bytes);
        sandbox.try_git("repo", ["add", "secrets/new"]).expect(128);
    }
}

#[test]
fn plaintext_pushed_at_a_path_of_a_key_that_is_not_held_stops_nothing() {
    let sandbox = Sandbox::repository_with_two_keys();
    sandbox.git(".", ["clone", "-q", "repo", "clone"]);
    sandbox.shroud("clone", ["unlock", "-q", "../team.key"]);
    sandbox.stage_raw("repo", "prod/open", b"pushed in the clear\n");
    sandbox.git("repo", ["commit", "-q", "-m", "in the clear"]);
    sandbox.git("clone", ["pull", "-q"]);
    sandbox.sh("clone", "touch prod/open prod/db.env secrets/db.env README");
    let status = sandbox.git("clone", ["status", "--porcelain"]);
    assert_eq!(status.text(), "");
    status.says("stored as plaintext").says("prod/open");
    sandbox.write("clone/README", "mine\n");
    sandbox.sh("clone", "touch prod/open");
    sandbox.git("clone", ["diff"]);
    sandbox.sh("clone", "touch prod/open");
    sandbox.git("clone", ["stash", "-q"]);
    sandbox.git("clone", ["stash", "pop", "-q"]);
    sandbox.sh("clone", "touch prod/open");
    sandbox.git("clone", ["commit", "-qam", "mine"]);
    assert_eq!(sandbox.blob("clone", "HEAD:prod/open"), b"pushed in the clear\n");
    // Anything else stays refused.
    for path in ["prod/open", "prod/new"] {
        sandbox.write(format!("clone/{path}"), "canary-mine\n");
        sandbox.try_git("clone", ["add", path]).expect(128).says("the key 'prod' is not held here");
    }
    sandbox.assert_no_object_holds("clone", b"canary");
}
