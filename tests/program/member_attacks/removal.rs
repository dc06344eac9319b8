//! Who is removed: recipients, out of every key, whatever their files are called.

use std::os::unix::fs::symlink;

use crate::common::Sandbox;
use crate::member_attacks::{
    assert_has_nothing, grants, key, member_file, plant, push, recipient, team, with_user_id,
};

/// Nothing was rotated, and everybody has what they had.
#[track_caller]
fn assert_untouched(sandbox: &Sandbox, before: &[(String, String, String)]) {
    assert_eq!(grants(sandbox), before);
    let listed = sandbox.shroud("repo", ["key", "list", "--json"]).json();
    assert_eq!(listed["keys"][0]["generation"], 1);
}

#[test]
fn a_decoy_that_is_no_member_file_takes_no_bullet() {
    let sandbox = team(&["alice"]);
    let bob = sandbox.age_identity("bob");
    let text = with_user_id(&key(&sandbox), "robert", &bob, "Bob <bob@x.org>");
    sandbox.write(member_file("default", "robert"), text);
    for decoy in ["bob@x.org", &bob, "Bob"] {
        sandbox.write(member_file("default", decoy), "");
        push(&sandbox);
        let before = grants(&sandbox);
        for meant in ["bob@x.org", "robert", &bob] {
            let done = sandbox.try_shroud("repo", ["member", "remove", meant]).expect(1);
            done.says(&format!("members/{decoy}.toml")).says("nothing was changed");
        }
        assert_untouched(&sandbox, &before);
        sandbox.git("repo", ["rm", "-q", &format!(".shroud/default/members/{decoy}.toml")]);
        sandbox.git("repo", ["commit", "-q", "-m", "away"]);
    }
    sandbox.shroud("repo", ["member", "remove", "bob@x.org"]).says("robert").says(&bob);
    assert_has_nothing(&sandbox, &bob);
}

#[test]
fn a_decoy_that_is_taken_away_by_its_path_makes_way() {
    let sandbox = team(&["alice", "bob"]);
    let bob = recipient(&sandbox, "bob");
    for (stem, content) in [("it's $(touch x)", "x".repeat(5 << 20)), ("bob@x", String::new())] {
        sandbox.write(member_file("default", stem), content);
        push(&sandbox);
        let done = sandbox.try_shroud("repo", ["member", "remove", "bob"]).expect(1);
        let command = done.stderr.split("remove it: ").nth(1).unwrap().lines().next().unwrap();
        let command = command.replace("git shroud", "git-shroud");
        sandbox.sh("repo", &command);
        assert!(!sandbox.path(member_file("default", stem)).exists());
        assert!(!sandbox.path("repo/x").exists());
        sandbox.git("repo", ["commit", "-q", "-m", "away"]);
    }
    sandbox.shroud("repo", ["member", "remove", "bob"]);
    assert_has_nothing(&sandbox, &bob);
}

#[test]
fn a_decoy_that_has_the_only_file_of_a_name_takes_no_bullet_either() {
    let sandbox = team(&["alice", "bob"]);
    let bob = recipient(&sandbox, "bob");
    // No file says that bob has this address: the decoy alone has the name.
    sandbox.write(member_file("default", "bob@x.org"), "");
    push(&sandbox);
    let before = grants(&sandbox);
    for meant in [&["bob@x.org"][..], &["alice", "bob@x.org"]] {
        let done = sandbox.try_shroud("repo", [&["member", "remove"], meant].concat()).expect(1);
        done.says("members/bob@x.org.toml").says("nothing was changed").says("--no-rotate");
        assert_untouched(&sandbox, &before);
    }
    // By its path it is a file, and no person.
    let path = ".shroud/default/members/bob@x.org.toml";
    sandbox.shroud("repo", ["member", "remove", path, "bob"]).says(&bob);
    assert_has_nothing(&sandbox, &bob);
    assert!(!sandbox.path("repo").join(path).exists());
}

#[test]
fn the_same_recipient_under_another_label_is_removed_too() {
    let sandbox = team(&["alice", "bob"]);
    let bob = recipient(&sandbox, "bob");
    plant(&sandbox, "ci", &bob);
    sandbox.shroud("repo", ["key", "new", "prod", "-q"]);
    sandbox.shroud("repo", ["member", "add", &bob, "--key", "prod", "--label", "bob"]);
    push(&sandbox);
    let done = sandbox.shroud("repo", ["member", "remove", "bob"]);
    done.says("removed from key 'default': bob, ci").says("removed from key 'prod': bob");
    assert_has_nothing(&sandbox, &bob);
    sandbox.git("repo", ["commit", "-q", "-m", "bob leaves"]);
    sandbox.unlocked_clone("repo", "clone", "bob").expect(2).says("stays locked");
    sandbox.unlocked_clone("repo", "alices", "alice").expect(0);
}

#[test]
fn without_a_rotation_every_file_of_the_recipient_goes_too() {
    let sandbox = team(&["alice", "bob"]);
    let bob = recipient(&sandbox, "bob");
    plant(&sandbox, "ci", &bob);
    sandbox.write(member_file("default", "junk"), "");
    push(&sandbox);
    sandbox.shroud("repo", ["member", "remove", "ci", "--no-rotate"]).says("junk.toml");
    assert_has_nothing(&sandbox, &bob);
    assert!(sandbox.path(member_file("default", "junk")).exists());
}

#[test]
fn a_name_that_fits_several_recipients_removes_nobody() {
    let sandbox = team(&["alice", "bob"]);
    let (bob, decoy) = (recipient(&sandbox, "bob"), sandbox.age_identity("decoy"));
    let text = with_user_id(&key(&sandbox), "d", &decoy, "Bob <bob@x.org>");
    sandbox.write(member_file("default", "d"), text);
    let text = with_user_id(&key(&sandbox), "bob", &bob, "Bob <BOB@x.org>");
    sandbox.write(member_file("default", "bob"), text);
    push(&sandbox);
    let before = grants(&sandbox);
    let done = sandbox.try_shroud("repo", ["member", "remove", "bob@x.org"]).expect(2);
    done.says("means several members of key 'default': bob, d").says(&bob).says(&decoy);
    assert_untouched(&sandbox, &before);
    // The recipient itself is nobody else, in any form.
    sandbox.shroud("repo", ["member", "remove", &bob.to_uppercase()]);
    assert_has_nothing(&sandbox, &bob);
}

#[test]
fn a_name_that_was_signed_over_to_a_decoy_removes_nobody() {
    let sandbox = team(&["alice", "bob"]);
    let (bob, decoy) = (recipient(&sandbox, "bob"), sandbox.age_identity("decoy"));
    plant(&sandbox, "ci", &bob);
    plant(&sandbox, "bob", &decoy);
    let before = grants(&sandbox);
    let done = sandbox.try_shroud("repo", ["member", "remove", "bob"]).expect(1);
    done.says(&bob).says(&decoy).says("as 'ci' of key 'default'").says("nothing was changed");
    assert_untouched(&sandbox, &before);
    sandbox.shroud("repo", ["member", "remove", &bob]);
    assert_has_nothing(&sandbox, &bob);
    sandbox.git("repo", ["commit", "-q", "-m", "bob leaves"]);
    // Whoever is gone stands in nobody's way.
    sandbox.shroud("repo", ["member", "remove", "bob"]);
    assert_has_nothing(&sandbox, &decoy);
}

#[test]
fn a_folder_without_a_description_keeps_no_grant_of_a_removed_member() {
    let sandbox = team(&["alice", "bob"]);
    let bob = recipient(&sandbox, "bob");
    let text = crate::common::attacker::RawKey([7; 32]).age_member("junk", 1, "x", &bob);
    sandbox.write(member_file("junk", "x"), text);
    push(&sandbox);
    sandbox.shroud("repo", ["member", "remove", "bob"]).says("removed from key 'junk': x");
    assert!(!sandbox.path(member_file("junk", "x")).exists());
    sandbox.git("repo", ["diff", "--cached", "--quiet", "--exit-code", "--", "secrets/empty"]);
    let staged = sandbox.git("repo", ["ls-files", ".shroud/junk"]).text();
    assert_eq!(staged, "");
}

#[test]
fn a_label_that_looks_like_a_recipient_is_no_decoy_for_it() {
    let sandbox = team(&["alice", "bob"]);
    let (bob, decoy) = (recipient(&sandbox, "bob"), sandbox.age_identity("decoy"));
    plant(&sandbox, &bob, &decoy);
    sandbox.shroud("repo", ["member", "remove", &bob]);
    assert_has_nothing(&sandbox, &bob);
}

#[test]
fn a_folder_that_no_key_verifies_names_nobody() {
    let sandbox = team(&["alice", "bob"]);
    let (bob, decoy) = (recipient(&sandbox, "bob"), sandbox.age_identity("decoy"));
    let foreign = crate::common::attacker::RawKey([7; 32]);
    sandbox.write("repo/.shroud/other/key.toml", foreign.key_toml("other", 1, &[]));
    let text = foreign.age_member("other", 1, "bob", &decoy);
    sandbox.write(member_file("other", "bob"), text);
    push(&sandbox);
    sandbox.shroud("repo", ["member", "remove", "bob"]);
    assert_has_nothing(&sandbox, &bob);
    // Who is in it under a removed recipient is said, and what is left to do.
    let text = foreign.age_member("other", 1, "x", &recipient(&sandbox, "alice"));
    sandbox.write(member_file("other", "x"), text);
    push(&sandbox);
    let done = sandbox.try_shroud("repo", ["member", "remove", "alice"]).expect(1);
    done.says("key 'other'").says("--key default");
    sandbox.shroud("repo", ["member", "remove", "alice", "--key", "default"]);
}

#[test]
fn a_forged_file_for_a_colleague_takes_nothing_from_them() {
    let sandbox = team(&["alice", "bob"]);
    let alice = recipient(&sandbox, "alice");
    let forged =
        key(&sandbox).age_member("default", 1, "x", &alice).replace("mac = \"", "mac = \"0");
    sandbox.write(member_file("default", "x"), forged);
    push(&sandbox);
    let done = sandbox.try_shroud("repo", ["member", "remove", "bob"]).expect(1);
    done.says("x.toml: its mac fails").says("member remove x --key default --no-rotate");
    sandbox.shroud("repo", ["member", "remove", "x", "--key", "default", "--no-rotate"]);
    assert!(sandbox.path(member_file("default", "alice")).exists());
    assert!(!sandbox.path(member_file("default", "x")).exists());
    sandbox.shroud("repo", ["member", "remove", "bob"]);
}

#[test]
fn a_file_of_another_kind_stops_a_removal_and_hangs_nothing() {
    let sandbox = team(&["alice", "bob"]);
    let kinds: [(&str, &dyn Fn()); 3] = [
        ("p", &|| drop(sandbox.sh("repo", "mkfifo .shroud/default/members/p.toml"))),
        ("d", &|| std::fs::create_dir(sandbox.path(member_file("default", "d"))).unwrap()),
        ("l", &|| symlink("bob.toml", sandbox.path(member_file("default", "l"))).unwrap()),
    ];
    for (stem, make) in kinds {
        make();
        let done = sandbox.try_shroud("repo", ["member", "remove", "bob"]).expect(1);
        done.says(&format!("{stem}.toml")).says("nothing was changed");
        sandbox.sh("repo", &format!("rm -r .shroud/default/members/{stem}.toml"));
    }
    sandbox.shroud("repo", ["member", "remove", "bob"]);
}

#[test]
fn one_bad_description_stops_no_removal_from_other_keys() {
    let sandbox = team(&["alice", "bob"]);
    sandbox.write("repo/.shroud/other/key.toml", "nonsense");
    push(&sandbox);
    sandbox.shroud("repo", ["member", "remove", "bob"]);
    assert_has_nothing(&sandbox, &recipient(&sandbox, "bob"));
}
