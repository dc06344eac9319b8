//! Expressions in Go's syntax (RE2).

use regex_automata::meta::Regex;

use super::GitleaksError;
use crate::detect::regex;

/// Go's `\z` is the same here; its `\Q…\E` and octal escapes are not, and a brace that opens no repetition is itself.
pub(crate) fn translated(expression: &str) -> String {
    let mut made = String::with_capacity(expression.len());
    let mut rest = expression;
    let mut class = false;
    while let Some(c) = rest.chars().next() {
        let mut length = c.len_utf8();
        match c {
            '\\' if rest.starts_with("\\Q") => {
                let literal = &rest[2..];
                let end = literal.find("\\E").unwrap_or(literal.len());
                literally(&literal[..end], &mut made);
                length = (2 + end + 2).min(rest.len());
            }
            // These stand for themselves in Go, and here for the ends of a word.
            '\\' if rest.starts_with("\\<") || rest.starts_with("\\>") => {
                made.push_str(&rest[1..2]);
                length = 2;
            }
            '\\' => {
                length += rest[1..].chars().next().map_or(0, char::len_utf8);
                made.push_str(&rest[..length]);
            }
            '{' if !class && !opens_repetition(rest) => made.push_str("\\{"),
            '[' if class && !rest.starts_with("[:") => made.push_str("\\["),
            '[' => {
                // `[]` and `[^]` hold the closing bracket itself.
                let opening = if rest.starts_with("[^") { "[^" } else { "[" };
                if class {
                    // `[:alpha:]` as a whole.
                    let end = rest.find(":]").map_or(rest.len(), |at| at + 2);
                    made.push_str(&rest[..end]);
                    length = end;
                } else {
                    class = true;
                    made.push_str(opening);
                    length = opening.len();
                    if rest[length..].starts_with(']') {
                        made.push_str("\\]");
                        length += 1;
                    }
                }
            }
            ']' if class => {
                class = false;
                made.push(']');
            }
            // Set operators of the other syntax.
            '&' | '~' if class => {
                made.push('\\');
                made.push(c);
            }
            '-' if class && rest.starts_with("--") => made.push_str("\\-"),
            c => made.push(c),
        }
        rest = &rest[length..];
    }
    made
}

/// Adds an expression that matches this text.
pub(super) fn literally(text: &str, made: &mut String) {
    for c in text.chars() {
        if c.is_ascii_punctuation() && !matches!(c, '<' | '>') {
            made.push('\\');
        }
        made.push(c);
    }
}

/// `{3}`, `{3,}` and `{3,5}`.
fn opens_repetition(text: &str) -> bool {
    text[1..].split_once('}').is_some_and(|(inside, _)| {
        inside.starts_with(|c: char| c.is_ascii_digit())
            && inside.chars().all(|c| c.is_ascii_digit() || c == ',')
            && inside.matches(',').count() <= 1
    })
}

/// Compiles it; `rule` is named where that fails.
pub(super) fn compile(expression: &str, rule: &str) -> Result<Regex, GitleaksError> {
    regex::compile(&translated(expression))
        .map_err(|reason| GitleaksError::Expression { rule: rule.to_owned(), reason })
}
