//! What the attributes of a path say of sealing it by value.

use gix::attrs::StateRef;
use gix::bstr::ByteSlice as _;

use super::attribute_names::{BY_ATTRIBUTE, CLEAR_ATTRIBUTE, CRLF, FORMAT_ATTRIBUTE, TEXT};
use super::setting::Setting;

/// The value of `shroud-by` that asks for it.
pub(super) const BY_VALUE: &str = "value";

/// Whether a path is sealed whole or by value, as its attributes have it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum By {
    /// Whole.
    #[default]
    Whole,
    /// By value.
    Value {
        /// What `shroud-format` says.
        format: Option<String>,
        /// What `shroud-clear` says.
        clear: Option<String>,
        /// What says which names are exempt.
        exempting: Option<Setting>,
        /// What says that it is by value.
        setting: Setting,
    },
    /// In a way that this version does not know.
    Unknown(Setting),
}

impl By {
    /// From the states of the attributes, and what sets each.
    pub(super) fn of<'s>(
        state: &impl Fn(&'static str) -> StateRef<'s>,
        setting: &impl Fn(&'static str) -> Option<Setting>,
    ) -> Self {
        let text = |name| match state(name) {
            StateRef::Value(value) => Some(value.as_bstr().to_str_lossy().into_owned()),
            StateRef::Set => Some(String::new()),
            StateRef::Unset | StateRef::Unspecified => None,
        };
        let said = |name: &'static str| {
            let bare = || Setting { text: name.to_owned(), place: None };
            setting(name).unwrap_or_else(bare)
        };
        match text(BY_ATTRIBUTE).as_deref() {
            None | Some("whole") => Self::Whole,
            Some(BY_VALUE) => Self::Value {
                format: text(FORMAT_ATTRIBUTE),
                clear: text(CLEAR_ATTRIBUTE),
                exempting: text(CLEAR_ATTRIBUTE).map(|_| said(CLEAR_ATTRIBUTE)),
                setting: said(BY_ATTRIBUTE),
            },
            Some(_) => Self::Unknown(said(BY_ATTRIBUTE)),
        }
    }

    /// Whether it is by value.
    pub fn is_value(&self) -> bool {
        matches!(self, Self::Value { .. })
    }

    /// Why git could change the stored bytes: what is sealed by value is text to git, where nothing says otherwise.
    pub(super) fn conversion<'s>(
        &self,
        state: &impl Fn(&'static str) -> StateRef<'s>,
    ) -> Option<Setting> {
        let Self::Value { setting, .. } = self else { return None };
        let is_off = match state(TEXT) {
            StateRef::Unset => true,
            StateRef::Unspecified => state(CRLF) == StateRef::Unset,
            _ => false,
        };
        let text = format!("{} without -text", setting.text);
        (!is_off).then(|| Setting { text, place: setting.place.clone() })
    }
}
