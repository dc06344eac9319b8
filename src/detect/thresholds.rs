//! The numbers that decide whether a value looks random, and the measurements behind them.
//!
//! Two measures: entropy in bits a byte ([`super::words::entropy`]), and characters a piece ([`super::words::efficiency`]).
//! Each was measured over 20,000 drawn values for a length and an alphabet (2,000 of hexadecimal digits), and over 1,600
//! identifiers of twelve bytes and more in the source of this project. Who changes one measures again:
//! `benches/scan_corpus.py`, and the labelled lines that `labelled.rs` holds the detector to.

/// Characters a piece below which a value with digits looks drawn. Of drawn letters and digits the highest was 1.71 at
/// 12 bytes, 1.78 at 16 and 1.67 at 20; 999 in 1,000 have at most 1.5. Of the identifiers 5 in 100 are below.
pub(super) const DRAWN_BELOW: f64 = 1.75;
/// The same without digits, in mixed case: stricter, as words are letters too. Of 20 drawn letters 9,996 in 10,000 are
/// below; of the identifiers 2 in 100.
pub(super) const LETTERS_DRAWN_BELOW: f64 = 1.45;
/// The same in one case. Of 20 drawn letters 96 in 100 are below, of 32 98; words of languages that the list has not are
/// between 1.2 and 1.7.
pub(super) const ONE_CASE_DRAWN_BELOW: f64 = 1.22;
/// Vowels in a hundred letters of one case below which they look drawn. Of 20 drawn letters 83 in 100 are below, of 32 93;
/// texts of Latin letters have 35 to 48.
pub(super) const VOWELS_BELOW: usize = 30;
/// Characters a piece above which the value of a service is words and no token. No drawn value of twelve bytes or more came
/// near it; of the identifiers 68 in 100 are above. Wide on purpose: services put words into tokens.
pub(super) const WORDS_FROM: f64 = 2.6;
/// Bytes from which a value is long enough to be judged by [`WORDS_FROM`]: one word in a shorter one is half of it.
pub(super) const WORDS_ARE_JUDGED: usize = 12;
/// Characters a piece below which a quoted value behind a secret's name is worth a look, though it is not random: short
/// words with signs and digits. Of the identifiers 58 in 100 are above.
pub(super) const WRITTEN_FROM: f64 = 3.0;

/// Characters a piece above which a part between dots is a name of a program's. Of 8 drawn letters 2 in 1,000 are above, of
/// 16 nearly none; of the identifiers 98 in 100.
pub(super) const NAME_FROM: f64 = 1.6;
/// Characters a piece above which a value that begins like a path, an option or a media type is one. Of 12 drawn letters and
/// digits none is above; of the identifiers 94 in 100.
pub(super) const PATH_FROM: f64 = 1.9;
/// Characters a piece above which letters are words of a phrase, or repeat a name. Of 8 drawn letters none is above, of 6
/// they are 1 in 1,000; of the identifiers 72 in 100.
pub(super) const PHRASE_FROM: f64 = 2.5;
/// Characters a piece above which a name with low lines, and a word behind it, is a statement. Of 12 drawn letters and digits
/// none is above.
pub(super) const STATEMENT_FROM: f64 = 2.0;
/// Characters a piece from which a value is written, where betterleaks would say so. Of 8 drawn letters and digits none is
/// above; of the identifiers 83 in 100. docs/scan-rules.md says how far the two agree.
pub(super) const TEXT_FROM: f64 = 2.2;
/// The same for a value of fewer than [`SHORT_TEXT`] bytes with a word of four letters in it.
pub(super) const SHORT_TEXT_FROM: f64 = 1.9;
/// Bytes below which [`SHORT_TEXT_FROM`] counts.
pub(super) const SHORT_TEXT: usize = 12;

/// Bits a byte of a drawn value of fewer than [`LONG_RANDOM`] bytes. Of 12 drawn letters and digits 999 in 1,000 have more,
/// of 16 all.
pub(super) const ENTROPY_UP_TO_19: f64 = 2.8;
/// Bits a byte of a drawn value of [`LONG_RANDOM`] bytes and more: of 20 drawn letters and digits 999 in 1,000 have 3.51.
pub(super) const ENTROPY_FROM_20: f64 = 3.2;
/// Bytes from which [`ENTROPY_FROM_20`] counts.
pub(super) const LONG_RANDOM: usize = 20;
/// Bits a byte of drawn hexadecimal digits. Of 16 of them 99 in 100 have more; of 32 all (3.10 and more).
pub(super) const ENTROPY_OF_HEX: f64 = 2.7;

/// Bytes of the shortest random value in hexadecimal digits: 64 bits. Shorter ones are ids, colours and checksums.
pub(super) const LEAST_OF_HEX: usize = 16;
/// Digits of the shortest random value in decimal digits. Shorter ones are numbers, times and account ids.
pub(super) const LEAST_OF_DIGITS: usize = 16;
/// Bytes of the shortest random value in letters alone: see [`LETTERS_DRAWN_BELOW`].
pub(super) const LEAST_OF_LETTERS: usize = 20;
/// Bytes of the shortest value in lower-case letters alone that counts for a secret, with a quarter of them rare.
pub(super) const LEAST_OF_DRAWN_LETTERS: usize = 12;

/// Bytes of the shortest value behind a secret's name that counts at all.
pub(super) const SHORTEST_VALUE: usize = 4;
/// Digits of the shortest password in digits alone: fewer are ports, years and sizes.
pub(super) const SHORTEST_NUMBER: usize = 6;
/// Bytes of the shortest random value for a secret that a program made up.
pub(super) const SHORTEST_SECRET: usize = 10;
/// The same for one that only blanks part from its name.
pub(super) const SHORTEST_BLANK: usize = 16;
/// Bytes from which a random password, in quotes or settings, is *high*.
pub(super) const RANDOM_PASSWORD: usize = 12;
/// The same without quotes in code, where names of things stand in the same place.
pub(super) const RANDOM_IN_CODE: usize = 14;
/// Bytes from which a random secret or key is surer than *medium*, or counts: 119 bits in letters and digits.
pub(super) const RANDOM_SECRET: usize = 20;

/// Bytes of a row of the alphabet or the digits (`abcdefg`) from which a token was made up.
pub(super) const MADE_UP_ROW: usize = 10;
/// The same for a secret of no service, which is then worth a look and no more.
pub(super) const HARMLESS_ROW: usize = 7;
