//! Repositories that somebody has made to break what reads them.

use std::collections::BTreeMap;
use std::fs;

use git_shroud::scan::Scope;
use git_shroud::scan::walk::seen::UnreadReason;

use crate::common::Sandbox;
use crate::scanning::eye::{Plain, canaries, objects};

/// A repository with one pack, in which objects are built on one another.
fn packed() -> Sandbox {
    let sandbox = crate::common::repository();
    let mut text: String = (0..60).map(|at| format!("line {at} {}\n", at * 7919)).collect();
    for version in 0..5 {
        text.push_str(&format!("canary-{version}\n"));
        sandbox.write("repo/file", &text);
        sandbox.git("repo", ["add", "."]);
        sandbox.git("repo", ["commit", "-q", "-m", "a version"]);
    }
    sandbox.git("repo", ["repack", "-adfq"]);
    sandbox
}

fn pack_files(sandbox: &Sandbox, end: &str) -> std::path::PathBuf {
    let files = fs::read_dir(sandbox.path("repo/.git/objects/pack")).unwrap();
    let mut files = files.map(|entry| entry.unwrap().path());
    files.find(|path| path.extension().is_some_and(|extension| extension == end)).unwrap()
}

/// Damages a file at many places, one after the other: nothing panics, and whatever is not seen is said to be unread.
fn damage(end: &str) {
    let sandbox = packed();
    let (sound, walked) = objects(&sandbox.path("repo"), b"canary-");
    assert!(walked.unread.is_empty());
    let file = pack_files(&sandbox, end);
    let bytes = fs::read(&file).unwrap();
    let mut permissions = fs::metadata(&file).unwrap().permissions();
    #[allow(clippy::permissions_set_readonly_false)]
    permissions.set_readonly(false);
    fs::set_permissions(&file, permissions).unwrap();
    for at in (0..bytes.len()).step_by(bytes.len() / 150 + 1) {
        let mut damaged = bytes.clone();
        damaged[at] ^= 0x55;
        fs::write(&file, &damaged).unwrap();
        assert_said(&sandbox, &sound, &format!("{end}: byte {at}"));
    }
    for len in (0..bytes.len()).step_by(bytes.len() / 20 + 1) {
        fs::write(&file, &bytes[..len]).unwrap();
        assert_said(&sandbox, &sound, &format!("{end}: {len} bytes"));
    }
}

#[track_caller]
fn assert_said(sandbox: &Sandbox, sound: &BTreeMap<String, Vec<Plain>>, case: &str) {
    let (seen, walked) = objects(&sandbox.path("repo"), b"canary-");
    let values = |seen: &BTreeMap<String, Vec<Plain>>| {
        seen.values()
            .map(|hits| hits.iter().map(|hit| hit.3.clone()).collect())
            .collect::<Vec<Vec<_>>>()
    };
    // The index may give an object another name; what the object holds is seen all the same.
    let (mut all, mut found) = (values(sound), values(&seen));
    all.sort();
    found.sort();
    assert!(all == found || !walked.unread.is_empty(), "{case}: neither seen nor said");
}

#[test]
fn a_damaged_pack_is_never_a_clean_one() {
    damage("pack");
}

#[test]
fn a_damaged_index_is_never_a_clean_one() {
    damage("idx");
}

#[test]
fn a_damaged_loose_object_is_reported() {
    let sandbox = crate::common::repository();
    sandbox.write("repo/file", "canary-one\n".repeat(50));
    sandbox.git("repo", ["add", "."]);
    let id = sandbox.git("repo", ["rev-parse", ":file"]).text();
    let file = sandbox.path(format!("repo/.git/objects/{}/{}", &id[..2], id[2..].trim_end()));
    let bytes = fs::read(&file).unwrap();
    fs::remove_file(&file).unwrap();
    for damaged in [&b""[..], b"x", &bytes[..bytes.len() / 2], &[&bytes[..8], b"????????"].concat()]
    {
        fs::write(&file, damaged).unwrap();
        let (seen, walked) = objects(&sandbox.path("repo"), b"canary-");
        assert!(seen.is_empty());
        let [unread] = &walked.unread[..] else { panic!("{:?}", walked.unread) };
        assert!(matches!(unread.why, UnreadReason::Damaged(_)), "{unread:?}");
    }
}

#[test]
fn bombs_are_cut_off_and_named() {
    let sandbox = crate::common::repository();
    let script = "python3 - <<'END'
import gzip, io, zipfile
zeros = gzip.compress(bytes(200 << 20))
open('bomb.gz', 'wb').write(zeros)
with zipfile.ZipFile('bomb.zip', 'w', zipfile.ZIP_DEFLATED) as bomb:
    for at in range(20):
        bomb.writestr(f'{at}.gz', zeros)
open('sound.gz', 'wb').write(gzip.compress(b'canary-gzip'))
END
git add . && git commit -q -m bombs";
    crate::common::needs("python3", "python3");
    sandbox.sh("repo", script);
    let (seen, walked) = canaries(&sandbox.path("repo"), &Scope::All);
    assert_eq!(seen.into_iter().collect::<Vec<_>>(), ["gzip"]);
    let cut = walked.unread.iter().filter(|unread| unread.why == UnreadReason::Cut).count();
    assert_eq!((cut, walked.unread.len()), (2, 2), "{:?}", walked.unread);
}

#[test]
fn a_large_blob_is_seen_piece_by_piece() {
    let sandbox = crate::common::repository();
    // Canaries around every place where one piece ends and the next begins.
    let line = b"some text that fills a line of sixty-four bytes with its end...\n";
    let mut text = line.repeat((40 << 20) / line.len());
    let places: Vec<usize> = (1..157).map(|at| at * (256 << 10) + at % 64).collect();
    for (number, &at) in places.iter().enumerate() {
        let canary = format!(" canary-at-{number} ");
        text[at..at + canary.len()].copy_from_slice(canary.as_bytes());
    }
    sandbox.write("repo/large", &text);
    sandbox.git("repo", ["add", "."]);
    sandbox.git("repo", ["commit", "-q", "-m", "large"]);
    // Built on the large one, and small once that is taken away.
    sandbox.write("repo/large", [&text[..], b"canary-behind\n"].concat());
    sandbox.git("repo", ["commit", "-q", "-a", "-m", "larger"]);
    for packed in [false, true] {
        if packed {
            sandbox.git("repo", ["repack", "-adfq"]);
        }
        let (seen, walked) = canaries(&sandbox.path("repo"), &Scope::All);
        assert!(walked.unread.is_empty(), "{:?}", walked.unread);
        assert_eq!(seen.len(), places.len() + 1);
        assert!(seen.contains("behind"));
    }
}

#[test]
fn names_with_anything_in_them() {
    let sandbox = crate::common::repository();
    for name in ["new\nline canary-newline", "esc\x1b[31m canary-escape", "\u{202e} canary-turned"]
    {
        sandbox.write(format!("repo/{name}"), "x");
    }
    sandbox.git("repo", ["add", "."]);
    sandbox.git("repo", ["commit", "-q", "-m", "names"]);
    let (seen, walked) = canaries(&sandbox.path("repo"), &Scope::All);
    assert!(walked.unread.is_empty(), "{:?}", walked.unread);
    assert_eq!(seen.into_iter().collect::<Vec<_>>(), ["escape", "newline", "turned"]);
}

/// Whoever looks at somebody's repository has not read its configuration yet.
#[cfg(unix)]
#[test]
fn no_program_that_a_repository_names_is_started() {
    let sandbox = crate::common::repository();
    let program = |name: &str| {
        let started = sandbox.path("started");
        sandbox.write(name, format!("#!/bin/sh\necho {name} >>'{}'\n", started.display()));
        let path = sandbox.path(name);
        let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
        fs::set_permissions(&path, mode).unwrap();
        path.into_os_string().into_string().unwrap()
    };
    sandbox.write("repo/file", "a text\n");
    sandbox.git("repo", ["add", "."]);
    sandbox.git("repo", ["commit", "-q", "-m", "a version"]);
    for (setting, name) in [
        ("core.fsmonitor", "monitor"),
        ("core.pager", "pager"),
        ("core.sshCommand", "ssh"),
        ("core.editor", "editor"),
        ("core.askPass", "password"),
        ("diff.external", "diff"),
        ("filter.other.clean", "clean"),
        ("filter.other.smudge", "smudge"),
        ("diff.other.textconv", "text"),
    ] {
        let program = program(name);
        sandbox.git("repo", ["config", setting, &program]);
    }
    sandbox.write("repo/.gitattributes", "* filter=other diff=other\n");
    sandbox.write("repo/file", "another text\n");
    for hook in ["post-index-change", "reference-transaction", "pre-commit", "post-checkout"] {
        let program = program(hook);
        fs::create_dir_all(sandbox.path("repo/.git/hooks")).unwrap();
        fs::copy(program, sandbox.path(format!("repo/.git/hooks/{hook}"))).unwrap();
    }
    for arguments in [
        &["scan"][..],
        &["scan", "--all", "--no-cache"],
        &["scan", "--worktree"],
        &["scan", "--staged"],
        &["scan", "HEAD"],
        &["check"],
        &["check", "--staged"],
        &["status"],
        &["doctor"],
        &["why", "file"],
    ] {
        sandbox.try_shroud("repo", arguments);
        let started = fs::read_to_string(sandbox.path("started")).unwrap_or_default();
        assert!(started.is_empty(), "{arguments:?} starts {started}");
    }
}
