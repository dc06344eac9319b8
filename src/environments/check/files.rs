//! Properties that are files: whether they are there, sealed, and certificates that are valid for long enough.

use time::OffsetDateTime;

use super::{Cell, Finding, Problem};
use crate::environments::certificate::valid_until;
use crate::environments::environment::{Content, Environment, SecretFile};
use crate::environments::schema::{Property, Release};

/// Seconds of a day.
const DAY: i64 = 86_400;

/// How a property that is a file is in an environment, and what is wrong with it.
pub(super) fn look_at(
    environment: &Environment,
    name: &str,
    property: &Property,
    release: Option<&Release>,
) -> (Cell, Vec<Finding>) {
    let file = environment.file(name);
    let finding = |problem, message: String| Finding {
        environment: environment.name.clone(),
        property: Some(name.to_owned()),
        problem,
        warning: false,
        message,
        place: file.map(|file| (file.path.clone(), 1)),
    };
    let of_it = property.of(&environment.name);
    let mut findings = Vec::new();
    let set = environment.setting(name).map(|setting| (setting.source, setting.line));
    let sealed = || environment.sealed_value(name).map(|sealed| (sealed.source, sealed.line));
    if let Some((source, line)) = set.or_else(sealed) {
        let path = environment.sources[source].path.clone();
        let why = "the schema says that it is a file, not a value".to_owned();
        findings.push(Finding { place: Some((path, line)), ..finding(Problem::NotAValue, why) });
    }
    let must = property.must_be_set(&environment.name, release);
    match file {
        None if must => {
            let wanted = crate::sanitise::path(property.file.as_deref().unwrap_or("").as_bytes());
            findings.push(finding(
                Problem::Missing,
                format!("it is required, but there is no file {wanted}"),
            ));
        }
        None => {}
        Some(file) => {
            findings.extend(wrong(file, of_it, must).map(|(problem, why)| finding(problem, why)));
        }
    }
    let cell = match (findings.first(), file) {
        (Some(finding), _) => Cell::Wrong(finding.problem),
        (None, Some(file))
            if matches!(file.content, Content::Locked(_) | Content::LockedValues(..)) =>
        {
            Cell::Locked
        }
        (None, Some(_)) => Cell::Set,
        (None, None) => Cell::Absent,
    };
    (cell, findings)
}

fn wrong(file: &SecretFile, property: &Property, must: bool) -> Option<(Problem, String)> {
    if property.secret && !file.sealed {
        return Some((
            Problem::InTheClear,
            "the file is a secret, but no attribute seals it".to_owned(),
        ));
    }
    let bytes = match &file.content {
        Content::Open(bytes) => bytes,
        Content::Locked(_) | Content::LockedValues(..) => return None,
        Content::Unreadable(why) | Content::DamagedValues(why, _) => {
            return Some((Problem::Unreadable, why.clone()));
        }
    };
    if bytes.is_empty() && must {
        return Some((Problem::Empty, "it is required, but the file is empty".to_owned()));
    }
    let days = i64::from(property.valid_days?);
    let Some(until) = valid_until(bytes) else {
        return Some((
            Problem::Invalid,
            "the file holds no certificate that can be read; a keystore such as .p12 is not opened"
                .to_owned(),
        ));
    };
    let left = (until - OffsetDateTime::now_utc().unix_timestamp()).div_euclid(DAY);
    let why = match left {
        left if left >= days => return None,
        left if left < 0 => "the certificate is not valid any more".to_owned(),
        left => format!("the certificate is valid for {left} more days, and must be for {days}"),
    };
    Some((Problem::Expires, why))
}
