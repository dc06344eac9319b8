//! How sure a hit is.

use serde::Deserialize;

/// How sure a hit is. Ordered: a surer one is greater.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Rank {
    /// Worth a look where everything is looked at.
    Low,
    /// Likely; the least that is shown by default.
    Medium,
    /// Has the shape that its service documents, and looks random.
    High,
    /// Proved by a checksum, or parsed.
    Certain,
}

impl Rank {
    /// All of them, the least sure first.
    pub const ALL: [Self; 4] = [Self::Low, Self::Medium, Self::High, Self::Certain];

    /// The rank of this name; the surest for a word that is none.
    pub fn named(name: &str) -> Self {
        Self::ALL.into_iter().find(|rank| rank.name() == name).unwrap_or(Self::Certain)
    }

    /// One step less sure.
    pub(super) fn lowered(self) -> Self {
        match self {
            Self::Certain => Self::High,
            Self::High => Self::Medium,
            Self::Medium | Self::Low => Self::Low,
        }
    }

    /// Why a hit has it, where nothing more is known of it.
    pub fn reason(self) -> &'static str {
        match self {
            Self::Certain => "a checksum or its structure proves it",
            Self::High => "has the form of such a secret",
            Self::Medium => "what is around it says so; its own form does not",
            Self::Low => "such values are often no secrets",
        }
    }

    /// The word for it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Certain => "certain",
            Self::High => "high",
            Self::Medium => "medium",
            Self::Low => "low",
        }
    }
}
