//! `git shroud status`

use std::collections::BTreeMap;
use std::ffi::OsString;

use serde::Serialize;

use super::member::report_problems;
use super::track::{restage_failed, seal_blobs};
use super::{Context, Opened, show};
use crate::access::{Author, Keys, find_unopened, last_authors, refused_keys, restage_git_crypt};
use crate::error::{CommandError, Outcome};
use crate::git::GitError;
use crate::git::command::Git;
use crate::git_crypt::Name;
use crate::status::{FileStatus, GitCryptState, State, expand_pathspecs, survey};
use crate::store::local;
use crate::ui::{Style, count};

/// For each file that should be sealed: what the repository really holds
///
/// Judges by the blobs in the index, needs no key to do so, and reads nothing from other repositories. Files whose key is
/// held are opened, so that a damaged one is found. Exit status 1 if any file is not as it should be, 3 if a blob is not
/// here.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  $ git shroud status
  $ git shroud status --fix
  $ git shroud status --json secrets

States: sealed, empty (stands for itself), plaintext-in-head, plaintext-in-index, retired-key, other-key, unknown-key,
damaged, attribute-conflict, bad-key-name, not-tracked (sealed, but no attribute says so), git-crypt (encrypted by
git-crypt at a path of this program's), unmerged, missing (not in this clone). Of files that git-crypt encrypts: encrypted,
double-encrypted, and those of the above that they can have.")]
pub struct Status {
    /// Only files that match these pathspecs
    paths: Vec<OsString>,
    /// Seal what is in the clear or sealed with an earlier generation of its key, and stage it
    #[arg(long)]
    fix: bool,
    /// With --fix: also move files to the key that their attribute says, from a key of another name that seals them
    #[arg(long, requires = "fix")]
    rekey: bool,
    /// Print JSON: {"files": [{"path", "state", "key", "generation"?, "detail"?}]}
    #[arg(long, conflicts_with = "nul")]
    json: bool,
    /// Print 'STATE PATH', each with a NUL behind it, and quote nothing
    #[arg(short = 'z')]
    nul: bool,
}

#[derive(Serialize)]
struct JsonStatus {
    files: Vec<JsonFile>,
}

#[derive(Serialize)]
struct JsonFile {
    path: String,
    state: &'static str,
    key: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    generation: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<String>,
}

impl Status {
    pub(crate) fn run(self, context: &Context) -> Outcome {
        // A description that cannot be read is named below, and keeps nothing from being said of the other keys.
        let opened = context.open_anyway()?;
        opened.top()?;
        let only = match self.paths.as_slice() {
            [] => None,
            paths => Some(expand_pathspecs(&Git::new(&context.dir).with_users_pathspecs(), paths)?),
        };
        let known = opened.known();
        let mut files = survey(&opened.repository, &known, only.as_ref())?;
        if self.fix {
            let fixable: Vec<FileStatus> = files
                .iter()
                .filter(|file| {
                    let moves = self.rekey && file.state.moves_to_another_key();
                    (file.state.is_fixable() || moves)
                        && file.git_crypt.is_none()
                        && !opened.roster.malformed.contains_key(&file.key)
                })
                .cloned()
                .collect();
            let of_git_crypt: Vec<&FileStatus> = files
                .iter()
                .filter(|file| file.state.is_fixable() && file.git_crypt.is_some())
                .collect();
            let fixed = (fixable.len() + of_git_crypt.len()) as u64;
            if fixed > 0 {
                if !fixable.is_empty() {
                    name_authors(context, &opened, &fixable)?;
                    seal_blobs(&opened, &fixable)?;
                }
                restage_git_crypt(&opened.repository, &opened.git_crypt, &of_git_crypt)
                    .map_err(restage_failed)?;
                context.ui.status(format!("sealed and staged {}", count(fixed, "file")));
                files = survey(&opened.repository, &known, only.as_ref())?;
            }
        }
        if self.json {
            let json = JsonStatus { files: files.iter().map(to_json).collect() };
            context.ui.json(&json);
        } else if self.nul {
            for file in &files {
                let record = [file.state.name().as_bytes(), b" ", &file.path, b"\0"].concat();
                context.ui.bytes(&record);
            }
        } else {
            print(context, &files);
        }
        warn_of_unopened(context, &opened)?;
        let found = outcome(context, &files);
        found.and(report_problems(context, &opened)).and(report_refused(context, &opened))
    }
}

/// Says who wrote what is about to be sealed anew: that makes it look current.
fn name_authors(context: &Context, opened: &Opened, files: &[FileStatus]) -> Outcome {
    let sealed = |file: &&FileStatus| {
        matches!(
            file.state,
            State::Retired { .. } | State::OtherKey { .. } | State::Undescribed { .. }
        )
    };
    let paths: Vec<_> = files.iter().filter(sealed).map(|file| file.path.clone()).collect();
    for Author { commit, paths } in last_authors(&opened.repository, &paths)? {
        context.ui.status(format!(
            "commit {commit} changed {} of these, first {}",
            count(paths.len() as u64, "file"),
            show(&paths[0])
        ));
    }
    Ok(())
}

/// Names the keys that seal nothing, as somebody has put an earlier description back.
fn report_refused(context: &Context, opened: &Opened) -> Outcome {
    let refused = refused_keys(&opened.repository, &opened.roster, &opened.keyring);
    for (_, why) in &refused {
        context.ui.warning(why.to_string());
        if let Some(hint) = why.hint() {
            context.ui.hint(hint);
        }
    }
    if refused.is_empty() { Ok(()) } else { Err(CommandError::found()) }
}

/// As after an unlock that was cut off. Keys of the environment open no worktree as a whole.
fn warn_of_unopened(context: &Context, opened: &Opened) -> Outcome {
    let held = local::load(opened.repository.common_dir()).unwrap_or_default();
    let keys = Keys { shroud: &held, git_crypt: &opened.git_crypt };
    let unopened = find_unopened(&opened.repository, keys)?;
    if unopened > 0 {
        context.ui.warning(format!(
            "{} still sealed in the worktree, although the key is held",
            count(unopened, "file")
        ));
        context.ui.hint("git shroud unlock opens what a run that was cut off has left");
    }
    Ok(())
}

fn outcome(context: &Context, files: &[FileStatus]) -> Outcome {
    let missing = files.iter().filter(|file| file.state.is_unknown()).count() as u64;
    let bad = files.iter().filter(|file| !file.state.is_good()).count() as u64 - missing;
    if files.iter().any(|file| file.state.is_fixable()) {
        context.ui.hint("'git shroud status --fix' seals these files and stages them");
    }
    if files.iter().any(|file| file.state.moves_to_another_key()) {
        context.ui.hint(
            "'git shroud why PATH' shows who named another key; if that is right, 'git shroud status --fix --rekey' moves the files to it",
        );
    }
    if bad > 0 {
        return Err(CommandError::found());
    }
    let attributes = files.iter().find_map(|file| match &file.state {
        State::NotHere(attributes) => Some(attributes.clone()),
        _ => None,
    });
    if let Some(attributes) = attributes {
        return Err(GitError::NotHere(attributes).into());
    }
    if missing > 0 {
        return Err(CommandError::incomplete(format!(
            "{} not in this clone, so nothing is known of them",
            count(missing, "blob")
        ))
        .hint("'git checkout' or 'git fetch --refetch --no-filter' brings them here"));
    }
    Ok(())
}

fn print(context: &Context, files: &[FileStatus]) {
    if files.is_empty() {
        context.ui.status("no file here is tracked for sealing");
        context.ui.hint("git shroud track PATTERN");
        return;
    }
    let width = files.iter().map(|file| file.state.name().len()).max().unwrap_or(0);
    for file in files {
        let style = match file.state {
            State::Sealed { .. }
            | State::Empty
            | State::OfGitCrypt(GitCryptState::Encrypted { .. }) => Style::Good,
            State::Retired { .. }
            | State::NotTracked(_)
            | State::Unmerged
            | State::Missing
            | State::NotHere(_) => Style::Warning,
            _ => Style::Bad,
        };
        let state = context.ui.styled(style, &format!("{:width$}", file.state.name()));
        let detail = detail(file).map(|detail| format!("  ({detail})")).unwrap_or_default();
        context.ui.line(format!("{state}  {}{detail}", show(&file.path)));
    }
    let mut counts: BTreeMap<&str, u64> = BTreeMap::new();
    for file in files {
        *counts.entry(file.state.name()).or_default() += 1;
    }
    let counts: Vec<_> = counts.iter().map(|(name, n)| format!("{n} {name}")).collect();
    context.ui.status(counts.join(", "));
}

/// What the state's name does not say.
fn detail(file: &FileStatus) -> Option<String> {
    match &file.state {
        State::Sealed { key, generation } | State::Retired { key, generation } => {
            Some(format!("key {key}, generation {generation}"))
        }
        State::Undescribed { key, generation, .. } => Some(format!(
            "key {key}, generation {generation}, which .shroud/ does not describe here"
        )),
        State::OtherKey { key, wanted } => {
            Some(format!("sealed with key {key}, but its attribute says {wanted}"))
        }
        State::UnknownKey(id) | State::NotTracked(id) => Some(format!("key id {id}")),
        State::Damaged(why)
        | State::Conversion(why)
        | State::Conflict(why)
        | State::BadKeyName(why) => Some(why.clone()),
        State::OfGitCrypt(state) => detail_of_git_crypt(state, file.git_crypt.as_ref()?),
        State::NotHere(file) => Some(format!("{file} is not in this clone")),
        State::Empty
        | State::PlaintextInHead
        | State::PlaintextInIndex
        | State::GitCrypt
        | State::Unmerged
        | State::Missing => None,
    }
}

fn detail_of_git_crypt(state: &GitCryptState, name: &Name) -> Option<String> {
    Some(match state {
        GitCryptState::Encrypted { opened: true } => format!("git-crypt key {name}"),
        GitCryptState::Encrypted { opened: false } => {
            format!("git-crypt key {name}, not held here")
        }
        GitCryptState::Twice => format!("git-crypt key {name}; what it holds is encrypted again"),
        GitCryptState::Damaged => {
            format!("git-crypt key {name} opens other files and not this one: it was changed")
        }
        GitCryptState::WrongKey => {
            format!("the git-crypt key {name} that is held opens no file here: it is the wrong key")
        }
        GitCryptState::OtherKey(key) => {
            format!("encrypted with git-crypt key {key}, but its attribute says {name}")
        }
        GitCryptState::Plaintext { .. } | GitCryptState::BadName => return None,
    })
}

fn to_json(file: &FileStatus) -> JsonFile {
    let (key, generation, detail) = match &file.state {
        State::Sealed { key, generation } | State::Retired { key, generation } => {
            (key.to_string(), Some(*generation), None)
        }
        State::Undescribed { key, generation, .. } => {
            (key.to_string(), Some(*generation), detail(file))
        }
        State::OtherKey { key, .. } => (key.to_string(), None, detail(file)),
        _ => (file.key.to_string(), None, detail(file)),
    };
    let key = file.git_crypt.as_ref().map_or(key, ToString::to_string);
    let path = match String::from_utf8(file.path.clone()) {
        Ok(path) => path,
        // JSON knows only Unicode: as git quotes it.
        Err(_) => show(&file.path),
    };
    JsonFile { path, state: file.state.name(), key, generation, detail }
}
