//! The guide for an operations team: its commands are run in their order, each by the one who types it.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use crate::common::{Sandbox, contains, needs};
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

#[test]
fn the_guide_for_operations_works_as_it_stands_there() {
    needs("ssh-keygen", "openssh-client");
    let page = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/operations.md"))
        .unwrap();
    let sandbox = Sandbox::new();
    sandbox.git(".", ["init", "-q", "--bare", "-b", "main", "server.git"]);
    let mut places: BTreeMap<String, String> = BTreeMap::new();
    let commands = commands(&page);
    assert!(commands.len() > 40, "{}", commands.len());
    for who in commands.iter().map(|command| command.who.as_str()) {
        if places.contains_key(who) {
            continue;
        }
        let home = format!("{who}/home");
        fs::create_dir_all(sandbox.path(format!("{home}/.ssh"))).unwrap();
        let config = "[init]\n\tdefaultBranch = main\n[pull]\n\trebase = false\n";
        sandbox.write(format!("{home}/.gitconfig"), config);
        let make = format!("ssh-keygen -q -t ed25519 -N '' -C {who} -f .ssh/id_ed25519");
        sandbox.sh(&home, &format!("{make} && cp .ssh/id_ed25519.pub ../../{who}.pub"));
        places.insert(who.to_owned(), who.to_owned());
    }
    for Command { who, line, status } in commands {
        let mut command = sandbox.command("sh", &places[&who]);
        let place = sandbox.path("place");
        command
            .args(["-c", &format!("{line}\nstatus=$?\npwd >'{}'\nexit $status", place.display())])
            .env("HOME", sandbox.path(format!("{who}/home")))
            .env("GIT_SHROUD_PASSPHRASE", PASSPHRASE)
            .env("GIT_COMMITTER_DATE", "2020-01-02T03:04:05Z")
            .env("GIT_AUTHOR_NAME", &who)
            .env("GIT_COMMITTER_NAME", &who);
        let done = sandbox.run(command);
        assert_eq!(done.status, status, "{who}$ {line}\n{}{}", done.text(), done.stderr);
        places.insert(who, fs::read_to_string(place).unwrap().trim_end().to_owned());
    }
    // What the host holds is sealed, but for the leak of the story.
    let listed = sandbox.git("server.git", ["ls-tree", "-r", "--name-only", "main"]).text();
    for path in listed.lines().filter(|path| path.starts_with("environments/")) {
        let blob = sandbox.blob("server.git", &format!("main:{path}"));
        assert!(contains(&blob, b"SHROUD"), "{path}");
    }
}
