//! `git shroud diff`

use std::ffi::OsString;
use std::io::Read as _;

use super::{Context, Opened, show};
use crate::configs::{self, Difference};
use crate::error::{CommandError, Context as _, Outcome};
use crate::format::{self, OpenError, Sniff};
use crate::fs::open_regular;
use crate::git::attributes::Attributes;
use crate::git::changes::{Change, Side, changes};
use crate::git::command::Git;
use crate::git::objects::{self, Blob, IN_MEMORY};
use crate::git_crypt::is_encrypted;
use crate::repo_path;
use crate::sanitise;
use crate::secret::WipedVec;
use crate::ui::count;

/// Say what changed in sealed files without showing it
///
/// Names the keys that were added (+), removed (-) or changed (~) in .env, .properties, INI, TOML, YAML and JSON files, and
/// counts lines in all others. No value and no line is ever printed, so the output may stand in a CI log. What is compared
/// is what 'git diff' compares: the worktree with the index, or with a revision, or two revisions. Files that are not
/// sealed are left out. Exit status 3 if a file cannot be opened here.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  $ git shroud diff --masked
  $ git shroud diff --masked --staged
  $ git shroud diff --masked HEAD~1 HEAD -- secrets")]
pub struct Diff {
    /// Show no values; 'git diff' shows them
    #[arg(long)]
    masked: bool,
    /// Compare the index, with HEAD if nothing else is named
    #[arg(long, visible_alias = "cached")]
    staged: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
    /// What to compare, as 'git diff' takes it
    #[arg(value_name = "REV", num_args = 0..=2)]
    revisions: Vec<OsString>,
    /// Only files that match
    #[arg(value_name = "PATH", last = true)]
    paths: Vec<OsString>,
}

/// What can be said of a file.
enum Finding {
    Differs(Difference),
    Unmerged,
    /// It cannot be compared, and why.
    Unknown(String),
}

#[derive(serde::Serialize)]
struct JsonDiff {
    files: Vec<JsonFile>,
}

#[derive(Default, serde::Serialize)]
struct JsonFile {
    path: String,
    state: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    keys: Option<JsonKeys>,
    #[serde(skip_serializing_if = "Option::is_none")]
    lines_added: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    lines_removed: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<String>,
}

#[derive(serde::Serialize)]
struct JsonKeys {
    added: Vec<String>,
    removed: Vec<String>,
    changed: Vec<String>,
}

impl Diff {
    pub(crate) fn run(self, context: &Context) -> Outcome {
        if !self.masked {
            return Err(CommandError::wrong("only '--masked' is a diff of this program's own")
                .hint("'git diff' shows sealed files in the clear where their keys are held")
                .hint("git shroud diff --masked names the keys that changed and no values"));
        }
        let opened = context.open()?;
        let git = Git::new(&context.dir).with_users_pathspecs();
        let changed =
            changes(&git, self.staged, &self.revisions, &self.paths).map_err(|error| {
                CommandError::from(error)
                    .hint("revisions come first, and paths behind '--': REV REV -- PATH")
            })?;
        let mut attributes = Attributes::new(&opened.repository)?;
        let mut findings = Vec::new();
        for (path, change) in changed {
            let declared = || Ok::<_, CommandError>(attributes.of(&path)?.is_encrypted());
            if let Some(finding) = judge(&opened, &path, &change, declared)? {
                findings.push((path, finding));
            }
        }
        let unknown = findings.iter().filter(|(_, found)| matches!(found, Finding::Unknown(_)));
        let unknown = unknown.count() as u64;
        if self.json {
            let files = findings.into_iter().map(|(path, finding)| to_json(&path, finding));
            let json = JsonDiff { files: files.collect() };
            context.ui.json(&json);
        } else {
            findings.iter().for_each(|(path, finding)| print(context, path, finding));
        }
        if unknown == 0 {
            return Ok(());
        }
        let files = count(unknown, "file");
        Err(CommandError::incomplete(format!("{files} cannot be compared here"))
            .hint("git shroud unlock, with a key that opens it"))
    }
}

/// One side of a file, opened.
enum Opening {
    Content { bytes: WipedVec, sealed: bool },
    Closed { why: String, sealed: bool },
}

/// Compares the two sides; `None` where the file is none that is to be sealed, or does not differ.
fn judge(
    opened: &Opened,
    path: &[u8],
    change: &Change,
    declared: impl FnOnce() -> Outcome<bool>,
) -> Outcome<Option<Finding>> {
    let (old, new) = match change {
        Change::Unmerged => return Ok(declared()?.then_some(Finding::Unmerged)),
        Change::Between(old, new) => (open(opened, path, *old)?, open(opened, path, *new)?),
    };
    let sealed = [&old, &new].into_iter().any(|side| match side {
        Opening::Content { sealed, .. } | Opening::Closed { sealed, .. } => *sealed,
    });
    if !sealed && !declared()? {
        return Ok(None);
    }
    let (old, new) = match (old, new) {
        (Opening::Closed { why, .. }, _) | (_, Opening::Closed { why, .. }) => {
            return Ok(Some(Finding::Unknown(why)));
        }
        (Opening::Content { bytes: old, .. }, Opening::Content { bytes: new, .. }) => (old, new),
    };
    if *old == *new {
        return Ok(None);
    }
    let difference = configs::difference(path, &old, &new).context(|| show(path))?;
    Ok(Some(Finding::Differs(difference)))
}

fn open(opened: &Opened, path: &[u8], side: Side) -> Outcome<Opening> {
    let closed = |why: String| Opening::Closed { why, sealed: false };
    let too_large = || closed(format!("it is larger than {} MiB", IN_MEMORY >> 20));
    let bytes = match side {
        Side::Absent => WipedVec::default(),
        Side::Blob(id) => match objects::read(&opened.repository, id)? {
            Blob::Memory(mut bytes) => {
                let mut wiped = WipedVec::default();
                std::mem::swap(&mut *wiped, &mut bytes);
                wiped
            }
            Blob::Large => return Ok(too_large()),
            Blob::Missing => {
                return Ok(closed("its blob is not in this clone".to_owned()));
            }
        },
        Side::Worktree => {
            let native = repo_path::to_native(path)
                .ok_or_else(|| CommandError::wrong(format!("{}: no such name", show(path))))?;
            let mut file = match open_regular(&opened.top()?.join(native)) {
                Err(error) if error.kind() == std::io::ErrorKind::InvalidInput => {
                    return Ok(closed("it is not a regular file".to_owned()));
                }
                opened => opened.context(|| show(path))?,
            };
            let len = file.metadata().context(|| show(path))?.len();
            if len > IN_MEMORY {
                return Ok(too_large());
            }
            // With room for all of it, so that it is never moved; what is appended meanwhile is left out.
            let mut bytes = WipedVec::with_capacity(usize::try_from(len).unwrap_or(0));
            file.by_ref().take(len).read_to_end(&mut bytes).context(|| show(path))?;
            bytes
        }
    };
    if is_encrypted(&bytes) {
        return Ok(match opened.git_crypt.open(None, &bytes) {
            Ok((.., bytes)) => Opening::Content { bytes, sealed: true },
            Err(_) if opened.git_crypt.is_empty() => {
                Opening::Closed { why: "no git-crypt key is held here".to_owned(), sealed: true }
            }
            Err(error) => Opening::Closed { why: error.to_string(), sealed: true },
        });
    }
    let sealed = |error: OpenError| Opening::Closed { why: error.to_string(), sealed: true };
    Ok(match format::sniff(&bytes) {
        Sniff::Sealed(id) => {
            match format::open(|id| opened.keyring.by_id(id).map(|entry| &entry.key), &bytes) {
                Ok(bytes) => Opening::Content { bytes, sealed: true },
                Err(OpenError::UnknownKey(_)) => {
                    let key = match opened.known().identify(id) {
                        Some((name, generation)) => format!("'{name}' generation {generation}"),
                        None => format!("with id {id}"),
                    };
                    let why = format!("the key {key} is not held here");
                    Opening::Closed { why, sealed: true }
                }
                Err(error) => sealed(error),
            }
        }
        Sniff::Truncated => sealed(OpenError::Truncated),
        Sniff::UnsupportedVersion(version) => sealed(OpenError::UnsupportedVersion(version)),
        Sniff::Empty | Sniff::NotSealed | Sniff::GitCrypt => {
            Opening::Content { bytes, sealed: false }
        }
    })
}

fn print(context: &Context, path: &[u8], finding: &Finding) {
    let path = show(path);
    let line = match finding {
        Finding::Unmerged => format!("{path}: in a merge conflict"),
        Finding::Unknown(why) => format!("{path}: cannot be compared: {why}"),
        Finding::Differs(Difference::Binary) => format!("{path}: changed, binary"),
        Finding::Differs(Difference::Lines { added, removed }) => {
            let added = count(*added as u64, "line");
            format!("{path}: changed, {added} added, {removed} removed")
        }
        Finding::Differs(Difference::Keys { added, removed, changed }) => {
            if added.is_empty() && removed.is_empty() && changed.is_empty() {
                context.ui.line(format!("{path}: changed, but no key"));
                return;
            }
            context.ui.line(path);
            for (sign, keys) in [("+", added), ("-", removed), ("~", changed)] {
                for key in keys {
                    // In one line, whatever it holds.
                    let key = sanitise::path(key.as_bytes());
                    context.ui.line(format!("  {sign} {key}"));
                }
            }
            return;
        }
    };
    context.ui.line(line);
}

fn to_json(path: &[u8], finding: Finding) -> JsonFile {
    // JSON knows only Unicode: as git quotes it.
    let path = String::from_utf8(path.to_vec()).unwrap_or_else(|_| show(path));
    match finding {
        Finding::Unmerged => JsonFile { path, state: "unmerged", ..JsonFile::default() },
        Finding::Unknown(why) => {
            JsonFile { path, state: "unknown", detail: Some(why), ..JsonFile::default() }
        }
        Finding::Differs(difference) => {
            let mut file = JsonFile { path, state: "changed", ..JsonFile::default() };
            match difference {
                Difference::Binary => {}
                Difference::Lines { added, removed } => {
                    (file.lines_added, file.lines_removed) = (Some(added), Some(removed));
                }
                Difference::Keys { added, removed, changed } => {
                    file.keys = Some(JsonKeys { added, removed, changed });
                }
            }
            file
        }
    }
}
