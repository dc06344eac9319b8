//! A scrub from its plan to its proof.

use std::collections::{BTreeSet, HashMap};
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use gix::ObjectId;

use super::values::{Found, Sources};
use super::{Scrub, report};
use crate::commands::{Context, exclusive, held_git_crypt_keys, held_keys};
use crate::error::{CommandError, Context as _, Outcome};
use crate::fs::{Access, write_atomic};
use crate::git::repository::Repository;
use crate::git_crypt::HeldKeys;
use crate::keyring::Keyring;
use crate::scrub::plan::{Plan, SealBy};
use crate::scrub::planned::Planned;
use crate::scrub::record::{Head, Id, Name, Record, Ref, State};
use crate::scrub::redact::Redactor;
use crate::scrub::rewrite::{Options, Rewritten, rewrite};
use crate::scrub::{advice, backup, banned, follow, moves, safety};

/// What should be changed where it is used, beside the record.
pub(super) const EXPOSED: &str = "exposed.json";
/// Bytes of the longest such list.
const MAX_EXPOSED: usize = 1 << 28;

/// What a scrub works with.
pub(super) struct Work<'c> {
    context: &'c Context,
    pub(super) repository: Repository,
    pub(super) keyring: Keyring,
    pub(super) git_crypt: HeldKeys,
}

impl<'c> Work<'c> {
    pub(super) fn open(context: &'c Context) -> Outcome<Self> {
        let repository = context.discover()?;
        let keyring = held_keys(repository.common_dir())?;
        let git_crypt = held_git_crypt_keys(&repository)?;
        Ok(Self { context, repository, keyring, git_crypt })
    }

    pub(super) fn context(&self) -> &'c Context {
        self.context
    }

    /// Carries a new plan out, or only says what it would do.
    pub(super) fn run(&self, scrub: &Scrub, mut plan: Plan) -> Outcome {
        let _exclusive = exclusive(&self.repository)?;
        self.refuse_unfinished()?;
        if plan.is_empty() && !scrub.adds_values() {
            return Err(CommandError::wrong("there is nothing to do")
                .hint("write a plan: git shroud scan --plan FILE")
                .hint("or use options: --seal, --redact FINDINGS, --value-file FILE, --drop PATH, --rekey"));
        }
        match safety::refuse_unfit(&self.repository) {
            Err(error) if scrub.dry_run => {
                self.context.ui.warning(error.message());
                error.hints().iter().for_each(|hint| self.context.ui.hint(hint));
            }
            checked => checked?,
        }
        let sources = Sources {
            context: self.context,
            repository: &self.repository,
            keyring: &self.keyring,
            git_crypt: &self.git_crypt,
            known: scrub.known,
            file: scrub.value_file.as_deref(),
        };
        let Found { values, missing, exposed } = sources.find(&mut plan)?;
        if missing > 0 {
            self.context.ui.warning(format!(
                "{} of the plan are nowhere in this repository any more",
                crate::error::count(missing as u64, "value")
            ));
        }
        let redactor = (!values.is_empty()).then(|| Redactor::new(&values, plan.archives));
        let planned = self.planned(&plan, redactor.as_ref())?;
        if !scrub.dry_run {
            safety::refuse_overwriting(&self.repository, &planned)?;
        }
        let heads = self.heads()?;
        let options = Options {
            prune_empty: plan.prune_empty,
            dry_run: scrub.dry_run,
            more: heads.iter().filter_map(|head| head.commit.map(|(old, _)| old.0)).collect(),
        };
        let mut rewritten = rewrite(&self.repository, &planned, &options)?;
        let is_changed = rewritten.refs.iter().any(crate::scrub::rewrite::RefChange::is_changed)
            || rewritten.stash_log.is_some();
        report::numbers(self.context, scrub.format, &rewritten, scrub.dry_run);
        if scrub.dry_run {
            return Ok(());
        }
        if !is_changed {
            self.context.ui.status("nothing in the history changes");
            return Ok(());
        }
        let common = self.repository.common_dir();
        let (draft, was_cut_off) = Record::draft(common)?;
        if was_cut_off {
            self.context.ui.status("an earlier scrub was interrupted before it changed anything");
        }
        backup::write(&self.repository, &draft)?;
        backup::write_maps(&self.repository, &draft, &rewritten)?;
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
        let mut record = record.begin(common, &draft)?;
        self.context.ui.status(format!(
            "a backup of everything is in {}",
            crate::sanitise::native(record.folder())
        ));
        self.end(&mut record, scrub)
    }

    fn planned<'p>(
        &'p self,
        plan: &'p Plan,
        redactor: Option<&'p Redactor>,
    ) -> Outcome<Planned<'p>> {
        if plan.seal_by.is_some() || !plan.seal.is_empty() || plan.rekey {
            let empty = self.keyring.is_empty();
            if empty {
                return Err(CommandError::refused("no key is held, so nothing can be sealed")
                    .hint("run 'git shroud unlock' or 'git shroud init'"));
            }
        }
        Ok(Planned::new(&self.repository, plan, &self.keyring, &self.git_crypt, redactor)?)
    }

    /// `HEAD` of every worktree as it is.
    pub(super) fn heads(&self) -> Outcome<Vec<Head>> {
        let all = self.repository.all_worktrees()?;
        let bare = if all.is_empty() { vec![self.repository.reopen()?] } else { Vec::new() };
        let head = |worktree: &Repository| -> Outcome<Head> {
            let bytes = |text: std::ffi::OsString| text.as_encoded_bytes().to_vec();
            let branch = worktree.git.query(["symbolic-ref", "-q", "HEAD"])?.map(bytes).map(Name);
            let commit = worktree.git.query(["rev-parse", "-q", "--verify", "HEAD^{commit}"])?;
            let commit = commit.map(|id| ObjectId::from_hex(id.as_encoded_bytes()));
            let commit = commit.transpose().context(|| "HEAD".to_owned())?.map(Id);
            Ok(Head {
                linked: Head::name_of(worktree),
                branch: branch.map(|name| (name.clone(), name)),
                commit: commit.map(|commit| (commit, commit)),
            })
        };
        all.iter().chain(&bare).map(head).collect()
    }

    /// Refuses a second scrub before the first is whole, and says where that stands.
    pub(super) fn refuse_unfinished(&self) -> Outcome {
        for record in Record::all(self.repository.common_dir())? {
            if record.state != State::Done {
                return Err(CommandError::refused(format!(
                    "a scrub was interrupted: {}",
                    self.stand(&record)?
                ))
                .hint("finish it: git shroud scrub --continue")
                .hint("or undo it: git shroud scrub --undo"));
            }
        }
        Ok(())
    }

    /// Which of the two histories is in force, in words.
    fn stand(&self, record: &Record) -> Outcome<String> {
        let stand = moves::stand(&self.repository, record)?;
        Ok(match (stand.old, stand.new, stand.other) {
            (_, 0, 0) => "the repository has the old history".to_owned(),
            (0, _, 0) => "the repository has the new history".to_owned(),
            (old, new, other) => format!(
                "{} are old, {new} are new, {other} were moved since",
                crate::error::count(old as u64, "ref")
            ),
        })
    }

    /// Ends an interrupted scrub.
    pub(super) fn resume(&self, scrub: &Scrub) -> Outcome {
        let _exclusive = exclusive(&self.repository)?;
        let records = Record::all(self.repository.common_dir())?;
        let Some(mut record) = records.into_iter().find(|record| record.state != State::Done)
        else {
            let error = CommandError::wrong("no scrub was interrupted here");
            return Err(error.hint("'git shroud scrub PLAN' starts one"));
        };
        self.context.ui.status(self.stand(&record)?);
        match record.state {
            State::Undoing => self.set_back(record),
            _ => self.end(&mut record, scrub),
        }
    }

    /// Moves everything, then proves it.
    fn end(&self, record: &mut Record, scrub: &Scrub) -> Outcome {
        if record.state == State::Moving {
            moves::bring(&self.repository, record)?;
            record.set(State::Moved)?;
        }
        let values = backup::read_values(record.folder())?;
        let limit = crate::scrub::plan::MAX_LEN;
        let bytes = crate::fs::read_bounded(&record.folder().join("plan.toml"), limit)
            .context(|| "the plan".to_owned())?;
        let plan = Plan::read(&bytes).map_err(|error| CommandError::wrong(error.to_string()))?;
        let proof = self.prove(record, &plan, &values)?;
        record.set(State::Done)?;
        banned::change(self.repository.common_dir(), &gone(record)?, true)?;
        let exposed = exposed(record);
        let is_damaged = exposed.is_none();
        let list = advice::checklist(&self.repository, record, exposed.unwrap_or_default())?;
        let reported = report::done(self.context, scrub.format, record, &proof, &list);
        if is_damaged {
            let place = crate::sanitise::native(&record.folder().join(EXPOSED));
            let hint = "history is rewritten; change every secret in the plan where it is used";
            self.context.ui.warning(format!(
                "{place} cannot be read, so the list of secrets to change is missing"
            ));
            self.context.ui.hint(hint);
            return reported
                .and(Err(CommandError::incomplete("the list of secrets to change is missing")));
        }
        reported
    }

    /// Takes the last scrub back.
    pub(super) fn undo(&self) -> Outcome {
        let _exclusive = exclusive(&self.repository)?;
        let Some(mut record) = Record::all(self.repository.common_dir())?.pop() else {
            return Err(CommandError::wrong("there is no scrub here to undo"));
        };
        if record.state == State::Done {
            safety::refuse_unfit(&self.repository)?;
        }
        // Before anything moves, so that nothing is set back by half.
        old_stash_log(&record)?;
        record.set(State::Undoing)?;
        self.set_back(record)
    }

    fn set_back(&self, record: Record) -> Outcome {
        let needed = record.refs.iter().filter_map(|change| change.old).map(|id| id.0).collect();
        backup::unbundle(&self.repository, record.folder(), &needed)?;
        let mut back = record.reversed();
        back.stash_log = old_stash_log(&record)?;
        moves::bring(&self.repository.reopen()?, &back)?;
        backup::restore_logs(&self.repository, record.folder(), &record.heads)?;
        banned::change(self.repository.common_dir(), &gone(&record)?, false)?;
        record.remove()?;
        self.context.ui.status("everything is as before the scrub");
        Ok(())
    }
}

/// The reflog of the stash as it was before; `None` where the scrub left it as it was.
fn old_stash_log(record: &Record) -> Outcome<Option<Name>> {
    if record.stash_log.is_none() {
        return Ok(None);
    }
    let log = backup::stash_log(record.folder())?.ok_or_else(|| {
        let place = crate::sanitise::native(record.folder());
        CommandError::wrong(format!("the reflog of the stash is missing in {place}"))
            .hint("the bundle there holds every old commit")
    })?;
    Ok(Some(Name(log)))
}

/// What should be changed where it is used; `None` where the list is damaged.
fn exposed(record: &Record) -> Option<Vec<advice::Exposed>> {
    let bytes = crate::fs::read_bounded(&record.folder().join(EXPOSED), MAX_EXPOSED).ok()?;
    serde_json::from_slice(&bytes).ok()
}

/// The commits and tags that were taken out.
fn gone(record: &Record) -> Outcome<BTreeSet<ObjectId>> {
    let pairs = backup::read_map(&backup::map_path(record.folder()))?;
    Ok(follow::map(pairs).into_keys().collect())
}

/// What is to become of refs and worktrees.
fn record(rewritten: &Rewritten, mut heads: Vec<Head>) -> Outcome<Record> {
    let by_name: HashMap<&[u8], &crate::scrub::rewrite::RefChange> =
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
        *new = Id(becomes.ok_or_else(|| {
            CommandError::refused("the plan leaves out the current commit")
                .hint("check another one out first, or scrub without --prune-empty")
        })?);
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

/// The plan of the options, on top of that in the file.
pub(super) fn plan(scrub: &Scrub) -> Outcome<Plan> {
    let mut plan = match &scrub.plan {
        None => Plan::default(),
        Some(path) => {
            let limit = crate::scrub::plan::MAX_LEN;
            let bytes = crate::fs::read_bounded(path, limit).context(|| "the plan".to_owned())?;
            Plan::read(&bytes).map_err(|error| {
                CommandError::wrong(format!(
                    "{}: {error}",
                    crate::sanitise::native(Path::new(path))
                ))
                .hint("docs/scrub.md describes plans")
            })?
        }
    };
    for pattern in &scrub.seal {
        if pattern.is_empty() {
            plan.seal_by = plan.seal_by.or(Some(SealBy::Today));
            continue;
        }
        let pattern = pattern.parse().map_err(|error: crate::scrub::plan::InvalidPattern| {
            CommandError::wrong(error.to_string())
        })?;
        plan.seal.push(crate::scrub::plan::Seal { pattern, key: None });
    }
    if scrub.as_of_commit {
        plan.seal_by = Some(SealBy::EachCommit);
    }
    if let Some(findings) = &scrub.redact {
        plan.redact.extend(super::values::findings(findings)?);
    }
    plan.drop.extend(scrub.drop.iter().cloned());
    plan.rekey |= scrub.rekey;
    plan.convert_git_crypt |= scrub.convert.is_some();
    plan.archives |= scrub.archives;
    plan.prune_empty |= scrub.prune_empty;
    Ok(plan)
}
