//! The values of INI files on one line: where the comment begins, and what quotes mean.

use zeroize::Zeroizing;

use super::Dialect;
use super::text::is_blank;

/// The bytes of the value that a line begins with, and what it means.
pub(super) fn read(dialect: Option<Dialect>, line: &str) -> (usize, Zeroizing<String>) {
    let owned = |text: &str| Zeroizing::new(text.to_owned());
    if dialect == Some(Dialect::Python) {
        let value = line.trim_end();
        return (value.len(), owned(value));
    }
    if dialect != Some(Dialect::Supervisor)
        && let Some((len, text)) = quoted(dialect, line)
        && (line[len..].trim_start().is_empty()
            || comment(dialect, &line[len..]) < line.len() - len)
        && line[len..len + comment(dialect, &line[len..])].trim().is_empty()
    {
        return (len, text);
    }
    let value = line[..comment(dialect, line)].trim_end();
    let text = match dialect {
        Some(Dialect::Mysql) => escapes(value),
        _ => owned(value),
    };
    (value.len(), text)
}

/// Where a comment begins.
fn comment(dialect: Option<Dialect>, line: &str) -> usize {
    let bytes = line.as_bytes();
    let begins = |at: &usize| {
        let blank = *at == 0 || is_blank(bytes[*at - 1]);
        match (dialect, bytes[*at]) {
            (Some(Dialect::Php), byte) => byte == b';',
            (Some(Dialect::Mysql), byte) => byte == b'#',
            (_, byte) => matches!(byte, b';' | b'#') && blank,
        }
    };
    (0..bytes.len()).find(begins).unwrap_or(bytes.len())
}

/// A value in quotes that the line begins with.
fn quoted(dialect: Option<Dialect>, line: &str) -> Option<(usize, Zeroizing<String>)> {
    let quote = line.chars().next().filter(|quote| matches!(quote, '"' | '\''))?;
    let escapes_quote = dialect == Some(Dialect::Php) && quote == '"';
    let mut text = Zeroizing::new(String::with_capacity(line.len()));
    let mut chars = line.char_indices().skip(1).peekable();
    while let Some((at, c)) = chars.next() {
        match (c, chars.peek()) {
            ('\\', Some((_, next @ ('"' | '\\')))) if escapes_quote => {
                text.push(*next);
                chars.next();
            }
            (c, _) if c == quote => {
                let text = if dialect == Some(Dialect::Mysql) { escapes(&text) } else { text };
                return Some((at + 1, text));
            }
            (c, _) => text.push(c),
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
            '\\' => Some('\\'),
            's' => Some(' '),
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
    let signs = if dialect == Some(Dialect::Mysql) { "\\" } else { "\\\"" };
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
        let cut = |line| dialect == Some(Dialect::Supervisor) && read(dialect, line).0 < line.len();
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
            let (len, meant) = read(*reader, raw);
            len == raw.len() && *meant == text
        };
        !raw.contains(['\n', '\r']) && raw.trim() == raw.as_str() && readers.iter().all(same)
    };
    ways.iter().find(good).cloned().ok_or(match dialect {
        Some(_) => "this dialect of INI cannot hold the value",
        None => {
            "readers of INI differ in quotes and comments; say in the schema which one the file is for, as dialect = {ini = \"python\"}"
        }
    })
}

/// The readers that take a line's value for another than this one, without a word.
pub(super) fn differing(line: &str, usual: &str) -> impl Iterator<Item = Dialect> {
    let readers = [Dialect::Python, Dialect::Mysql, Dialect::Supervisor];
    readers.into_iter().filter(move |dialect| *read(Some(*dialect), line).1 != usual)
}
