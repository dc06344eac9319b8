//! The part of a migration that changes something: keys, sealed blobs, the tree, and the commit.

use std::collections::{BTreeMap, BTreeSet};

use super::finish::finish;
use super::keys::{make_keys, own_files};
use super::members::NewMember;
use super::reseal::{Open, reseal};
use super::{Journal, LeftOut, MigrateError, Plan, Was, make_tree, report};
use crate::clone::OpenClone;
use crate::clone::locks::exclusive;
use crate::error::Context as _;
use crate::git::changes::changes;
use crate::git::config::install_drivers;
use crate::git::repository::Repository;
use crate::git_crypt::HeldKeys;
use crate::progress::Progress;
use crate::sanitise;
use crate::store::kept;
use crate::store::seen::Seen;

/// How many paths a refusal names.
const NAMED: usize = 10;

/// What was decided.
pub struct Work<'w> {
    /// The files and their attributes.
    pub plan: &'w Plan,
    /// The keys of git-crypt that are kept.
    pub held: &'w HeldKeys,
    /// Who becomes a member.
    pub members: &'w [NewMember],
    /// Who does not.
    pub left_out: &'w [LeftOut],
    /// The message of the commit; `None` where it is the user's to make.
    pub message: Option<String>,
}

impl Work<'_> {
    /// Does it.
    ///
    /// # Errors
    /// A file does not open or was changed, or a key cannot be granted: nothing was changed. Later: git fails, and it can be run again.
    pub(crate) fn carry_out(
        self,
        progress: &dyn Progress,
        mut opened: OpenClone,
        open: Open<'_>,
    ) -> Result<(), MigrateError> {
        let Work { plan, held, members, left_out, message } = self;
        let _exclusive = exclusive(&opened.repository, progress)?;
        refuse_changes(&opened.repository, plan)?;
        opened.keyring = kept::load(opened.repository.common_dir())?;
        make_keys(progress, &mut opened, plan)?;
        let OpenClone { repository, keyring, .. } = &opened;
        let sealed = reseal(repository, plan, keyring, open)?;
        let kinds: BTreeMap<Vec<u8>, Was> =
            sealed.iter().map(|(file, was)| (file.path.clone(), *was)).collect();
        let sealed: Vec<_> = sealed.into_iter().map(|(file, _)| file).collect();
        let own = own_files(&opened, plan, held, members)?;
        let tree = make_tree(repository, plan, &sealed, &own)?;
        // Before anything is staged: git cleans each staged file again, and must come to the same bytes.
        let of_members = members.iter().flat_map(|member| &member.keys);
        let granted =
            of_members.filter_map(|name| keyring.current(name)).map(|entry| entry.key.id());
        kept::save_granted(repository.common_dir(), keyring, &granted.collect())?;
        Seen::remember(repository.common_dir(), keyring, &[])
            .context(|| "the list of seen keys".to_owned())?;
        install_drivers(repository)?;
        let journal = Journal::begin(repository, &plan.found.head, tree, message)?;
        report::say_made(progress, plan, keyring, members);
        report::say_by_value(progress, plan);
        report::warn(progress, plan, left_out, &kinds);
        finish(progress, repository, journal)
    }
}

/// The files that are about to be sealed, or rewritten, must be as the last commit has them.
fn refuse_changes(repository: &Repository, plan: &Plan) -> Result<(), MigrateError> {
    let found = &plan.found;
    let lists = found.lists.iter().map(|new| &new.file.path);
    let attributes = plan.attributes.iter().map(|new| &new.file.path);
    let concerned: BTreeSet<&[u8]> = found
        .sealed
        .keys()
        .chain(found.sealed.values().map(|(file, _)| &file.path))
        .chain(&found.state_files)
        .chain(attributes)
        .chain(lists)
        .map(Vec::as_slice)
        .collect();
    let mut changed = Vec::new();
    for (path, _) in changes(&repository.git, false, &[], &[])? {
        if concerned.contains(path.as_slice()) && !found.is_as_committed(repository, &path)? {
            changed.push(path);
        }
    }
    if changed.is_empty() {
        return Ok(());
    }
    let some = changed.iter().take(NAMED).map(|path| sanitise::path(path)).collect();
    Err(MigrateError::Changed { number: changed.len(), some })
}
