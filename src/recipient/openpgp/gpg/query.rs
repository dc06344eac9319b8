//! What a certificate is asked for by (gpg(1), "How to specify a user id").

use super::colons::{Listed, UserId};
use super::{GpgError, Validity};

/// What was asked for, told apart here and not by gpg, to which a first character can mean something else.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Query {
    /// A fingerprint, or a key id of 16 digits: upper-case hexadecimal.
    Key(String),
    /// A whole e-mail address, in lower case.
    Email(String),
    /// A part of a user id.
    Text(String),
}

impl Query {
    /// Tells what `query` is.
    pub(super) fn of(query: &str) -> Result<Self, GpgError> {
        let query = query.trim();
        let digits: String = query.chars().filter(|c| !c.is_whitespace()).collect();
        let digits =
            digits.strip_prefix("0x").or_else(|| digits.strip_prefix("0X")).unwrap_or(&digits);
        if !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            match digits.len() {
                8 => return Err(GpgError::ShortKeyId),
                16 | 40 | 64 => return Ok(Self::Key(digits.to_ascii_uppercase())),
                _ => {}
            }
        }
        let address =
            query.strip_prefix('<').and_then(|rest| rest.strip_suffix('>')).unwrap_or(query);
        let is_address = address.contains('@')
            && !address.contains(|c: char| c.is_whitespace() || "<>".contains(c));
        match address {
            // gpg takes no empty name, and a line break in an argument names nobody.
            "" => Err(GpgError::NoMatch),
            _ if query.contains(char::is_control) => Err(GpgError::NoMatch),
            _ if is_address => Ok(Self::Email(address.to_lowercase())),
            _ => Ok(Self::Text(query.to_owned())),
        }
    }

    /// The same for gpg's command line.
    pub(super) fn argument(&self) -> String {
        match self {
            Self::Key(digits) => format!("0x{digits}"),
            Self::Email(address) => format!("<{address}>"),
            Self::Text(text) => format!("*{text}"),
        }
    }

    /// The best validity letter of the user ids that match; `None` where the query names a key.
    pub(super) fn validity(&self, key: &Listed) -> Option<char> {
        let matches = |user_id: &&UserId| match self {
            Self::Key(_) => false,
            Self::Email(wanted) => email(&user_id.text).is_some_and(|found| found == *wanted),
            Self::Text(text) => {
                user_id.text.to_ascii_lowercase().contains(&text.to_ascii_lowercase())
            }
        };
        let letters = key.user_ids.iter().filter(matches).map(|user_id| user_id.validity);
        letters.max_by_key(|&letter| "rindeoq-mfu".find(letter).unwrap_or(5))
    }

    /// How far gpg holds the certificate to belong to whom it was asked for.
    pub(super) fn trust(&self, key: &Listed) -> Validity {
        if key.primary.is_disabled() {
            return Validity::Disabled;
        }
        let own = key.primary.validity;
        let letter = if key.primary.is_dead() { own } else { self.validity(key).unwrap_or(own) };
        Validity::of(letter)
    }
}

/// The address in a user id, in lower case: what is between the last angle brackets, or all of it.
fn email(user_id: &str) -> Option<String> {
    let address = match user_id.rsplit_once('<') {
        Some((_, rest)) => rest.split('>').next().unwrap_or_default(),
        None => user_id,
    };
    let is_address = address.contains('@') && !address.contains(char::is_whitespace);
    is_address.then(|| address.to_lowercase())
}

/// The user ids of a listing, safe for a terminal; those that were revoked come last.
pub(super) fn user_ids(key: &Listed) -> Vec<String> {
    let mut user_ids: Vec<&UserId> = key.user_ids.iter().collect();
    user_ids.sort_by_key(|user_id| user_id.validity == 'r');
    user_ids.into_iter().map(|user_id| super::super::line(&user_id.text)).collect()
}

#[cfg(test)]
mod tests {
    use super::super::colons;
    use super::*;

    #[test]
    fn queries_are_told_apart() {
        let of = |query: &str| Query::of(query).map(|query| query.argument()).ok();
        let fingerprint = "0123456789abcdef0123456789abcdef01234567";
        let upper = Some(format!("0x{}", fingerprint.to_uppercase()));
        assert_eq!(of(fingerprint), upper);
        assert_eq!(of("0123 4567 89ab cdef 0123  4567 89AB cdef 0123 4567"), upper);
        assert_eq!(of("0x0123456789abcdef").as_deref(), Some("0x0123456789ABCDEF"));
        assert_eq!(of("A@Example.com").as_deref(), Some("<a@example.com>"));
        assert_eq!(of("<a@b>").as_deref(), Some("<a@b>"));
        assert_eq!(of("--output").as_deref(), Some("*--output"));
        assert_eq!(of("Ann <a@b>").as_deref(), Some("*Ann <a@b>"));
        assert!(matches!(Query::of("0xDEADBEEF"), Err(GpgError::ShortKeyId)));
        for nobody in ["", " ", "<>", "a\nb"] {
            assert!(matches!(Query::of(nobody), Err(GpgError::NoMatch)), "{nobody:?}");
        }
    }

    #[test]
    fn the_user_id_that_matches_decides() {
        let listing = "pub:f:::::::::::ESC:\nuid:f::::::::A <a@b>:\nuid:-::::::::B <b@b>:\nuid:r::::::::C <c@b>:\n";
        let keys = colons::read(listing.as_bytes());
        let trust = |query: &str| Query::of(query).unwrap().trust(&keys[0]);
        assert_eq!(trust("A@B"), Validity::Full);
        assert_eq!(trust("b@b"), Validity::Unknown);
        assert_eq!(trust("c@b"), Validity::Revoked);
        assert_eq!(trust("0123456789abcdef"), Validity::Full);
        assert_eq!(trust("@b>"), Validity::Full);
        assert_eq!(user_ids(&keys[0]), ["A <a@b>", "B <b@b>", "C <c@b>"]);
    }
}
