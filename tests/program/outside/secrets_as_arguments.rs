//! A secret where a name belongs: no message repeats it, and no command takes it for one.

use crate::common::{SECRETS, Sandbox};

struct Secrets {
    sandbox: Sandbox,
    all: Vec<(&'static str, String)>,
}

/// A repository, and every kind of secret that a user may have in the clipboard.
fn secrets() -> Secrets {
    let sandbox = Sandbox::new();
    sandbox.sealed_repository("repo");
    sandbox.git(".", ["clone", "-q", "repo", "clone"]);
    let key_file = String::from_utf8(sandbox.read("team.key")).unwrap();
    let token = key_file.split_whitespace().last().unwrap().to_owned();
    let words = sandbox.shroud("repo", ["key", "export", "--words"]).text();
    let words: Vec<_> = words
        .split_whitespace()
        .filter(|word| word.len() > 2 && word.bytes().all(|byte| byte.is_ascii_lowercase()))
        .collect();
    let words = words[words.len() - 24..].join(" ");
    sandbox
        .shroud("repo", ["key", "split", "--threshold", "2", "--shares", "2", "-o", "../shares"]);
    let share = sandbox.path("shares-share-1-of-2.txt");
    let share = std::fs::read_to_string(share).unwrap();
    let share = share.lines().find(|line| line.starts_with("GIT-SHROUD-SHARE-1")).unwrap();
    sandbox.age_identity("bob");
    let identity = String::from_utf8(sandbox.read("bob.age")).unwrap();
    let identity = identity.lines().last().unwrap().to_owned();
    let encoded = sandbox.sh("repo", "base64 -w0 ../team.key").text();
    let all = vec![
        ("token", token.clone()),
        ("token in lower case", token.to_lowercase()),
        ("entry", format!("default 1 {token}")),
        ("token with a mark before it", format!("key={token}")),
        ("key file", key_file),
        ("words", words),
        ("share", share.to_owned()),
        ("age identity", identity),
        ("Base64 of the key file", encoded.trim().to_owned()),
        (
            "private key",
            "-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjEAAAAABG5v\n".to_owned(),
        ),
    ];
    Secrets { sandbox, all }
}

/// Every part of a secret that says something of it.
fn parts(secret: &str) -> Vec<String> {
    let parts = secret.split(|c: char| !c.is_ascii_alphanumeric() && c != '-');
    let long = parts.filter(|part| part.len() > 16 && !part.starts_with("-----"));
    let long: Vec<_> = long.map(|part| part[part.len() - 12..].to_owned()).collect();
    if long.is_empty() { vec![secret.to_owned()] } else { long }
}

#[test]
fn no_command_repeats_a_secret_that_was_given_as_an_argument() {
    let Secrets { sandbox, all } = secrets();
    let commands: [&[&str]; 18] = [
        &["unlock"],
        &["unlock", "-i"],
        &["key", "import"],
        &["key", "export", "--verify"],
        &["key", "new"],
        &["member", "add"],
        &["member", "remove"],
        &["member", "add", "age1x", "--label"],
        &["cat"],
        &["why"],
        &["track"],
        &["track", "--key"],
        &["status"],
        &["log"],
        &["blame"],
        &["-C"],
        &["no-such-command"],
        &["lock", "--no-such-option"],
    ];
    for (kind, secret) in &all {
        for command in commands {
            let mut arguments = command.to_vec();
            arguments.push(secret);
            let done = sandbox.try_shroud("clone", &arguments);
            assert!(done.status != 0, "{command:?} {kind}: {}", done.stderr);
            let said = format!("{}{}", done.text(), done.stderr).to_lowercase();
            for part in parts(secret) {
                assert!(!said.contains(&part.to_lowercase()), "{command:?} {kind}: {said}");
            }
            done.says("not shown");
        }
    }
    assert_eq!(sandbox.git("clone", ["status", "--porcelain"]).text(), "", "nothing was written");
    // Each word an argument of its own.
    let words = &all.iter().find(|(kind, _)| *kind == "words").unwrap().1;
    let arguments = ["key", "combine"].into_iter().chain(words.split(' '));
    let done = sandbox.try_shroud("clone", arguments).expect(2).says("not shown");
    // One word alone may well be one of the message.
    let words: Vec<_> = words.split(' ').collect();
    assert!(words.windows(2).all(|pair| !done.stderr.contains(&pair.join(" "))), "{}", done.stderr);
}

#[test]
fn a_variable_that_holds_the_key_in_place_of_a_file_is_not_repeated() {
    let Secrets { sandbox, all } = secrets();
    let token = &all[0].1;
    for (name, value) in [
        ("GIT_SHROUD_KEYRING", format!("default 1 {token}")),
        ("GIT_SHROUD_KEYRING", format!("/no/such/{token}")),
        ("GIT_SHROUD_KEY", format!("export KEY={token}")),
        ("GIT_DIR", token.clone()),
    ] {
        let done = sandbox.try_shroud_with((name, &value), "clone", &["status"]);
        assert!(done.status != 0, "{name}");
        assert!(!done.stderr.contains(&token[20..]), "{name}: {}", done.stderr);
    }
}

#[test]
fn what_another_program_is_to_have_is_handed_on() {
    let Secrets { sandbox, all } = secrets();
    let token = &all[0].1;
    sandbox.write("repo/secrets/db.env", format!("TOKEN={token}\n"));
    sandbox.git("repo", ["commit", "-qam", "token"]);
    let found =
        sandbox.shroud("repo", ["log", "-S", token, "--format=%s", "--no-patch", "secrets/db.env"]);
    assert_eq!(found.text(), "token\n");
    // A file of such a name is a file.
    let path = format!("secrets/{token}");
    sandbox.write(format!("repo/{path}"), SECRETS[0].1);
    sandbox.git("repo", ["add", &path]);
    sandbox.git("repo", ["config", "--unset", "filter.shroud.process"]);
    sandbox.git("repo", ["add", "--renormalize", &path]);
}
