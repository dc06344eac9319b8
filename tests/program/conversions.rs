//! Conversions of git that would change sealed bytes: every byte comes back, or the line that stands in the way is named.

use std::fs;

use crate::common::{SECRETS, Sandbox, is_sealed, noise};

/// What damages sealed bytes: an attribute that stands behind the line of `track`.
const CONVERSIONS: [&str; 11] = [
    "text",
    "text eol=crlf",
    "text eol=lf",
    "!text eol=crlf",
    "!text crlf",
    "text=unknown crlf",
    "text=input",
    "ident",
    "working-tree-encoding=UTF-16",
    "working-tree-encoding=UTF-16LE-BOM",
    "working-tree-encoding=ISO-8859-1",
];

/// Appends the line to the attributes of `dir`, and returns its place as messages name it.
fn append(sandbox: &Sandbox, dir: &str, line: &str) -> String {
    let mut lines = String::from_utf8(sandbox.read(format!("{dir}/.gitattributes"))).unwrap();
    let number = lines.lines().count() + 1;
    lines.push_str(&format!("{line}\n"));
    sandbox.write(format!("{dir}/.gitattributes"), lines);
    format!(".gitattributes:{number}")
}

fn index(sandbox: &Sandbox, dir: &str) -> String {
    sandbox.git(dir, ["ls-files", "-s", "--", "secrets"]).text()
}

#[test]
fn a_conversion_of_a_sealed_file_is_named_by_every_command() {
    for conversion in CONVERSIONS {
        let sandbox = Sandbox::new();
        sandbox.sealed_repository("repo");
        let place = append(&sandbox, "repo", &format!("*.env {conversion}"));
        for command in ["status", "doctor"] {
            let said = sandbox.try_shroud("repo", [command]).expect(1).text();
            let named = |line: &str| line.contains(&place) && line.contains("secrets/db.env");
            assert!(said.lines().any(named), "{conversion}: {command}: {said}");
        }
        let why = sandbox.try_shroud("repo", ["why", "secrets/db.env"]);
        assert!(why.text().contains(&place), "{conversion}: {}", why.text());
        // With another way to the attributes: a folder's own file.
        sandbox.git("repo", ["checkout", "-q", "--", ".gitattributes"]);
        sandbox.write("repo/secrets/.gitattributes", format!("# here\n*.env {conversion}\n"));
        let said = sandbox.try_shroud("repo", ["status"]).expect(1).text();
        assert!(said.contains("secrets/.gitattributes:2"), "{conversion}: {said}");
    }
}

#[test]
fn no_checkout_and_no_add_under_a_conversion_changes_what_is_stored() {
    for conversion in CONVERSIONS {
        for open in [true, false] {
            let case = format!("{conversion}, {}", if open { "unlocked" } else { "locked" });
            let sandbox = Sandbox::new();
            sandbox.fresh_clone();
            sandbox.shroud("clone", ["unlock", "-q", "../team.key"]);
            if !open {
                sandbox.shroud("clone", ["lock", "-q"]);
            }
            append(&sandbox, "clone", &format!("secrets/** {conversion}"));
            let before = index(&sandbox, "clone");
            fs::remove_dir_all(sandbox.path("clone/secrets")).unwrap();
            let _ = sandbox.try_git("clone", ["checkout", "--", "secrets"]);
            for (path, content) in SECRETS {
                // The very content, or sealed bytes, or nothing: never something else in the clear.
                if let Ok(there) = fs::read(sandbox.path("clone").join(path)) {
                    let whole = open && there == content.as_bytes();
                    let converted =
                        there.windows(6).any(|part| part == b"SHROUD") || encoded(&there);
                    assert!(whole || converted || there.is_empty(), "{case}: {path}: {there:?}");
                }
            }
            // What git could not check out is absent, and not to be taken for deleted.
            let added = sandbox.try_git("clone", ["add", "--ignore-removal", "secrets"]);
            if index(&sandbox, "clone") != before {
                panic!("{case}: what is staged has changed, status {}", added.status);
            }
            sandbox.assert_no_object_holds("clone", b"canary");
            // Without the line all is as it was.
            fs::remove_dir_all(sandbox.path("clone/secrets")).unwrap_or_default();
            sandbox.git("clone", ["checkout", "-q", "-f", "origin/main", "--", ".gitattributes"]);
            sandbox.git("clone", ["checkout", "-q", "-f", "HEAD", "--", "secrets"]);
            sandbox.shroud("clone", ["unlock", "-q", "../team.key"]);
            for (path, content) in SECRETS {
                let there = sandbox.read(format!("clone/{path}"));
                assert_eq!(there, content.as_bytes(), "{case}: {path}");
            }
        }
    }
}

/// The magic as git writes it in UTF-16.
fn encoded(bytes: &[u8]) -> bool {
    let spread: Vec<u8> = b"SHROUD".iter().flat_map(|&byte| [byte, 0]).collect();
    bytes.windows(spread.len() - 1).any(|part| part == &spread[..spread.len() - 1])
}

#[test]
fn unlock_and_lock_under_a_conversion_lose_nothing() {
    for conversion in CONVERSIONS {
        let sandbox = Sandbox::new();
        sandbox.fresh_clone();
        append(&sandbox, "clone", &format!("*.env {conversion}"));
        let before = index(&sandbox, "clone");
        let unlocked = sandbox.try_shroud("clone", ["unlock", "../team.key"]);
        // The other file is not concerned.
        assert_eq!(sandbox.read("clone/secrets/deep/er/tls.key"), SECRETS[1].1.as_bytes());
        let there = sandbox.read("clone/secrets/db.env");
        assert!(
            there == SECRETS[0].1.as_bytes() || is_sealed(&there),
            "{conversion}: {there:?} {}",
            unlocked.stderr
        );
        sandbox.write("clone/secrets/db.env", "canary-edited");
        let place = sandbox.try_git("clone", ["add", "secrets/db.env"]);
        assert_ne!(place.status, 0, "{conversion}");
        assert_eq!(index(&sandbox, "clone"), before, "{conversion}");
        let locked = sandbox.try_shroud("clone", ["lock"]);
        assert_ne!(locked.status, 0, "{conversion}: an edit was given up");
        assert_eq!(sandbox.read("clone/secrets/db.env"), b"canary-edited", "{conversion}");
        sandbox.assert_no_object_holds("clone", b"canary");
    }
}

#[test]
fn what_track_writes_outranks_what_stands_above() {
    for above in
        ["* text=auto", "* text eol=crlf", "*.env text", "secrets/** text eol=crlf", "* crlf"]
    {
        for autocrlf in ["true", "input"] {
            let sandbox = Sandbox::new();
            sandbox.git(".", ["init", "-q", "-b", "main", "repo"]);
            sandbox.git("repo", ["config", "core.autocrlf", autocrlf]);
            sandbox.write("repo/.gitattributes", format!("{above}\n"));
            let case = format!("{above}, autocrlf={autocrlf}");
            sandbox.sealed_repository("repo");
            for (path, content) in
                [("secrets/crlf.env", "a\r\nb\r\n"), ("secrets/mixed.env", "a\nb\r\n\r")]
            {
                sandbox.write(format!("repo/{path}"), content);
            }
            sandbox.git("repo", ["add", "."]);
            sandbox.git("repo", ["commit", "-q", "-m", "more"]);
            sandbox.shroud("repo", ["status"]);
            let config = format!("core.autocrlf={autocrlf}");
            sandbox.git(".", ["clone", "-q", "-c", &config, "repo", "clone"]);
            sandbox.shroud("clone", ["unlock", "-q", "../team.key"]);
            fs::remove_dir_all(sandbox.path("repo/secrets")).unwrap();
            sandbox.git("repo", ["checkout", "-q", "."]);
            for dir in ["repo", "clone"] {
                for (path, content) in SECRETS.into_iter().chain([
                    ("secrets/crlf.env", "a\r\nb\r\n"),
                    ("secrets/mixed.env", "a\nb\r\n\r"),
                ]) {
                    let there = sandbox.read(format!("{dir}/{path}"));
                    assert_eq!(there, content.as_bytes(), "{case}: {dir}/{path}");
                }
                assert_eq!(sandbox.git(dir, ["status", "--porcelain"]).text(), "", "{case}");
            }
        }
    }
}

/// What git changes on its way into the worktree does not open there, and is sound in the repository.
#[test]
fn what_git_changes_on_the_way_is_named_by_its_attribute_and_not_called_damaged() {
    // With a line feed in the key's id git changes that too, and the file names another key.
    let sandbox = loop {
        let sandbox = Sandbox::new();
        sandbox.sealed_repository("repo");
        let listed = sandbox.shroud("repo", ["key", "list", "--json"]).json();
        let id = listed["keys"][0]["id"].as_str().unwrap().to_owned();
        if (0..id.len()).step_by(2).all(|at| &id[at..at + 2] != "0a") {
            break sandbox;
        }
    };
    // Many line feeds in the sealed bytes, which git turns into CRLF. It does not compress.
    sandbox.write("repo/secrets/large", noise(200_000));
    sandbox.git("repo", ["add", "."]);
    sandbox.git("repo", ["commit", "-qm", "sealed"]);
    let lines = String::from_utf8(sandbox.read("repo/.gitattributes")).unwrap();
    // Whoever pushed it had no filter, which would have refused.
    let pushed = format!("{lines}secrets/** text eol=crlf\n");
    sandbox.stage_raw("repo", ".gitattributes", pushed.as_bytes());
    let commit = "git update-ref HEAD $(git commit-tree -p HEAD -m eol $(git write-tree))";
    sandbox.sh("repo", commit).expect(0);
    let place = format!("'text' (.gitattributes:{})", lines.lines().count() + 1);

    sandbox.git(".", ["clone", "-q", "repo", "clone"]);
    let done = sandbox.try_shroud("clone", ["unlock", "../team.key"]).expect(3);
    assert!(!done.stderr.contains("damaged"), "{}", done.stderr);
    done.says("secrets/large: the attribute").says(&place).says("-text -ident");
    assert!(is_sealed(&sandbox.read("clone/secrets/large")));
    // A checkout in a clone that is open says the same; where git looks at other files too, clean refuses those.
    sandbox.sh("clone", "rm secrets/large").expect(0);
    let done = sandbox.try_git("clone", ["checkout", "--", "secrets/large"]);
    assert!(!done.stderr.contains("damaged"), "{}", done.stderr);
    done.says(&place).says("-text -ident");
    // The way out.
    sandbox.write("clone/.gitattributes", format!("{lines}secrets/** -text\n"));
    sandbox.sh("clone", "rm -r secrets; git checkout -- secrets").expect(0);
    assert_eq!(sandbox.read("clone/secrets/large"), noise(200_000));
}
