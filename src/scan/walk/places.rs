//! Everything that a repository holds beside its objects: what is in git's folder, the names of refs, the index, and the
//! worktree on request. And which part of a commit or tag a place is in.

use std::collections::{BTreeSet, HashMap};
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

use gix::bstr::ByteSlice as _;

use super::cache;
use super::scope::{Scope, Selected};
use super::seen::{IN_MEMORY, OtherText, Seen, Sink, Source, Unread, UnreadReason, UnreadThing};
use crate::detect::views::Seer;
use crate::git::GitError;
use crate::git::repository::Repository;
use crate::repo_path;
use crate::sanitise;

/// Folders in one another at most.
const MAX_DEPTH: usize = 64;
/// The folder of git's own, at any depth, whose files are no text: objects are looked at one by one.
const OBJECTS: &str = "objects";
/// The folder in which git-lfs keeps files as they are.
const LARGE_FILES: &str = "lfs";
/// The folder that holds the repositories of submodules (gitrepository-layout).
const SUBMODULES: &str = "modules";

/// Folders at the top of git's own in which keys of this clone lie on purpose, and what a scrub keeps to be undone.
const OWN_FOLDERS: [&str; 2] = ["git-shroud", "git-crypt"];

/// A part of a commit or tag.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Part {
    /// Who wrote it: name and mail.
    Author,
    /// Who committed it.
    Committer,
    /// Who made the tag.
    Tagger,
    /// Its message.
    Message,
    /// Another header, by its name, such as `encoding`, `gpgsig` or one that git does not know.
    Header(String),
}

/// In which part of a commit or tag (gitformat: headers, an empty line, the message) a byte stands.
pub fn part_of(text: &[u8], at: usize) -> Part {
    let end = if text.starts_with(b"\n") { Some(0) } else { text.find(b"\n\n") };
    if end.is_some_and(|end| at > end) {
        return Part::Message;
    }
    let before = &text[..at.min(text.len())];
    // A header goes on in lines that begin with a blank.
    let mut start = before.len();
    loop {
        start = before[..start].rfind_byte(b'\n').map_or(0, |end| end + 1);
        if start == 0 || text.get(start) != Some(&b' ') {
            break;
        }
        start -= 1;
    }
    let name = text[start..].split_str(b" ").next().unwrap_or_default();
    match name {
        b"author" => Part::Author,
        b"committer" => Part::Committer,
        b"tagger" => Part::Tagger,
        name => Part::Header(sanitise::path(&name[..name.len().min(100)])),
    }
}

/// Looks at all places of a scope; what was not looked at.
///
/// # Errors
/// git fails, or its folder cannot be read.
pub fn look(
    repository: &Repository,
    seer: &Seer<'_>,
    scope: &Scope,
    selected: Option<&Selected>,
    sink: &Sink<'_>,
) -> Result<Vec<Unread>, GitError> {
    let mut eye = Eye { seer, sink, unread: Vec::new() };
    match (scope, selected) {
        (Scope::All, _) => {
            for line in repository.git.run(["for-each-ref", "--format=%(refname)"])?.lines() {
                eye.look(OtherText::RefName, line);
            }
            if repository.has_reftable() {
                // A ref whose commit is gone hides no other: that it is gone is said where commits are followed.
                let list = ["log", "--ignore-missing", "--walk-reflogs", "--all"].into_iter();
                let list = list.chain(["--format=%gs", "--no-show-signature"]);
                for line in repository.git.run(list)?.lines() {
                    eye.look(OtherText::Reflog, line);
                }
            }
            eye.git_folder(repository.common_dir())?;
            // A worktree whose folder is none of those below the common one, as a submodule's may be.
            let own = repository.gix.git_dir();
            if !own.starts_with(repository.common_dir()) {
                eye.git_folder(own)?;
            }
            if let Some(staged) = Scope::Staged.select(repository)? {
                staged.paths.keys().for_each(|path| eye.look(OtherText::StagedPath, path));
            }
        }
        (Scope::Staged, Some(selected)) => {
            selected.paths.keys().for_each(|path| eye.look(OtherText::StagedPath, path));
        }
        (_, Some(selected)) => {
            selected.paths.keys().for_each(|path| eye.look(OtherText::Path, path));
        }
        (_, None) => {}
    }
    Ok(eye.unread)
}

/// Whether git's folder holds repositories of submodules. Their objects are none of this repository's, and not looked at.
pub fn has_submodules(repository: &Repository) -> bool {
    let folder = fs::read_dir(repository.common_dir().join(SUBMODULES));
    folder.is_ok_and(|mut folder| folder.next().is_some())
}

/// The files of a worktree.
pub struct WorktreeFiles<'r> {
    /// Where the worktree is.
    pub top: &'r Path,
    /// Tracked or not, but for those that git ignores; sorted.
    pub paths: BTreeSet<Vec<u8>>,
}

impl<'r> WorktreeFiles<'r> {
    /// Lists them.
    ///
    /// # Errors
    /// There is no worktree, or git fails.
    pub fn list(repository: &'r Repository) -> Result<Self, GitError> {
        let Some(top) = &repository.worktree else {
            return Err(GitError::read("there is no worktree here"));
        };
        let list = ["ls-files", "-z", "--cached", "--others", "--exclude-standard"];
        let listed = repository.git.run(list)?;
        let paths = listed.split_str(b"\0").filter(|path| !path.is_empty());
        // Where a link has come in the place of a folder, git's files are gone, and what it leads to is another's.
        let mut folders = HashMap::new();
        let paths = paths.filter(|path| !is_behind_link(top, path, &mut folders));
        Ok(Self { top, paths: paths.map(<[u8]>::to_vec).collect() })
    }

    /// Looks at all of them; what was not looked at.
    pub fn look(&self, seer: &Seer<'_>, sink: &Sink<'_>) -> Vec<Unread> {
        let mut eye = Eye { seer, sink, unread: Vec::new() };
        for path in &self.paths {
            eye.look(OtherText::WorktreePath, path);
            if let Some(native) = repo_path::to_native(path) {
                eye.file(&self.top.join(native), OtherText::Worktree(path.clone()));
            }
        }
        eye.unread
    }
}

/// Whether a folder above a path is a link; `known` remembers what was asked.
fn is_behind_link<'p>(top: &Path, path: &'p [u8], known: &mut HashMap<&'p [u8], bool>) -> bool {
    let Some(end) = path.rfind_byte(b'/') else { return false };
    let folder = &path[..end];
    if let Some(&is) = known.get(folder) {
        return is;
    }
    let is = is_behind_link(top, folder, known)
        || repo_path::to_native(folder).is_some_and(|native| top.join(native).is_symlink());
    known.insert(folder, is);
    is
}

struct Eye<'a> {
    seer: &'a Seer<'a>,
    sink: &'a Sink<'a>,
    unread: Vec<Unread>,
}

impl Eye<'_> {
    /// Looks at one text; whether nothing was left out.
    fn look_at(&self, place: OtherText, text: &[u8]) -> bool {
        let mut found = Vec::new();
        let complete = self.seer.look(text, &mut found);
        if !found.is_empty() {
            let source = Source::Other(place);
            (self.sink)(&Seen { source, text, start: 0, lines: 0, columns: 0, found: &found });
        }
        complete
    }

    /// Looks at a name or a line, which decodes to little.
    fn look(&self, place: OtherText, text: &[u8]) {
        self.look_at(place, text);
    }

    fn unread(&mut self, path: &Path, why: UnreadReason) {
        self.unread.push(Unread { what: UnreadThing::File(sanitise::native(path)), why });
    }

    /// Looks at a file, or at what a symlink names. One that is not there is none.
    fn file(&mut self, path: &Path, place: OtherText) {
        let damaged =
            |error: &std::io::Error| UnreadReason::Damaged(sanitise::line(&error.to_string()));
        let kind = match fs::symlink_metadata(path) {
            Ok(kind) => kind,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return,
            Err(error) => return self.unread(path, damaged(&error)),
        };
        if kind.is_symlink() {
            match fs::read_link(path) {
                Ok(target) => {
                    self.look(
                        place,
                        repo_path::argument_bytes(target.as_os_str()).unwrap_or_default(),
                    );
                }
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
                Err(error) => self.unread(path, damaged(&error)),
            }
        } else if kind.is_file() && kind.len() > IN_MEMORY {
            self.unread(path, UnreadReason::TooLarge);
        } else if kind.is_file() {
            let limit = usize::try_from(IN_MEMORY).unwrap_or(usize::MAX);
            match crate::fs::read_regular(path, limit) {
                Ok(text) if self.look_at(place, &text) => {}
                Ok(_) => self.unread(path, UnreadReason::Cut),
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
                Err(error) => self.unread(path, damaged(&error)),
            }
        }
    }

    /// Looks at all files in git's folder that may hold text.
    fn git_folder(&mut self, top: &Path) -> Result<(), GitError> {
        let mut folders: Vec<(PathBuf, usize)> = vec![(top.to_owned(), 0)];
        while let Some((folder, depth)) = folders.pop() {
            let listed = match fs::read_dir(&folder) {
                Ok(listed) => listed.collect::<Result<Vec<_>, _>>()?,
                Err(error) if depth == 0 => {
                    return Err(crate::fs::with_path(&folder, &error).into());
                }
                Err(error) => {
                    self.unread(&folder, UnreadReason::Damaged(sanitise::line(&error.to_string())));
                    continue;
                }
            };
            for entry in listed {
                let path = entry.path();
                if !entry.file_type()?.is_dir() {
                    // The index is no text; what is new in it is looked at otherwise.
                    let name = entry.file_name();
                    if name == "index" || name.as_encoded_bytes().starts_with(b"sharedindex.") {
                        continue;
                    }
                    // What a scan of a submodule has left; it may be large, and says nothing that objects do not.
                    let left = name == cache::NAME || name == cache::NAME_OF_ORIGINS;
                    if left && folder.ends_with(OWN_FOLDERS[0]) {
                        continue;
                    }
                    let below = path.strip_prefix(top).unwrap_or(&path);
                    let below = repo_path::argument_bytes(below.as_os_str()).unwrap_or_default();
                    let place = OtherText::GitFile(below.to_vec());
                    self.file(&path, place);
                } else if depth == 0 && OWN_FOLDERS.map(OsStr::new).contains(&&*entry.file_name()) {
                    continue;
                } else if depth == MAX_DEPTH {
                    self.unread(&path, UnreadReason::TooLarge);
                } else if entry.file_name() != OBJECTS || folder.ends_with(LARGE_FILES) {
                    folders.push((path, depth + 1));
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_told_apart() {
        let text = b"tree 1\nauthor Ann <a@b> 1 +0\ncommitter Bob <b@c> 1 +0\ngpgsig one\n two\n three\nx y\n\nmes\n\nsage";
        let part = |word: &str| part_of(text, text.find(word).unwrap());
        let header = |name: &str| Part::Header(name.to_owned());
        assert_eq!(part("tree"), header("tree"));
        assert_eq!(part("Ann"), Part::Author);
        assert_eq!(part("b@c"), Part::Committer);
        assert_eq!(part("one"), header("gpgsig"));
        assert_eq!(part("three"), header("gpgsig"));
        assert_eq!(part("y\n"), header("x"));
        assert_eq!(part("mes"), Part::Message);
        assert_eq!(part("sage"), Part::Message);
        assert_eq!(part_of(b"tagger x", 100), Part::Tagger);
        assert_eq!(part_of(b"", 0), header(""));
    }
}
