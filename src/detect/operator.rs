//! What is between a name and its value.

use std::ops::Range;

use super::blanks::{MOST_BLANKS, skip_blanks, skip_quote};
use super::window::is_word;

/// What is between them.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Operator {
    /// `=`, `:=`, `?=`, `<-` and others of their kind.
    Equals,
    /// `:`, as in YAML and JSON.
    Colon,
    /// `=>`.
    Arrow,
    /// `==` and `!=`, with the name on either side.
    Compare,
    /// Two arguments of one call, the first being the quoted name.
    Argument,
    /// `set_name("value")`.
    Call,
    /// `<name>value</name>`.
    Element,
    /// `key="name" value="value"`, and the same in JSON and YAML.
    Pair,
    /// Blanks only.
    Blank,
    /// `is`, in a sentence.
    Is,
}

/// Which operator is here, and where it ends.
pub(super) fn at(
    text: &[u8],
    at: usize,
    name: &Range<usize>,
    quoted_name: bool,
    blank: bool,
) -> Option<(Operator, usize)> {
    let rest = &text[at..(at + 64).min(text.len())];
    let is = |operator: &[u8]| rest.starts_with(operator);
    let before = name.start.checked_sub(1).map(|at| text[at]);
    let may_be_sign =
        matches!(rest.first(), Some(b'=' | b'!' | b':' | b'|' | b'?' | b'.' | b'+' | b'<'));
    let signs: &[(&[u8], Operator)] = &[
        (b"===", Operator::Compare),
        (b"!==", Operator::Compare),
        (b"==", Operator::Compare),
        (b"!=", Operator::Compare),
        (b"=>", Operator::Arrow),
        (b":::=", Operator::Equals),
        (b"::=", Operator::Equals),
        (b"||=", Operator::Equals),
        (b"??=", Operator::Equals),
        (b":=", Operator::Equals),
        (b"?=", Operator::Equals),
        (b".=", Operator::Equals),
        (b"+=", Operator::Equals),
        (b"<-", Operator::Equals),
        (b"||", Operator::Equals),
    ];
    if may_be_sign && let Some(&(sign, operator)) = signs.iter().find(|&&(sign, _)| is(sign)) {
        return Some((operator, at + sign.len()));
    }
    match *rest.first()? {
        b'=' if !is(b"=~") => Some((Operator::Equals, at + 1)),
        b':' if !is(b"::") => Some(
            typed(text, at + 1).map_or((Operator::Colon, at + 1), |end| (Operator::Equals, end)),
        ),
        b'>' if before == Some(b'<') => Some((Operator::Element, at + 1)),
        b',' if quoted_name => Some(pair(text, at).unwrap_or((Operator::Argument, at + 1))),
        b'(' if sets(&text[name.clone()]) => Some((Operator::Call, at + 1)),
        b'(' if !quoted_name && takes(&text[name.clone()]) => {
            is_only_text(text, at + 1).then_some((Operator::Argument, at + 1))
        }
        b'\n' if !quoted_name || before == Some(b'"') => pair(text, at),
        // `.Values.password "text"`, `$password "text"`: two arguments of a template.
        b'"' | b'\'' if blank && matches!(before, Some(b'.' | b'$')) => None,
        b'"' | b'\'' if blank && !quoted_name => Some((Operator::Blank, at)),
        b'{' if quoted_name => default(text, at),
        byte if blank && byte.is_ascii_graphic() => pair(text, at)
            .or_else(|| is_word_is(rest).map(|end| (Operator::Is, at + end)))
            // Behind a quoted name it is the next attribute: `for="password" class="wide"`.
            .or_else(|| {
                if quoted_name { None } else { typed(text, at).map(|end| (Operator::Equals, end)) }
            })
            .or((!quoted_name).then_some((Operator::Blank, at))),
        _ => None,
    }
}

/// `value=` or `"value":` right after the name.
fn pair(text: &[u8], at: usize) -> Option<(Operator, usize)> {
    let mut look = at;
    while look < at + MOST_BLANKS
        && matches!(text.get(look), Some(b' ' | b'\t' | b'\r' | b'\n' | b','))
    {
        look += 1;
    }
    skip_quote(text, &mut look);
    let rest = &text[look..(look + 5).min(text.len())];
    if !rest.eq_ignore_ascii_case(b"value") {
        return None;
    }
    look += 5;
    skip_quote(text, &mut look);
    skip_blanks(text, &mut look);
    matches!(text.get(look), Some(b'=' | b':')).then_some((Operator::Pair, look + 1))
}

/// `{ default = `, as in a variable of Terraform.
fn default(text: &[u8], at: usize) -> Option<(Operator, usize)> {
    let rest = &text[at..(at + 256).min(text.len())];
    let body = &rest[..memchr::memchr(b'}', rest).unwrap_or(rest.len())];
    let mut look = at + memchr::memmem::find(body, b"default")? + 7;
    skip_blanks(text, &mut look);
    (text.get(look) == Some(&b'=')).then_some((Operator::Pair, look + 1))
}

/// ` is `, ` was `, ` are `: where it ends.
fn is_word_is(rest: &[u8]) -> Option<usize> {
    [&b"is "[..], b"was ", b"is: "]
        .iter()
        .find(|word| rest.starts_with(word))
        .map(|word| word.len())
}

/// A type between a name and `=`, as in `name: &str = …` and `var name string = …`: where the sign ends.
fn typed(text: &[u8], at: usize) -> Option<usize> {
    let mut look = at;
    skip_blanks(text, &mut look);
    let kind = look;
    while look < kind + 40
        && text.get(look).is_some_and(|&byte| {
            is_word(byte)
                || matches!(byte, b'&' | b'<' | b'>' | b'*' | b'?' | b'[' | b']' | b'.' | b'\'')
        })
    {
        look += 1;
    }
    if look == kind || !text[kind..look].iter().any(u8::is_ascii_alphabetic) {
        return None;
    }
    // `&'static str` has a blank in it.
    if text[kind..look].ends_with(b"'static") || text[kind..look].ends_with(b"const") {
        return typed(text, look);
    }
    skip_blanks(text, &mut look);
    let rest = &text[look..(look + 2).min(text.len())];
    let sign = match rest {
        [b':', b'='] => 2,
        [b'=', next] if !matches!(next, b'=' | b'>' | b'~') => 1,
        _ => return None,
    };
    // Base64 ends in such a sign: something must follow it.
    let after = &text[look + sign..(look + sign + 64).min(text.len())];
    let rest = after.split(|&byte| byte == b'\n').next().unwrap_or_default();
    rest.iter()
        .any(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'"' | b'\'' | b'`'))
        .then_some(look + sign)
}

/// `password("value")`: a call whose name is that of the secret.
fn takes(name: &[u8]) -> bool {
    let start = name.iter().rposition(|&byte| byte == b'.').map_or(0, |at| at + 1);
    [&b"password"[..], b"passwd", b"secret"]
        .iter()
        .any(|word| name[start..].eq_ignore_ascii_case(word))
}

/// Whether one text is all that the call takes.
fn is_only_text(text: &[u8], at: usize) -> bool {
    super::quoted::quoted(text, at).is_some_and(|found| text.get(found.end + 1) == Some(&b')'))
}

/// Names of calls that take the secret itself.
fn sets(name: &[u8]) -> bool {
    let start = name.iter().rposition(|&byte| byte == b'.').map_or(0, |at| at + 1);
    let name = &name[start..];
    [&b"set"[..], b"Set", b"with", b"With"].iter().any(|word| name.starts_with(word))
}
