//! The outermost layer of OpenPGP data: armour, and the headers of packets (RFC 9580, sections 4.2 and 6).

use std::io::Read as _;

use sequoia_openpgp::armor::{Reader, ReaderMode};
use zeroize::Zeroizing;

/// Packet types (RFC 9580, section 5).
pub(super) mod tag {
    pub(in super::super) const PKESK: u8 = 1;
    pub(in super::super) const SIGNATURE: u8 = 2;
    pub(in super::super) const SKESK: u8 = 3;
    pub(in super::super) const ONE_PASS_SIGNATURE: u8 = 4;
    pub(in super::super) const SECRET_KEY: u8 = 5;
    pub(in super::super) const PUBLIC_KEY: u8 = 6;
    pub(in super::super) const SECRET_SUBKEY: u8 = 7;
    pub(in super::super) const COMPRESSED: u8 = 8;
    pub(in super::super) const ENCRYPTED_WITHOUT_INTEGRITY: u8 = 9;
    pub(in super::super) const LITERAL: u8 = 11;
    pub(in super::super) const PROTECTED: u8 = 18;
    /// Not in RFC 9580: GnuPG's own, from an earlier draft.
    pub(in super::super) const OCB_PROTECTED: u8 = 20;
}

/// One packet: its type and its body, with partial lengths put together; wiped, as it may be of a secret key.
pub(super) struct Packet {
    pub(super) tag: u8,
    pub(super) body: Zeroizing<Vec<u8>>,
}

/// Why bytes are no sequence of packets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Broken {
    /// They begin like none.
    NotOpenPgp,
    /// They end within a packet, or armour lacks its last line.
    Truncated,
    /// Something else is where a packet should begin, or armour holds what is not base64.
    Malformed,
}

const BEGIN: &[u8] = b"-----BEGIN PGP ";
const END: &[u8] = b"-----END PGP ";

/// Takes the armour off, of every block in the text, and joins what is in them; binary data stays as it is.
pub(super) fn dearmour(bytes: &[u8]) -> Result<Vec<u8>, Broken> {
    if bytes.first().is_some_and(|first| first & 0x80 != 0) && !bytes.starts_with(b"\xef\xbb\xbf") {
        return Ok(bytes.to_vec());
    }
    // All of it fits, so that no part of a secret key is left behind by growing.
    let mut binary = Vec::with_capacity(bytes.len());
    let starts = lines_with(bytes, BEGIN);
    if starts.is_empty() {
        return Err(Broken::NotOpenPgp);
    }
    for (at, &start) in starts.iter().enumerate() {
        let block = &bytes[start..starts.get(at + 1).copied().unwrap_or(bytes.len())];
        let &[end] = lines_with(block, END).as_slice() else {
            return Err(Broken::Truncated);
        };
        let last = block[end..].iter().position(|&byte| byte == b'\n').map(|length| end + length);
        let block = &block[..last.unwrap_or(block.len())];
        let mode = ReaderMode::Tolerant(None);
        let mut reader = Reader::from_bytes(block, mode);
        reader.read_to_end(&mut binary).map_err(|_| Broken::Malformed)?;
    }
    Ok(binary)
}

/// What the first line of armour says is in it, such as `PUBLIC KEY BLOCK`.
pub(super) fn armour_label(bytes: &[u8]) -> Option<&[u8]> {
    let start = *lines_with(bytes, BEGIN).first()?;
    let rest = &bytes[start + BEGIN.len()..];
    let end = rest.windows(5).position(|window| window == b"-----")?;
    Some(&rest[..end])
}

/// Where the text begins at the beginning of a line.
fn lines_with(bytes: &[u8], text: &[u8]) -> Vec<usize> {
    let at_line = |at: usize| at == 0 || bytes[at - 1] == b'\n';
    let found = bytes.windows(text.len()).enumerate();
    found.filter(|&(at, window)| window == text && at_line(at)).map(|(at, _)| at).collect()
}

/// Takes a sequence of packets apart; no packet is looked into.
pub(super) fn packets(bytes: &[u8]) -> Result<Vec<Packet>, Broken> {
    let mut rest = bytes;
    let mut packets = Vec::new();
    while let [first, after @ ..] = rest {
        if first & 0x80 == 0 {
            return Err(if packets.is_empty() { Broken::NotOpenPgp } else { Broken::Malformed });
        }
        let mut body = Zeroizing::new(Vec::new());
        let tag;
        if first & 0x40 == 0 {
            tag = first >> 2 & 0x0f;
            let octets = match first & 3 {
                // Of indeterminate length: it takes all there is.
                3 => None,
                kind => Some(1 << kind),
            };
            let (length, after) = match octets {
                Some(octets) => {
                    let (length, after) = take(after, octets)?;
                    (length.iter().fold(0, |sum, &octet| sum << 8 | usize::from(octet)), after)
                }
                None => (after.len(), after),
            };
            let (part, after) = take(after, length)?;
            body.extend_from_slice(part);
            rest = after;
        } else {
            tag = first & 0x3f;
            rest = after;
            while {
                let (length, partial, after) = new_length(rest)?;
                let (part, after) = take(after, length)?;
                body.extend_from_slice(part);
                rest = after;
                partial
            } {}
        }
        if tag == 0 {
            return Err(Broken::Malformed);
        }
        packets.push(Packet { tag, body });
    }
    if packets.is_empty() { Err(Broken::NotOpenPgp) } else { Ok(packets) }
}

fn take(bytes: &[u8], length: usize) -> Result<(&[u8], &[u8]), Broken> {
    bytes.split_at_checked(length).ok_or(Broken::Truncated)
}

/// A length of the current format, whether more parts follow, and what comes after it (RFC 9580, section 4.2.1).
fn new_length(bytes: &[u8]) -> Result<(usize, bool, &[u8]), Broken> {
    let (&first, rest) = bytes.split_first().ok_or(Broken::Truncated)?;
    let octet = |at: usize| rest.get(at).copied().map(usize::from).ok_or(Broken::Truncated);
    Ok(match first {
        0..192 => (first.into(), false, rest),
        192..224 => (((usize::from(first) - 192) << 8) + octet(0)? + 192, false, &rest[1..]),
        224..255 => (1 << (first & 0x1f), true, rest),
        255 => {
            let (length, rest) = take(rest, 4)?;
            let length = length.iter().fold(0, |sum, &octet| sum << 8 | usize::from(octet));
            (length, false, rest)
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tags_and_lengths(bytes: &[u8]) -> Result<Vec<(u8, usize)>, Broken> {
        packets(bytes).map(|packets| packets.iter().map(|one| (one.tag, one.body.len())).collect())
    }

    #[test]
    fn lengths_of_every_kind_are_read() {
        assert_eq!(tags_and_lengths(&[0xc1, 2, 0, 0, 0xd2, 1, 0]), Ok(vec![(1, 2), (18, 1)]));
        assert_eq!(tags_and_lengths(&[0x84, 1, 0, 0x85, 0, 1, 0]), Ok(vec![(1, 1), (1, 1)]));
        assert_eq!(tags_and_lengths(&[0xa7, 1, 2, 3]), Ok(vec![(9, 3)]));
        let mut long = vec![0xc1, 192, 8];
        long.extend([0; 200]);
        assert_eq!(tags_and_lengths(&long), Ok(vec![(1, 200)]));
        let partial = [0xd2, 0xe1, 1, 2, 0xe0, 3, 1, 4];
        assert_eq!(packets(&partial).ok().map(|all| all[0].body.to_vec()), Some(vec![1, 2, 3, 4]));
        assert_eq!(tags_and_lengths(&[0xc1, 255, 0, 0, 0, 1, 9]), Ok(vec![(1, 1)]));
    }

    #[test]
    fn every_cut_and_every_stray_byte_is_an_error() {
        let whole = [0xd2, 0xe1, 1, 2, 0xe0, 3, 1, 4];
        for cut in 1..whole.len() {
            assert_eq!(tags_and_lengths(&whole[..cut]), Err(Broken::Truncated), "{cut}");
        }
        assert_eq!(tags_and_lengths(&[0xc1, 255, 255, 255, 255, 255]), Err(Broken::Truncated));
        assert_eq!(tags_and_lengths(&[0xc1, 0, 0x41]), Err(Broken::Malformed));
        assert_eq!(tags_and_lengths(b"text"), Err(Broken::NotOpenPgp));
        assert_eq!(tags_and_lengths(b""), Err(Broken::NotOpenPgp));
    }
}
