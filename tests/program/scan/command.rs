//! Scopes, exit statuses, lists and outputs.

use crate::common::planted::{token, values};
use crate::common::{Sandbox, text};

/// What a suggested line says.
const SEAL: &str = "shroud filter=shroud diff=shroud merge=shroud -text";

/// A repository with a token in its second commit of three, and a clean file.
fn repository() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.git(".", ["init", "-q", "-b", "main", "repo"]);
    sandbox.write("repo/clean", "nothing\n");
    commit(&sandbox, "one");
    sandbox.write("repo/app.conf", format!("\nci = {}\n", token(1)));
    commit(&sandbox, "two");
    sandbox.git("repo", ["rm", "-q", "app.conf"]);
    commit(&sandbox, "three");
    sandbox
}

fn commit(sandbox: &Sandbox, message: &str) {
    sandbox.git("repo", ["add", "-A"]);
    sandbox.git("repo", ["commit", "-q", "-m", message]);
}

#[track_caller]
fn scan(sandbox: &Sandbox, arguments: &[&str], status: i32) -> Vec<String> {
    let all = [&["scan", "--format", "json", "--reveal"], arguments].concat();
    values(&sandbox.try_shroud("repo", all).expect(status))
}

#[test]
fn every_scope_looks_at_its_own() {
    let sandbox = repository();
    let found = vec![token(1)];
    for arguments in [&[][..], &["--all"], &["HEAD"], &["HEAD~2..HEAD"], &["--path", "app.conf"]] {
        assert_eq!(scan(&sandbox, arguments, 1), found, "{arguments:?}");
    }
    for arguments in
        [&["HEAD~1..HEAD"][..], &["HEAD~2"], &["--path", "clean"], &["--staged"], &["--worktree"]]
    {
        assert!(scan(&sandbox, arguments, 0).is_empty(), "{arguments:?}");
    }
    assert!(scan(&sandbox, &["--since", "2026-06-01"], 0).is_empty());
    sandbox.write("repo/new", token(2));
    assert_eq!(scan(&sandbox, &["--worktree"], 1), [token(2)]);
    assert!(scan(&sandbox, &["--staged"], 0).is_empty());
    sandbox.git("repo", ["add", "new"]);
    assert_eq!(scan(&sandbox, &["--staged"], 1), [token(2)]);
    sandbox.try_shroud("repo", ["scan", "--staged"]).expect(1).says("git shroud track new");
}

#[test]
fn the_report_says_when_and_where_and_no_value() {
    let sandbox = repository();
    let done = sandbox.try_shroud("repo", ["scan", "--format", "json"]).expect(1);
    assert!(!done.text().contains(&token(1)));
    let json = done.json();
    let place = &json["findings"][0]["occurrences"][0];
    assert_eq!(place["name"], "app.conf");
    assert_eq!((place["line"].as_u64(), place["column"].as_u64()), (Some(2), Some(6)));
    assert_eq!(place["introduced"]["subject"], "two");
    assert_eq!(json["findings"][0]["rule"], "gitlab-pat");
    assert_eq!(json["complete"], true);
    let again = sandbox.try_shroud("repo", ["scan", "--format", "json"]).expect(1);
    assert_eq!(again.stdout, done.stdout);
    for format in ["text", "jsonl", "sarif", "html", "markdown", "gitleaks", "junit"] {
        let done = sandbox.try_shroud("repo", ["scan", "--format", format]).expect(1);
        assert!(done.text().contains("app.conf"), "{format}");
        assert!(!done.text().contains(&token(1)), "{format}");
    }
    let arguments = ["scan", "--format", "html", "-o", "report.html"];
    let done = sandbox.try_shroud("repo", arguments).expect(1);
    assert!(done.text().is_empty());
    assert!(sandbox.read("repo/report.html").starts_with(b"<!"));
}

#[test]
fn what_is_known_or_marked_does_not_count() {
    let sandbox = repository();
    sandbox.try_shroud("repo", ["scan", "--write-baseline", "../base.toml"]).expect(1);
    assert!(scan(&sandbox, &["--baseline", "../base.toml"], 0).is_empty());
    sandbox.write("repo/a", format!("t = {} # shroud:allow\n", token(3)));
    sandbox.write("repo/b", format!("t = {} # gitleaks:allow\n", token(4)));
    commit(&sandbox, "marked");
    assert_eq!(scan(&sandbox, &["--baseline", "../base.toml"], 1), [token(4)]);
    assert!(scan(&sandbox, &["--baseline", "../base.toml", "--others-marks"], 0).is_empty());
    let list = "version = 1\n[[allow]]\npaths = [\"b\", \"app.conf\"]\nreason = \"a test\"\n";
    sandbox.write("repo/.shroud/scan.toml", list);
    assert!(scan(&sandbox, &[], 0).is_empty());
    sandbox.write("repo/.shroud/scan.toml", "version = 1\n[[allow]]\nreason = \"all\"\n");
    sandbox.try_shroud("repo", ["scan"]).expect(2).says("entry 1");
}

#[test]
fn a_baseline_that_is_written_over_itself_forgets_nothing() {
    let sandbox = repository();
    let both = ["scan", "--baseline", "../base.toml", "--write-baseline", "../base.toml"];
    sandbox.try_shroud("repo", ["scan", "--write-baseline", "../base.toml"]).expect(1);
    sandbox.try_shroud("repo", both).expect(0);
    assert!(scan(&sandbox, &["--baseline", "../base.toml"], 0).is_empty());
    sandbox.write("repo/a", format!("t = {}\n", token(3)));
    commit(&sandbox, "new");
    sandbox.try_shroud("repo", both).expect(1);
    assert!(scan(&sandbox, &["--baseline", "../base.toml"], 0).is_empty());
    // What is gone goes from the list, too; what is allowed otherwise does not come into it.
    let written = text(sandbox.read("base.toml"));
    assert_eq!(written.matches("[[allow]]").count(), 2);
    assert_eq!(written.matches("salt = ").count(), 1);
}

#[test]
fn where_nothing_can_be_written_nothing_is_scanned() {
    let sandbox = repository();
    for option in ["--output", "--write-baseline", "--plan"] {
        for path in ["missing/report", "."] {
            let done = sandbox.try_shroud("repo", ["scan", option, path]).expect(2);
            assert!(done.says(path).text().is_empty(), "{option} {path}");
        }
    }
    let left = sandbox.git("repo", ["status", "--porcelain"]).text();
    assert!(left.is_empty(), "{left}");
}

#[test]
fn a_shallow_or_damaged_clone_is_not_called_clean() {
    let sandbox = repository();
    sandbox.git(
        ".",
        [
            "clone",
            "-q",
            "--depth=1",
            "file://repo".replace("repo", sandbox.path("repo").to_str().unwrap()).as_str(),
            "shallow",
        ],
    );
    sandbox.try_shroud("shallow", ["scan"]).expect(3).says("incomplete");
    let id = sandbox.git("repo", ["rev-parse", "HEAD:clean"]).text();
    let (folder, file) = id.trim().split_at(2);
    std::fs::remove_file(sandbox.path(format!("repo/.git/objects/{folder}/{file}"))).unwrap();
    sandbox.try_shroud("repo", ["scan", "--path", "clean"]).expect(3).says("incomplete");
}

#[test]
fn a_wrong_request_is_no_finding() {
    let sandbox = repository();
    sandbox.try_shroud("repo", ["scan", "nowhere"]).expect(2);
    sandbox
        .try_shroud("repo", ["scan", "--baseline", "missing.toml"])
        .expect(2)
        .says("missing.toml");
    sandbox.write("rules.toml", "[[rules]]\nid = 'a'\nregex = '('\n");
    sandbox.try_shroud("repo", ["scan", "--rules", "../rules.toml"]).expect(2);
}

#[test]
fn rules_of_another_scanner_serve() {
    let sandbox = repository();
    let rules = "[[rules]]\nid = 'mine'\nregex = '''mine-[a-z]{8}'''\nkeywords = ['mine-']\n";
    sandbox.write("rules.toml", rules);
    sandbox.write("repo/x", "a mine-abcdefgh b\n");
    commit(&sandbox, "x");
    assert_eq!(
        scan(&sandbox, &["--rules", "../rules.toml", "--min-rank", "low"], 1),
        ["mine-abcdefgh"]
    );
}

#[test]
fn attribute_lines_are_suggested() {
    let sandbox = repository();
    let suggest = |says: &str| {
        let done = sandbox.try_shroud("repo", ["scan", "--suggest", "-o", "../report"]).expect(1);
        done.says(says).text()
    };
    assert_eq!(suggest("no file that an attribute line could seal"), "");
    sandbox.write("repo/app.conf", format!("t = {}\n", token(6)));
    for name in ["a", "b"] {
        sandbox.write(format!("repo/conf/{name}.env"), format!("t = {}\n", token(7)));
    }
    commit(&sandbox, "two");
    assert_eq!(
        suggest("found"),
        format!(
            "# seals app.conf\n/app.conf {SEAL}\n# seals conf/a.env, conf/b.env\n/conf/* {SEAL}\n"
        )
    );
    sandbox.git("repo", ["rm", "-qr", "conf"]);
    assert_eq!(suggest("git shroud scrub"), format!("# seals app.conf\n/app.conf {SEAL}\n"));
}

#[test]
fn programs_and_old_versions_are_named_and_not_proposed() {
    let sandbox = repository();
    for (at, name) in ["src/a.py", "web/node_modules/x/conf.json", "yarn.lock", "run.sh", "app.env"]
        .into_iter()
        .enumerate()
    {
        sandbox.write(format!("repo/{name}"), format!("t = {}\n", token(40 + at as u64)));
    }
    sandbox.write("repo/old.env", format!("t = {}\n", token(60)));
    commit(&sandbox, "four");
    sandbox.write("repo/old.env", "t = none\n");
    commit(&sandbox, "five");
    let done = sandbox.try_shroud("repo", ["scan", "--suggest", "-o", "../report"]).expect(1);
    assert_eq!(done.text(), format!("# seals app.env\n/app.env {SEAL}\n"));
    let done = done.says("src/a.py").says("node_modules").says("yarn.lock").says("run.sh");
    done.says("only old versions have a secret: app.conf, old.env");
}

/// A clone without what git-lfs keeps: a scan cannot say that nothing is in it.
#[test]
fn large_files_that_are_not_here_are_named() {
    let sandbox = Sandbox::new();
    sandbox.git(".", ["init", "-q", "-b", "main", "repo"]);
    let id = "0123456789abcdef".repeat(4);
    let pointer = |id: &str| {
        format!("version https://git-lfs.github.com/spec/v1\noid sha256:{id}\nsize 12\n")
    };
    sandbox.write("repo/a.bin", pointer(&id));
    sandbox.write("repo/notes", format!("no pointer\n{}", pointer(&id)));
    commit(&sandbox, "one");
    let blob = sandbox.git("repo", ["rev-parse", "HEAD:a.bin"]).text();
    for _ in 0..2 {
        let done = sandbox.try_shroud("repo", ["scan"]).expect(3);
        assert!(done.text().contains(blob.trim()), "{}", done.text());
        assert!(done.text().contains("git lfs fetch"), "{}", done.text());
    }
    let folder = format!("repo/.git/lfs/objects/{}/{}", &id[..2], &id[2..4]);
    sandbox.write(format!("{folder}/{id}"), "a large file");
    sandbox.try_shroud("repo", ["scan"]).expect(0);
    sandbox.git("repo", ["config", "lfs.storage", "elsewhere"]);
    sandbox.try_shroud("repo", ["scan"]).expect(3);
}

#[test]
fn a_plan_is_written_that_names_every_finding_and_tells_no_value() {
    let sandbox = repository();
    sandbox.try_shroud("repo", ["scan", "--plan", "../plan.toml"]).expect(1);
    let plan = text(sandbox.read("plan.toml"));
    assert!(!plan.contains(&token(1)), "{plan}");
    for part in ["[[redact]]", "value = \"salt:", "rule = \"gitlab-pat\"", "app.conf", "high"] {
        assert!(plan.contains(part), "{part}: {plan}");
    }
    // The clone's own key names values where there is one.
    sandbox.shroud("repo", ["init", "-q"]);
    sandbox.try_shroud("repo", ["scan", "--plan", "../plan.toml"]).expect(1);
    let plan = text(sandbox.read("plan.toml"));
    assert!(plan.contains("value = \"key:") && !plan.contains("salt ="), "{plan}");
}

#[test]
fn a_value_in_a_name_or_a_subject_is_shown_in_no_format() {
    let sandbox = repository();
    let value = token(7);
    sandbox.write("repo/plain", format!("key = \"{value}\"\n"));
    sandbox.write(format!("repo/{value}.txt"), "x\n");
    commit(&sandbox, &format!("use {value}"));
    sandbox.git("repo", ["branch", &format!("deploy/{value}")]);
    for format in ["text", "json", "jsonl", "sarif", "html", "markdown", "gitleaks", "junit"] {
        let list = format!("--write-baseline=../{format}.toml");
        let report = sandbox.try_shroud("repo", ["scan", "--format", format, &list]).expect(1);
        assert!(report.text().contains("plain") && !report.text().contains(&value), "{format}");
        let list = String::from_utf8(sandbox.read(format!("{format}.toml"))).unwrap();
        assert!(list.contains("plain") && !list.contains(&value), "{format}");
    }
    let report = sandbox.try_shroud("repo", ["scan", "--format", "json", "--reveal"]).json();
    let findings = report["findings"].as_array().unwrap().iter();
    let all: Vec<_> = findings.flat_map(|of| of["occurrences"].as_array().unwrap()).collect();
    let is = |kind: &str, name: &str| {
        all.iter().any(|at| at["place"] == kind && at["name"].as_str() == Some(name))
    };
    assert!(is("file-name", &format!("{value}.txt")), "{report:#}");
    assert!(is("ref-name", &format!("refs/heads/deploy/{value}")), "{report:#}");
}

#[test]
fn the_name_of_a_remote_tracking_ref_is_pushed() {
    let sandbox = repository();
    sandbox.git("repo", ["update-ref", &format!("refs/remotes/origin/{}", token(7)), "HEAD"]);
    let report = sandbox.try_shroud("repo", ["scan", "--format", "json"]).expect(1).json();
    let findings = report["findings"].as_array().unwrap();
    let is_name = |of: &&serde_json::Value| of["occurrences"][0]["place"] == "ref-name";
    let named = findings.iter().find(is_name).unwrap();
    assert_eq!(
        (&named["exposure"], &named["occurrences"][0]["pushed"]),
        (&"pushed".into(), &true.into())
    );
}

#[test]
fn columns_of_a_line_longer_than_a_piece_count_from_its_beginning() {
    let sandbox = repository();
    let mut text = "ä\n".repeat(3);
    text.push_str(&"ä ".repeat(12 << 20));
    text.push_str(&token(7));
    sandbox.write("repo/line", &text);
    commit(&sandbox, "long");
    let report = sandbox.try_shroud("repo", ["scan", "--format", "json", "HEAD~1.."]).expect(1);
    let report = report.json();
    let place = &report["findings"][0]["occurrences"][0];
    assert_eq!((&place["line"], &place["column"]), (&4.into(), &((24 << 20) + 1).into()));
}

#[test]
fn what_git_cannot_follow_is_said_and_the_rest_is_looked_at() {
    let (paths, commits) = ("paths that should be sealed", "commits that the findings came from");
    let damages = [
        (
            "t=$(git rev-parse HEAD~1^{tree}); rm -f .git/objects/$(echo $t | cut -c1-2)/$(echo $t | cut -c3-)",
            paths,
        ),
        (
            "c=$(git commit-tree -m gone HEAD^{tree}); git -c core.logAllRefUpdates=false update-ref refs/heads/broken $c
             rm -f .git/objects/$(echo $c | cut -c1-2)/$(echo $c | cut -c3-)",
            commits,
        ),
        (
            "c=$(git commit-tree -m gone HEAD^{tree}); git -c core.logAllRefUpdates=false update-ref --no-deref HEAD $c
             rm -f .git/objects/$(echo $c | cut -c1-2)/$(echo $c | cut -c3-)",
            commits,
        ),
    ];
    for (damage, named) in damages {
        let sandbox = repository();
        sandbox.write("repo/new", token(2));
        commit(&sandbox, "four");
        sandbox.sh("repo", damage);
        let done = sandbox.try_shroud("repo", ["scan", "--format", "json"]).expect(1);
        let report = done.json();
        assert_eq!(report["findings"].as_array().unwrap().len(), 2, "{damage}\n{report:#}");
        assert_eq!(report["complete"], false, "{damage}");
        let unread = report["unread"].as_array().unwrap();
        assert!(unread.iter().any(|of| of["what"] == named), "{damage}: {unread:?}");
    }
}

#[test]
fn the_empty_tree_is_never_missing() {
    let sandbox = Sandbox::new();
    sandbox.git(".", ["init", "-q", "-b", "main", "repo"]);
    sandbox.sh(
        "repo",
        "t=$(git hash-object -t tree /dev/null); git update-ref HEAD $(git commit-tree -m one $t)",
    );
    assert!(!sandbox.path("repo/.git/objects/4b/825dc642cb6eb9a060e54bf8d69288fbee4904").exists());
    scan(&sandbox, &[], 0);
}

#[test]
fn trees_that_stand_for_more_paths_than_there_is_time_for_do_not_hang() {
    let sandbox = repository();
    let bomb = "t=$(printf x | git hash-object -w --stdin); l=$(printf '100644 blob %s\\tf' $t)
        for level in 1 2 3 4 5 6 7 8 9 10 11 12; do
            t=$(printf '%s\\n' \"$l\" | git mktree); l=
            for name in a b c d e f g h i j; do l=\"$l$(printf '040000 tree %s\\t%s.' $t $name)\"; done
            l=$(printf %s \"$l\" | tr . '\\n')
        done
        git update-ref refs/heads/bomb $(git commit-tree -m bomb $t)";
    sandbox.sh("repo", bomb);
    assert_eq!(scan(&sandbox, &[], 1), [token(1)]);
    sandbox.write("repo/.gitattributes", "*.env filter=shroud diff=shroud merge=shroud -text\n");
    sandbox.git("repo", ["add", ".gitattributes"]);
    sandbox.git("repo", ["commit", "-q", "-m", "attributes"]);
    assert_eq!(scan(&sandbox, &[], 1), [token(1)]);
}

#[cfg(unix)]
#[test]
fn a_folder_that_has_become_a_link_is_not_followed() {
    let sandbox = crate::common::repository();
    let line = format!("key = \"{}\"\n", token(7));
    sandbox.write("elsewhere/deep/app.conf", &line);
    sandbox.write("repo/conf/deep/app.conf", "nothing\n");
    sandbox.git("repo", ["add", "."]);
    sandbox.sh("repo", "rm -r conf && ln -s ../elsewhere conf");
    let done = sandbox.shroud("repo", ["scan", "--worktree"]);
    assert!(!done.text().contains("conf/deep/app.conf"), "{}", done.text());
    sandbox.write("repo/app.conf", &line);
    let done = sandbox.try_shroud("repo", ["scan", "--worktree"]).expect(1);
    assert!(done.text().contains("app.conf, in the worktree:1:8"), "{}", done.text());
}
