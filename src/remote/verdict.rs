//! Why a state that a host serves is not believed.

/// Why a state is not believed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Verdict {
    /// An earlier state.
    #[error(
        "the host serves an old state (push {served}) of this encrypted repository; you have seen push {seen}"
    )]
    Stale {
        /// The generation that the host serves.
        served: u64,
        /// The one that was seen.
        seen: u64,
        /// The digest of the sealed manifest that it serves.
        id: String,
    },
    /// A state that does not descend from the one that was seen.
    #[error(
        "the host serves a state (push {served}) of this encrypted repository that does not descend from push {seen}, which you have seen"
    )]
    Forked {
        /// The generation that the host serves.
        served: u64,
        /// The one that was seen.
        seen: u64,
        /// The digest of the sealed manifest that it serves.
        id: String,
    },
    /// Another store.
    #[error("the host serves another encrypted repository than the one that was at this address")]
    Replaced {
        /// The digest of the sealed manifest that it serves.
        id: String,
    },
}

impl Verdict {
    /// Names the state that the host serves: 64 hexadecimal digits.
    pub fn id(&self) -> &str {
        match self {
            Self::Stale { id, .. } | Self::Forked { id, .. } | Self::Replaced { id } => id,
        }
    }
}
