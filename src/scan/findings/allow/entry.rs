//! One entry of a list.

use std::fmt;
use std::str::FromStr;

use gix::bstr::ByteSlice as _;
use gix::glob::wildmatch::Mode;

use crate::scan::findings::{Finding, Kind, Occurrence};
use crate::scan::fingerprint::Fingerprint;

/// A day, as `2027-01-31`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Date(time::Date);

impl Date {
    /// The day, in UTC, of so many seconds since 1970; the last one that can be written where there is no such day.
    pub fn of(seconds: i64) -> Self {
        let at = time::OffsetDateTime::from_unix_timestamp(seconds);
        Self(at.map_or(time::Date::MAX, time::OffsetDateTime::date))
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = self.0.to_calendar_date();
        write!(f, "{year:04}-{:02}-{day:02}", u8::from(month))
    }
}

impl FromStr for Date {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let digits = |text: &str| {
            let sound = text.bytes().all(|byte| byte.is_ascii_digit());
            sound.then(|| text.parse::<u16>().ok()).flatten().ok_or(())
        };
        let shape = text.len() == 10 && text.is_ascii() && text[4..5] == *"-" && text[7..8] == *"-";
        if !shape {
            return Err(());
        }
        let (year, month, day) = (digits(&text[..4])?, digits(&text[5..7])?, digits(&text[8..])?);
        let part = |number: u16| u8::try_from(number).map_err(drop);
        let month = time::Month::try_from(part(month)?).map_err(drop)?;
        time::Date::from_calendar_date(year.into(), month, part(day)?).map(Self).map_err(drop)
    }
}

/// What is allowed, and why.
#[derive(Clone, Debug)]
pub struct Allowance {
    /// The value that it allows; `None` for any.
    pub fingerprint: Option<Fingerprint>,
    /// Where it allows it, as patterns of paths; empty for everywhere.
    pub paths: Vec<Glob>,
    /// The rule, or the kind of finding, that it speaks of; `None` for any that a pattern found.
    pub rule: Option<String>,
    /// Why.
    pub reason: String,
    /// The last day on which it has effect.
    pub expires: Option<Date>,
}

impl Allowance {
    /// Whether it speaks of a finding that has these fingerprints. What policy and known values say is allowed only by
    /// fingerprint or by name: a pattern of paths is too wide for what is certain.
    pub(super) fn speaks_of(&self, finding: &Finding, names: &[Fingerprint]) -> bool {
        let by_name = match (&self.rule, self.fingerprint) {
            (Some(rule), _) => *rule == finding.rule || rule == finding.kind.name(),
            (None, Some(_)) => true,
            (None, None) => finding.kind == Kind::Pattern,
        };
        by_name && self.fingerprint.is_none_or(|fingerprint| names.contains(&fingerprint))
    }

    /// Whether it covers this place of a finding that it speaks of.
    pub(super) fn covers(&self, occurrence: &Occurrence) -> bool {
        let place = &occurrence.place;
        self.paths.is_empty()
            || place.kind.is_path() && self.paths.iter().any(|glob| glob.matches(&place.name))
    }
}

/// A pattern of paths, as in `.gitattributes`; `folder/` is everything below.
#[derive(Clone, Debug)]
pub struct Glob {
    pattern: String,
    /// Without a slash it is compared with the last part of the path only.
    any_folder: bool,
}

impl Glob {
    /// `None` for what can match nothing.
    pub(super) fn new(pattern: &str) -> Option<Self> {
        let rooted = pattern.strip_prefix('/');
        let body = rooted.unwrap_or(pattern);
        let sound = !body.is_empty() && !body.starts_with(['!', '/']) && pattern.len() <= 4096;
        let below = body.strip_suffix('/');
        sound.then(|| Self {
            any_folder: rooted.is_none() && !body.contains('/'),
            pattern: below.map_or_else(|| body.to_owned(), |folder| format!("{folder}/**")),
        })
    }

    /// Whether it matches a path, relative to the top.
    pub(super) fn matches(&self, path: &[u8]) -> bool {
        let last = path.rfind_byte(b'/').map_or(0, |slash| slash + 1);
        let text = if self.any_folder { &path[last..] } else { path };
        gix::glob::wildmatch(
            self.pattern.as_bytes().as_bstr(),
            text.as_bstr(),
            Mode::NO_MATCH_SLASH_LITERAL,
        )
    }
}
