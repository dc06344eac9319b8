//! Which key seals a path, and what a filter does with what somebody else has pushed.

mod damaged;
mod generations;
mod key_names;
mod retired;

use crate::common::{Sandbox, is_sealed};

/// The id of the key that sealed a blob.
#[track_caller]
pub(crate) fn sealed_with(sandbox: &Sandbox, dir: &str, name: &str) -> String {
    let blob = sandbox.blob(dir, name);
    assert!(is_sealed(&blob), "{name} is not sealed");
    blob[8..24].iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The id of a held key, by name and generation.
#[track_caller]
pub(crate) fn key_id(sandbox: &Sandbox, dir: &str, name: &str, generation: u64) -> String {
    let json = sandbox.shroud(dir, ["key", "list", "--json"]).json();
    let keys = json["keys"].as_array().unwrap().clone();
    let wanted = |key: &&serde_json::Value| key["name"] == name && key["generation"] == generation;
    keys.iter().find(wanted).unwrap_or_else(|| panic!("{json}"))["id"].as_str().unwrap().to_owned()
}

/// The state that `status` gives a path.
#[track_caller]
pub(crate) fn state(sandbox: &Sandbox, dir: &str, path: &str) -> String {
    let json = sandbox.try_shroud(dir, ["status", "--json"]).json();
    let files = json["files"].as_array().unwrap().clone();
    let file = files.iter().find(|file| file["path"] == path);
    file.unwrap_or_else(|| panic!("{path}: {json}"))["state"].as_str().unwrap().to_owned()
}

/// Commits everything.
pub(crate) fn commit(sandbox: &Sandbox, dir: &str, message: &str) {
    sandbox.git(dir, ["add", "-A"]);
    sandbox.git(dir, ["commit", "-q", "-m", message]);
}
