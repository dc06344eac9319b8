//! Somebody who can push: writes the formats of docs/format.md with keys of their own, without the program's code.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::process::{Command, Stdio};

use aes_gcm::aead::Aead as _;
use aes_gcm::{Aes256Gcm, KeyInit as _};
use aes_gcm_siv::Aes256GcmSiv;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bech32::{Bech32m, Hrp};
use hkdf::Hkdf;
use hmac::{Hmac, Mac as _};
use sha2::Sha256;

/// Bytes of a chunk (docs/format.md 2, "Body").
const CHUNK_LEN: usize = 65_536;

/// A key whose 32 bytes the attacker knows.
#[derive(Clone, Copy)]
pub struct RawKey(pub [u8; 32]);

impl RawKey {
    /// The key in a token, as `key export` writes it.
    pub fn from_token(token: &str) -> Self {
        let (hrp, bytes) = bech32::decode(token.trim()).expect("a token is Bech32m");
        assert_eq!(hrp.to_lowercase(), "git-shroud-key-");
        Self(bytes.try_into().expect("a token holds 32 bytes"))
    }

    /// The key of this name and generation in the text of a key file.
    pub fn from_key_file(text: &str, name: &str, generation: u32) -> Self {
        let start = format!("{name} {generation} ");
        let token = text.lines().find_map(|line| line.strip_prefix(&start));
        Self::from_token(token.unwrap_or_else(|| panic!("the key file lacks {name} {generation}")))
    }

    /// The key as a token (docs/format.md 4, "Token").
    pub fn token(&self) -> String {
        let hrp = Hrp::parse("git-shroud-key-").unwrap();
        bech32::encode_upper::<Bech32m>(hrp, &self.0).unwrap()
    }

    /// The line of a key file, and its first line.
    pub fn key_file(&self, name: &str, generation: u32) -> String {
        format!("git-shroud-keyring v1\n{name} {generation} {}\n", self.token())
    }

    fn derive<const N: usize>(&self, info: &[u8]) -> [u8; N] {
        let mut bytes = [0; N];
        let prk = Hkdf::<Sha256>::new(Some(b"git-shroud/v1"), &self.0);
        prk.expand(info, &mut bytes).unwrap();
        bytes
    }

    /// The public id, as hexadecimal digits.
    pub fn id(&self) -> String {
        hex(&self.derive::<16>(b"git-shroud/v1/key-id"))
    }

    /// Seals as docs/format.md 2.7 says: in version 1, which everything goes on reading.
    pub fn seal(&self, plaintext: &[u8]) -> Vec<u8> {
        if plaintext.is_empty() {
            return Vec::new();
        }
        let mut padded = (plaintext.len() as u64).to_be_bytes().to_vec();
        padded.extend(plaintext);
        padded.resize(padme(padded.len()).max(256), 0);
        self.encrypt(&hmac(&self.derive::<32>(b"git-shroud/v1/siv"), plaintext), &padded)
    }

    /// Encrypts what a plaintext becomes before it is, under any commitment to it, in version 1.
    pub fn encrypt(&self, commitment: &[u8; 32], padded: &[u8]) -> Vec<u8> {
        self.encrypt_in(1, commitment, padded)
    }

    /// Likewise, in version 1 or 2.
    pub fn encrypt_in(&self, version: u8, commitment: &[u8; 32], padded: &[u8]) -> Vec<u8> {
        let mut sealed = [&b"\0SHROUD"[..], &[version]].concat();
        sealed.extend(self.derive::<16>(b"git-shroud/v1/key-id"));
        sealed.extend(commitment);
        let file_key = self.derive::<32>(&[b"git-shroud/v1/file", sealed.as_slice()].concat());
        let (gcm, gcm_siv) =
            (Aes256Gcm::new_from_slice(&file_key), Aes256GcmSiv::new_from_slice(&file_key));
        let last = padded.len().div_ceil(CHUNK_LEN).saturating_sub(1);
        for (index, chunk) in padded.chunks(CHUNK_LEN).enumerate() {
            let mut nonce = [0; 12];
            nonce[3..11].copy_from_slice(&(index as u64).to_be_bytes());
            nonce[11] = u8::from(index == last);
            let nonce = (&nonce).into();
            sealed.extend(match version {
                1 => gcm.as_ref().unwrap().encrypt(nonce, chunk).unwrap(),
                _ => gcm_siv.as_ref().unwrap().encrypt(nonce, chunk).unwrap(),
            });
        }
        sealed
    }

    /// A `key.toml` of this key, with these earlier keys as retired: (generation, key).
    pub fn key_toml(&self, name: &str, generation: u32, retired: &[(u32, Self)]) -> String {
        let mut fields = Fields::default();
        fields.number("version", 1).text("name", name);
        fields.number("generation", generation).text("key_id", &self.id());
        if !retired.is_empty() {
            let mut text = "git-shroud-keyring v1\n".to_owned();
            for (generation, key) in retired {
                text.push_str(&format!("{name} {generation} {}\n", key.token()));
            }
            fields.text("retired", &STANDARD.encode(self.seal(text.as_bytes())));
        }
        fields.finish(self, b"git-shroud/v1/key", None)
    }

    /// The public key of this key, to which values are sealed without it (docs/format.md 8.4).
    pub fn public(&self) -> String {
        let secret = self.derive::<32>(b"git-shroud/v1/write-only");
        hex(&x25519_dalek::x25519(secret, x25519_dalek::X25519_BASEPOINT_BYTES))
    }

    /// A `key.toml` of this key, to which others may seal values.
    pub fn write_only_key_toml(&self, name: &str, generation: u32) -> String {
        let mut fields = Fields::default();
        fields.number("version", 1).text("name", name);
        fields.number("generation", generation).text("key_id", &self.id());
        fields.text("public_key", &self.public());
        fields.finish(self, b"git-shroud/v1/key", None)
    }

    /// A member file of this key for an age recipient, signed and wrapped with the `age` program.
    pub fn age_member(&self, name: &str, generation: u32, label: &str, recipient: &str) -> String {
        let wrapped = age_wrap(recipient, &self.key_file(name, generation));
        self.member_toml(generation, label, recipient, &BTreeMap::new(), &wrapped)
    }

    /// A member file of this key with these optional fields (`user_id`, `certificate`, `added`) and this wrapped key.
    pub fn member_toml(
        &self,
        generation: u32,
        label: &str,
        recipient: &str,
        optional: &BTreeMap<&str, &str>,
        wrapped: &str,
    ) -> String {
        let mut fields = Fields::default();
        fields.number("version", 1).text("label", label).text("recipient", recipient);
        for name in ["user_id", "certificate"] {
            if let Some(value) = optional.get(name) {
                fields.text(name, value);
            }
        }
        fields.text("key_id", &self.id()).number("generation", generation);
        fields.text("added", optional.get("added").unwrap_or(&"2026-01-02T03:04:05Z"));
        fields.finish(self, b"git-shroud/v1/member", Some(wrapped))
    }
}

/// An armoured age file for a recipient.
pub fn age_wrap(recipient: &str, plaintext: &str) -> String {
    let mut age = Command::new("age")
        .args(["--armor", "--recipient", recipient])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("age is missing: install it with 'apt-get install age'");
    age.stdin.take().unwrap().write_all(plaintext.as_bytes()).unwrap();
    let output = age.wait_with_output().unwrap();
    assert!(output.status.success(), "age refused the recipient {recipient}");
    String::from_utf8(output.stdout).unwrap()
}

/// The fields of a file in `.shroud/`: as TOML, and as their mac covers them (docs/format.md 5, "mac").
#[derive(Default)]
struct Fields {
    toml: String,
    canonical: Vec<u8>,
}

impl Fields {
    fn number(&mut self, name: &str, value: u32) -> &mut Self {
        self.toml.push_str(&format!("{name} = {value}\n"));
        self.cover(name, &value.to_string())
    }

    fn text(&mut self, name: &str, value: &str) -> &mut Self {
        self.toml.push_str(&format!("{name} = {}\n", quoted(value)));
        self.cover(name, value)
    }

    fn cover(&mut self, name: &str, value: &str) -> &mut Self {
        self.canonical.extend(name.bytes().chain(*b"="));
        self.canonical.extend(u32::try_from(value.len()).unwrap().to_be_bytes());
        self.canonical.extend(value.bytes());
        self
    }

    fn finish(self, key: &RawKey, prefix: &[u8], wrapped: Option<&str>) -> String {
        let mut toml = self.toml;
        if let Some(wrapped) = wrapped {
            toml.push_str(&format!("wrapped = {}\n", quoted(wrapped)));
        }
        let covered = [prefix, self.canonical.as_slice()].concat();
        let mac = hmac(&key.derive::<32>(b"git-shroud/v1/roster"), &covered);
        toml.push_str(&format!("mac = \"{}\"\n", hex(&mac)));
        toml
    }
}

/// A TOML string; JSON's escapes are valid in it.
fn quoted(text: &str) -> String {
    serde_json::to_string(text).unwrap()
}

fn hmac(key: &[u8], message: &[u8]) -> [u8; 32] {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).unwrap();
    mac.update(message);
    mac.finalize().into_bytes().into()
}

fn padme(len: usize) -> usize {
    let e = len.ilog2();
    let s = e.ilog2() + 1;
    let mask = (1 << (e - s)) - 1;
    (len + mask) & !mask
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
