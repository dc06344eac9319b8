//! Grants that are out of date or forged, certificates that expire, an interrupted rotation.

use std::time::{Duration, SystemTime};

use super::{Finding, Patient, advice, ok, problem};
use crate::access::rotate::Journal;
use crate::clock;
use crate::recipient::openpgp::Certificate;

/// How long before a certificate expires this is said.
pub(crate) const WARN_BEFORE: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// How many bad files are named one by one.
const NAMED: usize = 20;

pub(super) fn examine(patient: &Patient<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    if Journal::is_there(patient.repository.common_dir()) {
        findings.push(problem(
            "rotation",
            "a key rotation was interrupted",
            "git shroud key rotate --continue, or --abort",
        ));
    }
    match patient.roster.problems(patient.repository, patient.keyring) {
        Err(error) => {
            findings.push(problem("members", error.to_string(), "git shroud member list"));
        }
        Ok(problems) if problems.is_empty() => {
            findings.push(ok("members", "no grant is out of date or forged"));
        }
        Ok(problems) => {
            let named = problems.iter().take(NAMED);
            findings.extend(named.map(|bad| problem("members", bad.describe(), bad.remedy())));
            if let Some(more @ 1..) = problems.len().checked_sub(NAMED) {
                let text = format!("{more} more files are out of date, forged or malformed");
                findings.push(problem("members", text, "git shroud member list"));
            }
        }
    }
    findings.extend(expiring(patient, SystemTime::now()));
    findings
}

fn expiring(patient: &Patient<'_>, now: SystemTime) -> Vec<Finding> {
    let mut findings = Vec::new();
    for key in patient.roster.names() {
        let files = patient.roster.members(patient.repository, key).unwrap_or_default();
        for member in files.iter().filter_map(|file| file.member.as_ref().ok()) {
            let certificate = member
                .certificate
                .as_ref()
                .and_then(|text| Certificate::parse(text.as_bytes()).ok());
            let Some(expires) = certificate.and_then(|certificate| certificate.expires(now)) else {
                continue;
            };
            if expires < now + WARN_BEFORE {
                findings.push(advice(
                    "expiry",
                    format!(
                        "the certificate of member '{}' expires {}",
                        member.label,
                        clock::date(expires)
                    ),
                    "ask for the renewed certificate, and run 'git shroud member add' with it",
                ));
            }
        }
    }
    findings
}
