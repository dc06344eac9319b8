//! Opening messages without gpg, from a secret key in memory.
//!
//! For machines without gpg, such as those of a CI. The arithmetic is not free of timing differences for every
//! algorithm, and for RSA that is known to be attackable (RUSTSEC-2023-0071), so RSA needs the caller's word.

use std::io::Read as _;

use sequoia_openpgp::cert::CertParser;
use sequoia_openpgp::crypto::{KeyPair, Password, SessionKey};
use sequoia_openpgp::packet::key::{Key, SecretKeyMaterial, SecretParts, UnspecifiedRole};
use sequoia_openpgp::packet::{PKESK, SKESK};
use sequoia_openpgp::parse::stream::{
    DecryptionHelper, DecryptorBuilder, MessageLayer, MessageStructure, VerificationHelper,
};
use sequoia_openpgp::parse::{PacketParser, Parse as _};
use sequoia_openpgp::policy::StandardPolicy;
use sequoia_openpgp::types::{PublicKeyAlgorithm, SymmetricAlgorithm};
use sequoia_openpgp::{Cert, KeyHandle, Packet};
use zeroize::Zeroizing;

use super::packets::{Broken, armour_label, dearmour, packets, tag};
use super::{MAX_CERTIFICATE, MAX_MESSAGE, Message, judge, line};
use crate::recipient::Ask;

/// How often a passphrase is asked for.
const ATTEMPTS: usize = 3;

/// Why a secret key is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SecretKeyError {
    /// There is more than 1 MiB.
    #[error("the secret key is larger than 1 MiB")]
    TooLarge,
    /// It begins like none.
    #[error("it is not an OpenPGP secret key")]
    NotOpenPgp,
    /// It ends too early.
    #[error("the OpenPGP secret key is cut short")]
    Truncated,
    /// Something in it is no packet, or is where it may not be.
    #[error("the OpenPGP secret key is malformed")]
    Malformed,
    /// It holds no secret part.
    #[error("this is a public certificate, not a secret key")]
    Public,
    /// The secret parts are elsewhere, such as on a smartcard.
    #[error("the secret key has no secret part: it is on a smartcard, or was not exported")]
    Stub,
    /// There is more than one.
    #[error("there are several secret keys, not one")]
    Several,
    /// It is of a version or an algorithm that is not known.
    #[error("the secret key has an unsupported version or algorithm")]
    Unsupported,
}

impl SecretKeyError {
    /// What to do next.
    pub fn hint(&self) -> Option<&'static str> {
        Some(match self {
            Self::Stub => "open it through gpg, which can use the card",
            Self::Unsupported => "open it through gpg",
            _ => "export exactly one with 'gpg --armor --export-secret-keys FINGERPRINT'",
        })
    }
}

impl From<Broken> for SecretKeyError {
    fn from(broken: Broken) -> Self {
        match broken {
            Broken::NotOpenPgp => Self::NotOpenPgp,
            Broken::Truncated => Self::Truncated,
            Broken::Malformed => Self::Malformed,
        }
    }
}

/// Why a message was not opened.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UnwrapError {
    /// It is for others.
    #[error("the message is not for this secret key")]
    NoMatchingKey,
    /// The key is RSA, which the caller has not allowed.
    #[error(
        "the secret key is RSA, whose decryption without gpg can be attacked by measuring its time (RUSTSEC-2023-0071)"
    )]
    Rsa,
    /// The passphrase was wrong, three times.
    #[error("the passphrase of the secret key is wrong")]
    Passphrase,
    /// The key has a passphrase, and nobody gave it.
    #[error("the secret key needs a passphrase, and none was given")]
    NoPassphrase,
    /// The library cannot use the key; its algorithm.
    #[error("the secret key's algorithm is not supported without gpg: {0}")]
    Unsupported(String),
    /// The message was changed.
    #[error("the message is damaged or was changed")]
    Tampered,
    /// There is more in it than encrypted bytes.
    #[error("the message is compressed or signed inside; only gpg opens it")]
    Structure,
    /// It is in GnuPG's own OCB packet.
    #[error("the message is in GnuPG's own format; only gpg opens it")]
    OnlyGpg,
}

impl UnwrapError {
    /// What to do next.
    pub fn hint(&self) -> Option<&'static str> {
        Some(match self {
            Self::Rsa => "open it through gpg, or give '--allow-rsa' where nobody can measure it",
            Self::Unsupported(_) | Self::Structure | Self::OnlyGpg => "open it through gpg",
            Self::NoMatchingKey => "ask a member who can open the key to grant it to you",
            Self::Passphrase | Self::NoPassphrase => "run it again and give the passphrase",
            Self::Tampered => "ask for a new grant, and find out who changed the member file",
        })
    }
}

/// What may be around the plaintext inside the encryption.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Packing {
    /// Nothing: what this program writes.
    None,
    /// A compression (zip or zlib), as gpg has it by default.
    Compressed,
}

/// A secret key, which may be under a passphrase. Wiped when dropped.
pub struct SecretKey {
    cert: Cert,
}

type Secret = Key<SecretParts, UnspecifiedRole>;

impl SecretKey {
    /// Reads exactly one secret key of at most 1 MiB, armoured or binary.
    ///
    /// # Errors
    /// What the bytes are instead.
    pub fn parse(bytes: &[u8]) -> Result<Self, SecretKeyError> {
        if bytes.len() > MAX_CERTIFICATE {
            return Err(SecretKeyError::TooLarge);
        }
        if armour_label(bytes) == Some(b"PUBLIC KEY BLOCK") {
            return Err(SecretKeyError::Public);
        }
        let binary = Zeroizing::new(dearmour(bytes)?);
        let mut primaries = 0;
        for packet in packets(&binary)? {
            match packet.tag {
                tag::PUBLIC_KEY if primaries == 0 => return Err(SecretKeyError::Public),
                tag::SECRET_KEY if !matches!(packet.body.first(), Some(4 | 6)) => {
                    return Err(SecretKeyError::Unsupported);
                }
                tag::SECRET_KEY | tag::PUBLIC_KEY => primaries += 1,
                _ if primaries == 0 => return Err(SecretKeyError::NotOpenPgp),
                _ => {}
            }
        }
        if primaries > 1 {
            return Err(SecretKeyError::Several);
        }
        let mut certs = CertParser::from_bytes(&binary).map_err(|_| SecretKeyError::Malformed)?;
        let cert = match certs.next() {
            Some(Ok(cert)) => cert,
            Some(Err(error)) => {
                let unsupported = matches!(
                    error.downcast_ref(),
                    Some(sequoia_openpgp::Error::UnsupportedCert(..))
                );
                return Err(if unsupported {
                    SecretKeyError::Unsupported
                } else {
                    SecretKeyError::Malformed
                });
            }
            None => return Err(SecretKeyError::Malformed),
        };
        let key = Self { cert };
        if key.secrets().next().is_none() {
            return Err(SecretKeyError::Stub);
        }
        Ok(key)
    }

    /// The fingerprint of its certificate, in upper-case hexadecimal digits.
    pub fn fingerprint(&self) -> String {
        self.cert.fingerprint().to_hex()
    }

    /// The key ids of the primary key and all subkeys whose secret part is there: 16 upper-case hexadecimal digits each.
    pub fn key_ids(&self) -> Vec<String> {
        self.secrets().map(|key| key.keyid().to_hex()).collect()
    }

    /// Opens a message. Only those subkeys that it names are tried; all of them where it hides a recipient.
    ///
    /// `ask` is asked for the passphrase, up to three times, if the key has one. Nothing is given out before
    /// the whole message was read and its integrity checked.
    ///
    /// # Errors
    /// Why not. [`UnwrapError::Rsa`] for an RSA key unless `allow_rsa`.
    pub fn unwrap(
        &self,
        message: &Message,
        allow_rsa: bool,
        ask: Ask<'_>,
    ) -> Result<Zeroizing<Vec<u8>>, UnwrapError> {
        self.unwrap_packed(message, Packing::None, allow_rsa, ask)
    }

    /// As [`Self::unwrap`], of a message whose plaintext may be packed.
    ///
    /// # Errors
    /// Likewise.
    pub fn unwrap_packed(
        &self,
        message: &Message,
        packing: Packing,
        allow_rsa: bool,
        ask: Ask<'_>,
    ) -> Result<Zeroizing<Vec<u8>>, UnwrapError> {
        let hidden = message.recipients().contains(&None);
        let mut reason = UnwrapError::NoMatchingKey;
        let mut passphrase = None;
        for key in self.secrets().filter(|key| key.pk_algo().for_encryption()) {
            let key_id = Some(key.keyid().to_hex());
            let named = message.recipients().contains(&key_id);
            if !named && !hidden {
                continue;
            }
            if message.is_ocb() {
                return Err(UnwrapError::OnlyGpg);
            }
            if let Err(why) = usable(&key, allow_rsa) {
                reason = why;
                continue;
            }
            let pair = self.unlock(key, &mut passphrase, ask)?;
            match open(message, packing, pair) {
                // A hidden recipient may be anybody.
                Err(UnwrapError::NoMatchingKey) if named => reason = UnwrapError::Tampered,
                Err(UnwrapError::NoMatchingKey) => {}
                result => return result,
            }
        }
        Err(reason)
    }

    fn secrets(&self) -> impl Iterator<Item = Secret> {
        let is_there = |key: &Secret| match key.secret() {
            SecretKeyMaterial::Unencrypted(_) => true,
            // gpg's private numbers say that there is nothing, or that it is on a card.
            SecretKeyMaterial::Encrypted(secret) => secret.s2k().is_supported(),
        };
        self.cert.keys().secret().map(|key| key.key().clone()).filter(is_there)
    }

    /// Takes the passphrase off a key; one that fitted another subkey is tried before anybody is asked.
    fn unlock(
        &self,
        key: Secret,
        passphrase: &mut Option<Password>,
        ask: Ask<'_>,
    ) -> Result<KeyPair, UnwrapError> {
        let describe = judge::describe(&key);
        let pair = |key: Secret| {
            key.into_keypair().map_err(|_| UnwrapError::Unsupported(describe.clone()))
        };
        if !key.secret().is_encrypted() {
            return pair(key);
        }
        if let Some(Ok(open)) = passphrase.as_ref().map(|known| key.clone().decrypt_secret(known)) {
            return pair(open);
        }
        let question = format!("Passphrase of the OpenPGP key {}", self.fingerprint());
        for _ in 0..ATTEMPTS {
            let answer = ask(&question).ok_or(UnwrapError::NoPassphrase)?;
            let answer = Password::from(answer.as_str());
            if let Ok(open) = key.clone().decrypt_secret(&answer) {
                *passphrase = Some(answer);
                return pair(open);
            }
        }
        Err(UnwrapError::Passphrase)
    }
}

fn usable(key: &Secret, allow_rsa: bool) -> Result<(), UnwrapError> {
    #[allow(deprecated, reason = "old keys say that they are for encryption alone")]
    let is_rsa = matches!(
        key.pk_algo(),
        PublicKeyAlgorithm::RSAEncryptSign | PublicKeyAlgorithm::RSAEncrypt
    );
    if judge::is_foreign(key) || !judge::is_known(key) {
        return Err(UnwrapError::Unsupported(line(&judge::describe(key))));
    }
    if is_rsa && !allow_rsa { Err(UnwrapError::Rsa) } else { Ok(()) }
}

fn open(
    message: &Message,
    packing: Packing,
    pair: KeyPair,
) -> Result<Zeroizing<Vec<u8>>, UnwrapError> {
    let policy = StandardPolicy::new();
    let mut seen = Seen { packing, session_key: false, other_packet: false, only_literal: false };
    let mut plaintext = Zeroizing::new(Vec::with_capacity(MAX_MESSAGE + 1));
    let helper = Helper { pair, seen: &mut seen };
    let read = DecryptorBuilder::from_bytes(message.bytes())
        // All of the message fits, so nothing is given out before the end was authenticated.
        .map(|builder| builder.buffer_size(2 * MAX_MESSAGE))
        .and_then(|builder| builder.with_policy(&policy, None, helper))
        // A few bytes may be packed that unpack to gigabytes.
        .and_then(|decryptor| {
            let mut bounded = decryptor.take(MAX_MESSAGE as u64 + 1);
            Ok(bounded.read_to_end(&mut plaintext)?)
        });
    match read {
        Ok(len) if len > MAX_MESSAGE => Err(UnwrapError::Tampered),
        Ok(_) if seen.only_literal => Ok(plaintext),
        _ if !seen.session_key => Err(UnwrapError::NoMatchingKey),
        _ if seen.other_packet => Err(UnwrapError::Structure),
        _ => Err(UnwrapError::Tampered),
    }
}

/// What came by while a message was opened.
struct Seen {
    packing: Packing,
    session_key: bool,
    other_packet: bool,
    only_literal: bool,
}

struct Helper<'a> {
    pair: KeyPair,
    seen: &'a mut Seen,
}

impl VerificationHelper for Helper<'_> {
    fn inspect(&mut self, parser: &PacketParser<'_>) -> sequoia_openpgp::Result<()> {
        self.seen.other_packet |= matches!(
            parser.packet,
            Packet::OnePassSig(_) | Packet::Signature(_)
        ) || (self.seen.packing == Packing::None
            && matches!(parser.packet, Packet::CompressedData(_)))
            || matches!(&parser.packet, Packet::Unknown(unknown) if u8::from(unknown.tag()) == tag::COMPRESSED);
        Ok(())
    }

    fn get_certs(&mut self, _: &[KeyHandle]) -> sequoia_openpgp::Result<Vec<Cert>> {
        Ok(Vec::new())
    }

    fn check(&mut self, structure: MessageStructure<'_>) -> sequoia_openpgp::Result<()> {
        let layers: Vec<_> = structure.into_iter().collect();
        self.seen.only_literal = match layers.as_slice() {
            [MessageLayer::Encryption { .. }] => true,
            [MessageLayer::Encryption { .. }, MessageLayer::Compression { .. }] => {
                self.seen.packing == Packing::Compressed
            }
            _ => false,
        };
        if self.seen.only_literal {
            return Ok(());
        }
        self.seen.other_packet = true;
        Err(sequoia_openpgp::Error::MalformedMessage("more than encryption".to_owned()).into())
    }
}

impl DecryptionHelper for Helper<'_> {
    fn decrypt(
        &mut self,
        pkesks: &[PKESK],
        _: &[SKESK],
        algorithm: Option<SymmetricAlgorithm>,
        decrypt: &mut dyn FnMut(Option<SymmetricAlgorithm>, &SessionKey) -> bool,
    ) -> sequoia_openpgp::Result<Option<Cert>> {
        let own = KeyHandle::from(self.pair.public().fingerprint());
        for pkesk in pkesks {
            if pkesk.recipient().is_some_and(|recipient| !recipient.aliases(&own)) {
                continue;
            }
            if let Some((algorithm, key)) = pkesk.decrypt(&mut self.pair, algorithm)
                && decrypt(algorithm, &key)
            {
                self.seen.session_key = true;
                return Ok(None);
            }
        }
        Err(sequoia_openpgp::Error::MissingSessionKey("not for this key".to_owned()).into())
    }
}
