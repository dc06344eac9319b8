//! How far from a keyword what is decided there may depend on the text: so much has to be the same in two versions of a text
//! for the decision to be the same. A property test holds all of it (`scan/walk/objects/tests.rs`).

use std::ops::Range;

use super::jwk;
use super::rules::Check;
use super::window::{AFTER, BEFORE, LONGEST_BLOCK};

/// The bytes of a range and so many beside it; may reach past the ends of the text.
pub(super) fn around(range: &Range<usize>, before: usize, after: usize) -> Range<i64> {
    let signed = |at: usize| i64::try_from(at).unwrap_or(i64::MAX);
    signed(range.start) - signed(before)..signed(range.end).saturating_add(signed(after))
}

/// All between the first byte of either and the last.
pub(super) fn join(a: Range<i64>, b: Range<i64>) -> Range<i64> {
    a.start.min(b.start)..a.end.max(b.end)
}

/// The bytes on which a check decides that begins at its keyword and is no assignment.
pub(super) fn of_check(check: Check, text: &[u8], keyword: &Range<usize>) -> Range<i64> {
    /// The label of a PEM block is looked for in so many bytes.
    const LABEL: usize = 96;
    let (before, after) = match check {
        Check::Url => (34, 260),
        Check::Pem => {
            let label = &text[keyword.start..(keyword.start + LABEL).min(text.len())];
            let is_private = memchr::memmem::find(label, b"PRIVATE KEY").is_some();
            (1, if is_private { LONGEST_BLOCK + LABEL } else { LABEL })
        }
        Check::Authorization | Check::Basic => (1, 560),
        Check::EncodedPair => (1, 620),
        Check::Identified => (1, 720),
        Check::Jwk => (jwk::BEFORE + 8, jwk::BEHIND + 8),
        Check::CommandLine => (BEFORE + 1, 560),
        Check::Pgpass => (BEFORE + 1, AFTER + 1),
        Check::Card | Check::Iban => (1, 128),
        Check::Password
        | Check::Secret
        | Check::Crc32Base62
        | Check::Bech32
        | Check::Jwt
        | Check::DiscordId
        | Check::Nkey
        | Check::EncodedObject
        | Check::Hash
        | Check::AwsKeyId => (1, 1),
    };
    around(keyword, before, after)
}
