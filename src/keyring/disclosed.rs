//! Secrets in a text that should be shown: an argument that a user took for a file's name, and a message that repeats it.

use std::borrow::Cow;
use std::ops::Range;

use super::encoding::ENCODED;
use super::{marks, token};

/// What is in the place of a secret.
const INSTEAD: &str = "(a secret, not shown)";
/// What begins a secret of one word, in either case, without the characters behind that are its own.
const PREFIXES: [&str; 5] =
    [token::TOKEN_PREFIX, marks::SHARE, marks::GIT_CRYPT, "AGE-SECRET-KEY-", "AGE-PLUGIN-"];
/// Characters behind a prefix that make it a secret, and no mention of the prefix.
const MIN_LEN: usize = 8;
/// Words in a row that are the words of a key: half of all.
const MIN_WORDS: usize = marks::WORDS / 2;

/// Whether a text holds a key, a share, an age identity, a private key or the words of a key, whole or in part.
pub fn holds_secret(text: &str) -> bool {
    find(text).is_some()
}

/// The text without the secrets that it holds.
pub fn redact(text: &str) -> Cow<'_, str> {
    let Some(first) = find(text) else { return Cow::Borrowed(text) };
    let mut redacted = String::new();
    let mut rest = text;
    let mut next = Some(first);
    while let Some(secret) = next {
        redacted.push_str(&rest[..secret.start]);
        redacted.push_str(INSTEAD);
        rest = &rest[secret.end..];
        next = find(rest);
    }
    redacted.push_str(rest);
    Cow::Owned(redacted)
}

/// Where the first secret of a text is.
fn find(text: &str) -> Option<Range<usize>> {
    let found = [find_token(text), find_private_key(text), find_words(text)];
    found.into_iter().flatten().min_by_key(|range| range.start)
}

fn find_token(text: &str) -> Option<Range<usize>> {
    // ASCII alone changes its case, so that places stay the same.
    let upper = text.to_ascii_uppercase();
    let in_either_case = PREFIXES
        .iter()
        .flat_map(|prefix| upper.match_indices(prefix).map(|(at, prefix)| (at, prefix.len(), "-")));
    let encoded = ENCODED.iter().flat_map(|prefix| {
        text.match_indices(prefix).map(|(at, prefix)| (at, prefix.len(), "+/=-_"))
    });
    in_either_case
        .chain(encoded)
        .filter_map(|(at, prefix, others)| {
            let rest = &text[at + prefix..];
            let own = |c: char| c.is_ascii_alphanumeric() || others.contains(c);
            let len = rest.find(|c| !own(c)).unwrap_or(rest.len());
            (len >= MIN_LEN).then_some(at..at + prefix + len)
        })
        .min_by_key(|range| range.start)
}

/// A private key of OpenSSH, OpenPGP or PKCS: all from its first line, as nobody knows where a damaged one ends.
fn find_private_key(text: &str) -> Option<Range<usize>> {
    let end = text.find("PRIVATE KEY")?;
    let start = text[..end].rfind("-----BEGIN ")?;
    Some(start..text.len())
}

fn find_words(text: &str) -> Option<Range<usize>> {
    let mut row: Option<(Range<usize>, usize)> = None;
    let is_enough = |row: &Option<(Range<usize>, usize)>| {
        row.as_ref().is_some_and(|(_, count)| *count >= MIN_WORDS)
    };
    let mut at = 0;
    for part in text.split_inclusive(|c: char| !c.is_ascii_alphabetic()) {
        let word = part.trim_end_matches(|c: char| !c.is_ascii_alphabetic());
        if marks::find_word(word).is_some() {
            let (range, count) = row.take().unwrap_or((at..at, 0));
            row = Some((range.start..at + word.len(), count + 1));
        } else if !word.is_empty() {
            // Numbers, marks and line ends may be between the words; another word ends the row.
            if is_enough(&row) {
                break;
            }
            row = None;
        }
        at += part.len();
    }
    row.filter(|(_, count)| *count >= MIN_WORDS).map(|(range, _)| range)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOKEN: &str =
        "GIT-SHROUD-KEY-1AKE0EHHTCJG4EAUKGDLARFLAADLWCWH74Z7AEP0R0AQ5LNK68XP49F5XR4";
    const WORDS: &str =
        "abandon ability able about above absent absorb abstract absurd abuse access accident";

    #[test]
    fn secrets_are_found_anywhere_and_taken_out() {
        let identity = "AGE-SECRET-KEY-1QQPQYQS4QQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQ";
        let plugin = "AGE-PLUGIN-YUBIKEY-1QQPQYQS4QQQQQQQQ";
        let key_file = "Z2l0LXNocm91ZC1rZXlyaW5nIHYxCg==";
        let lower = TOKEN.to_lowercase();
        for secret in [TOKEN, &lower, &TOKEN[..40], identity, plugin, key_file, WORDS] {
            for (before, after) in
                [("", ""), ("default 1 ", ""), ("at:'", "': No such file"), ("é\u{1b}=", "\n2")]
            {
                let text = format!("{before}{secret}{after}");
                assert!(holds_secret(&text), "{text}");
                assert_eq!(redact(&text), format!("{before}{INSTEAD}{after}"));
            }
            let twice = redact(&format!("{secret}, {TOKEN}.")).into_owned();
            assert_eq!(twice, format!("{INSTEAD}, {INSTEAD}."));
        }
        let ssh = "x: -----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXk\n";
        assert_eq!(redact(ssh), format!("x: {INSTEAD}"));
    }

    #[test]
    fn other_texts_stay_as_they_are() {
        for text in [
            "",
            "it is not a key token (which begins with GIT-SHROUD-KEY-1)",
            "AGE-SECRET-KEY-1… and AGE-PLUGIN-NAME-1…",
            "secrets/db.env: No such file or directory",
            "abandon ability able about",
            "a key is private: PRIVATE KEY",
            "-----BEGIN PGP PUBLIC KEY BLOCK-----",
            "age1qqqsyqcyq5rqwzqfpg9scrgwpugpzysnzs23v9ccrydpk8qarc0sqqqqqq",
        ] {
            assert!(!holds_secret(text), "{text}");
            assert_eq!(redact(text), text);
        }
    }
}
