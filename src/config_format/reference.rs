//! References of `.env` files: `$NAME`, `${NAME}`, and `${NAME:-else}`, as each reader takes them.

use std::ops::Range;

use zeroize::Zeroizing;

use super::Dialect;

/// Why references cannot be exchanged. A name is told only where it is in braces: what follows a lone `$` may be a part of a
/// secret.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReferenceError {
    /// It does more than name a variable, or is not closed.
    #[error("a '$' in the value begins something that is not expanded here")]
    Form,
    /// Nothing sets it. The name, where it may be told.
    #[error("{} is not set", named(.0.as_deref()))]
    Unset(Option<String>),
    /// It stands for itself, by others or at once.
    #[error("{} refers back to this value", named(.0.as_deref()))]
    Circle(Option<String>),
    /// The reader goes from the first line to the last, and has not met it then.
    #[error("{} is set only behind this value, where the program does not find it", named(.0.as_deref()))]
    Behind(Option<String>),
    /// Too many references lead from one to the next, or the values grow too long.
    #[error("the references lead too far")]
    TooFar,
}

fn named(name: Option<&str>) -> String {
    match name {
        Some(name) => format!("${{{name}}}"),
        None => "what a '$' in the value refers to".to_owned(),
    }
}

/// What a name stands for, and what is taken in its place.
struct Reference<'t> {
    name: &'t str,
    /// The place behind it.
    end: usize,
    /// Whether the name is in braces.
    braced: bool,
    /// What counts with a word, and where that is.
    word: Option<(When, Range<usize>)>,
}

/// Where the word counts.
#[derive(Clone, Copy, PartialEq, Eq)]
enum When {
    /// Where nothing sets the name; with `:` also where it is empty.
    Unset { or_empty: bool },
    /// Where something sets it.
    Set { or_empty: bool },
    /// Nowhere: it is what a program says where nothing sets the name.
    Never { or_empty: bool },
}

/// What a name stands for; the `bool` says whether the name may be told.
pub type Values<'v> =
    &'v mut dyn FnMut(&str, bool) -> Result<Option<Zeroizing<String>>, ReferenceError>;

/// A text with its references exchanged by what `value` says that they stand for.
///
/// # Errors
/// [`ReferenceError`], and those of `value`.
pub fn expand(
    dialect: Option<Dialect>,
    text: &str,
    references: &[usize],
    value: Values<'_>,
) -> Result<Zeroizing<String>, ReferenceError> {
    let mut out = Out { text, dialect, references, value, out: Zeroizing::default(), depth: 0 };
    out.range(0..text.len())?;
    Ok(out.out)
}

/// Bytes of a value at most.
const MAX_LEN: usize = 1 << 20;
/// References within each other at most.
const MAX_DEPTH: usize = 16;

struct Out<'t, 'v> {
    text: &'t str,
    dialect: Option<Dialect>,
    references: &'t [usize],
    value: Values<'v>,
    out: Zeroizing<String>,
    depth: usize,
}

impl Out<'_, '_> {
    fn push(&mut self, more: &str) -> Result<(), ReferenceError> {
        let len = self.out.len() + more.len();
        if len > MAX_LEN {
            return Err(ReferenceError::TooFar);
        }
        if len > self.out.capacity() {
            // Moved by hand, so that no copy is left behind.
            let mut larger = Zeroizing::new(String::with_capacity(2 * len));
            larger.push_str(&self.out);
            self.out = larger;
        }
        self.out.push_str(more);
        Ok(())
    }

    fn range(&mut self, range: Range<usize>) -> Result<(), ReferenceError> {
        let (text, references) = (self.text, self.references);
        let mut done = range.start;
        if self.depth > MAX_DEPTH {
            return Err(ReferenceError::TooFar);
        }
        self.depth += 1;
        let first = references.partition_point(|at| *at < range.start);
        for &at in references[first..].iter().take_while(|at| **at < range.end) {
            if at < done {
                continue;
            }
            self.push(&text[done..at])?;
            done = match read(self.dialect, &text[..range.end], at) {
                Some(reference) => self.reference(&reference)?,
                None if is_plain(self.dialect) => {
                    self.push("$")?;
                    at + 1
                }
                None => return Err(ReferenceError::Form),
            };
        }
        self.depth -= 1;
        self.push(&text[done..range.end])
    }

    fn reference(&mut self, reference: &Reference<'_>) -> Result<usize, ReferenceError> {
        let value = (self.value)(reference.name, reference.braced)?;
        let is = |or_empty: bool| value.as_ref().is_some_and(|v| !(or_empty && v.is_empty()));
        match &reference.word {
            Some((When::Unset { or_empty }, word)) if !is(*or_empty) => self.range(word.clone())?,
            Some((When::Set { or_empty }, word)) if is(*or_empty) => self.range(word.clone())?,
            Some((When::Set { .. }, _)) => {}
            Some((When::Never { or_empty }, _)) if !is(*or_empty) => {
                return Err(unset(reference));
            }
            _ => self.push(&value.ok_or_else(|| unset(reference))?)?,
        }
        Ok(reference.end)
    }
}

fn unset(reference: &Reference<'_>) -> ReferenceError {
    ReferenceError::Unset(reference.braced.then(|| reference.name.to_owned()))
}

/// Whether the reader takes a `$` that begins no reference as it is.
fn is_plain(dialect: Option<Dialect>) -> bool {
    matches!(dialect, Some(Dialect::Python | Dialect::Php))
}

/// The reference whose `$` is at this place.
fn read(dialect: Option<Dialect>, text: &str, at: usize) -> Option<Reference<'_>> {
    let rest = &text[at + 1..];
    let name_len =
        |rest: &str, sign: fn(char) -> bool| rest.find(|c| !sign(c)).unwrap_or(rest.len());
    let usual = |c: char| c == '_' || c.is_ascii_alphanumeric();
    let Some(inner) = rest.strip_prefix('{') else {
        let name = &rest[..name_len(rest, usual)];
        let good = !name.is_empty() && !name.starts_with(|c: char| c.is_ascii_digit());
        let end = at + 1 + name.len();
        return good.then_some(Reference { name, end, braced: false, word: None });
    };
    let start = at + 2;
    let whole = |len: usize, word: Option<(When, Range<usize>)>| {
        let end = word.as_ref().map_or(start + len, |(_, word)| word.end) + 1;
        // Behind a name may be anything, also the middle of a letter.
        let is_end = text.as_bytes().get(..end).is_some_and(|bytes| bytes.ends_with(b"}"));
        is_end.then_some(Reference { name: &inner[..len], end, braced: true, word })
    };
    match dialect {
        Some(Dialect::Php) => {
            let len = name_len(inner, |c| c == '_' || c == '.' || c.is_ascii_alphanumeric());
            whole(len, None).filter(|_| len > 0)
        }
        Some(Dialect::Python) => {
            let len = inner.find(['}', ':'])?;
            let word = inner[len..].strip_prefix(":-").map(|word| {
                let begin = start + len + 2;
                let len = word.find('}').unwrap_or(word.len());
                (When::Unset { or_empty: false }, begin..begin + len)
            });
            whole(len, word)
        }
        _ => {
            let len = name_len(inner, usual);
            if len == 0 || inner.starts_with(|c: char| c.is_ascii_digit()) {
                return None;
            }
            let behind = &inner[len..];
            let (or_empty, sign) = match behind.strip_prefix(':') {
                Some(sign) => (true, sign),
                None => (false, behind),
            };
            let when = match sign.bytes().next() {
                Some(b'}') if !or_empty => return whole(len, None),
                Some(b'-') => When::Unset { or_empty },
                Some(b'+') => When::Set { or_empty },
                Some(b'?') => When::Never { or_empty },
                _ => return None,
            };
            let begin = start + len + usize::from(or_empty) + 1;
            whole(len, Some((when, begin..begin + closing(&text[begin..])?)))
        }
    }
}

/// Where the brace closes that was opened before; those of references within are skipped.
fn closing(text: &str) -> Option<usize> {
    let mut open = 0;
    let bytes = text.as_bytes();
    (0..bytes.len()).find(|&at| match bytes[at] {
        b'{' if at > 0 && bytes[at - 1] == b'$' => {
            open += 1;
            false
        }
        b'}' if open > 0 => {
            open -= 1;
            false
        }
        byte => byte == b'}',
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config_format::Format;

    /// The value of `A`, where `X` is `x` and `E` is empty.
    #[track_caller]
    fn expanded(dialect: &str, value: &str) -> String {
        let dialect = Dialect::named(Format::Env, dialect);
        let text = format!("A={value}\n");
        let document = Format::Env.parse_as(dialect, text.as_bytes()).unwrap();
        let item = &document.items[0];
        let mut value = |name: &str, _| {
            let value = match name {
                "X" => Some("x"),
                "E" => Some(""),
                _ => None,
            };
            Ok(value.map(|value| Zeroizing::new(value.to_owned())))
        };
        match expand(dialect, &item.text, &item.references, &mut value) {
            Ok(text) => text.to_string(),
            Err(error) => format!("! {error}"),
        }
    }

    #[test]
    fn each_reader_has_its_own() {
        for (value, usual, shell, compose, python, php) in [
            ("${X}/y", "x/y", "x/y", "x/y", "x/y", "x/y"),
            ("$X/y", "x/y", "x/y", "x/y", "$X/y", "$X/y"),
            ("'${X}'", "${X}", "${X}", "${X}", "x", "${X}"),
            ("\"${X}${X}\"", "xx", "xx", "xx", "xx", "xx"),
            ("\"${N:-d}\"", "d", "d", "d", "d", "${N:-d}"),
            ("\"${E:-d}\"", "d", "d", "d", "", "${E:-d}"),
            ("\"${E-d}\"", "", "", "", "! ${E-d} is not set", "${E-d}"),
            ("\"${N:-${X}}\"", "x", "x", "x", "${X}", "${N:-x}"),
            ("\"${X:+y}${N+z}\"", "y", "y", "y", "${X:+y}! ${N+z} is not set", "${X:+y}${N+z}"),
        ] {
            assert_eq!(expanded("", value), usual, "{value}");
            assert_eq!(expanded("shell", value), shell, "shell {value}");
            assert_eq!(expanded("compose", value), compose, "compose {value}");
            let python = python.rfind('!').map_or(python, |at| &python[at..]);
            assert_eq!(expanded("python", value), python, "python {value}");
            assert_eq!(expanded("php", value), php, "php {value}");
            assert!(expanded("node", value).contains(value.trim_matches(['"', '\''])));
        }
    }

    #[test]
    fn what_is_not_expanded_is_told_without_what_may_be_secret() {
        for value in ["\"${X%y}\"", "\"${!X}\"", "\"${X:-y\"", "\"${1}\"", "\"${X\""] {
            assert_eq!(
                expanded("", value),
                "! a '$' in the value begins something that is not expanded here"
            );
        }
        assert_eq!(expanded("", "\"${N:?why}\""), "! ${N} is not set");
        let deep = format!("\"{}x{}\"", "${N:-".repeat(100_000), "}".repeat(100_000));
        assert_eq!(expanded("", &deep), "! the references lead too far");
        let hidden = expanded("", "pa$word1");
        assert!(hidden.starts_with('!') && !hidden.contains("word"), "{hidden}");
    }
}
