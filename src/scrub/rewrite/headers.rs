//! The text of commits and tags: headers, persons, message (git, "gitformat-signature", git-fast-import "Commits").

use crate::scrub::{Changes, ScrubError, TextKind};

/// A header of a commit or tag.
pub(super) struct Header<'t> {
    pub(super) name: &'t [u8],
    /// With the lines that continue it, each behind a blank, and without the last line end.
    pub(super) value: &'t [u8],
    /// All of it.
    pub(super) whole: &'t [u8],
}

/// Cuts a text into its headers and the rest, which begins with the empty line.
pub(super) fn split(text: &[u8]) -> (Vec<Header<'_>>, &[u8]) {
    let mut headers = Vec::new();
    let mut rest = text;
    while !rest.is_empty() && rest[0] != b'\n' {
        let mut end = line_end(rest, 0);
        while rest.get(end) == Some(&b' ') {
            end = line_end(rest, end);
        }
        let (whole, after) = rest.split_at(end);
        let line = whole.strip_suffix(b"\n").unwrap_or(whole);
        let blank = memchr::memchr(b' ', line).unwrap_or(line.len());
        let value = line.get(blank + 1..).unwrap_or_default();
        headers.push(Header { name: &line[..blank], value, whole });
        rest = after;
    }
    (headers, rest)
}

/// Behind the next line end.
fn line_end(text: &[u8], start: usize) -> usize {
    memchr::memchr(b'\n', &text[start..]).map_or(text.len(), |at| start + at + 1)
}

/// The lines of a value as what it stands for: without the blank that continues it.
pub(super) fn unfolded(value: &[u8]) -> Vec<u8> {
    let mut text = Vec::with_capacity(value.len());
    for (number, line) in value.split(|&byte| byte == b'\n').enumerate() {
        if number > 0 {
            text.push(b'\n');
        }
        text.extend_from_slice(if number > 0 { line.get(1..).unwrap_or_default() } else { line });
    }
    text
}

fn folded(value: &[u8]) -> Vec<u8> {
    let mut text = Vec::with_capacity(value.len());
    for (number, line) in value.split(|&byte| byte == b'\n').enumerate() {
        if number > 0 {
            text.push(b'\n');
            if line.first() != Some(&b' ') {
                text.push(b' ');
            }
        }
        text.extend_from_slice(line);
    }
    text
}

/// Whether a header is a signature, or a tag with one, in the encoding of its own: it stays or goes as a whole.
pub(super) fn is_signature(name: &[u8]) -> bool {
    matches!(name, b"gpgsig" | b"gpgsig-sha256" | b"mergetag")
}

/// The new text of all that is words: persons, message, headers that are not git's. `None` where all stays.
pub(super) fn changed(text: &[u8], changes: &dyn Changes) -> Result<Option<Vec<u8>>, ScrubError> {
    let (headers, rest) = split(text);
    let mut parts: Vec<Option<Vec<u8>>> = Vec::with_capacity(headers.len());
    for header in &headers {
        let value = match header.name {
            b"author" | b"committer" | b"tagger" => person(header.value, changes)?,
            b"object" | b"type" | b"encoding" => None,
            b"tag" => match changes.text(TextKind::RefName, header.value) {
                Some(name) if name.is_empty() || name.contains(&b'\n') || name.contains(&0) => {
                    return Err(ScrubError::Name("tag"));
                }
                name => name,
            },
            name if is_signature(name) => None,
            _ => changes.text(TextKind::Header, header.value).map(|value| folded(&value)),
        };
        parts.push(value.filter(|value| value != header.value));
    }
    let message = rest.get(1..).filter(|message| !message.is_empty());
    let message = message.and_then(|text| {
        changes.text(TextKind::Message, text).filter(|changed| changed.as_slice() != text)
    });
    if message.is_none() && parts.iter().all(Option::is_none) {
        return Ok(None);
    }
    let mut new = Vec::with_capacity(text.len());
    for (header, value) in headers.iter().zip(parts) {
        match value {
            None => new.extend_from_slice(header.whole),
            Some(value) => {
                new.extend_from_slice(header.name);
                new.push(b' ');
                new.extend_from_slice(&value);
                new.push(b'\n');
            }
        }
    }
    match message {
        None => new.extend_from_slice(rest),
        Some(message) => {
            new.push(b'\n');
            new.extend_from_slice(&message);
        }
    }
    Ok(Some(new))
}

/// `NAME <MAIL> TIME ZONE` with new name and mail.
pub(super) fn person(value: &[u8], changes: &dyn Changes) -> Result<Option<Vec<u8>>, ScrubError> {
    let text = |part: &[u8]| -> Result<Option<Vec<u8>>, ScrubError> {
        if part.is_empty() {
            return Ok(None);
        }
        let new = changes.text(TextKind::Person, part);
        match &new {
            Some(new) if new.iter().any(|byte| b"<>\n\0".contains(byte)) => {
                Err(ScrubError::Name("person"))
            }
            _ => Ok(new),
        }
    };
    let (Some(open), Some(close)) = (memchr::memchr(b'<', value), memchr::memrchr(b'>', value))
    else {
        return text(value);
    };
    if close < open {
        return text(value);
    }
    let name = &value[..open];
    let name = name.strip_suffix(b" ").unwrap_or(name);
    let mail = &value[open + 1..close];
    let (new_name, new_mail) = (text(name)?, text(mail)?);
    if new_name.is_none() && new_mail.is_none() {
        return Ok(None);
    }
    let mut new = new_name.unwrap_or_else(|| name.to_vec());
    new.extend_from_slice(&value[name.len()..=open]);
    new.extend_from_slice(&new_mail.unwrap_or_else(|| mail.to_vec()));
    new.extend_from_slice(&value[close..]);
    Ok(Some(new))
}

/// Where the signature at the end of a tag's message begins, as git finds it: at the last line that begins one.
pub(super) fn signature(message: &[u8]) -> Option<usize> {
    const BEGINS: [&[u8]; 4] = [
        b"-----BEGIN PGP SIGNATURE-----",
        b"-----BEGIN PGP MESSAGE-----",
        b"-----BEGIN SIGNED MESSAGE-----",
        b"-----BEGIN SSH SIGNATURE-----",
    ];
    let (mut at, mut found) = (0, None);
    while at < message.len() {
        if BEGINS.iter().any(|begin| message[at..].starts_with(begin)) {
            found = Some(at);
        }
        at = line_end(message, at);
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_keep_all_their_bytes() {
        let text = b"author A <a> 1 +0000\ngpgsig one\n two\n \n three\nodd\nx  y\n\nmessage\n";
        let (headers, rest) = split(text);
        let names: Vec<_> = headers.iter().map(|header| header.name).collect();
        assert_eq!(names, [&b"author"[..], b"gpgsig", b"odd", b"x"]);
        assert_eq!(headers[1].value, b"one\n two\n \n three");
        assert_eq!(unfolded(headers[1].value), b"one\ntwo\n\nthree");
        assert_eq!(folded(b"one\ntwo\n\n three"), b"one\n two\n \n three");
        assert_eq!(headers[3].value, b" y");
        assert_eq!(rest, b"\nmessage\n");
        let whole: Vec<u8> = headers.iter().flat_map(|header| header.whole.to_vec()).collect();
        assert_eq!([&whole, rest].concat(), text);
        assert!(split(b"").0.is_empty());
        assert_eq!(split(b"author\n").1, b"");
    }

    #[test]
    fn the_last_signature_of_a_message_counts() {
        let begin = "-----BEGIN SSH SIGNATURE-----\n";
        assert_eq!(signature(format!("text\n{begin}x\n").as_bytes()), Some(5));
        assert_eq!(signature(format!("{begin}\n{begin}").as_bytes()), Some(begin.len() + 1));
        assert_eq!(signature(format!("text {begin}").as_bytes()), None);
    }
}
