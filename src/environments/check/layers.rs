//! What is wrong with the files of an environment as they lie upon each other.

use super::{Finding, Problem};
use crate::environments::environment::{Environment, Setting};

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
    let is_sealed = |setting: &Setting| environment.sources[setting.source].sealed;
    let mut findings = Vec::new();
    for (name, settings) in &environment.settings {
        let Some((counts, others)) = settings.split_first() else { continue };
        let Some(sealed) = others.iter().find(|other| is_sealed(other)) else { continue };
        if is_sealed(counts) {
            continue;
        }
        let below = &environment.sources[sealed.source].path;
        findings.push(Finding {
            environment: environment.name.clone(),
            property: Some(name.clone()),
            problem: Problem::Weaker,
            warning: false,
            message: format!(
                "a file that is not sealed overrides the value of {}:{}, which is sealed",
                crate::sanitise::path(below.as_bytes()),
                sealed.line
            ),
            place: Some((environment.sources[counts.source].path.clone(), counts.line)),
        });
    }
    findings
}
