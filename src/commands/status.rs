//! `git shroud status`

use std::collections::BTreeMap;
use std::ffi::OsString;

use serde::Serialize;

use super::{Context, show};
use crate::access::index::fix::{fix, report_refused, warn_of_unopened};
use crate::access::members::problems::report_problems;
use crate::clone::exchanged;
use crate::error::{CommandError, Outcome};
use crate::format::Form;
use crate::git::GitError;
use crate::status::{
    ByValue, FileStatus, GitCryptState, State, expand_pathspecs, find_undeltad, survey,
};
use crate::ui::{Style, count};

/// Show for each file if the repository really stores it encrypted
///
/// Judges by the blobs in the index, and needs no key. If a key is held, it opens the files of that key to find damaged ones. Exit status
/// 1 if any file needs attention, 3 if a blob is missing.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  $ git shroud status
  $ git shroud status --fix
  $ git shroud status --json secrets

States: sealed, empty (stays as it is), plaintext-in-head, plaintext-in-index, retired-key, other-key, unknown-key,
damaged, newer (sealed by a newer git-shroud), attribute-conflict, bad-key-name, not-tracked (sealed, but no attribute says so), git-crypt (encrypted by
git-crypt at a path that git-shroud seals), unmerged, missing (not in this clone). For git-crypt's files also: encrypted,
double-encrypted.")]
pub struct Status {
    /// Only files that match these pathspecs
    paths: Vec<OsString>,
    /// Seal and stage files that are plaintext or sealed with an earlier generation of their key
    #[arg(long)]
    fix: bool,
    /// With --fix: also move files from another key to the key that their attribute names
    #[arg(long, requires = "fix")]
    rekey: bool,
    /// Print JSON: {"files": [{"path", "state", "key", "generation"?, "detail"?, "layout"?, "values"?}]}
    #[arg(long, conflicts_with = "nul")]
    json: bool,
    /// Print 'STATE PATH', each followed by NUL, without quotes
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
    #[serde(skip_serializing_if = "Option::is_none")]
    layout: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    values: Option<usize>,
}

impl Status {
    pub(crate) fn run(self, context: &Context) -> Outcome {
        // A description that cannot be read is named below, and keeps nothing from being said of the other keys.
        let opened = context.open_anyway()?;
        opened.top()?;
        let only = match self.paths.as_slice() {
            [] => None,
            paths => Some(expand_pathspecs(&context.dir, paths)?),
        };
        let known = opened.known();
        let mut files = survey(&opened.repository, &known, only.as_ref())?;
        if self.fix {
            let fixed = fix(&opened, &files, self.rekey, &context.ui)?;
            if fixed > 0 {
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
        for undeltad in find_undeltad(&opened.repository, &files)? {
            context.ui.warning(undeltad.what);
            context.ui.hint(undeltad.remedy);
        }
        warn_of_unopened(&context.ui, &opened)?;
        let found = outcome(context, &files);
        let problems = report_problems(&context.ui, &opened).map_err(CommandError::from);
        let refused = report_refused(&context.ui, &opened);
        exchanged::warn(&context.ui, &opened.repository, &opened.roster, &opened.keyring);
        let refused = if refused { Err(CommandError::found()) } else { Ok(()) };
        found.and(problems).and(refused)
    }
}

fn outcome(context: &Context, files: &[FileStatus]) -> Outcome {
    let missing = files.iter().filter(|file| file.state.is_unknown()).count() as u64;
    let bad = files.iter().filter(|file| !file.state.is_good()).count() as u64 - missing;
    if files.iter().any(|file| file.state.is_fixable()) {
        context.ui.hint("'git shroud status --fix' seals these files and stages them");
    }
    let of_another_form = files.iter().filter(|file| file.can_change_form()).count() as u64;
    if of_another_form > 0 {
        let files = count(of_another_form, "file");
        context.ui.hint(format!(
            "{files} sealed in a different layout than this version or the attributes ask for: 'git shroud status --fix' seals them again; they are safe as they are"
        ));
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
            "{} not in this clone, so their state is unknown",
            count(missing, "blob")
        ))
        .hint("'git checkout' or 'git fetch --refetch --no-filter' fetches them"));
    }
    Ok(())
}

fn print(context: &Context, files: &[FileStatus]) {
    if files.is_empty() {
        context.ui.status("git-shroud tracks no file here");
        context.ui.hint("git shroud track PATTERN");
        return;
    }
    let width = files.iter().map(|file| file.state_name().len()).max().unwrap_or(0);
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
        let state = context.ui.styled(style, &format!("{:width$}", file.state_name()));
        let form = file.form.filter(|_| context.ui.is_verbose()).map(|form| form.name().to_owned());
        let detail: Vec<String> = file.detail().into_iter().chain(form).collect();
        let detail = match detail.as_slice() {
            [] => String::new(),
            detail => format!("  ({})", detail.join(", ")),
        };
        context.ui.line(format!("{state}  {}{detail}", show(&file.path)));
    }
    let mut counts: BTreeMap<&str, u64> = BTreeMap::new();
    for file in files {
        *counts.entry(file.state.name()).or_default() += 1;
    }
    let counts: Vec<_> = counts.iter().map(|(name, n)| format!("{n} {name}")).collect();
    context.ui.status(counts.join(", "));
}

fn to_json(file: &FileStatus) -> JsonFile {
    let (key, generation, detail) = match &file.state {
        State::Sealed { key, generation } | State::Retired { key, generation } => {
            (key.to_string(), Some(*generation), None)
        }
        State::Undescribed { key, generation, .. } => {
            (key.to_string(), Some(*generation), file.detail())
        }
        State::OtherKey { key, .. } => (key.to_string(), None, file.detail()),
        _ => (file.key.to_string(), None, file.detail()),
    };
    let key = file.git_crypt.as_ref().map_or(key, ToString::to_string);
    let path = match String::from_utf8(file.path.clone()) {
        Ok(path) => path,
        // JSON knows only Unicode: as git quotes it.
        Err(_) => show(&file.path),
    };
    let layout = file.form.map(Form::name);
    let values = match &file.by_value {
        Some(ByValue::Sealed { values, .. } | ByValue::Clear { values, .. }) => Some(*values),
        _ => None,
    };
    JsonFile { path, state: file.state.name(), key, generation, detail, layout, values }
}
