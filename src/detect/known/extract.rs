//! Which parts of a sealed file are values.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use gix::bstr::ByteSlice as _;
use zeroize::Zeroizing;

use crate::config_format::Format;
use crate::detect::is_word;

/// Bytes of the longest file without a known format that is one value as a whole.
const SHORT_FILE: usize = 256;
/// The fewest bytes of a value that is looked for.
const MIN_VALUE: usize = 6;
/// The fewest characters of a line of a key; the last line of a block may say nothing.
const MIN_KEY_LINE: usize = 40;

/// A value of a sealed file; wiped when dropped.
pub(super) type Value = Zeroizing<Vec<u8>>;

/// The values in a file: of its items, of URLs in it, and all of it where it is short. A value in base64 counts as what it
/// says, too, as those of Kubernetes' secrets are written.
pub(super) fn values(path: &[u8], text: &[u8]) -> Vec<Value> {
    let format = Format::of_path(path);
    let mut values = match format {
        Some(Format::Json) => json(text).unwrap_or_else(|| lines(text)),
        Some(Format::Toml) => toml(text).unwrap_or_else(|| lines(text)),
        Some(Format::Yaml) => yaml(text),
        // Programs disagree on quotes and comments, so the line as it is counts, too.
        Some(format) => lines(text).into_iter().chain(items(format, text)).collect(),
        None => lines(text),
    };
    if format.is_none() && text.len() <= SHORT_FILE {
        values.push(owned(text.trim()));
    }
    values.extend(passwords(text).map(owned));
    let decoded: Vec<_> = values.iter().filter_map(|value| from_base64(value)).collect();
    values.extend(decoded);
    values.retain(|value| !value.is_empty());
    values
}

fn owned(value: &[u8]) -> Value {
    Zeroizing::new(value.to_vec())
}

/// What the items of a file mean; nothing where it is in doubt.
fn items(format: Format, text: &[u8]) -> Vec<Value> {
    let Ok(document) = format.parse(text) else { return Vec::new() };
    let values = document.items.iter().filter(|item| item.is_scalar());
    values.map(|item| owned(item.text.as_bytes())).collect()
}

/// What each line assigns.
fn lines(text: &[u8]) -> Vec<Value> {
    text.lines().filter_map(assigned).collect()
}

/// All strings and numbers of a JSON text; `None` where it is none.
fn json(text: &[u8]) -> Option<Vec<Value>> {
    let mut open = vec![serde_json::from_slice::<serde_json::Value>(text).ok()?];
    let mut values = Vec::new();
    while let Some(value) = open.pop() {
        match value {
            serde_json::Value::String(value) => values.push(Zeroizing::new(value.into_bytes())),
            serde_json::Value::Number(number) => {
                values.push(Zeroizing::new(number.to_string().into_bytes()));
            }
            serde_json::Value::Array(all) => open.extend(all),
            serde_json::Value::Object(all) => open.extend(all.into_iter().map(|(_, value)| value)),
            serde_json::Value::Bool(_) | serde_json::Value::Null => {}
        }
    }
    Some(values)
}

/// All strings and numbers of a TOML text; `None` where it is none.
fn toml(text: &[u8]) -> Option<Vec<Value>> {
    let table: ::toml::Table = ::toml::from_str(std::str::from_utf8(text).ok()?).ok()?;
    let mut open = vec![::toml::Value::Table(table)];
    let mut values = Vec::new();
    while let Some(value) = open.pop() {
        match value {
            ::toml::Value::String(value) => values.push(Zeroizing::new(value.into_bytes())),
            ::toml::Value::Integer(number) => {
                values.push(Zeroizing::new(number.to_string().into_bytes()));
            }
            ::toml::Value::Array(all) => open.extend(all),
            ::toml::Value::Table(all) => open.extend(all.into_iter().map(|(_, value)| value)),
            _ => {}
        }
    }
    Some(values)
}

/// The scalars of a YAML text, as far as lines tell them: behind names, in lists, of flow collections, and blocks. A block
/// counts as a whole, and so does what its lines assign, as it may be a file of its own.
fn yaml(text: &[u8]) -> Vec<Value> {
    let indent = |line: &[u8]| line.iter().take_while(|&&byte| byte == b' ').count();
    let mut values = Vec::new();
    let mut lines = text.lines().peekable();
    while let Some(line) = lines.next() {
        let mut item = line.trim();
        while let Some(rest) = item.strip_prefix(b"- ") {
            item = rest.trim_start();
        }
        if item.is_empty() || item.starts_with(b"#") {
            continue;
        }
        let scalar = behind_name(item).unwrap_or(item);
        if matches!(scalar.first(), Some(b'|' | b'>'))
            && scalar[1..].iter().all(|byte| b"+-0123456789".contains(byte))
        {
            let mut block = Value::default();
            while let Some(next) =
                lines.next_if(|next| next.trim().is_empty() || indent(next) > indent(line))
            {
                values.extend(assigned(next));
                block.extend_from_slice(next.trim());
                block.push(b'\n');
            }
            values.push(owned(block.trim()));
        } else if matches!(scalar.first(), Some(b'[' | b'{')) {
            let parts = scalar.split(|byte| b"[]{},".contains(byte));
            values.extend(parts.map(|part| unquoted(behind_name(part.trim()).unwrap_or(part))));
        } else {
            values.push(unquoted(scalar));
        }
    }
    values
}

/// What a value in base64 says, where that is text.
fn from_base64(value: &[u8]) -> Option<Value> {
    let decoded = Zeroizing::new(STANDARD.decode(value).ok()?);
    decoded.iter().all(|byte| matches!(byte, b' '..=b'~' | b'\n')).then(|| owned(decoded.trim()))
}

/// What is behind the first `=` or `:` of a line, without quotes, comma and comment.
fn assigned(line: &[u8]) -> Option<Value> {
    let line = line.trim();
    if matches!(line.first(), Some(b'#' | b';')) {
        return None;
    }
    // A name in quotes may hold either sign.
    let name = match line.first() {
        Some(b'"') => line[1..].find_byte(b'"')? + 2,
        _ => 0,
    };
    let at = line[name..].find_byteset(b"=:")?;
    Some(unquoted(&line[name + at + 1..]))
}

/// What is behind the name of a YAML item; `None` where it has none.
fn behind_name(item: &[u8]) -> Option<&[u8]> {
    // A name in quotes may hold the sign.
    let name = match item.first() {
        Some(&quote @ (b'"' | b'\'')) => item[1..].find_byte(quote)? + 2,
        _ => 0,
    };
    let at = item[name..].find(b": ").map(|at| at + 2);
    let at = at.or_else(|| item.ends_with(b":").then(|| item.len() - name))?;
    Some(item[name + at..].trim())
}

/// A value without its quotes, comma and comment; escapes in double quotes are read.
fn unquoted(value: &[u8]) -> Value {
    let value = value.trim();
    let value = value.strip_suffix(b",").unwrap_or(value).trim_end();
    match value.first() {
        Some(&quote @ (b'"' | b'\'' | b'`')) if value.len() > 1 => {
            let mut end = 1;
            while end < value.len() && value[end] != quote {
                end += if value[end] == b'\\' && quote == b'"' { 2 } else { 1 };
            }
            let end = end.min(value.len());
            // JSON's escapes are those of the other formats, too.
            let string = value.get(..=end).filter(|_| quote == b'"');
            let string = string.and_then(|string| serde_json::from_slice::<String>(string).ok());
            string.map_or_else(|| owned(&value[1..end]), |text| Zeroizing::new(text.into_bytes()))
        }
        _ => owned(value[..value.find(b" #").unwrap_or(value.len())].trim()),
    }
}

/// The passwords of URLs: between `://USER:` and `@`.
fn passwords(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    text.find_iter("://").filter_map(|at| {
        let rest = &text[at + 3..];
        let ends = |byte: &u8| byte.is_ascii_whitespace() || matches!(byte, b'/' | b'"' | b'\'');
        let authority =
            &rest[..rest.iter().take(1024).position(ends).unwrap_or(rest.len().min(1024))];
        let user = &authority[..authority.rfind_byte(b'@')?];
        Some(&user[user.find_byte(b':')? + 1..])
    })
}

/// The lines of private keys in PEM, each with the whole block: a line tells the key, however the block is wrapped in turn.
pub(super) fn key_lines(text: &[u8]) -> Vec<(&[u8], &[u8])> {
    let mut lines = Vec::new();
    for begin in text.find_iter("-----BEGIN ") {
        let rest = &text[begin..];
        let Some(end) = rest.find("-----END ") else { break };
        let end = rest[end + 9..].find("-----").map_or(rest.len(), |tail| end + 9 + tail + 5);
        let block = &rest[..end];
        let head = block.lines().next().unwrap_or_default();
        if head.contains_str("PRIVATE KEY") {
            let body = block.lines().skip(1).map(<[u8]>::trim);
            let long =
                body.filter(|line| line.len() >= MIN_KEY_LINE && !line.starts_with(b"-----"));
            // The first line is mostly what all keys of a kind begin with.
            lines.extend(long.skip(1).map(|line| (line, block)));
        }
    }
    lines
}

/// Whether a value says too little: short, a word, a number that others have too.
pub fn is_trivial(value: &[u8]) -> bool {
    let few = |value: &[u8]| {
        let mut bytes = value.to_vec();
        bytes.sort_unstable();
        bytes.dedup();
        bytes.len() < 4
    };
    value.len() < MIN_VALUE
        || few(value)
        || (value.len() < 10 && value.iter().all(u8::is_ascii_digit))
        || value.split(|byte| b"-_./ :,".contains(byte)).all(|part| {
            part.is_empty()
                || part.iter().all(u8::is_ascii_digit) && part.len() < 6
                || part.len() < 3
                || is_word(&part.to_ascii_lowercase())
        })
        || value.starts_with(b"${")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_taken_from_every_format() {
        for (path, text) in [
            (".env", "export A='kq7vzx9m'  # note\n"),
            ("a.json", "{\"a:b\": \"kq7vzx9m\"}\n"),
            ("a.json", "{\"a\": [1, {\"b\": \"kq7vzx\\u0039m\"}]}"),
            ("a.yaml", "top:\n  a: kq7vzx9m # note\n"),
            ("a.yaml", "top:\n- x: 1\n  \"b: c\": 'kq7vzx9m'\n"),
            ("a.yaml", "a:\n  - - kq7vzx9m\n"),
            ("a.yaml", "a: {b: [x, \"kq7vzx9m\"]}\n"),
            ("a.yaml", "a: |\n  kq7vzx9m\nb: 1\n"),
            ("a.yaml", "data:\n  app.env: >-\n    A=1\n\n    B=kq7vzx9m\n"),
            ("a.yaml", "kind: Secret\ndata:\n  p: a3E3dnp4OW0K\n"),
            ("a.toml", "[t]\na = \"kq7vzx9m\"\n"),
            ("a.toml", "[[t]]\na = [\"\"\"\nkq7vzx9m\"\"\"]\n"),
            ("a.env", "A=\"kq7\\u0076zx9m\"\n"),
            ("a.ini", "[t]\na = kq7vzx9m\n"),
            ("a.properties", "a.b=kq7vzx9m\n"),
            ("a.properties", "a.b : kq7\\u0076\\\n   zx9m\n"),
            ("password", "kq7vzx9m\n"),
            ("db", "password = kq7vzx9m\n"),
            ("app.conf", "url = postgres://me:kq7vzx9m@db/x\n"),
        ] {
            let found = values(path.as_bytes(), text.as_bytes());
            assert!(found.iter().any(|value| ***value == *b"kq7vzx9m"), "{path}: {text}");
        }
    }

    #[test]
    fn a_block_counts_as_a_whole() {
        let found = values(b"a.yml", b"a: |\n    one two\n      three\nb: c\n");
        assert!(found.iter().any(|value| ***value == *b"one two\nthree"));
    }

    #[test]
    fn what_others_have_too_is_trivial() {
        for value in ["true", "abc", "production", "12345678", "aaaaaaaa", "${HOME}", "10.0.0.1"] {
            assert!(is_trivial(value.as_bytes()), "{value}");
        }
        for value in ["kq7vzx", "Tr0ub4dor&3"] {
            assert!(!is_trivial(value.as_bytes()), "{value}");
        }
    }

    #[test]
    fn a_key_is_known_by_its_lines_and_a_certificate_is_none() {
        let line = "Q".repeat(64);
        let block =
            |name: &str| format!("-----BEGIN {name}-----\n{line}\n{line}x\n-----END {name}-----\n");
        let key = block("PRIVATE KEY");
        assert_eq!(
            key_lines(key.as_bytes())[0],
            (&format!("{line}x").into_bytes()[..], key.trim().as_bytes())
        );
        assert!(key_lines(block("CERTIFICATE").as_bytes()).is_empty());
    }
}
