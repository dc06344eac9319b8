//! What a plan makes of a history: files sealed, values replaced, paths left out.

mod attributes;
mod by_value;
mod lines;
mod matched;

use gix::ObjectId;

use super::plan::{Keep, Pattern, Plan, Seal, SealBy};
use super::redact::Redactor;
use super::{Changes, EntryKind, Fate, Folder, PolicyId, ScopeId, ScrubError, TextKind};
use crate::format::{self, Form, KeyId, Layout, Sniff, sniff};
use crate::git::GitError;
use crate::git::attributes_file::{MAX_LEN, Values};
use crate::git::by_value::By;
use crate::git::database::Database;
use crate::git::repository::Repository;
use crate::git::tree_attributes::FILE_NAME;
use crate::git_crypt::HeldKeys;
use crate::keyring::{Entry as KeyEntry, KeyName, Keyring};
use crate::values::{Mode, ToPublicAgain};
use attributes::CommitAttributes;
use by_value::Modes;
use lines::{Lines, planned_key};
use matched::Matched;

/// The folder of this program in every commit, which is never sealed.
const SHROUD_DIR: &[u8] = b".shroud/";
/// Files that should not be sealed.
const PLAIN: PolicyId = PolicyId(0);
/// Files that should be sealed with a key that is not held.
const LOCKED: PolicyId = PolicyId(1);
/// Files that should be sealed with the first of the keys, in the first of the layouts; its other layouts and the other keys follow.
const SEALED: u32 = 2;
/// The layouts that attributes can ask for.
const LAYOUTS: [Layout; 4] = [
    Layout { compress: true, delta: false },
    Layout { compress: false, delta: false },
    Layout { compress: true, delta: true },
    Layout { compress: false, delta: true },
];

/// A plan, ready to be carried out.
pub struct Planned<'a> {
    plan: &'a Plan,
    keyring: &'a Keyring,
    git_crypt: &'a HeldKeys,
    /// `None` where no value should be replaced.
    redactor: Option<&'a Redactor>,
    /// The names of the keys that seal.
    keys: Vec<KeyName>,
    attributes: CommitAttributes,
    today: ScopeId,
    lines: Lines,
    /// The ways of sealing by value that attributes ask for, each once.
    modes: Modes,
    /// The new tokens of values that were set without the key.
    again: ToPublicAgain,
    /// Which patterns of the plan have matched anything.
    matched: Matched,
}

impl<'a> Planned<'a> {
    /// Makes ready; the attributes of today are those of `HEAD`.
    ///
    /// # Errors
    /// `HEAD` cannot be read, or a pattern cannot be in an attributes file.
    pub fn new(
        repository: &Repository,
        plan: &'a Plan,
        keyring: &'a Keyring,
        git_crypt: &'a HeldKeys,
        redactor: Option<&'a Redactor>,
    ) -> Result<Self, ScrubError> {
        Self::at(repository, "HEAD", plan, keyring, git_crypt, redactor)
    }

    /// The same with the attributes of another commit for those of today.
    ///
    /// # Errors
    /// As [`Self::new`].
    pub fn at(
        repository: &Repository,
        commit: &str,
        plan: &'a Plan,
        keyring: &'a Keyring,
        git_crypt: &'a HeldKeys,
        redactor: Option<&'a Redactor>,
    ) -> Result<Self, ScrubError> {
        let attributes = CommitAttributes::new(repository);
        if plan.seal_by == Some(SealBy::EachCommit) {
            attributes.read_all(repository)?;
        }
        let database = Database::open(repository)?;
        let query = ["rev-parse", "-q", "--verify", &format!("{commit}^{{tree}}")];
        let (today, file) = match repository.git.query(query)? {
            Some(head) => {
                let head = ObjectId::from_hex(head.as_encoded_bytes()).map_err(GitError::read)?;
                let tree = database.tree(head)?.ok_or(ScrubError::Missing(head))?;
                let entries = gix::objs::TreeRefIter::from_bytes(&tree, head.kind());
                let entry =
                    entries.filter_map(Result::ok).find(|entry| entry.filename == FILE_NAME);
                let id =
                    entry.filter(|entry| entry.mode.is_blob()).map(|entry| entry.oid.to_owned());
                let file = match id {
                    Some(id) => database.file(id, MAX_LEN as u64)?,
                    None => None,
                };
                (attributes.scope(head)?, file)
            }
            None => {
                let empty = ObjectId::empty_tree(repository.gix.object_hash());
                (attributes.scope(empty)?, None)
            }
        };
        let by_today = plan.seal_by == Some(SealBy::Today);
        // The key of a single file is today's to say, if the plan does not.
        let key_today = |seal: &Seal| {
            let path = seal.pattern.one_file().filter(|_| seal.key.is_none())?;
            attributes.of(today, &path).ok().filter(|said| said.sealed)?.key.ok()
        };
        let mut seals = plan.seal.clone();
        for seal in &mut seals {
            seal.key = key_today(seal).or(seal.key.take());
        }
        let values_today =
            |seal: &Seal| match attributes.of(today, &seal.pattern.one_file()?).ok()?.by {
                By::Value { format, clear, .. } => Some(Values { clear, format }),
                By::Whole | By::Unknown(_) => None,
            };
        let nested = attributes.nested(today);
        let lines = Lines::new(file.as_deref(), by_today, &nested, &seals, values_today)
            .map_err(|error| ScrubError::Pattern(error.to_string()))?;
        let names = keyring.names().into_iter().filter(|name| !name.is_aside());
        let keys = names.cloned().collect();
        Ok(Self {
            plan,
            keyring,
            git_crypt,
            redactor,
            keys,
            attributes,
            today,
            lines,
            modes: Modes::default(),
            again: ToPublicAgain::default(),
            matched: Matched::new(plan),
        })
    }

    /// The patterns of the plan that have matched no path, once a history was looked at.
    pub fn idle(&self) -> Vec<&'a Pattern> {
        self.matched.idle(self.plan)
    }

    /// Whether files that nothing seals can change.
    fn changes_plain(&self) -> bool {
        self.redactor.is_some() || self.plan.rekey || self.plan.convert_git_crypt
    }

    fn is_by_path(&self) -> bool {
        self.plan.seal_by.is_some()
    }

    fn is_kept(&self, path: &[u8]) -> bool {
        let keeps = |keep: &Keep| matches!(keep, Keep::Path(pattern) if pattern.covers(path));
        self.plan.keep.iter().any(keeps)
    }

    /// Whether a file should be sealed in every commit, by the attributes of today and by the plan.
    pub fn is_to_be_sealed(&self, path: &[u8]) -> bool {
        !self.is_kept(path) && self.seals(self.today, path).is_some()
    }

    /// The policy of a file that should be sealed; `None` where it is not.
    fn seals(&self, scope: ScopeId, path: &[u8]) -> Option<PolicyId> {
        let name = path.rsplit(|&byte| byte == b'/').next().unwrap_or(path);
        if name == FILE_NAME || path.starts_with(SHROUD_DIR) {
            return None;
        }
        let scope = match self.plan.seal_by {
            Some(SealBy::EachCommit) => scope,
            _ => self.today,
        };
        let planned = planned_key(&self.plan.seal, path);
        // What cannot be looked up is a path that no worktree can have.
        let said = || self.attributes.of(scope, path).ok().filter(|said| said.sealed);
        let key = match (planned, self.plan.seal_by) {
            (Some(Some(key)), _) => Some(key.clone()),
            (Some(None), _) => {
                said().map_or_else(|| Some(KeyName::default()), |said| said.key.ok())
            }
            (None, Some(_)) => said()?.key.ok(),
            (None, None) => return None,
        };
        let Some(held) = key.and_then(|key| self.keys.iter().position(|held| *held == key)) else {
            return Some(LOCKED);
        };
        // A pattern of the plan may name what no attribute seals yet; the others count for it all the same.
        let said = self.attributes.of(scope, path).ok();
        let Some(mode) = self.modes.number(said.as_ref(), path) else { return Some(LOCKED) };
        let layout = said.map_or(Layout::default(), |said| said.layout);
        let layout = LAYOUTS.iter().position(|one| *one == layout).unwrap_or(0);
        let held = mode * self.keys.len() + held;
        let number = u32::try_from(held * LAYOUTS.len() + layout).ok();
        Some(number.map_or(LOCKED, |number| PolicyId(SEALED + number)))
    }

    /// The key of a policy that seals, and the layout.
    fn sealing(&self, policy: PolicyId) -> Option<(&KeyEntry, Layout)> {
        let at = usize::try_from(policy.0.checked_sub(SEALED)?).ok()?;
        let held = (at / LAYOUTS.len()) % self.keys.len().max(1);
        let key = self.keyring.current(self.keys.get(held)?)?;
        Some((key, LAYOUTS[at % LAYOUTS.len()]))
    }

    /// How a policy seals by value; `None` where it seals whole.
    fn mode(&self, policy: PolicyId) -> Option<Mode> {
        let at = usize::try_from(policy.0.checked_sub(SEALED)?).ok()?;
        self.modes.get(at / LAYOUTS.len() / self.keys.len().max(1))
    }

    /// A sealed file under the key that seals today under its name.
    fn resealed(
        &self,
        id: ObjectId,
        key: KeyId,
        content: &[u8],
    ) -> Result<Option<Vec<u8>>, ScrubError> {
        if !self.plan.rekey {
            return Ok(None);
        }
        let held = self.keyring.by_id(key).ok_or(ScrubError::Locked(id))?;
        let of =
            |name: &&KeyName| self.keyring.line(name).any(|entry| entry.key.id() == held.key.id());
        let current = self.keys.iter().find(of).and_then(|name| self.keyring.current(name));
        let current = current.unwrap_or(held);
        if current.key.id() == key {
            return Ok(None);
        }
        let plaintext =
            format::open(|_| Some(&held.key), content).map_err(|_| ScrubError::Damaged(id))?;
        // One blob may have many paths: it keeps the layout that it was given.
        let form = Form::of(content, content.len() as u64, plaintext.len() as u64);
        let layout = form.map_or(Layout::default(), Form::layout);
        Ok(Some(format::seal(&current.key, layout, &plaintext)))
    }

    /// What git-crypt encrypted, sealed: with this key, else with that of the same name, else with the default.
    fn converted(
        &self,
        id: ObjectId,
        content: &[u8],
        sealing: Option<(&KeyEntry, Layout)>,
    ) -> Result<Option<Vec<u8>>, ScrubError> {
        let rekeys = self.plan.rekey && !self.git_crypt.is_empty();
        if !self.plan.convert_git_crypt && !rekeys {
            return Ok(None);
        }
        let (name, _, plaintext) =
            self.git_crypt.open(None, content).map_err(|error| match error {
                crate::git_crypt::OpenError::Mismatch => ScrubError::Locked(id),
                _ => ScrubError::Damaged(id),
            })?;
        let same = || self.keyring.current(&name.as_str().parse().ok()?);
        let (key, layout) =
            sealing.map_or((None, Layout::default()), |(key, layout)| (Some(key), layout));
        let key = key.or_else(same).or_else(|| self.keyring.current(&KeyName::default()));
        let key = key.ok_or(ScrubError::Locked(id))?;
        Ok(Some(format::seal(&key.key, layout, &plaintext)))
    }
}

impl Changes for Planned<'_> {
    fn scope(&self, root: ObjectId) -> Result<ScopeId, ScrubError> {
        match self.plan.seal_by {
            Some(SealBy::EachCommit) => self.attributes.scope(root),
            _ => Ok(self.today),
        }
    }

    fn folder(&self, _scope: ScopeId, path: &[u8]) -> Folder {
        let kept = self.plan.keep.iter().filter_map(|keep| match keep {
            Keep::Path(pattern) => Some(pattern),
            Keep::Value(_) => None,
        });
        let seals = self.plan.seal.iter().map(|seal| &seal.pattern);
        let mut patterns = seals.chain(&self.plan.drop).chain(kept);
        if self.is_by_path() || patterns.any(|pattern| pattern.reaches(path)) {
            Folder::ByPath
        } else if self.changes_plain() {
            Folder::Alike(Fate::Content(PLAIN))
        } else {
            Folder::Untouched
        }
    }

    fn at(&self, scope: ScopeId, path: &[u8], kind: EntryKind) -> Fate {
        let is_file = matches!(kind, EntryKind::File | EntryKind::Executable);
        self.matched.note(self.plan, path, is_file);
        if self.is_kept(path) {
            return Fate::Keep;
        }
        if self.plan.drop.iter().any(|pattern| pattern.covers(path)) {
            return Fate::Drop;
        }
        match (kind, is_file.then(|| self.seals(scope, path)).flatten()) {
            (EntryKind::Submodule, _) => Fate::Keep,
            (_, Some(policy)) => Fate::Content(policy),
            (_, None) if self.changes_plain() => Fate::Content(PLAIN),
            (_, None) => Fate::Keep,
        }
    }

    fn pathless(&self) -> Fate {
        if self.changes_plain() { Fate::Content(PLAIN) } else { Fate::Keep }
    }

    fn blob(
        &self,
        policy: PolicyId,
        id: ObjectId,
        content: &[u8],
    ) -> Result<Option<Vec<u8>>, ScrubError> {
        match (sniff(content), policy) {
            (Sniff::Sealed(key), _) => self.resealed(id, key, content),
            (Sniff::GitCrypt, _) => self.converted(id, content, self.sealing(policy)),
            (Sniff::NotSealed, _) => self.not_whole(policy, id, content),
            // What is damaged or of a later version cannot be told apart from what somebody needs.
            (Sniff::Empty | Sniff::Truncated | Sniff::UnsupportedVersion(_), _) => Ok(None),
        }
    }

    fn text(&self, what: TextKind, text: &[u8]) -> Option<Vec<u8>> {
        let redactor = self.redactor?;
        let new = match what {
            TextKind::FileName | TextKind::SymlinkTarget | TextKind::RefName => redactor.name(text),
            TextKind::Message | TextKind::Person | TextKind::Header | TextKind::Reflog => {
                redactor.text(text)
            }
        };
        // A text that cannot be cleared is found again by the search afterwards.
        new.ok().flatten()
    }

    fn attributes(&self, text: Option<&[u8]>) -> Option<Vec<u8>> {
        self.lines.added(text)
    }

    fn has_attributes(&self) -> bool {
        !self.lines.is_empty()
    }
}
