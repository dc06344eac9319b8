//! Options, reports and what stays as it is.

use crate::common::planted::token;
use crate::common::{Sandbox, needs, text};
use crate::scrubbing::{assert_clean, commit, scrub, state};

const PASSWORD: &str = "kq7vzx-9mLw2p";

/// A repository with a password in its second commit and a dump in the third, of four.
fn repository() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.git(".", ["init", "-q", "-b", "main", "repo"]);
    sandbox.write("repo/clean", "nothing\n");
    commit(&sandbox, "one");
    sandbox.write("repo/app.conf", format!("pass = {PASSWORD}\n"));
    commit(&sandbox, &format!("two, with {PASSWORD}"));
    sandbox.sh("repo", "mkdir dumps && echo dump >dumps/a.sql && echo b >b");
    commit(&sandbox, "three");
    sandbox.write("repo/clean", "nothing more\n");
    commit(&sandbox, "four");
    sandbox.write("values", format!("{PASSWORD}\n"));
    sandbox
}

fn ids(sandbox: &Sandbox) -> Vec<String> {
    let list = sandbox.git("repo", ["rev-list", "--reverse", "main"]).text();
    list.lines().map(str::to_owned).collect()
}

#[test]
fn a_dry_run_says_what_the_run_does_and_changes_nothing() {
    let sandbox = repository();
    let before = (state(&sandbox, "repo"), sandbox.snapshot("repo/.git"));
    let options = ["--value-file", "../values", "--drop", "dumps/", "--format", "json"];
    let said = scrub(&sandbox, &[&options[..], &["--dry-run"]].concat()).expect(0).json();
    assert_eq!((state(&sandbox, "repo"), sandbox.snapshot("repo/.git")), before);
    assert_eq!((said["commits"].as_u64(), said["all_commits"].as_u64()), (Some(3), Some(4)));
    assert_eq!(said["blobs"], 1);
    let old = ids(&sandbox);
    assert_eq!(said["refs"][0]["first_changed"][0], old[1].as_str());

    let done = scrub(&sandbox, &options).expect(0).json();
    assert_eq!((done["sound"].as_bool(), done["values"].as_u64()), (Some(true), Some(1)));
    let new = ids(&sandbox);
    assert_eq!(new[0], old[0]);
    assert!(new[1..].iter().zip(&old[1..]).all(|(new, old)| new != old));
    assert_eq!(text(sandbox.read("repo/app.conf")), "pass = ***REMOVED:value***\n");
    assert!(!sandbox.path("repo/dumps").exists());
    assert_eq!(
        sandbox.git("repo", ["log", "--format=%s", "-1", &new[1]]).text(),
        "two, with ***REMOVED:value***\n"
    );
    assert_clean(&sandbox, "repo");
}

#[test]
fn maps_and_a_bundle_with_everything_are_kept() {
    let sandbox = repository();
    let old = ids(&sandbox);
    scrub(&sandbox, &["--drop", "dumps/"]).expect(0);
    let new = ids(&sandbox);
    let kept = |name: &str| text(sandbox.read(format!("repo/.git/git-shroud/scrub/1/{name}")));
    for (old, new) in old.iter().zip(&new) {
        assert!(kept("commit-map").contains(&format!("{old} {new}\n")));
    }
    assert!(kept("ref-map").contains(&format!("{} {} refs/heads/main\n", old[3], new[3])));
    assert!(kept("first-changed").contains(&format!("{} refs/heads/main\n", old[2])));
    sandbox.git(".", ["clone", "-q", "repo/.git/git-shroud/scrub/1/backup.bundle", "restored"]);
    assert_eq!(sandbox.git("restored", ["rev-parse", "HEAD"]).text().trim(), old[3]);
    sandbox.assert_mode("repo/.git/git-shroud/scrub/1", 0o700);
    sandbox.assert_mode("repo/.git/git-shroud/scrub/1/backup.bundle", 0o600);
}

#[test]
fn a_plan_is_reviewed_and_what_it_keeps_stays() {
    let sandbox = Sandbox::new();
    sandbox.git(".", ["init", "-q", "-b", "main", "repo"]);
    sandbox.write("repo/one", format!("t = {}\n", token(1)));
    sandbox.write("repo/two", format!("t = {}\n", token(2)));
    sandbox.write("repo/three", format!("t = {}\n", token(2)));
    commit(&sandbox, "one");
    sandbox.try_shroud("repo", ["scan", "--plan", "../plan.toml"]).expect(1);
    let plan = text(sandbox.read("plan.toml"));
    // The first finding becomes one to keep, and one file is left alone.
    let first = plan.find("# file one").unwrap();
    let head = plan[..first].rfind("[[redact]]").unwrap();
    let plan = format!(
        "{}[[keep]]{}\n[[keep]]\npath = \"/three\"\n",
        &plan[..head],
        &plan[head + "[[redact]]".len()..]
    );
    sandbox.write("plan.toml", plan);
    // What a kept file holds is found and named.
    let report = scrub(&sandbox, &["../plan.toml"]).expect(1).text();
    assert!(report.contains("(three) (gitlab-pat)"), "{report}");
    assert_eq!(text(sandbox.read("repo/one")), format!("t = {}\n", token(1)));
    assert_eq!(text(sandbox.read("repo/two")), "t = ***REMOVED:gitlab-pat***\n");
    assert_eq!(text(sandbox.read("repo/three")), format!("t = {}\n", token(2)));
}

#[test]
fn findings_of_a_report_are_replaced() {
    let sandbox = Sandbox::new();
    sandbox.sealed_repository("repo");
    sandbox.write("repo/one", format!("t = {}\n", token(1)));
    commit(&sandbox, "one");
    let scan = ["scan", "--format", "json", "-o", "../found.json"];
    sandbox.try_shroud("repo", scan).expect(1);
    scrub(&sandbox, &["--redact", "../found.json"]).expect(0);
    assert_eq!(text(sandbox.read("repo/one")), "t = ***REMOVED:gitlab-pat***\n");
    sandbox.shroud("repo", ["lock", "-q"]);
    scrub(&sandbox, &["--redact", "../found.json"]).expect(1).says("not held");
}

#[test]
fn a_second_scrub_follows_the_first_and_both_are_undone_in_turn() {
    let sandbox = repository();
    let states = [state(&sandbox, "repo")];
    scrub(&sandbox, &["--drop", "dumps/"]).expect(0);
    let between = state(&sandbox, "repo");
    scrub(&sandbox, &["--value-file", "../values"]).expect(0);
    scrub(&sandbox, &["--undo"]).expect(0);
    assert_eq!(state(&sandbox, "repo"), between);
    scrub(&sandbox, &["--undo"]).expect(0);
    assert_eq!(state(&sandbox, "repo"), states[0]);
    assert_clean(&sandbox, "repo");
}

#[test]
fn a_pattern_that_matches_nothing_is_named_before_anything_changes() {
    let sandbox = repository();
    let before = state(&sandbox, "repo");
    let typed = ["--drop", "dumps/", "--drop", "dump/"];
    let told = scrub(&sandbox, &[&typed[..], &["--dry-run"]].concat()).expect(0);
    told.says("dump/ matches nothing in the history");
    let refused = scrub(&sandbox, &typed).expect(1).says("dump/ matches nothing in the history");
    refused.says("--allow-empty");
    assert_eq!(state(&sandbox, "repo"), before);
    assert!(!sandbox.path("repo/.git/git-shroud/scrub/1").exists());
    // A plan may name what only other clones have.
    sandbox.write("plan.toml", "version = 1\n[[drop]]\npath = \"dump/\"\n");
    let done = scrub(&sandbox, &["../plan.toml", "--drop", "b"]).expect(0);
    done.says("dump/ matches nothing in the history");
    scrub(&sandbox, &[&typed[..], &["--allow-empty"]].concat())
        .expect(0)
        .says("dump/ matches nothing");
    assert_clean(&sandbox, "repo");
}

#[test]
fn nothing_to_do_is_said() {
    let sandbox = repository();
    scrub(&sandbox, &[]).expect(2).says("nothing to do");
    scrub(&sandbox, &["--drop", "nowhere"]).expect(1).says("matches nothing");
    let allowed = ["--drop", "nowhere", "--allow-empty"];
    scrub(&sandbox, &allowed).expect(0).says("nothing in the history changes");
    assert!(!sandbox.path("repo/.git/git-shroud/scrub/1").exists());
    scrub(&sandbox, &["--continue"]).expect(2);
    scrub(&sandbox, &["--value-file", "../missing"]).expect(2);
    sandbox.write("values", "abc\n");
    scrub(&sandbox, &["--value-file", "../values"]).expect(2).says("line 1");
    sandbox.write("plan.toml", format!("version = 1\n{PASSWORD} = 1\n"));
    let done = scrub(&sandbox, &["../plan.toml"]).expect(2).says("line 2");
    assert!(!done.stderr.contains(PASSWORD));
}

#[test]
fn a_bare_repository_is_scrubbed_too() {
    let sandbox = repository();
    sandbox.git(".", ["clone", "-q", "--bare", "repo", "bare.git"]);
    sandbox.try_shroud("bare.git", ["scrub", "--value-file", "../values"]).expect(0);
    // A large backup is no place that a scan would have to read.
    sandbox.sh("bare.git", "truncate -s 40M git-shroud/scrub/1/backup.bundle");
    let report = sandbox.try_shroud("bare.git", ["scan", "--format", "json"]).json();
    assert_eq!(report["complete"], true);
    let said = sandbox.git("bare.git", ["show", "main:app.conf"]).text();
    assert_eq!(said, "pass = ***REMOVED:value***\n");
}

#[test]
fn other_objects_heads_and_places_are_no_matter() {
    let sandbox = Sandbox::new();
    if !sandbox.git_knows("SHA-256", (2, 29)) {
        return;
    }
    sandbox.git(".", ["init", "-q", "-b", "main", "--object-format=sha256", "repo"]);
    sandbox.write("repo/app.conf", format!("pass = {PASSWORD}\n"));
    commit(&sandbox, "one");
    sandbox.git("repo", ["checkout", "-q", "-b", &format!("fix-{PASSWORD}")]);
    sandbox.git("repo", ["worktree", "add", "-q", "--detach", "../other"]);
    sandbox.write("values", format!("{PASSWORD}\n"));
    let before = (state(&sandbox, "repo"), sandbox.git("other", ["rev-parse", "HEAD"]).text());
    scrub(&sandbox, &["--value-file", "../values"]).expect(0);
    let branch = sandbox.git("repo", ["symbolic-ref", "--short", "HEAD"]).text();
    assert_eq!(branch, "fix-REMOVED-value\n");
    for dir in ["repo", "other"] {
        assert_eq!(text(sandbox.read(format!("{dir}/app.conf"))), "pass = ***REMOVED:value***\n");
        assert_clean(&sandbox, dir);
    }
    scrub(&sandbox, &["--undo"]).expect(0);
    let after = (state(&sandbox, "repo"), sandbox.git("other", ["rev-parse", "HEAD"]).text());
    assert_eq!(after, before);
    for dir in ["repo", "other"] {
        assert_eq!(text(sandbox.read(format!("{dir}/app.conf"))), format!("pass = {PASSWORD}\n"));
        assert_clean(&sandbox, dir);
    }
    sandbox.git("repo", ["worktree", "remove", "../other"]);
    sandbox.git("repo", ["checkout", "-q", "--detach"]);
    scrub(&sandbox, &["--value-file", "../values"]).expect(0);
    assert_clean(&sandbox, "repo");
    // A clone that was moved is undone where it is.
    sandbox.sh(".", "mv repo moved");
    sandbox.shroud("moved", ["scrub", "--undo"]);
    assert_eq!(text(sandbox.read("moved/app.conf")), format!("pass = {PASSWORD}\n"));
    assert_clean(&sandbox, "moved");
}

#[test]
fn a_sparse_checkout_stays_sparse() {
    let sandbox = repository();
    sandbox.git("repo", ["sparse-checkout", "set", "--no-cone", "/b", "/app.conf"]);
    scrub(&sandbox, &["--value-file", "../values"]).expect(0);
    assert!(!sandbox.path("repo/dumps").exists() && sandbox.path("repo/b").exists());
    assert_eq!(text(sandbox.read("repo/app.conf")), "pass = ***REMOVED:value***\n");
    assert_clean(&sandbox, "repo");
}

#[test]
fn a_name_that_is_taken_gets_a_number() {
    let sandbox = repository();
    for name in [PASSWORD, "REMOVED-value"] {
        sandbox.write(format!("repo/x/{name}.txt"), format!("file {}\n", name.len()));
        sandbox.write(format!("repo/{name}/y/{name}"), format!("in a folder {}\n", name.len()));
    }
    commit(&sandbox, "names");
    scrub(&sandbox, &["--value-file", "../values"]).expect(0);
    let there = |path: &str| text(sandbox.read(format!("repo/{path}")));
    assert_eq!(there("x/REMOVED-value.txt"), "file 13\n");
    assert_eq!(there("x/REMOVED-value.txt-2"), format!("file {}\n", PASSWORD.len()));
    let of_folder = format!("in a folder {}\n", PASSWORD.len());
    assert_eq!(there("REMOVED-value-2/y/REMOVED-value"), of_folder);
    assert_eq!(there("REMOVED-value/y/REMOVED-value"), "in a folder 13\n");
    assert_clean(&sandbox, "repo");
}

#[test]
fn a_file_of_nobodys_is_not_overwritten() {
    let sandbox = repository();
    sandbox.write(format!("repo/{PASSWORD}"), "tracked\n");
    commit(&sandbox, "a name");
    sandbox.write("repo/REMOVED-value", "not tracked\n");
    let before = state(&sandbox, "repo");
    scrub(&sandbox, &["--value-file", "../values"]).expect(1).says("would be overwritten");
    assert_eq!(text(sandbox.read("repo/REMOVED-value")), "not tracked\n");
    assert_eq!(state(&sandbox, "repo"), before);
    sandbox.sh("repo", "mv REMOVED-value ../mine");
    scrub(&sandbox, &["--value-file", "../values"]).expect(0);
    assert_eq!(text(sandbox.read("repo/REMOVED-value")), "tracked\n");
    assert_clean(&sandbox, "repo");
}

#[test]
fn what_git_complained_of_before_does_not_count() {
    needs("python3", "python3");
    let sandbox = repository();
    // A mode with a zero before it, as other programs wrote them once.
    let script = r#"set -e
b=$(git hash-object -w clean)
python3 -c "import sys; sys.stdout.buffer.write(b'0100644 x\0' + bytes.fromhex('$b'))" >../tree
t=$(git hash-object -w --literally -t tree ../tree)
r=$( (git ls-tree HEAD; printf '040000 tree %s\tsub\n' $t) | git mktree)
git reset -q --hard $(git commit-tree -p HEAD -m odd $r)"#;
    sandbox.sh("repo", script);
    sandbox.try_git("repo", ["fsck", "--strict"]).expect(1);
    scrub(&sandbox, &["--drop", "dumps/"]).expect(0);
    sandbox.git("repo", ["cat-file", "-e", "HEAD:sub/x"]);
}

#[test]
fn what_old_programs_wrote_is_no_fault_of_the_scrub() {
    let sandbox = Sandbox::new();
    sandbox.git(".", ["init", "-q", "-b", "main", "repo"]);
    sandbox.write("repo/app.conf", "pass = kq7vzx-9mLw2p\n");
    sandbox.git("repo", ["add", "."]);
    sandbox.sh(
        "repo",
        "t=$(git write-tree); who='Ann <a@b> 1313584730 +051800'
        c=$(printf 'tree %s\nauthor %s\ncommitter %s\n\none\n' $t \"$who\" \"$who\" |
            git hash-object -t commit -w --stdin --literally)
        git update-ref refs/heads/main $c",
    );
    sandbox.write("repo/more", "more\n");
    commit(&sandbox, "two");
    assert_ne!(sandbox.try_git("repo", ["fsck", "--strict"]).status, 0);
    sandbox.write("values", "kq7vzx-9mLw2p\n");
    let report = scrub(&sandbox, &["--value-file", "../values"]).expect(0).text();
    assert!(report.contains("git finds the new objects sound"), "{report}");
    let log = sandbox.git("repo", ["cat-file", "commit", "main~1"]).text();
    assert!(log.contains("+051800"), "{log}");
}
