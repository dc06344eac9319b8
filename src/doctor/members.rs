//! Grants that are out of date or forged, certificates that expire, an interrupted rotation.

use std::time::SystemTime;

use super::{Finding, Patient, advice, ok, problem};
use crate::access::members::expiry::Expiry;
use crate::access::rotate::Journal;
use crate::clock;

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
            let expiry = Expiry::of(member, now);
            if let Some(expires) = expiry.at.filter(|_| expiry.is_soon) {
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
