//! Messages: wrapping to a certificate, and the shape that a message must have before anything opens it.

use std::io::Write as _;
use std::time::SystemTime;

use sequoia_openpgp::KeyHandle;
use sequoia_openpgp::armor::Kind;
use sequoia_openpgp::cert::Preferences as _;
use sequoia_openpgp::serialize::stream::{self, Armorer, Encryptor, LiteralWriter};
use sequoia_openpgp::types::{Features, PublicKeyAlgorithm, SymmetricAlgorithm};

use super::packets::{Broken, Packet, armour_label, dearmour, packets, tag};
use super::{Certificate, CertificateError, MAX_MESSAGE, rescue};
use crate::recipient::Strength;

/// The largest plaintext that is wrapped, so that its message is read again: 32 KiB.
const MAX_PLAINTEXT: usize = 32 << 10;

/// Why nothing was wrapped.
#[derive(Debug, thiserror::Error)]
pub enum WrapError {
    /// The certificate cannot be used.
    #[error(transparent)]
    Certificate(#[from] CertificateError),
    /// There is more than 32 KiB.
    #[error("there is more to wrap than 32 KiB")]
    TooLarge,
    /// The OpenPGP library failed.
    #[error("the message cannot be written: {0}")]
    Failed(String),
    /// gpg had to write it, and did not.
    #[error(transparent)]
    Gpg(#[from] super::GpgError),
    /// What was written is no message that would be opened again.
    #[error("the written message is not valid: {0}")]
    Unreadable(#[from] MessageError),
}

impl WrapError {
    /// The next thing to do, where there is one.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Certificate(error) => error.hint(),
            Self::Gpg(error) => error.hint(),
            Self::TooLarge | Self::Failed(_) | Self::Unreadable(_) => None,
        }
    }
}

/// Wraps `plaintext`, at most 32 KiB, to every valid encryption subkey of a certificate; to the post-quantum ones alone where it
/// has such (RFC 9980).
///
/// An armoured message as docs/format.md, section 5, has it: a PKESK of version 3 with the key id for each subkey, and
/// an integrity-protected packet of version 1 with AES-256, so that GnuPG 2.2 opens it; no compression, no
/// signature. Only to a certificate of version 6 that asks for it, version 2 of that packet is written.
///
/// # Errors
/// As [`Certificate::check`], and when writing fails.
pub fn wrap(
    certificate: &Certificate,
    plaintext: &[u8],
    now: SystemTime,
) -> Result<String, WrapError> {
    if plaintext.len() > MAX_PLAINTEXT {
        return Err(WrapError::TooLarge);
    }
    certificate.check(now)?;
    let message = if rescue::is_needed(certificate.cert(), now) {
        certificate.rescued()?.encrypt(plaintext, now)?
    } else {
        encrypt(certificate, plaintext, now)
            .map_err(|error| WrapError::Failed(super::line(&error.to_string())))?
    };
    Message::parse(&message)?;
    String::from_utf8(message).map_err(|_| WrapError::Failed("it is not text".to_owned()))
}

fn encrypt(
    certificate: &Certificate,
    plaintext: &[u8],
    now: SystemTime,
) -> sequoia_openpgp::Result<Vec<u8>> {
    let policy = super::judge::policy(now);
    let valid = certificate.cert().with_policy(&policy, now)?;
    let features = match valid.primary_key().key().version() {
        6 => valid.features().unwrap_or_else(Features::empty),
        // Certificates of version 4 may say that they take version 2 of the packet, and GnuPG cannot read it.
        _ => Features::empty().set_seipdv1(),
    };
    let keys = super::judge::encryption_keys(&valid);
    let recipients = keys.iter().map(|key| {
        let handle = match key.key().version() {
            6 => KeyHandle::from(key.key().fingerprint()),
            _ => KeyHandle::from(key.key().keyid()),
        };
        stream::Recipient::new(features.clone(), handle, key.key())
    });
    let mut message = Vec::new();
    let writer = Armorer::new(stream::Message::new(&mut message)).kind(Kind::Message).build()?;
    let writer = Encryptor::for_recipients(writer, recipients)
        .symmetric_algo(SymmetricAlgorithm::AES256)
        .build()?;
    let mut writer = LiteralWriter::new(writer).build()?;
    writer.write_all(plaintext)?;
    writer.finalize()?;
    Ok(message)
}

/// Why a message is not opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MessageError {
    /// It begins like none.
    #[error("it is not an OpenPGP message")]
    NotOpenPgp,
    /// It is armour around something else.
    #[error("it holds OpenPGP data, but not a message")]
    OtherArmour,
    /// There is more than 64 KiB.
    #[error("the OpenPGP message is larger than 64 KiB")]
    TooLarge,
    /// It ends too early.
    #[error("the OpenPGP message is cut short")]
    Truncated,
    /// There is something that is no packet, or armour that is none.
    #[error("the OpenPGP message is malformed")]
    Malformed,
    /// There is more than one message, or something before or after it.
    #[error("there is more than one OpenPGP message, or something beside it")]
    NotOne,
    /// It is encrypted without integrity protection (packet type 9).
    #[error("the OpenPGP message has no integrity protection, so it could have been changed")]
    NoIntegrity,
    /// It is not encrypted: literal, compressed or signed.
    #[error("the OpenPGP message is not encrypted")]
    NotEncrypted,
    /// It is encrypted to a passphrase, perhaps among others.
    #[error("the OpenPGP message is encrypted to a passphrase, not to certificates alone")]
    Passphrase,
    /// No recipient is named or hidden in it.
    #[error("the OpenPGP message is encrypted to nobody")]
    NoRecipient,
    /// It has a version that is not known.
    #[error("the OpenPGP message has an unsupported version")]
    Unsupported,
}

impl From<Broken> for MessageError {
    fn from(broken: Broken) -> Self {
        match broken {
            Broken::NotOpenPgp => Self::NotOpenPgp,
            Broken::Truncated => Self::Truncated,
            Broken::Malformed => Self::Malformed,
        }
    }
}

/// An encrypted message of the one shape that is opened: recipients, then one integrity-protected packet, then nothing.
#[derive(Clone, Debug)]
pub struct Message {
    bytes: Vec<u8>,
    recipients: Vec<Option<String>>,
    strength: Strength,
    is_ocb: bool,
}

impl AsRef<[u8]> for Message {
    fn as_ref(&self) -> &[u8] {
        self.bytes()
    }
}

impl Message {
    /// Reads an armoured or binary message of at most 64 KiB.
    ///
    /// The protected packet may be of version 1 or 2, or GnuPG's OCB packet, which only gpg opens.
    ///
    /// # Errors
    /// What is wrong with its shape.
    pub fn parse(message: &(impl AsRef<[u8]> + ?Sized)) -> Result<Self, MessageError> {
        let message = message.as_ref();
        if message.len() > MAX_MESSAGE {
            return Err(MessageError::TooLarge);
        }
        let message = message.trim_ascii_start();
        match armour_label(message) {
            Some(b"MESSAGE") | None => {}
            Some(_) => return Err(MessageError::OtherArmour),
        }
        if message.starts_with(b"-") && !is_one_block(message) {
            return Err(MessageError::NotOne);
        }
        let bytes = dearmour(message)?;
        let packets = packets(&bytes)?;
        let (mut recipients, mut algorithms) = (Vec::new(), Vec::new());
        let mut is_ocb = None;
        for packet in &packets {
            if is_ocb.is_some() {
                return Err(MessageError::NotOne);
            }
            match packet.tag {
                tag::PKESK => {
                    recipients.push(recipient(packet)?);
                    algorithms.push(algorithm(packet));
                }
                tag::PROTECTED if matches!(packet.body.first(), Some(1 | 2)) => {
                    is_ocb = Some(false);
                }
                tag::OCB_PROTECTED if packet.body.first() == Some(&1) => is_ocb = Some(true),
                tag::PROTECTED | tag::OCB_PROTECTED => return Err(MessageError::Unsupported),
                tag::SKESK => return Err(MessageError::Passphrase),
                tag::ENCRYPTED_WITHOUT_INTEGRITY => return Err(MessageError::NoIntegrity),
                tag::COMPRESSED | tag::LITERAL | tag::SIGNATURE | tag::ONE_PASS_SIGNATURE => {
                    return Err(MessageError::NotEncrypted);
                }
                _ => return Err(MessageError::Malformed),
            }
        }
        let is_ocb = is_ocb.ok_or(MessageError::Truncated)?;
        if recipients.is_empty() {
            return Err(MessageError::NoRecipient);
        }
        let is_post_quantum =
            |of: &Option<PublicKeyAlgorithm>| of.is_some_and(super::judge::is_post_quantum);
        // The weakest of them decides.
        let strength = match algorithms.iter().all(is_post_quantum) {
            true => Strength::PostQuantum,
            false => Strength::Classical,
        };
        Ok(Self { bytes, recipients, strength, is_ocb })
    }

    /// The recipients in their order: a key id of 16 upper-case hexadecimal digits, or `None` for a hidden one.
    pub fn recipients(&self) -> &[Option<String>] {
        &self.recipients
    }

    /// Whether a quantum computer opens it, by the algorithms that it names.
    pub fn strength(&self) -> Strength {
        self.strength
    }

    /// The message in binary, which is what was checked.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Whether it is in GnuPG's OCB packet, which is not in RFC 9580.
    pub(super) fn is_ocb(&self) -> bool {
        self.is_ocb
    }
}

/// Whether armour begins once, and nothing but blanks comes after its end.
fn is_one_block(text: &[u8]) -> bool {
    let count = |part: &[u8]| text.windows(part.len()).filter(|window| *window == part).count();
    let one = count(b"-----BEGIN ") == 1 && count(b"-----END ") <= 1;
    let last = text.trim_ascii_end().rsplit(|&byte| byte == b'\n').next().unwrap_or_default();
    one && (count(b"-----END ") == 0 || last.starts_with(b"-----END "))
}

/// Whom a PKESK is for (RFC 9580, section 5.1).
fn recipient(packet: &Packet) -> Result<Option<String>, MessageError> {
    let hex = crate::hex::upper;
    let short = MessageError::Malformed;
    let version = packet.body.first().ok_or(short)?;
    match version {
        3 => {
            let key_id = packet.body.get(1..9).ok_or(short)?;
            Ok((key_id != [0; 8]).then(|| hex(key_id)))
        }
        6 => match packet.body.get(1).ok_or(short)? {
            0 => Ok(None),
            _ => match packet.body.get(2).ok_or(short)? {
                // The key id is the last 8 bytes of a fingerprint of version 4, the first of one of version 6.
                4 => packet.body.get(15..23).map(|id| Some(hex(id))).ok_or(short),
                6 => packet.body.get(3..11).map(|id| Some(hex(id))).ok_or(short),
                _ => Err(MessageError::Unsupported),
            },
        },
        _ => Err(MessageError::Unsupported),
    }
}

/// The algorithm that a PKESK names, behind the recipient (RFC 9580, section 5.1).
fn algorithm(packet: &Packet) -> Option<PublicKeyAlgorithm> {
    let at = match packet.body.first()? {
        3 => 9,
        6 => 2 + usize::from(*packet.body.get(1)?),
        _ => return None,
    };
    packet.body.get(at).copied().map(PublicKeyAlgorithm::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PKESK: [u8; 13] = [0xc1, 11, 3, 1, 2, 3, 4, 5, 6, 7, 8, 18, 0];
    const HIDDEN: [u8; 13] = [0xc1, 11, 3, 0, 0, 0, 0, 0, 0, 0, 0, 18, 0];
    const PROTECTED: [u8; 4] = [0xd2, 2, 1, 9];

    fn parse(parts: &[&[u8]]) -> Result<Vec<Option<String>>, MessageError> {
        Message::parse(&parts.concat()).map(|message| message.recipients().to_vec())
    }

    #[test]
    fn one_shape_is_read() {
        let named = Some("0102030405060708".to_owned());
        assert_eq!(parse(&[&PKESK, &PROTECTED]), Ok(vec![named.clone()]));
        assert_eq!(parse(&[&PKESK, &HIDDEN, &PROTECTED]), Ok(vec![named, None]));
        let ocb = Message::parse(&[&PKESK[..], &[0xd4, 2, 1, 9]].concat()).unwrap();
        assert!(ocb.is_ocb());
    }

    #[test]
    fn every_other_shape_is_refused() {
        use MessageError::*;
        for (parts, error) in [
            (&[&PROTECTED[..]][..], NoRecipient),
            (&[&PKESK], Truncated),
            (&[&PKESK, &PROTECTED, &PROTECTED], NotOne),
            (&[&PKESK, &PROTECTED, &PKESK, &PROTECTED], NotOne),
            (&[&PKESK, &PROTECTED, b"x"], Malformed),
            (&[&PKESK, &[0xc9, 2, 1, 9]], NoIntegrity),
            (&[&PKESK, &[0xc3, 1, 4], &PROTECTED], Passphrase),
            (&[&PKESK, &[0xd2, 1, 3]], Unsupported),
            (&[&[0xc1, 1, 2], &PROTECTED], Unsupported),
            (&[&[0xc1, 3, 3, 1, 2], &PROTECTED], Malformed),
            (&[&[0xcb, 1, 0]], NotEncrypted),
            (&[&[0xc8, 1, 0]], NotEncrypted),
            (&[&[0xca, 3, b'P', b'G', b'P'], &PKESK, &PROTECTED], Malformed),
            (&[b"text"], NotOpenPgp),
            (&[b""], NotOpenPgp),
        ] {
            assert_eq!(parse(parts), Err(error), "{parts:?}");
        }
        assert_eq!(parse(&[&[0xd2; MAX_MESSAGE + 1]]), Err(TooLarge));
    }

    #[test]
    fn armour_stands_alone() {
        let block =
            "-----BEGIN PGP MESSAGE-----\n\nwQsDAQIDBAUGBwgSANICAQk=\n-----END PGP MESSAGE-----\n";
        assert!(Message::parse(&format!("\n{block}\n")).is_ok());
        for text in [format!("{block}{block}"), format!("{block}rest")] {
            assert_eq!(Message::parse(&text).err(), Some(MessageError::NotOne));
        }
        let other = block.replace("MESSAGE", "SIGNATURE");
        assert_eq!(Message::parse(&other).err(), Some(MessageError::OtherArmour));
        let cut = &block[..block.len() - 10];
        assert!(Message::parse(cut).is_err());
        let cut = &block[..40];
        assert_eq!(Message::parse(cut).err(), Some(MessageError::Truncated));
    }
}
