//! What gpg holds of a certificate.

/// How far gpg holds a certificate to belong to whom it names (GnuPG's doc/DETAILS, field 2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Validity {
    /// It is the user's own.
    Ultimate,
    /// It is certified well enough.
    Full,
    /// It is certified by some, and by not enough of them.
    Marginal,
    /// Nobody whom the user trusts has certified it.
    Unknown,
    /// The user has said that it should not be trusted.
    Never,
    /// It, or the user id, was revoked.
    Revoked,
    /// It, or the user id, has expired.
    Expired,
    /// The user has switched it off.
    Disabled,
    /// gpg cannot use it: a self-signature is missing, for example.
    Invalid,
}

impl Validity {
    /// Whether a key may be wrapped to it without asking: ultimate, full or marginal.
    pub fn is_valid(self) -> bool {
        matches!(self, Self::Ultimate | Self::Full | Self::Marginal)
    }

    /// The word for people.
    pub fn name(self) -> &'static str {
        match self {
            Self::Ultimate => "ultimate",
            Self::Full => "full",
            Self::Marginal => "marginal",
            Self::Unknown => "unknown",
            Self::Never => "never",
            Self::Revoked => "revoked",
            Self::Expired => "expired",
            Self::Disabled => "disabled",
            Self::Invalid => "invalid",
        }
    }

    pub(super) fn of(letter: char) -> Self {
        match letter {
            'u' => Self::Ultimate,
            'f' => Self::Full,
            'm' => Self::Marginal,
            'n' => Self::Never,
            'r' => Self::Revoked,
            'e' => Self::Expired,
            'd' => Self::Disabled,
            'i' => Self::Invalid,
            _ => Self::Unknown,
        }
    }
}
