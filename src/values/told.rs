//! The values of a stored file by their names, each as far as it can be told with the keys that are held.

use super::Ciphers;
use super::mode;
use super::open::{OpenValuesError, broken, read};
use super::spots::{What, spots};
use crate::config_format::{Format, Tie};
use crate::format::KeyId;
use crate::secret::WipedVec;

/// A value of a stored file.
pub struct Told {
    /// Its name, as [`crate::config_format::Item::full_name`] writes it.
    pub name: String,
    /// What is there.
    pub value: ToldValue,
    /// Whether it is sealed to the public key: whoever did so need not have held the key.
    pub to_public: bool,
}

/// What is at a name of a stored file.
pub enum ToldValue {
    /// A value as it is written, stored as plaintext.
    Plain(WipedVec),
    /// A value as it is written, stored sealed with a key that is held.
    Opened(WipedVec),
    /// A sealed value whose key is not held.
    Closed {
        /// The key.
        key: KeyId,
        /// The token as it is stored: at one name and with one key, equal tokens are equal values. Where one is sealed to the
        /// public key, different tokens may be equal values too.
        token: Vec<u8>,
    },
}

/// The values of a file of this format, and its empty lists and mappings.
///
/// # Errors
/// The file does not read, is too large, or a sealed value of it is damaged.
pub fn tell(
    format: Format,
    bytes: &[u8],
    ciphers: &mut Ciphers<'_>,
) -> Result<Vec<Told>, OpenValuesError> {
    if bytes.len() > super::MAX_SEALED {
        return Err(OpenValuesError::TooLarge);
    }
    let document = mode::read(format, bytes).map_err(OpenValuesError::DoesNotRead)?;
    let spots = spots(format, &document, None).map_err(OpenValuesError::DoesNotRead)?;
    let mut told = Vec::with_capacity(spots.len());
    for spot in &spots {
        let mut to_public = false;
        let value = match spot.what {
            What::Token => {
                let token = read(format, bytes, spot).map_err(|why| broken(spot, why))?;
                to_public = token.is_to_public();
                match ciphers.held(token.key()) {
                    None => {
                        let written = bytes[spot.range.clone()].to_vec();
                        ToldValue::Closed { key: token.key(), token: written }
                    }
                    Some(held) => {
                        let raw = ciphers.of(&held.key).open(&token, &spot.place);
                        ToldValue::Opened(raw.map_err(|why| broken(spot, why))?)
                    }
                }
            }
            What::Empty | What::Clear | What::Plain => plain(&bytes[spot.range.clone()]),
        };
        told.push(Told { name: spot.item.full_name(), value, to_public });
    }
    for (at, item) in document.items.iter().enumerate() {
        // What an alias stands for is told where it is written.
        if item.is_scalar() && item.tie == Tie::Alias || document.is_empty(at) {
            let (name, value) = (item.full_name(), plain(&bytes[item.value.clone()]));
            told.push(Told { name, value, to_public: false });
        }
    }
    Ok(told)
}

fn plain(written: &[u8]) -> ToldValue {
    let mut bytes = WipedVec::with_capacity(written.len());
    bytes.extend_from_slice(written);
    ToldValue::Plain(bytes)
}
