//! What the host of an encrypted remote serves, and what an agent and its clients say to each other.

use git_shroud::remote::address::Address;
use git_shroud::remote::chain::Chain;
use git_shroud::remote::manifest::{Manifest, is_ref_name};
use git_shroud::remote::members::StoreMembers;
use git_shroud::store::agent::protocol::{Answer, Request};

/// The texts that are sealed in a store, each of which any member may have written.
pub(super) fn remote_file(bytes: &[u8]) {
    if let Ok(manifest) = Manifest::parse(bytes) {
        assert_eq!(manifest.to_text().as_bytes(), bytes);
        assert!(manifest.refs.keys().all(|name| is_ref_name(name)));
    }
    if let Ok(members) = StoreMembers::parse(bytes) {
        let text = members.to_text();
        let again = StoreMembers::parse(text.as_bytes()).expect("what is written is read");
        assert_eq!(again.to_text(), text);
        let _: Vec<_> = members.0.iter().map(|member| member.candidate().is_ok()).collect();
    }
    if let Ok(chain) = Chain::parse(bytes) {
        assert_eq!(chain.to_bytes(), bytes);
    }
    if let Ok(address) = std::str::from_utf8(bytes).map(Address::new) {
        assert!(address.is_err() || bytes.len() > 1);
    }
}

/// Questions and answers on the agent's socket.
pub(super) fn agent_message(bytes: &[u8]) {
    if let Ok(request) = Request::read(bytes) {
        let mut again = Vec::new();
        request.write(&mut again).expect("a vector takes all");
        assert!(bytes.starts_with(&again));
    }
    if let Ok(answer) = Answer::read(bytes) {
        let mut again = Vec::new();
        answer.write(&mut again).expect("a vector takes all");
        assert!(bytes.starts_with(&again));
    }
}
