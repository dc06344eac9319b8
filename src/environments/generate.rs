//! Values that a machine makes and nobody sees.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

use super::schema::Type;

/// Characters of a value where nothing else is said: 190 bits.
pub const LENGTH: usize = 32;
/// The shortest and the longest that is made.
pub const LENGTHS: std::ops::RangeInclusive<usize> = 8..=4096;
/// What a value consists of: nothing that any file format, shell or URL takes for a sign.
const ALPHABET: &[u8; 62] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
/// How often another value is tried where the schema refuses one.
const TRIES: usize = 1000;

/// No value was made.
#[derive(Debug, thiserror::Error)]
pub enum GenerateError {
    /// The system gives no random numbers.
    #[error("no random numbers")]
    Random,
    /// A value of this type cannot be a random text.
    #[error("no random value is {0}")]
    Type(&'static str),
    /// The schema refuses every value that was tried; how.
    #[error("no random value of {0} characters fits the schema: it {1}")]
    Refused(usize, String),
}

/// A random value of so many characters that the schema does not refuse; for Base64 one of so many bytes.
///
/// # Errors
/// [`GenerateError`].
pub fn generate(
    kind: &Type,
    length: usize,
    refuse: impl Fn(&str) -> Option<String>,
) -> Result<Zeroizing<String>, GenerateError> {
    match kind {
        Type::String | Type::Base64 => {}
        other => return Err(GenerateError::Type(other.name())),
    }
    let mut why = String::new();
    for _ in 0..TRIES {
        let value = if *kind == Type::Base64 { base64(length)? } else { text(length)? };
        match refuse(&value) {
            None => return Ok(value),
            Some(refused) => why = refused,
        }
    }
    Err(GenerateError::Refused(length, why))
}

fn base64(length: usize) -> Result<Zeroizing<String>, GenerateError> {
    let mut bytes = Zeroizing::new(vec![0; length]);
    getrandom::fill(&mut bytes).map_err(|_| GenerateError::Random)?;
    let mut value = Zeroizing::new(String::with_capacity(length * 4 / 3 + 4));
    STANDARD.encode_string(&*bytes, &mut value);
    Ok(value)
}

fn text(length: usize) -> Result<Zeroizing<String>, GenerateError> {
    let mut value = Zeroizing::new(String::with_capacity(length));
    let mut bytes = Zeroizing::new([0; 64]);
    while value.len() < length {
        getrandom::fill(&mut *bytes).map_err(|_| GenerateError::Random)?;
        // Without those that would make some signs more frequent.
        let fair = bytes.iter().filter(|byte| usize::from(**byte) < 4 * ALPHABET.len());
        for byte in fair.take(length - value.len()) {
            value.push(char::from(ALPHABET[usize::from(*byte) % ALPHABET.len()]));
        }
    }
    Ok(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_long_and_fit() {
        let made = generate(&Type::String, 40, |_| None).unwrap();
        assert!(made.len() == 40 && made.bytes().all(|byte| byte.is_ascii_alphanumeric()));
        assert_ne!(made, generate(&Type::String, 40, |_| None).unwrap());
        let digit = |value: &str| (!value.contains('7')).then(|| "has no 7".to_owned());
        assert!(generate(&Type::String, 8, digit).unwrap().contains('7'));
        assert_eq!(
            STANDARD.decode(&**generate(&Type::Base64, 32, |_| None).unwrap()).unwrap().len(),
            32
        );
        assert!(generate(&Type::Port, 8, |_| None).is_err());
        let never = generate(&Type::String, 8, |_| Some("is bad".to_owned())).unwrap_err();
        assert_eq!(never.to_string(), "no random value of 8 characters fits the schema: it is bad");
    }
}
