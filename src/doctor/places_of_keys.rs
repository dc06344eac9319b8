//! Where the keys of this clone lie, and where they should.

use super::{Finding, Patient, advice, ok, problem};
use crate::access::agent::duration;
use crate::store::kept::{Whereabouts, load, whereabouts};
use crate::store::local::StoreError;
use crate::store::place::{Place, PlaceError, SETTING};
use crate::store::unreadable::REMEDY;

pub(super) fn examine(patient: &Patient<'_>) -> Vec<Finding> {
    let known = match whereabouts(patient.repository.common_dir()) {
        Ok(known) => known,
        Err(error) => {
            let remedy = match &error {
                StoreError::Place(PlaceError::Io(_)) => REMEDY.to_owned(),
                _ => format!("git config --show-origin --get-all {SETTING}"),
            };
            return vec![problem("keyring", error.to_string(), remedy)];
        }
    };
    let mut findings = of_places(&known);
    // Keys that lie elsewhere are told already.
    match load(patient.repository.common_dir()) {
        Err(StoreError::Elsewhere { .. }) | Ok(_) => {}
        Err(error) if error.is_of_place() => {
            findings.push(problem("keyring", error.to_string(), "git shroud unlock"));
        }
        Err(_) => {}
    }
    if known.wanted != Place::File && !patient.git_crypt.is_empty() {
        findings.push(advice(
            "keyring",
            format!("the keys of git-crypt stay in files, whatever {SETTING} says: git-crypt looks for them there"),
            "'git shroud migrate git-crypt' moves the repository to git-shroud",
        ));
    }
    findings
}

fn of_places(Whereabouts { wanted, places, left }: &Whereabouts) -> Vec<Finding> {
    let elsewhere = places.iter().filter(|place| *place != wanted).map(|place| {
        problem(
            "keyring",
            format!("keys of this clone are in {place}, but {SETTING} says '{}'", wanted.name()),
            "'git shroud unlock' moves them, 'git shroud lock' removes them",
        )
    });
    let mut findings: Vec<_> = elsewhere.collect();
    let holds = match (places.contains(wanted), left) {
        (true, Some(left)) if *wanted == Place::Agent => {
            format!(", which wipes them in {}", duration(*left))
        }
        (true, _) => String::new(),
        (false, _) => ", and it has none now".to_owned(),
    };
    let message = format!(
        "the place of this clone's keys is {wanted} ({SETTING} = {}){holds}",
        wanted.name()
    );
    findings.push(ok("keyring", message));
    findings
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::super::Severity;
    use super::*;

    fn told(wanted: Place, places: &[Place], left: Option<u64>) -> Vec<(Severity, String)> {
        let left = left.map(Duration::from_secs);
        let findings = of_places(&Whereabouts { wanted, places: places.to_vec(), left });
        findings.into_iter().map(|finding| (finding.severity, finding.message)).collect()
    }

    #[test]
    fn the_place_is_told_and_so_is_what_lies_elsewhere() {
        let text = "the place of this clone's keys is the key file (shroud.keyring = file)";
        assert_eq!(told(Place::File, &[Place::File], None), [(Severity::Ok, text.to_owned())]);
        let of_agent = told(Place::Agent, &[Place::Agent], Some(3_600));
        assert!(of_agent[0].1.ends_with("= agent), which wipes them in 1 h"), "{of_agent:?}");
        let none = told(Place::Agent, &[], None);
        assert!(none[0].1.ends_with("and it has none now"), "{none:?}");
        let both = told(Place::Keychain, &[Place::File], None);
        assert_eq!(both[0].0, Severity::Problem);
        assert!(both[0].1.contains("are in the key file, but shroud.keyring says 'keychain'"));
    }
}
