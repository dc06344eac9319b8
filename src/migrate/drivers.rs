//! What the tool that a repository is taken over from calls its filters.

use crate::git_crypt::{InvalidName, Name};

/// The drivers of a tool, as attributes name them.
#[derive(Clone, Copy)]
pub struct Drivers {
    /// What the tool is called.
    pub tool: &'static str,
    /// The key that a driver of this name means; `None` where the driver is not the tool's.
    pub key_of: fn(&[u8]) -> Option<Result<Name, InvalidName>>,
    /// Whether the tool has merge drivers, of the same names.
    pub merges: bool,
    /// Attributes that mean nothing without the tool: a line that gives no others goes.
    pub own: &'static [&'static [u8]],
    /// Whether its keys are kept here, so that members can read what earlier commits hold.
    pub keeps_keys: bool,
}

impl Drivers {
    /// Those of git-crypt.
    pub const GIT_CRYPT: Self = Self {
        tool: "git-crypt",
        key_of: Name::from_driver,
        merges: false,
        own: &[],
        keeps_keys: true,
    };

    /// The key that the value of `filter` or `diff` means.
    pub(super) fn key_of(&self, value: &[u8]) -> Option<Result<Name, InvalidName>> {
        (self.key_of)(value)
    }

    /// Whether an attribute, as a line has it, names one of these drivers.
    pub(super) fn is_in(&self, token: &[u8]) -> bool {
        let names = |attribute: &[u8]| {
            token.strip_prefix(attribute).is_some_and(|value| self.key_of(value).is_some())
        };
        names(b"filter=") || names(b"diff=") || (self.merges && names(b"merge="))
    }
}
