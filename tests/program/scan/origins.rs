//! Where findings came from, as an earlier scan has found it out: true as long as nothing that decides on it has changed.

use sha2::{Digest as _, Sha256};

use crate::common::planted::token;
use crate::common::{Done, Sandbox, contains};

const KEPT: &str = "repo/.git/git-shroud/scan-origins";
const MAGIC: &[u8] = b"git-shroud scan-origins 1\n";

fn repository() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.git(".", ["init", "-q", "-b", "main", "repo"]);
    sandbox.write("repo/settings", format!("a\n{}\n", token(1)));
    commit(&sandbox, "original subject");
    sandbox.write("repo/other", "b\n");
    commit(&sandbox, "later");
    sandbox
}

fn commit(sandbox: &Sandbox, message: &str) {
    sandbox.git("repo", ["add", "-A"]);
    sandbox.git("repo", ["commit", "-q", "-m", message]);
}

fn scan(sandbox: &Sandbox, arguments: &[&str]) -> Done {
    sandbox.try_shroud("repo", [&["scan", "--format", "json"], arguments].concat()).expect(1)
}

/// Changes the subject in what was kept, as nobody would, so that a scan that uses it can be told.
fn mark(sandbox: &Sandbox) {
    let bytes = sandbox.read(KEPT);
    let (body, _) = bytes.split_last_chunk::<32>().unwrap();
    let at = body.windows(8).position(|bytes| bytes == b"original").unwrap();
    let marked = [&body[..at], b"recalled", &body[at + 8..]].concat();
    let sum = Sha256::digest(&marked);
    sandbox.write(KEPT, [&marked[..], &sum].concat());
}

fn is_recalled(sandbox: &Sandbox) -> bool {
    scan(sandbox, &[]).text().contains("recalled subject")
}

#[test]
fn the_second_scan_takes_them_from_the_first() {
    let sandbox = repository();
    let first = scan(&sandbox, &[]).text();
    let kept = sandbox.read(KEPT);
    assert!(kept.starts_with(MAGIC) && !contains(&kept, token(1).as_bytes()));
    #[cfg(unix)]
    assert_eq!(sandbox.mode(KEPT), 0o600);
    assert_eq!(scan(&sandbox, &[]).text(), first);
    mark(&sandbox);
    assert!(is_recalled(&sandbox));
    assert_eq!(scan(&sandbox, &["--no-cache"]).text(), first);
}

#[test]
fn whatever_decides_on_them_makes_them_be_found_again() {
    for script in [
        "git branch more HEAD~1",
        "git tag v1",
        "git tag -a v2 -m text HEAD~1",
        "git update-ref refs/remotes/origin/main HEAD~1",
        "git checkout -q --detach HEAD~1",
        "git commit -q --allow-empty -m more",
        // What only a reflog leads to, and then nothing.
        "git reset -q --hard HEAD~1",
        "git reflog expire --expire=now --all",
        "git rm -q --cached settings",
        "git worktree add -q --detach ../linked HEAD~1",
        "git rev-parse HEAD >.git/shallow",
        "git rev-parse HEAD >.git/info/grafts",
        "git repack -adq; git hash-object -w --stdin </dev/null",
    ] {
        let sandbox = repository();
        scan(&sandbox, &[]);
        mark(&sandbox);
        assert!(is_recalled(&sandbox));
        sandbox.sh("repo", script);
        let next = scan(&sandbox, &[]).text();
        assert!(!next.contains("recalled"), "{script}");
        assert_eq!(next, scan(&sandbox, &["--no-cache"]).text(), "{script}");
        assert_eq!(next, scan(&sandbox, &[]).text(), "{script}");
    }
}

#[test]
fn those_of_another_repository_and_damaged_ones_are_none() {
    let sandbox = repository();
    let expected = scan(&sandbox, &[]).text();
    let sound = sandbox.read(KEPT);
    mark(&sandbox);
    let mut other = sandbox.read(KEPT);
    other[MAGIC.len()] ^= 1;
    let (body, _) = other.split_last_chunk::<32>().unwrap();
    let other = [body, &Sha256::digest(body)].concat();
    let mut damaged = sound.clone();
    *damaged.last_mut().unwrap() ^= 1;
    for bytes in
        [&other[..], &damaged, &sound[..sound.len() - 1], b"", b"git-shroud scan-origins 2\n"]
    {
        sandbox.write(KEPT, bytes);
        assert_eq!(scan(&sandbox, &[]).text(), expected);
        assert_eq!(sandbox.read(KEPT), sound);
    }
    std::fs::remove_file(sandbox.path(KEPT)).unwrap();
    std::fs::create_dir_all(sandbox.path(KEPT).join("x")).unwrap();
    let done = sandbox.try_shroud("repo", ["-v", "scan", "--format", "json"]).expect(1);
    assert_eq!(done.text(), expected);
    done.says("the next scan will be no faster");
}

#[test]
fn a_finished_scrub_leaves_nothing_of_them() {
    let sandbox = repository();
    scan(&sandbox, &[]);
    assert!(contains(&sandbox.read(KEPT), b"settings"));
    sandbox.write("values", format!("{}\n", token(1)));
    sandbox.shroud("repo", ["scrub", "--value-file", "../values"]);
    sandbox.shroud("repo", ["scrub", "--finish"]);
    for name in ["scan-origins", "scan-cache"] {
        assert!(!sandbox.path(format!("repo/.git/git-shroud/{name}")).exists(), "{name}");
    }
}
