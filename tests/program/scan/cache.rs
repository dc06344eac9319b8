//! A second scan: the same report, and only what is new is looked at.

use crate::common::planted::token;
use crate::common::{Done, Sandbox, contains};

const CACHE: &str = "repo/.git/git-shroud/scan-cache";
/// Bytes of the file without its entries, with one hit; and of an entry.
const SIZES: (usize, usize) = (24 + 32 + 1 + 4 + 4 + 20 + 4 + 32, 20);

/// A repository of some commits; a file grows in each, so that git stores it as changes, and one version has a token.
fn repository() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.git(".", ["init", "-q", "-b", "main", "repo"]);
    let mut text: String = (0..400).map(|line| format!("line {line}\n")).collect();
    for number in 0..6 {
        text.push_str(&format!("more {number}\n"));
        let token = if number == 3 { token(1) } else { String::new() };
        sandbox.write("repo/long", format!("{text}{token}"));
        sandbox.write(format!("repo/folder/{number}"), format!("file {number}\n"));
        commit(&sandbox, "next");
    }
    sandbox
}

fn commit(sandbox: &Sandbox, message: &str) {
    sandbox.git("repo", ["add", "-A"]);
    sandbox.git("repo", ["commit", "-q", "-m", message]);
}

fn scan(sandbox: &Sandbox, arguments: &[&str]) -> Done {
    sandbox
        .try_shroud("repo", [&["-v", "scan", "--format", "json", "--reveal"], arguments].concat())
}

/// Scans, and sees that the report is that of a scan without a cache; how many objects were passed over, and of how many.
#[track_caller]
fn passed(sandbox: &Sandbox, arguments: &[&str], status: i32) -> (usize, usize) {
    let cached = scan(sandbox, arguments).expect(status);
    let anew = scan(sandbox, &[arguments, &["--no-cache"]].concat()).expect(status);
    assert_eq!(cached.text(), anew.text());
    assert!(!anew.stderr.contains("earlier scan"));
    let line = cached.stderr.lines().find(|line| line.contains("an earlier scan had")).unwrap();
    let mut numbers = line.split_whitespace().filter_map(|word| word.parse().ok());
    (numbers.next().unwrap(), numbers.next().unwrap())
}

fn objects(sandbox: &Sandbox) -> usize {
    let list = ["cat-file", "--batch-all-objects", "--batch-check=%(objectname)"];
    sandbox.git("repo", list).text().lines().count()
}

#[test]
fn a_second_scan_says_the_same_and_looks_at_what_is_new() {
    let sandbox = repository();
    let all = objects(&sandbox);
    assert_eq!(passed(&sandbox, &[], 1), (0, all));
    // The version with the token is looked at each time.
    assert_eq!(passed(&sandbox, &[], 1), (all - 1, all));
    for script in [
        // A change of something that is known, as git packs it.
        "echo \"$T2\" >>long; git commit -qam more",
        "git repack -adq --depth=50 --window=50",
        // In a message, a name and nowhere else.
        "git commit -q --allow-empty -m \"$T3\"",
        "mkdir deep; echo x >\"deep/$T4\"; git add -A; git commit -qm name; git rm -rq deep; git commit -qm gone",
        "git tag -a v1 -m \"$T5\"",
        "git gc -q",
        "echo y >>long; git commit -qam last; git repack -dq",
    ] {
        let script = (2..6).fold(script.to_owned(), |script, number| {
            script.replace(&format!("$T{number}"), &token(number))
        });
        let before = objects(&sandbox);
        sandbox.sh("repo", &script);
        let (passed, all) = passed(&sandbox, &[], 1);
        assert_eq!(all, objects(&sandbox), "{script}");
        // At most six have hits: four texts, and the two trees of a name, of which one names the other.
        assert!(passed + 6 >= before && passed < all, "{script}: {passed} of {before}");
    }
    let found = crate::common::planted::values(&scan(&sandbox, &[]).expect(1));
    assert_eq!(found.len(), 5, "{found:?}");
}

#[test]
fn it_holds_ids_and_nothing_that_is_gone() {
    let sandbox = repository();
    passed(&sandbox, &[], 1);
    let len = |objects: usize| SIZES.0 + SIZES.1 * objects;
    let bytes = sandbox.read(CACHE);
    assert_eq!(bytes.len(), len(objects(&sandbox)));
    assert!(!contains(&bytes, token(1).as_bytes()) && !contains(&bytes, b"long"));
    #[cfg(unix)]
    assert_eq!(sandbox.mode(CACHE), 0o600);
    let before = objects(&sandbox);
    sandbox.sh(
        "repo",
        "git reset -q --hard HEAD~2; git reflog expire --expire=now --all; git gc -q --prune=now",
    );
    let after = objects(&sandbox);
    assert!(after < before);
    // Files are passed over still; what names others is looked at, as what it names may be what is gone.
    let files = "git cat-file --batch-all-objects --batch-check='%(objecttype)' | grep -c blob";
    let files: usize = sandbox.sh("repo", files).text().trim().parse().unwrap();
    assert_eq!(passed(&sandbox, &[], 1), (files - 1, after));
    assert_eq!(sandbox.read(CACHE).len(), len(after));
    assert_eq!(passed(&sandbox, &[], 1), (after - 1, after));
}

#[test]
fn what_is_missing_is_missed_again() {
    let sandbox = repository();
    passed(&sandbox, &[], 1);
    let id = sandbox.git("repo", ["rev-parse", "HEAD:folder/2"]).text();
    let (folder, file) = id.trim().split_at(2);
    let path = sandbox.path(format!("repo/.git/objects/{folder}/{file}"));
    let bytes = std::fs::read(&path).unwrap();
    std::fs::remove_file(&path).unwrap();
    for _ in 0..2 {
        passed(&sandbox, &[], 1);
        let report = scan(&sandbox, &[]).expect(1).json();
        assert_eq!(report["complete"], false);
        assert_eq!(report["unread"][0]["what"], id.trim());
    }
    std::fs::write(&path, bytes).unwrap();
    passed(&sandbox, &[], 1);
    assert_eq!(scan(&sandbox, &[]).expect(1).json()["complete"], true);
    // What cannot be read is not known afterwards.
    sandbox.write("repo/broken.gz", b"\x1f\x8b\x08\0\0\0\0\0\0\x03broken");
    commit(&sandbox, "broken");
    for _ in 0..2 {
        passed(&sandbox, &[], 1);
        assert_eq!(scan(&sandbox, &[]).expect(1).json()["complete"], false);
    }
}

#[test]
fn other_rules_and_other_known_values_begin_anew() {
    let sandbox = repository();
    passed(&sandbox, &[], 1);
    let rules = |word: &str| {
        let rule = format!("id = 'mine'\nregex = '''{word} [0-9]'''\nkeywords = ['{word}']\n");
        sandbox.write("rules.toml", format!("[[rules]]\n{rule}"));
    };
    let arguments = ["--rules", "../rules.toml", "--min-rank", "low"];
    rules("file");
    assert_eq!(passed(&sandbox, &arguments, 1).0, 0);
    assert!(passed(&sandbox, &arguments, 1).0 > 0);
    rules("more");
    assert_eq!(passed(&sandbox, &arguments, 1).0, 0);
    assert_eq!(passed(&sandbox, &[], 1).0, 0);
    // Another rank is none of it: what is less sure was found, too.
    assert!(passed(&sandbox, &["--min-rank", "low"], 1).0 > 0);

    sandbox.write("repo/plain", "it is kq7vzx-9mLw2p, really\n");
    commit(&sandbox, "no secret yet");
    sandbox.shroud("repo", ["init", "-q"]);
    sandbox.shroud("repo", ["track", "-q", "p.env"]);
    commit(&sandbox, "tracked");
    passed(&sandbox, &[], 1);
    assert!(passed(&sandbox, &[], 1).0 > 0);
    sandbox.write("repo/p.env", "DB_PASS=kq7vzx-9mLw2p\n");
    commit(&sandbox, "sealed");
    assert_eq!(passed(&sandbox, &[], 1).0, 0);
    assert!(passed(&sandbox, &[], 1).0 > 0);
    let report = scan(&sandbox, &[]).expect(1).text();
    assert!(report.contains("known-value"), "{report}");
    assert!(!contains(&sandbox.read(CACHE), b"kq7vzx"));
    sandbox.shroud("repo", ["key", "export", "-q", "-o", "../team.key"]);
    sandbox.shroud("repo", ["lock", "-q"]);
    assert_eq!(passed(&sandbox, &[], 1).0, 0);
}

/// Six versions of a file with two tokens, one of them with a remark beside it.
fn versions() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.git(".", ["init", "-q", "-b", "main", "repo"]);
    for number in 0..6 {
        let lines = "a line\n".repeat(number);
        let (one, two) = (token(1), token(2));
        sandbox.write("repo/file", format!("{lines}{one}\nb\nx {two} # gitleaks:allow\n"));
        sandbox.write(format!("repo/other-{number}"), format!("{number}\n"));
        commit(&sandbox, "next");
    }
    sandbox
}

#[test]
fn of_the_objects_with_the_same_hits_one_is_looked_at() {
    let sandbox = versions();
    let all = objects(&sandbox);
    assert_eq!(passed(&sandbox, &[], 1), (0, all));
    assert_eq!(passed(&sandbox, &[], 1), (all - 1, all));
    sandbox.git("repo", ["repack", "-adfq"]);
    assert_eq!(passed(&sandbox, &[], 1), (all - 1, all));
    // A remark counts in a report that is made of the cache, too, where it is asked for.
    let report = scan(&sandbox, &["--others-marks"]);
    assert_eq!(report.text(), scan(&sandbox, &["--others-marks", "--no-cache"]).text());
    assert!(!contains(&sandbox.read(CACHE), token(1).as_bytes()));
    // Another version with a third: that one alone is new.
    let third = format!("{}\n{}\n{}\n", token(1), token(2), token(3));
    sandbox.write("repo/file", third);
    commit(&sandbox, "third");
    assert_eq!(passed(&sandbox, &[], 1), (all - 1, all + 3));
    // Nobody says which object is looked at: whichever of them is gone, the others say what they have.
    for _ in 0..6 {
        sandbox.sh(
            "repo",
            "git reset -q --hard HEAD~1; git reflog expire --expire=now --all; git gc -q --prune=now",
        );
        passed(&sandbox, &[], 1);
        let (looked, all) = passed(&sandbox, &[], 1);
        assert_eq!(looked + 1, all);
    }
}

#[test]
fn a_cache_that_does_not_fit_hides_nothing() {
    use sha2::{Digest as _, Sha256};
    let sandbox = versions();
    passed(&sandbox, &[], 1);
    let sound = sandbox.read(CACHE);
    let whats = 24 + 32 + 1 + 4 + 20 * objects(&sandbox) + 4;
    // The number of the hit that the object should have.
    for at in [whats + 16, whats + 36] {
        let mut bytes = sound[..sound.len() - 32].to_vec();
        bytes[at + 3] = 99;
        let sum: [u8; 32] = Sha256::digest(&bytes).into();
        bytes.extend_from_slice(&sum);
        sandbox.write(CACHE, bytes);
        assert_eq!(passed(&sandbox, &[], 1).0, 0);
        assert_eq!(sandbox.read(CACHE), sound);
    }
}

#[test]
fn a_damaged_cache_is_none() {
    let sandbox = repository();
    passed(&sandbox, &[], 1);
    let mut bytes = sandbox.read(CACHE);
    *bytes.last_mut().unwrap() ^= 1;
    sandbox.write(CACHE, &bytes);
    scan(&sandbox, &[]).expect(1).says("scan-cache: it is damaged; scanning everything again");
    assert!(passed(&sandbox, &[], 1).0 > 0);
    // Where it cannot be written, the report is the same.
    std::fs::remove_file(sandbox.path(CACHE)).unwrap();
    std::fs::create_dir_all(sandbox.path(CACHE).join("x")).unwrap();
    assert_eq!(
        scan(&sandbox, &[]).expect(1).text(),
        scan(&sandbox, &["--no-cache"]).expect(1).text()
    );
}

#[test]
fn scans_at_the_same_time_do_not_disturb_one_another() {
    let sandbox = repository();
    let expected = scan(&sandbox, &["--no-cache"]).expect(1).text();
    std::thread::scope(|scope| {
        let start = |_| scope.spawn(|| scan(&sandbox, &[]).expect(1).text());
        let all: Vec<_> = (0..4).map(start).collect();
        all.into_iter().for_each(|one| assert_eq!(one.join().unwrap(), expected));
    });
    assert!(passed(&sandbox, &[], 1).0 > 0);
}
