//! OpenPGP: certificates, messages to them, and opening these by gpg or natively (RFC 9580).
//!
//! Everything that comes in is taken apart by [`packets`] first, which knows little and is strict, so that neither
//! sequoia nor gpg is given anything of another shape.

pub mod certificate;
pub mod gpg;
pub mod message;
pub mod native;

mod certificate_error;
mod judge;
mod packets;
mod renewed;
mod rescue;

pub use certificate::Certificate;
pub use certificate_error::CertificateError;
pub use gpg::{Gpg, GpgCertificate, GpgError, Known, Validity};
pub use message::{Message, MessageError, WrapError, wrap};
pub use native::{Packing, SecretKey, SecretKeyError, UnwrapError};

/// The largest certificate or secret key that is read: 1 MiB.
pub const MAX_CERTIFICATE: usize = 1 << 20;
/// The largest message, and the largest plaintext of one: 64 KiB.
pub const MAX_MESSAGE: usize = 64 << 10;

/// Whether these bytes begin as a secret key does, armoured or binary.
pub fn begins_secret_key(bytes: &[u8]) -> bool {
    // A packet of this kind with a length in the old form or the new one (RFC 9580, section 4.2).
    let is_binary = matches!(bytes.first(), Some(0x94..=0x96 | 0xc5));
    is_binary || packets::armour_label(bytes) == Some(b"PRIVATE KEY BLOCK")
}

/// Text from a certificate on one line, safe for a terminal.
fn line(text: &str) -> String {
    crate::sanitise::line(text)
}
