//! What a reviewer sees of a value that was set without the key.

use super::{VALUE, contributed, contributor, type_in};
use crate::common::contains;

#[test]
fn a_reviewer_sees_which_values_were_set_without_the_key() {
    let sandbox = contributed();
    type_in(&sandbox, "clone", "A", VALUE);
    sandbox.git("clone", ["commit", "-q", "-am", "set"]);
    sandbox.git("clone", ["push", "-q", "origin", "main"]);
    contributor(&sandbox, "review");
    let set = "conf/a.env\n  ~ A\n  * A: set without the key\n";
    for dir in ["repo", "review"] {
        let done = sandbox.shroud(dir, ["diff", "--masked", "HEAD~1", "HEAD"]);
        assert_eq!(done.text(), set, "{dir}");
        assert!(!contains(&done.stdout, VALUE.as_bytes()));
    }
    let json = sandbox.shroud("review", ["diff", "--masked", "--json", "HEAD~1", "HEAD"]).text();
    assert!(json.contains(r#""set_without_key":["A"]"#), "{json}");
    // Sealed again by a holder: without the key nothing tells whether it is the same.
    sandbox.git("repo", ["reset", "-q", "--hard"]);
    type_in(&sandbox, "repo", "A", "another-value");
    sandbox.git("repo", ["commit", "-q", "-am", "change"]);
    sandbox.git("review", ["pull", "-q"]);
    let done = sandbox.try_shroud("review", ["diff", "--masked", "HEAD~1", "HEAD"]).expect(3);
    assert_eq!(
        done.text(),
        "conf/a.env\n  ? 1 value sealed again: only the keys tell whether they changed\n"
    );
    let held = sandbox.shroud("repo", ["diff", "--masked", "HEAD~1", "HEAD"]).text();
    assert_eq!(held, "conf/a.env\n  ~ A\n");
}
