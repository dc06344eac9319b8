//! Which of the layouts a sealed file has, and whether it is the one that its attributes ask for.

use super::header::{DELTA, Header, VERSION_1};
use super::{Layout, sealed_len};

/// The layout that a sealed file has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// Version 1, which nothing writes any more.
    Version1,
    /// Sealed whole, as it is.
    Whole,
    /// Sealed whole and compressed.
    Compressed,
    /// Sealed in records.
    Records,
}

impl Form {
    /// The form of a file of `sealed` bytes that begins with `start` and opened to `plaintext` bytes; `None` where it is no
    /// sealed file.
    pub fn of(start: &[u8], sealed: u64, plaintext: u64) -> Option<Self> {
        Some(match Header::parse(start).ok()?.version() {
            VERSION_1 => Self::Version1,
            DELTA => Self::Records,
            _ if sealed_len(plaintext) == Some(sealed) => Self::Whole,
            _ => Self::Compressed,
        })
    }

    /// Whether sealing `plaintext` bytes by these attributes could give this form.
    pub fn follows(self, layout: Layout, plaintext: u64) -> bool {
        let in_records = layout.delta && plaintext >= super::MIN_DELTA_PLAINTEXT;
        match self {
            Self::Version1 => false,
            Self::Records => in_records,
            Self::Whole => !in_records,
            Self::Compressed => !in_records && layout.compress,
        }
    }

    /// The layout by which the same plaintext gets this form again; for version 1 the default one.
    pub fn layout(self) -> Layout {
        match self {
            Self::Whole => Layout { compress: false, delta: false },
            Self::Records => Layout { compress: true, delta: true },
            Self::Version1 | Self::Compressed => Layout::default(),
        }
    }

    /// The word for it in messages.
    pub fn name(self) -> &'static str {
        match self {
            Self::Version1 => "version 1",
            Self::Whole => "whole",
            Self::Compressed => "compressed",
            Self::Records => "in records",
        }
    }
}
