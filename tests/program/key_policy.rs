//! `key policy`: what a key asks of its members and backups.

use crate::common::{Done, Sandbox};

fn team() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.repository_with_members("repo", &["ann", "bob", "eve"]);
    sandbox
}

fn policy(sandbox: &Sandbox, options: &[&str]) -> Done {
    let done = sandbox.try_shroud("repo", [&["key", "policy"], options].concat());
    if done.status == 0 && !options.is_empty() {
        sandbox.git("repo", ["commit", "-q", "-m", "policy"]);
    }
    done
}

#[test]
fn it_is_set_shown_and_kept_by_a_rotation() {
    let sandbox = team();
    assert_eq!(policy(&sandbox, &[]).expect(0).text(), "default  asks nothing\n");
    policy(&sandbox, &["--members", "2", "--recipients", "age,ssh"])
        .expect(0)
        .says("the key 'default' asks: members=2 recipients=age,ssh");
    policy(&sandbox, &["--certificate-days", "30"]).expect(0);
    let text = "default  members=2 recipients=age,ssh certificate-days=30\n";
    assert_eq!(policy(&sandbox, &[]).expect(0).text(), text);
    sandbox.shroud("repo", ["key", "rotate"]);
    sandbox.git("repo", ["commit", "-q", "-m", "rotate"]);
    assert_eq!(sandbox.shroud("repo", ["key", "policy", "default"]).text(), text);
    policy(&sandbox, &["--members", "0", "--recipients", "all", "--certificate-days", "0"])
        .expect(0)
        .says("asks nothing");
    let toml = String::from_utf8(sandbox.read("repo/.shroud/default/key.toml")).unwrap();
    assert!(!toml.contains("policy"), "{toml}");
    // Colleagues read it.
    sandbox.unlocked_clone("repo", "clone", "bob");
}

#[test]
fn member_remove_refuses_to_go_below_and_says_the_way_out() {
    let sandbox = team();
    policy(&sandbox, &["--members", "3"]).expect(0);
    for options in [&["bob"][..], &["bob", "--no-rotate"], &["bob", "--dry-run"]] {
        let remove = [&["member", "remove"], options].concat();
        sandbox
            .try_shroud("repo", remove)
            .expect(1)
            .says("would have 2 members, and its policy asks for at least 3; nobody was removed")
            .says("git shroud key policy default --members N");
    }
    assert_eq!(sandbox.git("repo", ["status", "--porcelain"]).text(), "");
    policy(&sandbox, &["--members", "2"]).expect(0);
    sandbox.shroud("repo", ["member", "remove", "bob"]);
}

#[test]
fn member_add_refuses_what_is_not_allowed() {
    let sandbox = team();
    policy(&sandbox, &["--recipients", "ssh"]).expect(0);
    let carol = sandbox.age_identity("carol");
    sandbox
        .try_shroud("repo", ["member", "add", &carol, "--label", "carol"])
        .expect(1)
        .says("'carol' is a recipient of the kind age")
        .says("'git shroud key policy default' shows it");
    assert!(!sandbox.path("repo/.shroud/default/members/carol.toml").exists());
    policy(&sandbox, &["--recipients", "all", "--post-quantum"]).expect(0);
    sandbox
        .try_shroud("repo", ["member", "add", &carol])
        .expect(1)
        .says("has a grant that is not post-quantum");
    policy(&sandbox, &["--no-post-quantum"]).expect(0);
    sandbox.shroud("repo", ["member", "add", &carol]);
}

#[test]
fn check_and_doctor_report_what_is_not_so() {
    let sandbox = team();
    sandbox.shroud("repo", ["check", "--all"]);
    policy(&sandbox, &["--members", "4", "--backups", "1", "--recipients", "openpgp"]).expect(0);
    // A clone without a key, as in CI.
    sandbox.git(".", ["clone", "-q", "repo", "ci"]);
    for dir in ["repo", "ci"] {
        let check = sandbox.try_shroud(dir, ["check", "--all"]).expect(1);
        let check = check
            .says("the policy of the key 'default': it has 3 members, and should have at least 4");
        check.says("the member 'eve' is a recipient of the kind age");
        let json = sandbox.try_shroud(dir, ["check", "--all", "--json"]).expect(1).json();
        assert_eq!(json["policy"].as_array().unwrap().len(), 4, "{json}");
        // What is committed is another matter.
        sandbox.shroud(dir, ["check", "--staged"]);
    }
    let doctor = sandbox.try_shroud("repo", ["doctor"]).expect(1).text();
    assert!(doctor.contains("it has 3 members, and should have at least 4"), "{doctor}");
    assert!(doctor.contains("0 kinds of a backup verified here"), "{doctor}");
    policy(&sandbox, &["--members", "3", "--recipients", "all"]).expect(0);
    sandbox.shroud("repo", ["key", "export", "-o", "../backup.key"]);
    sandbox.shroud("repo", ["key", "export", "--verify", "../backup.key"]);
    sandbox.shroud("repo", ["check", "--all"]);
    let doctor = sandbox.try_shroud("repo", ["doctor"]).text();
    assert!(!doctor.contains("policy"), "{doctor}");
}

#[test]
fn who_has_no_key_cannot_change_it_and_is_noticed() {
    let sandbox = team();
    policy(&sandbox, &["--members", "3"]).expect(0);
    let file = "repo/.shroud/default/key.toml";
    let toml = String::from_utf8(sandbox.read(file)).unwrap();
    for changed in
        [toml.replace("policy = \"members=3\"\n", ""), toml.replace("members=3", "members=1")]
    {
        assert_ne!(changed, toml);
        sandbox.write(file, &changed);
        sandbox.git("repo", ["commit", "-q", "-a", "-m", "by an attacker"]);
        sandbox.try_shroud("repo", ["member", "remove", "bob"]).expect(1);
        let doctor = sandbox.try_shroud("repo", ["doctor"]).expect(1).text();
        assert!(doctor.contains("somebody without the key changed"), "{doctor}");
        sandbox.git("repo", ["reset", "-q", "--hard", "HEAD^"]);
    }
    sandbox.write(file, toml.replace("members=3", "members=3 escape=\u{1b}"));
    let doctor = sandbox.try_shroud("repo", ["doctor"]).expect(1).text();
    assert!(!doctor.contains('\u{1b}'), "{doctor}");
}

#[test]
fn a_locked_clone_shows_it_and_does_not_set_it() {
    let sandbox = team();
    policy(&sandbox, &["--members", "3"]).expect(0);
    sandbox.git(".", ["clone", "-q", "repo", "ci"]);
    assert_eq!(sandbox.shroud("ci", ["key", "policy"]).text(), "default  members=3\n");
    sandbox.try_shroud("ci", ["key", "policy", "--members", "1"]).expect(1).says("not held here");
    for wrong in [&["--members", "-1"][..], &["--recipients", "fax"], &["--members", "4294967296"]]
    {
        let wrong = [&["key", "policy"], wrong].concat();
        sandbox.try_shroud("repo", wrong).expect(2);
    }
}
