//! Files of unusual shapes, and attributes in folders.

use super::{by_value, stored};
use crate::common::{is_sealed, text};

#[test]
fn files_of_every_shape_come_back() {
    let sandbox = by_value(&[]);
    let key = sandbox.path("team.key");
    let files: [(&str, &str); 16] = [
        ("empty.env", ""),
        ("empty.yaml", ""),
        ("empty.json", ""),
        ("newline.toml", "\n"),
        ("mark.properties", "\u{feff}"),
        ("comments.env", "# only\n\n# comments"),
        ("comments.ini", "; only\n"),
        ("comments.toml", "# only\r\n"),
        ("comments.json", "// only\n"),
        ("last.env", "A=value-one"),
        ("last.yaml", "a: value-one"),
        ("last.json", "{\"a\": \"value-one\"}"),
        ("crlf.ini", "\u{feff}[s]\r\na = value-one\r\n\r\nb = value-two"),
        ("crlf.toml", "a = \"value-one\"\r\nb = '''\r\nvalue-two\r\n'''\r\n"),
        ("crlf.yaml", "\u{feff}a: value-one\r\nb: |\r\n  value-two\r\n"),
        ("crlf.properties", "a = value-one\\\r\n  more\r\nb: value-two\r\n"),
    ];
    for (name, content) in files {
        sandbox.write(format!("repo/conf/{name}"), content);
    }
    sandbox.git("repo", ["add", "."]);
    for (name, content) in files {
        let blob = stored(&sandbox, &format!("conf/{name}"));
        assert!(!blob.contains("value-"), "{name}: {blob}");
        assert_eq!(blob.contains("shroud.v1."), content.contains("value-"), "{name}: {blob}");
        assert_eq!(blob.ends_with('\n'), content.ends_with('\n'), "{name}");
    }
    sandbox.git("repo", ["commit", "-q", "-m", "shapes"]);
    sandbox.shroud("repo", ["status"]);
    sandbox.shroud("repo", ["check", "HEAD"]);
    sandbox.shroud("repo", ["lock", "-q"]);
    assert_eq!(sandbox.git("repo", ["status", "--porcelain"]).text(), "");
    sandbox.shroud("repo", ["unlock", "-q", key.to_str().unwrap()]);
    sandbox.git(".", ["clone", "-q", "repo", "clone"]);
    sandbox.shroud("clone", ["unlock", "-q", key.to_str().unwrap()]);
    sandbox.sh("clone", "touch conf/*");
    for repository in ["repo", "clone"] {
        for (name, content) in files {
            let file = text(sandbox.read(format!("{repository}/conf/{name}")));
            assert_eq!(file, content, "{name}");
        }
        assert_eq!(sandbox.git(repository, ["status", "--porcelain"]).text(), "");
    }
}

#[test]
fn a_folder_says_which_names_are_exempt() {
    let sandbox = by_value(&["--clear", "LOG"]);
    sandbox.write("repo/conf/open/.gitattributes", "*.env shroud-clear=LOG,HOST*\n");
    sandbox.write("repo/conf/none/.gitattributes", "*.env !shroud-clear\n");
    let content = "LOG=info\nHOST_A=db\nPASSWORD=value-one\n";
    for folder in ["", "open/", "none/"] {
        sandbox.write(format!("repo/conf/{folder}x.env"), content);
    }
    sandbox.git("repo", ["add", "."]);
    let clear = |path: &str| {
        let blob = stored(&sandbox, path);
        blob.lines().filter(|line| !line.contains("=shroud.v1.")).count()
    };
    assert_eq!(
        (clear("conf/x.env"), clear("conf/open/x.env"), clear("conf/none/x.env")),
        (1, 2, 0)
    );
    sandbox.git("repo", ["commit", "-q", "-m", "folders"]);
    sandbox.shroud("repo", ["status"]);
    sandbox.shroud("repo", ["check", "HEAD"]);
    let why = sandbox.shroud("repo", ["why", "conf/open/x.env"]).text();
    assert!(why.contains("not sealed: LOG, HOST*"), "{why}");
    sandbox.sh("repo", "touch conf/*.env conf/*/*.env");
    assert_eq!(sandbox.git("repo", ["status", "--porcelain"]).text(), "");
}

#[test]
fn a_file_at_the_limits_is_sealed_and_one_past_them_is_not_stored() {
    let sandbox = by_value(&[]);
    sandbox.write("repo/conf/many.env", "A=1\n".repeat(100_000));
    sandbox.git("repo", ["add", "conf/many.env"]);
    assert_eq!(stored(&sandbox, "conf/many.env").matches("A=shroud.v1.").count(), 100_000);
    let long = format!("A={}\n", "x".repeat((4 << 20) - 3));
    sandbox.write("repo/conf/long.env", &long);
    sandbox.git("repo", ["add", "conf/long.env"]);
    sandbox.sh("repo", "rm conf/long.env conf/many.env");
    sandbox.git("repo", ["checkout", "--", "conf"]);
    assert!(text(sandbox.read("repo/conf/long.env")) == long);
    assert_eq!(sandbox.read("repo/conf/many.env").len(), 400_000);
    sandbox.write("repo/conf/long.env", format!("{long}B=1\n"));
    sandbox.try_git("repo", ["add", "conf/long.env"]).expect(128).says("track --whole");
    sandbox.shroud("repo", ["track", "-q", "--whole", "conf/long.env"]);
    sandbox.git("repo", ["add", "conf/long.env"]);
    assert!(is_sealed(&sandbox.blob("repo", ":conf/long.env")));
}
