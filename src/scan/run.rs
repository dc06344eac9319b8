//! One scan from its request to its answer: [`Look`], then what is allowed and what is too unsure is taken out.

use std::path::Path;

use super::error::ScanError;
use super::findings::allow::{self, Date};
use super::findings::mask::mask;
use super::findings::{Finding, Reason, Report};
use super::fingerprint::SALT_LEN;
use super::lists::Lists;
use super::look::Look;
use super::walk::scope::Scope;
use crate::detect::rules::gitleaks;
use crate::detect::{Detector, Rank};
use crate::progress::Progress;

/// Bytes of the longest file of rules.
const MAX_RULES: usize = 16 << 20;

/// What is asked of a scan.
pub struct Request<'a> {
    /// What is looked at, and with which keys.
    pub look: Look<'a>,
    /// Rules of gitleaks in place of the project's own.
    pub rules: Option<&'a Path>,
    /// A list or an earlier report whose findings are left out.
    pub baseline: Option<&'a Path>,
    /// Every finding must have a fingerprint: what was found will be written to a list or plan.
    pub named: bool,
    /// Remarks of other scanners count too.
    pub others_marks: bool,
    /// The lowest rank that is reported.
    pub min_rank: Rank,
    /// Values stay in full where the report names files, refs and commits.
    pub reveal: bool,
}

/// What a scan found.
pub struct Answer {
    /// The report.
    pub report: Report,
    /// The day of the scan.
    pub today: Date,
    /// The salt for a list or plan that is written from it.
    pub salt: Option<[u8; SALT_LEN]>,
}

impl Answer {
    /// A baseline of all that it found, with what an earlier baseline left out: it is there still, and a baseline that is
    /// written over itself must not forget it.
    pub fn baseline(&self) -> String {
        let earlier = self.report.suppressed.iter();
        let earlier = earlier.filter(|of| matches!(of.reason, Reason::Baseline(_)));
        let all = self.report.findings.iter().chain(earlier.map(|of| &of.finding));
        allow::write(all, self.today, self.salt.as_ref())
    }
}

impl Request<'_> {
    /// Scans.
    ///
    /// # Errors
    /// As [`Look::run`]; and a list, a baseline or a file of rules that cannot be read or used.
    pub fn run(&self, progress: &dyn Progress) -> Result<Answer, ScanError> {
        let (detector, notes) = self.detector()?;
        let mut lists = Lists::read(self.look.repository, self.look.keyring, self.baseline)?;
        if self.named {
            lists.ensure_named(Some(self.look.repository))?;
        }
        let (mut report, findings) = self.look.run(&detector, progress, &lists.fingerprinter)?;
        report.notes.extend(notes);
        let mut report = self.settle(report, findings, &lists);
        if !self.reveal {
            mask(&mut report);
        }
        Ok(Answer { report, today: lists.today, salt: lists.new_salt().copied() })
    }

    /// Takes out what is allowed and what is too unsure.
    fn settle(&self, mut report: Report, findings: Vec<Finding>, lists: &Lists) -> Report {
        let options = allow::Options {
            others_marks: self.others_marks,
            today: lists.today,
            whole: *self.look.scope == Scope::All && !self.look.worktree,
        };
        let applied = allow::apply(&lists.lists, findings, &lists.fingerprinter, options);
        let (findings, below): (Vec<_>, Vec<_>) =
            applied.findings.into_iter().partition(|found| found.rank >= self.min_rank);
        report.scope = match self.look.worktree {
            true => "the worktree".to_owned(),
            false => self.look.scope.in_words(),
        };
        report.below_rank = below.len() as u64;
        report.findings = findings;
        report.suppressed = applied.suppressed;
        report.notes.extend(applied.notes);
        report
    }

    /// What to look for, and what should be said of it.
    fn detector(&self) -> Result<(Detector, Vec<String>), ScanError> {
        let Some(path) = self.rules else { return Ok((Detector::builtin(), Vec::new())) };
        let bytes = crate::fs::read_bounded(path, MAX_RULES)?;
        let name = crate::sanitise::native(path);
        let text = std::str::from_utf8(&bytes).map_err(|_| ScanError::NoText(name.clone()))?;
        let file = gitleaks::parse(text)
            .map_err(|source| ScanError::Rules { name: name.clone(), source })?;
        let detector = Detector::with_rules(file.rules)
            .map_err(|source| ScanError::Expression { name, source })?;
        Ok((detector, file.notes))
    }
}
