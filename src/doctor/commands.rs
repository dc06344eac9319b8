//! Commands that hold keys: which of them the user has configured.

use std::collections::BTreeSet;

use super::{Finding, Patient, advice, ok};
use crate::git::user_commands::{ignored_commands, user_commands};

/// Names each that a member is, and those that the repository's own configuration has.
pub(super) fn examine(patient: &Patient<'_>) -> Vec<Finding> {
    let members = patient
        .roster
        .names()
        .flat_map(|key| patient.roster.members(patient.repository, key).unwrap_or_default());
    let members = members.filter_map(|file| file.member.ok());
    let names: BTreeSet<String> =
        members.filter_map(|member| member.recipient.command().map(str::to_owned)).collect();
    let mut findings = Vec::new();
    if !names.is_empty() {
        let commands = user_commands(patient.repository);
        findings.extend(names.iter().map(|name| {
            let configured = commands.get(name).cloned().unwrap_or_default();
            let can = match (configured.wrap.is_some(), configured.unwrap.is_some()) {
                (true, true) => "is configured here: it grants and opens",
                (true, false) => "is configured here to grant (wrap), and not to open (unwrap)",
                (false, true) => "is configured here to open (unwrap), and not to grant (wrap): a rotation needs both",
                (false, false) => "is not configured here: you need it only to open by it, or to rotate its keys",
            };
            ok("commands", format!("the command '{name}' {can}"))
        }));
    }
    findings.extend(ignored_commands(patient.repository).into_iter().map(|name| {
        advice(
            "commands",
            format!(
                "the configuration of this repository names the command '{name}', which does not count: only your own may name programs"
            ),
            format!("git config --show-origin --get-regexp '^shroud\\.command\\.{name}\\.'"),
        )
    }));
    findings
}
