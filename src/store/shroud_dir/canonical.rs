//! The bytes that a mac of `.shroud/` is computed over.

use crate::format::Key;

/// A context, then fields: `name=`, the length of the value in four bytes, the value.
pub(super) struct Canonical(Vec<u8>);

impl Canonical {
    pub(super) fn new(context: &str) -> Self {
        Self(context.as_bytes().to_vec())
    }

    pub(super) fn field(mut self, name: &str, value: &dyn ToString) -> Self {
        let value = value.to_string();
        let len = u32::try_from(value.len()).expect("files of this folder are bounded");
        self.0.extend_from_slice(name.as_bytes());
        self.0.push(b'=');
        self.0.extend_from_slice(&len.to_be_bytes());
        self.0.extend_from_slice(value.as_bytes());
        self
    }

    /// A field that may be absent, and then is left out.
    pub(super) fn optional(self, name: &str, value: Option<&str>) -> Self {
        match value {
            Some(value) => self.field(name, &value),
            None => self,
        }
    }

    /// The mac as it is in the file: 64 hexadecimal digits.
    pub(super) fn sign(&self, key: &Key) -> String {
        crate::hex::lower(&key.roster().sign(&self.0))
    }

    pub(super) fn verify(&self, key: &Key, mac: &str) -> bool {
        let pair = |digits: &[u8]| u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok();
        let mac: Option<Vec<u8>> = mac.as_bytes().chunks(2).map(pair).collect();
        mac.is_some_and(|mac| key.roster().verify(&self.0, &mac))
    }
}
