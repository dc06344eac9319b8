//! How sure a hit is.

use std::borrow::Cow;

use super::assignment::Assignment;
use super::hit::{Hit, Ranks};
use super::name::{self, Kind};
use super::operator::Operator;
use super::path::PathKind;
use super::rank::Rank;
use super::surroundings::{in_connection_string, is_login, setting};
use super::thresholds::{
    HARMLESS_ROW, MADE_UP_ROW, RANDOM_IN_CODE, RANDOM_PASSWORD, RANDOM_SECRET, SHORTEST_NUMBER,
    SHORTEST_SECRET, SHORTEST_VALUE, WORDS_ARE_JUDGED, WORDS_FROM, WRITTEN_FROM,
};
use super::{check, harmless, placeholder, random, trivial, words};
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
        Some(Check::AwsKeyId) => facts.extend(check::aws_account(value)),
        _ => {}
    }
    Some((rank_at(rule, rank, path), facts))
}

/// What the place of a file takes from a rank.
pub(super) fn rank_at(rule: &Rule, rank: Rank, path: PathKind) -> Rank {
    let named = rule.place == Anchor::Assigned;
    let minor = matches!(path, PathKind::Vendored | PathKind::Lock)
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

/// A value that was assigned to a name with a generic word in it.
pub(super) fn assigned(text: &[u8], found: &Assignment, check: Check) -> Option<Hit> {
    let name = &text[found.name.clone()];
    let kind = name::kind(name)?;
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
    let ranks = Ranks::of(|path| {
        if harmless::is_in(text, found, value, path) {
            return None;
        }
        let rank = match kind {
            Kind::Password => password(text, found, value, path)?,
            Kind::Secret => secret(found, value)?,
            Kind::Key => key(found, value)?,
        };
        Some(if path.lowers() { rank.lowered() } else { rank })
    })?;
    let facts = match kind {
        Kind::Password if trivial::is(value) => vec!["a usual word".into()],
        _ if random::is(value, SHORTEST_SECRET) => vec!["looks random".into()],
        _ => Facts::new(),
    };
    Some(Hit { facts, ..Hit::ranked(found.value.clone(), found.matched(), ranks) })
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
    if trivial::is(value) {
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
        _ if statement && (mixed || path == PathKind::Unknown) => Some(Rank::Medium),
        _ if statement => Some(Rank::Low),
        _ => None,
    }
}

/// A secret that a program made up: random, or at least no words.
fn secret(found: &Assignment, value: &[u8]) -> Option<Rank> {
    if placeholder::longest_row(value) >= HARMLESS_ROW {
        return Some(Rank::Low);
    }
    if random::is(value, RANDOM_SECRET) {
        return Some(if found.operator == Operator::Compare { Rank::Medium } else { Rank::High });
    }
    if random::is(value, SHORTEST_SECRET) {
        return Some(Rank::Medium);
    }
    let identifier = value.iter().all(|&byte| {
        byte.is_ascii_alphabetic() || matches!(byte, b'_' | b'-' | b'.' | b':' | b'/' | b' ')
    });
    (found.quoted && !identifier && value.len() >= 6 && words::efficiency(value) < WRITTEN_FROM)
        .then_some(Rank::Low)
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
