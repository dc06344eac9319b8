//! Text of a repository in messages: no escapes, no lines of its own, nothing that a shell would run.

use crate::member_attacks::{key, member_file, push, team, with_user_id};

#[test]
fn a_user_id_forges_no_line_of_the_list() {
    let sandbox = team(&["alice"]);
    let mallory = sandbox.age_identity("mallory");
    let user_id = "M\n  bob  age1bob  Bob <bob@x>  current\n\u{1b}[2K\tx";
    let text = with_user_id(&key(&sandbox), "m", &mallory, user_id);
    sandbox.write(member_file("default", "m"), text);
    push(&sandbox);
    for args in [["member", "list"].as_slice(), &["member", "list", "--by", "member"]] {
        let listed = sandbox.shroud("repo", args).text();
        assert!(!listed.lines().any(|line| line.trim_start().starts_with("bob")), "{listed}");
        assert!(!listed.contains('\u{1b}'));
    }
    let done = sandbox.try_shroud("repo", ["member", "remove", "m", "--dry-run"]);
    assert!(!done.stderr.lines().any(|line| line.trim_start().starts_with("bob")));
}

#[test]
fn file_names_put_nothing_into_a_command_to_copy() {
    let sandbox = team(&["alice"]);
    for stem in
        ["x;touch pwned", "$(touch pwned)", "a'b\"c", "a\nb", "-rf", "\u{1b}[31m", "a\u{202e}b"]
    {
        sandbox.write(member_file("default", stem), "");
        push(&sandbox);
        for args in [["member", "list"].as_slice(), &["status"], &["doctor"], &["key", "rotate"]] {
            let done = sandbox.try_shroud("repo", args);
            let all = format!("{}{}", done.text(), done.stderr);
            assert!(!all.contains(['\u{1b}', '\u{202e}']), "{all:?}");
            assert!(!all.contains("\nb"), "{all}");
            for line in all.lines().filter(|line| line.contains("member remove")) {
                let command = line.split("member remove ").nth(1).unwrap();
                let is_word = command.starts_with('\'')
                    || command.starts_with(|c: char| c == '.' || c.is_ascii_alphanumeric());
                assert!(is_word, "{line}");
                assert!(command.starts_with('\'') || !command.contains([';', '$', '"']), "{line}");
            }
        }
        sandbox.git("repo", ["reset", "-q", "--hard", "HEAD~"]);
    }
}

/// A member whose grant is out of date, as a merge leaves it.
fn out_of_date() -> crate::common::Sandbox {
    let sandbox = team(&["alice", "bob"]);
    let old = sandbox.read(member_file("default", "bob"));
    sandbox.shroud("repo", ["key", "rotate", "-q"]);
    sandbox.write(member_file("default", "bob"), old);
    push(&sandbox);
    sandbox
}

#[test]
fn renew_asks_after_it_has_shown_and_before_it_grants() {
    let sandbox = out_of_date();
    let before = sandbox.read(member_file("default", "bob"));
    let renew = "git-shroud member renew bob";
    for answer in ["n\n", "\n"] {
        let done = sandbox.on_terminal("repo", renew, answer);
        let shown = done.text();
        let asked = shown.find("Grant the current key").expect("it asks");
        assert!(shown.find("added by Ann").expect("it shows") < asked, "{shown}");
        assert_ne!(done.status, 0);
        assert_eq!(sandbox.read(member_file("default", "bob")), before);
    }
    // Where nobody can be asked, nobody has said yes.
    let done = sandbox.try_shroud("repo", ["member", "renew", "bob"]).expect(2);
    done.says("added by Ann").says("nothing was granted").says("--yes");
    assert_eq!(sandbox.read(member_file("default", "bob")), before);
    assert_eq!(sandbox.on_terminal("repo", renew, "y\n").status, 0);
    assert_ne!(sandbox.read(member_file("default", "bob")), before);
    let sandbox = out_of_date();
    let done = sandbox.on_terminal("repo", &format!("{renew} --yes"), "");
    assert_eq!(done.status, 0);
    assert!(!done.text().contains("Grant the current key"));
    let sandbox = out_of_date();
    sandbox.shroud("repo", ["member", "renew", "bob", "--yes"]).says("granted key 'default'");
}
