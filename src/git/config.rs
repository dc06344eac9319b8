//! The drivers in the local git configuration, and the local attributes and excludes (gitattributes, git-config).

use std::fs;
use std::path::{Path, PathBuf};

use gix::bstr::ByteSlice as _;
use gix::config::Source;

use super::GitError;
use super::attributes_file::AttributesFile;
use super::program_path::{command, is_same_command};
use super::repository::Repository;
use super::worktree::TEMP_PREFIX;
use crate::git_crypt;

/// The program's name, as git looks for it.
pub const PROGRAM: &str = "git-shroud";
/// The helper that git starts for every side of a diff.
pub const TEXTCONV_PROGRAM: &str = "git-shroud-textconv";

/// What the local configuration must say so that git uses this program.
pub fn drivers() -> Vec<(&'static str, String)> {
    let program = command(PROGRAM);
    let with = |arguments: &str| format!("{program} {arguments}");
    // '--', as a path may begin with a dash.
    vec![
        ("filter.shroud.process", with("filter-process")),
        ("filter.shroud.clean", with("clean -- %f")),
        ("filter.shroud.smudge", with("smudge -- %f")),
        ("filter.shroud.required", "true".to_owned()),
        // One word, which git starts without a shell; never with cachetextconv, which stores plaintext in notes.
        ("diff.shroud.textconv", command(TEXTCONV_PROGRAM)),
        ("diff.shroud.binary", "true".to_owned()),
        // No textconv: 'git blame' of a file in the worktree compares what clean makes of it with what textconv makes of blobs.
        ("diff.shroud-values.command", with("diff-driver")),
        ("merge.shroud.name", "git-shroud: merge what is sealed".to_owned()),
        ("merge.shroud.driver", with("merge-driver -- %O %A %B %L %P %S %X %Y")),
    ]
}

/// The settings that do not do what they should here, wherever they were made.
pub fn missing_drivers(repository: &Repository) -> Vec<(&'static str, String)> {
    let is_missing = |(name, value): &(&str, String)| {
        let set = repository.gix.config_snapshot().string(*name);
        !set.is_some_and(|set| set.to_str().is_ok_and(|set| is_same_command(set, value)))
    };
    drivers().into_iter().filter(is_missing).collect()
}

/// Whether this clone's own configuration has a driver, right or wrong.
pub fn has_own_drivers(repository: &Repository) -> bool {
    drivers().iter().any(|(name, _)| own_value(repository, name).is_some())
}

/// What this clone's own configuration says. What the user has set for all clones may go, and the attributes of a clone that was opened
/// have no tripwire, so a clone never counts on it.
fn own_value(repository: &Repository, name: &str) -> Option<Vec<u8>> {
    let config = repository.gix.config_snapshot();
    let value = config.plumbing().string_filter(name, |meta| meta.source == Source::Local);
    value.map(Into::into)
}

fn is_own(repository: &Repository, name: &str, value: &str) -> bool {
    own_value(repository, name).is_some_and(|set| set == value.as_bytes())
}

fn set_own(repository: &Repository, name: &str, value: &str) -> Result<(), GitError> {
    repository.git.run(["config", "--local", "--replace-all", name, value]).map(drop)
}

/// The merge driver of files that git-crypt encrypts, to which no attribute leads.
const GIT_CRYPT_MERGE: &str = "git-crypt";

/// What the local configuration must say so that git uses this program for the files of a git-crypt key.
pub fn git_crypt_drivers(key: &git_crypt::Name) -> Vec<(String, String)> {
    let program = command(PROGRAM);
    let driver = key.driver();
    let filter = |item: &str, arguments: &str| {
        let value = format!("{program} {arguments}").replace("KEY", &format!("--git-crypt={key}"));
        (format!("filter.{driver}.{item}"), value)
    };
    vec![
        filter("process", "filter-process KEY"),
        // For git before 2.11, and other tools, which know no process.
        filter("clean", "clean KEY -- %f"),
        filter("smudge", "smudge KEY -- %f"),
        (format!("filter.{driver}.required"), "true".to_owned()),
        (format!("diff.{driver}.textconv"), command(TEXTCONV_PROGRAM)),
        (format!("diff.{driver}.binary"), "true".to_owned()),
    ]
}

/// What the local configuration must say so that git merges those files as plaintext: its default for every file to which
/// no attribute gives a merge driver. Empty where the user has another default.
pub fn git_crypt_merge(repository: &Repository) -> Vec<(String, String)> {
    let default = repository.gix.config_snapshot().string("merge.default");
    if default.is_some_and(|default| default.as_slice() != GIT_CRYPT_MERGE.as_bytes()) {
        return Vec::new();
    }
    let name = "git-shroud: merge what git-crypt encrypts, all else as git does";
    let driver = format!("{} merge-driver --default -- %O %A %B %L %P %S %X %Y", command(PROGRAM));
    vec![
        (format!("merge.{GIT_CRYPT_MERGE}.name"), name.to_owned()),
        (format!("merge.{GIT_CRYPT_MERGE}.driver"), driver),
        ("merge.default".to_owned(), GIT_CRYPT_MERGE.to_owned()),
    ]
}

/// The settings for these keys that are not as they should be.
pub fn missing_git_crypt_drivers<'n>(
    repository: &Repository,
    keys: impl IntoIterator<Item = &'n git_crypt::Name>,
) -> Vec<(String, String)> {
    let drivers = keys.into_iter().flat_map(git_crypt_drivers);
    let settings = drivers.chain(git_crypt_merge(repository));
    let is_missing = |(name, value): &(String, String)| {
        let set = repository.gix.config_snapshot().string(name.as_str());
        !set.is_some_and(|set| set.to_str().is_ok_and(|set| is_same_command(set, value)))
    };
    settings.filter(is_missing).collect()
}

/// Makes git use this program for the files of these git-crypt keys.
///
/// # Errors
/// A file cannot be written, or git fails.
pub fn install_git_crypt_drivers<'n>(
    repository: &Repository,
    keys: impl IntoIterator<Item = &'n git_crypt::Name>,
) -> Result<(), GitError> {
    let drivers = keys.into_iter().flat_map(git_crypt_drivers);
    for (name, value) in drivers.chain(git_crypt_merge(repository)) {
        if !is_own(repository, &name, &value) {
            set_own(repository, &name, &value)?;
        }
    }
    exclude_leftovers(&info_dir(repository)?.join("exclude"))
}

fn info_dir(repository: &Repository) -> Result<PathBuf, GitError> {
    let info = repository.common_dir().join("info");
    fs::create_dir_all(&info).map_err(|error| crate::fs::with_path(&info, &error))?;
    Ok(info)
}

/// Makes git use this program here: configuration, the macro without the tripwire, and what is never to be added.
///
/// # Errors
/// A file cannot be written, or git fails.
pub fn install_drivers(repository: &Repository) -> Result<(), GitError> {
    for (name, value) in drivers() {
        if !is_own(repository, name, &value) {
            set_own(repository, name, &value)?;
        }
    }
    let info = info_dir(repository)?;
    let mut attributes = AttributesFile::read(&info.join("attributes"))?;
    attributes.set_macro(false);
    attributes.write()?;
    exclude_leftovers(&info.join("exclude"))
}

/// Bytes of the longest `info/exclude` that is read.
const MAX_EXCLUDE: usize = 64 << 20;

fn exclude_leftovers(path: &Path) -> Result<(), GitError> {
    let line = format!("{TEMP_PREFIX}*");
    let mut text = match crate::fs::read_bounded(path, MAX_EXCLUDE) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Vec::new(),
        read => read?.to_vec(),
    };
    if text.split(|&byte| byte == b'\n').any(|known| known == line.as_bytes()) {
        return Ok(());
    }
    if text.last().is_some_and(|&byte| byte != b'\n') {
        text.push(b'\n');
    }
    text.extend_from_slice(line.as_bytes());
    text.push(b'\n');
    Ok(crate::fs::write_atomic(path, &text, crate::fs::Access::Shared)?)
}
