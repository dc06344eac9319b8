use super::*;
use crate::git_crypt::{KeyFile, OpenError};
use crate::secret::SecretBytes;

#[derive(Default)]
struct OnePath {
    indexed: Option<Nonce>,
    conversion: Option<Option<&'static [u8]>>,
}

impl Paths for OnePath {
    fn conversion(&mut self, _path: &[u8]) -> Result<Option<Conversion>, String> {
        let setting = "the attribute 'text'".to_owned();
        Ok(self.conversion.map(|changes| Conversion { setting, changes }))
    }

    fn indexed(&mut self, _path: &[u8]) -> Option<Nonce> {
        self.indexed
    }

    fn holds(&mut self, _path: &[u8], _content: &mut dyn Read, _len: u64) -> bool {
        false
    }
}

fn version(number: u32, byte: u8) -> KeyVersion {
    KeyVersion::new(number, SecretBytes::new([byte; 32]), SecretBytes::new([byte; 64]))
}

fn held(versions: &[(&str, u32, u8)]) -> HeldKeys {
    let mut held = HeldKeys::default();
    for &(name, number, byte) in versions {
        held.insert(KeyFile::new(name.parse().unwrap(), version(number, byte))).unwrap();
    }
    held
}

fn filter(held: &HeldKeys, paths: OnePath) -> GitCryptFilter<'_, OnePath> {
    GitCryptFilter::new(held, Name::default(), paths)
}

fn bytes(filtered: Filtered<'_>) -> Vec<u8> {
    let mut bytes = Vec::new();
    filtered.write_to(&mut bytes).unwrap();
    bytes
}

fn clean(held: &HeldKeys, indexed: Option<&[u8]>, content: &[u8]) -> Result<Vec<u8>, FilterError> {
    let indexed = indexed.map(|blob| Nonce::read(blob).unwrap());
    let mut filter = filter(held, OnePath { indexed, ..OnePath::default() });
    filter.clean(b"path", &mut &content[..]).map(bytes)
}

fn encrypt(byte: u8, plaintext: &[u8]) -> Vec<u8> {
    let key = version(0, byte);
    let mut hasher = NonceHasher::new(&key);
    hasher.update(plaintext);
    let nonce = hasher.finish();
    if plaintext.is_empty() {
        return nonce.header().to_vec();
    }
    let mut blob = Vec::new();
    seal_stream(&key, &nonce, plaintext, &mut blob).unwrap();
    blob
}

#[test]
fn plaintext_becomes_a_blob_and_a_blob_becomes_plaintext() {
    let held = held(&[("default", 0, 1)]);
    for len in [1, 10, 21, 22, 23, 65_536, 9 << 20] {
        let plaintext: Vec<u8> = (1..=250).cycle().take(len).collect();
        let blob = clean(&held, None, &plaintext).unwrap();
        assert!(blob == encrypt(1, &plaintext), "{len}");
        let mut filter = filter(&held, OnePath::default());
        assert!(bytes(filter.smudge(b"path", &mut &blob[..]).unwrap()) == plaintext, "{len}");
        assert_eq!(*filter.summary(), Summary::default());
    }
}

#[test]
fn a_blob_is_never_encrypted_again() {
    let held = held(&[("default", 0, 1), ("ops", 0, 2)]);
    for byte in [1, 2] {
        let blob = encrypt(byte, b"secret");
        assert_eq!(clean(&held, None, &blob).unwrap(), blob);
    }
    let foreign = clean(&held, None, &encrypt(3, b"secret"));
    assert!(matches!(foreign, Err(FilterError::GitCrypt(OpenError::Mismatch))));
}

#[test]
fn what_the_index_holds_stays_the_same_bytes() {
    let rotated = held(&[("default", 0, 1), ("default", 1, 7)]);
    let (old, new) = (encrypt(1, b"secret"), encrypt(7, b"secret"));
    assert_eq!(clean(&rotated, None, b"secret").unwrap(), new);
    assert_eq!(clean(&rotated, Some(&old), b"secret").unwrap(), old);
    assert_eq!(clean(&rotated, Some(&old), b"changed").unwrap(), encrypt(7, b"changed"));
    let held = held(&[("default", 0, 1)]);
    let twice = encrypt(1, &old);
    assert_eq!(clean(&held, Some(&twice), &old).unwrap(), twice);
    assert_eq!(clean(&held, Some(&encrypt(1, b"")), b"").unwrap(), encrypt(1, b""));
    assert_eq!(clean(&held, None, b"").unwrap(), b"");
}

#[test]
fn without_the_key_plaintext_is_refused_and_blobs_stay() {
    let held = HeldKeys::default();
    let refused = clean(&held, None, b"secret");
    assert!(matches!(refused, Err(FilterError::GitCryptLocked(_))));
    let blob = encrypt(1, b"secret");
    assert_eq!(clean(&held, None, &blob).unwrap(), blob);
    let mut filter = filter(&held, OnePath::default());
    assert_eq!(bytes(filter.smudge(b"path", &mut &blob[..]).unwrap()), blob);
    assert_eq!(filter.summary().still_sealed, 1);
}

#[test]
fn short_plaintext_in_the_repository_is_handed_through() {
    let held = held(&[("default", 0, 1)]);
    let magic = b"\0GITCRYPT\0";
    for plaintext in [&b"x"[..], &[b'y'; 21], &[b'y'; 22], &[b'y'; 23], magic] {
        let mut filter = filter(&held, OnePath::default());
        assert_eq!(bytes(filter.smudge(b"path", &mut &plaintext[..]).unwrap()), plaintext);
        assert_eq!(filter.summary().in_the_clear, 1);
    }
    assert_eq!(clean(&held, None, magic).unwrap(), encrypt(1, magic));
}

#[test]
fn a_changed_blob_gives_no_plaintext() {
    let held = held(&[("default", 0, 1)]);
    let mut blob = encrypt(1, b"secret");
    blob[25] ^= 1;
    let mut lenient = filter(&held, OnePath::default());
    assert_eq!(bytes(lenient.smudge(b"path", &mut &blob[..]).unwrap()), blob, "as it is");
    assert_eq!(lenient.summary().damaged, 1);
    let strict = filter(&held, OnePath::default()).strict();
    let smudged = { strict }.smudge(b"path", &mut &blob[..]).map(bytes);
    assert!(matches!(smudged, Err(FilterError::GitCrypt(OpenError::Mismatch))));
}

#[test]
fn a_conversion_is_refused_where_it_would_change_the_blob() {
    let held = held(&[("default", 0, 1)]);
    let refused = |changes, content: &[u8]| {
        let paths = OnePath { conversion: Some(changes), ..OnePath::default() };
        match filter(&held, paths).clean(b"path", &mut &content[..]) {
            Ok(_) => false,
            Err(FilterError::Conversion(_)) => true,
            Err(error) => panic!("{error}"),
        }
    };
    assert!(!refused(Some(b"\r\n"), b"short"));
    // Among so many bytes of ciphertext there are some line ends.
    assert!(refused(Some(b"\r\n"), &[7; 4 << 20]));
    assert!(refused(None, b"short"));
}

#[test]
fn a_search_finds_what_two_writes_share() {
    let mut search = Search { wanted: b"\r\n", end: Vec::new(), found: false };
    for piece in [&b"a\n\r"[..], b"", b"b\r"] {
        search.write_all(piece).unwrap();
    }
    assert!(!search.found);
    search.write_all(b"\nc").unwrap();
    assert!(search.found);
}

#[test]
fn what_git_shroud_sealed_is_not_encrypted_on_top() {
    let held = held(&[("default", 0, 1)]);
    let key = crate::format::Key::new(SecretBytes::new([5; 32]));
    let sealed = crate::format::seal(&key, crate::format::Layout::default(), b"secret");
    assert!(matches!(clean(&held, None, &sealed), Err(FilterError::SealedForGitCrypt)));
}
