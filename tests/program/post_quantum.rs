//! Members by age's post-quantum recipients, with the identity of tests/fixtures/age. Certificates are in tests/foreign.

use std::fs;

use crate::common::Sandbox;

#[test]
fn a_post_quantum_age_recipient_is_a_member_without_a_plugin() {
    let sandbox = Sandbox::new();
    sandbox.repository_with_members("repo", &["ann"]);
    let fixture = |name: &str| {
        let path = format!("{}/tests/fixtures/age/post-quantum-{name}", env!("CARGO_MANIFEST_DIR"));
        fs::read_to_string(path).unwrap()
    };
    sandbox.write("pq.age", fixture("identity.txt"));
    let recipient = fixture("recipient.txt");
    sandbox.shroud("repo", ["member", "add", "--label", "pq", "--commit", recipient.trim()]);
    let listed = sandbox.shroud("repo", ["member", "list"]).text();
    let line = listed.lines().find(|line| line.starts_with("  pq  ")).unwrap();
    assert!(line.ends_with("current, post-quantum"), "{line}");
    // The whole key are for programs.
    assert!(line.len() < 100 && line.starts_with("  pq  age1pq1"), "{line}");
    let json = sandbox.shroud("repo", ["member", "list", "--json"]).json();
    let members = json["keys"][0]["members"].as_array().unwrap();
    assert!(members.iter().any(|member| member["recipient"] == recipient.trim()), "{json}");
    sandbox.git(".", ["clone", "-q", "repo", "pq-clone"]);
    sandbox.shroud("pq-clone", ["unlock", "../pq.age"]).says("as member 'pq'");
    sandbox.shroud("repo", ["key", "rotate"]);
    sandbox.git("repo", ["commit", "-q", "-m", "rotate"]);
    sandbox.git("pq-clone", ["pull", "-q"]);
    sandbox.shroud("pq-clone", ["unlock", "-i", "../pq.age"]).says("generation 2");
}
