//! A change of a file that is sealed by value, as git shows one of a text.
//!
//! git hands over both versions with their plaintext. A textconv would be simpler, but 'git blame' of a worktree holds what clean
//! makes of the file against what textconv makes of the blobs.

use std::ffi::OsStr;
use std::io::{self, IsTerminal as _, Write as _};
use std::path::Path;

use super::error::ShowError;
use crate::error::Context as _;
use crate::git::command::Git;

/// Both versions, as git gives them to an external diff (git, "GIT_EXTERNAL_DIFF"): the file, its id and its mode.
pub struct Sides<'s> {
    /// The path in the repository.
    pub path: &'s OsStr,
    /// The path of the new version, where it is another.
    pub other: Option<&'s OsStr>,
    /// The old version.
    pub old: (&'s OsStr, &'s OsStr, &'s OsStr),
    /// The new one.
    pub new: (&'s OsStr, &'s OsStr, &'s OsStr),
}

/// Digits of an id that are shown.
const ID_DIGITS: usize = 7;

/// Writes the change to standard output. `dir` is where git runs this.
///
/// # Errors
/// git cannot be run.
pub fn show(dir: &Path, sides: &Sides<'_>) -> Result<(), ShowError> {
    let pager = std::env::var_os("GIT_PAGER_IN_USE").is_some();
    let terminal = if io::stdout().is_terminal() || pager { "true" } else { "false" };
    let git = Git::new(dir);
    let color = git.query(["config", "--get-colorbool", "color.diff", terminal])?;
    let is_colored = color.is_some_and(|color| color == "true");
    let color = if is_colored { "--color=always" } else { "--color=never" };
    let fixed = ["diff", "--no-index", "--no-ext-diff", "--no-textconv", "--text", color, "--"];
    let place = |file: &OsStr| dunce::canonicalize(dir.join(file)).unwrap_or_else(|_| file.into());
    // Away from the repository, whose attributes would have git filter the two files.
    let output = std::process::Command::new("git")
        .args(fixed)
        .args([place(sides.old.0), place(sides.new.0)])
        .current_dir(std::env::temp_dir())
        .env("GIT_DIR", std::env::temp_dir().join("no-repository"))
        .env_remove("GIT_WORK_TREE")
        .env_remove("GIT_EXTERNAL_DIFF")
        .output()
        .context(|| "git cannot be started".to_owned())?;
    if !matches!(output.status.code(), Some(0 | 1)) {
        return Err(ShowError::Git);
    }
    // The names of the files there are those of temporary ones.
    let hunks = memchr::memmem::find(&output.stdout, b"@@ ").unwrap_or(output.stdout.len());
    let hunks =
        output.stdout[..hunks].iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
    let hunks = if output.stdout.is_empty() { &[][..] } else { &output.stdout[hunks..] };
    let mut out = io::stdout().lock();
    let written = out.write_all(&head(sides, is_colored)).and_then(|()| out.write_all(hunks));
    match written.and_then(|()| out.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        written => Ok(written.context(|| "standard output".to_owned())?),
    }
}

/// The lines before the first hunk.
fn head(sides: &Sides<'_>, is_colored: bool) -> Vec<u8> {
    let shown = |path: &OsStr| crate::sanitise::native(Path::new(path));
    let (old, new) = (shown(sides.path), shown(sides.other.unwrap_or(sides.path)));
    let short = |id: &OsStr| {
        let id = id.to_string_lossy();
        match id.as_ref() {
            "." => "0".repeat(ID_DIGITS),
            id => id.chars().take(ID_DIGITS).collect(),
        }
    };
    let mode = |mode: &OsStr| mode.to_string_lossy().into_owned();
    let (before, after) = (mode(sides.old.2), mode(sides.new.2));
    let mut lines = vec![format!("diff --git a/{old} b/{new}")];
    let index = format!("index {}..{}", short(sides.old.1), short(sides.new.1));
    let (mut from, mut to) = (format!("a/{old}"), format!("b/{new}"));
    match (before.as_str(), after.as_str()) {
        (".", _) => {
            lines.extend([format!("new file mode {after}"), index]);
            from = "/dev/null".to_owned();
        }
        (_, ".") => {
            lines.extend([format!("deleted file mode {before}"), index]);
            to = "/dev/null".to_owned();
        }
        _ if before != after => {
            lines.extend([format!("old mode {before}"), format!("new mode {after}"), index]);
        }
        _ => lines.push(format!("{index} {after}")),
    }
    lines.extend([format!("--- {from}"), format!("+++ {to}")]);
    let line = |line: String| match is_colored {
        true => format!("\x1b[1m{line}\x1b[m\n"),
        false => format!("{line}\n"),
    };
    lines.into_iter().map(line).collect::<String>().into_bytes()
}
