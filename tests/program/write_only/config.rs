//! `git shroud config set` in a clone that does not hold the key.

use super::VALUE;
use crate::common::{Sandbox, text};
use crate::config::place::{configuration, try_set};

/// The configuration of those tests, with `prod` open to contributors, and a clone without any key in `clone`.
fn contributed() -> Sandbox {
    let sandbox = configuration();
    sandbox.shroud("repo", ["key", "rotate", "-q", "prod", "--write-only"]);
    sandbox.git("repo", ["commit", "-q", "-m", "Rotate keys"]);
    sandbox.git(".", ["clone", "-q", "repo", "clone"]);
    sandbox.git("repo", ["config", "receive.denyCurrentBranch", "updateInstead"]);
    sandbox
}

const FILE: &str = "environments/prod/app.properties";

#[test]
fn a_value_is_set_and_stays_sealed_on_disk() {
    let sandbox = contributed();
    let before = text(sandbox.read(format!("clone/{FILE}")));
    try_set(&sandbox, "clone", "prod", "db.password", VALUE).expect(0).says("first time");
    let after = text(sandbox.read(format!("clone/{FILE}")));
    assert!(!after.contains(VALUE) && after != before, "{after}");
    let changed = before.lines().zip(after.lines()).filter(|(a, b)| a != b).count();
    assert_eq!((changed, before.lines().count()), (1, after.lines().count()));
    // The same again is the same token: nothing for git to see.
    try_set(&sandbox, "clone", "prod", "db.password", VALUE).expect(0);
    assert_eq!(text(sandbox.read(format!("clone/{FILE}"))), after);
    // A new name, and one that the schema wants to be a number.
    try_set(&sandbox, "clone", "prod", "level", "info").expect(0);
    let refused = try_set(&sandbox, "clone", "prod", "db.pool", "many");
    assert_ne!(refused.status, 0, "{}", refused.stderr);
    try_set(&sandbox, "clone", "prod", "db.pool", "60").expect(0);
    sandbox.git("clone", ["commit", "-q", "-a", "-m", "Set values"]);
    assert_eq!(sandbox.git("clone", ["status", "--porcelain"]).text(), "");
    sandbox.shroud("clone", ["check", "HEAD^!"]);
    sandbox.git("clone", ["push", "-q"]);
    let read = text(sandbox.read(format!("repo/{FILE}")));
    assert!(read.contains(&format!("db.password: {VALUE}\n")), "{read}");
    assert!(read.contains("db.pool=60\n") && read.contains("level"), "{read}");
    assert_eq!(sandbox.git("repo", ["status", "--porcelain"]).text(), "");
    let got = sandbox.shroud("repo", ["config", "get", "prod", "db.password"]).text();
    assert_eq!(got.trim_end(), VALUE);
    sandbox.shroud("repo", ["config", "check"]);
    sandbox.assert_no_object_holds("clone", VALUE.as_bytes());
}

#[test]
fn a_generated_value_and_names_are_all_that_is_known() {
    let sandbox = contributed();
    sandbox.shroud("clone", ["config", "set", "prod", "db.password", "--generate"]);
    // Nobody here reads it, takes it out or gives it another name, under which nobody could open it.
    sandbox.try_shroud("clone", ["config", "get", "prod", "db.password"]).expect(3);
    let before = sandbox.read(format!("clone/{FILE}"));
    for args in [
        &["config", "unset", "prod", "db.password"][..],
        &["config", "rename", "db.password", "db.secret"],
    ] {
        assert_ne!(sandbox.try_shroud("clone", args).status, 0, "{args:?}");
        assert_eq!(sandbox.read(format!("clone/{FILE}")), before);
    }
}

#[test]
fn keys_that_are_for_holders_alone_are_refused_as_ever() {
    let sandbox = contributed();
    let refused = try_set(&sandbox, "clone", "dev", "db.password", VALUE).expect(1);
    refused.says("the key 'dev'").says("not held here");
    let file = text(sandbox.read("clone/environments/dev/app.properties"));
    assert!(!file.contains(VALUE));
}

#[test]
fn a_value_goes_from_an_environment_that_is_held() {
    let sandbox = contributed();
    sandbox.shroud("clone", ["unlock", "-q", "../dev.key"]);
    sandbox.shroud("clone", ["config", "copy", "dev", "prod", "db.url"]);
    sandbox.git("clone", ["commit", "-q", "-a", "-m", "Copy"]);
    sandbox.git("clone", ["push", "-q"]);
    let read = text(sandbox.read(format!("repo/{FILE}")));
    assert!(read.contains("db.url = https://dev.example.com\n"), "{read}");
}

#[test]
fn an_exchanged_public_key_stops_it_too() {
    let sandbox = contributed();
    try_set(&sandbox, "clone", "prod", "db.password", "first").expect(0);
    let path = "clone/.shroud/prod/key.toml";
    let file = text(sandbox.read(path));
    let line = file.lines().find(|line| line.starts_with("public_key")).unwrap();
    let mine = crate::common::attacker::RawKey([0x66; 32]).public();
    sandbox.write(path, file.replace(line, &format!("public_key = \"{mine}\"")));
    let before = sandbox.read(format!("clone/{FILE}"));
    let refused = try_set(&sandbox, "clone", "prod", "db.password", VALUE).expect(1);
    refused.says("somebody may have exchanged it");
    assert_eq!(sandbox.read(format!("clone/{FILE}")), before);
}

/// Names are all that can be held to the schema without the key, and they are.
#[test]
fn a_property_that_was_removed_is_found_without_the_key() {
    let sandbox = contributed();
    let schema = text(sandbox.read("clone/config.shroud.toml"));
    let check = |removed: &str| {
        let with = schema.replacen(
            "[properties.\"db.pool\"]\n",
            &format!("[properties.\"db.pool\"]\nremoved = \"{removed}\"\n"),
            1,
        );
        assert_ne!(with, schema);
        sandbox.write("clone/config.shroud.toml", with);
        sandbox
            .try_shroud("clone", ["config", "check", "prod", "--allow-locked", "--release", "2.0"])
    };
    let gone = check("1.0").expect(1).text();
    assert!(gone.contains("db.pool") && gone.contains("was removed in release 1.0"), "{gone}");
    let later = check("3.0");
    assert!(later.text().contains("is removed in release 3.0"), "{}", later.text());
}

#[test]
fn names_that_are_known_without_the_key_are_told_exactly() {
    let sandbox = contributed();
    let get = |name: &str| sandbox.try_shroud("clone", ["config", "get", "prod", name]);
    get("db.password").expect(3).says("prod sets db.password, and it is locked");
    let unset = get("old").expect(1);
    unset.says("does not set old").says("no default");
    assert_eq!(get("level").expect(0).text().trim_end(), "info");
    // Who set it, changed it and took it out, without any value.
    try_set(&sandbox, "clone", "prod", "db.password", VALUE).expect(0);
    sandbox.git("clone", ["commit", "-q", "-a", "-m", "Set it"]);
    let log = |name: &str| sandbox.try_shroud("clone", ["config", "log", "prod", name]);
    let said = log("db.password").expect(3).text();
    let actions: Vec<&str> = said.lines().filter_map(|line| line.split("  ").nth(3)).collect();
    // A rotation may have changed nothing.
    assert_eq!(
        actions.iter().map(|action| action.trim()).collect::<Vec<_>>(),
        ["changed", "unknown", "set"],
        "{said}"
    );
    let file = text(sandbox.read(format!("clone/{FILE}")));
    let kept: String =
        file.split_inclusive('\n').filter(|line| !line.contains("db.pool")).collect();
    sandbox.write(format!("clone/{FILE}"), kept);
    sandbox.git("clone", ["commit", "-q", "-a", "-m", "Take it out"]);
    let said = log("db.pool").text();
    assert!(said.lines().next().unwrap().contains("removed"), "{said}");
}

#[test]
fn a_key_that_is_not_write_only_any_more_is_named() {
    let sandbox = contributed();
    sandbox.shroud("repo", ["key", "rotate", "-q", "prod", "--no-write-only"]);
    sandbox.git("repo", ["commit", "-q", "-m", "Rotate keys"]);
    sandbox.git("clone", ["pull", "-q"]);
    let said = try_set(&sandbox, "clone", "prod", "db.password", VALUE).expect(1);
    said.says("the key 'prod' generation 3 is not held here").says("not write-only any more");
    let said = try_set(&sandbox, "clone", "dev", "db.password", VALUE).expect(1);
    assert!(!said.stderr.contains("write-only"), "{}", said.stderr);
}

/// Somebody has damaged a value, or forged it. Whoever may set it says what it is.
#[test]
fn a_damaged_value_is_set_anew() {
    let sandbox = contributed();
    let damage = |name: &str| {
        let stored = text(sandbox.blob("repo", &format!(":{FILE}")));
        let at = stored.find(name).unwrap()
            + stored[stored.find(name).unwrap()..].find("shroud.v1.").unwrap()
            + 40;
        let other = if &stored[at..=at] == "A" { "B" } else { "A" };
        let stored = format!("{}{other}{}", &stored[..at], &stored[at + 1..]);
        sandbox.stage_raw("repo", FILE, stored.as_bytes());
        sandbox.git("repo", ["commit", "-q", "-m", "Damaged"]);
        sandbox.git("repo", ["checkout", "-q", "-f", "HEAD", "--", "environments"]);
        assert!(text(sandbox.read(format!("repo/{FILE}"))).contains("shroud.v1."));
    };
    damage("db.password");
    // A rotation names the value, and what to do.
    let refused = sandbox.try_shroud("repo", ["key", "rotate", "prod"]).expect(1);
    refused.says(FILE).says("'db.password'").says("config set");
    assert!(!sandbox.path("repo/.git/git-shroud/rotation").exists());
    // Another name can be set, and git names the one that is damaged.
    try_set(&sandbox, "repo", "prod", "db.pool", "70").expect(0);
    sandbox.git("repo", ["add", "environments"]).says("db.password");
    try_set(&sandbox, "repo", "prod", "db.password", VALUE).expect(0);
    let read = text(sandbox.read(format!("repo/{FILE}")));
    assert!(read.contains(VALUE) && !read.contains("shroud.v1."), "{read}");
    sandbox.git("repo", ["commit", "-q", "-a", "-m", "Set anew"]);
    sandbox.shroud("repo", ["status"]);
    sandbox.shroud("repo", ["key", "rotate", "-q", "prod"]);
    sandbox.git("repo", ["commit", "-q", "-m", "Rotate keys"]);
    // Without the key it is no different.
    damage("db.password");
    sandbox.git("clone", ["pull", "-q"]);
    try_set(&sandbox, "clone", "prod", "db.password", "again").expect(0);
    sandbox.git("clone", ["commit", "-q", "-a", "-m", "Set anew"]);
    sandbox.git("clone", ["push", "-q"]);
    let got = sandbox.shroud("repo", ["config", "get", "prod", "db.password"]).text();
    assert_eq!(got.trim_end(), "again");
}

/// Each of several is set by itself; what is left stays as it is, and is named.
#[test]
fn several_damaged_values_are_set_one_after_the_other() {
    let sandbox = contributed();
    let stored = text(sandbox.blob("repo", &format!(":{FILE}")));
    let names = ["db.password", "db.pool"];
    for is_odd in [false, true] {
        let broken = names.iter().fold(stored.clone(), |stored, name| {
            let at = stored.find(name).unwrap();
            let at = at + stored[at..].find("shroud.v1.").unwrap() + 40;
            let other = if &stored[at..=at] == "A" { "B" } else { "A" };
            format!("{}{}{}", &stored[..at], if is_odd { "!" } else { other }, &stored[at + 1..])
        });
        sandbox.stage_raw("repo", FILE, broken.as_bytes());
        sandbox.git("repo", ["commit", "-q", "--no-verify", "-m", "Damaged"]);
        sandbox.git("repo", ["checkout", "-q", "-f", "HEAD", "--", "environments"]);
        let checked = sandbox.try_shroud("repo", ["config", "check"]);
        let said = format!("{}{}", String::from_utf8_lossy(&checked.stdout), checked.stderr);
        assert!(!said.contains("plaintext"), "{said}");
        try_set(&sandbox, "repo", "prod", names[0], VALUE).expect(0);
        assert!(text(sandbox.read(format!("repo/{FILE}"))).contains("shroud.v1."));
        sandbox.git("repo", ["add", "environments"]).says(names[1]);
        try_set(&sandbox, "repo", "prod", names[1], "70").expect(0);
        let read = text(sandbox.read(format!("repo/{FILE}")));
        assert!(read.contains(VALUE) && !read.contains("shroud.v1."), "{read}");
        sandbox.git("repo", ["reset", "-q", "--hard", "HEAD~1"]);
    }
}

/// Before anybody has filled it in, a file by value holds nothing that is sealed.
#[test]
fn a_file_without_values_stops_no_rotation() {
    let sandbox = contributed();
    sandbox.write(format!("repo/{FILE}"), "# nothing yet\n");
    sandbox.git("repo", ["commit", "-q", "-a", "-m", "Nothing yet"]);
    sandbox.shroud("repo", ["key", "rotate", "-q", "prod"]);
    sandbox.git("repo", ["commit", "-q", "-m", "Rotate keys"]);
    sandbox.shroud("repo", ["status"]);
}
