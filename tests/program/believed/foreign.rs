//! A key where nothing shows that it belongs there.

use crate::common::Sandbox;

#[test]
fn a_repository_with_nothing_to_compare_takes_no_key() {
    let sandbox = Sandbox::new();
    sandbox.sealed_repository("repo");
    sandbox.git(".", ["init", "-q", "-b", "main", "empty"]);
    sandbox.git("repo", ["init", "-q", "-b", "main", "nested"]);
    sandbox.git(".", ["init", "-q", "-b", "main", "plain"]);
    sandbox.write("plain/README", "text");
    sandbox.git("plain", ["add", "."]);
    sandbox.git("plain", ["commit", "-q", "-m", "text"]);
    for (dir, key) in
        [("empty", "../team.key"), ("repo/nested", "../../team.key"), ("plain", "../team.key")]
    {
        for command in [["unlock", key].as_slice(), &["key", "import", key]] {
            let done = sandbox.try_shroud(dir, command).expect(1);
            done.says("nothing in this repository is sealed with the key 'default'")
                .says("git shroud init")
                .says("--trust-key");
            assert!(!sandbox.path(dir).join(".git/git-shroud/keyring").exists());
        }
        // What comes next works with a key of its own.
        sandbox.shroud(dir, ["init", "-q"]);
        sandbox.shroud(dir, ["track", "-q", "s/**"]);
    }
}

#[test]
fn a_foreign_key_of_another_name_is_refused_and_one_of_another_branch_taken() {
    let sandbox = Sandbox::new();
    sandbox.sealed_repository("repo");
    sandbox.git(".", ["init", "-q", "-b", "main", "other"]);
    sandbox.shroud("other", ["init", "-q", "--key", "foreign"]);
    sandbox.shroud("other", ["key", "export", "-q", "-o", "../other.key"]);
    let refused = sandbox.try_shroud("repo", ["unlock", "../other.key"]);
    assert_ne!(refused.status, 0);
    sandbox.git(".", ["clone", "-q", "repo", "clone"]);
    sandbox.git("clone", ["checkout", "-q", "--orphan", "alone"]);
    sandbox.git("clone", ["rm", "-r", "-q", "-f", "."]);
    sandbox.shroud("clone", ["unlock", "../team.key"]);
    let id = sandbox.shroud("repo", ["key", "list", "--json"]).json()["keys"][0]["id"].clone();
    sandbox.git(".", ["init", "-q", "-b", "main", "empty"]);
    sandbox.shroud("empty", ["unlock", "../team.key", "--trust-key", id.as_str().unwrap()]);
    // After a lock it is known.
    sandbox.shroud("empty", ["lock"]);
    sandbox.shroud("empty", ["unlock", "../team.key"]);
}

#[test]
fn a_foreign_key_of_an_earlier_generation_is_refused_and_a_true_one_taken() {
    let sandbox = Sandbox::new();
    sandbox.sealed_repository("repo");
    sandbox.foreign_key();
    sandbox.shroud("repo", ["key", "rotate", "-q"]);
    sandbox.git("repo", ["commit", "-q", "-m", "rotate"]);
    sandbox.shroud("repo", ["key", "export", "-q", "-o", "../both.key"]);
    let url = format!("file://{}", sandbox.path("repo").display());
    sandbox.git("repo", ["config", "uploadpack.allowFilter", "true"]);
    for kind in ["--no-tags", "--filter=blob:none"] {
        for (file, status) in [("other", 2), ("team", 3), ("both", 0)] {
            let _ = std::fs::remove_dir_all(sandbox.path("clone"));
            sandbox.git(".", ["clone", "-q", kind, &url, "clone"]);
            let done = sandbox.try_shroud("clone", ["unlock", &format!("../{file}.key")]);
            let done = done.expect(status);
            assert_eq!(done.stderr.contains("does not belong here"), status == 2, "{done:?}");
            let keyring = sandbox.path("clone/.git/git-shroud/keyring");
            assert_eq!(keyring.exists(), status != 2, "{kind} {file}");
        }
    }
    // A shallow clone lacks what described the earlier one.
    sandbox.git(".", ["clone", "-q", "--depth=1", &url, "shallow"]);
    sandbox.try_shroud("shallow", ["unlock", "../team.key"]).expect(3);
}

#[test]
fn a_repository_without_git_crypt_takes_no_key_of_it() {
    let sandbox = Sandbox::new();
    sandbox.git(".", ["init", "-q", "-b", "main", "empty"]);
    let key = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let key = key.join("tests/fixtures/git-crypt/b-default.key");
    let key = key.to_str().unwrap();
    sandbox
        .try_shroud("empty", ["unlock", key])
        .expect(1)
        .says("may belong elsewhere")
        .says("--trust-key");
    assert!(!sandbox.path("empty/.git/git-crypt").exists());
    sandbox.write("empty/.gitattributes", "*.secret filter=git-crypt diff=git-crypt\n");
    sandbox.shroud("empty", ["unlock", key]);
}
