//! `git shroud diff`

use std::ffi::OsString;

use super::{Context, show};
use crate::access::show::masked_diff::{FileDifference, compare};
use crate::config_format::Difference;
use crate::error::{CommandError, Outcome};
use crate::git::changes::changes;
use crate::git::command::Git;
use crate::sanitise;
use crate::ui::count;

/// Show which keys changed in sealed files, without their values
///
/// Names the keys that were added (+), removed (-) or changed (~) in .env, .properties, INI, TOML, YAML and JSON files, and counts lines
/// in all others. Never prints a value or a line, so you can use it in CI logs. Compares the same as 'git diff': the worktree with the
/// index or a revision, or two revisions. Shows sealed files only. Exit status 3 if a file cannot be opened here.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  $ git shroud diff --masked
  $ git shroud diff --masked --staged
  $ git shroud diff --masked HEAD~1 HEAD -- secrets")]
pub struct Diff {
    /// Show no values ('git diff' shows them)
    #[arg(long)]
    masked: bool,
    /// Compare the index with HEAD, or with the named revision
    #[arg(long, visible_alias = "cached")]
    staged: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
    /// Revisions to compare, as in 'git diff'
    #[arg(value_name = "REV", num_args = 0..=2)]
    revisions: Vec<OsString>,
    /// Only files that match
    #[arg(value_name = "PATH", last = true)]
    paths: Vec<OsString>,
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
            return Err(CommandError::wrong("git shroud diff needs '--masked'")
                .hint("'git diff' shows the plaintext of sealed files if their keys are held")
                .hint("'git shroud diff --masked' names the changed keys, but no values"));
        }
        let opened = context.open()?;
        let git = Git::new(&context.dir).with_users_pathspecs();
        let changed =
            changes(&git, self.staged, &self.revisions, &self.paths).map_err(|error| {
                CommandError::from(error)
                    .hint("put revisions first, and paths after '--': REV REV -- PATH")
            })?;
        let findings = compare(&opened, changed)?;
        let unknown =
            findings.iter().filter(|(_, found)| matches!(found, FileDifference::Unknown(_)));
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
            .hint("run 'git shroud unlock' with a key that opens it"))
    }
}

fn print(context: &Context, path: &[u8], finding: &FileDifference) {
    let path = show(path);
    let line = match finding {
        FileDifference::Unmerged => format!("{path}: in a merge conflict"),
        FileDifference::Unknown(why) => format!("{path}: cannot be compared: {why}"),
        FileDifference::Differs(Difference::Binary) => format!("{path}: changed, binary"),
        FileDifference::Differs(Difference::Lines { added, removed }) => {
            let added = count(*added as u64, "line");
            format!("{path}: changed, {added} added, {removed} removed")
        }
        FileDifference::Differs(Difference::Keys { added, removed, changed }) => {
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

fn to_json(path: &[u8], finding: FileDifference) -> JsonFile {
    // JSON knows only Unicode: as git quotes it.
    let path = String::from_utf8(path.to_vec()).unwrap_or_else(|_| show(path));
    match finding {
        FileDifference::Unmerged => JsonFile { path, state: "unmerged", ..JsonFile::default() },
        FileDifference::Unknown(why) => {
            JsonFile { path, state: "unknown", detail: Some(why), ..JsonFile::default() }
        }
        FileDifference::Differs(difference) => {
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
