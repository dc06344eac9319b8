//! Names for secret values that do not tell them (docs/format.md, section 7).
//!
//! Who holds the repository's key can test a guess; nobody else can. Where no key is held, a salt takes its place, and
//! anybody with the salt can test guesses.

use std::fmt;
use std::str::FromStr;

use crate::format::{Key, KeyId, ScanKey};

/// Bytes of a salt.
pub const SALT_LEN: usize = 32;
/// Bytes of what names the key or the salt.
const MAKER_LEN: usize = 4;
/// Bytes of the mac that a fingerprint holds.
const MAC_LEN: usize = 16;

/// What is named. A value and a path never have the same fingerprint.
#[derive(Clone, Copy)]
pub enum Named<'a> {
    /// A secret value.
    Value(&'a [u8]),
    /// A path that ought to be sealed.
    Path(&'a [u8]),
}

/// What made a fingerprint.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
enum Maker {
    /// The key whose id begins so.
    Key([u8; MAKER_LEN]),
    /// The salt with this mac of nothing.
    Salt([u8; MAKER_LEN]),
}

/// The name of a value: which key or salt made it, and 16 bytes of a mac.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Fingerprint {
    maker: Maker,
    mac: [u8; MAC_LEN],
}

impl fmt::Display for Fingerprint {
    /// As `key:0a9a776d:` or `salt:1f2e3d4c:` and 32 hexadecimal digits.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (kind, maker) = match &self.maker {
            Maker::Key(maker) => ("key", maker),
            Maker::Salt(maker) => ("salt", maker),
        };
        write!(f, "{kind}:{}:{}", crate::hex::lower(maker), crate::hex::lower(&self.mac))
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Text that is no fingerprint.
#[derive(Debug, thiserror::Error)]
#[error("a fingerprint is 'key:' or 'salt:', 8 hexadecimal digits, ':' and 32 more, in lower case")]
pub struct InvalidFingerprint;

impl FromStr for Fingerprint {
    type Err = InvalidFingerprint;

    fn from_str(text: &str) -> Result<Self, InvalidFingerprint> {
        let mut parts = text.splitn(3, ':');
        let mut part = || parts.next().ok_or(InvalidFingerprint);
        let (kind, maker, mac) = (part()?, bytes(part()?)?, bytes(part()?)?);
        let maker = match kind {
            "key" => Maker::Key(maker),
            "salt" => Maker::Salt(maker),
            _ => return Err(InvalidFingerprint),
        };
        Ok(Self { maker, mac })
    }
}

/// Makes fingerprints: with every key and salt that is there.
#[derive(Default)]
pub struct Fingerprinter {
    /// The first is the one that reports show.
    makers: Vec<(Maker, ScanKey)>,
}

impl Fingerprinter {
    /// One that knows no key; its fingerprints are those of the salts that are added.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a key. The first that is added makes the fingerprints that reports show: it ought to be the current one.
    pub fn add_key(&mut self, key: &Key) {
        self.add(Maker::Key(maker_of(key.id())), key.scan());
    }

    /// Adds a salt, which makes the fingerprints that reports show only where no key was added before.
    pub fn add_salt(&mut self, salt: &[u8; SALT_LEN]) {
        let key = ScanKey::from_salt(salt);
        self.add(Maker::Salt(first(&key.mac(&[b"salt"]))), key);
    }

    fn add(&mut self, maker: Maker, key: ScanKey) {
        if !self.makers.iter().any(|(known, _)| *known == maker) {
            self.makers.push((maker, key));
        }
    }

    /// The fingerprint that reports show; `None` where there is neither key nor salt.
    pub fn name(&self, named: Named<'_>) -> Option<Fingerprint> {
        self.makers.first().map(|maker| fingerprint(maker, named))
    }

    /// The fingerprints by every key and salt, for finding it in a list.
    pub fn names(&self, named: Named<'_>) -> Vec<Fingerprint> {
        self.makers.iter().map(|maker| fingerprint(maker, named)).collect()
    }

    /// A mac of a list of values by the key or salt that reports show; `None` where there is neither.
    pub fn name_all<'v>(&self, values: impl Iterator<Item = &'v [u8]>) -> Option<[u8; 32]> {
        let (_, key) = self.makers.first()?;
        let values: Vec<_> =
            values.map(|value| ((value.len() as u64).to_be_bytes(), value)).collect();
        let parts = values.iter().flat_map(|(len, value)| [&len[..], *value]);
        Some(key.mac(&[&b"values\0"[..]].into_iter().chain(parts).collect::<Vec<_>>()))
    }

    /// Whether the key or salt that made it is here; if not, nothing can be said of what it names.
    pub fn knows(&self, fingerprint: &Fingerprint) -> bool {
        self.makers.iter().any(|(maker, _)| *maker == fingerprint.maker)
    }
}

fn fingerprint((maker, key): &(Maker, ScanKey), named: Named<'_>) -> Fingerprint {
    let mac = match named {
        Named::Value(value) => match canonical(value) {
            Some(value) => key.mac(&[b"value\0", value.as_slice()]),
            None => key.mac(&[b"value\0", value]),
        },
        Named::Path(path) => key.mac(&[b"path\0", path]),
    };
    Fingerprint { maker: *maker, mac: first(&mac) }
}

/// A PEM block without its line ends, which differ between file formats; `None` for all else, which counts as it is.
pub(super) fn canonical(value: &[u8]) -> Option<zeroize::Zeroizing<Vec<u8>>> {
    value.starts_with(b"-----BEGIN").then(|| {
        let mut canonical = zeroize::Zeroizing::new(Vec::with_capacity(value.len()));
        let mut at = 0;
        while let Some(&byte) = value.get(at) {
            let escaped = byte == b'\\' && matches!(value.get(at + 1), Some(b'n' | b'r'));
            if !escaped && !byte.is_ascii_whitespace() {
                canonical.push(byte);
            }
            at += if escaped { 2 } else { 1 };
        }
        canonical
    })
}

fn maker_of(id: KeyId) -> [u8; MAKER_LEN] {
    first(&id.0)
}

fn first<const N: usize>(bytes: &[u8]) -> [u8; N] {
    bytes[..N].try_into().expect("a slice of that length")
}

fn bytes<const N: usize>(digits: &str) -> Result<[u8; N], InvalidFingerprint> {
    from_hex(digits).ok_or(InvalidFingerprint)
}

/// Reads hexadecimal digits in lower case.
pub(crate) fn from_hex<const N: usize>(digits: &str) -> Option<[u8; N]> {
    let sound = digits.bytes().all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f'));
    if digits.len() != 2 * N || !sound {
        return None;
    }
    let mut bytes = [0; N];
    for (at, byte) in bytes.iter_mut().enumerate() {
        *byte = u8::from_str_radix(&digits[2 * at..2 * at + 2], 16).ok()?;
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::SecretBytes;

    const TEST_KEY: &str = "edb2fcdeebc4915cf796437fd1a7fdeb7eec3afea8bddc85e37f414fceda3983";

    fn fingerprinter() -> Fingerprinter {
        let mut fingerprinter = Fingerprinter::new();
        fingerprinter.add_key(&Key::new(SecretBytes::new(from_hex(TEST_KEY).unwrap())));
        fingerprinter.add_salt(&[7; SALT_LEN]);
        fingerprinter
    }

    /// The values in docs/format.md, section 7.
    #[test]
    fn the_worked_example_holds() {
        let names = fingerprinter().names(Named::Value(b"correct horse battery staple"));
        assert_eq!(names[0].to_string(), "key:0a9a776d:f2bf5580938f9386d4e3311d25449582");
        assert_eq!(names[1].to_string(), "salt:c9d36fe3:83f08b7ed614eb43e6a7ce275a91498a");
        let path = fingerprinter().name(Named::Path(b"secrets/prod.env")).unwrap();
        assert_eq!(path.to_string(), "key:0a9a776d:e12ddee7409a0f6e6808a1a99dd4cc91");
    }

    #[test]
    fn a_value_a_path_and_another_salt_are_different() {
        let fingerprinter = fingerprinter();
        let value = fingerprinter.name(Named::Value(b"a")).unwrap();
        assert_ne!(value, fingerprinter.name(Named::Path(b"a")).unwrap());
        let mut other = Fingerprinter::new();
        other.add_salt(&[8; SALT_LEN]);
        assert!(!other.knows(&value));
        assert!(fingerprinter.knows(&value));
        assert!(Fingerprinter::new().name(Named::Value(b"a")).is_none());
    }

    #[test]
    fn a_key_in_pem_is_one_whatever_its_line_ends() {
        let fingerprinter = fingerprinter();
        let name = |text: &str| fingerprinter.name(Named::Value(text.as_bytes()));
        let block = name("-----BEGIN X-----\nAAAA\nBB==\n-----END X-----\n");
        assert_eq!(block, name("-----BEGIN X-----\r\n  AAAA\r\n  BB==\r\n-----END X-----"));
        assert_eq!(block, name("-----BEGIN X-----\\nAAAA\\nBB==\\n-----END X-----\\n"));
        assert_ne!(block, name("-----BEGIN X-----\nAAAB\nBB==\n-----END X-----\n"));
        assert_ne!(name("a b"), name("ab"));
    }

    #[test]
    fn its_text_is_read_again_and_nothing_else_is() {
        for name in fingerprinter().names(Named::Value(b"a")) {
            assert_eq!(name.to_string().parse::<Fingerprint>().unwrap(), name);
        }
        for wrong in [
            "",
            "key",
            "key:0a9a776d",
            "key:0a9a776d:00",
            "kez:0a9a776d:00112233445566778899aabbccddeeff",
            "key:0A9A776D:00112233445566778899aabbccddeeff",
            "key:0a9a776d:00112233445566778899aabbccddeeff:",
            "key:+a9a776d:00112233445566778899aabbccddeeff",
            "key:äöüx:00112233445566778899aabbccddeeff",
        ] {
            assert!(wrong.parse::<Fingerprint>().is_err(), "{wrong}");
        }
    }
}
