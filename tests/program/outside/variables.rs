//! Variables and settings of the user's that change what git's commands do and print: this program's own commands do the same.

use std::process::Command;

use crate::common::{Done, SECRETS, Sandbox, is_sealed};

/// Variables that git takes together.
const VARIABLES: [&[(&str, &str)]; 3] = [
    &[
        ("GIT_LITERAL_PATHSPECS", "1"),
        ("GIT_CONFIG", "/no/such/file"),
        ("GIT_EXTERNAL_DIFF", "false"),
        ("GIT_DIFF_OPTS", "--unified=0"),
        ("GIT_REPLACE_REF_BASE", "refs/heads/"),
        ("GIT_OPTIONAL_LOCKS", "1"),
        ("GIT_TRACE", "1"),
        ("GIT_TRACE2", "2"),
        ("GIT_PAGER", "false"),
        ("GREP_OPTIONS", "--invert-match"),
        ("LANGUAGE", "de"),
    ],
    &[("GIT_GLOB_PATHSPECS", "1"), ("GIT_ICASE_PATHSPECS", "1")],
    &[("GIT_NOGLOB_PATHSPECS", "1"), ("GIT_ATTR_SOURCE", "HEAD")],
];
const SETTINGS: &str = "\
[color]\n ui = always\n diff = always\n status = always\n branch = always\n[core]\n quotePath = true\n pager = false
 safecrlf = true\n commentChar = e\n abbrev = 5\n[column]\n ui = always
[diff]\n noprefix = true\n external = false\n relative = true\n renames = copies\n submodule = log\n mnemonicPrefix = true
 orderFile = /dev/null\n colorMoved = zebra\n
[log]\n showSignature = true\n follow = true\n decorate = full\n showRoot = false\n abbrevCommit = true\n date = raw
[status]\n short = true\n branch = true\n showUntrackedFiles = no\n relativePaths = true\n showStash = true
[format]\n pretty = fuller\n[submodule]\n recurse = true\n[i18n]\n logOutputEncoding = UTF-16
[advice]\n statusHints = false\n[rebase]\n autoStash = true\n[pager]\n log = false\n diff = false
";

fn with(sandbox: &Sandbox, variables: &[(&str, &str)], dir: &str, arguments: &[&str]) -> Done {
    let mut command: Command = sandbox.command(env!("CARGO_BIN_EXE_git-shroud"), dir);
    command.args(arguments).envs(variables.iter().copied());
    sandbox.run(command)
}

fn team() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.repository_with_members("repo", &["bob", "eve"]);
    sandbox.write("repo/folder/.gitattributes", "*.key shroud\n");
    sandbox.write("repo/folder/a.key", "key");
    sandbox.git("repo", ["add", "."]);
    sandbox.git("repo", ["commit", "-q", "-m", "folder"]);
    sandbox
}

#[test]
fn commands_print_the_same_whatever_the_user_has_set() {
    let sandbox = team();
    sandbox.write("repo/secrets/db.env", "PASSWORD=changed\n");
    let commands: [&[&str]; 12] = [
        &["status"],
        &["status", "--json"],
        &["status", "secrets"],
        &["check", "--staged"],
        &["check", "--all"],
        &["scan", "--all"],
        &["doctor"],
        &["why", "secrets/db.env"],
        &["member", "list"],
        &["track"],
        &["diff", "--masked"],
        &["cat", "HEAD:secrets/db.env"],
    ];
    let plain = commands.map(|command| with(&sandbox, &[], "repo", command));
    for round in 0..=VARIABLES.len() {
        let variables = if round == 0 { &[] } else { VARIABLES[round - 1] };
        sandbox.write("home/.gitconfig", if round == 0 { SETTINGS } else { "" });
        for (command, plain) in commands.iter().zip(&plain) {
            let done = with(&sandbox, variables, "repo", command);
            assert_eq!(
                (done.status, done.text(), &done.stderr),
                (plain.status, plain.text(), &plain.stderr),
                "{command:?} with {variables:?}"
            );
        }
    }
}

#[test]
fn what_the_user_has_set_stops_no_command_half_way() {
    for round in 0..=VARIABLES.len() {
        let sandbox = team();
        let variables = if round == 0 { &[] } else { VARIABLES[round - 1] };
        sandbox.write("home/.gitconfig", if round == 0 { SETTINGS } else { "" });
        let run =
            |dir: &str, arguments: &[&str]| with(&sandbox, variables, dir, arguments).expect(0);
        run("repo", &["key", "rotate"]);
        sandbox.git("repo", ["commit", "-q", "-m", "rotated"]);
        run("repo", &["member", "remove", "eve"]);
        sandbox.git("repo", ["commit", "-q", "-m", "removed"]);
        assert!(is_sealed(&sandbox.blob("repo", "HEAD:secrets/db.env")));
        assert!(sandbox.git("repo", ["ls-files", ".shroud"]).text().contains("bob"));
        let recipient = sandbox.age_identity("ann");
        run("repo", &["member", "add", &recipient, "--label", "ann"]);
        run("repo", &["member", "renew", "ann"]);
        run("repo", &["track", "more/**"]);
        run("repo", &["untrack", "more/**"]);
        // Half of a rotation: a link stands where a member's file goes.
        sandbox.git("repo", ["commit", "-q", "-m", "ann"]);
        let link = "rm .shroud/default/members/ann.toml
            ln -s /dev/null .shroud/default/members/ann.toml";
        let hook = format!("#!/bin/sh\n[ -e .git/once ] || {{ touch .git/once; {link}; }}\n");
        sandbox.write("repo/.git/hooks/post-index-change", hook);
        sandbox.sh("repo", "chmod +x .git/hooks/post-index-change");
        with(&sandbox, variables, "repo", &["key", "rotate"]).expect(2).says("--continue");
        sandbox.sh("repo", "rm .git/hooks/post-index-change .shroud/default/members/ann.toml");
        sandbox.git("repo", ["checkout", "--", ".shroud"]);
        run("repo", &["key", "rotate", if round % 2 == 0 { "--continue" } else { "--abort" }]);
        sandbox.git("repo", ["reset", "-q", "--hard"]);
        sandbox.git(".", ["clone", "-q", "repo", "clone"]);
        run("clone", &["unlock", "-i", "../bob.age"]);
        assert_eq!(sandbox.read("clone/secrets/db.env"), SECRETS[0].1.as_bytes());
        run("clone", &["lock"]);
        assert!(is_sealed(&sandbox.read("clone/secrets/db.env")));
    }
}

#[test]
fn a_pathspec_of_the_users_means_what_the_user_has_set() {
    let sandbox = team();
    let all = with(&sandbox, &[], "repo", &["status", "--json", "secrets/*.env"]);
    assert!(all.text().contains("secrets/db.env"));
    let literal = [("GIT_LITERAL_PATHSPECS", "1")];
    let none = with(&sandbox, &literal, "repo", &["status", "--json", "secrets/*.env"]);
    assert!(!none.text().contains("secrets/db.env"));
}

#[test]
fn log_and_blame_end_with_statuses_of_this_program() {
    let sandbox = team();
    for (arguments, status) in [
        (&["log", "--no-such-option", "README"][..], 2),
        (&["log", "no-such-path"], 2),
        (&["blame", "no-such-path"], 2),
        (&["blame", "--no-such-option", "README"], 2),
        (&["log", "-1", "README"], 0),
    ] {
        sandbox.try_shroud("repo", arguments).expect(status);
    }
}
