//! git's own commands, run so that they see plaintext where git alone would not.

use std::ffi::{OsStr, OsString};
use std::path::Path;
use std::process::Command;

use super::ShowError;
use crate::clone::OpenClone;
use crate::error::Context as _;
use crate::git::attributes::DRIVER;
use crate::git::config::{drivers, git_crypt_drivers};

/// Runs `git blame` with these options and paths.
///
/// # Errors
/// As [`run_git`].
pub fn blame(opened: &OpenClone, dir: &Path, given: &[OsString]) -> Result<(), ShowError> {
    let git_crypt = opened.git_crypt.files().map(|file| file.name().driver());
    let drivers = git_crypt.chain([DRIVER.to_owned()]);
    let settings: Vec<_> = drivers.flat_map(|driver| no_filter(&driver)).collect();
    run_git(dir, opened, &settings, arguments(&["blame", "--textconv"], given))
}

/// Without a filter git compares what is in the worktree as it is there.
fn no_filter(driver: &str) -> [(String, String); 4] {
    let item = |item: &str, value: &str| (format!("filter.{driver}.{item}"), value.to_owned());
    [item("process", ""), item("clean", ""), item("smudge", ""), item("required", "false")]
}

/// Runs `git log --patch --follow` with these options and paths.
///
/// # Errors
/// As [`run_git`].
pub fn log(opened: &OpenClone, dir: &Path, given: &[OsString]) -> Result<(), ShowError> {
    // What a path should be, stock git decides by its own rules; --textconv is said for commands that have it off.
    run_git(dir, opened, &[], arguments(&["log", "--patch", "--textconv", "--follow"], given))
}

/// Runs git in `dir`, the user's, with their terminal, pager and locale; ends with git's exit status.
///
/// Every path is shown through this program, also in a bare repository, in a clone that was never set up, and where no
/// attribute says so any more.
///
/// # Errors
/// git cannot be started, or ends with another status than 0.
fn run_git(
    dir: &Path,
    opened: &OpenClone,
    settings: &[(String, String)],
    arguments: impl IntoIterator<Item = OsString>,
) -> Result<(), ShowError> {
    // Whatever is in .gitattributes or info/attributes outranks this.
    let attributes = tempfile::NamedTempFile::new().context(|| "a temporary file".to_owned())?;
    std::fs::write(attributes.path(), "* diff=shroud\n")
        .context(|| "a temporary file".to_owned())?;
    let mut git = Command::new("git");
    git.current_dir(dir).arg("-c");
    let mut file = OsString::from("core.attributesFile=");
    file.push(attributes.path());
    git.arg(file);
    let own = drivers().into_iter().map(|(name, value)| (name.to_owned(), value));
    let git_crypt = opened.git_crypt.files().flat_map(|file| git_crypt_drivers(file.name()));
    let textconv = own.chain(git_crypt).filter(|(name, _)| name.starts_with("diff."));
    // Whatever the user has set, the plaintext goes into no note.
    let uncached = ("diff.shroud.cachetextconv".to_owned(), "false".to_owned());
    // git's own commands show what is sealed by value as it is stored; these show what it means.
    let values = drivers().into_iter().find(|(name, _)| *name == "diff.shroud.textconv");
    let values = values.map(|(_, value)| ("diff.shroud-values.textconv".to_owned(), value));
    let whole = ("diff.shroud-values.command".to_owned(), String::new());
    for (name, value) in
        textconv.chain([uncached, whole]).chain(values).chain(settings.iter().cloned())
    {
        git.arg("-c").arg(format!("{name}={value}"));
    }
    if opened.repository.worktree.is_none() {
        git.arg("--git-dir").arg(opened.repository.gix.git_dir());
    }
    let status = git.args(arguments).status().context(|| "git cannot be started".to_owned())?;
    match status.code() {
        Some(0) => Ok(()),
        // As of 'git log --exit-code'.
        Some(1) => Err(ShowError::Found),
        // git has said why, with 128 or 129.
        Some(_) => Err(ShowError::Git),
        // As when the pager was left.
        None => Ok(()),
    }
}

/// git's command, then what the user wrote, then the paths behind '--' if there are any.
fn arguments(command: &[&str], given: &[OsString]) -> impl Iterator<Item = OsString> + use<> {
    let command: Vec<OsString> = command.iter().map(|&word| OsStr::new(word).to_owned()).collect();
    // One that comes first the parser of arguments takes for its own.
    let is_swallowed =
        std::env::args_os().any(|word| word == "--") && given.iter().all(|word| word != "--");
    let end = is_swallowed.then(|| OsString::from("--"));
    command.into_iter().chain(end).chain(given.to_vec())
}
