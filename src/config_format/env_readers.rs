//! The readers of `.env` files that differ from each other.

use zeroize::Zeroizing;

use super::env_text::{
    BEHIND, Out, Outcome, UNCLOSED, bare, blanks, closing, ends, escaped_close, is_name, line_end,
};

pub(super) fn shell(after: &str) -> Outcome {
    const COMMAND: &str = "a shell takes part of this line for a command";
    let mut out = Out::new(after.len().min(line_end(after) + 4096));
    let lead = blanks(after);
    if lead > 0 {
        return if ends(after) { Ok(out.meant(0..0)) } else { Err(COMMAND) };
    }
    // What a '$' is, by what follows: a reference, a character, or no value.
    let dollar = |out: &mut Out, rest: &str, quoted: bool| {
        match rest.bytes().next() {
            Some(b'(') => return Err(COMMAND),
            Some(b'\'' | b'"') if !quoted => return Err(COMMAND),
            Some(b'{' | b'_' | b'@' | b'*' | b'#' | b'?' | b'-' | b'$' | b'!') => out.reference(),
            Some(byte) if byte.is_ascii_alphanumeric() => out.reference(),
            _ => out.text.push('$'),
        }
        Ok(())
    };
    let mut at = 0;
    while let Some(c) = after[at..].chars().next() {
        let rest = &after[at + c.len_utf8()..];
        at += c.len_utf8();
        match c {
            '\n' => return Ok(out.meant(0..at - 1)),
            '\r' => return Err("a shell takes the carriage return for a part of the value"),
            ' ' | '\t' if ends(rest) => return Ok(out.meant(0..at - 1)),
            ' ' | '\t' | '`' | ';' | '&' | '|' | '<' | '>' | '(' | ')' => return Err(COMMAND),
            '~' if at == 1 || after[..at - 1].ends_with(':') => {
                return Err("a shell takes '~' for a home directory");
            }
            '\'' => {
                let close = rest.find('\'').ok_or(UNCLOSED)?;
                out.text.push_str(&rest[..close]);
                at += close + 1;
            }
            '"' => {
                let close = escaped_close(&after[at - 1..]).ok_or(UNCLOSED)?;
                let inner = &rest[..close - 1];
                let mut chars = inner.char_indices().peekable();
                while let Some((at, c)) = chars.next() {
                    let next = chars.peek().map(|(_, next)| *next);
                    match (c, next) {
                        ('\\', Some(next @ ('"' | '\\' | '$' | '`'))) => {
                            chars.next();
                            out.text.push(next);
                        }
                        ('\\', Some('\n')) => drop(chars.next()),
                        ('`', _) => return Err(COMMAND),
                        ('$', _) => dollar(&mut out, &inner[at + 1..], true)?,
                        _ => out.text.push(c),
                    }
                }
                at += close;
            }
            '\\' => {
                let next = rest.chars().next().ok_or("a backslash ends the file")?;
                at += next.len_utf8();
                if next != '\n' {
                    out.text.push(next);
                }
            }
            '$' => dollar(&mut out, rest, false)?,
            c => out.text.push(c),
        }
    }
    Ok(out.meant(0..after.len()))
}

pub(super) fn node(after: &str) -> Outcome {
    let lead = blanks(after);
    let value = &after[lead..];
    let quoted = value.starts_with(['"', '\'', '`']);
    let close = closing(value, true).filter(|_| quoted);
    let meant = match close {
        Some(close) => lead..lead + close + 1,
        None => bare(after, |line| line.find('#').unwrap_or(line.len()), |_| false).raw,
    };
    let raw = &after[meant.clone()];
    let quote = raw.chars().next().unwrap_or(' ');
    let inner = raw.get(1..).and_then(|rest| rest.strip_suffix(quote)).filter(|_| quoted);
    let mut out = Out::new(raw.len());
    let inner = Zeroizing::new(inner.unwrap_or(raw).replace("\r\n", "\n"));
    let mut chars = inner.chars().peekable();
    while let Some(c) = chars.next() {
        let escaped = chars.next_if(|next| c == '\\' && quote == '"' && matches!(next, 'n' | 'r'));
        out.text.push(match escaped {
            Some('n') => '\n',
            Some(_) => '\r',
            None => c,
        });
    }
    Ok(out.meant(meant))
}

pub(super) fn python(after: &str) -> Outcome {
    let lead = blanks(after);
    let value = &after[lead..];
    let Some(quote @ ('"' | '\'')) = value.chars().next() else {
        // Here a comment has a blank before it, so none can be in place of a value.
        let cut = |line: &str| line.find(" #").or(line.find("\t#")).unwrap_or(line.len());
        let mut meant = bare(after, cut, |_| false);
        meant.references = braces(&meant.text);
        return Ok(meant);
    };
    let close = closing(value, false).ok_or(UNCLOSED)?;
    if !ends(&value[close + 1..]) {
        return Err(BEHIND);
    }
    let mut out = Out::new(close);
    let mut chars = value[1..close].chars().peekable();
    while let Some(c) = chars.next() {
        let next = chars.peek().copied();
        let escape = match next {
            Some(next @ ('\\' | '\'')) => Some(next),
            Some('"') if quote == '"' => Some('"'),
            Some('a') if quote == '"' => Some('\x07'),
            Some('b') if quote == '"' => Some('\x08'),
            Some('f') if quote == '"' => Some('\x0c'),
            Some('n') if quote == '"' => Some('\n'),
            Some('r') if quote == '"' => Some('\r'),
            Some('t') if quote == '"' => Some('\t'),
            Some('v') if quote == '"' => Some('\x0b'),
            _ => None,
        };
        match (c, escape) {
            ('\\', Some(escape)) => {
                chars.next();
                out.text.push(escape);
            }
            ('\r', _) if next == Some('\n') => {}
            _ => out.text.push(c),
        }
    }
    out.references = braces(&out.text);
    Ok(out.meant(lead..lead + close + 1))
}

/// The places of `${…}`.
fn braces(text: &str) -> Vec<usize> {
    let last = text.rfind('}').unwrap_or(0);
    text.match_indices("${").map(|(at, _)| at).take_while(|at| *at < last).collect()
}

pub(super) fn compose(after: &str) -> Outcome {
    let lead = blanks(after);
    let value = &after[lead..];
    let Some(quote @ ('"' | '\'')) = value.chars().next() else {
        let cut = |line: &str| line.find(" #").unwrap_or(line.len());
        let raw = bare(after, cut, |_| false).raw;
        return Ok(interpolated(&after[raw.clone()])?.meant(raw));
    };
    let mut inner = Zeroizing::new(String::with_capacity(value.len()));
    let mut escaped = false;
    for (at, c) in value.char_indices().skip(1) {
        match c {
            '\\' if !escaped => escaped = true,
            c if c == quote && !escaped => {
                if !ends(&value[at + 1..]) {
                    return Err(BEHIND);
                }
                let raw = lead..lead + at + 1;
                let inner = Zeroizing::new(inner.replace("\r\n", "\n"));
                let out = match quote {
                    '"' => interpolated(&unescaped(&inner))?,
                    _ => Out { text: inner, references: Vec::new() },
                };
                return Ok(out.meant(raw));
            }
            c => {
                if escaped && c != quote {
                    inner.push('\\');
                }
                inner.push(c);
                escaped = false;
            }
        }
    }
    Err(UNCLOSED)
}

/// Compose's escapes in double quotes; a dollar sign is doubled, which the next step takes for one.
fn unescaped(inner: &str) -> Zeroizing<String> {
    let mut text = Zeroizing::new(String::with_capacity(2 * inner.len()));
    let mut chars = inner.chars();
    while let Some(c) = chars.next() {
        let next = chars.clone().next().filter(|_| c == '\\');
        let escape = match next {
            Some('a') => "\x07",
            Some('b') => "\x08",
            Some('f') => "\x0c",
            Some('n') => "\n",
            Some('r') => "\r",
            Some('t') => "\t",
            Some('v') => "\x0b",
            Some('"') => "\"",
            Some('\\') => "\\",
            Some('$') => "$$",
            _ => {
                text.push(c);
                continue;
            }
        };
        text.push_str(escape);
        chars.next();
    }
    text
}

/// Compose's variables: `$$` is one sign, and one that begins no name is refused.
fn interpolated(text: &str) -> Result<Out, &'static str> {
    let mut out = Out::new(text.len());
    let mut chars = text.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        match (c, chars.peek().map(|(_, next)| *next)) {
            ('$', Some('$')) => {
                chars.next();
                out.text.push('$');
            }
            ('$', Some(_)) if is_name(&text[at + 1..]) => out.reference(),
            ('$', _) => return Err("compose takes a '$' for the beginning of a variable"),
            _ => out.text.push(c),
        }
    }
    Ok(out)
}

pub(super) fn php(after: &str) -> Outcome {
    const BLANK: &str = "PHP's reader wants quotes around a value with blanks";
    let lead = blanks(after);
    let value = &after[lead..];
    let line = &value[..line_end(value)];
    let Some(quote @ ('"' | '\'')) = value.chars().next() else {
        let ends = |c: char| c == '#' || c.is_whitespace();
        let mut meant = bare(after, |line| line.find(ends).unwrap_or(line.len()), |_| false);
        meant.references = braces(&meant.text);
        let rest = &after[meant.raw.end.max(lead)..];
        return if self::ends(rest) && !line.contains("=\"") { Ok(meant) } else { Err(BLANK) };
    };
    let close = match quote {
        '"' => escaped_close(value).ok_or(UNCLOSED)?,
        _ => line[1..].find('\'').ok_or(UNCLOSED)? + 1,
    };
    if !ends(&value[close + 1..]) {
        return Err(BEHIND);
    }
    // It looks for lines that go on before it looks at quotes.
    let end = close + line_end(&value[close..]);
    let last = value[..close].rfind('\n').map(|at| &value[at + 1..end]);
    if quote == '\'' && line.contains("=\"") || last.is_some_and(|last| lead > 0 || !php_ends(last))
    {
        return Err("PHP's reader takes the next lines for a part of this value");
    }
    let mut out = Out::new(close);
    let inner = &value[1..close];
    let brace = inner.rfind('}').unwrap_or(0);
    let mut chars = inner.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        let next = chars.peek().map(|(_, next)| *next);
        match (quote, c, next) {
            ('"', '\\', Some(next)) => {
                chars.next();
                out.text.push(match next {
                    '"' | '\\' | '$' => next,
                    'f' => '\x0c',
                    'n' => '\n',
                    'r' => '\r',
                    't' => '\t',
                    'v' => '\x0b',
                    _ => return Err("PHP's reader knows no such escape"),
                });
            }
            ('"', '$', Some('{')) if at < brace => out.reference(),
            (_, '\r', Some('\n')) => {}
            _ => out.text.push(c),
        }
    }
    Ok(out.meant(lead..lead + close + 1))
}

/// Whether a value of several lines ends on this line.
fn php_ends(line: &str) -> bool {
    let single = Zeroizing::new(line.replace("\\\\", ""));
    let pairs = single.as_bytes().windows(2);
    let count = pairs.filter(|pair| pair[0] != b'\\' && pair[1] == b'"').count();
    line == "\"" || count > usize::from(line.contains("=\""))
}
