//! `git shroud key rotate`

use std::collections::BTreeSet;
use std::time::SystemTime;

use crate::access::rotate::{Journal, Plan, Remark, Rotated, Undone, abort, complete, create};
use crate::access::{MemberFile, People, Roster};
use crate::commands::member::choose_keys;
use crate::commands::{Context, Opened, exclusive_at_once, refuse_rotation};
use crate::error::{CommandError, Outcome};
use crate::git::config::install_drivers;
use crate::git::repository::Repository;
use crate::keyring::KeyName;
use crate::recipient::Recipient;
use crate::store::local;
use crate::ui::count;

/// Replace a key by a new one for its members, and seal every file with it
///
/// Has four steps: create (a new key, encrypted to the members), seal (every file of the index, staged), test (each opens to the same
/// plaintext), finish (write and stage .shroud/). The worktree does not change. If it is interrupted, --continue finishes it and --abort
/// undoes it. The earlier keys stay with the new one, so history stays readable.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  $ git shroud key rotate
  $ git shroud key rotate default --dry-run")]
pub(super) struct Rotate {
    /// The keys [default: 'default', or the only one]
    #[arg(value_name = "NAME", conflicts_with_all = ["continue_", "abort"])]
    names: Vec<KeyName>,
    /// Finish an interrupted rotation
    #[arg(long = "continue", conflicts_with_all = ["abort", "dry_run"])]
    continue_: bool,
    /// Undo an interrupted rotation
    #[arg(long, conflicts_with = "dry_run")]
    abort: bool,
    /// Skip a member with an unusable certificate; their grant stays at the earlier generation
    #[arg(long, value_name = "MEMBER", conflicts_with_all = ["continue_", "abort"])]
    without: Vec<String>,
    /// Print what would be done, and do nothing
    #[arg(long)]
    dry_run: bool,
}

impl Rotate {
    pub(super) fn run(self, context: &Context) -> Outcome {
        let repository = context.discover()?;
        super::super::top(&repository)?;
        if self.continue_ || self.abort {
            let _exclusive = exclusive_at_once(&repository)?;
            let Some(journal) = Journal::load(repository.common_dir())? else {
                return Err(CommandError::wrong("no rotation is in progress"));
            };
            refuse_other_worktree(&repository, &journal)?;
            if self.continue_ {
                let rotated = complete(&repository, journal)?;
                report(context, &repository, &rotated)
            } else {
                report_undone(context, &abort(&repository, journal)?);
                Ok(())
            }
        } else {
            let opened = context.open()?;
            let names = choose_keys(&opened, &self.names)?;
            let names: BTreeSet<KeyName> = names.into_iter().collect();
            let without = find_without(&opened, &names, &self.without)?;
            let plan = Plan { names, without, ..Plan::default() };
            rotate(context, &opened, &plan, self.dry_run).map(drop)
        }
    }
}

/// The members who are passed over.
pub(in crate::commands) fn find_without(
    opened: &Opened,
    names: &BTreeSet<KeyName>,
    meant: &[String],
) -> Outcome<BTreeSet<Recipient>> {
    if meant.is_empty() {
        return Ok(BTreeSet::new());
    }
    let Opened { repository, roster, keyring, .. } = opened;
    let people = People::of_keys(repository, roster, keyring, names)?;
    let find = |meant: &String| people.find(meant)?.ok_or_else(|| People::nobody(meant));
    meant.iter().map(find).collect()
}

fn refuse_other_worktree(repository: &Repository, journal: &Journal) -> Outcome {
    if repository.gix.git_dir().canonicalize().ok() == journal.git_dir.canonicalize().ok() {
        return Ok(());
    }
    Err(CommandError::wrong(format!(
        "the rotation was started in another worktree; its folder is {}",
        crate::sanitise::native(&journal.git_dir)
    ))
    .hint("run this there"))
}

/// Rotates keys from the beginning; `None` where it is only said what would be done.
pub(in crate::commands) fn rotate(
    context: &Context,
    opened: &Opened,
    plan: &Plan,
    dry_run: bool,
) -> Outcome<Option<Rotated>> {
    let repository = &opened.repository;
    let _exclusive = exclusive_at_once(repository)?;
    refuse_rotation(repository)?;
    if local::from_environment()?.is_some() {
        return Err(CommandError::wrong(
            "the keys come from the environment, where a new key cannot be stored",
        )
        .hint("unset GIT_SHROUD_KEYRING and GIT_SHROUD_KEY, and unlock this clone"));
    }
    // What was read before the lock was taken may be old.
    let keyring = local::load(repository.common_dir())?;
    let roster = Roster::read(repository)?;
    if dry_run {
        for name in &plan.names {
            let members = roster.members(repository, name)?;
            let passed = |file: &&MemberFile| {
                file.member.as_ref().is_ok_and(|one| plan.without.contains(&one.recipient))
            };
            let gone = plan.removed.get(name).map_or(0, BTreeSet::len);
            let gone = gone + members.iter().filter(passed).count();
            context.ui.status(format!(
                "would make a new generation of key '{name}', grant it to {}, and seal its files with it",
                count((members.len() - gone) as u64, "member")
            ));
        }
        return Ok(None);
    }
    let mut say = |remark: Remark| match remark {
        Remark::Note(text) => context.ui.status(text),
        Remark::Warning(text) => context.ui.warning(text),
    };
    let journal = create(repository, &keyring, &roster, plan, SystemTime::now(), &mut say)?;
    let rotated = complete(repository, journal).map_err(|error| {
        error
            .hint("the rotation is not finished: remove the cause, then run git shroud key rotate --continue")
            .hint("or undo it: git shroud key rotate --abort")
    })?;
    report(context, repository, &rotated)?;
    Ok(Some(rotated))
}

fn report(context: &Context, repository: &Repository, rotated: &Rotated) -> Outcome {
    install_drivers(repository)?;
    for (name, generation, id, members) in &rotated.keys {
        context.ui.status(format!(
            "key '{name}' is now generation {generation} (id {id}), granted to {}",
            count(*members as u64, "member")
        ));
        if *members == 0 {
            context.ui.hint(format!(
                "nobody else has this key: git shroud key export --name {name} -o FILE, or git shroud member add"
            ));
        }
    }
    context.ui.status(format!("sealed and staged {}", count(rotated.files, "file")));
    if !rotated.left.is_empty() {
        let files = count(rotated.left.len() as u64, "file");
        context.ui.warning(format!(
            "left {files} as they are, because their key has another name than their attribute says: {}",
            rotated.left.join(", ")
        ));
        context.ui.hint("'git shroud why PATH' shows who changed the attribute");
    }
    context.ui.hint("commit and push it: git commit -m 'Rotate keys'");
    context.ui.hint("other branches use the earlier key until you merge this one");
    Ok(())
}

fn report_undone(context: &Context, undone: &Undone) {
    context.ui.status(format!(
        "the rotation was undone; {} in the index as before",
        count(undone.files, "file")
    ));
    for id in &undone.kept {
        context.ui.warning(format!(
            "a commit or the index has files sealed with the new key (id {id}), so the key was kept: 'git shroud key list'"
        ));
    }
}
