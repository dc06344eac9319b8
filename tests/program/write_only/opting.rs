//! Who may set values is chosen for each key.

use super::{VALUE, contributed, contributor};
use crate::common::{Sandbox, text};

#[test]
fn a_new_key_may_be_write_only() {
    let sandbox = Sandbox::new();
    sandbox.sealed_repository("repo");
    sandbox.shroud("repo", ["key", "new", "-q", "drop", "--write-only"]);
    let file = text(sandbox.read("repo/.shroud/drop/key.toml"));
    assert!(file.contains("\npublic_key = \""), "{file}");
    assert!(!text(sandbox.read("repo/.shroud/default/key.toml")).contains("public_key"));
    sandbox.shroud("repo", ["track", "-q", "--values", "--key", "drop", "drop/**"]);
    sandbox.write("repo/drop/a.env", "A=one\n");
    sandbox.git("repo", ["add", "."]);
    sandbox.git("repo", ["commit", "-q", "-m", "drop"]);
    contributor(&sandbox, "clone");
    sandbox.write("clone/drop/new.env", format!("N={VALUE}\n"));
    sandbox.git("clone", ["add", "."]);
    assert!(text(sandbox.blob("clone", ":drop/new.env")).starts_with("N=shroud.v1."));
    let listed = sandbox.shroud("clone", ["key", "list", "--json"]).json();
    let public = |name: &str| {
        let keys = listed["keys"].as_array().unwrap().iter();
        keys.clone().find(|key| key["name"] == name).unwrap()["public_key"].clone()
    };
    assert!(file.contains(public("drop").as_str().unwrap()));
    assert!(public("default").is_null());
    // The rotation of one key says nothing of the other.
    sandbox.shroud("repo", ["key", "rotate", "-q", "default"]);
    assert!(!text(sandbox.read("repo/.shroud/default/key.toml")).contains("public_key"));
}

#[test]
fn an_interrupted_rotation_keeps_what_was_chosen() {
    let sandbox = Sandbox::new();
    sandbox.sealed_repository("repo");
    sandbox.try_shroud("repo", ["key", "rotate", "--continue", "--write-only"]).expect(2);
    sandbox.try_shroud("repo", ["key", "rotate", "--no-write-only", "--write-only"]).expect(2);
    sandbox.shroud("repo", ["key", "rotate", "-q", "--write-only", "--dry-run"]);
    assert!(!text(sandbox.read("repo/.shroud/default/key.toml")).contains("public_key"));
}

#[test]
fn a_malformed_public_key_is_a_clear_error() {
    let sandbox = contributed();
    let file = text(sandbox.read("clone/.shroud/default/key.toml"));
    let line = file.lines().find(|line| line.starts_with("public_key")).unwrap();
    for (bad, why) in [
        ("public_key = \"\"".to_owned(), "not 64 hexadecimal digits"),
        (format!("public_key = \"{}\"", "0".repeat(64)), "a point of low order"),
        (format!("public_key = \"01{}\"", "0".repeat(62)), "a point of low order"),
        (line.to_uppercase().replace("PUBLIC_KEY", "public_key"), "not 64 hexadecimal digits"),
    ] {
        sandbox.write("clone/.shroud/default/key.toml", file.replace(line, &bad));
        super::type_in(&sandbox, "clone", "A", VALUE);
        sandbox.try_git("clone", ["add", "conf"]).expect(128).says(why);
        let said = sandbox.try_shroud("clone", ["doctor"]).expect(1).text();
        assert!(said.contains(why), "{said}");
        sandbox.assert_no_object_holds("clone", VALUE.as_bytes());
    }
}
