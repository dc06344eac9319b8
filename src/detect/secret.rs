//! The bytes of a secret.

use std::fmt;

use crate::secret::WipedVec;

/// A secret value: no `Debug` of its bytes, wiped on drop.
#[derive(Default)]
pub struct Secret(WipedVec);

impl Secret {
    /// A copy of these bytes.
    pub fn new(bytes: &[u8]) -> Self {
        let mut secret = WipedVec::with_capacity(bytes.len());
        secret.extend_from_slice(bytes);
        Self(secret)
    }

    /// The bytes, for the one call that needs them.
    pub fn expose(&self) -> &[u8] {
        &self.0
    }

    /// What may be shown: the first and last characters of a long value, at most eight and at most a quarter of it;
    /// of a short one nothing. From a repository, so not fit for a terminal.
    pub fn redacted(&self) -> String {
        let text = String::from_utf8_lossy(&self.0);
        let shown = (text.chars().count() / 4).min(MAX_SHOWN);
        if shown < MIN_SHOWN {
            return HIDDEN.to_owned();
        }
        let (first, last) = (shown.div_ceil(2), shown / 2);
        let end = text.char_indices().rev().nth(last - 1).map_or(text.len(), |(at, _)| at);
        let first: String = text.chars().take(first).collect();
        format!("{first}…{}", &text[end..])
    }
}

/// Characters of a value that are shown at most, and the fewest that are worth it.
const MAX_SHOWN: usize = 8;
const MIN_SHOWN: usize = 4;
/// Shown in the place of a secret value.
const HIDDEN: &str = "…";

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[secret]")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quarter_of_a_value_is_shown_at_most() {
        for (value, shown) in [
            ("", "…"),
            ("fifteen chars!!", "…"),
            ("sixteen chars!!!", "si…!!"),
            ("äöüÄÖÜßéèêàçñøåæœ!", "äö…œ!"),
            ("ghp_0123456789012345678901234567890123ABCD", "ghp_…ABCD"),
        ] {
            assert_eq!(Secret::new(value.as_bytes()).redacted(), shown);
        }
        let secret = Secret::new(&[0xff; 64]);
        assert_eq!(secret.redacted().chars().count(), 9);
        assert_eq!(format!("{secret:?}"), "[secret]");
    }
}
