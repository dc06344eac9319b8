//! Passwords that protect nothing: those of tests, manuals and fresh installations.

use super::word_list::WordList;
use super::words;

/// Words that are no usual ones, and yet no password.
static NAMES: WordList = WordList::new(
    "admin administrator root user username login guest test testing tester demo pass passw passwd pwd secret secrets \
    password passwort qwerty letmein welcome default master mysql postgres postgresql redis mongo mongodb rabbitmq minio grafana elastic \
    kibana vagrant docker ubuntu oracle jenkins foo bar baz foobar hello world abc xyz asdf asdfgh token key value string changed invalid \
    wrong correct short long empty something anything whatever none new old my the a an your this that is not",
);
/// Digits at the end of such a word at most: `test1`, `pass123`, `admin1234`.
const MOST_DIGITS: usize = 4;
/// Bytes of the longest value that may be trivial: longer ones are pass phrases.
const LONGEST: usize = 24;
/// Words that one value consists of at most: `mytestpassword`.
const MOST_WORDS: usize = 3;

/// Whether the value is a usual word or two, with a number behind them perhaps.
pub(super) fn is(value: &[u8]) -> bool {
    let lower = value.to_ascii_lowercase();
    let digits = lower.iter().rev().take_while(|byte| byte.is_ascii_digit()).count();
    let letters = &lower[..lower.len() - digits];
    if value.len() > LONGEST || letters.is_empty() || digits > MOST_DIGITS {
        return false;
    }
    // A number alone makes any word a password that somebody may use.
    let known: fn(&[u8]) -> bool = if digits == 0 { is_known } else { is_name };
    let mut parts = letters.split(|byte| matches!(byte, b'_' | b'-' | b'.' | b' ' | b'!'));
    parts.all(|part| part.is_empty() || splits(part, known, MOST_WORDS))
}

fn is_name(word: &[u8]) -> bool {
    NAMES.has(word)
}

fn is_known(word: &[u8]) -> bool {
    is_name(word) || words::is_word(word)
}

/// Whether so many words at most make up the letters.
fn splits(letters: &[u8], known: fn(&[u8]) -> bool, most: usize) -> bool {
    letters.is_empty()
        || most > 0
            && (1..=letters.len())
                .any(|end| known(&letters[..end]) && splits(&letters[end..], known, most - 1))
}

#[cfg(test)]
mod tests {
    use super::is;

    #[test]
    fn words_of_tests_and_manuals_are_trivial() {
        for value in [
            "test",
            "pass",
            "secret",
            "root",
            "admin",
            "password",
            "Password1",
            "hello",
            "foobar",
            "admin123",
            "test-password",
            "mypassword",
            "new_password456",
            "changed",
            "enabled.",
        ] {
            assert!(is(value.as_bytes()), "{value}");
        }
    }

    #[test]
    fn what_somebody_thought_up_is_not() {
        for value in [
            "hunter2",
            "tr0ub4dor&3",
            "kq7vzx",
            "Sommer2024!",
            "correcthorsebatterystaple",
            "h7!kenQz",
            "wint3rm00n",
            "P@ssw0rd",
            "19841984",
        ] {
            assert!(!is(value.as_bytes()), "{value}");
        }
    }
}
