//! git's own commands on such files, also in clones that have no merge driver.

use super::{FILES, by_value, stored};
use crate::common::{is_sealed, text};

/// Two values that two branches change, and two names that they add, in each format.
const EDITS: [(&str, &str, &str, &str); 6] = [
    (
        "m.env",
        "A=1\nx=1\n\nB=1\ny=1\n",
        "N=new\nA=2\nx=1\n\nB=1\ny=1\n",
        "A=1\nx=1\n\nB=2\ny=1\nM=new\n",
    ),
    (
        "m.properties",
        "A=1\nx=1\n\nB=1\ny=1\n",
        "N=new\nA=2\nx=1\n\nB=1\ny=1\n",
        "A=1\nx=1\n\nB=2\ny=1\nM=new\n",
    ),
    (
        "m.ini",
        "[s]\nA=1\nx=1\n\n[t]\nB=1\ny=1\n",
        "[s]\nN=new\nA=2\nx=1\n\n[t]\nB=1\ny=1\n",
        "[s]\nA=1\nx=1\n\n[t]\nB=2\ny=1\nM=new\n",
    ),
    (
        "m.toml",
        "A = 1\nx = 1\n\n[t]\nB = 1\ny = 1\n",
        "N = 3\nA = 2\nx = 1\n\n[t]\nB = 1\ny = 1\n",
        "A = 1\nx = 1\n\n[t]\nB = 2\ny = 1\nM = 3\n",
    ),
    (
        "m.yaml",
        "A: 1\nx: 1\nl: []\nB: 1\ny: 1\n",
        "N: new\nA: 2\nx: 1\nl: []\nB: 1\ny: 1\n",
        "A: 1\nx: 1\nl: []\nB: 2\ny: 1\nM: new\n",
    ),
    (
        "m.json",
        "{\n\"A\": 1,\n\"x\": 1,\n\"l\": [],\n\"B\": 1,\n\"y\": 1\n}\n",
        "{\n\"N\": 3,\n\"A\": 2,\n\"x\": 1,\n\"l\": [],\n\"B\": 1,\n\"y\": 1\n}\n",
        "{\n\"A\": 1,\n\"x\": 1,\n\"l\": [],\n\"B\": 2,\n\"M\": 3,\n\"y\": 1\n}\n",
    ),
];

#[test]
fn plain_git_merges_two_edits_and_two_added_names_without_a_driver() {
    let sandbox = by_value(&[]);
    let set =
        |which: fn(&(&'static str, &'static str, &'static str, &'static str)) -> &'static str,
         branch: &str| {
            for edit in &EDITS {
                sandbox.write(format!("repo/conf/{}", edit.0), which(edit));
            }
            sandbox.git("repo", ["add", "."]);
            sandbox.git("repo", ["commit", "-q", "-m", branch]);
        };
    set(|edit| edit.1, "base");
    sandbox.git("repo", ["switch", "-q", "-c", "other"]);
    set(|edit| edit.3, "other");
    sandbox.git("repo", ["switch", "-q", "main"]);
    set(|edit| edit.2, "ours");
    // As a forge merges: a clone without any of this program's settings.
    sandbox.git(".", ["clone", "-q", "repo", "forge"]);
    sandbox.git("forge", ["merge", "-q", "-m", "merge", "origin/other"]);
    sandbox
        .git("repo", ["pull", "-q", "--ff-only", sandbox.path("forge").to_str().unwrap(), "main"]);
    for (path, base, ours, theirs) in EDITS {
        let merged = text(sandbox.read(format!("repo/conf/{path}")));
        let has = |line: &&str| merged.lines().any(|merged| merged == *line);
        let new = |side: &'static str| {
            side.lines().filter(move |line| !base.lines().any(|old| old == *line))
        };
        assert!(
            new(ours).all(|line| has(&line)) && new(theirs).all(|line| has(&line)),
            "{path}: {merged}"
        );
    }
    assert_eq!(sandbox.git("repo", ["status", "--porcelain"]).text(), "");
    sandbox.shroud("repo", ["status"]);
}

#[test]
fn the_merge_driver_opens_all_three() {
    let sandbox = by_value(&[]);
    sandbox.write("repo/conf/m.env", "A=1\nB=1\n");
    sandbox.git("repo", ["add", "."]);
    sandbox.git("repo", ["commit", "-q", "-m", "base"]);
    sandbox.git("repo", ["switch", "-q", "-c", "other"]);
    sandbox.write("repo/conf/m.env", "A=1\nB=theirs-b\n");
    sandbox.git("repo", ["commit", "-q", "-a", "-m", "other"]);
    sandbox.git("repo", ["switch", "-q", "main"]);
    sandbox.write("repo/conf/m.env", "A=ours-a\nB=1\n");
    sandbox.git("repo", ["commit", "-q", "-a", "-m", "ours"]);
    sandbox.git("repo", ["merge", "-q", "-m", "merge", "other"]);
    assert_eq!(sandbox.read("repo/conf/m.env"), b"A=ours-a\nB=theirs-b\n");
    assert!(stored(&sandbox, "conf/m.env").starts_with("A=shroud.v1."));
    // A conflict is in the worktree as plaintext, and sealed whole in what git keeps.
    sandbox.git("repo", ["switch", "-q", "other"]);
    sandbox.write("repo/conf/m.env", "A=theirs-x\nB=theirs-b\n");
    sandbox.git("repo", ["commit", "-q", "-a", "-m", "other"]);
    sandbox.git("repo", ["switch", "-q", "main"]);
    sandbox.try_git("repo", ["merge", "-m", "merge", "other"]).expect(1);
    let file = text(sandbox.read("repo/conf/m.env"));
    assert!(file.contains("<<<<<<<") && file.contains("A=theirs-x"), "{file}");
    sandbox.git("repo", ["add", "conf/m.env"]).says("conf/m.env: sealed whole");
    assert!(is_sealed(&sandbox.blob("repo", ":conf/m.env")));
    sandbox.git("repo", ["reset", "-q", "--hard"]);
    let _ = sandbox.try_git("repo", ["merge", "-m", "merge", "other"]);
    sandbox.write("repo/conf/m.env", "A=both\nB=theirs-b\n");
    sandbox.git("repo", ["add", "conf/m.env"]);
    assert!(stored(&sandbox, "conf/m.env").starts_with("A=shroud.v1."));
    sandbox.git("repo", ["commit", "-q", "-m", "merged"]);
    sandbox.assert_no_object_holds("repo", b"theirs-");
}

#[test]
fn a_clone_without_the_key_merges_the_tokens() {
    let sandbox = by_value(&[]);
    sandbox.write("repo/conf/m.env", "A=1\nx=1\n\nB=1\n");
    sandbox.git("repo", ["add", "."]);
    sandbox.git("repo", ["commit", "-q", "-m", "base"]);
    sandbox.git("repo", ["switch", "-q", "-c", "other"]);
    sandbox.write("repo/conf/m.env", "A=1\nx=1\n\nB=2\n");
    sandbox.git("repo", ["commit", "-q", "-a", "-m", "other"]);
    sandbox.git("repo", ["switch", "-q", "main"]);
    sandbox.write("repo/conf/m.env", "A=2\nx=1\n\nB=1\n");
    sandbox.git("repo", ["commit", "-q", "-a", "-m", "ours"]);
    sandbox.shroud("repo", ["lock", "-q"]);
    sandbox.git("repo", ["merge", "-q", "-m", "merge", "other"]);
    assert_eq!(sandbox.git("repo", ["status", "--porcelain"]).text(), "");
    sandbox.shroud("repo", ["unlock", "-q", sandbox.path("team.key").to_str().unwrap()]);
    assert_eq!(sandbox.read("repo/conf/m.env"), b"A=2\nx=1\n\nB=2\n");
}

#[test]
fn blame_and_add_by_parts_work_on_the_worktree() {
    let sandbox = by_value(&[]);
    for (value, message) in [("one", "first"), ("two", "second")] {
        let content = FILES[0].1.replace(&format!("value-{value}"), &format!("new-{value}"));
        let content =
            if value == "two" { content.replace("value-one", "new-one") } else { content };
        sandbox.write("repo/conf/a.env", content);
        sandbox.git("repo", ["commit", "-q", "-a", "-m", message]);
    }
    let blame = sandbox.git("repo", ["blame", "--porcelain", "conf/a.env"]).text();
    let commit = |name: &str| sandbox.git("repo", ["rev-parse", name]).text().trim_end().to_owned();
    let id_len = commit("HEAD").len();
    let of_line = |line: usize| {
        let header = |text: &&str| {
            let words: Vec<&str> = text.split(' ').collect();
            words.len() >= 3 && words[0].len() == id_len && words[2] == line.to_string()
        };
        blame.lines().find(header).unwrap()[..id_len].to_owned()
    };
    assert_eq!(of_line(1), commit("HEAD~2"));
    assert_eq!(of_line(2), commit("HEAD~1"));
    assert_eq!(of_line(3), commit("HEAD"));
    // One of two hunks is taken.
    let lines: String = (0..30).map(|n| format!("N{n}=value-{n}\n")).collect();
    sandbox.write("repo/conf/long.env", &lines);
    sandbox.git("repo", ["add", "."]);
    sandbox.git("repo", ["commit", "-q", "-m", "long"]);
    let changed =
        lines.replace("N1=value-1\n", "N1=new-1\n").replace("N28=value-28\n", "N28=new-28\n");
    sandbox.write("repo/conf/long.env", &changed);
    let mut add = sandbox.command("git", "repo");
    add.args(["add", "-p", "conf/long.env"]);
    sandbox.run_with_input(add, b"y\nn\n").expect(0);
    sandbox.git("repo", ["commit", "-q", "-m", "part"]);
    let staged = sandbox.shroud("repo", ["cat", "HEAD:conf/long.env"]).text();
    assert_eq!(staged, lines.replace("N1=value-1\n", "N1=new-1\n"));
    assert_eq!(text(sandbox.read("repo/conf/long.env")), changed);
}

#[test]
fn diff_shows_plaintext_where_the_key_is_held() {
    let sandbox = by_value(&[]);
    sandbox.write("repo/conf/a.env", FILES[0].1.replace("value-one", "new-one"));
    let diff = sandbox.git("repo", ["diff"]).text();
    assert!(diff.contains("-A=value-one\n+A=new-one\n"), "{diff}");
    assert!(diff.starts_with("diff --git a/conf/a.env b/conf/a.env\nindex "), "{diff}");
    let stat = sandbox.git("repo", ["diff", "--numstat"]).text();
    assert_eq!(stat, "1\t1\tconf/a.env\n");
    let log = sandbox.shroud("repo", ["log", "conf/a.env"]).text();
    assert!(log.contains("+A=value-one\n"), "{log}");
}

#[test]
fn rebase_cherry_pick_and_stash_keep_values() {
    let sandbox = by_value(&[]);
    let file = |lines: [&str; 3]| {
        format!("A={}\nx=1\n\nB={}\nx2=1\n\nC={}\n", lines[0], lines[1], lines[2])
    };
    let commit = |content: String, message: &str| {
        sandbox.write("repo/conf/m.env", content);
        sandbox.git("repo", ["add", "."]);
        sandbox.git("repo", ["commit", "-q", "-m", message]);
    };
    commit(file(["1", "1", "1"]), "base");
    sandbox.git("repo", ["switch", "-q", "-c", "topic"]);
    commit(file(["1", "2", "1"]), "topic 1");
    commit(file(["1", "2", "3"]), "topic 2");
    sandbox.git("repo", ["switch", "-q", "main"]);
    commit(file(["9", "1", "1"]), "main");
    sandbox.git("repo", ["switch", "-q", "topic"]);
    sandbox.git("repo", ["rebase", "-q", "main"]);
    assert_eq!(text(sandbox.read("repo/conf/m.env")), file(["9", "2", "3"]));
    sandbox.git("repo", ["switch", "-q", "main"]);
    sandbox.git("repo", ["cherry-pick", "topic"]);
    assert_eq!(text(sandbox.read("repo/conf/m.env")), file(["9", "1", "3"]));
    sandbox.write("repo/conf/m.env", file(["9", "7", "3"]));
    sandbox.git("repo", ["stash", "-q"]);
    assert_eq!(text(sandbox.read("repo/conf/m.env")), file(["9", "1", "3"]));
    sandbox.git("repo", ["stash", "pop", "-q"]);
    assert_eq!(text(sandbox.read("repo/conf/m.env")), file(["9", "7", "3"]));
    let blob = sandbox.blob("repo", "topic:conf/m.env");
    assert!(!is_sealed(&blob) && text(blob).starts_with("A=shroud.v1."));
}

/// A file of each format with 30 values on a line each.
fn long_files() -> Vec<(String, String)> {
    let lines = |head: &str, line: fn(usize) -> String, tail: &str| {
        format!("{head}{}{tail}", (0..30).map(line).collect::<String>())
    };
    let plain = |n: usize| format!("N{n}=value-{n}.\n");
    let quoted = |n: usize| format!("N{n} = \"value-{n}.\"\n");
    [
        ("env", lines("", plain, "")),
        ("properties", lines("", plain, "")),
        ("ini", lines("[s]\n", plain, "")),
        ("toml", lines("[s]\n", quoted, "")),
        ("yaml", lines("s:\n", |n| format!("  N{n}: value-{n}.\n"), "")),
        ("json", lines("{\n", |n| format!("  \"N{n}\": \"value-{n}.\",\n"), "  \"z\": 1\n}\n")),
    ]
    .map(|(ending, content)| (format!("conf/long.{ending}"), content))
    .to_vec()
}

#[test]
fn blame_and_add_by_parts_work_in_every_format() {
    let sandbox = by_value(&[]);
    for (path, content) in long_files() {
        sandbox.write(format!("repo/{path}"), &content);
        sandbox.git("repo", ["add", "."]);
        sandbox.git("repo", ["commit", "-q", "-m", "long"]);
        let both = content.replace("value-1.", "new-1.").replace("value-28.", "new-28.");
        sandbox.write(format!("repo/{path}"), &both);
        let mut add = sandbox.command("git", "repo");
        add.args(["add", "-p", &path]);
        sandbox.run_with_input(add, b"y\nn\n").expect(0);
        sandbox.git("repo", ["commit", "-q", "-m", "part"]);
        let staged = sandbox.shroud("repo", ["cat", &format!("HEAD:{path}")]).text();
        assert_eq!(staged, content.replace("value-1.", "new-1."), "{path}");
        assert_eq!(text(sandbox.read(format!("repo/{path}"))), both);
        let blame = sandbox.git("repo", ["blame", "-s", &path]).text();
        let commit = |name: &str| {
            sandbox.git("repo", ["rev-parse", "--short=8", name]).text().trim().to_owned()
        };
        let (last, before) = (commit("HEAD"), commit("HEAD~1"));
        for line in blame.lines() {
            // Names are readable, values are not.
            let (_, shown) = line.split_once(") ").unwrap();
            assert!(!shown.contains("value-") && !shown.contains("new-"), "{shown}");
            let name: String = shown
                .chars()
                .skip_while(|c| matches!(c, ' ' | '"'))
                .take_while(char::is_ascii_alphanumeric)
                .collect();
            let expected = match &name[..] {
                "N1" => &last[..],
                "N28" => "00000000",
                _ => &before[..],
            };
            assert!(line.starts_with(expected), "{path}: {blame}");
        }
        assert_eq!(blame.lines().count(), content.lines().count());
        sandbox.git("repo", ["commit", "-q", "-a", "-m", "rest"]);
    }
    sandbox.assert_no_object_holds("repo", b"value-2");
    sandbox.assert_no_object_holds("repo", b"new-2");
}
