//! Where this clone has opened values that somebody set without the key, and their tokens: `<common dir>/git-shroud/received`.
//!
//! As plaintext of the worktree such a value looks like any other. Sealed as an ordinary one it could be compared with the other
//! ordinary ones, and whoever set it would see whether it is right. So its token is found here again, or at least its name. The file holds no
//! value: tokens, as the history of the repository has them, and salted digests of names and paths.

use std::collections::{HashMap, HashSet};
use std::fs::{File, OpenOptions};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

use crate::fs::create_private_dir;

/// Bytes past which the older half is forgotten.
const MAX_LEN: u64 = 8 << 20;
/// Values of one file that are remembered at once.
const MAX_OF_FILE: usize = 10_000;
const SALT_LEN: usize = 32;
const DIGEST_LEN: usize = 16;
const FIRST_LINE: &str = "git-shroud-received v1 ";
/// Tokens of one name in one file that are remembered, the newest: a holder who sets one of these values again gets its token, so that
/// each is a guess.
const MAX_TOKENS: usize = 4;

/// Blobs that one file was checked out from that are remembered.
const MAX_ORIGINS: usize = 8;

/// Stands for no blob.
const NO_BLOB: &str = "-";
/// A line that says that something was forgotten.
const FORGOTTEN: &str = "!";
/// What a clone says when that happens.
pub const FULL: &str = "people without the key have set more values than this clone remembers: it seals what changes here to the public key from now on, as it cannot tell whether they have set it; all of that opens as ever, and a new clone begins anew";

type Digest = [u8; DIGEST_LEN];

/// What a clone says where the file cannot be written.
pub fn not_remembered(error: &io::Error) -> String {
    format!(
        "values that people without the key have set are opened, and .git/git-shroud/received cannot be written ({error}): correct that before you change or copy them, else these people may see which of their guesses are right"
    )
}

/// What is remembered.
pub struct Received {
    file: PathBuf,
    salt: [u8; SALT_LEN],
    /// For each name where it was: the path, and the tokens, the oldest first.
    known: HashMap<Digest, Vec<(Digest, Vec<String>)>>,
    /// The paths at which any was.
    paths: HashSet<Digest>,
    /// From which blobs a file of a worktree was checked out, of the paths at which any was, the last one last; and when the file was
    /// written, in nanoseconds, or 0 where that is not known.
    origins: HashMap<Digest, Vec<(String, u128)>>,
    /// Whether something was forgotten.
    forgotten: bool,
    /// Whether the file is none of this kind, or could not be read.
    is_broken: bool,
}

impl Received {
    /// What this clone remembers; `None` where it has opened no such value. A file that cannot be read may have held anything.
    pub fn load(common_dir: &Path) -> Option<Self> {
        let path = super::local::dir(common_dir).join("received");
        let file = match File::open(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return None,
            file => file.ok(),
        };
        let text = file.and_then(read);
        // A run was killed before it wrote anything.
        if text.as_deref() == Some("") {
            return None;
        }
        let known = text.and_then(|text| Self::parse(path.clone(), &text));
        Some(known.unwrap_or_else(|| Self::broken(path)))
    }

    fn broken(path: PathBuf) -> Self {
        Self { forgotten: true, is_broken: true, ..Self::new(path, [0; SALT_LEN]) }
    }

    fn parse(file: PathBuf, text: &str) -> Option<Self> {
        let mut lines = text.split_inclusive('\n').filter_map(|line| line.strip_suffix('\n'));
        let salt = lines.next().and_then(|line| crate::hex::read(line.strip_prefix(FIRST_LINE)?));
        let mut received = Self::new(file, salt?);
        // What is no line of it is passed over: a run may have been killed while it wrote.
        for line in lines {
            received.forgotten |= line == FORGOTTEN;
            let mut words = line.split(' ');
            if let Some(origin) = line.strip_prefix("= ") {
                let mut words = origin.split(' ');
                let file = words.next().and_then(crate::hex::read);
                if let (Some(file), Some(blob)) = (file, words.next()) {
                    let written = words.next().and_then(|at| at.parse().ok()).unwrap_or(0);
                    received.note_origin(file, blob, written);
                }
                continue;
            }
            let mut digest = || crate::hex::read(words.next()?);
            let (Some(place), Some(path)) = (digest(), digest()) else { continue };
            let Some(token) = words.next().filter(|_| words.next().is_none()) else { continue };
            received.note(place, path, token);
        }
        Some(received)
    }

    /// Remembers tokens that were opened at a path, each with its place: names as its associated data has them. Says whether anything was
    /// forgotten now, for the first time.
    ///
    /// # Errors
    /// The file cannot be written, or there are no random numbers. Then this run still knows the tokens.
    pub fn remember<'t>(
        this: &mut Option<Self>,
        common_dir: &Path,
        path: &[u8],
        tokens: impl IntoIterator<Item = (&'t [u8], &'t str)>,
    ) -> io::Result<bool> {
        let mut begun = Ok(());
        if this.as_ref().is_none_or(|received| received.is_broken) {
            let file = super::local::dir(common_dir).join("received");
            *this = Some(Self::begin(common_dir).unwrap_or_else(|error| {
                begun = Err(error);
                Self::broken(file)
            }));
        }
        let Some(received) = this else { return begun.map(|()| false) };
        let path = received.digest(b"path", path);
        let had_forgotten = received.forgotten;
        let mut lines = String::new();
        let mut tokens = tokens.into_iter();
        for (place, token) in tokens.by_ref().take(MAX_OF_FILE) {
            let place = received.digest(b"name", place);
            if received.note(place, path, token) {
                let [place, path] = [place, path].map(|digest| crate::hex::lower(&digest));
                lines.push_str(&format!("{place} {path} {token}\n"));
            }
        }
        if tokens.next().is_some() && !received.forgotten {
            received.forgotten = true;
            lines.push_str(&format!("{FORGOTTEN}\n"));
        }
        begun?;
        if !lines.is_empty() {
            received.append(&lines)?;
        }
        Ok(received.forgotten && !had_forgotten)
    }

    /// What the file has, or a new one.
    fn begin(common_dir: &Path) -> io::Result<Self> {
        create_private_dir(&super::local::dir(common_dir))?;
        let path = super::local::dir(common_dir).join("received");
        let mut file = open(&path)?;
        file.lock()?;
        let text = read(file.try_clone()?);
        if let Some(known) = text.as_ref().and_then(|text| Self::parse(path.clone(), text)) {
            return Ok(known);
        }
        // What it held is lost.
        let forgotten = text.is_none_or(|text| !text.is_empty());
        let mut salt = [0; SALT_LEN];
        getrandom::fill(&mut salt).map_err(io::Error::other)?;
        file.set_len(0)?;
        file.seek(SeekFrom::Start(0))?;
        let line = if forgotten { format!("{FORGOTTEN}\n") } else { String::new() };
        let salt_line = format!("{FIRST_LINE}{}\n", crate::hex::lower(&salt));
        file.write_all([salt_line, line].concat().as_bytes())?;
        Ok(Self { forgotten, ..Self::new(path, salt) })
    }

    fn new(file: PathBuf, salt: [u8; SALT_LEN]) -> Self {
        let (known, paths, origins) = (HashMap::new(), HashSet::new(), HashMap::new());
        Self { file, salt, known, paths, origins, forgotten: false, is_broken: false }
    }

    fn append(&mut self, lines: &str) -> io::Result<()> {
        let mut file = open(&self.file)?;
        file.lock()?;
        let text = match file.seek(SeekFrom::End(0))? + lines.len() as u64 > MAX_LEN {
            true => {
                file.seek(SeekFrom::Start(0))?;
                read(file.try_clone()?).unwrap_or_default()
            }
            // A run that was killed may have left a part of a line.
            false => return file.write_all(format!("\n{lines}").as_bytes()),
        };
        let first = text.find('\n').map_or(0, |at| at + 1);
        file.set_len(0)?;
        file.seek(SeekFrom::Start(0))?;
        // Mostly it is full of what was true of files before.
        let current = Self::parse(self.file.clone(), &text).map(|current| current.text());
        if let Some(current) = current.filter(|text| text.len() as u64 <= MAX_LEN / 2) {
            return file.write_all([&text[..first], &current, lines].concat().as_bytes());
        }
        let older = text[first..].split_inclusive('\n').take(text.lines().count() / 2);
        let older: usize = older.map(str::len).sum();
        self.forgotten = true;
        let newer = &text[first + older..];
        let first = [&text[..first], FORGOTTEN, "\n"].concat();
        file.write_all([&first, newer, lines].concat().as_bytes())
    }

    /// All that is known, as the file has it behind its first line.
    fn text(&self) -> String {
        let hex = |digest: &Digest| crate::hex::lower(digest);
        let mut text = if self.forgotten { format!("{FORGOTTEN}\n") } else { String::new() };
        for (place, paths) in &self.known {
            for (path, tokens) in paths {
                for token in tokens {
                    text.push_str(&format!("{} {} {token}\n", hex(place), hex(path)));
                }
            }
        }
        for (file, blobs) in &self.origins {
            for (blob, written) in blobs {
                text.push_str(&format!("= {} {blob} {written}\n", hex(file)));
            }
        }
        text
    }

    /// Whether this clone cannot know all such values that it has opened.
    pub fn has_forgotten(&self) -> bool {
        self.forgotten
    }

    /// Whether it is new.
    fn note(&mut self, place: Digest, path: Digest, token: &str) -> bool {
        self.paths.insert(path);
        let paths = self.known.entry(place).or_default();
        let at = match paths.iter().position(|(known, _)| *known == path) {
            Some(at) => at,
            None => {
                paths.push((path, Vec::new()));
                paths.len() - 1
            }
        };
        let tokens = &mut paths[at].1;
        if tokens.iter().any(|known| known == token) {
            return false;
        }
        if tokens.len() == MAX_TOKENS {
            tokens.remove(0);
        }
        tokens.push(token.to_owned());
        true
    }

    /// Whether such a value of this name was opened here, in any file.
    pub fn knows(&self, place: &[u8]) -> bool {
        self.known.contains_key(&self.digest(b"name", place))
    }

    /// Whether such a value of this name was opened here in another file than this one.
    pub fn knows_elsewhere(&self, path: &[u8], place: &[u8]) -> bool {
        let path = self.digest(b"path", path);
        let paths = self.known.get(&self.digest(b"name", place));
        paths.is_some_and(|paths| paths.iter().any(|(known, _)| *known != path))
    }

    /// The tokens of this name that were opened in this file.
    pub fn tokens(&self, path: &[u8], place: &[u8]) -> impl Iterator<Item = &str> {
        let path = self.digest(b"path", path);
        let paths = self.known.get(&self.digest(b"name", place)).into_iter().flatten();
        let tokens = paths.filter(move |(known, _)| *known == path).flat_map(|(_, tokens)| tokens);
        tokens.map(String::as_str)
    }

    /// Whether such a value was opened at this path.
    pub fn knows_path(&self, path: &[u8]) -> bool {
        self.paths.contains(&self.digest(b"path", path))
    }

    /// Whether such a value of this name was opened here in this file.
    pub fn knows_here(&self, path: &[u8], place: &[u8]) -> bool {
        self.tokens(path, place).next().is_some()
    }

    /// The blob that a file of a worktree was checked out from, in hexadecimal, if it was `written` then or later, in nanoseconds: an earlier
    /// file that was put back is of an earlier blob. The worktree is named by its git directory. `None`
    /// where no such value was opened at this path, or the file was sealed whole.
    pub fn origin(&self, git_dir: &Path, path: &[u8], written: Option<u128>) -> Option<&str> {
        let blobs = self.origins.get(&self.digest(b"file", &file_of(git_dir, path)))?;
        let mut last = blobs.iter().rev();
        let (blob, _) = last.find(|(_, then)| written.is_none_or(|written| *then <= written))?;
        Some(blob.as_str()).filter(|blob| *blob != NO_BLOB)
    }

    /// Remembers the blob that a file of a worktree is checked out from, `None` for one that is sealed in another way; and when it was written,
    /// or 0.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn set_origin(
        &mut self,
        git_dir: &Path,
        path: &[u8],
        blob: Option<&str>,
        written: u128,
    ) -> io::Result<()> {
        let file = self.digest(b"file", &file_of(git_dir, path));
        let blob = blob.unwrap_or(NO_BLOB);
        let last = self.origins.get(&file).and_then(|blobs| blobs.last());
        let is_known = match last {
            Some((last, then)) => last == blob && (*then == written || written == 0),
            None => blob == NO_BLOB,
        };
        if is_known {
            return Ok(());
        }
        self.append(&format!("= {} {blob} {written}\n", crate::hex::lower(&file)))?;
        self.note_origin(file, blob, written);
        Ok(())
    }

    fn note_origin(&mut self, file: Digest, blob: &str, written: u128) {
        let blobs = self.origins.entry(file).or_default();
        // The same, with more known of it.
        blobs.pop_if(|(last, then)| last.as_str() == blob && *then == 0);
        if blobs.len() == MAX_ORIGINS {
            blobs.remove(0);
        }
        blobs.push((blob.to_owned(), written));
    }

    fn digest(&self, of: &[u8], bytes: &[u8]) -> Digest {
        let mac = Hmac::<Sha256>::new_from_slice(&self.salt);
        let mut mac = mac.expect("HMAC takes any key length");
        mac.update(of);
        mac.update(bytes);
        let mut digest = [0; DIGEST_LEN];
        digest.copy_from_slice(&mac.finalize().into_bytes()[..DIGEST_LEN]);
        digest
    }
}

/// A file of a worktree. A linked worktree has the name of its folder in `worktrees`, and the main one has none, wherever the repository is.
fn file_of(git_dir: &Path, path: &[u8]) -> Vec<u8> {
    let is_linked = git_dir.parent().is_some_and(|parent| parent.ends_with("worktrees"));
    let name = git_dir.file_name().filter(|_| is_linked).unwrap_or_default();
    [name.as_encoded_bytes(), b"\0", path].concat()
}

fn open(path: &Path) -> io::Result<File> {
    if path.symlink_metadata().is_ok_and(|metadata| !metadata.is_file()) {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "it is not a file"));
    }
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

fn read(file: File) -> Option<String> {
    let mut text = String::new();
    file.take(MAX_LEN + (MAX_LEN >> 1)).read_to_string(&mut text).ok()?;
    Some(text)
}

#[cfg(test)]
mod tests;
