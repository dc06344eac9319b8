//! The values of `.env` files, as each of their readers takes them. What a reader refuses, or takes for something else than
//! a value, is an error here.

use zeroize::Zeroizing;

use super::env_text::{
    BEHIND, Out, Outcome, UNCLOSED, bare, blanks, closing, comment, ends, escaped_close, is_name,
};
use super::{Dialect, env_readers};

pub(super) const DIFFER: &str = "shells, docker compose and the readers of Node, Python and PHP would read the value differently; say in the schema which one the file is for, as dialect = \"node\"";

/// Reads the value that is behind a `=`, as a dialect does; without one as most do.
pub(super) fn read(dialect: Option<Dialect>, after: &str) -> Outcome {
    match dialect {
        Some(Dialect::Shell) => env_readers::shell(after),
        Some(Dialect::Node) => env_readers::node(after),
        Some(Dialect::Python) => env_readers::python(after),
        Some(Dialect::Compose) => env_readers::compose(after),
        Some(Dialect::Php) => env_readers::php(after),
        _ => usual(after),
    }
}

/// As most take it.
fn usual(after: &str) -> Outcome {
    let lead = blanks(after);
    let value = &after[lead..];
    let Some(quote @ ('"' | '\'' | '`')) = value.chars().next() else {
        return Ok(bare(after, comment, is_name));
    };
    let close = match quote {
        '"' => escaped_close(value).ok_or(UNCLOSED)?,
        _ => closing(value, true).or(closing(value, false)).ok_or(UNCLOSED)?,
    };
    if !ends(&value[close + 1..]) {
        return Err(BEHIND);
    }
    let mut out = Out::new(close);
    let mut chars = value[1..close].char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        let rest = &value[at + 1 + c.len_utf8()..close];
        match (quote, c, rest.chars().next()) {
            (_, '\r', Some('\n')) => {}
            ('"', '\\', Some(next)) if r#"nrt"\$`"#.contains(next) => {
                chars.next();
                out.text.push(match next {
                    'n' => '\n',
                    'r' => '\r',
                    't' => '\t',
                    next => next,
                });
            }
            ('\'', '\\', Some('\'')) => {}
            ('"', '$', _) if is_name(rest) => out.reference(),
            (_, c, _) => out.text.push(c),
        }
    }
    Ok(out.meant(lead..lead + close + 1))
}

/// The ways of writing a value so that each of these readers takes it for this text: without quotes, then in those that do.
pub(super) fn write(
    text: &str,
    readers: &[Dialect],
) -> Result<Vec<Zeroizing<String>>, &'static str> {
    let escape = |signs: &str, newline: &str| {
        let mut raw = Zeroizing::new(String::with_capacity(2 * text.len()));
        for c in text.chars() {
            match c {
                '\n' => raw.push_str(newline),
                '\r' => raw.push_str("\\r"),
                c if signs.contains(c) => raw.extend(['\\', c]),
                c => raw.push(c),
            }
        }
        raw
    };
    let quoted = |quote: &str, inner: &str| Zeroizing::new([quote, inner, quote].concat());
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_./:@%+,=-".contains(&byte);
    // What ends in '=' might be taken for Base64 without a name.
    let is_plain = text.bytes().all(plain) && !text.starts_with('=') && !text.ends_with('=');
    let ways = [
        Zeroizing::new(if is_plain { text } else { "'" }.to_owned()),
        quoted("'", text),
        quoted("\"", text),
        quoted("\"", &escape("\"\\$`", "\n")),
        quoted("\"", &escape("\"\\$`", "\\n")),
        quoted("\"", &escape("\"\\$", "\\n")),
        quoted("\"", &escape("", "\\n")),
        quoted("'", &escape("'\\", "\n")),
        quoted("'", &Zeroizing::new(text.replace('\'', "'\\''"))),
        quoted("`", text),
        Zeroizing::new(text.to_owned()),
    ];
    // What follows in the file must not change what it is.
    let rest = "\nX='x'\nY=\"y\"\nZ=`z`\n";
    let good = |raw: &&Zeroizing<String>| {
        let after = Zeroizing::new([raw.as_str(), rest].concat());
        let same = |dialect| {
            read(dialect, &after).is_ok_and(|meant| {
                *meant.text == text
                    && meant.references.is_empty()
                    && (meant.raw == (0..raw.len()) || raw.is_empty())
            })
        };
        // A single dialect is the one that reads the file afterwards.
        readers.iter().all(|dialect| same(Some(*dialect))) && (readers.len() == 1 || same(None))
    };
    let good: Vec<_> = ways.iter().filter(good).cloned().collect();
    match (good.is_empty(), readers) {
        (false, _) => Ok(good),
        (true, [_]) => Err("no quotes of this dialect can hold the value"),
        (true, _) => Err(DIFFER),
    }
}

/// The readers that take what is behind a `=` for another value than this one, without a word.
pub(super) fn differing(after: &str, usual: &str) -> impl Iterator<Item = Dialect> {
    Dialect::ENV
        .into_iter()
        .filter(move |dialect| read(Some(*dialect), after).is_ok_and(|meant| *meant.text != *usual))
}
