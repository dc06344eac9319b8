//! Values that a program drew.

use super::thresholds::{
    DRAWN_BELOW, ENTROPY_FROM_20, ENTROPY_OF_HEX, ENTROPY_UP_TO_19, LEAST_OF_DIGITS, LEAST_OF_HEX,
    LEAST_OF_LETTERS, LETTERS_DRAWN_BELOW, LONG_RANDOM,
};
use super::words;

/// Whether the value looks as if a program drew it: at least `least` bytes of an encoding's alphabet, and few words.
pub(super) fn is(value: &[u8], least: usize) -> bool {
    if value.len() < least || !value.iter().all(u8::is_ascii_graphic) {
        return false;
    }
    let digits = value.iter().filter(|byte| byte.is_ascii_digit()).count();
    let upper = value.iter().filter(|byte| byte.is_ascii_uppercase()).count();
    let lower = value.iter().filter(|byte| byte.is_ascii_lowercase()).count();
    if digits + upper + lower == 0 || digits == value.len() && value.len() < LEAST_OF_DIGITS {
        return false;
    }
    let efficiency = words::efficiency(value);
    let entropy = words::entropy(value);
    let hex = value.iter().all(|&byte| byte.is_ascii_hexdigit() || byte == b'-');
    if hex {
        return digits > 0 && value.len() >= least.max(LEAST_OF_HEX) && entropy >= ENTROPY_OF_HEX;
    }
    let needed = if value.len() >= LONG_RANDOM { ENTROPY_FROM_20 } else { ENTROPY_UP_TO_19 };
    if entropy < needed {
        return false;
    }
    if digits > 0 {
        return efficiency < DRAWN_BELOW;
    }
    // Letters only: words are common, and three letters in a row are one by chance.
    upper > 0 && lower > 0 && value.len() >= LEAST_OF_LETTERS && efficiency < LETTERS_DRAWN_BELOW
}
