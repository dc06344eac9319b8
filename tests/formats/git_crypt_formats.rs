//! git-crypt's formats against files that git-crypt 0.7 wrote: `tests/fixtures/git-crypt/README.md`.

use std::fs;
use std::path::{Path, PathBuf};

use crate::common::Sandbox;
use git_shroud::git_crypt::{
    HEADER_LEN, KeyFile, KeyFileError, KeyVersion, Nonce, NonceHasher, OpenError, is_encrypted,
    open_stream, seal_stream,
};
use serde_json::Value;
use sha2::{Digest, Sha256};

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/git-crypt")
}

fn json(name: &str) -> Value {
    serde_json::from_slice(&fs::read(fixtures().join(name)).unwrap()).unwrap()
}

fn key_file(name: &str) -> KeyFile {
    KeyFile::parse(&fs::read(fixtures().join(name)).unwrap()).unwrap()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn seal(key: &KeyVersion, plaintext: &[u8]) -> Vec<u8> {
    let mut hasher = NonceHasher::new(key);
    hasher.update(plaintext);
    let mut sealed = Vec::new();
    seal_stream(key, &hasher.finish(), plaintext, &mut sealed).unwrap();
    sealed
}

fn open(key: &KeyVersion, blob: &[u8]) -> Result<Vec<u8>, OpenError> {
    let nonce = Nonce::read(blob)?;
    let mut plaintext = Vec::new();
    let length = open_stream(key, &nonce, &blob[HEADER_LEN..], &mut plaintext)?;
    assert_eq!(length, plaintext.len() as u64);
    Ok(plaintext)
}

#[test]
fn every_blob_of_every_bundle_opens_and_is_made_again() {
    let mut opened = 0;
    for (manifest, bundle) in [
        ("a-manifest.json", "a-symmetric.bundle"),
        ("b-manifest.json", "b-gpg.bundle"),
        ("c-manifest.json", "c-legacy.bundle"),
    ] {
        let sandbox = Sandbox::new();
        let bundle = fixtures().join(bundle);
        let from = bundle.to_str().unwrap();
        sandbox.git(".", ["clone", "-q", "--mirror", from, "r"]);
        let manifest = json(manifest);
        let keys = manifest["keys"].as_object().unwrap();
        for (id, said) in manifest["blobs"].as_object().unwrap() {
            let blob = sandbox.git("r", ["cat-file", "blob", id]).stdout;
            assert_eq!(hex(&Sha256::digest(&blob)), said["sha256"].as_str().unwrap());
            assert_eq!(is_encrypted(&blob), said["encrypted"].as_bool().unwrap(), "{id}");
            let Some(name) = said["decrypts_with"].as_str() else { continue };
            let file = key_file(keys[name].as_str().unwrap());
            assert_eq!(file.name().as_str(), name);
            let plaintext = open(file.newest(), &blob).unwrap();
            assert_eq!(plaintext.len() as u64, said["plain_size"].as_u64().unwrap());
            assert_eq!(hex(&Sha256::digest(&plaintext)), said["plain_sha256"].as_str().unwrap());
            let again = seal(file.newest(), &plaintext);
            // An encrypted empty file is read, and written as what it stands for.
            assert!(again == if plaintext.is_empty() { Vec::new() } else { blob }, "{id}");
            opened += 1;
        }
    }
    assert!(opened > 20, "{opened} blobs");
}

#[test]
fn the_files_of_a_legacy_key_open() {
    let legacy = key_file("c-legacy.key");
    let migrated = fs::read(fixtures().join("c-legacy-migrated.key")).unwrap();
    assert_eq!(*legacy.to_bytes(), migrated);
    for length in [0, 1, 15, 16, 17, 22, 1000] {
        let blob = fs::read(fixtures().join(format!("c-blob-{length}.gitcrypt"))).unwrap();
        let plaintext = fs::read(fixtures().join(format!("c-plain-{length}.bin"))).unwrap();
        assert_eq!(open(legacy.newest(), &blob).unwrap(), plaintext, "{length}");
        let again = seal(legacy.newest(), &plaintext);
        assert!(again == if length == 0 { Vec::new() } else { blob }, "{length}");
    }
}

#[test]
fn key_files_are_written_as_git_crypt_writes_them() {
    for name in ["a-default.key", "a-ops_team-1.key", "b-default.key", "b-ops.key"] {
        let bytes = fs::read(fixtures().join(name)).unwrap();
        assert_eq!(*KeyFile::parse(&bytes).unwrap().to_bytes(), bytes, "{name}");
    }
}

#[test]
fn the_key_file_corpus_is_taken_and_refused_as_git_crypt_does() {
    use KeyFileError as Error;
    let expected = json("e-keys/expected.json");
    let plaintext = expected["plaintext_hex"].as_str().unwrap();
    let plaintext: Vec<u8> = (0..plaintext.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&plaintext[at..at + 2], 16).unwrap())
        .collect();
    let keys = expected["keys"].as_object().unwrap();
    for (name, said) in keys {
        let bytes = fs::read(fixtures().join(format!("e-keys/{name}.key"))).unwrap();
        let parsed = KeyFile::parse_current(&bytes);
        assert_eq!(parsed.is_ok(), said["clean_rc"] == 0, "{name}: {parsed:?}");
        assert_eq!(KeyFile::parse_legacy(&bytes).is_ok(), said["migrate_rc"] == 0, "{name}");
        if let Ok(file) = &parsed {
            let sealed = seal(file.newest(), &plaintext);
            assert_eq!(hex(&sealed), said["clean_hex"].as_str().unwrap(), "{name}");
            assert!(format!("{file:?}").len() < 400, "{file:?}");
        }
        let why = match name.as_str() {
            "bad-aes-len-16" => Error::FieldLength(3),
            "bad-critical-entry-7" => Error::UnknownField(7),
            "bad-critical-header-3-skip_empty" => Error::UnknownField(3),
            "bad-empty" | "bad-magic" | "legacy-96" | "legacy-97-trailing" => Error::NotAKeyFile,
            "bad-empty-name-field" | "bad-name-129" | "bad-name-default" | "bad-name-slash" => {
                Error::Name
            }
            "bad-format-1" => Error::Version(1),
            "bad-format-3" => Error::Version(3),
            "bad-no-entries" => Error::NoKeys,
            "bad-trailing-byte" => Error::TrailingBytes,
            "bad-truncated" | "bad-truncated-end" => Error::Truncated,
            ok => {
                assert!(ok.starts_with("ok-"), "{ok} is not known to this test");
                continue;
            }
        };
        assert_eq!(parsed.err(), Some(why), "{name}");
    }
    assert_eq!(keys.len(), 25);
    let order = key_file("e-keys/ok-versions-0-1-2-named.key");
    let versions: Vec<u32> = order.versions().iter().map(KeyVersion::version).collect();
    assert_eq!(versions, [2, 1, 0]);
}

#[test]
fn no_cut_or_changed_key_file_is_taken_for_another() {
    let bytes = fs::read(fixtures().join("e-keys/ok-versions-0-1.key")).unwrap();
    for len in 0..bytes.len() {
        // After the first key the file is a whole one.
        assert_eq!(KeyFile::parse(&bytes[..len]).is_ok(), len == 148, "{len}");
    }
    let mut without = bytes[..148].to_vec();
    without.drain(32..72);
    assert_eq!(KeyFile::parse(&without).err(), Some(KeyFileError::Incomplete));
    let mut long = bytes.clone();
    long[16..20].copy_from_slice(&2u32.to_be_bytes());
    long[20..24].copy_from_slice(&u32::MAX.to_be_bytes());
    assert_eq!(KeyFile::parse(&long).err(), Some(KeyFileError::FieldLength(2)));
    let huge = [&bytes[..], &vec![0; 2 << 20]].concat();
    assert_eq!(KeyFile::parse(&huge).err(), Some(KeyFileError::TooLong));
}

#[test]
fn a_changed_or_foreign_blob_opens_nowhere() {
    let (own, other) = (key_file("a-default.key"), key_file("b-default.key"));
    let blob = seal(own.newest(), b"PASSWORD=hunter2\n");
    assert!(matches!(open(other.newest(), &blob), Err(OpenError::Mismatch)));
    for at in 0..blob.len() {
        let mut changed = blob.clone();
        changed[at] ^= 1;
        let opened = open(own.newest(), &changed);
        match at {
            0..10 => assert!(matches!(opened, Err(OpenError::NotEncrypted))),
            _ => assert!(matches!(opened, Err(OpenError::Mismatch))),
        }
    }
    for len in 0..blob.len() {
        assert!(open(own.newest(), &blob[..len]).is_err(), "{len}");
    }
    assert!(matches!(open(own.newest(), &blob[..15]), Err(OpenError::Truncated)));
}

#[test]
fn long_content_is_streamed_over_the_edges_of_pieces() {
    let file = key_file("a-default.key");
    for length in [65_535, 65_536, 65_537, 200_000] {
        let plaintext: Vec<u8> = (0..=250).cycle().take(length).collect();
        let sealed = seal(file.newest(), &plaintext);
        assert_eq!(sealed.len(), HEADER_LEN + length);
        assert!(open(file.newest(), &sealed).unwrap() == plaintext);
    }
}
