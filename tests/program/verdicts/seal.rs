//! A second reader of the sealed file (docs/format.md, section 2), which shares no code with the program.

use aes_gcm::aead::Aead as _;
use aes_gcm::{Aes256Gcm, KeyInit as _};
use aes_gcm_siv::Aes256GcmSiv;
use hkdf::Hkdf;
use hmac::{Hmac, Mac as _};
use miniz_oxide::inflate::TINFLStatus;
use miniz_oxide::inflate::core::decompress;
use miniz_oxide::inflate::core::inflate_flags::TINFL_FLAG_USING_NON_WRAPPING_OUTPUT_BUF;
use sha2::Sha256;

use crate::common::attacker::RawKey;

pub(crate) const MAGIC: &[u8] = b"\0SHROUD";
pub(crate) const GIT_CRYPT_MAGIC: &[u8] = b"\0GITCRYPT\0";
const HEADER: usize = 56;
const SEGMENT: usize = 65_536;
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

    /// The sealed file of this plaintext, in version 1, as an old writer would make it.
    pub(crate) fn seal(&self, plaintext: &[u8]) -> Vec<u8> {
        self.raw.seal(plaintext)
    }

    /// The plaintext; `None` where the bytes are not sound under this key.
    pub(crate) fn open(&self, sealed: &[u8]) -> Option<Vec<u8>> {
        let (header, body) = sealed.split_at_checked(HEADER)?;
        let prk = Hkdf::<Sha256>::new(Some(b"git-shroud/v1"), &self.raw.0);
        let derive = |info: &[&[u8]]| {
            let mut key = [0; 32];
            prk.expand_multi_info(info, &mut key).unwrap();
            key
        };
        let file_key = derive(&[b"git-shroud/v1/file", header]);
        let pieces: Vec<&[u8]> = body.chunks(SEGMENT + TAG).collect();
        let mut padded = Vec::new();
        for (index, piece) in pieces.iter().enumerate() {
            let nonce = nonce(index, index + 1 == pieces.len());
            padded.extend(match header[7] {
                1 => {
                    let cipher = Aes256Gcm::new_from_slice(&file_key).unwrap();
                    cipher.decrypt((&nonce).into(), *piece).ok()?
                }
                _ => {
                    let cipher = Aes256GcmSiv::new_from_slice(&file_key).unwrap();
                    cipher.decrypt((&nonce).into(), *piece).ok()?
                }
            });
        }
        let (field, content) = padded.split_first_chunk::<8>()?;
        let mut field = *field;
        let encoding = if header[7] == 1 { 0 } else { std::mem::take(&mut field[0]) };
        let len = usize::try_from(u64::from_be_bytes(field)).ok()?;
        let (plaintext, used) = match encoding {
            0 => (content.get(..len)?.to_vec(), len),
            1 => unframed(content, len)?,
            _ => return None,
        };
        let mut siv = Hmac::<Sha256>::new_from_slice(&derive(&[b"git-shroud/v1/siv"])).unwrap();
        siv.update(&plaintext);
        let is_right = siv.verify_slice(&header[24..]).is_ok()
            && content[used..].iter().all(|&byte| byte == 0)
            && is_sealed_len(sealed.len());
        is_right.then_some(plaintext)
    }
}

/// The plaintext that frames stand for, and how many bytes they have.
fn unframed(content: &[u8], len: usize) -> Option<(Vec<u8>, usize)> {
    let dictionary = include_bytes!("../../../src/format/deflate/dictionary-1.txt");
    let (mut plaintext, mut at) = (Vec::new(), 0);
    while plaintext.len() < len {
        let piece = (len - plaintext.len()).min(262_144);
        let head = content.get(at..at + 3)?;
        let head = u32::from_be_bytes([0, head[0], head[1], head[2]]);
        let size = (head & 0x7f_ffff) as usize;
        let payload = content.get(at + 3..at + 3 + size)?;
        if head >> 23 == 0 {
            plaintext.extend_from_slice(payload);
        } else {
            let mut buffer = dictionary.to_vec();
            buffer.resize(dictionary.len() + piece, 0);
            let mut state = miniz_oxide::inflate::core::DecompressorOxide::new();
            let flags = TINFL_FLAG_USING_NON_WRAPPING_OUTPUT_BUF;
            let (status, _, written) =
                decompress(&mut state, payload, &mut buffer, dictionary.len(), flags);
            if status != TINFLStatus::Done || written != piece {
                return None;
            }
            plaintext.extend_from_slice(&buffer[dictionary.len()..]);
        }
        at += 3 + size;
    }
    Some((plaintext, at))
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
    let segments = body.div_ceil(SEGMENT + TAG);
    let Some(padded) = body.checked_sub(segments * TAG) else { return false };
    // P is what padding gives of some length; padding P itself gives P.
    let e = padded.max(2).ilog2();
    let m = (1 << (e - e.ilog2() - 1)) - 1;
    padded >= 256 && padded & m == 0
}
