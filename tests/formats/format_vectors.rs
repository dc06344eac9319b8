//! Every vector of `tests/vectors/`, in both directions, by the program and by the independent writer of the attack tests.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use git_shroud::format::{self, Key, Layout, OpenError};
use git_shroud::keyring::token;
use git_shroud::secret::SecretBytes;
use serde_json::Value;
use sha2::{Digest, Sha256};

fn unhex(text: &str) -> Vec<u8> {
    (0..text.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap())
        .collect()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn text<'v>(vector: &'v Value, field: &str) -> &'v str {
    vector[field].as_str().unwrap_or_else(|| panic!("no {field}"))
}

fn number(value: &Value) -> u64 {
    value.as_u64().expect("a number")
}

fn length(value: &Value) -> usize {
    usize::try_from(number(value)).unwrap()
}

/// Hexadecimal text, `{"repeat", "times", "cut"}` or `{"file"}`.
fn bytes(value: &Value, dir: &Path) -> Vec<u8> {
    if let Some(text) = value.as_str() {
        return unhex(text);
    }
    if let Some(file) = value["file"].as_str() {
        return fs::read(dir.join(file)).unwrap();
    }
    let mut bytes = unhex(text(value, "repeat")).repeat(length(&value["times"]));
    if value["cut"].is_u64() {
        bytes.truncate(length(&value["cut"]));
    }
    bytes
}

fn key(vector: &Value) -> Key {
    Key::new(SecretBytes::new(unhex(text(vector, "key")).try_into().unwrap()))
}

fn open(key: &Key, sealed: &[u8]) -> Result<Vec<u8>, OpenError> {
    format::open(|id| (id == key.id()).then_some(key), sealed).map(|plaintext| plaintext.to_vec())
}

/// What version 1 sealed, made by the independent writer, opens.
fn check_version_1(vector: &Value, dir: &Path) {
    let key = key(vector);
    let plaintext = bytes(&vector["plaintext"], dir);
    assert_eq!(key.id().to_string(), text(vector, "key_id"));
    let writer = crate::common::attacker::RawKey(*key.expose());
    assert_eq!(writer.id(), text(vector, "key_id"));
    let sealed = writer.seal(&plaintext);
    assert_eq!(sealed.len() as u64, number(&vector["sealed_len"]));
    assert_eq!(hex(&Sha256::digest(&sealed)), text(vector, "sealed_sha256"));
    if !vector["sealed"].is_null() {
        assert_eq!(sealed, bytes(&vector["sealed"], dir));
    }
    if plaintext.is_empty() {
        assert!(sealed.is_empty());
    } else {
        assert_eq!(open(&key, &sealed).unwrap(), plaintext);
    }
}

/// What this version seals, byte for byte.
fn check_seal(vector: &Value, dir: &Path) {
    let key = key(vector);
    let plaintext = bytes(&vector["plaintext"], dir);
    assert_eq!(plaintext.len() as u64, number(&vector["length"]));
    let flag = |name: &str| vector[name].as_bool().unwrap();
    let layout = Layout { compress: flag("compress"), delta: flag("delta") };
    let sealed = format::seal(&key, layout, &plaintext);
    assert_eq!(sealed.len() as u64, number(&vector["sealed_length"]));
    assert_eq!(hex(&Sha256::digest(&sealed)), text(vector, "sealed_sha256"));
    if let Some(expected) = vector["sealed"].as_str() {
        assert_eq!(hex(&sealed), expected);
    }
    if !plaintext.is_empty() {
        assert_eq!(open(&key, &sealed).unwrap(), plaintext);
    }
}

fn check_open(vector: &Value, dir: &Path) {
    let key = key(vector);
    let sealed = bytes(&vector["sealed"], dir);
    let error = open(&key, &sealed).expect_err("must be refused");
    let name = match error {
        OpenError::NotSealed => "not-sealed",
        OpenError::Truncated => "truncated",
        OpenError::UnsupportedVersion(_) => "unsupported-version",
        OpenError::UnknownKey(_) => "unknown-key",
        OpenError::Authentication => "authentication",
        OpenError::UnsupportedEncoding(_) => "unsupported-encoding",
        OpenError::Encoding => "encoding",
        OpenError::Length => "length",
        OpenError::Padding => "padding",
        OpenError::Siv => "siv",
        OpenError::Io(error) => panic!("{error}"),
    };
    assert_eq!(name.replace('-', ""), text(vector, "error").replace('-', "").to_lowercase());
}

fn check_token(vector: &Value) {
    match vector["error"].as_str() {
        Some(error) => {
            assert_eq!(error, "checksum");
            let refused = token::decode(text(vector, "token")).err();
            assert_eq!(refused, Some(token::TokenError::Checksum));
        }
        None => {
            assert_eq!(*token::encode(&key(vector)), text(vector, "token"));
            assert!(token::decode(text(vector, "token")).unwrap().same_as(&key(vector)));
        }
    }
}

#[test]
fn every_vector_passes() {
    let counts = run_vectors("tests/vectors", check_version_1);
    assert_eq!(counts, [("seal", 15), ("open", 21), ("padme", 15), ("token", 2)]);
    let counts = run_vectors("tests/vectors/format-2", check_seal);
    assert_eq!(counts, [("seal", 22), ("open", 18), ("padme", 0), ("token", 0)]);
}

/// Runs the vectors of one folder and counts them by kind.
fn run_vectors(folder: &str, check_seal: fn(&Value, &Path)) -> [(&'static str, usize); 4] {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let mut counts = [("seal", 0), ("open", 0), ("padme", 0), ("token", 0)];
    for file in fs::read_dir(&dir).unwrap().map(|file| file.unwrap().path()) {
        if file.extension().is_none_or(|extension| extension != "json") {
            continue;
        }
        println!("{}", file.display());
        let vector: Value = serde_json::from_slice(&fs::read(&file).unwrap()).unwrap();
        let kind = text(&vector, "kind");
        match kind {
            "seal" => check_seal(&vector, &dir),
            "open" => check_open(&vector, &dir),
            "padme" => {
                let padded = format::padme(number(&vector["n"])).unwrap();
                assert_eq!(padded, number(&vector["padme"]));
            }
            "token" => check_token(&vector),
            // Parts of the format that are no public function; src/format/tests/vectors.rs runs them.
            "deflate" | "cuts" => continue,
            other => panic!("unknown kind {other}"),
        }
        counts.iter_mut().find(|(name, _)| *name == kind).unwrap().1 += 1;
    }
    counts
}

/// The worked examples of docs/format.md 5 hold the writer of the attack tests to the format.
#[test]
fn the_attackers_writer_makes_the_worked_examples() {
    let writer = crate::common::attacker::RawKey::from_token(
        "GIT-SHROUD-KEY-1AKE0EHHTCJG4EAUKGDLARFLAADLWCWH74Z7AEP0R0AQ5LNK68XPSH4Z43A",
    );
    let key_toml = writer.key_toml("default", 1, &[]);
    assert!(
        key_toml
            .contains("mac = \"98149556b9942504f2d309d69ee54fe8f287789388a81193082586e7b93dde35\"")
    );

    let recipient = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIA";
    let optional = BTreeMap::from([
        ("user_id", "Alice <alice@example.com>"),
        ("added", "2026-11-21T20:36:00Z"),
    ]);
    let member = writer.member_toml(1, "alice", recipient, &optional, "not wrapped");
    assert!(
        member
            .contains("mac = \"ef0bd886f9c74b49fd42a77d6b67575e2ab6b92122df2654b524947b21d10772\"")
    );
    let added = BTreeMap::from([("added", "2026-11-21T20:36:00Z")]);
    let member = writer.member_toml(1, "kms", "command:prod-kms", &added, "AAAA");
    assert!(
        member
            .contains("mac = \"3efbf34b04e2d5d415bdbcd2d55c40fe4d53d7c078d7a500ed4f7e4c1de8c53d\"")
    );
}
