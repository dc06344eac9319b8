//! The filters, row by row of what they are given.

use super::{FILES, by_value, stored, token};
use crate::common::{is_sealed, text};

#[test]
fn names_are_readable_and_values_are_not() {
    let sandbox = by_value(&[]);
    for (path, content) in FILES {
        let blob = stored(&sandbox, path);
        assert!(!blob.contains("value-"), "{blob}");
        assert!(blob.contains("shroud.v1."), "{blob}");
        assert_eq!(
            blob.lines().next(),
            content.lines().next().filter(|_| path != "conf/a.properties").or(blob.lines().next())
        );
    }
    assert!(stored(&sandbox, "conf/a.env").starts_with("# head\nA=shroud.v1."));
    assert!(stored(&sandbox, "conf/a.env").ends_with("\n\nC=\n"));
    sandbox.assert_no_object_holds("repo", b"value-");
    // A clone with the key gives every byte back, and sees no change.
    sandbox.git(".", ["clone", "-q", "repo", "clone"]);
    sandbox.shroud("clone", ["unlock", "-q", sandbox.path("team.key").to_str().unwrap()]);
    for (path, content) in FILES {
        assert_eq!(text(sandbox.read(format!("clone/{path}"))), content);
    }
    sandbox.sh("clone", "touch conf/*");
    assert_eq!(sandbox.git("clone", ["status", "--porcelain"]).text(), "");
    sandbox.shroud("clone", ["status"]);
    sandbox.shroud("clone", ["check", "HEAD"]);
}

#[test]
fn one_changed_value_changes_one_line() {
    let sandbox = by_value(&[]);
    let before = stored(&sandbox, "conf/a.env");
    sandbox.write("repo/conf/a.env", FILES[0].1.replace("value-two", "value-new"));
    sandbox.git("repo", ["add", "conf/a.env"]);
    let after = stored(&sandbox, "conf/a.env");
    let changed = before.lines().zip(after.lines()).filter(|(before, after)| before != after);
    assert_eq!(changed.count(), 1);
    assert_eq!(token(&before, "A"), token(&after, "A"));
}

/// Both ways in which git may start the filters.
#[test]
fn one_shot_filters_do_the_same() {
    let sandbox = by_value(&[]);
    let mut clean = sandbox.command("git-shroud", "repo");
    clean.args(["clean", "--", "conf/a.env"]);
    let cleaned = sandbox.run_with_input(clean, FILES[0].1.as_bytes()).expect(0);
    assert_eq!(cleaned.stdout, stored(&sandbox, "conf/a.env").as_bytes());
    let mut smudge = sandbox.command("git-shroud", "repo");
    smudge.args(["smudge", "--", "conf/a.env"]);
    let smudged = sandbox.run_with_input(smudge, &cleaned.stdout).expect(0);
    assert_eq!(smudged.stdout, FILES[0].1.as_bytes());
}

#[test]
fn what_does_not_read_is_sealed_whole_and_said() {
    let sandbox = by_value(&[]);
    sandbox.write("repo/conf/bad.yaml", "a: secret-one\nb: [\n");
    sandbox
        .git("repo", ["add", "."])
        .says("conf/bad.yaml: sealed whole: it does not read as YAML: line");
    assert!(is_sealed(&sandbox.blob("repo", ":conf/bad.yaml")));
    sandbox.write("repo/conf/notes.txt", "secret-two\n");
    let added = sandbox.git("repo", ["add", "conf/notes.txt"]);
    assert!(!added.stderr.contains("notes.txt"), "{}", added.stderr);
    let listed = sandbox.shroud("repo", ["status"]).text();
    assert!(listed.contains("sealed whole (does not read as YAML: line"), "{listed}");
    sandbox.assert_no_object_holds("repo", b"secret-");
    // Corrected, it is sealed by value again.
    sandbox.write("repo/conf/bad.yaml", "a: secret-one\nb: []\n");
    sandbox.git("repo", ["add", "."]);
    assert!(stored(&sandbox, "conf/bad.yaml").starts_with("a: shroud.v1."));
}

#[test]
fn tokens_pass_and_damaged_or_moved_ones_do_not() {
    let sandbox = by_value(&[]);
    let blob = stored(&sandbox, "conf/a.env");
    // As left by somebody who copied what a forge shows.
    sandbox.write("repo/conf/a.env", &blob);
    sandbox.git("repo", ["add", "conf/a.env"]);
    assert_eq!(stored(&sandbox, "conf/a.env"), blob);
    let moved = blob.replacen("A=shroud", "LOG=shroud", 1);
    sandbox.write("repo/conf/a.env", &moved);
    let refused = sandbox.try_git("repo", ["add", "conf/a.env"]).expect(128);
    refused.says("'LOG' on line 2").says("was moved from another name");
    let token = token(&blob, "A");
    let other = if token.ends_with('A') { "B" } else { "A" };
    sandbox.write(
        "repo/conf/a.env",
        blob.replace(&token, &format!("{}{other}", &token[..token.len() - 1])),
    );
    sandbox.try_git("repo", ["add", "conf/a.env"]).expect(128);
    sandbox.write("repo/conf/a.env", "A=shroud.v1.plain\n");
    sandbox.try_git("repo", ["add", "conf/a.env"]).expect(128).says("'A' on line 1");
    assert_eq!(stored(&sandbox, "conf/a.env"), blob);
}

#[test]
fn a_file_sealed_whole_is_opened_and_sealed_by_value() {
    let sandbox = by_value(&[]);
    sandbox.shroud("repo", ["track", "-q", "whole.env"]);
    sandbox.write("repo/whole.env", FILES[0].1);
    sandbox.git("repo", ["add", "."]);
    let whole = sandbox.blob("repo", ":whole.env");
    assert!(is_sealed(&whole));
    sandbox.git("repo", ["rm", "-q", "--cached", "conf/a.env"]);
    sandbox.write("repo/conf/a.env", &whole);
    sandbox.git("repo", ["add", "conf/a.env"]);
    assert!(stored(&sandbox, "conf/a.env").starts_with("# head\nA=shroud.v1."));
}

#[test]
fn a_mask_in_the_place_of_a_value_is_refused() {
    let sandbox = by_value(&[]);
    for mask in ["***", "<redacted>", "••••"] {
        sandbox.write("repo/conf/a.env", FILES[0].1.replace("value-one", mask));
        let refused = sandbox.try_git("repo", ["add", "conf/a.env"]).expect(128);
        refused.says("'A' on line 2 is a mask in the place of a sealed value");
    }
    // A new name may have it.
    sandbox.write("repo/conf/a.env", format!("{}NEW=***\n", FILES[0].1));
    sandbox.git("repo", ["add", "conf/a.env"]);
}

#[test]
fn too_much_is_refused_with_the_way_out() {
    let sandbox = by_value(&[]);
    sandbox.write("repo/conf/many.env", "A=1\n".repeat(100_001));
    let refused = sandbox.try_git("repo", ["add", "conf/many.env"]).expect(128);
    refused.says("more than 100,000 values").says("track --whole");
    sandbox.write("repo/conf/large.env", format!("A={}\n", "x".repeat(4 << 20)));
    sandbox.try_git("repo", ["add", "conf/large.env"]).expect(128).says("larger than 4 MiB");
}

#[test]
fn line_ends_and_marks_come_back() {
    let sandbox = by_value(&[]);
    sandbox.git("repo", ["config", "core.autocrlf", "true"]);
    let content = "\u{feff}A=value-one\r\n# note\r\nB='value\r\ntwo'\r\n";
    sandbox.write("repo/conf/crlf.env", content);
    sandbox.git("repo", ["add", "."]);
    assert!(stored(&sandbox, "conf/crlf.env").contains("\r\n# note\r\n"));
    std::fs::remove_file(sandbox.path("repo/conf/crlf.env")).unwrap();
    sandbox.git("repo", ["checkout", "-q", "--", "conf/crlf.env"]);
    assert_eq!(text(sandbox.read("repo/conf/crlf.env")), content);
}
