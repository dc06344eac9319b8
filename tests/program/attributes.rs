//! The attributes as this program reads them are those that git reads, and what git would convert is refused.

use std::collections::BTreeMap;

use crate::common::{Sandbox, is_sealed};
use git_shroud::git::attributes::Attributes;
use git_shroud::git::repository::Repository;

const NAMES: [&str; 7] =
    ["filter", "shroud-key", "text", "crlf", "eol", "ident", "working-tree-encoding"];

/// Lines that are hard to read as git does, in the files where they stand.
const FILES: [(&str, &str); 6] = [
    (
        ".gitattributes",
        concat!(
            "\u{feff}# a comment behind a byte order mark\n",
            "[attr]shroud filter=shroud diff=shroud merge=shroud -text -delta\n",
            "[attr]lines text eol=lf\n",
            "* text=auto\n",
            "*.env shroud\n",
            "*.pem\tshroud \t shroud-key=prod\n",
            "secrets/** shroud\n",
            "secrets/public/** !filter\n",
            "**/hidden/** shroud shroud-key=dev\n",
            "/only-top shroud\n",
            "a/**/z shroud\n",
            "\"with space.txt\" shroud\n",
            "\"tab\\there\" shroud shroud-key=tab\n",
            "\"\\303\\274ml\\344ut*\" shroud\n",
            "\"q\\\"uote\" shroud\n",
            "\\#hash shroud\n",
            "!negative shroud\n",
            "folder/ shroud\n",
            "[a-c]?.bin shroud ident\n",
            "*.BIG shroud\n",
            "*.md lines\n",
            "late shroud\nlate -filter\nlate filter=other\n",
            "early filter=other\nearly shroud\r\n",
            "wide shroud working-tree-encoding=UTF-16\n",
            "crlf.* crlf=input\n",
            "star\\* shroud\n",
        ),
    ),
    ("a/.gitattributes", "*.env -filter\nz shroud-key=nested\n/z !text\nb/*.env shroud\n"),
    (
        "a/b/.gitattributes",
        "*.env shroud-key=deep eol=crlf\n[attr]shroud filter=evil\n*.pem !filter !shroud-key\n",
    ),
    ("secrets/.gitattributes", "*.txt -shroud\npublic/inner.env !shroud\nsecrets/x shroud\n"),
    ("A/.gitattributes", "*.pem -ident text\n"),
    ("odd dir/.gitattributes", "* shroud\nplain !shroud !filter\n"),
];

const FOLDERS: [&str; 13] = [
    "",
    "a/",
    "a/b/",
    "a/b/c/",
    "A/",
    "secrets/",
    "secrets/public/",
    "Secrets/",
    "x/hidden/",
    "x/Hidden/deep/",
    "folder/",
    "odd dir/",
    "x/secrets/",
];

const BASES: [&[u8]; 27] = [
    b"x.env",
    b"X.ENV",
    b"k.pem",
    b"only-top",
    b"z",
    b"with space.txt",
    b"tab\there",
    b"\xc3\xbcml\xe4ut1",
    b"q\"uote",
    b"#hash",
    b"!negative",
    b"negative",
    b"a1.bin",
    b"d1.bin",
    b"x.big",
    b"r.md",
    b"late",
    b"early",
    b"wide",
    b"crlf.txt",
    b"star*",
    b"starry",
    b"plain",
    b"inner.env",
    b"n.txt",
    b".gitattributes",
    b"line\nbreak.env",
];

fn paths() -> Vec<Vec<u8>> {
    FOLDERS.iter().flat_map(|dir| BASES.map(|base| [dir.as_bytes(), base].concat())).collect()
}

/// What git says of every path: the attributes' values by name, without those that are unspecified.
fn ask_git(sandbox: &Sandbox, extra: &[&str], paths: &[Vec<u8>]) -> Vec<BTreeMap<String, String>> {
    let mut command = sandbox.command("git", "repo");
    command.args(extra).args(["check-attr", "-z", "--stdin"]).args(NAMES);
    let answer = sandbox.run_with_input(command, &[paths.join(&0), vec![0]].concat()).expect(0);
    let fields: Vec<_> = answer.stdout.split(|&byte| byte == 0).collect();
    let records: Vec<_> = fields.chunks_exact(3).collect();
    assert_eq!(records.len(), paths.len() * NAMES.len());
    records
        .chunks(NAMES.len())
        .zip(paths)
        .map(|(records, path)| {
            records
                .iter()
                .inspect(|record| assert_eq!(record[0], path))
                .map(|record| {
                    [record[1], record[2]].map(|text| String::from_utf8(text.to_vec()).unwrap())
                })
                .map(|[name, value]| (name, value))
                .filter(|(_, value)| value != "unspecified")
                .collect()
        })
        .collect()
}

/// The name of the attribute by which git would change sealed bytes, after git's convert.c.
fn expected_conversion(git: &BTreeMap<String, String>) -> Option<&'static str> {
    let get = |name: &str| git.get(name).map(String::as_str);
    let (name, text) = match get("text") {
        text @ Some("set" | "unset" | "input" | "auto") => ("text", text),
        _ => ("crlf", get("crlf")),
    };
    match text {
        Some("set" | "input") => return Some(name),
        Some("unset" | "auto") => {}
        _ if matches!(get("eol"), Some("lf" | "crlf")) => return Some("eol"),
        _ => {}
    }
    match get("working-tree-encoding") {
        Some("set" | "unset") | None => {}
        Some(_) => return Some("working-tree-encoding"),
    }
    (get("ident") == Some("set")).then_some("ident")
}

fn compare(sandbox: &Sandbox, extra: &[&str]) {
    let paths = paths();
    assert!(paths.len() > 300);
    let repository = Repository::discover(&sandbox.path("repo")).unwrap();
    let mut attributes = Attributes::new(&repository).unwrap();
    let mut differences = Vec::new();
    let (mut sealed, mut converted) = (0, 0);
    for (path, git) in paths.iter().zip(ask_git(sandbox, extra, &paths)) {
        let ours = attributes.of(path).unwrap();
        let filter = git.get("filter").map(|value| match value.as_str() {
            "set" => "filter".to_owned(),
            "unset" => "-filter".to_owned(),
            value => format!("filter={value}"),
        });
        let key = match git.get("shroud-key").map(String::as_str) {
            None | Some("set" | "unset") => "default",
            Some(name) => name,
        };
        let conversion = ours.conversion.as_ref();
        let conversion =
            conversion.map(|set| set.text.trim_start_matches('-').split('=').next().unwrap());
        let (expected, found) = (
            (
                git.get("filter").is_some_and(|value| value == "shroud"),
                filter,
                key,
                expected_conversion(&git),
            ),
            (
                ours.sealed,
                ours.filter.as_ref().map(|set| set.text.clone()),
                ours.key.as_ref().unwrap().as_str(),
                conversion,
            ),
        );
        sealed += usize::from(expected.0);
        converted += usize::from(expected.3.is_some());
        if expected != found {
            let path = String::from_utf8_lossy(path);
            differences.push(format!("{path:?}: git says {expected:?}, we say {found:?}"));
        }
    }
    assert!(sealed > 80 && converted > 20, "too few are interesting: {sealed}, {converted}");
    assert!(differences.is_empty(), "{} differ:\n{}", differences.len(), differences.join("\n"));
}

fn repository_of_hard_lines() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.git(".", ["init", "-q", "repo"]);
    for (file, lines) in FILES {
        sandbox.write(format!("repo/{file}"), lines);
    }
    sandbox
}

#[test]
fn hundreds_of_paths_have_the_attributes_that_git_gives_them() {
    let sandbox = repository_of_hard_lines();
    compare(&sandbox, &[]);
}

#[test]
fn the_macro_in_info_attributes_outranks_the_committed_one() {
    let sandbox = repository_of_hard_lines();
    let info = "[attr]shroud filter=shroud diff=shroud merge=shroud -text -delta -ident\nx/** filter=mine\n*.bin shroud-key=info\n";
    sandbox.write("repo/.git/info/attributes", info);
    compare(&sandbox, &[]);
}

#[test]
fn a_global_attributes_file_ranks_lowest() {
    let sandbox = repository_of_hard_lines();
    sandbox.write(
        "home/attributes",
        "* ident\n*.big shroud\n[attr]shroud filter=global\nplain filter=shroud\n",
    );
    let file = sandbox.path("home/attributes");
    sandbox.git("repo", ["config", "core.attributesFile", file.to_str().unwrap()]);
    compare(&sandbox, &[]);
}

#[test]
fn patterns_ignore_case_where_the_repository_does() {
    let sandbox = repository_of_hard_lines();
    sandbox.git("repo", ["config", "core.ignoreCase", "true"]);
    compare(&sandbox, &[]);
}

#[test]
fn attributes_that_stand_in_the_index_only_are_read_there() {
    let sandbox = repository_of_hard_lines();
    sandbox.git("repo", ["add", "."]);
    for (file, _) in FILES {
        std::fs::remove_file(sandbox.path("repo").join(file)).unwrap();
    }
    compare(&sandbox, &[]);
}

#[test]
fn a_conversion_by_git_is_refused_and_its_line_is_named() {
    let conversions = [
        "text",
        "text eol=crlf",
        "text eol=lf",
        "!text eol=lf",
        "!text eol=crlf",
        "!text crlf",
        "text=unknown crlf",
        "!text crlf=input",
        "text=input",
        "ident",
        "working-tree-encoding=UTF-16",
        "working-tree-encoding=ISO-8859-1",
    ];
    for conversion in conversions {
        let sandbox = Sandbox::new();
        sandbox.sealed_repository("repo");
        let mut lines = sandbox.read("repo/.gitattributes");
        lines.extend_from_slice(b"# why not\n");
        let line = lines.split(|&byte| byte == b'\n').count();
        lines.extend_from_slice(format!("*.new {conversion}\n").as_bytes());
        sandbox.write("repo/.gitattributes", &lines);
        let index = sandbox.read("repo/.git/index");
        // As UTF-16, so that git itself finds nothing wrong with it.
        sandbox.write(
            "repo/secrets/a.new",
            "\u{feff}canary-new\n".encode_utf16().flat_map(u16::to_be_bytes).collect::<Vec<_>>(),
        );
        let added = sandbox.try_git("repo", ["add", "secrets/a.new"]).expect(128);
        let place = format!("(.gitattributes:{line})");
        let said =
            added.says(&place).says("would make git change the sealed bytes").says("secrets/a.new");
        assert_eq!(
            said.stderr.matches("would make git").count(),
            1,
            "{conversion}: {}",
            said.stderr
        );
        assert_eq!(sandbox.read("repo/.git/index"), index, "{conversion}");

        let status = sandbox.try_shroud("repo", ["status"]);
        assert_eq!(
            status.status, 0,
            "{conversion}: nothing of it is in the index: {}",
            status.stderr
        );
        assert!(
            sandbox.shroud("repo", ["why", "secrets/a.new"]).text().contains(&place),
            "{conversion}"
        );
    }
}

#[test]
fn a_conversion_set_after_the_file_was_sealed_is_seen_by_status() {
    let sandbox = Sandbox::new();
    sandbox.sealed_repository("repo");
    let mut lines = sandbox.read("repo/.gitattributes");
    lines.extend_from_slice(b"*.env text\n");
    sandbox.write("repo/.gitattributes", &lines);
    let status = sandbox.try_shroud("repo", ["status"]).expect(1);
    assert!(status.text().contains("attribute-conflict  secrets/db.env"), "{}", status.text());
    assert!(status.text().contains(".gitattributes:"), "{}", status.text());
}

#[test]
fn with_text_auto_and_autocrlf_every_byte_comes_back() {
    let contents: [(&str, Vec<u8>); 5] = [
        ("unix", b"a\nb\n".to_vec()),
        ("windows", b"a\r\nb\r\n".to_vec()),
        ("mixed", b"a\r\nb\n\r\n\r".to_vec()),
        ("binary", (0..=255).collect()),
        ("large", b"line\r\nline\n".repeat(100_000)),
    ];
    for autocrlf in ["true", "input"] {
        for attributes in ["* text=auto\n", "* text=auto eol=crlf\n", ""] {
            let sandbox = Sandbox::new();
            sandbox.git(".", ["init", "-q", "repo"]);
            sandbox.git("repo", ["config", "core.autocrlf", autocrlf]);
            sandbox.write("repo/.gitattributes", attributes);
            sandbox.shroud("repo", ["init", "-q"]);
            // Without the macro, so that nothing says '-text'.
            let lines = format!("{attributes}secrets/** filter=shroud diff=shroud merge=shroud\n");
            sandbox.write("repo/.gitattributes", lines);
            for (name, content) in &contents {
                sandbox.write(format!("repo/secrets/{name}"), content);
            }
            sandbox.git("repo", ["add", "."]);
            sandbox.git("repo", ["commit", "-q", "-m", "1"]);
            let case = format!("autocrlf={autocrlf}, {attributes:?}");
            for (name, _) in &contents {
                assert!(
                    is_sealed(&sandbox.blob("repo", &format!("HEAD:secrets/{name}"))),
                    "{case}"
                );
            }
            let by_git = || {
                std::fs::remove_dir_all(sandbox.path("repo/secrets")).unwrap();
                sandbox.git("repo", ["checkout", "-q", "--", "."]);
            };
            let by_us = || {
                sandbox.shroud(
                    "repo",
                    ["key", "export", "-q", "-o", sandbox.path("key").to_str().unwrap()],
                );
                sandbox.shroud("repo", ["lock", "-q"]);
                assert!(is_sealed(&sandbox.read("repo/secrets/unix")), "{case}");
                sandbox.shroud("repo", ["unlock", "-q", "../key"]);
            };
            let ways: [&dyn Fn(); 2] = [&by_git, &by_us];
            for way in ways {
                way();
                for (name, content) in &contents {
                    assert!(
                        sandbox.read(format!("repo/secrets/{name}")) == *content,
                        "{case}: {name}"
                    );
                }
                assert_eq!(sandbox.git("repo", ["status", "--porcelain"]).text(), "", "{case}");
            }
        }
    }
}

#[test]
fn the_clones_own_lines_outrank_those_of_every_folder() {
    let sandbox = Sandbox::new();
    sandbox.sealed_repository("repo");
    sandbox.write("repo/secrets/.gitattributes", "* !filter\n");
    sandbox.write("repo/.git/info/attributes", "secrets/*.env shroud\nsecrets/deep/** -filter\n");
    let said = |path: &str| sandbox.shroud("repo", ["why", path]).text();
    assert!(said("secrets/db.env").contains("filter=shroud"), "{}", said("secrets/db.env"));
    assert!(said("secrets/empty").contains("plaintext"), "{}", said("secrets/empty"));
    let deep = said("secrets/deep/er/tls.key");
    assert!(deep.contains("-filter (.git/info/attributes:2): not sealed"), "{deep}");
}
