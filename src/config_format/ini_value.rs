//! The values of INI files on one line: where the comment begins, and what quotes mean.

use zeroize::Zeroizing;

use super::Dialect;
use super::env_text::{Meant, Out, Outcome};
use super::text::is_blank;

pub(super) const DIFFER: &str = "readers of INI differ in quotes and comments; say in the schema which one the file is for, as dialect = {ini = \"python\"}";

/// The value that a line begins with.
pub(super) fn read(dialect: Option<Dialect>, line: &str) -> Outcome {
    let meant = |value: &str| {
        let mut out = Out::new(value.len());
        for (at, c) in value.char_indices() {
            match dialect {
                Some(Dialect::Php) if value[at..].starts_with("${") => out.reference(),
                _ => out.text.push(c),
            }
        }
        out.meant(0..value.len())
    };
    match dialect {
        Some(Dialect::Python) => return Ok(meant(line.trim_end())),
        Some(Dialect::Mysql) => return mysql(line),
        _ => {}
    }
    let is_quoted = dialect != Some(Dialect::Supervisor) && line.starts_with(['"', '\'']);
    let quoted = if is_quoted { quoted(dialect, line) } else { None };
    if let Some(quoted) = quoted {
        let rest = &line[quoted.raw.end..];
        let comment = comment(dialect, rest);
        if rest[..comment].trim().is_empty() {
            return Ok(quoted);
        }
    }
    if is_quoted && dialect == Some(Dialect::Php) {
        return Err("the quote is not closed, or there is text behind it");
    }
    Ok(meant(line[..comment(dialect, line)].trim_end()))
}

/// As MySQL and MariaDB read their option files: a comment begins behind all quotes, and quotes around the whole are taken away.
fn mysql(line: &str) -> Outcome {
    let (mut open, mut escaped) = (None, false);
    let comment = line.bytes().position(|byte| {
        if !escaped && matches!(byte, b'"' | b'\'') && open.is_none_or(|open| open == byte) {
            open = if open.is_none() { Some(byte) } else { None };
        }
        escaped = open.is_some() && byte == b'\\' && !escaped;
        open.is_none() && byte == b'#'
    });
    let value = line[..comment.unwrap_or(line.len())].trim_end();
    let quote = value.chars().next().filter(|quote| matches!(quote, '"' | '\''));
    let inner = match quote {
        Some(_) if value.len() == 1 => return Err("a quote alone is no value"),
        Some(quote) => value.strip_suffix(quote).map(|inner| &inner[1..]),
        None => None,
    };
    Ok(Meant { raw: 0..value.len(), text: escapes(inner.unwrap_or(value)), references: Vec::new() })
}

/// Where a comment begins.
fn comment(dialect: Option<Dialect>, line: &str) -> usize {
    let bytes = line.as_bytes();
    let begins = |at: &usize| {
        let blank = *at == 0 || is_blank(bytes[*at - 1]);
        match (dialect, bytes[*at]) {
            (Some(Dialect::Php), byte) => byte == b';',
            (_, byte) => matches!(byte, b';' | b'#') && blank,
        }
    };
    (0..bytes.len()).find(begins).unwrap_or(bytes.len())
}

/// The value in quotes that a line begins with.
fn quoted(dialect: Option<Dialect>, line: &str) -> Option<Meant> {
    let quote = line.chars().next()?;
    let php = dialect == Some(Dialect::Php) && quote == '"';
    let mut out = Out::new(line.len());
    let mut chars = line.char_indices().skip(1).peekable();
    while let Some((at, c)) = chars.next() {
        match (c, chars.peek()) {
            // A backslash before the last quote of a line is one.
            ('\\', Some((next_at, next @ ('"' | '\\' | '$'))))
                if php && (*next != '"' || line[next_at + 1..].contains('"')) =>
            {
                out.text.push(*next);
                chars.next();
            }
            ('$', Some((_, '{'))) if php => out.reference(),
            (c, _) if c == quote => return Some(out.meant(0..at + 1)),
            (c, _) => out.text.push(c),
        }
    }
    None
}

/// The escapes of MySQL's option files.
fn escapes(value: &str) -> Zeroizing<String> {
    let mut text = Zeroizing::new(String::with_capacity(value.len()));
    let mut chars = value.chars().peekable();
    while let Some(c) = chars.next() {
        let escape = chars.peek().filter(|_| c == '\\').and_then(|next| match next {
            'b' => Some('\x08'),
            't' => Some('\t'),
            'n' => Some('\n'),
            'r' => Some('\r'),
            's' => Some(' '),
            '\\' | '"' | '\'' => Some(*next),
            _ => None,
        });
        text.push(escape.unwrap_or(c));
        if escape.is_some() {
            chars.next();
        }
    }
    text
}

/// A value as it is written so that the dialect reads this text; without one all of them but PHP, which reads words and
/// signs of its own.
pub(super) fn write(
    text: &str,
    dialect: Option<Dialect>,
) -> Result<Zeroizing<String>, &'static str> {
    let signs = match dialect {
        Some(Dialect::Mysql) => "\\",
        Some(Dialect::Php) => "\\\"$",
        _ => "\\\"",
    };
    let mut escaped = Zeroizing::new(String::with_capacity(2 * text.len()));
    for c in text.chars() {
        match c {
            '\n' => escaped.push_str("\\n"),
            '\r' => escaped.push_str("\\r"),
            c if signs.contains(c) => escaped.extend(['\\', c]),
            c => escaped.push(c),
        }
    }
    let quoted = |quote: &str, text: &str| Zeroizing::new([quote, text, quote].concat());
    let bare = dialect != Some(Dialect::Php) || text.bytes().all(|byte| byte.is_ascii_digit());
    let go_on = matches!(dialect, Some(Dialect::Python | Dialect::Supervisor));
    let is_line =
        |line: &str| !line.is_empty() && line.trim() == line && !line.starts_with(['#', ';']);
    if go_on && text.contains('\n') && text.split('\n').skip(1).all(is_line) {
        let whole = |line: &str| read(dialect, line).is_ok_and(|meant| meant.raw.end == line.len());
        let cut = |line| dialect == Some(Dialect::Supervisor) && !whole(line);
        if !text.split('\n').any(cut) && !text.contains('\r') {
            return Ok(Zeroizing::new(text.replace('\n', "\n\t")));
        }
    }
    let ways = [
        Zeroizing::new(if bare { text } else { "\"" }.to_owned()),
        quoted("\"", text),
        quoted("'", text),
        quoted("\"", &escaped),
        quoted("'", &escaped),
        escaped,
    ];
    let all = [None, Some(Dialect::Python), Some(Dialect::Mysql), Some(Dialect::Supervisor)];
    let one = [dialect];
    let readers = if dialect.is_some() { &one[..] } else { &all[..] };
    let good = |raw: &&Zeroizing<String>| {
        let same = |reader: &Option<Dialect>| {
            read(*reader, raw).is_ok_and(|meant| {
                meant.raw.end == raw.len() && *meant.text == text && meant.references.is_empty()
            })
        };
        !raw.contains(['\n', '\r']) && raw.trim() == raw.as_str() && readers.iter().all(same)
    };
    ways.iter().find(good).cloned().ok_or(match dialect {
        Some(_) => "this dialect of INI cannot hold the value",
        None => DIFFER,
    })
}

/// The readers that take a line's value for another than this one, without a word.
pub(super) fn differing(line: &str, usual: &str) -> impl Iterator<Item = Dialect> {
    let readers = [Dialect::Python, Dialect::Mysql, Dialect::Supervisor];
    readers
        .into_iter()
        .filter(move |dialect| read(Some(*dialect), line).is_ok_and(|meant| *meant.text != *usual))
}
