//! Labels: what a folder that no key verifies says of them counts for nothing, and nobody's file is overwritten.

use crate::common::attacker::RawKey;
use crate::member_attacks::{grants, member_file, plant, push, recipient, team};

#[test]
fn a_folder_that_no_key_verifies_gives_no_label() {
    let sandbox = team(&["alice"]);
    let (alice, carol) = (recipient(&sandbox, "alice"), sandbox.age_identity("carol"));
    let before = sandbox.read(member_file("default", "alice"));
    let foreign = RawKey([7; 32]);
    sandbox.write("repo/.shroud/other/key.toml", foreign.key_toml("other", 1, &[]));
    let text = foreign.age_member("other", 1, "alice", &carol);
    sandbox.write(member_file("other", "alice"), text);
    push(&sandbox);
    sandbox.shroud("repo", ["member", "add", &carol]);
    assert_eq!(sandbox.read(member_file("default", "alice")), before);
    let grants = grants(&sandbox);
    let of = |recipient: &str| {
        let found = grants.iter().find(|(key, _, one)| key == "default" && one == recipient);
        found.map(|(_, label, _)| label.clone())
    };
    assert_eq!(of(&alice).as_deref(), Some("alice"));
    assert_ne!(of(&carol).expect("carol has the key"), "alice");
    // Nor does such a folder keep a label from anybody.
    let dave = sandbox.age_identity("dave");
    let text = foreign.age_member("other", 1, "dave", &alice);
    sandbox.write(member_file("other", "dave"), text);
    sandbox.shroud("repo", ["member", "add", &dave, "--label", "dave"]).says("to 'dave'");
}

#[test]
fn a_key_that_the_attacker_shares_gives_no_label_that_is_anothers() {
    let sandbox = team(&["alice"]);
    let (alice, carol) = (recipient(&sandbox, "alice"), sandbox.age_identity("carol"));
    // A key that is held here, and that the attacker knows too.
    sandbox.shroud("repo", ["key", "new", "other", "-q"]);
    let text = sandbox.shroud("repo", ["key", "export", "--name", "other"]).text();
    let other = RawKey::from_key_file(&text, "other", 1);
    sandbox.write(member_file("other", "alice"), other.age_member("other", 1, "alice", &carol));
    push(&sandbox);
    sandbox.shroud("repo", ["member", "add", &carol]);
    sandbox.shroud("repo", ["member", "add", &carol, "--key", "other"]).says("already");
    let grants = grants(&sandbox);
    assert!(grants.contains(&("default".into(), "alice".into(), alice)), "{grants:?}");
}

#[test]
fn a_file_of_another_recipient_is_not_overwritten_by_a_label() {
    let sandbox = team(&["alice"]);
    let carol = sandbox.age_identity("carol");
    let add = ["member", "add", &carol, "--label", "alice"];
    sandbox.try_shroud("repo", add).expect(2).says("another member is called 'alice'");
    // The recipient's own file is.
    plant(&sandbox, "carol", &carol);
    sandbox.shroud("repo", ["member", "add", &carol]).says("'carol' is a member");
}
