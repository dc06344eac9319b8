//! The language of `filter` and `prefilter` (betterleaks, *Betterleaks config*): as much of it as says what is left out.
//!
//! An expression is made of questions to one text each, joined by `||`, `&&` and `!`. What asks for anything else is an
//! error that names the word: to pass over it would leave out too much or too little.

mod part;
mod tokens;

use std::sync::Arc;

use thiserror::Error;

use super::GitleaksError;
use super::condition::{Field, Measure, Number, Order, Patterns, Test, Words};
use super::re2::literally;
use part::Part;
use tokens::{Token, Tokens};

/// Parentheses, calls and negations in one another at most.
const DEEPEST: usize = 64;

/// An expression that cannot be used.
#[derive(Debug, Error)]
pub enum FilterError {
    /// It breaks off, or something is where it makes no sense.
    #[error("{0} is not expected there")]
    Unexpected(String),
    /// A name for a part of the expression, as betterleaks has them from version 2 on.
    #[error("'let' of betterleaks 2 is not read; files of gitleaks and of betterleaks 1 are")]
    Let,
    /// A string has no end, or an escape that is not known.
    #[error("a string is not closed, or has an unknown escape")]
    String,
    /// A function, method or variable that is not known.
    #[error("'{0}' is not supported")]
    Unknown(String),
    /// A field of the finding, or an attribute, that is not known.
    #[error("the field '{0}' is not supported")]
    Field(String),
    /// A text where a number is wanted, or the like.
    #[error("'{0}' does not work on this")]
    Kind(String),
    /// More than 64 levels.
    #[error("it is nested too deeply")]
    Deep,
    /// A regular expression in it.
    #[error(transparent)]
    Expression(Box<GitleaksError>),
}

/// Reads an expression; `rule` is named where a regular expression in it cannot be used. `finding` is false where none can
/// be asked about, as in `prefilter`.
///
/// # Errors
/// See [`FilterError`].
pub(crate) fn read(text: &str, rule: &str, finding: bool) -> Result<Arc<Test>, FilterError> {
    let mut reader = Reader { tokens: Tokens::new(text)?, rule, finding, depth: 0 };
    let whole = reader.any()?;
    match reader.tokens.next() {
        None => whole.test("the expression"),
        Some(token) => Err(token.unexpected()),
    }
}

struct Reader<'t> {
    tokens: Tokens,
    rule: &'t str,
    finding: bool,
    depth: usize,
}

impl Reader<'_> {
    fn any(&mut self) -> Result<Part, FilterError> {
        self.joined(["||", "or"], Self::all, Test::any)
    }

    fn all(&mut self) -> Result<Part, FilterError> {
        self.joined(["&&", "and"], Self::comparison, Test::all)
    }

    fn joined(
        &mut self,
        signs: [&str; 2],
        part: fn(&mut Self) -> Result<Part, FilterError>,
        join: fn(Vec<Arc<Test>>) -> Arc<Test>,
    ) -> Result<Part, FilterError> {
        let first = part(self)?;
        if !signs.iter().any(|sign| self.tokens.sees(sign)) {
            return Ok(first);
        }
        let mut tests = vec![first.test(signs[0])?];
        while signs.iter().any(|sign| self.tokens.takes(sign)) {
            tests.push(part(self)?.test(signs[0])?);
        }
        Ok(Part::Test(join(tests)))
    }

    fn comparison(&mut self) -> Result<Part, FilterError> {
        let left = self.unary()?;
        let Some(sign) = self.tokens.takes_one_of(&[
            "<=",
            "<",
            ">=",
            ">",
            "==",
            "!=",
            "contains",
            "startsWith",
            "endsWith",
            "matches",
            "in",
        ]) else {
            return Ok(left);
        };
        let right = self.unary()?;
        let order = match sign {
            "<" => Order::Less,
            "<=" => Order::AtMost,
            ">" => Order::More,
            ">=" => Order::AtLeast,
            "==" => Order::Same,
            "!=" => Order::Other,
            _ => return self.about_text(sign, left.field(sign)?, right),
        };
        let test = match (left, right) {
            (Part::Measure(measure), Part::Number(number)) => {
                Test::Compare(measure, order, Number::from(number))
            }
            (Part::Number(number), Part::Measure(measure)) => {
                Test::Compare(measure, order.turned(), Number::from(number))
            }
            (Part::Field(field), Part::Text(text)) | (Part::Text(text), Part::Field(field)) => {
                let same = Test::Equals(field, vec![text]);
                match order {
                    Order::Same => same,
                    Order::Other => Test::Not(Arc::new(same)),
                    _ => return Err(FilterError::Kind(sign.to_owned())),
                }
            }
            _ => return Err(FilterError::Kind(sign.to_owned())),
        };
        Ok(Part::Test(Arc::new(test)))
    }

    /// A question to a text, as an operator or a method: the right side is known when the file is read.
    fn about_text(&self, name: &str, field: Field, right: Part) -> Result<Part, FilterError> {
        let test = match name {
            "startsWith" => Test::Starts(field, vec![right.text(name)?]),
            "endsWith" => Test::Ends(field, vec![right.text(name)?]),
            // Unlike 'containsAny' these two count case.
            "contains" => {
                let mut pattern = String::new();
                literally(&right.text(name)?, &mut pattern);
                Test::Matches(field, self.patterns(vec![pattern])?)
            }
            "matches" => Test::Matches(field, self.patterns(vec![right.text(name)?])?),
            _ => Test::Equals(field, right.texts(name)?),
        };
        Ok(Part::Test(Arc::new(test)))
    }

    fn patterns(&self, written: Vec<String>) -> Result<Patterns, FilterError> {
        Patterns::new(written, self.rule).map_err(|error| FilterError::Expression(Box::new(error)))
    }

    fn unary(&mut self) -> Result<Part, FilterError> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err(FilterError::Deep);
        }
        let part = if let Some(sign) = self.tokens.takes_one_of(&["!", "not"]) {
            Part::Test(Arc::new(Test::Not(self.unary()?.test(sign)?)))
        } else {
            let mut part = self.primary()?;
            while self.tokens.takes(".") {
                let name = self.tokens.name()?;
                let known = ["startsWith", "endsWith", "contains", "matches", "orValue"];
                if !known.contains(&&name[..]) {
                    return Err(FilterError::Unknown(crate::sanitise::line(&name)));
                }
                let field = part.field(&name)?;
                self.tokens.expect("(")?;
                let argument = self.unary()?;
                self.tokens.expect(")")?;
                part = match &name[..] {
                    "orValue" => Part::Field(field.or(argument.text(&name)?)),
                    _ => self.about_text(&name, field, argument)?,
                };
            }
            if self.tokens.takes("??") {
                let missing = self.unary()?.text("??")?;
                part = Part::Field(part.field("??")?.or(missing));
            }
            part
        };
        self.depth -= 1;
        Ok(part)
    }

    fn primary(&mut self) -> Result<Part, FilterError> {
        match self.tokens.next() {
            Some(Token::Text(text)) => Ok(Part::Text(text)),
            Some(Token::Number(number)) => Ok(Part::Number(number)),
            Some(Token::Name(name)) => self.named(name),
            Some(Token::Sign("(")) => {
                let part = self.any()?;
                self.tokens.expect(")")?;
                Ok(part)
            }
            Some(Token::Sign("[")) => {
                let mut texts = Vec::new();
                while !self.tokens.takes("]") {
                    texts.push(self.unary()?.text("[")?);
                    if !self.tokens.takes(",") {
                        self.tokens.expect("]")?;
                        break;
                    }
                }
                Ok(Part::List(texts))
            }
            Some(token) => Err(token.unexpected()),
            None => Err(FilterError::Unexpected("the end".to_owned())),
        }
    }

    fn named(&mut self, mut name: String) -> Result<Part, FilterError> {
        match &name[..] {
            "true" | "false" => return Ok(Part::Test(Arc::new(Test::Is(name == "true")))),
            "finding" | "attributes" => {
                let key = if self.tokens.takes(".") {
                    self.tokens.name()?
                } else {
                    self.tokens.expect("[")?;
                    self.tokens.takes("?");
                    let key = self.unary()?.text("[")?;
                    self.tokens.expect("]")?;
                    key
                };
                return self.field(&name, &key, String::new());
            }
            "filter" if self.tokens.takes(".") => name = self.tokens.name()?,
            _ => {}
        }
        if !self.tokens.takes("(") {
            return Err(FilterError::Unknown(crate::sanitise::line(&name)));
        }
        if name == "get" {
            let from = self.tokens.name()?;
            self.tokens.expect(",")?;
            let key = self.unary()?.text("get")?;
            let missing = match self.tokens.takes(",") {
                true => self.unary()?.text("get")?,
                false => String::new(),
            };
            self.tokens.expect(")")?;
            return self.field(&from, &key, missing);
        }
        let field = self.unary()?.field(&name)?;
        let list = match self.tokens.takes(",") {
            true => Some(self.unary()?.texts(&name)?),
            false => None,
        };
        self.tokens.expect(")")?;
        let test = match (&name[..], list) {
            ("entropy", None) => return Ok(Part::Measure(Measure::Entropy(field))),
            ("len" | "size", None) => return Ok(Part::Measure(Measure::Length(field))),
            ("failsTokenEfficiency", None) => Test::Wordy(field),
            // Of no expressions none matches.
            ("matchesAny" | "containsAny", Some(list)) if list.is_empty() => Test::Is(false),
            ("matchesAny", Some(list)) => Test::Matches(field, self.patterns(list)?),
            ("containsAny", Some(list)) => {
                let words = Words::new(list, self.rule);
                let words = words.map_err(|error| FilterError::Expression(Box::new(error)))?;
                Test::Contains(field, words)
            }
            ("startsWithAny", Some(list)) => Test::Starts(field, list),
            _ => return Err(FilterError::Unknown(crate::sanitise::line(&name))),
        };
        Ok(Part::Test(Arc::new(test)))
    }

    fn field(&self, of: &str, key: &str, missing: String) -> Result<Part, FilterError> {
        let field = match (of, key) {
            ("finding", "secret") => Field::Secret,
            ("finding", "match") => Field::Match,
            ("finding", "line") => Field::Line,
            ("finding", "rule_id") => Field::Rule,
            ("finding", "description") => Field::About,
            ("attributes", "path") => Field::Path(missing),
            _ => return Err(FilterError::Field(crate::sanitise::line(key))),
        };
        if of == "finding" && !self.finding {
            return Err(FilterError::Unknown("finding".to_owned()));
        }
        Ok(Part::Field(field))
    }
}
