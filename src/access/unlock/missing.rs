//! Keys that were granted: unwrapping them by what the user has.

use std::collections::BTreeSet;
use std::path::PathBuf;

use zeroize::Zeroizing;

use super::UnlockError;
use super::unwrap::Unwrapper;
use super::unwrapped::{Attempt, Granted, Unwrapped};
use crate::access::given::load_seen;
use crate::access::given::trust::{Evidence, adopt, take_out_of_date};
use crate::clone::OpenClone;
use crate::clone::roster::MemberFile;
use crate::error::Context as _;
use crate::format::KeyId;
use crate::fs::read_bounded;
use crate::git::last_changes::last_change;
use crate::git::repository::Repository;
use crate::git::user_commands::user_commands;
use crate::keyring::{KeyName, MAX_TEXT_LEN};
use crate::progress::Progress;
use crate::recipient::identities::{Holder, Identities};
use crate::recipient::{Ask, Recipient};
use crate::store::shroud_dir::{File, KeyInfo};

/// How many members are named where a key stays locked.
const NAMED: usize = 12;

/// By what a key is unwrapped
#[derive(Clone, Default, clap::Args)]
pub struct IdentityArguments {
    /// A file of age identities, or an SSH private key
    #[arg(long = "identity", short = 'i', value_name = "FILE")]
    identities: Vec<PathBuf>,
    /// An OpenPGP secret key, used without gpg (also from GIT_SHROUD_OPENPGP_KEY)
    #[arg(long = "secret-key", value_name = "FILE")]
    secret_keys: Vec<PathBuf>,
    /// Allow an RSA key for --secret-key, although the time of its decryption depends on the key (RUSTSEC-2023-0071)
    #[arg(long)]
    allow_rsa: bool,
    /// Private keys that were read already, each with the place that it comes from
    #[arg(skip)]
    read: Vec<(String, Zeroizing<Vec<u8>>)>,
}

impl IdentityArguments {
    /// The same with private keys that were read already.
    pub fn with(&self, read: Vec<(String, Zeroizing<Vec<u8>>)>) -> Self {
        Self { read, ..self.clone() }
    }

    /// What opens OpenPGP messages.
    pub fn gather_openpgp(
        &self,
        progress: &dyn Progress,
        repository: &Repository,
    ) -> Result<Identities, UnlockError> {
        let mut identities = self.given()?;
        identities.find_gpg(repository.gpg_program().as_deref());
        if identities.gpg.is_none() {
            progress.detail("left out: gpg is not installed");
        }
        Ok(identities)
    }

    /// The identities that were named.
    ///
    /// # Errors
    /// One cannot be used.
    pub fn gather_age(&self) -> Result<Identities, UnlockError> {
        self.given()
    }

    /// What was named must be usable.
    fn given(&self) -> Result<Identities, UnlockError> {
        let mut identities = Identities::default();
        identities.allow_rsa = self.allow_rsa;
        for path in &self.identities {
            identities.add_file(path)?;
        }
        for path in &self.secret_keys {
            let bytes = read_bounded(path, MAX_TEXT_LEN).context(|| "the secret key".to_owned())?;
            identities.add_secret_key(&bytes, &crate::sanitise::native(path))?;
        }
        for (place, bytes) in &self.read {
            identities.add_private_key(bytes, place)?;
        }
        identities.add_from_environment()?;
        Ok(identities)
    }
}

/// What came of it.
pub struct UnwrappedKeys {
    /// The ids of the keys that are new.
    pub added: BTreeSet<KeyId>,
    /// The keys that stay locked.
    pub locked: Vec<Locked>,
}

/// A key that nothing on this machine opens.
pub struct Locked {
    name: KeyName,
    /// The first of them.
    members: Vec<String>,
    /// How many there are besides.
    more: usize,
    /// Whether some are of OpenPGP, and gpg is not there.
    lacks_gpg: bool,
    /// What the first member file of a newer program says of itself.
    newer: Option<String>,
    attempts: Vec<Attempt>,
}

/// What the user has confirmed, as what is in `.shroud/` is only proposed.
#[derive(Clone, Copy)]
pub struct Confirmed<'c> {
    /// Ids that were compared with a colleague.
    pub ids: &'c [KeyId],
    /// Names of keys that are new to this clone.
    pub names: &'c [KeyName],
}

/// Unwraps every key that is described and not held.
pub fn unwrap_missing(
    progress: &dyn Progress,
    opened: &mut OpenClone,
    arguments: &IdentityArguments,
    confirmed: Confirmed<'_>,
    ask: Ask<'_>,
) -> Result<UnwrappedKeys, UnlockError> {
    let mut done = UnwrappedKeys { added: BTreeSet::new(), locked: Vec::new() };
    let missing: Vec<KeyInfo> = opened
        .roster
        .infos
        .values()
        .filter(|info| opened.keyring.by_id(info.id).is_none())
        .cloned()
        .collect();
    if missing.is_empty() {
        return Ok(done);
    }
    let mut keys = Vec::new();
    for info in missing {
        let members = opened.roster.members(&opened.repository, &info.name)?;
        keys.push((info, members));
    }
    let identities = gather(progress, &opened.repository, arguments, &keys)?;
    let seen = load_seen(&opened.repository)?;
    let is_fresh = seen.is_empty() && opened.keyring.is_empty();
    // A key that was set aside came under a grant that was out of date: its name is known all the same.
    let held: Vec<KeyName> = opened.keyring.names().into_iter().cloned().collect();
    let is_seen = |name: &KeyName| {
        seen.newest(name).is_some()
            || held.iter().any(|held| held == name || held.is_aside_of(name))
    };
    let mut unwrapper = Unwrapper::new(&identities, &keys);
    for (at, (info, members)) in keys.iter().enumerate() {
        let mut attempts = Vec::new();
        let unwrapped = unwrapper.unwrap(at, ask, &mut attempts);
        for Attempt { label, by, why, .. } in &attempts {
            progress.detail(&format!("key '{}', member '{label}', {by}: {why}", info.name));
        }
        let Some(Unwrapped { entry, label, by }) = unwrapped else {
            let has_gpg = identities.gpg.is_some();
            done.locked.push(Locked::new(info.name.clone(), members, has_gpg, attempts));
            continue;
        };
        let id = entry.key.id();
        progress.detail(&format!("key '{}', member '{label}': opened by {by}", info.name));
        if !is_fresh
            && !is_seen(&info.name)
            && !confirmed.names.contains(&info.name)
            && !confirmed.ids.contains(&id)
        {
            say_new(progress, opened, info, &label)?;
            continue;
        }
        say_who_granted(progress, opened, &info.name, &label)?;
        if id == info.id {
            let OpenClone { repository, keyring, .. } = &mut *opened;
            let evidence = Evidence { repository, seen: &seen, trusted: confirmed.ids };
            done.added.extend(adopt(&evidence, keyring, info, entry)?);
            warn_of_failed_mac(progress, opened, info, members, &label);
        } else {
            // An earlier generation: it opens the files of its time, and seals nothing.
            if take_out_of_date(&mut opened.keyring, entry)? {
                done.added.insert(id);
            }
            progress.warning(&format!(
                "your grant for key '{}' is out of date: it opens only an earlier generation",
                info.name
            ));
            progress.hint(&format!(
                "ask a member to run: git shroud member renew {label} --key {}",
                info.name
            ));
        }
    }
    Ok(done)
}

/// Of what was not named, only what fits a member is taken.
fn gather(
    progress: &dyn Progress,
    repository: &Repository,
    arguments: &IdentityArguments,
    keys: &[Granted],
) -> Result<Identities, UnlockError> {
    let mut identities = arguments.given()?;
    let recipients: Vec<&Recipient> = keys
        .iter()
        .flat_map(|(_, members)| members)
        .filter_map(|file| Some(&file.member.as_ref().ok()?.recipient))
        .collect();
    for left_out in identities
        .find(&recipients, repository.gpg_program().as_deref(), || user_commands(repository))
    {
        progress.detail(&format!("left out: {left_out}"));
    }
    for file in &identities.looked {
        progress.detail(&format!("looked at {file}"));
    }
    if identities.looked.is_empty() {
        progress
            .detail("no file in the usual places is an age identity, or an SSH key of a member");
    }
    Ok(identities)
}

/// A key of a name that this clone has never seen: a second grant, or a key of anybody who can push.
fn say_new(
    progress: &dyn Progress,
    opened: &OpenClone,
    info: &KeyInfo,
    label: &str,
) -> Result<(), UnlockError> {
    let (name, id) = (&info.name, info.id);
    let path = File::Member(name.clone(), label.to_owned()).path();
    let by = last_change(&opened.repository, &path)?;
    let by = by.unwrap_or_else(|| "not committed yet".to_owned());
    progress.warning(&format!(
        "the key '{name}' (id {id}) is new to this clone, so it was not taken; it is granted to '{label}' ({path}: {by})"
    ));
    progress.hint(&format!("if your team made it: git shroud unlock --new-key {name}"));
    Ok(())
}

/// Anybody who has pushed last to a member's file may have granted it, or swapped it.
fn say_who_granted(
    progress: &dyn Progress,
    opened: &OpenClone,
    name: &KeyName,
    label: &str,
) -> Result<(), UnlockError> {
    let path = File::Member(name.clone(), label.to_owned()).path();
    let by = last_change(&opened.repository, &path)?;
    let by = by.unwrap_or_else(|| "not committed yet".to_owned());
    progress.status(&format!("opened key '{name}' as member '{label}' ({path}: {by})"));
    Ok(())
}

fn warn_of_failed_mac(
    progress: &dyn Progress,
    opened: &OpenClone,
    info: &KeyInfo,
    members: &[MemberFile],
    label: &str,
) {
    let file = members.iter().find(|file| file.stem == label);
    if file.is_some_and(|file| file.standing(Some(info), &opened.keyring).is_bad()) {
        progress.warning(&format!(
            "the mac of member '{label}' fails: somebody without the key changed the file"
        ));
    }
}

impl Locked {
    fn new(name: KeyName, members: &[MemberFile], has_gpg: bool, attempts: Vec<Attempt>) -> Self {
        let describe = |file: &MemberFile| match &file.member {
            Ok(member) => format!("{} ({})", file.stem, member.recipient.brief()),
            Err(_) => {
                let why = match (file.is_newer, file.is_missing) {
                    (true, _) => "written by a newer git-shroud",
                    (_, true) => "its file is not in this clone",
                    _ => "malformed",
                };
                format!("{} ({why})", crate::sanitise::line(&file.stem))
            }
        };
        let newer = members.iter().find(|file| file.is_newer);
        let newer = newer.and_then(|file| file.member.as_ref().err().cloned());
        let is_openpgp = |file: &MemberFile| {
            file.member
                .as_ref()
                .is_ok_and(|one| one.recipient.method().kind().holder() == Holder::Gpg)
        };
        let lacks_gpg = !has_gpg && members.iter().any(is_openpgp);
        let named = members.iter().take(NAMED).map(describe).collect();
        let more = members.len().saturating_sub(NAMED);
        Self { name, members: named, more, lacks_gpg, newer, attempts }
    }

    /// Which key, who could grant it, and what was tried.
    pub fn say(&self, progress: &dyn Progress) {
        let mut members = self.members.join(", ");
        if self.more > 0 {
            members.push_str(&format!(" and {} more", self.more));
        }
        if members.is_empty() {
            members = "it is granted to nobody".to_owned();
        }
        progress.status(&format!("key '{}' stays locked; members: {members}", self.name));
        if let Some(newer) = &self.newer {
            progress.status(&format!("  {newer}"));
        }
        let mut hints = BTreeSet::new();
        for Attempt { label, by, why, hint } in self.attempts.iter().take(NAMED) {
            progress.status(&format!("  tried '{label}' by {by}: {why}"));
            hints.extend(*hint);
        }
        if let Some(more @ 1..) = self.attempts.len().checked_sub(NAMED) {
            progress.status(&format!("  tried {more} more without success"));
        }
        if self.lacks_gpg {
            progress
                .status("  gpg is not installed, so grants to OpenPGP certificates were not tried");
            hints.insert("install GnuPG, or give the secret key: --secret-key FILE");
        }
        hints.into_iter().for_each(|hint| progress.hint(hint));
    }
}
