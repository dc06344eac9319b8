//! One canary in each place where a repository can hold something: all are found.

use std::collections::BTreeSet;

use git_shroud::detect::Seer;
use git_shroud::git::repository::Repository;
use git_shroud::progress::Meter;
use git_shroud::scan::Scope;
use git_shroud::scan::walk::places::{Part, WorktreeFiles, part_of};
use git_shroud::scan::walk::seen::{OtherText, Seen, Source};

use crate::common::gits::is_git_3;
use crate::common::{Sandbox, needs};
use crate::scanning::eye::{Words, canaries};

/// What is done to a repository, and the canaries that are then in it.
type Planted = (&'static str, &'static [&'static str]);

/// Where files are: at the tip, in history, under attributes and names that others pass over, and beside all refs.
const FILES: [Planted; 18] = [
    ("echo canary-tip > tip; git add .; git commit -qm x", &["tip"]),
    (
        "echo canary-gone > gone; git add .; git commit -qm x; git rm -q gone; git commit -qm x",
        &["gone"],
    ),
    (
        "echo '*.bin binary -diff' > .gitattributes; echo canary-binary > a.bin; git add .; git commit -qm x",
        &["binary"],
    ),
    (
        "mkdir -p node_modules/x vendor; echo canary-module > node_modules/x/index.js
         echo canary-vendor > vendor/logo.png; echo canary-lock > package-lock.json
         git add .; git commit -qm x",
        &["module", "vendor", "lock"],
    ),
    ("echo canary-hashed | git hash-object -w --stdin", &["hashed"]),
    (
        "echo canary-reset > reset; git add .; git commit -qm x; git reset -q --hard HEAD~1",
        &["reset"],
    ),
    (
        "echo canary-stash > tip; git stash -q; echo canary-later > tip; git stash -q",
        &["stash", "later"],
    ),
    ("echo canary-dropped > tip; git stash -q; git stash drop -q", &["dropped"]),
    ("echo canary-untracked > u; git stash -q -u", &["untracked"]),
    ("echo canary-staged > staged; git add staged", &["staged"]),
    (
        "git commit -qm staged; git checkout -qb side HEAD~1; git merge -q --no-commit main || true
         echo canary-merged > merged; git add .; git commit -qm merge; git checkout -q main",
        &["merged"],
    ),
    (
        "git checkout -qb ours; echo canary-ours > both; git add .; git commit -qm x
         git checkout -qb theirs HEAD~1; echo canary-theirs > both; git add .; git commit -qm x
         git merge -q ours || true; echo canary-resolved > both; git config rerere.enabled true
         git add .; git commit -qm x; git checkout -q main",
        &["ours", "theirs", "resolved"],
    ),
    ("git worktree add -q ../linked; cd ../linked; echo canary-linked > l; git add l", &["linked"]),
    ("git notes add -m canary-note HEAD", &["note"]),
    ("git tag blob $(echo canary-tagged | git hash-object -w --stdin)", &["tagged"]),
    ("ln -s /canary-target link; git add link; git commit -qm x", &["target"]),
    (
        "mkdir -p .git/lfs/objects/aa/bb; echo canary-large > .git/lfs/objects/aa/bb/aabb",
        &["large"],
    ),
    (
        "echo canary-alternate | git -C ../alternate hash-object -w --stdin
         echo ../../../alternate/.git/objects > .git/objects/info/alternates",
        &["alternate"],
    ),
];

/// What is no file's content.
const OTHERS: [Planted; 15] = [
    ("git commit -qm 'canary-message' --allow-empty", &["message"]),
    (
        "git commit -qm x --allow-empty --author 'canary-author <x@canary-mail>'",
        &["author", "mail"],
    ),
    ("GIT_COMMITTER_NAME=canary-committer git commit -qm x --allow-empty", &["committer"]),
    ("git tag -a -m canary-annotation v1", &["annotation"]),
    (
        "{ git cat-file commit HEAD | sed '/^$/,$d'; echo 'x-header canary-header'; echo; echo x; } > ../raw
         git hash-object -t commit -w ../raw",
        &["header"],
    ),
    ("git update-ref -m canary-reflog refs/heads/logged HEAD", &["reflog"]),
    ("git branch canary-branch; git tag canary-lightweight; git pack-refs --all", &["branch", "lightweight"]),
    (
        "mkdir canary-folder; echo x > canary-folder/canary-file; git add .; git commit -qm x",
        &["folder", "file"],
    ),
    ("git remote add r https://user:canary-remote@example.com/r", &["remote"]),
    (
        "printf '[submodule \"s\"]\\n\\tpath = s\\n\\turl = https://canary-module-url@example.com/\\n' > .gitmodules
         git add .gitmodules; git commit -qm x",
        &["module-url"],
    ),
    (
        "mkdir -p .git/modules/s; git config -f .git/modules/s/config remote.origin.url https://canary-deep@example.com",
        &["deep"],
    ),
    (
        "git config extensions.worktreeConfig true; git config --worktree x.y canary-worktree-config",
        &["worktree-config"],
    ),
    ("echo 'echo canary-hook' > .git/hooks/pre-commit", &["hook"]),
    ("mkdir -p .git/rr-cache/1; echo canary-rerere > .git/rr-cache/1/preimage", &["rerere"]),
    ("echo canary-begun > .git/MERGE_MSG; echo 'x canary-fetch' > .git/FETCH_HEAD", &["begun", "fetch"]),
];

/// Each written by Python to a file of its own: the ways in which a text can be read.
const ENCODED: [(&str, &str); 17] = [
    ("'a canary-utf16-le text'.encode('utf-16-le')", "utf16-le"),
    ("'a canary-utf16-be text'.encode('utf-16-be')", "utf16-be"),
    ("'a canary-utf16-bom text'.encode('utf-16')", "utf16-bom"),
    ("b'\\x7fELF\\0\\0\\1\\2canary-nul\\0\\0\\xff'", "nul"),
    ("gzip.compress(b'canary-gzip')", "gzip"),
    ("zipped(b'canary-zip')", "zip"),
    ("zipped(zipped(b'canary-jar'))", "jar"),
    ("b64encode(b'user = x, canary-base64 ')", "base64"),
    ("urlsafe_b64encode(b'~~~???>>>??? canary-url64 ~~~')", "url64"),
    ("b'k: ' + b64encode(b'user = x, canary-no-padding ').rstrip(b'=')", "no-padding"),
    ("encodebytes(b'some text ' * 20 + b'canary-lines' + b' more text' * 20)", "lines"),
    ("b64encode('canary-command'.encode('utf-16-le'))", "command"),
    ("b'0x' + b'some text, canary-hex '.hex().encode()", "hex"),
    ("b'q=canary%2Dpercent%20x'", "percent"),
    ("b'{\"a\": \"\\\\u0063anary-unicode\"}'", "unicode"),
    ("b64encode(b64encode(b'user = x, canary-twice '))", "twice"),
    ("b64encode(gzip.compress(b'%63anary%2dthrice'))", "thrice"),
];

fn repository() -> Sandbox {
    let sandbox = crate::common::repository();
    sandbox.git(".", ["init", "-q", "alternate"]);
    sandbox
}

#[track_caller]
fn assert_found(sandbox: &Sandbox, expected: &BTreeSet<String>) {
    let (seen, walked) = canaries(&sandbox.path("repo"), &Scope::All);
    assert!(walked.unread.is_empty(), "{:?}", walked.unread);
    let missed: Vec<_> = expected.difference(&seen).collect();
    assert!(missed.is_empty(), "not found: {missed:?}");
    // The bytes of a reftable are looked at as well, and there a letter may stand behind a name.
    let is_in_table = |word: &str| is_git_3() && expected.iter().any(|name| word.starts_with(name));
    let more: Vec<_> = seen.difference(expected).filter(|word| !is_in_table(word)).collect();
    assert!(more.is_empty(), "found without being there: {more:?}");
}

#[test]
fn all_places_are_seen_before_and_after_packing() {
    let sandbox = repository();
    let mut expected = BTreeSet::new();
    for (script, canaries) in FILES.iter().chain(&OTHERS) {
        sandbox.sh("repo", &format!("set -e\n{script}"));
        expected.extend(canaries.iter().map(|&name| name.to_owned()));
    }
    assert!(expected.len() >= 40, "{}", expected.len());
    assert_found(&sandbox, &expected);
    let keep = ["-c", "gc.reflogExpire=never", "-c", "gc.reflogExpireUnreachable=never"];
    sandbox.git("repo", keep.iter().chain(&["gc", "-q", "--prune=never"]));
    assert_found(&sandbox, &expected);
}

#[test]
fn all_encodings_are_seen_through() {
    needs("python3", "python3");
    let sandbox = repository();
    let mut script = "import gzip, io, zipfile
from base64 import b64encode, urlsafe_b64encode, encodebytes
def zipped(content):
    file = io.BytesIO()
    with zipfile.ZipFile(file, 'w', zipfile.ZIP_DEFLATED) as archive:
        archive.writestr('member', content)
    return file.getvalue()
"
    .to_owned();
    for (number, (content, _)) in ENCODED.iter().enumerate() {
        script.push_str(&format!("open('{number}', 'wb').write({content})\n"));
    }
    sandbox.write("encode.py", script);
    sandbox.sh("repo", "python3 ../encode.py && git add . && git commit -qm x");
    let expected: BTreeSet<_> = ENCODED.iter().map(|(_, name)| (*name).to_owned()).collect();
    assert_found(&sandbox, &expected);
    // A change of a text is decoded where it changed. What stands behind an archive would be named as left out.
    sandbox.sh("repo", "for f in *; do case $f in [456]) ;; *) echo x >> $f;; esac; done; git commit -qam x; git repack -adfq");
    assert_found(&sandbox, &expected);
}

#[test]
fn messages_in_tables_of_refs() {
    let sandbox = Sandbox::new();
    let made = sandbox.try_git(".", ["init", "-q", "--ref-format=reftable", "-b", "main", "repo"]);
    if made.status != 0 {
        // Before 2.45 git keeps refs in files alone, and there is nothing to be seen.
        assert!(made.stderr.contains("ref-format"), "{}", made.stderr);
        return;
    }
    sandbox.git("repo", ["commit", "-q", "--allow-empty", "-m", "x"]);
    let set =
        ["update-ref", "--create-reflog", "-m", "canary-log", "refs/heads/canary-ref", "HEAD"];
    sandbox.git("repo", set);
    let (seen, _) = canaries(&sandbox.path("repo"), &Scope::All);
    assert!(seen.contains("log") && seen.contains("ref"), "{seen:?}");
}

#[test]
fn the_parts_of_a_commit_and_the_places_are_told() {
    let sandbox = repository();
    let commit = "git commit -qm 'canary-message' --allow-empty --author 'canary-author <a@b>'
         git remote add r https://canary-remote@example.com
         mkdir -p a; echo canary-worktree > a/file; ln -s canary-link b; echo canary-ignored > c; echo c > .gitignore";
    sandbox.sh("repo", commit);
    let told = std::sync::Mutex::new(BTreeSet::new());
    let sink = |seen: &Seen<'_>| {
        for hit in seen.found {
            let place = match &seen.source {
                Source::Object { .. } => match part_of(seen.text, hit.place.start) {
                    Part::Author => "author".to_owned(),
                    Part::Message => "message".to_owned(),
                    part => panic!("{part:?}"),
                },
                Source::Other(OtherText::GitFile(path) | OtherText::Worktree(path)) => {
                    String::from_utf8(path.clone()).unwrap()
                }
                Source::Other(OtherText::Reflog) => "reflog".to_owned(),
                source => panic!("{source:?}"),
            };
            let value = String::from_utf8(hit.what.value.expose().to_vec()).unwrap();
            told.lock().unwrap().insert((value, place));
        }
    };
    let words = Words(b"canary-");
    let seer = Seer::new(vec![&words]);
    let repository = Repository::discover(&sandbox.path("repo")).unwrap();
    let (walked, _) = git_shroud::scan::walk::look(
        &repository,
        &seer,
        &Scope::All,
        None,
        &sink,
        &Meter::silent(),
    )
    .unwrap();
    assert!(walked.unread.is_empty());
    assert!(WorktreeFiles::list(&repository).unwrap().look(&seer, &sink).is_empty());
    let told = told.into_inner().unwrap();
    // git writes the message of a commit into a file, and its first line into the reflogs.
    let logs = match is_git_3() {
        true => &["reflog"][..],
        false => &["logs/HEAD", "logs/refs/heads/main"],
    };
    let expected = [
        ("author", "author"),
        ("link", "b"),
        ("message", "COMMIT_EDITMSG"),
        ("message", "message"),
        ("remote", "config"),
        ("worktree", "a/file"),
    ];
    let expected = expected.into_iter().chain(logs.iter().map(|log| ("message", *log)));
    let expected = expected.map(|(value, place)| (value.to_owned(), place.to_owned()));
    assert_eq!(told, expected.collect());
}
