//! Members, played from the side of somebody who can push: decoys, second labels, foreign labels, files that are none.

mod flood;
mod labels;
mod messages;
mod names;
#[cfg(unix)]
mod removal;
mod unlocking;

use std::collections::BTreeMap;

use crate::common::Sandbox;
use crate::common::attacker::RawKey;

/// A repository with these members by age, committed.
pub(crate) fn team(members: &[&str]) -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.repository_with_members("repo", members);
    sandbox
}

/// The current key, as every member knows it.
pub(crate) fn key(sandbox: &Sandbox) -> RawKey {
    let text = sandbox.shroud("repo", ["key", "export"]).text();
    RawKey::from_key_file(&text, "default", 1)
}

/// The recipient of somebody with an identity in `NAME.age`.
pub(crate) fn recipient(sandbox: &Sandbox, name: &str) -> String {
    let text = String::from_utf8(sandbox.read(format!("{name}.age"))).unwrap();
    let line = text.lines().find_map(|line| line.strip_prefix("# public key: "));
    line.unwrap().to_owned()
}

pub(crate) fn member_file(key: &str, stem: &str) -> String {
    format!("repo/.shroud/{key}/members/{stem}.toml")
}

/// Puts a file for this recipient under this label, signed by a holder of the key, and commits it.
pub(crate) fn plant(sandbox: &Sandbox, label: &str, recipient: &str) {
    let text = key(sandbox).age_member("default", 1, label, recipient);
    sandbox.write(member_file("default", label), text);
    push(sandbox);
}

/// A member file with a user id; what is wrapped in it opens for nobody.
pub(crate) fn with_user_id(key: &RawKey, label: &str, recipient: &str, user_id: &str) -> String {
    let fields = BTreeMap::from([("user_id", user_id)]);
    key.member_toml(
        1,
        label,
        recipient,
        &fields,
        &crate::common::attacker::age_wrap(recipient, "nothing"),
    )
}

pub(crate) fn push(sandbox: &Sandbox) {
    sandbox.git("repo", ["add", "--force", ".shroud"]);
    sandbox.git("repo", ["commit", "-q", "-m", "pushed by somebody"]);
}

/// What is said of every grant: key, label and recipient.
pub(crate) fn grants(sandbox: &Sandbox) -> Vec<(String, String, String)> {
    let listed = sandbox.try_shroud("repo", ["member", "list", "--json"]).json();
    let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
    let mut grants = Vec::new();
    for key in listed["keys"].as_array().unwrap() {
        for member in key["members"].as_array().unwrap() {
            grants.push((text(&key["name"]), text(&member["label"]), text(&member["recipient"])));
        }
    }
    grants
}

/// Panics if any grant is for this recipient.
#[track_caller]
pub(crate) fn assert_has_nothing(sandbox: &Sandbox, recipient: &str) {
    let grants = grants(sandbox);
    assert!(!grants.iter().any(|(_, _, one)| one == recipient), "{grants:?}");
}
