//! The words and signs of an expression.

use super::FilterError;

/// Longer ones first.
const SIGNS: [&str; 20] = [
    "||", "&&", "??", "<=", ">=", "==", "!=", "<", ">", "!", "(", ")", "[", "]", ",", ".", "?",
    "+", "-", ":",
];

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Token {
    Name(String),
    Number(f64),
    Text(String),
    Sign(&'static str),
}

impl Token {
    /// That it is where it makes no sense. What a string holds is not said.
    pub(super) fn unexpected(&self) -> FilterError {
        FilterError::Unexpected(match self {
            Self::Name(name) => format!("'{}'", crate::sanitise::line(name)),
            Self::Sign(sign) => format!("'{sign}'"),
            Self::Number(number) => format!("'{number}'"),
            Self::Text(_) => "a string".to_owned(),
        })
    }
}

pub(super) struct Tokens(std::iter::Peekable<std::vec::IntoIter<Token>>);

impl Tokens {
    pub(super) fn new(text: &str) -> Result<Self, FilterError> {
        let mut tokens = Vec::new();
        let mut rest = text.trim_start();
        while let Some(first) = rest.chars().next() {
            let length = if rest.starts_with("//") || first == '#' {
                rest.find('\n').unwrap_or(rest.len())
            } else if let Some((text, length)) = string(rest)? {
                tokens.push(Token::Text(text));
                length
            } else if first.is_ascii_digit() {
                let end =
                    rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len());
                let number = rest[..end].parse();
                let number =
                    number.map_err(|_| FilterError::Unexpected(format!("'{}'", &rest[..end])))?;
                tokens.push(Token::Number(number));
                end
            } else if first.is_ascii_alphabetic() || first == '_' {
                let part = |c: char| c.is_ascii_alphanumeric() || c == '_';
                let end = rest.find(|c| !part(c)).unwrap_or(rest.len());
                if &rest[..end] == "let" {
                    return Err(FilterError::Let);
                }
                tokens.push(Token::Name(rest[..end].to_owned()));
                end
            } else if let Some(sign) = SIGNS.iter().find(|sign| rest.starts_with(**sign)) {
                tokens.push(Token::Sign(sign));
                sign.len()
            } else {
                let shown = crate::sanitise::line(&first.to_string());
                return Err(FilterError::Unexpected(format!("'{shown}'")));
            };
            rest = rest[length..].trim_start();
        }
        Ok(Self(tokens.into_iter().peekable()))
    }

    pub(super) fn next(&mut self) -> Option<Token> {
        self.0.next()
    }

    pub(super) fn sees(&mut self, word: &str) -> bool {
        self.0.peek().is_some_and(|token| match token {
            Token::Name(name) => name == word,
            Token::Sign(sign) => *sign == word,
            _ => false,
        })
    }

    /// Takes a sign or a word, if it is this one.
    pub(super) fn takes(&mut self, word: &str) -> bool {
        let sees = self.sees(word);
        if sees {
            self.0.next();
        }
        sees
    }

    pub(super) fn takes_one_of(&mut self, words: &[&'static str]) -> Option<&'static str> {
        words.iter().find(|word| self.takes(word)).copied()
    }

    pub(super) fn expect(&mut self, sign: &str) -> Result<(), FilterError> {
        if self.takes(sign) {
            return Ok(());
        }
        Err(self.next().map_or_else(
            || FilterError::Unexpected("the end".to_owned()),
            |token| token.unexpected(),
        ))
    }

    pub(super) fn name(&mut self) -> Result<String, FilterError> {
        match self.next() {
            Some(Token::Name(name)) => Ok(name),
            Some(token) => Err(token.unexpected()),
            None => Err(FilterError::Unexpected("the end".to_owned())),
        }
    }
}

/// A string at the beginning, with its length; `None` if there is none.
fn string(text: &str) -> Result<Option<(String, usize)>, FilterError> {
    // Strings in which a backslash is itself.
    for (start, end) in
        [("r\"\"\"", "\"\"\""), ("r'''", "'''"), ("r\"", "\""), ("r'", "'"), ("`", "`")]
    {
        if let Some(rest) = text.strip_prefix(start) {
            let length = rest.find(end).ok_or(FilterError::String)?;
            return Ok(Some((rest[..length].to_owned(), start.len() + length + end.len())));
        }
    }
    let Some(quote @ ('"' | '\'')) = text.chars().next() else { return Ok(None) };
    let mut made = String::new();
    let mut chars = text.char_indices().skip(1);
    while let Some((at, c)) = chars.next() {
        match c {
            c if c == quote => return Ok(Some((made, at + 1))),
            '\\' => {
                let (at, c) = chars.next().ok_or(FilterError::String)?;
                let digits = match c {
                    'x' => 2,
                    'u' => 4,
                    _ => 0,
                };
                if digits > 0 {
                    let code = text.get(at + 1..at + 1 + digits).ok_or(FilterError::String)?;
                    let code = u32::from_str_radix(code, 16).map_err(|_| FilterError::String)?;
                    made.push(char::from_u32(code).ok_or(FilterError::String)?);
                    chars.nth(digits - 1);
                } else {
                    made.push(match c {
                        'n' => '\n',
                        't' => '\t',
                        'r' => '\r',
                        '\\' | '"' | '\'' | '`' | '?' => c,
                        _ => return Err(FilterError::String),
                    });
                }
            }
            c => made.push(c),
        }
    }
    Err(FilterError::String)
}
