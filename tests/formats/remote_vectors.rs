//! The vectors of encrypted remotes (docs/format.md, section 9).

use std::path::Path;

use git_shroud::format::{self, Key, Layout};
use git_shroud::remote::chain::Chain;
use git_shroud::remote::manifest::{Manifest, digest};
use git_shroud::remote::members::StoreMembers;
use git_shroud::remote::store::format_line;
use git_shroud::secret::SecretBytes;

fn vector(name: &str) -> serde_json::Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors/remote").join(name);
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

fn key(vector: &serde_json::Value) -> Key {
    Key::new(SecretBytes::new(git_shroud::hex::read(vector["key"].as_str().unwrap()).unwrap()))
}

fn check_sealed(vector: &serde_json::Value) {
    let text = vector["text"].as_str().unwrap();
    let sealed = format::seal(&key(vector), Layout::default(), text.as_bytes());
    assert_eq!(git_shroud::hex::lower(&sealed), vector["sealed"].as_str().unwrap());
    let found = git_shroud::hex::lower(&digest(&sealed));
    assert_eq!(found, vector["digest"].as_str().unwrap());
}

#[test]
fn a_manifest_is_these_bytes() {
    for name in ["manifest.json", "compacted.json"] {
        let vector = vector(name);
        let text = vector["text"].as_str().unwrap();
        let manifest = Manifest::parse(text.as_bytes()).unwrap();
        assert_eq!(manifest.to_text(), text);
        assert_eq!(format_line(&manifest.repository), vector["format"].as_str().unwrap());
        check_sealed(&vector);
    }
}

#[test]
fn a_chain_is_these_bytes_and_the_manifest_names_it() {
    let of_chain = vector("chain.json");
    let bytes = git_shroud::hex::read::<64>(of_chain["bytes"].as_str().unwrap()).unwrap();
    let chain = Chain::parse(&bytes).unwrap();
    assert_eq!((chain.to_bytes(), chain.len()), (bytes.to_vec(), 2));
    let sealed = format::seal(&key(&of_chain), Layout::default(), &bytes);
    assert_eq!(git_shroud::hex::lower(&sealed), of_chain["sealed"].as_str().unwrap());
    let text = vector("compacted.json")["text"].as_str().unwrap().to_owned();
    let manifest = Manifest::parse(text.as_bytes()).unwrap();
    assert_eq!(manifest.chain, Some(digest(&sealed)));
    assert_eq!(manifest.previous, chain.of(2));
}

#[test]
fn a_list_of_members_is_these_bytes() {
    let vector = vector("members.json");
    let text = vector["text"].as_str().unwrap();
    assert_eq!(StoreMembers::parse(text.as_bytes()).unwrap().to_text(), text);
    check_sealed(&vector);
}

#[test]
fn texts_that_are_no_manifest_are_refused() {
    let vector = vector("refused.json");
    for case in vector["manifests"].as_array().unwrap() {
        let text = case["text"].as_str().unwrap();
        assert!(Manifest::parse(text.as_bytes()).is_err(), "{}", case["why"]);
    }
}
