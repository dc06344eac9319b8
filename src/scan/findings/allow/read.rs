//! Reading a list.

use serde::Deserialize;

use super::entry::{Allowance, Date, Glob};
use super::{AllowList, MAX_LEN};
use crate::scan::fingerprint::{Fingerprint, SALT_LEN, from_hex};

/// A list that cannot be used. It names places, never what is there: somebody may have written a value.
#[derive(Debug, thiserror::Error)]
pub enum AllowError {
    /// Longer than what is read.
    #[error("{name} is longer than {} MiB", MAX_LEN >> 20)]
    TooLong {
        /// The file.
        name: String,
    },
    /// It is not what is documented.
    #[error("{name}, line {line}: {message}")]
    Malformed {
        /// The file.
        name: String,
        /// Counted from 1.
        line: usize,
        /// What is wrong.
        message: String,
    },
    /// An entry that says nothing, or what cannot be.
    #[error("{name}, entry {number}: {message}")]
    Entry {
        /// The file.
        name: String,
        /// Counted from 1.
        number: usize,
        /// What is wrong.
        message: &'static str,
    },
    /// A report without fingerprints.
    #[error("{name} holds no fingerprints, so it says nothing about values")]
    NoFingerprints {
        /// The file.
        name: String,
    },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    version: u32,
    salt: Option<String>,
    #[serde(default)]
    allow: Vec<Line>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    fingerprint: Option<String>,
    #[serde(default)]
    paths: Vec<String>,
    rule: Option<String>,
    reason: String,
    expires: Option<Day>,
}

/// A date of TOML, or one in quotes.
#[derive(Deserialize)]
#[serde(untagged)]
enum Day {
    Date(toml::value::Datetime),
    Text(String),
}

/// A report of this program, as far as it names values.
#[derive(Deserialize)]
struct JsonReport {
    version: Option<u32>,
    findings: Vec<JsonFinding>,
    #[serde(default)]
    suppressed: Vec<JsonSuppressed>,
    salt: Option<String>,
}

/// What a report of this program has on a line of its own: a finding, or the summary.
#[derive(Default, Deserialize)]
struct JsonLine {
    fingerprint: Option<String>,
    complete: Option<bool>,
    #[serde(default)]
    suppressed: Vec<JsonSuppressed>,
    salt: Option<String>,
}

#[derive(Deserialize)]
struct JsonSuppressed {
    reason: String,
    finding: JsonFinding,
}

#[derive(Deserialize)]
struct JsonFinding {
    fingerprint: Option<String>,
}

impl AllowList {
    /// Reads `.shroud/scan.toml`. `name` is for messages.
    ///
    /// # Errors
    /// It is too long or not what `docs/scan.md` says.
    pub fn read(name: &str, bytes: &[u8]) -> Result<Self, AllowError> {
        Self::toml(name, bytes, false)
    }

    /// Reads a baseline: a list that [`super::write`] wrote, or an earlier report in JSON.
    ///
    /// # Errors
    /// As [`Self::read`], or a report that names no values.
    pub fn read_baseline(name: &str, bytes: &[u8]) -> Result<Self, AllowError> {
        match bytes.trim_ascii_start().first() {
            Some(b'{' | b'[') => Self::json(name, bytes),
            _ => Self::toml(name, bytes, true),
        }
    }

    fn toml(name: &str, bytes: &[u8], is_baseline: bool) -> Result<Self, AllowError> {
        let text = text(name, bytes)?;
        let document: Document = toml::from_str(text).map_err(|error| {
            let at = error.span().map_or(0, |span| span.start.min(text.len()));
            let line = text.as_bytes()[..at].iter().filter(|&&byte| byte == b'\n').count() + 1;
            AllowError::Malformed { name: name.to_owned(), line, message: explain(&error) }
        })?;
        let wrong = |message| AllowError::Malformed {
            name: name.to_owned(),
            line: 1,
            message: String::from(message),
        };
        if document.version != 1 {
            return Err(wrong("this program knows version 1 only"));
        }
        let salt = document.salt.map(|salt| {
            from_hex::<SALT_LEN>(&salt).ok_or_else(|| wrong("the salt is 64 hexadecimal digits"))
        });
        let read = |(at, line)| {
            entry(line).map_err(|message| AllowError::Entry {
                name: name.to_owned(),
                number: at + 1,
                message,
            })
        };
        let entries: Result<_, _> = document.allow.into_iter().enumerate().map(read).collect();
        Ok(Self { name: name.to_owned(), is_baseline, salt: salt.transpose()?, entries: entries? })
    }

    fn json(name: &str, bytes: &[u8]) -> Result<Self, AllowError> {
        let text = text(name, bytes)?;
        let lines = || text.lines().map(|line| serde_json::from_str(line).ok());
        let report = match serde_json::from_str::<JsonReport>(text) {
            Ok(report) => Some(report),
            Err(_) => lines().collect::<Option<Vec<JsonLine>>>().map(JsonReport::of_lines),
        };
        let Some(JsonReport { version, findings, suppressed, salt }) = report else {
            return Err(AllowError::NoFingerprints { name: name.to_owned() });
        };
        // One that is written over itself must not forget what it left out.
        let earlier = suppressed.into_iter().filter(|of| of.reason.starts_with(super::IN_BASELINE));
        let names = findings.into_iter().chain(earlier.map(|of| of.finding));
        let names: Vec<_> = names.collect();
        let is_clean = version.is_some() && names.is_empty();
        let names = names.into_iter().filter_map(|found| found.fingerprint);
        let entry = |fingerprint: String| {
            Some(Allowance {
                fingerprint: Some(fingerprint.parse().ok()?),
                paths: Vec::new(),
                rule: None,
                reason: String::new(),
                expires: None,
            })
        };
        let entries: Vec<_> = names.filter_map(entry).collect();
        if entries.is_empty() && !is_clean {
            return Err(AllowError::NoFingerprints { name: name.to_owned() });
        }
        let salt = salt.and_then(|digits| from_hex(&digits));
        Ok(Self { name: name.to_owned(), is_baseline: true, salt, entries })
    }
}

impl JsonReport {
    /// The report that was written as lines: it ends with the summary.
    fn of_lines(lines: Vec<JsonLine>) -> Self {
        let mut report =
            Self { version: None, findings: Vec::new(), suppressed: Vec::new(), salt: None };
        for line in lines {
            report.version = report.version.or(line.complete.map(|_| 1));
            report.suppressed.extend(line.suppressed);
            report.salt = report.salt.or(line.salt);
            report
                .findings
                .extend(line.fingerprint.map(|name| JsonFinding { fingerprint: Some(name) }));
        }
        report
    }
}

fn text<'b>(name: &str, bytes: &'b [u8]) -> Result<&'b str, AllowError> {
    if bytes.len() > MAX_LEN {
        return Err(AllowError::TooLong { name: name.to_owned() });
    }
    std::str::from_utf8(bytes).map_err(|error| AllowError::Malformed {
        name: name.to_owned(),
        line: bytes[..error.valid_up_to()].iter().filter(|&&byte| byte == b'\n').count() + 1,
        message: "it is not UTF-8".to_owned(),
    })
}

/// What the parser says, without any word of the file.
fn explain(error: &toml::de::Error) -> String {
    let message = error.message();
    let known = ["missing field", "unknown field", "duplicate", "invalid type"];
    match known.iter().find(|known| message.starts_with(**known)) {
        Some(&"unknown field") => {
            "unknown field; known are fingerprint, paths, rule, reason and expires".to_owned()
        }
        // The name in it is one of the documented fields.
        Some(&"missing field") => message.to_owned(),
        Some(&"duplicate") => "something is there twice".to_owned(),
        Some(_) => "the value there has the wrong type".to_owned(),
        None => "it is not TOML, or not in the form of docs/scan.md".to_owned(),
    }
}

fn entry(line: Line) -> Result<Allowance, &'static str> {
    let Line { fingerprint, paths, rule, reason, expires } = line;
    if fingerprint.is_none() && paths.is_empty() && rule.is_none() {
        return Err("it needs a fingerprint, paths or a rule");
    }
    if reason.trim().is_empty() {
        return Err("the reason is empty");
    }
    let fingerprint = fingerprint.map(|text| {
        text.parse::<Fingerprint>().map_err(|_| "this is not a fingerprint; copy one from a report")
    });
    let globs: Option<Vec<_>> = paths.iter().map(|pattern| Glob::new(pattern)).collect();
    let expires = expires.map(|day| {
        let text = match day {
            Day::Date(date) => date.to_string(),
            Day::Text(text) => text,
        };
        text.parse::<Date>().map_err(|()| "expires is a day such as 2027-01-31")
    });
    Ok(Allowance {
        fingerprint: fingerprint.transpose()?,
        paths: globs.ok_or("a pattern of paths is empty or begins with '!'")?,
        rule,
        reason,
        expires: expires.transpose()?,
    })
}
