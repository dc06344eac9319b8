//! `git shroud track` and `untrack`

mod tell;

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use super::confirm::confirm_tracked;
use super::{Context, Opened, show};
use crate::access::{Restage, RestageError, restage, sealing_key};
use crate::error::{CommandError, Context as _, Outcome};
use crate::format::KeyId;
use crate::git::attributes_file::{AttributesFile, Track as Tracking};
use crate::git::pattern::Surroundings;
use crate::keyring::KeyName;
use crate::repo_path::argument_bytes;
use crate::status::{FileStatus, State, survey};
use tell::{files_below, tell, write_macro};

/// Seal files that match a pattern, from now on
///
/// Adds a line to .gitattributes in the current directory, as 'git lfs track' does, and seals the matching files that
/// the index holds in the clear. What is in the history stays there. Without patterns, lists those that are tracked.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  $ git shroud track 'secrets/**'
  $ git shroud track '*.pem' '*.env'
  $ git shroud track")]
pub struct Track {
    /// Patterns as in .gitattributes; quote them, so that the shell leaves them alone
    patterns: Vec<OsString>,
    /// The key that seals them
    #[arg(long, value_name = "NAME", default_value = KeyName::DEFAULT)]
    key: KeyName,
    /// Write out every line that says only 'shroud', as earlier versions wrote them, for programs that know no macros
    #[arg(long, conflicts_with_all = ["patterns", "key"])]
    write_out: bool,
}

/// Seal files that match a pattern no longer
///
/// Removes the pattern's line from .gitattributes in the current directory. Files stay sealed in the repository until
/// they are added again, which then stores them in the clear.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  $ git shroud track '*.pem'
  $ git shroud untrack '*.pem'")]
pub struct Untrack {
    /// Patterns that 'git shroud track' lists
    #[arg(required = true)]
    patterns: Vec<OsString>,
}

impl Track {
    pub(crate) fn run(self, context: &Context) -> Outcome {
        let opened = context.open()?;
        if self.write_out {
            return write_out(context, &opened);
        }
        if self.patterns.is_empty() {
            return list(context, &opened);
        }
        if opened.keyring.current(&self.key).is_none() {
            return Err(key_not_held(&opened, &self.key));
        }
        opened.refuse_unfit_key(&self.key)?;
        let mut attributes = attributes_here(context, &opened)?;
        let mut done = Vec::new();
        let top = opened.top()?.canonicalize().context(|| "the worktree".to_owned())?;
        let dir = attributes.path().parent().unwrap_or(&top).to_owned();
        let files = files_below(&opened, &top, &dir)?;
        let place = Surroundings { top: &top, dir: &dir, files: &files };
        for given in patterns(&self.patterns)? {
            let pattern = place
                .resolve(given)
                .map_err(|refusal| CommandError::wrong(refusal.why).hint(refusal.hint))?;
            let added = attributes.track(&pattern, &self.key);
            let added = added.map_err(|error| CommandError::wrong(error.to_string()))?;
            done.push((given, pattern, added));
        }
        write_macro(&opened, &top, &mut attributes)?;
        attributes.write().context(|| "the attributes cannot be written".to_owned())?;
        // Also where the line was there: a run that was cut off may not have staged it.
        stage(&opened, &attributes)?;
        let folder = folder_of(&opened, &attributes)?;
        let tracked: Vec<&[u8]> = done.iter().map(|(_, pattern, _)| &pattern[..]).collect();
        confirm_tracked(context, &opened, &folder, &tracked, &self.key)?;
        if !opened.roster.infos.contains_key(&self.key) && opened.roster.missing.is_none() {
            context.ui.warning(format!(
                "the key '{0}' is not described in .shroud/ here, so nothing can be added before it is",
                self.key
            ));
            context.ui.hint("bring it from a branch that has it: git checkout BRANCH -- .shroud");
        }
        seal_index(context, &opened)?;
        for (given, pattern, added) in done {
            tell(context, &opened, &place, (given, &pattern), added)?;
        }
        Ok(())
    }
}

impl Untrack {
    pub(crate) fn run(self, context: &Context) -> Outcome {
        let opened = context.open()?;
        let mut attributes = attributes_here(context, &opened)?;
        for pattern in patterns(&self.patterns)? {
            if !attributes.untrack(pattern) {
                let message = format!(
                    "no line of {} tracks {}",
                    crate::sanitise::native(attributes.path()),
                    show(pattern)
                );
                return Err(CommandError::wrong(message)
                    .hint("'git shroud track' lists what is tracked; change into the directory of the file it names"));
            }
            context.ui.status(format!("no longer tracking {}", show(pattern)));
        }
        write_and_add(&opened, &attributes)?;
        context.ui.hint(
            "files that were sealed stay so until 'git add --renormalize' stores them in the clear",
        );
        Ok(())
    }
}

fn patterns(arguments: &[OsString]) -> Outcome<Vec<&[u8]>> {
    let not_utf8 = || CommandError::wrong("a pattern is not UTF-8");
    arguments.iter().map(|argument| argument_bytes(argument).ok_or_else(not_utf8)).collect()
}

fn attributes_here(context: &Context, opened: &Opened) -> Outcome<AttributesFile> {
    let top = opened.top()?;
    let dir = context.dir.canonicalize().context(|| "the current directory".to_owned())?;
    let inside = top.canonicalize().is_ok_and(|top| dir.starts_with(top));
    let dir = if inside { dir } else { top.canonicalize().unwrap_or_else(|_| top.to_owned()) };
    let attributes = AttributesFile::read(&dir.join(".gitattributes"))
        .context(|| "the attributes cannot be read".to_owned())?;
    let is_top = top.canonicalize().is_ok_and(|top| top == dir);
    Ok(if is_top { attributes } else { attributes.below_top() })
}

/// The folder of an attributes file from the top of the worktree: empty, or with a slash at its end.
fn folder_of(opened: &Opened, attributes: &AttributesFile) -> Outcome<Vec<u8>> {
    let canonical = |path: &Path| path.canonicalize().context(|| "the worktree".to_owned());
    let top = canonical(opened.top()?)?;
    let folder = canonical(attributes.path().parent().unwrap_or(&top))?;
    let relative = folder.strip_prefix(&top).unwrap_or(Path::new(""));
    let mut folder = crate::repo_path::from_native(relative).unwrap_or_default();
    if !folder.is_empty() {
        folder.push(b'/');
    }
    Ok(folder)
}

fn write_and_add(opened: &Opened, attributes: &AttributesFile) -> Outcome {
    if attributes.write().context(|| "the attributes cannot be written".to_owned())? {
        stage(opened, attributes)?;
    }
    Ok(())
}

fn stage(opened: &Opened, attributes: &AttributesFile) -> Outcome {
    let path = attributes.path().as_os_str();
    opened.repository.git.run(["add".as_ref(), "--force".as_ref(), "--".as_ref(), path])?;
    Ok(())
}

fn key_not_held(opened: &Opened, key: &KeyName) -> CommandError {
    let error = CommandError::wrong(format!("the key '{key}' is not held here"));
    match (opened.keyring.is_empty(), opened.roster.infos.contains_key(key)) {
        (_, true) => error.hint("run 'git shroud unlock' first"),
        (true, false) if opened.roster.infos.is_empty() => {
            error.hint("run 'git shroud init' first")
        }
        (_, false) => error.hint(format!(
            "keys here are: {}; make another with 'git shroud key new {key}'",
            opened.key_names()
        )),
    }
}

/// Seals what the index holds in the clear under a path that is tracked now.
pub(super) fn seal_index(context: &Context, opened: &Opened) -> Outcome {
    let known = opened.known();
    let files = survey(&opened.repository, &known, None)?;
    let mut blobs = Vec::new();
    let (mut in_history, mut other_key) = (0, 0);
    for file in files {
        match file.state {
            State::PlaintextInHead | State::PlaintextInIndex => {}
            // Not here: somebody may have dropped a key's name from a line far from this pattern.
            State::OtherKey { .. } => {
                other_key += 1;
                continue;
            }
            State::Conversion(why) => {
                context.ui.warning(format!(
                    "{}: {why} would make git change the sealed bytes",
                    show(&file.path)
                ));
                context.ui.hint(
                    "remove that attribute for this path; until then git cannot add the file",
                );
                continue;
            }
            State::Conflict(why) => {
                context.ui.warning(format!("{}: {why}", show(&file.path)));
                context.ui.hint("'git shroud why PATH' says which line decides");
                continue;
            }
            _ => continue,
        }
        if opened.keyring.current(&file.key).is_none() {
            context.ui.warning(format!(
                "{} stays in the clear: the key '{}' is not held here",
                show(&file.path),
                file.key
            ));
            continue;
        }
        in_history += u64::from(file.state == State::PlaintextInHead);
        blobs.push(file);
    }
    seal_blobs(opened, &blobs)?;
    if !blobs.is_empty() {
        let count = crate::ui::count(blobs.len() as u64, "file");
        context.ui.status(format!("sealed {count} in the index; commit to keep it so"));
    }
    if other_key > 0 {
        let count = crate::ui::count(other_key, "file");
        context.ui.warning(format!("{count} sealed with another key than the attribute says"));
        context.ui.hint(
            "'git shroud status' names them, 'git shroud status --fix --rekey' seals them anew",
        );
    }
    if in_history > 0 {
        let count = crate::ui::count(in_history, "file");
        context
            .ui
            .warning(format!("earlier commits hold {count} in the clear: change those secrets"));
    }
    Ok(())
}

/// Seals and stages the files, each with the key that its attribute says; all or none.
pub(super) fn seal_blobs(opened: &Opened, files: &[FileStatus]) -> Outcome {
    let mut keys: BTreeMap<&KeyName, KeyId> = BTreeMap::new();
    let mut blobs = Vec::with_capacity(files.len());
    for FileStatus { path, executable, id, key, .. } in files {
        let with = match keys.get(key) {
            Some(with) => *with,
            None => {
                let entry = sealing_key(&opened.repository, &opened.roster, &opened.keyring, key);
                let entry = entry.map_err(|error| restage_failed((None, error)))?;
                *keys.entry(key).or_insert(entry.key.id())
            }
        };
        let (path, key) = (path.clone(), key.clone());
        blobs.push(Restage { path, executable: *executable, id: *id, key, with });
    }
    restage(&opened.repository, &opened.keyring, &blobs).map_err(restage_failed)
}

pub(super) fn restage_failed((path, error): RestageError) -> CommandError {
    let place = path.map(|path| format!("{}: ", show(&path))).unwrap_or_default();
    let refused = CommandError::refused(format!("{place}{error}; nothing was staged"));
    match error.hint() {
        Some(hint) => refused.hint(hint),
        None => refused,
    }
}

fn list(context: &Context, opened: &Opened) -> Outcome {
    for (file, attributes) in attributes_files(opened)? {
        for tracked in attributes.tracked() {
            let key = tracked.key.as_deref().unwrap_or(KeyName::DEFAULT);
            let file = crate::sanitise::native(&file);
            context.ui.line(format!("{}\t{key}\t{file}", show(&tracked.pattern)));
        }
    }
    Ok(())
}

fn write_out(context: &Context, opened: &Opened) -> Outcome {
    let mut lines = 0;
    for (_, mut attributes) in attributes_files(opened)? {
        lines += attributes.write_out() as u64;
        write_and_add(opened, &attributes)?;
    }
    if lines == 0 {
        context.ui.status("every line that seals is written out already");
    } else {
        let lines = crate::ui::count(lines, "line");
        context.ui.status(format!("wrote out {lines} of .gitattributes, and staged that"));
    }
    Ok(())
}

/// The files with attributes in the worktree, with their paths from the top.
fn attributes_files(opened: &Opened) -> Outcome<Vec<(PathBuf, AttributesFile)>> {
    let top = opened.top()?;
    let listed = opened.repository.git.run([
        "ls-files",
        "-z",
        "--cached",
        "--others",
        "--exclude-standard",
        "--",
        ".gitattributes",
        "**/.gitattributes",
    ])?;
    let mut files: Vec<PathBuf> =
        listed.split(|&byte| byte == 0).filter_map(crate::repo_path::to_native).collect();
    files.sort();
    files.dedup();
    let read = |file: PathBuf| {
        let attributes = AttributesFile::read(&top.join(&file))
            .context(|| "the attributes cannot be read".to_owned())?;
        Ok((file, attributes))
    };
    files.into_iter().map(read).collect()
}
