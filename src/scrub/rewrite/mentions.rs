//! Ids of commits in messages, whole or abbreviated.

use std::ops::Range;

use gix::ObjectId;

/// Digits of an id from which on it is taken for one; as by git-filter-repo.
const SHORTEST: usize = 7;

/// The commits of a repository, to be found by the beginning of an id.
pub(super) struct Ids {
    /// Sorted, each with its number.
    sorted: Vec<(ObjectId, u32)>,
    digits: usize,
}

impl Ids {
    pub(super) fn new(ids: impl Iterator<Item = ObjectId>, hash: gix::hash::Kind) -> Self {
        let mut sorted: Vec<_> = ids.zip(0..).collect();
        sorted.sort_unstable();
        Self { sorted, digits: hash.len_in_hex() }
    }

    /// What in a message names one commit and no other, with the number of the commit.
    pub(super) fn mentioned(&self, message: &[u8]) -> Vec<(Range<usize>, u32)> {
        words(message)
            .filter(|word| (SHORTEST..=self.digits).contains(&word.len()))
            .filter_map(|word| Some((word.clone(), self.find(&message[word])?)))
            .collect()
    }

    fn find(&self, digits: &[u8]) -> Option<u32> {
        let mut padded = vec![b'0'; self.digits];
        padded[..digits.len()].copy_from_slice(digits);
        let least = ObjectId::from_hex(&padded).ok()?;
        let at = self.sorted.partition_point(|(id, _)| *id < least);
        let begins = |at: usize| {
            let (id, number) = self.sorted.get(at)?;
            id.to_hex().to_string().as_bytes().starts_with(digits).then_some(*number)
        };
        let found = begins(at)?;
        begins(at + 1).is_none().then_some(found)
    }
}

/// Words that consist of small hexadecimal digits alone.
fn words(text: &[u8]) -> impl Iterator<Item = Range<usize>> {
    let is_word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    let mut at = 0;
    std::iter::from_fn(move || {
        while at < text.len() {
            let start = at + text[at..].iter().position(|&byte| is_word(byte))?;
            let len = text[start..].iter().position(|&byte| !is_word(byte));
            let end = len.map_or(text.len(), |len| start + len);
            at = end;
            if text[start..end].iter().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')) {
                return Some(start..end);
            }
        }
        None
    })
}

/// The message with the mentioned commits under their new ids, each as long as it was.
pub(super) fn replaced(
    message: &[u8],
    mentioned: &[(Range<usize>, u32)],
    new: impl Fn(u32) -> Option<ObjectId>,
) -> Vec<u8> {
    let mut text = message.to_vec();
    for (place, commit) in mentioned {
        if let Some(id) = new(*commit) {
            let digits = id.to_hex().to_string();
            text[place.clone()].copy_from_slice(&digits.as_bytes()[..place.len()]);
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(hex: &str) -> ObjectId {
        ObjectId::from_hex(hex.as_bytes()).unwrap()
    }

    #[test]
    fn only_what_names_one_commit_is_a_mention() {
        let one = "1234567890123456789012345678901234567890";
        let two = "1234567990123456789012345678901234567890";
        let ids = Ids::new([id(one), id(two)].into_iter(), gix::hash::Kind::Sha1);
        let in_text = |text: &str| {
            let found = ids.mentioned(text.as_bytes());
            found.into_iter().map(|(place, number)| (text[place].to_owned(), number)).collect()
        };
        let none: Vec<(String, u32)> = Vec::new();
        let some: Vec<_> = in_text(&format!("see {one}, and (12345679) or 1234567."));
        assert_eq!(some, [(one.to_owned(), 0), ("12345679".to_owned(), 1)]);
        for text in ["123456", "x12345678", "12345678_", "12345678G", "ABCDEF12", "abcdef12"] {
            assert_eq!(in_text(text), none, "{text}");
        }
        assert_eq!(in_text(&format!("{one}0")), none);
        let new = id("abcdefabcdefabcdefabcdefabcdefabcdefabcd");
        let text = b"see 12345678 and 12345679";
        let mentioned = ids.mentioned(text);
        let made = replaced(text, &mentioned, |number| (number == 0).then_some(new));
        assert_eq!(made, b"see abcdefab and 12345679");
    }
}
