//! Taking out what is allowed.

use std::collections::{BTreeSet, HashMap};

use super::{AllowList, Allowance, Date};
use crate::detect::Secret;
use crate::error::count;
use crate::sanitise;
use crate::scan::findings::{Finding, Kind, Occurrence, Reason, Suppressed};
use crate::scan::fingerprint::{Fingerprint, Fingerprinter, Named};

/// How lists are applied.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// Whether the remarks of other scanners count.
    pub others_marks: bool,
    /// The day, for entries that expire.
    pub today: Date,
    /// Whether everything was looked at, so that an entry that matches nothing is of no use.
    pub whole: bool,
}

/// What lists and remarks leave.
#[derive(Debug, Default)]
pub struct Applied {
    /// What counts, in the order in which it came.
    pub findings: Vec<Finding>,
    /// What does not count.
    pub suppressed: Vec<Suppressed>,
    /// Entries that have no effect, each in a sentence fit for a terminal.
    pub notes: Vec<String>,
}

/// Entries of all lists, quick to look up.
struct Index<'l> {
    all: Vec<(&'l AllowList, &'l Allowance)>,
    by_fingerprint: HashMap<Fingerprint, Vec<usize>>,
    /// Those without a fingerprint.
    others: Vec<usize>,
    used: BTreeSet<usize>,
}

/// Takes out every finding each of whose places is allowed.
///
/// A finding that is allowed at some of its places only counts, with all of them.
pub fn apply(
    lists: &[AllowList],
    findings: Vec<Finding>,
    fingerprinter: &Fingerprinter,
    options: Options,
) -> Applied {
    let mut index = Index::new(lists, options.today);
    let mut applied = Applied::default();
    for finding in findings {
        match index.reason(&finding, fingerprinter, options) {
            Some(reason) => applied.suppressed.push(Suppressed { finding, reason }),
            None => applied.findings.push(finding),
        }
    }
    applied.notes = index.notes(lists, fingerprinter, options);
    applied
}

impl<'l> Index<'l> {
    fn new(lists: &'l [AllowList], today: Date) -> Self {
        let entries = |list: &'l AllowList| list.entries.iter().map(move |entry| (list, entry));
        let all: Vec<_> = lists.iter().flat_map(entries).collect();
        let mut index =
            Self { all, by_fingerprint: HashMap::new(), others: Vec::new(), used: BTreeSet::new() };
        for (at, (_, entry)) in index.all.iter().enumerate() {
            if is_expired(entry, today) {
                continue;
            }
            match entry.fingerprint {
                Some(fingerprint) => index.by_fingerprint.entry(fingerprint).or_default().push(at),
                None => index.others.push(at),
            }
        }
        index
    }

    /// Why a finding does not count; `None` if it does.
    fn reason(
        &mut self,
        finding: &Finding,
        fingerprinter: &Fingerprinter,
        options: Options,
    ) -> Option<Reason> {
        let names = names(finding, fingerprinter);
        let named = names.iter().filter_map(|name| self.by_fingerprint.get(name)).flatten();
        let mut candidates: Vec<usize> = named.chain(&self.others).copied().collect();
        candidates.retain(|&at| self.all[at].1.speaks_of(finding, &names));
        candidates.sort_unstable();
        let mut first = None;
        let mut covered = true;
        for occurrence in &finding.occurrences {
            let entry = candidates.iter().find(|&&at| self.all[at].1.covers(occurrence));
            let reason = match entry {
                Some(&at) => {
                    self.used.insert(at);
                    let (list, entry) = self.all[at];
                    Some(match list.is_baseline {
                        true => Reason::Baseline(list.name.clone()),
                        false => Reason::Allowed {
                            list: list.name.clone(),
                            reason: entry.reason.clone(),
                        },
                    })
                }
                None => mark(finding, occurrence, options),
            };
            covered &= reason.is_some();
            first = first.or(reason);
        }
        first.filter(|_| covered)
    }

    fn notes(
        &self,
        lists: &[AllowList],
        fingerprinter: &Fingerprinter,
        options: Options,
    ) -> Vec<String> {
        let mut notes = Vec::new();
        let mut entries_before = 0;
        for list in lists {
            let mut of_others = 0;
            let mut idle = 0;
            for (number, entry) in list.entries.iter().enumerate() {
                let is_used = self.used.contains(&(entries_before + number));
                if let Some(day) = entry.expires.filter(|_| is_expired(entry, options.today)) {
                    notes.push(format!("{}: expired on {day}", title(list, number, entry)));
                } else if entry.fingerprint.is_some_and(|name| !fingerprinter.knows(&name)) {
                    of_others += 1;
                } else if !is_used && options.whole && list.is_baseline {
                    idle += 1;
                } else if !is_used && options.whole {
                    notes.push(format!("{}: matches nothing", title(list, number, entry)));
                }
            }
            entries_before += list.entries.len();
            let name = sanitise::line(&list.name);
            if of_others > 0 {
                let entries = count(of_others, "fingerprint");
                notes.push(format!("{name}: {entries} made with a key or salt that is not here"));
            }
            if idle > 0 {
                let entries = if idle == 1 { "entry" } else { "entries" };
                notes.push(format!("{name}: {idle} {entries} matching nothing any more"));
            }
        }
        notes
    }
}

fn title(list: &AllowList, number: usize, entry: &Allowance) -> String {
    let reason = sanitise::line(&entry.reason.replace('\n', " "));
    format!("{}, entry {} ({reason})", sanitise::line(&list.name), number + 1)
}

fn is_expired(entry: &Allowance, today: Date) -> bool {
    entry.expires.is_some_and(|day| day < today)
}

fn names(finding: &Finding, fingerprinter: &Fingerprinter) -> Vec<Fingerprint> {
    let path = finding.occurrences.first().map(|occurrence| &occurrence.place.name[..]);
    match finding.secret.as_ref().map(Secret::expose) {
        Some(value) => fingerprinter.names(Named::Value(value)),
        None => fingerprinter.names(Named::Path(path.unwrap_or_default())),
    }
}

/// A remark allows what a pattern found, and nothing that is known.
fn mark(finding: &Finding, occurrence: &Occurrence, options: Options) -> Option<Reason> {
    let mark = occurrence.mark.as_ref()?;
    let counts = finding.kind == Kind::Pattern && (mark.own || options.others_marks);
    counts.then_some(Reason::Mark(mark.name))
}
