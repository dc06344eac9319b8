//! From `init` to a second clone, with the real git.

use crate::common::{SECRETS, Sandbox, is_sealed};

#[test]
fn a_repository_is_sealed_cloned_unlocked_and_locked() {
    let sandbox = Sandbox::new();
    sandbox.sealed_repository("repo");
    for (path, content) in SECRETS {
        assert_eq!(
            is_sealed(&sandbox.blob("repo", &format!("HEAD:{path}"))),
            !content.is_empty(),
            "{path}"
        );
    }
    sandbox.assert_no_object_holds("repo", b"canary");

    sandbox.git(".", ["clone", "-q", "repo", "clone"]);
    let locked = sandbox.read("clone/secrets/db.env");
    assert!(is_sealed(&locked));
    sandbox.shroud("clone", ["unlock", "../team.key"]).says("opened 2 files");
    for (path, content) in SECRETS {
        assert_eq!(sandbox.read(format!("clone/{path}")), content.as_bytes(), "{path}");
    }
    assert_eq!(sandbox.git("clone", ["status", "--porcelain"]).text(), "");

    sandbox.shroud("clone", ["lock"]).says("sealed 2 files");
    assert_eq!(sandbox.read("clone/secrets/db.env"), locked);
    assert_eq!(sandbox.git("clone", ["status", "--porcelain"]).text(), "");
    sandbox.write("clone/secrets/new", "canary-new");
    sandbox.try_git("clone", ["add", "."]).expect(128).says("the key 'default' is not held here");
    sandbox.assert_no_object_holds("clone", b"canary");
}

#[test]
fn the_only_copy_of_a_key_is_never_given_up() {
    let sandbox = Sandbox::new();
    sandbox.git(".", ["init", "-q", "repo"]);
    sandbox.shroud("repo", ["init"]);
    sandbox.try_shroud("repo", ["lock"]).expect(1).says("never exported");
    sandbox.try_shroud("repo", ["lock", "--force"]).expect(1).says("git shroud key export");
    let doctor = sandbox.try_shroud("repo", ["doctor"]).expect(0).text();
    assert!(doctor.contains("never exported"), "{doctor}");
    sandbox.shroud("repo", ["key", "export", "-o", "../key"]);
    sandbox.shroud("repo", ["doctor"]);
    sandbox.shroud("repo", ["lock"]);
    sandbox.shroud("repo", ["unlock", "../key"]);
    sandbox.shroud("repo", ["lock"]);
}
