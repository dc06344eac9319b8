//! A folder that jj has taken for its own: it stores files in commits without filters.

use crate::common::{Sandbox, repository};

const SAID: &str = "jj is used in this folder";

#[test]
fn init_unlock_and_doctor_warn() {
    let sandbox = repository();
    sandbox.git(".", ["init", "-q", "other"]);
    assert!(!sandbox.shroud("other", ["init"]).stderr.contains(SAID));
    std::fs::create_dir(sandbox.path("repo/.jj")).unwrap();
    sandbox.shroud("repo", ["init"]).says(SAID).says("git shroud lock");
    assert!(sandbox.try_shroud("repo", ["doctor"]).expect(1).text().contains(SAID));
}

#[test]
fn a_locked_clone_is_fit_for_it() {
    let sandbox = Sandbox::new();
    sandbox.fresh_clone();
    std::fs::create_dir(sandbox.path("clone/.jj")).unwrap();
    sandbox.write("clone/.git/info/exclude", ".jj\n");
    sandbox.shroud("clone", ["unlock", "../team.key"]).says(SAID);
    assert!(sandbox.try_shroud("clone", ["doctor"]).expect(1).text().contains(SAID));
    sandbox.shroud("clone", ["lock", "-q"]);
    assert!(sandbox.shroud("clone", ["doctor"]).text().contains("keep it so"));
}
