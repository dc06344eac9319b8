//! The drivers in the local git configuration, and the local attributes and excludes (gitattributes, git-config).

use std::env;
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

use super::GitError;
use super::attributes_file::AttributesFile;
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

/// The settings that are not as they should be.
pub fn missing_drivers(repository: &Repository) -> Vec<(&'static str, String)> {
    drivers().into_iter().filter(|(name, value)| !is_set(repository, name, value)).collect()
}

fn is_set(repository: &Repository, name: &str, value: &str) -> bool {
    let set = repository.gix.config_snapshot().string(name);
    set.is_some_and(|set| set.as_slice() == value.as_bytes())
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
    settings.filter(|(name, value)| !is_set(repository, name, value)).collect()
}

/// Makes git use this program for the files of these git-crypt keys.
///
/// # Errors
/// A file cannot be written, or git fails.
pub fn install_git_crypt_drivers<'n>(
    repository: &Repository,
    keys: impl IntoIterator<Item = &'n git_crypt::Name>,
) -> Result<(), GitError> {
    for (name, value) in missing_git_crypt_drivers(repository, keys) {
        repository.git.run(["config", "--local", &name, &value])?;
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
    for (name, value) in missing_drivers(repository) {
        repository.git.run(["config", "--local", name, &value])?;
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

/// How git is to start a program: by name where the name finds the one beside this, else by its path.
fn command(name: &str) -> String {
    let here = env::current_exe().ok().and_then(|exe| dunce::canonicalize(exe).ok());
    let beside = here.as_deref().and_then(Path::parent).map(|dir| dir.join(file_name(name)));
    let Some(beside) = beside.filter(|beside| beside.is_file()) else { return name.to_owned() };
    if find_on_path(name) == Some(beside.clone()) {
        return name.to_owned();
    }
    shell_word(beside.as_os_str()).unwrap_or_else(|| name.to_owned())
}

/// Where `PATH` leads for this name.
pub fn find_on_path(name: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH")?;
    let mut files = env::split_paths(&path).map(|dir| dir.join(file_name(name)));
    dunce::canonicalize(files.find(|file| file.is_file())?).ok()
}

fn file_name(name: &str) -> String {
    format!("{name}{}", env::consts::EXE_SUFFIX)
}

/// The text as one word of a shell, which git starts where it finds anything special.
fn shell_word(text: &OsStr) -> Option<String> {
    let text = text.to_str()?.replace('\\', if cfg!(windows) { "/" } else { "\\" });
    let plain = |c: char| c.is_alphanumeric() || "/._-+:@,".contains(c);
    Some(if text.chars().all(plain) { text } else { format!("'{}'", text.replace('\'', "'\\''")) })
}
