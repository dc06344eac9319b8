//! Lines of `.gitattributes` that somebody pushed and that would leave values readable.

use super::{by_value, stored};
use crate::common::{Sandbox, is_sealed, text};

fn add_line(sandbox: &Sandbox, line: &str) {
    let attributes = text(sandbox.read("repo/.gitattributes"));
    sandbox.write("repo/.gitattributes", format!("{attributes}{line}\n"));
    sandbox.git("repo", ["commit", "-q", "-a", "-m", "line"]);
}

/// A repository with a file that is sealed whole, under a line that exempts all of its names.
fn whole_and_exempt() -> Sandbox {
    let sandbox = by_value(&[]);
    sandbox.shroud("repo", ["track", "-q", "sec/**"]);
    sandbox.write("repo/sec/pw.env", "A=secret-one\nB=two\n");
    sandbox.git("repo", ["add", "."]);
    sandbox.git("repo", ["commit", "-q", "-m", "whole"]);
    assert!(is_sealed(&sandbox.blob("repo", ":sec/pw.env")));
    add_line(&sandbox, "sec/** shroud-by=value shroud-clear=*");
    sandbox
}

#[test]
fn what_was_sealed_whole_has_no_exempt_names() {
    let sandbox = whole_and_exempt();
    sandbox.write("repo/sec/pw.env", "A=secret-one\nB=two\nC=secret-new\n");
    sandbox.git("repo", ["add", "sec"]);
    let blob = stored(&sandbox, "sec/pw.env");
    for name in ["A", "B", "C"] {
        assert!(blob.contains(&format!("{name}=shroud.v1.")), "{blob}");
    }
    // Nor by what puts files right.
    for command in [&["status", "--fix"][..], &["key", "rotate"]] {
        let sandbox = whole_and_exempt();
        sandbox.try_shroud("repo", command);
        sandbox.assert_no_object_holds("repo", b"secret-one");
    }
    sandbox.assert_no_object_holds("repo", b"secret-");
}

#[test]
fn who_says_so_exempts_names_of_what_was_sealed_whole() {
    let sandbox = by_value(&[]);
    sandbox.shroud("repo", ["track", "-q", "sec/**"]);
    sandbox.write("repo/sec/pw.env", "A=secret-one\nLOG=debug\n");
    sandbox.git("repo", ["add", "."]);
    sandbox.shroud("repo", ["track", "-q", "--values", "--clear", "LOG", "sec/**"]);
    let blob = stored(&sandbox, "sec/pw.env");
    assert!(blob.contains("A=shroud.v1.") && blob.contains("LOG=debug\n"), "{blob}");
}

#[test]
fn without_the_key_no_exemption_replaces_a_sealed_value() {
    let sandbox = by_value(&[]);
    sandbox.shroud("repo", ["lock", "-q"]);
    let attributes = text(sandbox.read("repo/.gitattributes"));
    sandbox.write(
        "repo/.gitattributes",
        attributes.replace("shroud-by=value filter", "shroud-clear=* shroud-by=value filter"),
    );
    sandbox.git("repo", ["commit", "-q", "-a", "-m", "line"]);
    let before = stored(&sandbox, "conf/a.env");
    let typed = before.replace(super::token(&before, "A").as_str(), "secret-new");
    sandbox.write("repo/conf/a.env", typed);
    let refused = sandbox.try_git("repo", ["add", "conf/a.env"]).expect(128);
    refused.says("'A' on line 2 is sealed in the index").says("git shroud why");
    sandbox.assert_no_object_holds("repo", b"secret-new");
    // And a new name may be exempt.
    sandbox.write("repo/conf/a.env", format!("{before}LEVEL=debug\n"));
    sandbox.git("repo", ["add", "conf/a.env"]);
}

#[test]
fn another_format_makes_no_part_of_a_value_readable() {
    let sandbox = by_value(&[]);
    let file = "A=\"user\n#secret-part\nend=1\"\nB=two\n";
    sandbox.write("repo/conf/m.env", file);
    sandbox.git("repo", ["add", "."]);
    sandbox.git("repo", ["commit", "-q", "-m", "m"]);
    add_line(&sandbox, "conf/** shroud-format=properties");
    sandbox.write("repo/conf/m.env", file.replace("two", "new"));
    let refused = sandbox.try_git("repo", ["add", "conf/m.env"]).expect(128);
    refused.says("as the attribute shroud-format says").says("git shroud why");
    sandbox.assert_no_object_holds("repo", b"secret-part");
}

/// Whoever pushes can exempt any name: what is checked says so, also before a value is plaintext.
#[test]
fn a_widened_exemption_is_found() {
    let sandbox = by_value(&["--clear", "LOG"]);
    sandbox.write("repo/conf/new.env", "LOG=info\nSECRET=one\nOTHER=two\n");
    sandbox.git("repo", ["add", "."]);
    sandbox.git("repo", ["commit", "-q", "-m", "File"]);
    let found = |range: &str| {
        let done = sandbox.try_shroud("repo", ["check", range]);
        String::from_utf8(done.stdout).unwrap()
    };
    assert_eq!(found("HEAD^!"), "");
    add_line(&sandbox, "conf/** shroud-clear=LOG,SECRET");
    let said = found("HEAD^!");
    assert!(said.contains("conf/new.env  exempted  (shroud-clear now exempts a value"), "{said}");
    assert!(said.contains("line 2"), "{said}");
    let allowed = sandbox.shroud("repo", ["check", "--allow", "conf/**", "HEAD^!"]);
    assert_eq!(allowed.text(), "");
    // Of the commit that makes use of it nothing new is said.
    sandbox.shroud("repo", ["track", "-q", "--values", "conf/**"]);
    sandbox.shroud("repo", ["track", "-q", "--values", "--clear", "LOG,SECRET", "conf/**"]);
    sandbox.git("repo", ["commit", "-q", "-a", "-m", "Exempt"]);
    assert!(text(sandbox.blob("repo", "HEAD:conf/new.env")).contains("SECRET=one\n"));
    assert_eq!(found("HEAD^!"), "");
    // Both in one commit.
    add_line(&sandbox, "conf/** shroud-clear=LOG,SECRET,OTHER");
    sandbox.shroud("repo", ["track", "-q", "--values", "--clear", "LOG,SECRET,OTHER", "conf/**"]);
    sandbox.git("repo", ["commit", "-q", "-a", "--amend", "-m", "More"]);
    assert!(found("HEAD^!").contains("line 3"));
}

/// Whoever holds the key can exempt a name also where its value is sealed by now.
#[test]
fn a_sealed_value_is_exempted_by_who_says_so() {
    let file = || {
        let sandbox = by_value(&["--clear", "LOG"]);
        sandbox.write("repo/conf/new.env", "LOG=info\nPORT=80\nA=one\n");
        sandbox.git("repo", ["add", "."]);
        sandbox.git("repo", ["commit", "-q", "-m", "File"]);
        sandbox
    };
    let is_exempt = |sandbox: &Sandbox, exempt: bool| {
        let stored = text(sandbox.blob("repo", ":conf/new.env"));
        assert_eq!(stored.contains("PORT=80\n"), exempt, "{stored}");
        assert!(stored.contains("A=shroud.v1."), "{stored}");
        assert_eq!(sandbox.git("repo", ["diff", "--name-only", "conf"]).text(), "");
    };
    let sandbox = file();
    sandbox.shroud("repo", ["track", "-q", "--values", "--clear", "LOG,PORT", "conf/**"]);
    is_exempt(&sandbox, true);
    sandbox.git("repo", ["add", "--renormalize", "conf"]);
    is_exempt(&sandbox, true);
    let sandbox = file();
    add_line(&sandbox, "conf/** shroud-clear=LOG,PORT");
    for command in
        [&["git", "add", "--renormalize", "conf"][..], &["git", "shroud", "key", "rotate", "-q"]]
    {
        sandbox.run({
            let mut run = sandbox.command(command[0], "repo");
            run.args(&command[1..]);
            run
        });
        is_exempt(&sandbox, false);
    }
    let status = sandbox.shroud("repo", ["status", "-v"]);
    assert!(status.text().contains("1 exempt"), "{}", status.text());
    assert!(!status.stderr.contains("--fix"), "{}", status.stderr);
    sandbox.shroud("repo", ["track", "-q", "--values", "--clear", "LOG,PORT", "conf/**"]);
    is_exempt(&sandbox, true);
}
