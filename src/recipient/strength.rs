//! How long what is wrapped stays closed to somebody who keeps a copy of it.

/// Whether what is wrapped opens once there is a quantum computer that breaks RSA and elliptic curves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Strength {
    /// No way to open it is known: it is wrapped with ML-KEM beside a curve (RFC 9980, age's `mlkem768x25519`).
    PostQuantum,
    /// It opens.
    Classical,
    /// A command or a plugin has wrapped it, and only that knows how.
    Unknown,
}

impl Strength {
    /// For people.
    pub fn describe(self) -> &'static str {
        match self {
            Self::PostQuantum => "post-quantum",
            Self::Classical => "classical",
            Self::Unknown => "strength not known",
        }
    }
}
