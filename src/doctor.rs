//! Every check that explains a set-up that does not work, each with its remedy.

mod attributes;
mod by_value;
mod commands;
mod cut_off;
mod drivers;
mod files_of_keys;
mod git_crypt;
mod gpg;
mod members;
mod places_of_keys;

pub use cut_off::remove_left;

use std::collections::BTreeSet;
use std::path::Path;

use time::{Duration, OffsetDateTime};

use crate::access::given::generations::find_dropped;
use crate::clone::sealing::refused_keys;
use crate::clone::{RESTORE, Roster, write_only};
use crate::git::attributes_file::AttributesFile;
use crate::git::config::has_own_drivers;
use crate::git::repository::Repository;
use crate::git::{hooks, jujutsu};
use crate::git_crypt::{HeldKeys, Name};
use crate::keyring::Keyring;
use crate::status::{Known, State, find_undeltad, survey};
use crate::store::{backup, local, locked_worktree};

/// After this time a backup is worth another look.
const MAX_BACKUP_AGE: Duration = Duration::days(180);

/// How serious a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// As it should be.
    Ok,
    /// Works, but not as well or as safely as it could.
    Advice,
    /// Does not work, or leaks.
    Problem,
}

/// The outcome of one check.
#[derive(Clone, Debug, serde::Serialize)]
pub struct Finding {
    /// Which check; stable.
    pub check: &'static str,
    /// How serious it is.
    pub severity: Severity,
    /// What was found.
    pub message: String,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remedy: Option<String>,
}

/// What is examined.
pub struct Patient<'p> {
    /// The repository.
    pub repository: &'p Repository,
    /// The keys that are held.
    pub keyring: &'p Keyring,
    /// The keys of git-crypt that are held.
    pub git_crypt: &'p HeldKeys,
    /// The keys of git-crypt that attributes name.
    pub git_crypt_names: BTreeSet<Name>,
    /// What `.shroud/` says.
    pub roster: &'p Roster,
}

impl Patient<'_> {
    /// Whether git-crypt encrypts here, and nothing is set up for this program's own keys.
    fn is_git_crypt_alone(&self) -> bool {
        let roster = self.roster;
        self.keyring.is_empty()
            && roster.infos.is_empty()
            && roster.malformed.is_empty()
            && !(self.git_crypt.is_empty() && self.git_crypt_names.is_empty())
    }
}

/// Runs every check.
pub fn examine(patient: &Patient<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    findings.extend(drivers::program());
    if let Some(finding) = not_set_up(patient) {
        // Guards scan for secrets without anything else being set up.
        let lacking = hooks::lacking(patient.repository);
        if lacking.is_ok_and(|lacking| lacking.missing.len() < hooks::NAMES.len()) {
            findings.push(guards(patient));
        }
        findings.push(finding);
        return findings;
    }
    findings.push(guards(patient));
    findings.extend(configuration(patient));
    if !patient.is_git_crypt_alone() {
        findings.push(drivers::examine(patient));
        findings.extend(drivers::start_elsewhere(patient.repository));
        findings.extend(keys(patient));
        findings.extend(members::examine(patient));
        findings.extend(gpg::examine(patient));
        findings.extend(commands::examine(patient));
        findings.extend(attributes::examine(patient));
    }
    findings.extend(attributes::own_files(patient));
    findings.extend(git_crypt::examine(patient));
    findings.extend(files(patient));
    findings.extend(cut_off::examine(patient));
    findings
}

/// A repository in which nothing of this program or of git-crypt should be seen has one problem, and not one for each part.
fn not_set_up(patient: &Patient<'_>) -> Option<Finding> {
    let roster = patient.roster;
    let is_bare = patient.keyring.is_empty()
        && roster.infos.is_empty()
        && roster.malformed.is_empty()
        && roster.missing.is_none()
        && patient.git_crypt.is_empty()
        && patient.git_crypt_names.is_empty()
        && !has_own_drivers(patient.repository);
    let has_lines = patient.repository.worktree.as_ref().is_some_and(|top| {
        let file = AttributesFile::read(&top.join(".gitattributes"));
        file.is_ok_and(|file| file.macro_has_tripwire().is_some() || !file.tracked().is_empty())
    });
    (is_bare && !has_lines).then(|| {
        problem(
            "set-up",
            "git-shroud was never set up in this repository",
            "run 'git shroud init', or check out a branch that has the folder .shroud",
        )
    })
}

fn ok(check: &'static str, message: impl Into<String>) -> Finding {
    Finding { check, severity: Severity::Ok, message: message.into(), remedy: None }
}

fn advice(check: &'static str, message: impl Into<String>, remedy: impl Into<String>) -> Finding {
    let remedy = Some(remedy.into());
    Finding { check, severity: Severity::Advice, message: message.into(), remedy }
}

fn problem(check: &'static str, message: impl Into<String>, remedy: impl Into<String>) -> Finding {
    Finding { severity: Severity::Problem, ..advice(check, message, remedy) }
}

/// The hooks that look at what is committed and pushed. Hooks of other tools may run the same checks unseen.
fn guards(patient: &Patient<'_>) -> Finding {
    let lacking = match hooks::lacking(patient.repository) {
        Ok(lacking) => lacking,
        Err(error) => return advice("guards", error.to_string(), "git config core.hooksPath"),
    };
    let text = if !lacking.missing.is_empty() {
        format!("no git-shroud hook checks commits here: {}", lacking.missing.join(", "))
    } else if !lacking.outdated.is_empty() {
        let outdated = lacking.outdated.join(", ");
        format!("these hooks are from another version of git-shroud: {outdated}")
    } else {
        return ok("guards", "hooks check commits and pushes here");
    };
    advice("guards", text, "git shroud hooks install")
}

/// Settings of git that store plaintext, or cost time.
fn configuration(patient: &Patient<'_>) -> Vec<Finding> {
    let config = patient.repository.gix.config_snapshot();
    let mut findings = Vec::new();
    if config.boolean("diff.shroud.cachetextconv") == Some(true) {
        findings.push(problem(
            "cachetextconv",
            "diff.shroud.cachetextconv makes git store decrypted text in refs/notes/textconv",
            "git config --unset diff.shroud.cachetextconv; then 'git shroud lock', which removes the notes",
        ));
    }
    let rr_cache = patient.repository.common_dir().join("rr-cache");
    if config.boolean("rerere.enabled").unwrap_or_else(|| rr_cache.is_dir()) {
        findings.push(advice(
            "rerere",
            "rerere is on: git stores the plaintext of conflicts in rr-cache",
            "git config rerere.enabled false; 'git shroud lock' clears rr-cache",
        ));
    }
    if jujutsu::is_used(patient.repository) {
        let is_locked = patient.keyring.is_empty() && patient.git_crypt.is_empty();
        findings.push(match is_locked {
            true => ok("jj", "jj is used in this folder, and this clone is locked: keep it so"),
            false => problem("jj", jujutsu::WARNING, jujutsu::HINT),
        });
    }
    findings
}

fn keys(patient: &Patient<'_>) -> Vec<Finding> {
    let mut findings: Vec<_> = locked_worktrees(patient.repository).collect();
    let common_dir = patient.repository.common_dir();
    findings.extend(places_of_keys::examine(patient));
    findings.extend(files_of_keys::keyring(common_dir));
    findings.extend(backups(patient));
    let refused = refused_keys(patient.repository, patient.roster, patient.keyring);
    let dropped =
        find_dropped(patient.repository, patient.roster, patient.keyring).unwrap_or_default();
    for (name, info) in &patient.roster.infos {
        if let Some(earlier) = dropped.iter().find(|earlier| earlier.name == *name) {
            findings.push(problem("key", earlier.describe(), earlier.step_back()));
            continue;
        }
        let refusal = refused.iter().find(|(refused, _)| refused == name);
        match patient.keyring.by_id(info.id) {
            Some(held) if info.is_authentic(&held.key) && let Some((_, why)) = refusal => {
                findings.push(problem("key", why.to_string(), why.hint().unwrap_or(RESTORE)));
            }
            Some(held) if info.is_authentic(&held.key) => {
                findings.push(ok("key", format!("key '{name}' generation {} is held", info.generation)));
            }
            Some(held) if info.public.is_some_and(|public| public != held.key.public()) => {
                findings.push(problem(
                    "key",
                    format!(
                        "the public key in .shroud/{name}/key.toml is not that of the key '{name}': whoever put it there can read what people without the key set"
                    ),
                    RESTORE,
                ));
            }
            Some(held) if info.lacks_public_key_of(&held.key) => findings.push(problem(
                "key",
                format!(
                    "somebody without the key '{name}' has taken its public key out of .shroud/{name}/key.toml, so that nobody else can set values"
                ),
                RESTORE,
            )),
            Some(_) => findings.push(problem(
                "key",
                format!("somebody without the key changed .shroud/{name}/key.toml"),
                RESTORE,
            )),
            None if patient.keyring.current(name).is_some() => findings.push(problem(
                "key",
                format!("the held key '{name}' is not the one in .shroud/{name}/key.toml"),
                "get the current key with 'git shroud unlock'; 'git log -p -- .shroud' shows who changed it",
            )),
            None if let Some((_, why)) = refusal => {
                findings.push(problem("key", why.to_string(), why.hint().unwrap_or(RESTORE)));
            }
            None if let Some(why) = write_only::refusal(patient.repository, info) => {
                findings.push(problem("key", why.to_string(), why.hint()));
            }
            None => findings.push(ok("key", format!("key '{name}' is not held: its files stay sealed"))),
        }
    }
    for why in patient.roster.malformed.values() {
        findings.push(problem("key", why.clone(), RESTORE));
    }
    if patient.roster.infos.is_empty() && patient.roster.malformed.is_empty() {
        findings.push(problem(
            "key",
            "this worktree has no .shroud folder, so no clone knows the keys",
            "run 'git shroud init', or check out a branch that has it",
        ));
    }
    findings
}

/// The worktrees that are locked by themselves.
fn locked_worktrees(repository: &Repository) -> impl Iterator<Item = Finding> {
    // One whose mark cannot be looked at is told elsewhere.
    let is_locked =
        |git_dir: &Path| locked_worktree::look(git_dir).is_ok_and(|is_locked| is_locked);
    let own = repository.gix.git_dir().to_owned();
    let here = is_locked(&own)
        .then(|| "no key in this worktree is used: it is locked by itself".to_owned());
    let others = repository.all_worktrees().unwrap_or_default().into_iter().filter_map(move |of| {
        let git_dir = of.gix.git_dir();
        let top = of.worktree.as_ref().filter(|_| git_dir != own && is_locked(git_dir))?;
        Some(format!("the worktree {} is locked", crate::sanitise::native(top)))
    });
    here.into_iter().chain(others).map(|text| ok("locked-worktree", text))
}

/// Whether each current key has a copy elsewhere, and when that was last seen to work.
fn backups(patient: &Patient<'_>) -> Vec<Finding> {
    let common_dir = patient.repository.common_dir();
    let copied = local::copied(common_dir).unwrap_or_default();
    let verified = backup::verified(common_dir).unwrap_or_default();
    let verify = "verify your backup: git shroud key export --verify FILE";
    let mut findings = Vec::new();
    for entry in patient.keyring.entries() {
        let (name, id) = (&entry.name, entry.key.id());
        // A copy of the current key brings the earlier ones along.
        let current = patient.keyring.current(name);
        if current.is_some_and(|current| current.generation > entry.generation) {
            continue;
        }
        if !copied.contains(&id) {
            findings.push(advice(
                "backup",
                format!("the key '{name}' was made here and never exported: if you lose this clone, you lose every file that the key sealed"),
                "git shroud key export -o FILE, and store the file elsewhere",
            ));
            continue;
        }
        let last = verified.iter().filter(|known| known.id == id).max_by_key(|known| known.date);
        findings.push(match last {
            None => advice(
                "backup",
                format!("no backup of the key '{name}' was ever verified here"),
                verify,
            ),
            Some(last) => {
                let age = OffsetDateTime::now_utc() - last.date;
                let (date, kind) = (last.date.date(), last.kind.name());
                let message = format!("last verified backup of the key '{name}': {date} ({kind})");
                if age > MAX_BACKUP_AGE {
                    advice("backup", message, verify)
                } else {
                    ok("backup", message)
                }
            }
        });
    }
    findings
}

fn files(patient: &Patient<'_>) -> Vec<Finding> {
    let Roster { infos, missing, .. } = patient.roster;
    let known = Known {
        keyring: patient.keyring,
        git_crypt: patient.git_crypt,
        infos,
        missing: missing.as_deref(),
    };
    let files = match survey(patient.repository, &known, None) {
        Ok(files) => files,
        Err(error) => {
            return vec![problem("files", error.to_string(), "look at the output of git fsck")];
        }
    };
    let mut findings = Vec::new();
    let in_doubt: Vec<_> = files.iter().filter_map(attributes::in_doubt).collect();
    findings.extend(attributes::few(in_doubt));
    for file in &files {
        let State::Conversion(why) = &file.state else { continue };
        findings.push(problem(
            "attribute-conflict",
            format!("{}: {why} would make git change the sealed bytes", crate::sanitise::path(&file.path)),
            "move the line that tracks the path below that line, or end it with '-text -ident -working-tree-encoding'",
        ));
    }
    let unknown = files.iter().filter(|file| file.state.is_unknown()).count();
    if unknown > 0 {
        let count = crate::error::count(unknown as u64, "file");
        let message = format!("nothing is known about {count}: the blobs are not in this clone");
        findings.push(advice("files", message, "'git checkout' fetches them"));
    }
    findings.extend(by_value::examine(patient, &files));
    let undeltad = find_undeltad(patient.repository, &files).unwrap_or_default();
    findings.extend(undeltad.into_iter().map(|one| advice("delta", one.what, one.remedy)));
    let is_bad = |state: &State| {
        !state.is_good()
            && !state.is_unknown()
            && !matches!(state, State::Conversion(_) | State::Conflict(_))
    };
    let bad = files.iter().filter(|file| is_bad(&file.state)).count();
    if bad > 0 {
        let count = crate::error::count(bad as u64, "file");
        findings.push(problem(
            "files",
            format!("{count} that should be sealed need attention"),
            "run 'git shroud status'",
        ));
    } else if findings.iter().all(|finding| finding.severity == Severity::Ok) {
        findings.push(ok(
            "files",
            format!(
                "nothing is wrong with {}",
                crate::error::count(files.len() as u64, "tracked file")
            ),
        ));
    }
    findings
}
