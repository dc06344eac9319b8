//! A scrub from its plan to its proof.

use std::collections::HashMap;
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use gix::ObjectId;

use super::values::{Sources, ValuesFound};
use super::{EXPOSED, Work, gone};
use crate::check::banned;
use crate::error::count;
use crate::fs::{Access, write_atomic};
use crate::git::signing::Signer;
use crate::sanitise::line;
use crate::scrub::advice::{Checklist, Exposed};
use crate::scrub::error::{Context as _, Outcome, ScrubError};
use crate::scrub::plan::{Pattern, Plan};
use crate::scrub::planned::Planned;
use crate::scrub::proof::Proof;
use crate::scrub::record::{Head, Id, Name, Record, Ref, State};
use crate::scrub::redact::Redactor;
use crate::scrub::report::{self, Format};
use crate::scrub::rewrite::{Options, RefChange, Rewritten, rewrite};
use crate::scrub::signatures::Signatures;
use crate::scrub::{advice, backup, maps, moves, safety, signatures};

/// Bytes of the longest list of what should be changed where it is used.
const MAX_EXPOSED: usize = 1 << 28;

/// What a new scrub is to do.
pub struct Request<'a> {
    /// What becomes of what.
    pub plan: Plan,
    /// Every value of a sealed file that is found elsewhere is replaced too.
    pub known: bool,
    /// A file with a value on each line, to be replaced too; `-` for standard input.
    pub value_file: Option<&'a Path>,
    /// Patterns that somebody typed: a scrub with one that matches nothing is refused.
    pub required: Vec<String>,
    /// Signs what was signed, with the user's own key.
    pub sign: bool,
    /// Only says what would change.
    pub dry_run: bool,
    /// How the numbers are told, before anything moves.
    pub format: Format,
}

/// What became of a scrub.
pub enum Done {
    /// It was to be told only.
    Told {
        /// What would keep it from being done, in the clone as it is.
        unfit: Option<ScrubError>,
    },
    /// Nothing in the history changes.
    Unchanged,
    /// The new history is in force.
    Rewritten(Box<Ended>),
    /// Everything is as it was before.
    Undone,
}

/// A scrub whose new history is in force.
pub struct Ended {
    /// Where the old one is kept.
    pub record: Record,
    /// What was proved.
    pub proof: Proof,
    /// What became of signatures.
    pub signatures: Signatures,
    /// What no rewrite can do.
    pub checklist: Checklist,
    /// Whether the list of secrets to change is missing from it.
    pub lost_exposed: bool,
}

impl Work<'_> {
    /// Carries a new plan out, or only says what it would do.
    ///
    /// # Errors
    /// The plan is empty or names what is not held, or this clone is not fit for it: nothing was changed. After the line that
    /// names the backup: what stopped it, and [`Work::resume`] ends it.
    pub fn run(&self, request: Request<'_>) -> Outcome<Done> {
        let Request { mut plan, known, value_file, required, sign, dry_run, format } = request;
        self.refuse_unfinished()?;
        if plan.is_empty() && !known && value_file.is_none() {
            return Err(ScrubError::Nothing);
        }
        let unfit = match safety::refuse_unfit(self.repository) {
            Err(error) if dry_run => Some(error),
            checked => checked.map(|()| None)?,
        };
        let sources = Sources {
            repository: self.repository,
            keyring: self.keyring,
            git_crypt: self.git_crypt,
            progress: self.progress,
            known,
            file: value_file,
        };
        let ValuesFound { values, missing, exposed } = sources.find(&mut plan)?;
        if missing > 0 {
            self.progress.warning(&format!(
                "{} of the plan are nowhere in this repository any more",
                count(missing as u64, "value")
            ));
        }
        let redactor = (!values.is_empty()).then(|| Redactor::new(&values, plan.archives));
        let planned = self.planned(&plan, redactor.as_ref())?;
        if !dry_run {
            safety::refuse_overwriting(self.repository, &planned)?;
        }
        let heads = self.heads()?;
        // Before any bar is on the terminal: it may ask for a passphrase.
        let signer = sign.then(|| Signer::of(&self.repository.git));
        let options = Options {
            prune_empty: plan.prune_empty,
            dry_run,
            more: heads.iter().filter_map(|head| head.commit.map(|(old, _)| old.0)).collect(),
            sign: signer.as_ref(),
        };
        let meter = self.progress.meter(match sign {
            true => "rewriting and signing the history",
            false => "rewriting the history",
        });
        let mut rewritten = rewrite(self.repository, &planned, &options)?;
        drop(meter);
        let is_changed =
            rewritten.refs.iter().any(RefChange::is_changed) || rewritten.stash_log.is_some();
        report::numbers(self.progress, format, &rewritten, dry_run);
        let idle: Vec<_> = planned.idle().into_iter().map(Pattern::as_str).collect();
        for pattern in &idle {
            self.progress.warning(&format!("{} matches nothing in the history", line(pattern)));
        }
        if dry_run {
            let signing = signer.filter(|_| !rewritten.renewed.is_empty());
            let unsigned = signing.and_then(|signer| signer.check().err());
            let unfit = unfit.or(unsigned.map(ScrubError::Signing));
            return Ok(Done::Told { unfit });
        }
        if !is_changed {
            return Ok(Done::Unchanged);
        }
        if idle.iter().any(|idle| required.iter().any(|pattern| pattern == idle)) {
            return Err(ScrubError::Idle);
        }
        let common = self.repository.common_dir();
        let (draft, was_cut_off) = Record::draft(common)?;
        if was_cut_off {
            self.progress.status("an earlier scrub was interrupted before it changed anything");
        }
        let meter = self.progress.meter("writing the backup");
        backup::write(self.repository, &draft)?;
        drop(meter);
        maps::write(self.repository, &draft, &rewritten)?;
        signatures::write(&draft, &rewritten)?;
        backup::write_values(&draft, &values)?;
        let exposed = serde_json::to_vec(&exposed).context(|| "the list".to_owned())?;
        write_atomic(&draft.join(EXPOSED), &exposed, Access::Private)
            .context(|| "the list".to_owned())?;
        write_atomic(&draft.join("plan.toml"), plan.write().as_bytes(), Access::Private)
            .context(|| "the plan".to_owned())?;
        let pack = rewritten.pack.take();
        let record = record(&rewritten, heads)?;
        if let Some(pack) = pack {
            pack.install().context(|| "the new pack".to_owned())?;
        }
        let record = record.begin(common, &draft)?;
        self.progress.status(&format!(
            "a backup of everything is in {}",
            crate::sanitise::native(record.folder())
        ));
        self.end(record)
    }

    fn planned<'p>(
        &'p self,
        plan: &'p Plan,
        redactor: Option<&'p Redactor>,
    ) -> Outcome<Planned<'p>> {
        if plan.seal_by.is_some() || !plan.seal.is_empty() || plan.rekey {
            let empty = self.keyring.is_empty();
            if empty {
                return Err(ScrubError::NoKey);
            }
        }
        Planned::new(self.repository, plan, self.keyring, self.git_crypt, redactor)
    }

    /// Moves everything, then proves it.
    pub(super) fn end(&self, mut record: Record) -> Outcome<Done> {
        if record.state == State::Moving {
            moves::bring(self.repository, &record)?;
            record.set(State::Moved)?;
        }
        let values = backup::read_values(record.folder())?;
        let limit = crate::scrub::plan::MAX_LEN;
        let bytes = crate::fs::read_bounded(&record.folder().join("plan.toml"), limit)
            .context(|| "the plan".to_owned())?;
        let plan = Plan::read(&bytes)?;
        let proof = self.prove(&record, &plan, &values)?;
        record.set(State::Done)?;
        banned::change(self.repository.common_dir(), &gone(&record)?, true)?;
        let exposed = exposed(&record);
        let lost_exposed = exposed.is_none();
        let checklist = advice::checklist(self.repository, &record, exposed.unwrap_or_default())?;
        let signatures = signatures::read(record.folder());
        let ended = Ended { record, proof, signatures, checklist, lost_exposed };
        Ok(Done::Rewritten(Box::new(ended)))
    }
}

/// What should be changed where it is used; `None` where the list is damaged.
fn exposed(record: &Record) -> Option<Vec<Exposed>> {
    let bytes = crate::fs::read_bounded(&record.folder().join(EXPOSED), MAX_EXPOSED).ok()?;
    serde_json::from_slice(&bytes).ok()
}

/// What becomes of refs and worktrees.
fn record(rewritten: &Rewritten, mut heads: Vec<Head>) -> Outcome<Record> {
    let by_name: HashMap<&[u8], &RefChange> =
        rewritten.refs.iter().map(|change| (&change.name[..], change)).collect();
    let commits: HashMap<ObjectId, Option<ObjectId>> = rewritten.commits.iter().copied().collect();
    for head in &mut heads {
        let change = head.branch.as_ref().and_then(|(name, _)| by_name.get(&name.0[..]));
        if let Some((_, new)) = &mut head.branch
            && let Some(change) = change
        {
            *new = Name(change.new_name.clone());
        }
        let Some((old, new)) = &mut head.commit else { continue };
        let becomes = match change {
            Some(change) => change.new,
            None => commits.get(&old.0).copied().flatten(),
        };
        *new = Id(becomes.ok_or(ScrubError::HeadLeftOut)?);
    }
    let refs = rewritten.refs.iter().filter(|change| change.name != b"HEAD" && change.is_changed());
    let refs = refs.map(|change| {
        let old_target = |new: &Vec<u8>| {
            let of = rewritten.refs.iter().find(|of| of.new_name == *new);
            of.map_or_else(|| new.clone(), |of| of.name.clone())
        };
        Ref {
            name: Name(change.name.clone()),
            new_name: Name(change.new_name.clone()),
            old: Some(Id(change.old)),
            new: change.new.map(Id),
            symbolic: change
                .symbolic
                .as_ref()
                .map(|new| (Name(old_target(new)), Name(new.clone()))),
            first_changed: change.first_changed.iter().copied().map(Id).collect(),
        }
    });
    let made = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    let made = i64::try_from(made).unwrap_or(i64::MAX);
    let signatures = rewritten.stripped.len() as u64;
    Ok(Record::new(refs.collect(), heads, rewritten.stash_log.clone(), signatures, made))
}
