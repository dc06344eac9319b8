//! Grants that are out of date or forged, certificates that expire, an interrupted rotation.

use std::time::SystemTime;

use super::{Finding, Patient, advice, ok, problem};
use crate::access::members::expiry::Expiry;
use crate::access::policy::{breaches, missing_backups};
use crate::access::rotate::Journal;
use crate::clock;
use crate::recipient::Strength;

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
    findings.extend(strengths(patient));
    let breaches = breaches(patient.repository, patient.roster, patient.keyring);
    let backups = missing_backups(patient.repository, patient.roster);
    for breach in breaches.unwrap_or_default().into_iter().chain(backups) {
        let text = format!("the policy of the key '{}': {}", breach.key, breach.what);
        findings.push(problem("policy", text, breach.remedy));
    }
    findings
}

/// How many grants a quantum computer would open, for those whom that concerns.
fn strengths(patient: &Patient<'_>) -> Option<Finding> {
    let files = patient
        .roster
        .names()
        .flat_map(|key| patient.roster.members(patient.repository, key).unwrap_or_default());
    let members = files.filter_map(|file| file.member.ok());
    let all: Vec<_> = members.map(|member| member.recipient.strength(&member.wrapped)).collect();
    if all.is_empty() {
        return None;
    }
    let of = |wanted: Strength| all.iter().filter(|strength| **strength == wanted).count();
    let counts = [Strength::PostQuantum, Strength::Classical, Strength::Unknown]
        .map(|strength| (of(strength), strength.describe()));
    let counts = counts.iter().filter(|(n, _)| *n > 0).map(|(n, word)| format!("{n} {word}"));
    let counts = counts.collect::<Vec<_>>().join(", ");
    Some(ok("strength", format!("grants: {counts} ('git shroud member list' shows each)")))
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
