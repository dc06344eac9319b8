//! A command as a member: the recipe of docs/command-members.md for pass, with the real pass, gpg and age.

use crate::common::{Sandbox, needs};

const RECIPE: &str = include_str!("../../docs/command-members.md");

/// The lines of the recipe for pass, as the page has them.
fn recipe() -> String {
    let section = RECIPE.split("\n## ").find(|section| section.starts_with("pass\n")).unwrap();
    section.split("```sh\n").nth(1).unwrap().split("```").next().unwrap().to_owned()
}

#[test]
fn the_recipe_for_pass_grants_and_opens() {
    for (program, package) in [("pass", "pass"), ("gpg", "gnupg"), ("age-keygen", "age")] {
        needs(program, package);
    }
    let sandbox = Sandbox::new();
    sandbox.sealed_repository("repo");
    let setup = "mkdir -m 700 -p .gnupg && \
         gpg --batch -q --passphrase '' --quick-generate-key ann@example.com future-default default never && \
         pass init -p '' ann@example.com";
    sandbox.sh("home", setup);
    sandbox.sh("repo", &recipe().replace("git shroud", "git-shroud"));
    sandbox.git("repo", ["commit", "-q", "-a", "-m", "grant"]);
    sandbox.git(".", ["clone", "-q", "repo", "clone"]);
    sandbox.shroud("clone", ["unlock"]).says("as member 'ann-pass'");
    assert_eq!(sandbox.read("clone/secrets/db.env"), b"PASSWORD=canary-db\n");

    sandbox.sh("home", "pass rm -f git-shroud/identity");
    sandbox.git(".", ["clone", "-q", "repo", "other"]);
    sandbox
        .try_shroud("other", ["unlock"])
        .expect(2)
        .says("git-shroud/identity is not in the password store");
    sandbox.sh("home", "gpgconf --kill all");
}
