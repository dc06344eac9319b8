//! The import as a whole: every file is opened before anything is changed; then attributes, index and worktree, in this order, so
//! that a run that was cut off can be made again.

use std::collections::BTreeSet;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use zeroize::Zeroizing;

use super::ImportError;
use super::program::Runner;
use super::readable::{Sealed, warn_of_readable};
use super::tool::{Source, Tool};
use crate::access::sealed_file::{MAX_LEN, SealedFileError, SealingKey, refuse_elsewhere};
use crate::access::track::{add_files, exempt};
use crate::clone::OpenClone;
use crate::error::{Context as _, count};
use crate::fs::{Access, read_regular, write_atomic};
use crate::git::attributes::{Attributes, PathAttributes};
use crate::git::attributes_file::Values;
use crate::git::staging::{BlobWriter, Staged, stage};
use crate::keyring::KeyName;
use crate::progress::Progress;
use crate::sanitise;
use crate::secret::WipedVec;
use crate::values::{self, Clear, Look, MAX_LEN as MAX_BY_VALUE, Mode, format_of_path};

/// What is taken over, and how.
pub struct Request<'r> {
    /// The tool.
    pub tool: &'r dyn Tool,
    /// The folder in which the user is.
    pub dir: &'r Path,
    /// The files, as the user names them.
    pub files: &'r [PathBuf],
    /// The key that seals them; else what a line says, or the default one.
    pub key: Option<KeyName>,
    /// Seals them whole.
    pub whole: bool,
    /// Names whose values are not sealed.
    pub clear: Vec<String>,
    /// How long the program may take for a file; zero for ever.
    pub limit: Option<Duration>,
}

/// A file on its way.
struct File {
    path: Vec<u8>,
    place: PathBuf,
    encrypted: Zeroizing<Vec<u8>>,
}

impl File {
    fn source<'s>(&'s self, top: &'s Path) -> Source<'s> {
        Source { path: &self.path, file: &self.place, top, bytes: &self.encrypted }
    }
}

impl Request<'_> {
    /// Takes the files over, and stages them.
    ///
    /// # Errors
    /// A file is not one of the tool, its program fails, or the key is not held: nothing was changed. Later: a file cannot be
    /// written, or git fails; then it can be run again.
    pub fn run(&self, opened: &OpenClone, progress: &dyn Progress) -> Result<(), ImportError> {
        let top = dunce::canonicalize(opened.top()?).context(|| "the worktree".to_owned())?;
        exempt(&self.clear)?;
        let files = self.read(opened, &top)?;
        let mut attributes = Attributes::new(&opened.repository)?;
        for file in &files {
            let key = self.key_of(&attributes.of(&file.path)?);
            opened.keyring.current(&key).ok_or_else(|| ImportError::NotHeld(key.clone()))?;
            opened.sealing_key(&key)?;
        }
        let limits = (top.as_path(), self.dir);
        let runner = Runner::find(&self.tool.program(), limits, self.limit, progress)?;
        let mut plaintexts = Vec::new();
        for file in &files {
            plaintexts.push(self.tool.open(&runner, &file.source(&top))?);
        }
        self.add_lines(opened, &files, &plaintexts)?;
        let sealed = put(opened, &files, &plaintexts, progress)?;
        let sources: Vec<_> = files.iter().map(|file| file.source(&top)).collect();
        for ((source, plaintext), sealed) in sources.iter().zip(&plaintexts).zip(&sealed) {
            let hidden = self.tool.hidden(source);
            warn_of_readable(progress, (self.tool.name(), hidden), source.path, plaintext, sealed);
        }
        for left in self.tool.left(&opened.repository, &sources) {
            progress.hint(&left);
        }
        let (tool, number) = (self.tool.name(), count(files.len() as u64, "file"));
        progress.hint(&format!(
            "earlier commits keep the versions that {tool} encrypted: whoever has its keys, or gets them, can read those. Change the values that matter"
        ));
        progress.status(&format!("{number} sealed and staged; commit to keep this"));
        Ok(())
    }

    /// The files. The tool has encrypted all of them.
    fn read(&self, opened: &OpenClone, top: &Path) -> Result<Vec<File>, ImportError> {
        let mut files: Vec<File> = Vec::new();
        let mut seen = BTreeSet::new();
        for given in self.files {
            let path = opened.path_of(self.dir, given)?;
            let shown = sanitise::path(&path);
            let place = top.join(OpenClone::native(&path)?);
            refuse_elsewhere(top, &place)?;
            let is_file = place.symlink_metadata().is_ok_and(|found| found.is_file());
            if !is_file || path.starts_with(b".git/") {
                return Err(SealedFileError::NotAFile(shown).into());
            }
            let encrypted = read_regular(&place, MAX_LEN).context(|| shown.clone())?;
            let file = File { path, place, encrypted };
            if !self.tool.is_of(&file.source(top)) {
                return Err(ImportError::NotOfTool { path: shown, tool: self.tool.name() });
            }
            if !seen.insert(file.path.clone()) {
                return Err(ImportError::Twice(shown));
            }
            files.push(file);
        }
        Ok(files)
    }

    fn key_of(&self, attributes: &PathAttributes) -> KeyName {
        let said = attributes.key.as_ref().ok().filter(|_| attributes.sealed);
        self.key.clone().or(said.cloned()).unwrap_or_default()
    }

    /// Lines for the files that no line seals yet, or not as the user wants it.
    fn add_lines(
        &self,
        opened: &OpenClone,
        files: &[File],
        plaintexts: &[WipedVec],
    ) -> Result<(), ImportError> {
        let mut attributes = Attributes::new(&opened.repository)?;
        let is_asked = self.whole || !self.clear.is_empty() || self.key.is_some();
        let clear = exempt(&self.clear)?;
        let mut lines = Vec::new();
        for (file, plaintext) in files.iter().zip(plaintexts) {
            let said = attributes.of(&file.path)?;
            if said.sealed && !is_asked {
                continue;
            }
            let by_value = !self.whole
                && format_of_path(&file.path).is_some()
                && plaintext.len() <= MAX_BY_VALUE;
            let values = by_value.then(|| Values { clear: clear.clone(), format: None });
            lines.push((pattern(&file.path), self.key_of(&said), values));
        }
        Ok(add_files(opened, &lines)?)
    }
}

/// Seals and stages the files, returned as they are stored, and gives the worktree what a checkout would give it.
fn put(
    opened: &OpenClone,
    files: &[File],
    plaintexts: &[WipedVec],
    progress: &dyn Progress,
) -> Result<Vec<Sealed>, ImportError> {
    let mut attributes = Attributes::new(&opened.repository)?;
    let index = opened.repository.gix.index_or_empty().map_err(crate::git::GitError::read)?;
    let mut writer = BlobWriter::new()?;
    let (mut staged, mut all, mut kept) = (Vec::new(), Vec::new(), Vec::new());
    for (file, plaintext) in files.iter().zip(plaintexts) {
        let shown = sanitise::path(&file.path);
        let said = attributes.of(&file.path)?;
        if !said.sealed || said.conversion.is_some() {
            let outranking = [said.conflict, said.conversion.map(|it| it.to_string())];
            let said = said.filter.map(|filter| filter.to_string());
            let why = outranking.into_iter().flatten().next().or(said);
            let why = why.unwrap_or_else(|| "no line of .gitattributes seals it".to_owned());
            return Err(ImportError::Outranked { path: shown, why });
        }
        let key = SealingKey::of(opened, &file.path, &said)?;
        let sealed = key.seal(opened, plaintext)?;
        writer.add()?.write_all(&sealed).context(|| shown.clone())?;
        let mode = Mode::of(&said, &file.path).ok().flatten();
        progress.status(&format!("{shown}: {}", describe(mode.as_ref(), plaintext, &sealed)));
        let entry = index.entry_by_path(file.path.as_slice().into());
        staged.push(is_executable(entry, file));
        kept.push(key.is_kept(opened)?);
        all.push(Sealed { mode, bytes: sealed });
    }
    let ids = writer.finish(&opened.repository)?;
    let entries = files.iter().zip(staged).zip(ids);
    let entries: Vec<_> = entries
        .map(|((file, executable), id)| Staged { path: file.path.clone(), executable, id })
        .collect();
    for file in files {
        let now = read_regular(&file.place, MAX_LEN).context(|| sanitise::path(&file.path))?;
        if *now != *file.encrypted {
            return Err(ImportError::Changed(sanitise::path(&file.path)));
        }
    }
    stage(&opened.repository, &entries)?;
    for (((file, plaintext), sealed), kept) in files.iter().zip(plaintexts).zip(&all).zip(kept) {
        // As a checkout here gives it.
        let bytes = if kept { plaintext } else { &sealed.bytes };
        write_atomic(&file.place, bytes, Access::Shared).context(|| sanitise::path(&file.path))?;
    }
    opened.repository.git.query(["update-index", "-q", "--refresh"])?;
    Ok(all)
}

/// How a file was sealed, for people.
fn describe(mode: Option<&Mode>, plaintext: &[u8], sealed: &[u8]) -> String {
    let Some(mode) = mode else { return "sealed whole".to_owned() };
    match values::look(mode, sealed) {
        look @ Look::Sealed { .. } => {
            let of_all = Mode { format: mode.format, clear: Clear::default() };
            let readable = match values::look(&of_all, sealed) {
                Look::Plain { plain, .. } => plain.len() as u64,
                _ => 0,
            };
            let mut how = format!("sealed by value, {}", count(look.sealed() as u64, "value"));
            if readable > 0 {
                let readable = count(readable, "value");
                how += &format!("; {readable} readable, as shroud-clear exempts the names");
            }
            how
        }
        _ => match (mode.format, values::look(mode, plaintext)) {
            (Some(format), Look::DoesNotRead(doubt)) => {
                format!("sealed whole, as it {}", values::does_not_read(format, &doubt))
            }
            _ => "sealed whole".to_owned(),
        },
    }
}

/// Whether the file is executable: `entry` is what the index has of it, if it is there.
fn is_executable(entry: Option<&gix::index::Entry>, file: &File) -> bool {
    let here = || crate::fs::mode_of(&file.place).is_some_and(|mode| mode & 0o100 != 0);
    entry.map_or_else(here, |entry| entry.mode == gix::index::entry::Mode::FILE_EXECUTABLE)
}

/// A pattern that matches this file alone (gitignore, "Pattern format").
fn pattern(path: &[u8]) -> Vec<u8> {
    let mut pattern = vec![b'/'];
    for &byte in path {
        if b"\\*?[".contains(&byte) {
            pattern.push(b'\\');
        }
        pattern.push(byte);
    }
    pattern
}
