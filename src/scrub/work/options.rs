//! The plan that a command line means: a file, options on top of it, or both.

use std::path::Path;

use super::values::findings;
use crate::fs::read_bounded;
use crate::scrub::error::{Context as _, Outcome, ScrubError};
use crate::scrub::plan::{self, InvalidPattern, Pattern, Plan, Seal, SealBy};

/// What a command line says.
pub struct Options<'o> {
    /// The plan that the others add to.
    pub file: Option<&'o Path>,
    /// Patterns of paths to seal; an empty one means all that today's attributes seal.
    pub seal: &'o [String],
    /// Whether each commit's own attributes count, instead of today's.
    pub as_of_commit: bool,
    /// A report of a scan, or another plan, whose values are replaced.
    pub redact: Option<&'o Path>,
    /// Files and folders that are taken out.
    pub drop: &'o [Pattern],
    /// Whether what is sealed under an earlier key is sealed under the current one.
    pub rekey: bool,
    /// Whether what git-crypt encrypted becomes a sealed file.
    pub convert_git_crypt: bool,
    /// Whether archives are opened, changed and packed again.
    pub archives: bool,
    /// Whether commits that became empty are left out.
    pub prune_empty: bool,
}

impl Options<'_> {
    /// The patterns among them.
    pub fn patterns(&self) -> Vec<String> {
        let seals = self.seal.iter().filter(|pattern| !pattern.is_empty()).cloned();
        seals.chain(self.drop.iter().map(|pattern| pattern.as_str().to_owned())).collect()
    }

    /// The plan.
    ///
    /// # Errors
    /// A file cannot be read or is no plan or report, or a pattern to seal cannot be in an attributes file.
    pub fn plan(&self) -> Outcome<Plan> {
        let mut plan = self.file.map(read).transpose()?.unwrap_or_default();
        for pattern in self.seal {
            if pattern.is_empty() {
                plan.seal_by = plan.seal_by.or(Some(SealBy::Today));
                continue;
            }
            let wrong = |error: InvalidPattern| ScrubError::Pattern(error.to_string());
            plan.seal.push(Seal { pattern: pattern.parse().map_err(wrong)?, key: None });
        }
        if self.as_of_commit {
            plan.seal_by = Some(SealBy::EachCommit);
        }
        if let Some(path) = self.redact {
            plan.redact.extend(findings(path)?);
        }
        plan.drop.extend(self.drop.iter().cloned());
        plan.rekey |= self.rekey;
        plan.convert_git_crypt |= self.convert_git_crypt;
        plan.archives |= self.archives;
        plan.prune_empty |= self.prune_empty;
        Ok(plan)
    }
}

fn read(path: &Path) -> Outcome<Plan> {
    let bytes = read_bounded(path, plan::MAX_LEN).context(|| "the plan".to_owned())?;
    let file = || crate::sanitise::native(path);
    Plan::read(&bytes).map_err(|source| ScrubError::PlanFile { file: file(), source })
}
