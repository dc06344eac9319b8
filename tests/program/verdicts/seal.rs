//! A second reader of the sealed file (docs/format.md, section 2), which shares no code with the program.

use aes_gcm::aead::Aead as _;
use aes_gcm::{Aes256Gcm, KeyInit as _};
use hkdf::Hkdf;
use sha2::Sha256;

use crate::common::attacker::RawKey;

pub(crate) const MAGIC: &[u8] = b"\0SHROUD";
pub(crate) const GIT_CRYPT_MAGIC: &[u8] = b"\0GITCRYPT\0";
const HEADER: usize = 56;
const CHUNK: usize = 65_536;
const TAG: usize = 16;

/// A key, as a line of a key file has it.
#[derive(Clone)]
pub(crate) struct TestKey {
    pub(crate) name: String,
    pub(crate) generation: u32,
    /// The line of the key file.
    pub(crate) line: String,
    raw: RawKey,
}

impl TestKey {
    /// The keys of a key file.
    pub(crate) fn of_file(text: &str) -> Vec<Self> {
        let lines = text.lines().skip(1).filter(|line| !line.is_empty());
        lines
            .map(|line| {
                let words: Vec<&str> = line.split(' ').collect();
                Self {
                    name: words[0].to_owned(),
                    generation: words[1].parse().unwrap(),
                    line: line.to_owned(),
                    raw: RawKey::from_token(words[2]),
                }
            })
            .collect()
    }

    /// The id, in hexadecimal digits.
    pub(crate) fn id(&self) -> String {
        self.raw.id()
    }

    /// The sealed file of this plaintext.
    pub(crate) fn seal(&self, plaintext: &[u8]) -> Vec<u8> {
        self.raw.seal(plaintext)
    }

    /// The plaintext; `None` where the bytes are not exactly what this key seals.
    pub(crate) fn open(&self, sealed: &[u8]) -> Option<Vec<u8>> {
        let header = sealed.get(..HEADER)?;
        let mut file_key = [0; 32];
        Hkdf::<Sha256>::new(Some(b"git-shroud/v1"), &self.raw.0)
            .expand(&[b"git-shroud/v1/file", header].concat(), &mut file_key)
            .unwrap();
        let cipher = Aes256Gcm::new_from_slice(&file_key).unwrap();
        let pieces: Vec<&[u8]> = sealed[HEADER..].chunks(CHUNK + TAG).collect();
        let mut padded = Vec::new();
        for (index, piece) in pieces.iter().enumerate() {
            let nonce = nonce(index, index + 1 == pieces.len());
            padded.extend(cipher.decrypt((&nonce).into(), *piece).ok()?);
        }
        let len = u64::from_be_bytes(padded.get(..8)?.try_into().unwrap());
        let plaintext = padded.get(8..8 + usize::try_from(len).ok()?)?.to_vec();
        // Sealing is deterministic: whatever else is wrong shows here.
        (self.seal(&plaintext) == sealed).then_some(plaintext)
    }
}

fn nonce(index: usize, last: bool) -> [u8; 12] {
    let mut nonce = [0; 12];
    nonce[3..11].copy_from_slice(&(index as u64).to_be_bytes());
    nonce[11] = u8::from(last);
    nonce
}

/// Whether a sealed file can be this long.
pub(crate) fn is_sealed_len(len: usize) -> bool {
    let Some(body) = len.checked_sub(HEADER) else { return false };
    let chunks = body.div_ceil(CHUNK + TAG);
    let Some(padded) = body.checked_sub(chunks * TAG) else { return false };
    // P is what padding gives of some length; padding P itself gives P.
    let e = padded.max(2).ilog2();
    let m = (1 << (e - e.ilog2() - 1)) - 1;
    padded >= 256 && padded & m == 0
}
