//! Values that stand for a secret and are none.

use base64::Engine as _;

use super::encoding::BASE64;
use super::thresholds::PHRASE_FROM;
use super::word_list::WordList;
use super::words;

/// Parts of values that say so, in lower case.
const SAYS_SO: [&str; 48] = [
    "example",
    "changeme",
    "change_me",
    "change-me",
    "change this",
    "changethis",
    "placeholder",
    "your_",
    "your-",
    "your ",
    "<your",
    "yourkey",
    "yourtoken",
    "yourpassword",
    "yoursecret",
    "yourapi",
    "_here",
    "-here",
    "insert_",
    "insert-",
    "replace_",
    "replace-",
    "replaceme",
    "replace me",
    "dummy",
    "fake",
    "redacted",
    "notreal",
    "not-real",
    "not_real",
    "todo",
    "fixme",
    "xxxx",
    "****",
    "....",
    "sample_",
    "sample-",
    "put_your",
    "enter_",
    "enter-",
    "lorem",
    "not-a-",
    "mysecretkey",
    "strongpass",
    "strong_pass",
    "omitted",
    // What git shroud scrub, and git-filter-repo, put in the place of a value; also as it stands in a URL.
    "***removed",
    "%2a%2a%2aremoved",
];

/// Whole values that are none, in lower case.
static NONE: WordList = WordList::new(
    "true false null nil none undefined yes no on off empty default string str int integer number bool boolean text \
    varchar char object any bytes byte optional required void unset disabled enabled na n/a tbd unknown self this required \
    plaintext not-set not_set notset encrypted hidden masked secret_key access_key api_key apikey auth_token access_token basic bearer digest",
);

/// Whether the value is a template, a reference, or says that it is no secret.
pub(super) fn is(value: &[u8]) -> bool {
    let lower = value.to_ascii_lowercase();
    let Ok(lower) = std::str::from_utf8(&lower) else { return false };
    let trimmed = lower.trim();
    // Sealed by this program (docs/format.md, section 8).
    if trimmed.trim_start_matches(['"', '\'']).starts_with("shroud.v1.") {
        return true;
    }
    if trimmed.len() < 3 || NONE.has(trimmed) {
        return true;
    }
    if trimmed.ends_with("...") || trimmed.ends_with('…') {
        return true;
    }
    SAYS_SO.iter().any(|part| trimmed.contains(part))
        || is_reference(trimmed)
        || is_below_variable(value.trim_ascii())
        || is_element(value.trim_ascii())
        || is_variables(value.trim_ascii())
        || repeats_parts(value)
        || is_filler(value)
}

/// Whether it is such a text in base64, as secrets of Kubernetes hold it.
pub(super) fn is_encoded(value: &[u8]) -> bool {
    let is_written = |text: &[u8]| text.iter().all(|byte| matches!(byte, b' '..=b'~' | b'\n'));
    value.len() >= 8
        && BASE64.decode(value).is_ok_and(|text| is_written(&text) && is(text.trim_ascii()))
}

/// `$NAME/…`, a path below a folder that a variable of the shell names; `${NAME}/…` is a reference by its beginning.
fn is_below_variable(value: &[u8]) -> bool {
    let Some(rest) = value.strip_prefix(b"$") else { return false };
    let Some(end) = rest.iter().position(|&byte| byte == b'/') else { return false };
    let (name, path) = rest.split_at(end);
    name.first().is_some_and(|&first| first.is_ascii_alphabetic() || first == b'_')
        && name.iter().all(|&byte| byte.is_ascii_alphanumeric() || byte == b'_')
        && path.iter().all(|&byte| {
            byte.is_ascii_alphanumeric() || b"/._-+*?@:~${}[] ".contains(&byte) || byte >= 0x80
        })
}

/// `$user$host`: variables one behind the other.
fn is_variables(value: &[u8]) -> bool {
    value.len() > 2
        && value[0] == b'$'
        && value.split(|&byte| byte == b'$').skip(1).all(|name| {
            name.first().is_some_and(|&byte| byte.is_ascii_lowercase() || byte == b'_')
                && name.iter().all(|&byte| byte.is_ascii_lowercase() || byte == b'_')
        })
}

/// `1234-1234-1234`: parts that somebody wrote again and again.
fn repeats_parts(value: &[u8]) -> bool {
    let parts: Vec<&[u8]> = value.split(|byte| matches!(byte, b'-' | b'_')).collect();
    parts
        .windows(3)
        .any(|three| three[0].len() >= 3 && three[0] == three[1] && three[1] == three[2])
}

/// `$name[3]`, `$name{'key'}`, `$name->key`: a part of a variable of Perl or PHP.
fn is_element(value: &[u8]) -> bool {
    // In a text in quotes the sign is escaped.
    let value = value.strip_prefix(b"\\").unwrap_or(value);
    let Some(rest) = value.strip_prefix(b"$") else { return false };
    let is_name = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_';
    let length = rest.iter().take_while(|byte| is_name(byte)).count();
    let after = &rest[length..];
    let part = |byte: &u8| is_name(byte) || b"[]{}'\"->$\\".contains(byte);
    length >= 2
        && !rest[0].is_ascii_digit()
        && (after.starts_with(b"[") || after.starts_with(b"{") || after.starts_with(b"->"))
        && after.iter().all(part)
}

/// `${NAME}`, `$NAME`, `{{ name }}`, `<name>`, `%NAME%`, `%s`, `#{name}`, `@name@`, `[name]`, `$(command)`, `ENC[…]`, `!vault`.
fn is_reference(value: &str) -> bool {
    let bytes = value.as_bytes();
    let (first, last) = (bytes[0], bytes[bytes.len() - 1]);
    let name = |text: &str| {
        !text.is_empty()
            && text.bytes().all(|byte| {
                byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-' | b' ' | b':')
            })
    };
    let encloses = |open: &str, close: &str| {
        let inside = value.split_once(open).and_then(|(_, rest)| rest.split_once(close));
        inside.is_some_and(|(inside, _)| name(inside.trim()))
    };
    let starts = |signs: &[&str]| signs.iter().any(|sign| value.starts_with(sign));
    starts(&[
        "{{",
        "${",
        "$(",
        "<%",
        "#{",
        "$[",
        "enc[",
        "enc(",
        "!vault",
        "vault:",
        "secretsmanager:",
        "ssm:",
        "arn:",
        "op://",
        "file:",
        "env:",
        "env.",
        "process.env",
        "os.environ",
        "os.getenv",
        "system.getenv",
        "system.env",
        "secrets.",
        "var.",
        "local.",
        "data.",
        "module.",
        "args.",
        "config.",
        "self.",
        "this.",
        "&lt;",
        "@@",
        "__",
        "%(",
        "{0",
        "{1",
        "$env:",
        "$_",
        "@microsoft.keyvault",
        "sops:",
        "keyring:",
        "aws_",
        "urn:",
        "$ansible_vault",
        "path:",
    ]) || encloses("${", "}")
        || encloses("{{", "}}")
        || encloses("#{", "}")
        || encloses("$(", ")")
        || encloses("{", "}")
        || encloses("<%=", "%>")
        || encloses("%(", ")s")
        || (first == b'$' && name(&value[1..]) && !value[1..].contains(' '))
        || (first == b'<' && last == b'>')
        || (first == b'%' && (last == b'%' || bytes.len() <= 3))
        || (first == b'[' && last == b']')
        || (first == b'@' && last == b'@')
        || (first == b'{' && last == b'}')
        || value.contains("%s") && bytes.len() < 8
}

/// One character over and over, a short period, or a row of the alphabet or the digits.
pub(super) fn is_filler(value: &[u8]) -> bool {
    // The dashes of a UUID say nothing.
    let value: &Vec<u8> =
        &value.trim_ascii().iter().copied().filter(|&byte| byte != b'-').collect();
    if value.is_empty() {
        return true;
    }
    if value.len() < 4 {
        return value.iter().all(|byte| *byte == value[0]);
    }
    let mut kinds = [false; 256];
    value.iter().for_each(|&byte| kinds[usize::from(byte)] = true);
    let different = kinds.iter().filter(|&&kind| kind).count();
    if different <= 2 || (value.len() >= 16 && different <= 4) {
        return true;
    }
    let repeats = (1..=10).any(|period| {
        value.len() >= 3 * period && value[period..].iter().zip(value).all(|(a, b)| a == b)
    });
    if repeats {
        return true;
    }
    // How many bytes follow, or equal, the one before them: `0123456789abcdef`, `aaaabbbb`.
    let steps = value
        .windows(2)
        .filter(|pair| pair[1] == pair[0] || pair[1] == pair[0].wrapping_add(1))
        .count();
    // Two rows, one into the other: `a1b2c3d4`, and backwards.
    let zipped = value.windows(3).filter(|three| three[2] == three[0].wrapping_add(1)).count();
    let backwards = value.windows(3).filter(|three| three[0] == three[2].wrapping_add(1)).count();
    if value.len() >= 8 && zipped.max(backwards) * 10 >= (value.len() - 2) * 5 {
        return true;
    }
    let longest_run = value.chunk_by(|a, b| a == b).map(<[u8]>::len).max().unwrap_or(0);
    steps * 10 >= (value.len() - 1) * 6 || (longest_run >= 8 && longest_run * 4 >= value.len())
}

/// The longest row of the alphabet or the digits, in bytes: 7 for `abcdefg`.
pub(super) fn longest_row(value: &[u8]) -> usize {
    // Nine is followed by nought.
    let follows = |a: u8, b: u8| b == a.wrapping_add(1) || (a == b'9' && b == b'0');
    value
        .chunk_by(|&a, &b| a.is_ascii_alphanumeric() && follows(a, b))
        .map(<[u8]>::len)
        .max()
        .unwrap_or(0)
}

/// Whether the value is hardly anything but words: a phrase, an identifier, a key into a table of texts.
pub(super) fn is_phrase(value: &[u8]) -> bool {
    let blanks = value.iter().filter(|&&byte| byte == b' ').count();
    let parts = value.split(|&byte| byte == b' ').filter(|part| part.len() > 2);
    blanks >= 1 && parts.clone().count() >= 1 && {
        let usual = parts.clone().filter(|part| {
            let letters: Vec<u8> = part.iter().copied().filter(u8::is_ascii_alphabetic).collect();
            words::is_word(&letters)
                || (letters.len() == part.len() && words::efficiency(&letters) > PHRASE_FROM)
        });
        usual.count() * 2 >= parts.count()
    }
}

/// Three words and more, or letters that are not ASCII without a digit: a text for people, in any language. A pass phrase
/// looks the same.
pub(super) fn is_text(value: &[u8]) -> bool {
    let letter = |byte: &u8| byte.is_ascii_alphabetic() || *byte >= 0x80;
    let sign = |byte: &u8| matches!(byte, b' ' | b'.' | b',' | b'\'' | b'-' | b':' | b'?' | b'!');
    let plain = value.iter().all(|byte| letter(byte) || sign(byte));
    let words = value.split(|&byte| byte == b' ').filter(|part| !part.is_empty()).count();
    plain && (words >= 3 || !value.is_ascii() && std::str::from_utf8(value).is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_are_known() {
        for value in [
            "changeme",
            "${DB_PASSWORD}",
            "$DB_PASSWORD",
            "{{ .Values.password }}",
            "<your-key>",
            "xxxxxxxx",
            "AKIAIOSFODNN7EXAMPLE",
            "process.env.TOKEN",
            "%PASSWORD%",
            "0123456789abcdef",
            "abcd1234abcd1234abcd1234",
            "******",
            "null",
            "ENC[AES256_GCM,data:x]",
            "%s",
            "$(pass show db)",
            "#{secret}",
            "aaaaaaaabbbbbbbb",
            "[redacted]",
            "$PYENV_ROOT/versions/",
            "$HOME/.config/Kq82-zzz9/token",
            "${HOME}/.config/Kq82-zzz9/token",
        ] {
            assert!(is(value.as_bytes()), "{value}");
        }
    }

    #[test]
    fn passwords_are_not() {
        for value in [
            "hunter2",
            "tr0ub4dor&3",
            "super$ecret",
            "9f86d081884c7d65",
            "P@ssw0rd$1",
            "k3ep<it>safe",
            "100%Sure!",
            "$apr1$x9Kq2vz7$Zm0",
            "$ecret/9f8Q!x2&",
            "$1x/vB6xT0cQ9m",
        ] {
            assert!(!is(value.as_bytes()), "{value}");
        }
    }

    #[test]
    fn phrases_are_words_with_blanks() {
        assert!(is_phrase(b"Enter your password"));
        assert!(is_phrase(b"must not be empty"));
        assert!(!is_phrase(b"x9 kQ2 vv7 zzp"));
        assert!(!is_phrase(b"hunter2"));
    }
}
