//! HPKE (RFC 9180) in base mode, a message at a time: DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, AES-256-GCM.

use aes_gcm::aead::AeadInOut as _;
use aes_gcm::{Aes256Gcm, KeyInit as _};
use hkdf::Hkdf;
use sha2::Sha256;
use x25519_dalek::{PublicKey as Point, StaticSecret};
use zeroize::Zeroizing;

use crate::secret::{SecretBytes, WipedVec};

/// Bytes of a public key, and of what is sent with a message for opening it.
pub(super) const POINT_LEN: usize = 32;
/// Bytes of a tag.
pub(super) const TAG_LEN: usize = 16;

const VERSION: &[u8] = b"HPKE-v1";
/// "KEM", and DHKEM(X25519, HKDF-SHA256).
const KEM_SUITE: &[u8] = b"KEM\x00\x20";
/// "HPKE", the KEM, HKDF-SHA256, AES-256-GCM.
const SUITE: &[u8] = b"HPKE\x00\x20\x00\x01\x00\x02";
const NONCE_LEN: usize = 12;
/// No key that both sides share authenticates the sender.
const MODE_BASE: u8 = 0;

/// Seals a message in place to a public key, with this secret, which must be random and be used once. `None` where the point is
/// of low order, so that everybody could open the message.
pub(super) fn seal(
    to: &[u8; POINT_LEN],
    ephemeral: SecretBytes<POINT_LEN>,
    info: &[u8],
    ad: &[u8],
    message: &mut [u8],
) -> Option<([u8; POINT_LEN], [u8; TAG_LEN])> {
    let secret = StaticSecret::from(*ephemeral.expose());
    drop(ephemeral);
    let sent = Point::from(&secret).to_bytes();
    let shared = shared_secret(&secret, to, &sent, to)?;
    let (cipher, nonce) = cipher(&shared, info);
    let tag = cipher.encrypt_inout_detached(nonce.expose().into(), ad, message.into());
    Some((sent, tag.expect("a value is not too long").into()))
}

/// Opens a message in place; `None` where it was changed, is not for this key, or was sent with a point of low order.
pub(super) fn open(
    secret: &StaticSecret,
    sent: &[u8; POINT_LEN],
    info: &[u8],
    ad: &[u8],
    message: &mut WipedVec,
) -> Option<()> {
    let own = Point::from(secret).to_bytes();
    let shared = shared_secret(secret, sent, sent, &own)?;
    let (cipher, nonce) = cipher(&shared, info);
    let len = message.len().checked_sub(TAG_LEN)?;
    let (text, tag) = message.split_at_mut(len);
    let tag: [u8; TAG_LEN] = (&*tag).try_into().ok()?;
    cipher.decrypt_inout_detached(nonce.expose().into(), ad, text.into(), &tag.into()).ok()?;
    message.truncate(len);
    Some(())
}

/// Whether a point is of low order: what is sealed to it is open to everybody.
pub(super) fn is_low_order(point: &[u8; POINT_LEN]) -> bool {
    let any = StaticSecret::from([1; POINT_LEN]);
    !any.diffie_hellman(&Point::from(*point)).was_contributory()
}

/// What both sides compute (RFC 9180, 4.1, Encap and Decap): with the own secret and the other's point.
fn shared_secret(
    secret: &StaticSecret,
    other: &[u8; POINT_LEN],
    sent: &[u8; POINT_LEN],
    receiver: &[u8; POINT_LEN],
) -> Option<SecretBytes<32>> {
    let dh = secret.diffie_hellman(&Point::from(*other));
    // Section 7.1.4 asks for this.
    if !dh.was_contributory() {
        return None;
    }
    let prk = extract(KEM_SUITE, &[], b"eae_prk", dh.as_bytes());
    Some(expand(&prk, KEM_SUITE, b"shared_secret", &[sent, receiver]))
}

fn cipher(shared: &SecretBytes<32>, info: &[u8]) -> (Aes256Gcm, SecretBytes<NONCE_LEN>) {
    let (key, nonce) = key_schedule(SUITE, shared, info);
    (Aes256Gcm::new(key.expose().into()), nonce)
}

/// The key and nonce of the first message, for the suite of this id ("HPKE" and the numbers of its parts) and a secret that both sides
/// share (RFC 9180, 5.1, base mode). The key derivation is HKDF-SHA256, and the cipher has a key of 32 bytes.
pub(crate) fn key_schedule(
    suite: &[u8],
    shared: &SecretBytes<32>,
    info: &[u8],
) -> (SecretBytes<32>, SecretBytes<NONCE_LEN>) {
    let psk_id_hash = prk(suite, &[], b"psk_id_hash", &[]);
    let info_hash = prk(suite, &[], b"info_hash", info);
    let context: [&[u8]; 3] = [&[MODE_BASE], &*psk_id_hash, &*info_hash];
    let secret = extract(suite, shared.expose(), b"secret", &[]);
    (expand(&secret, suite, b"key", &context), expand(&secret, suite, b"base_nonce", &context))
}

fn labelled(suite: &[u8], label: &[u8], ikm: &[u8]) -> Zeroizing<Vec<u8>> {
    Zeroizing::new([VERSION, suite, label, ikm].concat())
}

/// LabeledExtract, to be expanded.
fn extract(suite: &[u8], salt: &[u8], label: &[u8], ikm: &[u8]) -> Hkdf<Sha256> {
    Hkdf::new(Some(salt), &labelled(suite, label, ikm))
}

/// LabeledExtract, as bytes.
fn prk(suite: &[u8], salt: &[u8], label: &[u8], ikm: &[u8]) -> Zeroizing<[u8; 32]> {
    let (prk, _) = Hkdf::<Sha256>::extract(Some(salt), &labelled(suite, label, ikm));
    Zeroizing::new(prk.into())
}

/// LabeledExpand.
fn expand<const N: usize>(
    prk: &Hkdf<Sha256>,
    suite: &[u8],
    label: &[u8],
    info: &[&[u8]],
) -> SecretBytes<N> {
    let len = u16::try_from(N).expect("keys are short").to_be_bytes();
    let info = [&[&len, VERSION, suite, label], info].concat();
    SecretBytes::filled(|out| {
        prk.expand_multi_info(&info, out).expect("keys are short");
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unhex<const N: usize>(text: &str) -> [u8; N] {
        std::array::from_fn(|at| u8::from_str_radix(&text[2 * at..2 * at + 2], 16).unwrap())
    }

    /// RFC 9180, A.1.1: the KEM does not depend on the cipher.
    #[test]
    fn the_shared_secret_is_the_one_of_the_rfc() {
        let sender = "52c4a758a802cd8b936eceea314432798d5baf2d7e9235dc084ab1b9cfa2f736";
        let sent = unhex("37fda3567bdbd628e88668c3c8d7e97d1d1253b6d4ea6d44c150f741f1bf4431");
        let receiver = unhex("3948cfe0ad1ddb695d780e59077195da6c56506b027329794ab02bca80815c4d");
        let own = "4612c550263fc8ad58375df3f557aac531d26850903e55a9f23f21d8534e8ac8";
        let shared = unhex("fe0e18c9f024ce43799ae393c7e8fe8fce9d218875e8227b0187c04e7d2ea1fc");
        let (sender, own) = (StaticSecret::from(unhex(sender)), StaticSecret::from(unhex(own)));
        let sealing = shared_secret(&sender, &receiver, &sent, &receiver).unwrap();
        let opening = shared_secret(&own, &sent, &sent, &receiver).unwrap();
        assert_eq!((*sealing.expose(), *opening.expose()), (shared, shared));
    }

    #[test]
    fn points_of_low_order_are_refused() {
        // RFC 7748 and https://cr.yp.to/ecdh.html: orders 1, 2, 4 and 8, the last also with the bit that is not looked at.
        let zero = [0; 32];
        let one = std::array::from_fn(|at| u8::from(at == 0));
        let eight = "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800";
        let other = "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157";
        let minus = "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f";
        let high = "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff";
        for point in [zero, one, unhex(eight), unhex(other), unhex(minus), unhex(high)] {
            assert!(is_low_order(&point), "{point:?}");
            let ephemeral = SecretBytes::new([7; 32]);
            assert!(seal(&point, ephemeral, b"", b"", &mut [0; 4]).is_none());
            let own = StaticSecret::from([9; 32]);
            let mut message = WipedVec::zeroed(40);
            assert!(open(&own, &point, b"", b"", &mut message).is_none());
        }
        assert!(!is_low_order(&Point::from(&StaticSecret::from([9; 32])).to_bytes()));
    }
}
