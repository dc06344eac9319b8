//! The layouts of sealed files: who asks for them, what stays as it is, and that everything reads all of them.

use crate::common::Sandbox;
use crate::common::attacker::RawKey;

/// Lines that compress and that an edit changes in one place.
fn text(lines: usize) -> String {
    (0..lines).map(|n| format!("setting_{n}: value {}\n", n * 7919 % 10_007)).collect()
}

fn repository() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.sealed_repository("repo");
    sandbox
}

/// The key of the repository, for the independent writer of version 1.
fn raw_key(sandbox: &Sandbox) -> RawKey {
    let file = String::from_utf8(sandbox.read("team.key")).unwrap();
    RawKey::from_key_file(&file, "default", 1)
}

#[track_caller]
fn layout(sandbox: &Sandbox, path: &str) -> String {
    let json = sandbox.try_shroud("repo", ["status", "--json"]).json();
    let files = json["files"].as_array().unwrap();
    let file = files.iter().find(|file| file["path"] == path);
    let file = file.unwrap_or_else(|| panic!("{path}: {json}"));
    assert_eq!(file["state"], "sealed", "{path}");
    file["layout"].as_str().unwrap_or_else(|| panic!("{path}: {json}")).to_owned()
}

/// Writes a file and stages it; the sealed blob.
#[track_caller]
fn add(sandbox: &Sandbox, path: &str, content: &str) -> Vec<u8> {
    sandbox.write(format!("repo/{path}"), content);
    sandbox.git("repo", ["add", path]);
    sandbox.blob("repo", &format!(":{path}"))
}

/// Puts what version 1 made of a content into the index and the worktree, committed.
fn commit_version_1(sandbox: &Sandbox, path: &str, content: &str) -> Vec<u8> {
    let sealed = raw_key(sandbox).seal(content.as_bytes());
    assert_eq!(sealed[7], 1);
    sandbox.stage_raw("repo", path, &sealed);
    sandbox.git("repo", ["commit", "-q", "-m", "version 1"]);
    sandbox.git("repo", ["checkout", "-q", "--", path]);
    assert_eq!(sandbox.read(format!("repo/{path}")), content.as_bytes());
    sealed
}

#[track_caller]
fn assert_unchanged(sandbox: &Sandbox) {
    sandbox.sh("repo", "find . -path ./.git -prune -o -type f -exec touch -d 2020-01-01 {} +");
    assert_eq!(sandbox.git("repo", ["status", "--porcelain"]).text(), "");
}

#[test]
fn a_file_is_compressed_and_padded() {
    let sandbox = repository();
    let sealed = add(&sandbox, "secrets/a", &text(400));
    assert_eq!(sealed[7], 2);
    assert!(sealed.len() * 3 < text(400).len(), "{}", sealed.len());
    assert_eq!(layout(&sandbox, "secrets/a"), "compressed");
    let stored = add(&sandbox, "secrets/short", "A=1\n");
    assert_eq!(stored.len(), 328);
    assert_eq!(layout(&sandbox, "secrets/short"), "whole");
}

#[test]
fn what_version_1_sealed_stays_until_it_changes() {
    let sandbox = repository();
    let sealed = commit_version_1(&sandbox, "secrets/old", &text(100));
    assert_unchanged(&sandbox);
    sandbox.git("repo", ["add", "--renormalize", "."]);
    assert_eq!(sandbox.blob("repo", ":secrets/old"), sealed);
    assert_eq!(layout(&sandbox, "secrets/old"), "version 1");
    sandbox.shroud("repo", ["check", "--all"]);
    // Locked and unlocked, it is the same blob.
    sandbox.shroud("repo", ["lock", "-q"]);
    assert_eq!(sandbox.read("repo/secrets/old"), sealed);
    sandbox.shroud("repo", ["unlock", "-q", "../team.key"]);
    assert_eq!(sandbox.read("repo/secrets/old"), text(100).as_bytes());
    assert_eq!(sandbox.git("repo", ["status", "--porcelain"]).text(), "");
    // Changed, it is sealed as today.
    assert_eq!(add(&sandbox, "secrets/old", &text(101))[7], 2);
}

#[test]
fn status_fix_and_rotation_write_todays_layout() {
    let sandbox = repository();
    commit_version_1(&sandbox, "secrets/old", &text(100));
    let done = sandbox.shroud("repo", ["status", "-v"]);
    assert!(done.text().contains("version 1"), "{}", done.text());
    done.says("status --fix");
    sandbox.shroud("repo", ["status", "--fix", "-q"]);
    assert_eq!(layout(&sandbox, "secrets/old"), "compressed");
    assert_eq!(sandbox.blob("repo", ":secrets/old")[7], 2);
    let done = sandbox.shroud("repo", ["status"]);
    assert!(!done.stderr.contains("layout"), "{}", done.stderr);
    sandbox.git("repo", ["commit", "-q", "-m", "fixed"]);
    assert_unchanged(&sandbox);

    commit_version_1(&sandbox, "secrets/other", &text(90));
    sandbox.shroud("repo", ["key", "rotate", "-q"]);
    assert_eq!(layout(&sandbox, "secrets/other"), "compressed");
}

#[test]
fn a_damaged_body_under_a_true_header_is_repaired_by_adding_the_file() {
    let sandbox = repository();
    let sound = add(&sandbox, "secrets/a", &text(50));
    sandbox.git("repo", ["commit", "-q", "-m", "a"]);
    let mut damaged = sound.clone();
    *damaged.last_mut().unwrap() ^= 1;
    sandbox.stage_raw("repo", "secrets/a", &damaged);
    sandbox.write("repo/secrets/a", text(50));
    sandbox.git("repo", ["add", "secrets/a"]);
    assert_eq!(sandbox.blob("repo", ":secrets/a"), sound);
}

#[test]
fn track_delta_keeps_what_two_versions_have_in_common() {
    let sandbox = repository();
    let before = text(4_000);
    add(&sandbox, "secrets/state", &before);
    sandbox.git("repo", ["commit", "-q", "-m", "whole"]);
    sandbox.shroud("repo", ["track", "-q", "--delta", "secrets/state"]);
    // git makes deltas of such files, of others it makes none.
    let delta = |path: &str| sandbox.git("repo", ["check-attr", "delta", path]).text();
    assert!(delta("secrets/state").ends_with(": set\n"), "{}", delta("secrets/state"));
    assert!(delta("secrets/db.env").ends_with(": unset\n"), "{}", delta("secrets/db.env"));
    // Nothing changes by itself.
    sandbox.git("repo", ["commit", "-q", "-m", "track"]);
    assert_unchanged(&sandbox);
    assert_eq!(layout(&sandbox, "secrets/state"), "compressed");
    sandbox.shroud("repo", ["status", "--fix", "-q"]);
    assert_eq!(layout(&sandbox, "secrets/state"), "in records");
    let first = sandbox.blob("repo", ":secrets/state");
    assert_eq!(first[7], 3);
    sandbox.git("repo", ["commit", "-q", "-m", "in records"]);
    assert_unchanged(&sandbox);

    let after = before.replace("setting_2000:", "setting_changed:");
    let second = add(&sandbox, "secrets/state", &after);
    let common = first.iter().zip(&second).skip(56).take_while(|(a, b)| a == b).count();
    assert!(common > first.len() / 3, "{common} of {}", first.len());
    sandbox.git("repo", ["commit", "-q", "-m", "changed"]);
    sandbox.shroud("repo", ["check", "--all"]);

    // A short file in the same pattern is sealed whole; a merge and a lock know both.
    sandbox.shroud("repo", ["lock", "-q"]);
    assert_eq!(sandbox.read("repo/secrets/state"), second);
    sandbox.shroud("repo", ["unlock", "-q", "../team.key"]);
    assert_eq!(sandbox.read("repo/secrets/state"), after.as_bytes());
    assert_eq!(sandbox.git("repo", ["status", "--porcelain"]).text(), "");
    let diff = sandbox.git("repo", ["diff", "HEAD~1", "--", "secrets/state"]).text();
    assert!(diff.contains("+setting_changed:"), "{diff}");
}

#[test]
fn two_edits_of_a_file_in_records_merge() {
    let sandbox = repository();
    sandbox.shroud("repo", ["track", "-q", "--delta", "secrets/state"]);
    let base = text(2_000);
    assert_eq!(add(&sandbox, "secrets/state", &base)[7], 3);
    sandbox.git("repo", ["commit", "-q", "-m", "base"]);
    sandbox.git("repo", ["checkout", "-q", "-b", "side"]);
    let theirs = base.replace("setting_100:", "setting_theirs:");
    add(&sandbox, "secrets/state", &theirs);
    sandbox.git("repo", ["commit", "-q", "-m", "theirs"]);
    sandbox.git("repo", ["checkout", "-q", "main"]);
    let ours = base.replace("setting_1900:", "setting_ours:");
    add(&sandbox, "secrets/state", &ours);
    sandbox.git("repo", ["commit", "-q", "-m", "ours"]);
    sandbox.git("repo", ["merge", "-q", "--no-edit", "side"]);
    let merged = theirs.replace("setting_1900:", "setting_ours:");
    assert_eq!(sandbox.read("repo/secrets/state"), merged.as_bytes());
    assert_eq!(sandbox.blob("repo", ":secrets/state")[7], 3);
}

#[test]
fn track_store_compresses_nothing() {
    let sandbox = repository();
    add(&sandbox, "secrets/inbox", &text(400));
    sandbox.git("repo", ["commit", "-q", "-m", "compressed"]);
    sandbox.shroud("repo", ["track", "-q", "--store", "secrets/inbox"]);
    let attributes = String::from_utf8(sandbox.read("repo/.gitattributes")).unwrap();
    assert!(
        attributes.contains("secrets/inbox shroud -shroud-compress filter=shroud"),
        "{attributes}"
    );
    sandbox.shroud("repo", ["status", "--fix", "-q"]);
    assert_eq!(layout(&sandbox, "secrets/inbox"), "whole");
    assert!(sandbox.blob("repo", ":secrets/inbox").len() > text(400).len());
    // Tracking it again with nothing said leaves the line as it is.
    let done = sandbox.shroud("repo", ["track", "secrets/inbox"]).says("tracked already");
    assert!(done.stderr.contains("secrets/inbox"));
    assert_eq!(sandbox.read("repo/.gitattributes"), attributes.as_bytes());
    sandbox.try_shroud("repo", ["track", "--delta"]).expect(2);
}

#[test]
fn a_version_of_the_future_is_refused_with_a_sentence() {
    let sandbox = repository();
    let mut sealed = add(&sandbox, "secrets/a", "A=1\n");
    sealed[7] = 4;
    sandbox.stage_raw("repo", "secrets/future", &sealed);
    sandbox.git("repo", ["commit", "-q", "-m", "future"]);
    let done = sandbox.try_shroud("repo", ["status"]).expect(1);
    assert!(done.text().contains("a newer git-shroud wrote"), "{}", done.text());
    sandbox.write("repo/secrets/copy", &sealed);
    let done = sandbox.try_git("repo", ["add", "secrets/copy"]);
    assert_ne!(done.status, 0);
    done.says("a newer git-shroud wrote").says("version 4");
}

#[test]
fn status_and_doctor_tell_where_git_stores_each_version_whole() {
    let sandbox = repository();
    let told = |expected: &str| {
        let status = sandbox.shroud("repo", ["status"]).stderr;
        let doctor = sandbox.shroud("repo", ["doctor"]).text();
        for said in [status, doctor] {
            assert_eq!(said.contains("each version whole"), !expected.is_empty(), "{said}");
            assert!(said.contains(expected), "{said}");
        }
    };
    sandbox.shroud("repo", ["track", "-q", "--delta", "state/**"]);
    add(&sandbox, "state/a", &text(2000));
    assert_eq!(layout(&sandbox, "state/a"), "in records");
    told("");
    // Written by hand, behind the macro that says '-delta'.
    let lines = String::from_utf8(sandbox.read("repo/.gitattributes")).unwrap();
    sandbox.write("repo/.gitattributes", format!("{lines}other/** shroud shroud-delta\n"));
    add(&sandbox, "other/b", &text(2000));
    told("git's -delta, so that git stores each version whole: first other/b");
    sandbox.sh("repo", "sed -i '/^other/s/$/ delta/' .gitattributes");
    told("");
    sandbox.git("repo", ["config", "core.bigFileThreshold", "1k"]);
    told("larger than core.bigFileThreshold (1024 bytes)");
}

#[test]
fn a_scrub_seals_in_the_layout_that_attributes_ask_for() {
    let sandbox = Sandbox::new();
    sandbox.git(".", ["init", "-q", "-b", "main", "repo"]);
    for path in ["whole", "records", "kept", "planned"] {
        sandbox.write(format!("repo/{path}"), text(2000));
    }
    sandbox.git("repo", ["add", "."]);
    sandbox.git("repo", ["commit", "-q", "-m", "plain"]);
    sandbox.shroud("repo", ["init", "-q"]);
    sandbox.shroud("repo", ["key", "export", "-q", "-o", "../team.key"]);
    sandbox.shroud("repo", ["track", "-q", "whole"]);
    sandbox.shroud("repo", ["track", "-q", "--store", "kept"]);
    sandbox.shroud("repo", ["track", "-q", "--delta", "records"]);
    let lines = String::from_utf8(sandbox.read("repo/.gitattributes")).unwrap();
    sandbox.write("repo/.gitattributes", format!("{lines}planned shroud-delta\n"));
    sandbox.git("repo", ["add", "--renormalize", "."]);
    sandbox.git("repo", ["commit", "-q", "-m", "sealed", "--no-verify"]);
    let mut command = sandbox.command("git-shroud", "repo");
    command.args(["scrub", "--seal", "--seal=planned"]);
    sandbox.run(command).expect(0);
    let version = |path: &str| sandbox.blob("repo", &format!("HEAD~1:{path}"))[7];
    assert_eq!((version("whole"), version("kept"), version("records")), (2, 2, 3));
    assert_eq!(version("planned"), 3);
    let kept = sandbox.blob("repo", "HEAD~1:kept");
    assert!(kept.len() > text(2000).len(), "it is not compressed");
}
