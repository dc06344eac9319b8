//! How sure a hit is.

use std::borrow::Cow;
use std::ops::Range;

use super::assignment::Assignment;
use super::hit::{Hit, Ranks};
use super::name::{self, Kind};
use super::operator::Operator;
use super::path::PathKind;
use super::rank::Rank;
use super::surroundings::{
    LONGEST_LOGIN, NEIGHBOURS, in_connection_string, is_login, is_user, may_be_user, setting,
};
use super::thresholds::{
    ENTROPY_UP_TO_19, HARMLESS_ROW, MADE_UP_ROW, RANDOM_IN_CODE, RANDOM_PASSWORD, RANDOM_SECRET,
    SHORTEST_BLANK, SHORTEST_NUMBER, SHORTEST_SECRET, SHORTEST_VALUE, WORDS_ARE_JUDGED, WORDS_FROM,
    WRITTEN_FROM,
};
use super::{check, harmless, placeholder, published, random, reach, trivial, window, words};
use crate::detect::rules::{Anchor, Check, Rule};

type Facts = Vec<Cow<'static, str>>;

/// What an expression matched: its rank, or nothing for what is no secret.
pub(super) fn matched(rule: &Rule, value: &[u8], path: PathKind) -> Option<(Rank, Facts)> {
    if rule.entropy.is_some_and(|least| words::entropy(value) < least) {
        return None;
    }
    if stands_for_another(rule, value) || wordy(rule, value) {
        return None;
    }
    let mut facts = Facts::new();
    let mut rank = rule.rank;
    match rule.check {
        Some(Check::Crc32Base62) => {
            if check::crc32_base62(value) {
                rank = Rank::Certain;
            } else {
                rank = rank.lowered();
                facts.push("the checksum is wrong".into());
            }
        }
        Some(Check::Bech32) => {
            rank = if check::bech32(value) { Rank::Certain } else { rank.lowered() }
        }
        Some(Check::Jwt) => {
            facts = check::jwt(value)?;
            if facts.iter().any(|fact| fact == "has no signature") {
                rank = rank.lowered();
            }
        }
        Some(Check::DiscordId) if !check::begins_with_number(value) => return None,
        Some(Check::EncodedObject) if !check::holds_object(value) => return None,
        Some(Check::AwsKeyId) => facts.extend(check::aws_account(value)),
        Some(Check::Nkey) => {
            if check::nkey(value) {
                rank = Rank::Certain;
                facts.push("the checksum is right".into());
            } else {
                rank = rank.lowered();
                facts.push("the checksum is wrong".into());
            }
        }
        _ => {}
    }
    Some((rank_at(rule, rank, path), facts))
}

/// What the place of a file takes from a rank.
pub(super) fn rank_at(rule: &Rule, rank: Rank, path: PathKind) -> Rank {
    let named = rule.place == Anchor::Assigned;
    let hash = rule.check == Some(Check::Hash) && (path.is_minor() || path.is_code());
    let minor = matches!(path, PathKind::Vendored | PathKind::Lock)
        || hash
        || (named && (path.is_minor() || path == PathKind::Texts));
    if rank < Rank::Certain && minor { rank.lowered() } else { rank }
}

/// Whether a token that matched says itself that it is none. Less is asked than of a password, which people make of words.
fn stands_for_another(rule: &Rule, value: &[u8]) -> bool {
    let lower = value.to_ascii_lowercase();
    let says = |part: &str| memchr::memmem::find(&lower, part.as_bytes()).is_some();
    says("example")
        || says("xxxxxx")
        || says("your_")
        || says("your-")
        || says("redacted")
        || says("placeholder")
        || says("insert_")
        || says("changeme")
        || value.ends_with(b"...")
        || placeholder::is_filler(token_body(rule, value))
        || placeholder::longest_row(value) >= MADE_UP_ROW
        || published::is(value)
}

/// A token without its prefix: what may be filler in `sk_live_xxxxxxxx` and `pat-12345678`.
fn token_body<'a>(rule: &Rule, value: &'a [u8]) -> &'a [u8] {
    let prefix = |keyword: &String| value.starts_with(keyword.as_bytes()).then_some(keyword.len());
    if let Some(longest) = rule.keywords.iter().filter_map(prefix).max()
        && value.len() - longest >= 8
    {
        return &value[longest..];
    }
    let start = value
        .iter()
        .take(16)
        .rposition(|&byte| matches!(byte, b'_' | b'-' | b'.'))
        .map_or(0, |at| at + 1);
    if value.len() - start >= 8 { &value[start..] } else { value }
}

/// Whether what should be random is words.
fn wordy(rule: &Rule, value: &[u8]) -> bool {
    rule.place == Anchor::Assigned
        && value.len() >= WORDS_ARE_JUDGED
        && words::efficiency(value) > WORDS_FROM
}

/// The bytes on which [`assigned`] decides.
pub(super) fn extent(text: &[u8], found: &Assignment) -> Range<i64> {
    let all = found.matched();
    let beside = if may_be_user(&text[found.value.clone()]) { NEIGHBOURS + 2 } else { 0 };
    let beside = reach::around(&all, beside, beside);
    if found.quoted {
        return reach::join(beside, reach::around(&all, harmless::LONGEST_TEXT + 2, 10));
    }
    let line = window::line(text, found.name.start);
    let start = line.start.min(all.start.saturating_sub(LONGEST_LOGIN));
    reach::join(beside, reach::around(&(start..line.end.max(all.end + 9)), 1, 1))
}

/// A value that was assigned to a name with a generic word in it.
pub(super) fn assigned(text: &[u8], found: &Assignment, check: Check) -> Option<Hit> {
    let name = &text[found.name.clone()];
    let kind = kind(name, found)?;
    let wanted =
        if check == Check::Password { kind == Kind::Password } else { kind != Kind::Password };
    if !wanted {
        return None;
    }
    let value = &text[found.value.clone()];
    if value.len() < SHORTEST_VALUE
        || value.iter().any(|&byte| byte < b' ' && byte != b'\t')
        || harmless::is(text, found, value)
    {
        return None;
    }
    // What does not depend on the file is asked once.
    let by_value = match kind {
        Kind::Password => None,
        Kind::Secret => Some(secret(name, found, value)?),
        Kind::Key => Some(key(found, value)?),
    };
    let mut known: Option<(PathKind, Option<Rank>)> = None;
    let mut by_file = |path: PathKind| {
        let path = match path {
            PathKind::Settings | PathKind::Unknown => path,
            _ => PathKind::Other,
        };
        match known {
            Some((same, rank)) if same == path => rank,
            _ => known.insert((path, password(text, found, value, path))).1,
        }
    };
    let ranks = Ranks::of(|path| {
        if harmless::is_in(text, found, value, path) {
            return None;
        }
        let rank = by_value.or_else(|| by_file(path))?;
        Some(in_file(rank, kind, path))
    })?;
    let facts = match kind {
        Kind::Password if trivial::is(value) || trivial::is_encoded(value) => {
            vec!["a usual word".into()]
        }
        Kind::Password if is_in_name(name, value) => vec!["the name says it".into()],
        Kind::Password if is_user(text, found, value) => vec!["a user has the same name".into()],
        Kind::Password if placeholder::is_text(value) => vec!["looks like a text".into()],
        Kind::Password if is_digest(value) => vec!["looks like a digest".into()],
        _ if random::is(value, SHORTEST_SECRET) => vec!["looks random".into()],
        _ => Facts::new(),
    };
    Some(Hit { facts, ..Hit::ranked(found.value.clone(), found.matched(), ranks) })
}

/// What the place of a file takes from the rank of a value that only its name tells. In tests, examples and manuals it is
/// as often a password or a secret as elsewhere, once usual words are left out, and the digits called a key are not.
fn in_file(rank: Rank, kind: Kind, path: PathKind) -> Rank {
    match path {
        PathKind::Vendored | PathKind::Texts => rank.lowered(),
        _ if path.is_minor() && kind == Kind::Key => rank.lowered(),
        _ if path.is_minor() => rank.min(Rank::Medium),
        _ => rank,
    }
}

/// What the name says: of a call `withPassword` what follows the verb, of a list what one of it is.
fn kind(name: &[u8], found: &Assignment) -> Option<Kind> {
    match found.operator {
        Operator::Call => {
            let own = name.rsplit(|&byte| byte == b'.').next().unwrap_or_default();
            let verbs = [&b"with"[..], b"With", b"set", b"Set"];
            let rest = verbs.into_iter().find_map(|verb| own.strip_prefix(verb));
            let is_verb = |rest: &&[u8]| {
                rest.first().is_some_and(|byte| byte.is_ascii_uppercase() || *byte == b'_')
            };
            name::kind(rest.filter(is_verb).unwrap_or(name))
        }
        // Lists of passwords are those that nobody may use.
        _ if found.listed => {
            let one = name.strip_suffix(b"s").or_else(|| name.strip_suffix(b"S")).unwrap_or(name);
            name::kind(one).filter(|&kind| kind != Kind::Password)
        }
        _ => name::kind(name),
    }
}

/// A password: nearly anything that is in quotes or in a settings file.
fn password(text: &[u8], found: &Assignment, value: &[u8], path: PathKind) -> Option<Rank> {
    let digits = value.iter().any(u8::is_ascii_digit);
    let letters = value.iter().any(u8::is_ascii_alphabetic);
    let signs = value
        .iter()
        .any(|&byte| byte.is_ascii_punctuation() && !matches!(byte, b'_' | b'-' | b'.'));
    let mixed = letters && (digits || signs);
    if !letters && !digits {
        return None;
    }
    if digits && !letters && !signs && value.len() < SHORTEST_NUMBER {
        return None;
    }
    if trivial::is(value)
        || trivial::is_encoded(value)
        || placeholder::is_text(value)
        || is_digest(value)
        || is_in_name(&text[found.name.clone()], value)
        || is_user(text, found, value)
    {
        return Some(Rank::Low);
    }
    if found.quoted {
        // The way the words of a program are written: `user.password.label`, `USER_PASSWORD`, `passwordField`.
        let identifier = value
            .iter()
            .all(|&byte| byte.is_ascii_alphabetic() || matches!(byte, b'_' | b'-' | b'.'));
        let names_it = memchr::memmem::find(&value.to_ascii_lowercase(), b"passw").is_some();
        let ends =
            value.rsplit(|byte| matches!(byte, b'_' | b'-' | b'.')).next().unwrap_or_default();
        let named = ends.len() < value.len()
            && matches!(
                &ends.to_ascii_lowercase()[..],
                b"key" | b"token" | b"secret" | b"name" | b"id" | b"field" | b"label" | b"value"
            );
        if identifier && (names_it && value.len() > 8 || named) {
            return None;
        }
        // "can't pass 'x'": a verb.
        if found.operator == Operator::Blank
            && text[found.name.clone()].eq_ignore_ascii_case(b"pass")
        {
            return None;
        }
        if matches!(found.operator, Operator::Argument) && !mixed {
            return Some(Rank::Low);
        }
        if random::is(value, RANDOM_PASSWORD) && found.operator != Operator::Compare {
            return Some(Rank::High);
        }
        return Some(Rank::Medium);
    }
    let statement = setting(text, found);
    if is_login(text, found) || in_connection_string(text, found) {
        return Some(Rank::Medium);
    }
    match path {
        _ if found.operator == Operator::Blank => {
            let flag = found.name.start > 0 && text[found.name.start - 1] == b'-';
            (mixed && digits && (flag || statement)).then_some(Rank::Medium)
        }
        PathKind::Settings => {
            Some(if random::is(value, RANDOM_PASSWORD) { Rank::High } else { Rank::Medium })
        }
        _ if mixed && digits && value.len() >= 6 => {
            Some(if random::is(value, RANDOM_IN_CODE) { Rank::High } else { Rank::Medium })
        }
        _ if statement => Some(Rank::Medium),
        _ => None,
    }
}

/// `rethinkdbPassword: rethinkdb`: what a fresh installation begins with.
fn is_in_name(name: &[u8], value: &[u8]) -> bool {
    value.len() <= name.len()
        && value.iter().all(u8::is_ascii_alphabetic)
        && memchr::memmem::find(&name.to_ascii_lowercase(), &value.to_ascii_lowercase()).is_some()
}

/// As many hexadecimal digits as a digest has: of a password, more often than one.
fn is_digest(value: &[u8]) -> bool {
    matches!(value.len(), 32 | 40 | 64 | 128) && value.iter().all(u8::is_ascii_hexdigit)
}

/// A secret that a program made up: random, or at least no words.
fn secret(name: &[u8], found: &Assignment, value: &[u8]) -> Option<Rank> {
    // Words on a line, one behind the other, are no assignment; what somebody drew may be.
    let is_word = found.operator == Operator::Blank && !found.quoted;
    let padding = value.iter().rev().take_while(|&&byte| byte == b'=').count();
    let body = value.len() - padding;
    let is_joined = value[..body].iter().any(|byte| matches!(byte, b'=' | b':' | b'[' | b'@'));
    if is_word && (is_joined || !random::is(value, SHORTEST_BLANK)) {
        return None;
    }
    if placeholder::longest_row(value) >= HARMLESS_ROW || placeholder::is_encoded(value) {
        return Some(Rank::Low);
    }
    if random::is(value, RANDOM_SECRET) {
        return Some(if found.operator == Operator::Compare { Rank::Medium } else { Rank::High });
    }
    if random::is(value, SHORTEST_SECRET) || random::is_drawn_letters(value) || is_seed(name, value)
    {
        return Some(Rank::Medium);
    }
    let identifier = value.iter().all(|&byte| {
        byte.is_ascii_alphabetic() || matches!(byte, b'_' | b'-' | b'.' | b':' | b'/' | b' ')
    });
    (found.quoted && !identifier && value.len() >= 6 && words::efficiency(value) < WRITTEN_FROM)
        .then_some(Rank::Low)
}

/// The seed of one-time passwords (RFC 6238) in base32: 80 bits and more.
fn is_seed(name: &[u8], value: &[u8]) -> bool {
    let body = value.iter().take_while(|byte| matches!(byte, b'A'..=b'Z' | b'2'..=b'7')).count();
    let says = |word: &[u8]| memchr::memmem::find(&name.to_ascii_lowercase(), word).is_some();
    matches!(body, 16 | 26 | 32 | 52)
        && value[body..].iter().all(|&byte| byte == b'=')
        && words::entropy(value) >= ENTROPY_UP_TO_19
        && (says(b"otp") || says(b"2fa") || says(b"mfa"))
}

/// The value of something called a key, which is mostly none.
fn key(found: &Assignment, value: &[u8]) -> Option<Rank> {
    let equals = matches!(found.operator, Operator::Equals | Operator::Colon | Operator::Arrow);
    let dotted = value.contains(&b'.') || value.contains(&b':');
    // Hexadecimal digits are a digest, or the input of a test, more often than not.
    let digest = value.iter().all(|byte| byte.is_ascii_hexdigit() || *byte == b'-');
    (equals && !dotted && random::is(value, RANDOM_SECRET)).then_some(if digest {
        Rank::Low
    } else {
        Rank::Medium
    })
}
