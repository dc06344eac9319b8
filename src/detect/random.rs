//! Values that a program drew.

use super::thresholds::{
    DRAWN_BELOW, ENTROPY_FROM_20, ENTROPY_OF_HEX, ENTROPY_UP_TO_19, LEAST_OF_DIGITS,
    LEAST_OF_DRAWN_LETTERS, LEAST_OF_HEX, LEAST_OF_LETTERS, LETTERS_DRAWN_BELOW, LONG_RANDOM,
    ONE_CASE_DRAWN_BELOW, VOWELS_BELOW,
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
    if upper > 0 && lower > 0 {
        return value.len() >= LEAST_OF_LETTERS && efficiency < LETTERS_DRAWN_BELOW;
    }
    upper + lower == value.len() && is_one_case(value, efficiency)
}

/// Few letters in lower case that no language has one behind the other: stricter than of many.
pub(super) fn is_drawn_letters(value: &[u8]) -> bool {
    let vowels = value.iter().filter(|byte| b"aeiou".contains(byte)).count();
    let rare = value.iter().filter(|byte| b"jqxzvwyk".contains(byte)).count();
    (LEAST_OF_DRAWN_LETTERS..LEAST_OF_LETTERS).contains(&value.len())
        && value.iter().all(u8::is_ascii_lowercase)
        && rare * 4 >= value.len()
        && vowels * 100 < value.len() * VOWELS_BELOW
        && words::efficiency(value) < ONE_CASE_DRAWN_BELOW
}

/// Letters of one case: those of a language that the word list has not are told by their vowels, and the letters that are
/// rare in it.
fn is_one_case(value: &[u8], efficiency: f64) -> bool {
    let vowels = value.iter().filter(|byte| b"aeiouAEIOU".contains(byte)).count();
    let rare = value.iter().filter(|byte| b"jqxzvwykJQXZVWYK".contains(byte)).count();
    value.len() >= LEAST_OF_LETTERS
        && rare * 8 >= value.len()
        && efficiency < ONE_CASE_DRAWN_BELOW
        && vowels * 100 < value.len() * VOWELS_BELOW
}
