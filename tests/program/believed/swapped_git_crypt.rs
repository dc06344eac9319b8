//! A git-crypt key that somebody has put in the place of the team's.

use crate::common::{Sandbox, needs};

fn fixture(name: &str) -> String {
    format!("{}/tests/fixtures/git-crypt/{name}", env!("CARGO_MANIFEST_DIR"))
}

/// Runs gpg in the sandbox's home.
fn gpg(sandbox: &Sandbox, script: &str) {
    sandbox.sh(".", script).expect(0);
}

#[test]
fn one_file_of_their_own_does_not_make_a_key_the_teams() {
    needs("gpg", "gnupg");
    let sandbox = Sandbox::new();
    sandbox.git(".", ["clone", "-q", &fixture("b-gpg.bundle"), "c"]);
    sandbox.sh(".", "mkdir -m 700 home/.gnupg").expect(0);
    gpg(
        &sandbox,
        &format!("gpg --batch -q --import {}", fixture("b-alice-ed25519-cv25519.secret.asc")),
    );
    // A key of the attacker's own, encrypted to Alice in the place of the default one.
    sandbox.sh(
        ".",
        "git init -q -b main evil; cd evil; git-crypt init; git-crypt export-key ../evil.key
         echo '*.x filter=git-crypt diff=git-crypt' > .gitattributes
         echo mine > a.x; git add .; git commit -qm evil; git cat-file blob HEAD:a.x > ../evil.blob
         cd ../c; file=$(ls .git-crypt/keys/default/0/*.gpg | head -1)
         for file in .git-crypt/keys/default/0/*.gpg; do
             rm $file
             gpg --batch -q --trust-model always -r $(gpg --list-keys --with-colons | sed -n 's/^fpr:*\\([0-9A-F]*\\):.*/\\1/p' | head -1) -o $file -e ../evil.key
         done; git add .git-crypt; git commit -qm swap",
    )
    .expect(0);
    let listed = sandbox.try_shroud("c", ["status", "--json"]).json();
    let files = listed["files"].as_array().unwrap();
    let path =
        files.iter().find(|file| file["key"] == "default").unwrap()["path"].as_str().unwrap();
    let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
    let name = path.rsplit('/').next().unwrap();
    let added = format!("{folder}{}0-{name}", if folder.is_empty() { "" } else { "/" });
    sandbox.stage_raw("c", &added, &sandbox.read("evil.blob"));
    sandbox.git("c", ["commit", "-q", "-m", "one of their own"]);
    sandbox.git("c", ["checkout", "-q", "-f", "HEAD"]);
    let done = sandbox.try_shroud("c", ["unlock"]);
    sandbox.sh(".", "gpgconf --kill all");
    assert_eq!(done.status, 1, "{done:?}");
    done.says("does not open")
        .says("somebody may have swapped it")
        .says("git log --stat -- .git-crypt");
    assert!(!sandbox.path("c/.git/git-crypt/keys/default").exists());
}
