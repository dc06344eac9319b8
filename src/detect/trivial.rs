//! Passwords that protect nothing: those of tests, manuals and fresh installations.

use base64::Engine as _;

use super::encoding::BASE64;
use super::word_list::WordList;
use super::words;

/// Words that are no usual ones, and yet no password.
static NAMES: WordList = WordList::new(
    "admin administrator root user username login guest test testing tester demo pass passw passwd pwd secret secrets \
    password passwort qwerty letmein welcome default master mysql postgres postgresql redis mongo mongodb rabbitmq minio grafana elastic \
    kibana vagrant docker ubuntu oracle jenkins foo bar baz foobar hello world abc xyz asdf asdfgh token key value string changed invalid \
    storepass keypass wrong correct short long empty something anything whatever none new old my the a an your this that is not",
);
/// Digits at the end of such a word at most: `test1`, `pass123`, `admin1234`.
const MOST_DIGITS: usize = 4;
/// Bytes of the longest value that may be trivial: longer ones are pass phrases.
const LONGEST: usize = 24;
/// Letters before `password` at most that are the name of what it opens: `rpcpassword`.
const LONGEST_USER: usize = 5;
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
    let parts = || letters.split(|byte| matches!(byte, b'_' | b'-' | b'.' | b' ' | b'!'));
    if parts().filter(|part| !part.is_empty()).count() == 1 {
        // Two words in one are a password that somebody may use, unless they are those of manuals; so is a word with a number.
        return parts().all(|part| {
            part.is_empty()
                || is_name(part)
                || is_of_user(part)
                || digits == 0 && (words::is_word(part) || splits(part, is_name, MOST_WORDS))
        });
    }
    let known: fn(&[u8]) -> bool = if digits == 0 { is_known } else { is_name };
    // `password1_x`: the parts of a sample are numbered.
    let bare = |part: &'_ [u8]| {
        part.iter().rposition(|byte| !byte.is_ascii_digit()).map_or(0, |at| at + 1)
    };
    parts().all(|part| part.len() < 2 || splits(&part[..bare(part)], known, MOST_WORDS))
}

/// `rpcpassword`, `dbpassword`: the password of something short.
fn is_of_user(word: &[u8]) -> bool {
    let rest = word.strip_suffix(b"password").or_else(|| word.strip_suffix(b"passwd"));
    rest.is_some_and(|rest| rest.len() <= LONGEST_USER && rest.iter().all(u8::is_ascii_lowercase))
}

/// Whether it is such a word in base64, as secrets of Kubernetes hold it.
pub(super) fn is_encoded(value: &[u8]) -> bool {
    value.len() >= 8
        && BASE64.decode(value).is_ok_and(|text| {
            text.iter().all(|byte| (b' '..0x7f).contains(byte)) && is(text.trim_ascii())
        })
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
            "password1_X",
            "rpcpassword",
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
