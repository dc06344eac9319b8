//! What is wrong with the files of an environment as they lie upon each other.

use super::{Finding, Problem};
use crate::environments::environment::Environment;

/// Files that look as if they held properties, and are not read.
pub(super) fn passed_over(environment: &Environment) -> Vec<Finding> {
    let finding = |path: &String| Finding {
        environment: environment.name.clone(),
        property: None,
        problem: Problem::PassedOver,
        warning: true,
        message: "the file is not read: its name does not say in which format it is".to_owned(),
        place: Some((path.clone(), 1)),
    };
    environment.passed_over.iter().map(finding).collect()
}

/// Values of files that are not sealed, where they count in place of one that is: whoever can push could have written them.
pub(super) fn weaker(environment: &Environment) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (name, settings) in &environment.settings {
        // Where a value counts that nobody can read here, none is in its place.
        let Some(counts) = environment.setting(name) else { continue };
        if environment.is_sealed(counts) {
            continue;
        }
        let others = settings.iter().skip(1).filter(|other| environment.is_sealed(other));
        let others = others.map(|other| (other.source, other.line));
        let locked = environment.sealed.get(name).into_iter().flatten();
        let locked = locked.map(|sealed| (sealed.source, sealed.line));
        let Some((source, line)) = others.chain(locked).next() else { continue };
        let below = &environment.sources[source].path;
        let what = match counts.exempt {
            true => "a value whose name is exempt",
            false => "a file that is not sealed",
        };
        findings.push(Finding {
            environment: environment.name.clone(),
            property: Some(name.clone()),
            problem: Problem::Weaker,
            warning: false,
            message: format!(
                "{what} overrides the value of {}:{line}, which is sealed",
                crate::sanitise::path(below.as_bytes()),
            ),
            place: Some((environment.sources[counts.source].path.clone(), counts.line)),
        });
    }
    findings
}
