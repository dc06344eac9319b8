//! The values that a plan names: found again by scanning, as the plan holds fingerprints only; or given in a file.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use crate::detect::Detector;
use crate::detect::Secret;
use crate::fs::read_bounded;
use crate::git::repository::Repository;
use crate::git_crypt::HeldKeys;
use crate::keyring::Keyring;
use crate::progress::Progress;
use crate::scan::fingerprint::{Fingerprinter, Named};
use crate::scan::lists::Lists;
use crate::scan::look::Look;
use crate::scan::{Fingerprint, Kind, Scope};
use crate::scrub::advice::Exposed;
use crate::scrub::error::{Context as _, Outcome, ScrubError};
use crate::scrub::plan::{Plan, Redact, rule_name};
use crate::scrub::redact::{MIN_VALUE, Value};

/// Bytes of the longest file of values or findings.
const MAX_FILE: usize = 64 << 20;
/// The rule of values that a file gives.
const GIVEN: &str = "value";

/// Where values come from, besides the plan.
pub(super) struct Sources<'a> {
    pub(super) repository: &'a Repository,
    pub(super) keyring: &'a Keyring,
    pub(super) git_crypt: &'a HeldKeys,
    pub(super) progress: &'a dyn Progress,
    /// Every value of a sealed file that is elsewhere.
    pub(super) known: bool,
    /// A file with a value on each line; `-` for standard input.
    pub(super) file: Option<&'a Path>,
}

/// What was found for a plan.
pub(super) struct ValuesFound {
    /// The values, in the plan's order.
    pub(super) values: Vec<Value>,
    /// Fingerprints of the plan whose values are not here any more.
    pub(super) missing: usize,
    /// What should be changed where it is used.
    pub(super) exposed: Vec<Exposed>,
}

impl Sources<'_> {
    /// Finds the values of a plan and adds those of the other sources to it, by their fingerprints.
    pub(super) fn find(&self, plan: &mut Plan) -> Outcome<ValuesFound> {
        let mut lists = Lists::read(self.repository, self.keyring, None)?;
        if let Some(salt) = &plan.salt {
            lists.fingerprinter.add_salt(salt);
        } else if self.known || self.file.is_some() {
            lists.ensure_named(None)?;
            plan.salt = lists.new_salt().copied();
        }
        let fingerprinter = &lists.fingerprinter;
        if plan.redact.iter().any(|redact| !fingerprinter.knows(&redact.value)) {
            return Err(ScrubError::UnknownNames);
        }
        let is_by_fingerprint = !plan.redact.is_empty();
        let given = self.given(plan, fingerprinter)?;
        let mut found: BTreeMap<Fingerprint, (Secret, Exposed)> = BTreeMap::new();
        let mut exposed = Vec::new();
        let seals = plan.seal_by.is_some() || !plan.seal.is_empty();
        if is_by_fingerprint || self.known || seals {
            self.scan(plan, fingerprinter, &mut found, &mut exposed)?;
        }
        for (name, secret) in given {
            found.entry(name).or_insert_with(|| (secret, Exposed::given(GIVEN)));
        }
        let mut seen = BTreeSet::new();
        plan.redact.retain(|redact| seen.insert(redact.value));
        let mut values = Vec::new();
        let mut missing = 0;
        for redact in plan.redact.iter().filter(|redact| !plan.keeps(&redact.value)) {
            match found.remove(&redact.value) {
                Some((secret, _)) if secret.expose().len() < MIN_VALUE => {
                    let rule = redact.rule.clone();
                    return Err(ScrubError::ShortValue { rule, min: MIN_VALUE });
                }
                Some((secret, how)) => {
                    values.push(Value { secret, rule: redact.rule.clone() });
                    exposed.push(how);
                }
                None => missing += 1,
            }
        }
        Ok(ValuesFound { values, missing, exposed })
    }

    /// Scans everything, keeps the values that the plan names, and adds those that are known if they are asked for.
    fn scan(
        &self,
        plan: &mut Plan,
        fingerprinter: &Fingerprinter,
        found: &mut BTreeMap<Fingerprint, (Secret, Exposed)>,
        exposed: &mut Vec<Exposed>,
    ) -> Outcome {
        let look = Look {
            repository: self.repository,
            keyring: self.keyring,
            git_crypt: self.git_crypt,
            scope: &Scope::All,
            worktree: false,
            no_cache: false,
        };
        let wanted: BTreeSet<_> = plan.redact.iter().map(|redact| redact.value).collect();
        let (report, findings) = look.run(&Detector::builtin(), self.progress, fingerprinter)?;
        for unread in report.unread {
            self.progress.warning(&format!("not looked at: {}: {}", unread.what, unread.reason));
        }
        for finding in findings {
            let how = Exposed::of(&finding);
            let Some(secret) = finding.secret else {
                if let Some(place) = finding.occurrences.first().map(|first| &first.place)
                    && (plan.seal_by.is_some() || seals(plan, &place.name))
                {
                    exposed.push(how);
                }
                continue;
            };
            let copy = || (Secret::new(secret.expose()), how.clone());
            let names = fingerprinter.names(Named::Value(secret.expose()));
            if self.known && finding.kind == Kind::KnownValue {
                let rule = rule_name(&finding.rule);
                plan.redact.extend(names.first().map(|&value| Redact { value, rule }));
                found.extend(names.first().map(|&name| (name, copy())));
            }
            for name in names.into_iter().filter(|name| wanted.contains(name)) {
                found.entry(name).or_insert_with(copy);
            }
        }
        Ok(())
    }

    /// The values of the file, a line each.
    fn given(
        &self,
        plan: &mut Plan,
        fingerprinter: &Fingerprinter,
    ) -> Outcome<Vec<(Fingerprint, Secret)>> {
        let Some(path) = self.file else { return Ok(Vec::new()) };
        let text = read(path)?;
        let mut given = Vec::new();
        for (number, line) in text.split(|&byte| byte == b'\n').enumerate() {
            let line = line.strip_suffix(b"\r").unwrap_or(line);
            if line.is_empty() {
                continue;
            }
            if line.len() < MIN_VALUE {
                return Err(ScrubError::ShortLine { line: number + 1, min: MIN_VALUE });
            }
            let name = fingerprinter.name(Named::Value(line)).expect("there is a key or a salt");
            plan.redact.push(Redact { value: name, rule: GIVEN.to_owned() });
            given.push((name, Secret::new(line)));
        }
        if given.is_empty() {
            return Err(ScrubError::NoValues);
        }
        Ok(given)
    }
}

/// Whether a pattern of the plan seals a path.
fn seals(plan: &Plan, path: &[u8]) -> bool {
    plan.seal.iter().any(|seal| seal.pattern.matches(path))
}

fn read(path: &Path) -> Outcome<zeroize::Zeroizing<Vec<u8>>> {
    if path.as_os_str() != "-" {
        return read_bounded(path, MAX_FILE).context(|| "the file of values".to_owned());
    }
    let mut text = crate::secret::WipedVec::default();
    let mut input = std::io::Read::take(std::io::stdin().lock(), MAX_FILE as u64 + 1);
    std::io::copy(&mut input, &mut text).context(|| "standard input".to_owned())?;
    if text.len() > MAX_FILE {
        return Err(ScrubError::LongInput);
    }
    Ok(zeroize::Zeroizing::new(text.to_vec()))
}

/// The fingerprints of a report of `git shroud scan --format json`, or of a plan or baseline; each with its rule.
///
/// # Errors
/// The file cannot be read, or is none of these.
pub(super) fn findings(path: &Path) -> Outcome<Vec<Redact>> {
    let name = crate::sanitise::native(path);
    let bytes = read_bounded(path, MAX_FILE).context(|| "the findings".to_owned())?;
    let wrong = || ScrubError::NoReport(name.clone());
    if !bytes.trim_ascii_start().starts_with(b"{") {
        let plan = Plan::read(&bytes)?;
        return Ok(plan.redact);
    }
    let report: serde_json::Value = serde_json::from_slice(&bytes).map_err(|_| wrong())?;
    let mut redact = Vec::new();
    for finding in report["findings"].as_array().ok_or_else(wrong)? {
        if finding["kind"] == "policy" {
            continue;
        }
        let value = finding["fingerprint"].as_str().ok_or_else(wrong)?;
        let value = value.parse().map_err(|_| wrong())?;
        let rule = rule_name(finding["rule"].as_str().unwrap_or(GIVEN));
        redact.push(Redact { value, rule });
    }
    Ok(redact)
}
