//! The guide for an operations team: its commands are run in their order, each by the one who types it.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use crate::common::{Sandbox, is_sealed_anyhow, needs};
use crate::config::place::PASSPHRASE;

/// A command of the guide.
struct Command {
    who: String,
    line: String,
    status: i32,
}

/// The lines `WHO$ COMMAND`, with what is said of the exit status.
fn commands(page: &str) -> Vec<Command> {
    let mut commands = Vec::new();
    let mut inside = false;
    for line in page.lines() {
        if line.starts_with("```") {
            inside = line == "```console";
            continue;
        }
        let Some((who, line)) =
            line.split_once("$ ").filter(|(who, _)| inside && !who.contains(' '))
        else {
            continue;
        };
        let (line, status) = match line.split_once("  # exit status ") {
            Some((line, status)) => (line, status.trim().parse().unwrap()),
            None => (line, 0),
        };
        commands.push(Command { who: who.to_owned(), line: line.to_owned(), status });
    }
    commands
}

/// The script that makes the frame: the first block of the page that is one for a shell.
fn frame(page: &str) -> &str {
    let (_, script) = page.split_once("```sh\n").unwrap();
    script.split_once("```").unwrap().0
}

fn page() -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/operations.md")).unwrap()
}

/// Follows the page to its end, with a git that begins with this branch.
fn follow(branch: &str) {
    needs("ssh-keygen", "openssh-client");
    let page = page();
    let sandbox = Sandbox::new();
    sandbox.sh(".", frame(&page));
    let commands = commands(&page);
    assert!(commands.len() > 40, "{}", commands.len());
    let mut places: BTreeMap<String, String> = BTreeMap::new();
    for Command { who, line, status } in commands {
        let at = places.entry(who.clone()).or_insert_with(|| who.clone()).clone();
        let mut command = sandbox.command("sh", &at);
        let place = sandbox.path("place");
        command
            .args(["-c", &format!("{line}\nstatus=$?\npwd >'{}'\nexit $status", place.display())])
            .env("HOME", sandbox.path(&who))
            .env("GIT_SHROUD_PASSPHRASE", PASSPHRASE)
            .env("GIT_COMMITTER_DATE", "2020-01-02T03:04:05Z")
            .env("GIT_CONFIG_COUNT", "1")
            .env("GIT_CONFIG_KEY_0", "init.defaultBranch")
            .env("GIT_CONFIG_VALUE_0", branch);
        for name in
            ["GIT_AUTHOR_NAME", "GIT_AUTHOR_EMAIL", "GIT_COMMITTER_NAME", "GIT_COMMITTER_EMAIL"]
        {
            command.env_remove(name);
        }
        let done = sandbox.run(command);
        assert_eq!(done.status, status, "{who}$ {line}\n{}{}", done.text(), done.stderr);
        // Nothing is printed that the page does not explain.
        for word in ["failed to encode", "warning: no attribute"] {
            assert!(!done.stderr.contains(word) || page.contains(word), "{}", done.stderr);
        }
        places.insert(who, fs::read_to_string(place).unwrap().trim_end().to_owned());
    }
    // What the host holds is sealed, but for the leak of the story.
    let listed = sandbox.git("server.git", ["ls-tree", "-r", "--name-only", "main"]).text();
    for path in listed.lines().filter(|path| path.starts_with("environments/")) {
        let blob = sandbox.blob("server.git", &format!("main:{path}"));
        assert!(is_sealed_anyhow(&blob), "{path}");
    }
}

#[test]
fn the_guide_for_operations_works_where_git_begins_with_main() {
    follow("main");
}

#[test]
fn the_guide_for_operations_works_where_git_begins_with_master() {
    follow("master");
}

#[test]
fn the_guide_explains_what_git_says_before_a_clone_is_unlocked() {
    let page = page();
    let explained = page.find("error: failed to encode").unwrap();
    assert!(explained < page.find("git clone").unwrap());
}
