//! Signatures of what a scrub changes: lost and listed, or made again with the user's own key.

use std::process::Command;

use crate::common::{Sandbox, needs};
use crate::scrubbing::{assert_clean, scrub, state};

const VALUE: &str = "kq7vzx-9mLw2p";
/// Everything of a commit but its ids, so that two histories can be compared.
const REST: &str = "--format=%an <%ae> %ad|%cn <%ce> %cd|%e|%B";

/// A gpg home with one key of Ann's, whose agent ends with it.
struct Home(std::path::PathBuf);

impl Home {
    fn new(sandbox: &Sandbox) -> Self {
        needs("gpg", "gnupg");
        let home = Self(sandbox.path("gpg"));
        sandbox.sh(".", "mkdir -m 700 gpg");
        let key = "gpg --batch --quiet --passphrase '' --quick-generate-key 'Ann <ann@example.com>' ed25519 sign 0";
        sandbox.run(home.command(sandbox, "sh", &["-c", key])).expect(0);
        home
    }

    fn command(&self, sandbox: &Sandbox, program: &str, args: &[&str]) -> Command {
        let mut command = sandbox.command(program, if args[0] == "-c" { "." } else { "repo" });
        command.args(args).env("GNUPGHOME", &self.0);
        command
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        let _ =
            Command::new("gpgconf").arg("--homedir").arg(&self.0).args(["--kill", "all"]).status();
    }
}

/// Signs by SSH with a new key, and trusts it.
fn ssh(sandbox: &Sandbox, dir: &str) {
    needs("ssh-keygen", "openssh-client");
    let script = "ssh-keygen -q -t ed25519 -N '' -C ann -f key && echo \"ann@example.com $(cat key.pub)\" >signers";
    sandbox.sh(".", script);
    let path = |name: &str| sandbox.path(name).display().to_string();
    for (name, value) in [
        ("gpg.format", "ssh".to_owned()),
        ("user.signingKey", path("key")),
        ("gpg.ssh.allowedSignersFile", path("signers")),
    ] {
        sandbox.git(dir, ["config", name, &value]);
    }
}

/// A signed commit, one with the value, a merge, an unsigned one in between, and a tag; what comes before the value is signed too.
const HISTORY: &str = "
git init -q -b main $1 . && echo a >a && git add a && git commit -q -S -m before &&
echo \"pass = VALUE\" >b && git add b && git commit -q -S -m 'with VALUE' --author='Bob <bob@example.com>' --date='2001-02-03T04:05:06+0700' &&
git checkout -q -b side && echo c >c && git add c && git commit -q -m unsigned &&
git checkout -q main && echo d >d && git add d && git commit -q -S -m 'd

with a line

 and an indented one' && git tag -s -m 'the tag
' v1 && git merge -q -S --no-edit side && git tag -m plain v0";

fn make(sandbox: &Sandbox, home: Option<&Home>, options: &str) {
    sandbox.write("values", format!("{VALUE}\n"));
    let script = HISTORY.replace("VALUE", VALUE).replace("$1", options);
    let mut command = sandbox.command("sh", "repo");
    command.args(["-ec", &script]);
    if let Some(home) = home {
        command.env("GNUPGHOME", &home.0);
    }
    sandbox.run(command).expect(0);
}

/// Each commit with whether its signature is good.
fn signed(sandbox: &Sandbox, home: Option<&Home>) -> Vec<(String, String)> {
    let mut command = sandbox.command("git", "repo");
    command.args(["log", "--topo-order", "--reverse", "--format=%G?|%s", "main"]);
    if let Some(home) = home {
        command.env("GNUPGHOME", &home.0);
    }
    let listed = sandbox.run(command).expect(0).text();
    let lines = listed.lines().filter_map(|line| line.split_once('|'));
    lines.map(|(good, subject)| (gone(subject), good.to_owned())).collect()
}

fn gone(history: &str) -> String {
    history.replace(VALUE, "***REMOVED:value***")
}

#[test]
fn gpg_signs_what_was_signed_and_nothing_else_changes() {
    let sandbox = Sandbox::new();
    sandbox.sh(".", "mkdir repo");
    let home = Home::new(&sandbox);
    make(&sandbox, Some(&home), "");
    let before = signed(&sandbox, Some(&home));
    assert_eq!(before.iter().filter(|(_, good)| good == "G").count(), 4, "{before:?}");
    let rest = sandbox.git("repo", ["log", REST, "main"]).text();
    let first = sandbox.git("repo", ["rev-list", "--max-parents=0", "main"]).text();
    let args = ["scrub", "--value-file", "../values", "--sign", "--format", "json"];
    let done = sandbox.run(home.command(&sandbox, "git-shroud", &args)).expect(0).json();
    assert_eq!(
        (done["signatures_renewed"].as_u64(), done["signatures_lost"].as_u64()),
        (Some(4), Some(0))
    );
    assert_eq!(signed(&sandbox, Some(&home)), before);
    assert_eq!(sandbox.git("repo", ["log", REST, "main"]).text(), gone(&rest));
    assert_eq!(sandbox.git("repo", ["rev-list", "--max-parents=0", "main"]).text(), first);
    sandbox.run(home.command(&sandbox, "git", &["verify-tag", "v1"])).expect(0);
    sandbox.run(home.command(&sandbox, "git", &["verify-tag", "v0"])).expect(1);
    assert_clean(&sandbox, "repo");
}

#[test]
fn ssh_signs_also_where_ids_are_longer() {
    if !Sandbox::new().git_knows("signatures by SSH", (2, 34)) {
        return;
    }
    for options in ["", "--object-format=sha256"] {
        let sandbox = Sandbox::new();
        if !options.is_empty() && !sandbox.git_knows("SHA-256", (2, 29)) {
            continue;
        }
        sandbox.sh(".", &format!("git init -q -b main {options} repo"));
        ssh(&sandbox, "repo");
        make(&sandbox, None, options);
        let before = signed(&sandbox, None);
        let said = scrub(&sandbox, &["--value-file", "../values", "--sign"]).expect(0);
        assert!(said.text().contains("4 signatures made again with your key"), "{}", said.text());
        let after = signed(&sandbox, None);
        let good =
            |all: &[(String, String)]| all.iter().map(|(_, good)| good.clone()).collect::<Vec<_>>();
        assert_eq!(good(&after), good(&before));
        assert_eq!(good(&after).iter().filter(|good| *good == "G").count(), 4);
        sandbox.git("repo", ["verify-tag", "v1"]);
        assert_clean(&sandbox, "repo");
        assert_eq!(sandbox.sh(".", "ls | grep signing || true").text(), "", "nothing is left");
    }
}

#[test]
fn a_list_says_what_lost_its_signature() {
    let sandbox = Sandbox::new();
    sandbox.sh(".", "mkdir repo && git init -q -b main repo");
    ssh(&sandbox, "repo");
    make(&sandbox, None, "");
    // A tag that is merged stands in the merge.
    sandbox.sh("repo", "git checkout -q -b topic v1 && echo t >t && git add t && git commit -q -m topic && git tag -s -m 'please pull' pull && git checkout -q main && git merge -q --no-edit pull");
    let ids = sandbox.git("repo", ["log", "--format=%H %s", "main"]).text();
    let id = |subject: &str| {
        ids.lines()
            .find(|line| line.contains(subject))
            .unwrap()
            .split(' ')
            .next()
            .unwrap()
            .to_owned()
    };
    let tag = sandbox.git("repo", ["rev-parse", "v1"]).text();
    let dry = scrub(&sandbox, &["--value-file", "../values", "--dry-run"]).expect(0).text();
    let said = scrub(&sandbox, &["--value-file", "../values"]).expect(0).text();
    for said in [&dry, &said] {
        assert!(said.contains("6 signatures cannot survive"), "{said}");
        for line in [
            format!("  commit {}", id("with ")),
            format!("  commit {}", id("Merge branch 'side'")),
            format!("  tag {}", tag.trim()),
            format!("  merged tag in commit {}", id("Merge tag 'pull'")),
        ] {
            assert!(said.contains(&line), "lacks {line}: {said}");
        }
    }
    let listed =
        String::from_utf8(sandbox.read("repo/.git/git-shroud/scrub/1/signatures")).unwrap();
    let new = sandbox.git("repo", ["rev-parse", "v1"]).text();
    assert!(listed.contains(&format!("lost tag {} {}\n", tag.trim(), new.trim())), "{listed}");
    assert!(signed(&sandbox, None)[1..].iter().all(|(_, good)| good == "N"));

    scrub(&sandbox, &["--undo"]).expect(0);
    let done = scrub(&sandbox, &["--value-file", "../values", "--sign", "--format", "json"])
        .expect(0)
        .json();
    assert_eq!(done["lost_signatures"].as_array().unwrap().len(), 1, "{done}");
    assert_eq!(done["lost_signatures"][0]["what"], "merged-tag");
    assert_eq!(done["signatures_renewed"], 5);
}

#[test]
fn where_nothing_signs_nothing_changes() {
    let sandbox = Sandbox::new();
    sandbox.sh(".", "mkdir repo && git init -q -b main repo");
    ssh(&sandbox, "repo");
    make(&sandbox, None, "");
    let before = (state(&sandbox, "repo"), sandbox.snapshot("repo/.git/objects"));
    let config = |name: &str, value: &str| sandbox.git("repo", ["config", name, value]);
    let refused = |said: &str| {
        for more in [&[][..], &["--dry-run"]] {
            let args = [&["--value-file", "../values", "--sign"], more].concat();
            let status = i32::from(more.is_empty());
            scrub(&sandbox, &args).expect(status).says(said);
            assert_eq!((state(&sandbox, "repo"), sandbox.snapshot("repo/.git/objects")), before);
            assert!(!sandbox.path("repo/.git/git-shroud/scrub").exists());
        }
    };
    let key = sandbox.path("key").display().to_string();
    config("user.signingKey", &sandbox.path("other").display().to_string());
    refused("did not sign");
    sandbox.git("repo", ["config", "--unset", "user.signingKey"]);
    refused("user.signingKey names no SSH key");
    config("user.signingKey", &key);
    config("gpg.ssh.program", "no-such-program");
    refused("'no-such-program' was not found");
    config("gpg.format", "odd");
    refused("gpg.format is 'odd'");
    // It signs a text or two, and then no more.
    config("gpg.format", "ssh");
    sandbox.write("program", "#!/bin/sh\necho >>\"$0.count\"; [ $(wc -l <\"$0.count\") -gt 2 ] && { echo the card is gone >&2; exit 1; }\nexec ssh-keygen \"$@\"\n");
    sandbox.sh(".", "chmod +x program");
    config("gpg.ssh.program", &sandbox.path("program").display().to_string());
    scrub(&sandbox, &["--value-file", "../values", "--sign"]).expect(1).says("the card is gone");
    assert_eq!((state(&sandbox, "repo"), sandbox.snapshot("repo/.git/objects")), before);
    // What was never signed needs no key.
    sandbox.git("repo", ["update-ref", "-d", "refs/tags/v1"]);
    sandbox.sh("repo", "git checkout -q --orphan new && git commit -q -m new && git branch -q -D main side && git branch -q -M main && git tag -d v0");
    scrub(&sandbox, &["--value-file", "../values", "--sign"]).expect(0);
}

#[test]
fn a_run_that_is_killed_while_it_signs_changes_nothing() {
    let sandbox = Sandbox::new();
    sandbox.sh(".", "mkdir repo && git init -q -b main repo");
    ssh(&sandbox, "repo");
    make(&sandbox, None, "");
    let before = state(&sandbox, "repo");
    sandbox.write("program", "#!/bin/sh\necho >>\"$0.count\"; [ $(wc -l <\"$0.count\") -gt 2 ] && kill -9 $PPID\nexec ssh-keygen \"$@\"\n");
    sandbox.sh(".", "chmod +x program");
    sandbox
        .git("repo", ["config", "gpg.ssh.program", &sandbox.path("program").display().to_string()]);
    scrub(&sandbox, &["--value-file", "../values", "--sign"]).expect(-1);
    assert_eq!(state(&sandbox, "repo"), before);
    sandbox.git("repo", ["config", "--unset", "gpg.ssh.program"]);
    scrub(&sandbox, &["--value-file", "../values", "--sign"]).expect(0);
    sandbox.git("repo", ["verify-tag", "v1"]);
    assert_clean(&sandbox, "repo");
}

#[test]
fn a_key_of_the_agent_is_named_by_its_line() {
    let sandbox = Sandbox::new();
    sandbox.sh(".", "mkdir repo && git init -q -b main repo");
    ssh(&sandbox, "repo");
    make(&sandbox, None, "");
    let script = |set: &str| {
        format!(
            "eval $(ssh-agent -s) >/dev/null; trap 'ssh-agent -k >/dev/null' EXIT; ssh-add -q ../key; rm ../key\n{set}\ngit-shroud scrub --value-file ../values --sign && git verify-tag v1 && cp -r .git/../../kept/. .."
        )
    };
    sandbox.sh(".", "mkdir kept && cp key kept/");
    for set in [
        "git config user.signingKey \"$(cat ../key.pub)\"",
        "git config user.signingKey \"key::$(cat ../key.pub)\"",
        "git config --unset user.signingKey; git config gpg.ssh.defaultKeyCommand 'ssh-add -L'",
    ] {
        sandbox.sh("repo", &script(set));
        scrub(&sandbox, &["--undo"]).expect(0);
    }
}
