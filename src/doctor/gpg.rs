//! Which gpg opens what is wrapped to OpenPGP certificates.

use super::{Finding, Patient, advice, ok};
use crate::recipient::openpgp::gpg::{Gpg, Installed};
use crate::sanitise::{line, native};

/// Names it where a member has a certificate.
pub(super) fn examine(patient: &Patient<'_>) -> Vec<Finding> {
    let mut members = patient
        .roster
        .names()
        .flat_map(|key| patient.roster.members(patient.repository, key).unwrap_or_default());
    let has_certificate = members
        .any(|file| file.member.is_ok_and(|member| member.recipient.fingerprint().is_some()));
    if !has_certificate {
        return Vec::new();
    }
    let Some(gpg) = Gpg::find(patient.repository.gpg_program().as_deref()) else {
        return vec![ok(
            "gpg",
            "gpg is not installed: it is needed only for keys that gpg or a card holds",
        )];
    };
    let used = gpg.installed();
    let mut findings = vec![ok("gpg", described(&used))];
    findings.extend(Gpg::others(&used).iter().map(|other| {
        advice(
            "gpg",
            format!("another one is installed, with keys of its own: {}", described(other)),
            format!(
                "if your key is there: git config --global gpg.program {}",
                crate::sanitise::native_word(&other.program)
                    .unwrap_or_else(|| "PROGRAM".to_owned())
            ),
        )
    }));
    findings
}

fn described(gpg: &Installed) -> String {
    let agent = match &gpg.agent {
        None => "no agent is known".to_owned(),
        Some(agent) if gpg.has_agent() => format!("agent {}", line(agent)),
        Some(agent) => format!("agent {}, not started yet", line(agent)),
    };
    let (program, version) = (native(&gpg.program), line(&gpg.version));
    format!("gpg is {program}, version {version}, home {}, {agent}", line(&gpg.home))
}
