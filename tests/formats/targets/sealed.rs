//! Sealed files, and the dialogue in which git hands files over.

use std::io::{self, Read};

use git_shroud::filter::pkt_line::{Packet, PacketReader};
use git_shroud::filter::process::serve;
use git_shroud::filter::{Driver, FilterError, Filtered, Summary};
use git_shroud::format::{self, HEADER_LEN, Header, Key, Layout};
use git_shroud::git_crypt;
use git_shroud::secret::SecretBytes;

use crate::attacker::RawKey;

/// The key of the vectors that are to be opened.
const KEY: [u8; 32] = [
    0xed, 0xb2, 0xfc, 0xde, 0xeb, 0xc4, 0x91, 0x5c, 0xf7, 0x96, 0x43, 0x7f, 0xd1, 0xa7, 0xfd, 0xeb,
    0x7e, 0xec, 0x3a, 0xfe, 0xa8, 0xbd, 0xdc, 0x85, 0xe3, 0x7f, 0x41, 0x4f, 0xce, 0xda, 0x39, 0x83,
];

fn key() -> Key {
    Key::new(SecretBytes::new(KEY))
}

/// Opens in both ways, which say the same. What opens of version 1 is what version 1 wrote, to the byte.
fn open(sealed: &[u8]) {
    let key = key();
    let whole = format::open(|id| (id == key.id()).then_some(&key), sealed);
    let streamed = Header::parse(sealed).and_then(|header| {
        let mut plaintext = Vec::new();
        format::open_stream(&key, &header, &sealed[HEADER_LEN..], &mut plaintext)?;
        Ok(plaintext)
    });
    match (whole, streamed) {
        (Ok(plaintext), Ok(streamed)) => {
            assert_eq!(*plaintext, streamed);
            if sealed[7] == format::VERSION_1 {
                let again = RawKey(KEY).seal(&plaintext);
                assert!(again == sealed, "another file opens to this too");
            }
            // The header says which content it is, in every version and layout.
            let again = format::seal(&key, Layout::default(), &plaintext);
            assert_eq!(again[8..HEADER_LEN], sealed[8..HEADER_LEN]);
        }
        (Err(whole), Err(streamed)) => assert_eq!(whole.to_string(), streamed.to_string()),
        _ => panic!("the two ways of opening differ"),
    }
}

/// A file that is, or is not, sealed.
pub(super) fn sealed_file(bytes: &[u8]) {
    format::sniff(bytes);
    open(bytes);
    if !bytes.is_empty() {
        for layout in [(false, false), (true, false), (true, true), (false, true)] {
            let (compress, delta) = layout;
            let sealed = format::seal(&key(), Layout { compress, delta }, bytes);
            open(&sealed);
            let key = key();
            let opened = format::open(|_| Some(&key), &sealed);
            assert_eq!(*opened.expect("what is sealed opens"), bytes);
        }
    }
}

/// What somebody with the key can encrypt: a header with any commitment, then any length, content and padding.
pub(super) fn sealed_by_a_member(bytes: &[u8]) {
    let Some((commitment, padded)) = bytes.split_first_chunk() else { return };
    open(&RawKey(KEY).encrypt_in(1, commitment, padded));
    open(&RawKey(KEY).encrypt_in(2, commitment, padded));
}

/// Reads what it is given, and refuses it.
#[derive(Default)]
struct Refusal(Summary);

impl Driver<'static> for Refusal {
    fn clean(&mut self, _: &[u8], source: &mut dyn Read) -> Result<Filtered<'static>, FilterError> {
        io::copy(source, &mut io::sink())?;
        Err(FilterError::Io(io::ErrorKind::Other.into()))
    }

    fn smudge(&mut self, _: &[u8], _: &mut dyn Read) -> Result<Filtered<'static>, FilterError> {
        Err(FilterError::Io(io::ErrorKind::Other.into()))
    }

    fn summary(&self) -> &Summary {
        &self.0
    }
}

/// Packets, and the whole dialogue of the filter.
pub(super) fn pkt_line(bytes: &[u8]) {
    let mut packets = PacketReader::new(bytes);
    let mut data = 0;
    while let Ok(Some(packet)) = packets.packet() {
        if let Packet::Data(bytes) = packet {
            data += bytes.len() + 4;
        }
    }
    assert!(data <= bytes.len());
    let mut answer = Vec::new();
    let _ = serve(bytes, &mut answer, &mut Refusal::default(), |_, _| ());
}

/// A blob of git-crypt, with the key of its fixtures.
pub(super) fn git_crypt_blob(bytes: &[u8]) {
    let file = include_bytes!("../../fixtures/git-crypt/a-default.key");
    let file = git_crypt::KeyFile::parse(file).expect("it is git-crypt's");
    git_crypt::is_encrypted(bytes);
    let Ok(nonce) = git_crypt::Nonce::read(bytes) else { return };
    let body = &bytes[git_crypt::HEADER_LEN..];
    let mut plaintext = Vec::new();
    if git_crypt::open_stream(file.newest(), &nonce, body, &mut plaintext).is_ok() {
        assert!(git_crypt::seal(file.newest(), &plaintext) == bytes);
    }
}
