//! The drivers in the local git configuration, and the local attributes and excludes (gitattributes, git-config).

use std::env;
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

use super::GitError;
use super::attributes_file::AttributesFile;
use super::repository::Repository;
use super::worktree::TEMP_PREFIX;

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
        ("merge.shroud.name", "git-shroud: merge what is sealed".to_owned()),
        ("merge.shroud.driver", with("merge-driver -- %O %A %B %L %P %S %X %Y")),
    ]
}

/// The settings that are not as they should be.
///
/// # Errors
/// The configuration cannot be read.
pub fn missing_drivers(repository: &Repository) -> Vec<(&'static str, String)> {
    let config = repository.gix.config_snapshot();
    let is_set = |name: &str, value: &str| {
        config.string(name).is_some_and(|set| set.as_slice() == value.as_bytes())
    };
    drivers().into_iter().filter(|(name, value)| !is_set(name, value)).collect()
}

/// Makes git use this program here: configuration, the macro without the tripwire, and what is never to be added.
///
/// # Errors
/// A file cannot be written, or git fails.
pub fn install_drivers(repository: &Repository) -> Result<(), GitError> {
    for (name, value) in missing_drivers(repository) {
        repository.git.run(["config", "--local", name, &value])?;
    }
    let info = repository.common_dir().join("info");
    fs::create_dir_all(&info).map_err(|error| crate::fs::with_path(&info, &error))?;
    let mut attributes = AttributesFile::read(&info.join("attributes"))?;
    attributes.set_macro(false);
    attributes.write()?;
    exclude_leftovers(&info.join("exclude"))
}

fn exclude_leftovers(path: &Path) -> Result<(), GitError> {
    let line = format!("{TEMP_PREFIX}*");
    let mut text = match fs::read(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Vec::new(),
        read => read.map_err(|error| crate::fs::with_path(path, &error))?,
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
    let here = env::current_exe().ok().and_then(|exe| exe.canonicalize().ok());
    let beside = here.as_deref().and_then(Path::parent).map(|dir| dir.join(file_name(name)));
    let Some(beside) = beside.filter(|beside| beside.is_file()) else { return name.to_owned() };
    if find_on_path(name) == Some(beside.clone()) {
        return name.to_owned();
    }
    shell_word(beside.as_os_str()).unwrap_or_else(|| name.to_owned())
}

/// Where `PATH` leads for this name.
pub fn find_on_path(name: &str) -> Option<PathBuf> {
    env::split_paths(&env::var_os("PATH")?)
        .map(|dir| dir.join(file_name(name)))
        .find(|file| file.is_file())?
        .canonicalize()
        .ok()
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
