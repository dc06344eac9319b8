//! A pushed `shroud-format` that names another reader than the file's name: nothing that is written becomes readable by it.

use super::{by_value, stored};
use crate::common::{Sandbox, text};

fn add_line(sandbox: &Sandbox, dir: &str, line: &str) {
    let attributes = text(sandbox.read(format!("{dir}/.gitattributes")));
    sandbox.write(format!("{dir}/.gitattributes"), format!("{attributes}{line}\n"));
    sandbox.git(dir, ["commit", "-q", "-a", "-m", "line"]);
}

#[track_caller]
fn refused(sandbox: &Sandbox, dir: &str, path: &str) {
    let refused = sandbox.try_git(dir, ["add", path]).expect(128);
    refused.says("as the attribute shroud-format says").says("git shroud why");
    sandbox.assert_no_object_holds(dir, b"secret-");
}

/// Each: the file, the format that is pushed, and what is written that would be readable in part.
const CASES: [(&str, &str, &str); 9] = [
    ("a.env", "properties", "X=\"user\n#secret-part\nend=1\"\n"),
    ("a.env", "properties", "X=\"user\nsecret-part=end\"\n"),
    ("a.env", "properties", "X=\"user\n!secret-part\nend=1\"\n"),
    ("a.env", "ini", "X=\"user\"\nY='a\n  ;secret-part\n  b'\n"),
    ("a.properties", "env", "x=abc #secret-part\n"),
    ("a.properties", "yaml", "x: abc #secret-part\n"),
    ("a.yaml", "properties", "x: |\n  one\n  #secret-part\n"),
    ("a.yaml", "ini", "x:\n  - \"one\n    #secret-part\"\n"),
    ("a.toml", "properties", "x = \"\"\"\none\n#secret-part\n\"\"\"\n"),
];

#[test]
fn no_part_of_a_new_value_becomes_readable() {
    for (name, format, written) in CASES {
        // A file that is there and one that is new; and whoever pushes may write into the file.
        for (is_new, pushed) in [(true, ""), (false, ""), (false, "# one\n")] {
            let sandbox = by_value(&[]);
            let path = format!("conf/b.{}", name.split('.').next_back().unwrap());
            let before = if is_new { "" } else { "w: one\n" };
            let before = if format == "yaml" || path.ends_with("yaml") { before } else { "" };
            let before = format!("{pushed}{before}");
            if !is_new && !before.is_empty() {
                sandbox.write(format!("repo/{path}"), &before);
                sandbox.git("repo", ["add", "."]);
                sandbox.git("repo", ["commit", "-q", "-m", "before"]);
            }
            add_line(&sandbox, "repo", &format!("conf/** shroud-format={format}"));
            sandbox.write(format!("repo/{path}"), format!("{before}{written}"));
            let done = sandbox.try_git("repo", ["add", &path]);
            sandbox.assert_no_object_holds("repo", b"secret-part");
            // Where the other reader cannot read it, it is sealed whole.
            if done.status != 0 {
                done.says("as the attribute shroud-format says").says("git shroud why");
            }
        }
    }
}

#[test]
fn a_written_line_that_another_reader_takes_for_a_comment_is_refused() {
    let sandbox = by_value(&[]);
    add_line(&sandbox, "repo", "conf/** shroud-format=properties");
    let file = text(sandbox.read("repo/conf/a.env"));
    sandbox.write("repo/conf/a.env", format!("{file}X=\"user\n#secret-part\nend=1\"\n"));
    refused(&sandbox, "repo", "conf/a.env");
    sandbox.try_git("repo", ["add", "conf/a.env"]).says("'X' on line 6").says("properties");
    // A comment that cannot be read there does not help.
    sandbox.write("repo/conf/a.env", &file);
    let blob = format!("! note\n{}", stored(&sandbox, "conf/a.env"));
    sandbox.stage_raw("repo", "conf/a.env", blob.as_bytes());
    sandbox.git("repo", ["commit", "-q", "-m", "note"]);
    let file = format!("! note\n{file}");
    sandbox.write("repo/conf/a.env", format!("{file}X=\"user\n#secret-part\nend=1\"\n"));
    refused(&sandbox, "repo", "conf/a.env");
    // What both read alike is sealed as ever.
    sandbox.write("repo/conf/a.env", format!("{file}# own\nX=\"user\"\nY=it\n"));
    sandbox.git("repo", ["add", "conf/a.env"]);
    let blob = stored(&sandbox, "conf/a.env");
    assert!(blob.contains("# own\nX=shroud.v1.") && blob.contains("Y=shroud.v1."), "{blob}");
}

/// Names that tell no format, as `settings`: the line alone says how to read it.
#[test]
fn a_file_whose_name_tells_no_format_keeps_its_values_too() {
    let sandbox = by_value(&[]);
    add_line(&sandbox, "repo", "conf/settings shroud-format=env");
    // Of one line readers differ in every such file.
    sandbox.write("repo/conf/settings", "A=one # note\nB='two'\n");
    sandbox.git("repo", ["add", "."]);
    sandbox.git("repo", ["commit", "-q", "-m", "settings"]);
    assert!(stored(&sandbox, "conf/settings").contains(" # note\n"));
    add_line(&sandbox, "repo", "conf/settings shroud-format=properties");
    sandbox.write("repo/conf/settings", "A=one # note\nB=\"two\n#secret-part\"\n");
    refused(&sandbox, "repo", "conf/settings");
}

/// Without the key, and with the command that sets values.
#[test]
fn whoever_sets_a_value_is_refused_too() {
    let sandbox = Sandbox::new();
    sandbox.git(".", ["init", "-q", "-b", "main", "repo"]);
    sandbox.shroud("repo", ["init", "-q"]);
    sandbox.shroud("repo", ["key", "rotate", "-q", "--write-only"]);
    sandbox.shroud("repo", ["track", "-q", "--values", "environments/**"]);
    sandbox.write("repo/environments/prod/app.env", "A=one\n");
    sandbox.git("repo", ["add", "."]);
    sandbox.git("repo", ["commit", "-q", "-m", "files"]);
    add_line(&sandbox, "repo", "environments/** shroud-format=properties");
    sandbox.git(".", ["clone", "-q", "repo", "locked"]);
    sandbox.try_shroud("locked", ["unlock"]);
    for dir in ["repo", "locked"] {
        let before = sandbox.read(format!("{dir}/environments/prod/app.env"));
        let mut set = sandbox.command("git", dir);
        set.args(["shroud", "config", "set", "prod", "NEW"]);
        let done = sandbox.run_with_input(set, b"user\n#secret-part\nend=1");
        let after = text(sandbox.read(format!("{dir}/environments/prod/app.env")));
        assert!(dir == "repo" || !after.contains("secret-part"), "{after}: {}", done.stderr);
        sandbox.try_git(dir, ["add", "environments"]);
        sandbox.assert_no_object_holds(dir, b"secret-part");
        sandbox.write(format!("{dir}/environments/prod/app.env"), &before);
        let typed = format!("{}X='user\n#secret-part\nend=1'\n", text(before));
        sandbox.write(format!("{dir}/environments/prod/app.env"), typed);
        refused(&sandbox, dir, "environments");
    }
}

/// A file that is what the line says, under a name that tells another format, as `mongod.conf`: nothing is asked.
#[test]
fn a_line_that_is_right_is_no_noise() {
    let sandbox = by_value(&[]);
    add_line(&sandbox, "repo", "conf/*.conf shroud-format=yaml");
    let first = "# mongod.conf\n\nstorage:\n  dbPath: /var/lib/mongodb\n# where to log\nsystemLog:\n  destination: file\n  # inside\n  path: /var/log\n";
    sandbox.write("repo/conf/mongod.conf", first);
    sandbox.git("repo", ["add", "."]);
    sandbox.git("repo", ["commit", "-q", "-m", "mongod"]);
    let more = format!("{first}net:\n  port: 27017\n  # all\n  bindIp: 127.0.0.1\n");
    sandbox.write("repo/conf/mongod.conf", more);
    sandbox.git("repo", ["add", "."]);
    let blob = stored(&sandbox, "conf/mongod.conf");
    assert_eq!(blob.matches("shroud.v1.").count(), 5, "{blob}");
}
