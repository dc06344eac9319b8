//! What contents, names and messages become: the seam between what is wanted and the rewriter.

use gix::ObjectId;

use super::ScrubError;

/// What is done to the content of files; numbers mean what the [`Changes`] says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PolicyId(pub u32);

/// By which attributes paths are judged; [`Changes::scope`] makes them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ScopeId(pub u32);

/// What an entry of a tree is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EntryKind {
    /// A file.
    File,
    /// A file that can be run.
    Executable,
    /// A symbolic link.
    Symlink,
    /// A commit of another repository.
    Submodule,
}

/// What becomes of an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Fate {
    /// Its content stays.
    Keep,
    /// It goes; a folder that is empty then goes too.
    Drop,
    /// A file's content is shown to [`Changes::blob`], a symbolic link's target to [`Changes::text`].
    Content(PolicyId),
}

/// What becomes of all below a folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Folder {
    /// All of it stays, names too: it is not even read.
    Untouched,
    /// The same for every entry, wherever the folder is: a tree is looked at once. Names are shown to [`Changes::text`].
    Alike(Fate),
    /// It depends on the path: [`Changes::at`] is asked for each entry. Names are shown to [`Changes::text`].
    ByPath,
}

/// What a text is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TextKind {
    /// The message of a commit or tag, in the encoding that the commit names.
    Message,
    /// The name of a person, or a mail address without its brackets. Must stay without `<`, `>`, LF and NUL.
    Person,
    /// A value of another header, without its name; lines after the first begin with a blank.
    Header,
    /// The name of a file or folder, without those above it. Must stay a name that git takes.
    FileName,
    /// Where a symbolic link leads.
    SymlinkTarget,
    /// The whole name of a ref, or the name in an annotated tag.
    RefName,
    /// A message in the reflog of the stash.
    Reflog,
}

/// What contents, names and messages become.
///
/// Every method is a function of its arguments alone, or two people would get different ids; several threads call them at once.
/// Paths are as git has them: bytes, relative, with `/`.
pub trait Changes: Sync {
    /// By which attributes the paths of a commit with this root tree are judged. Asked once for each root tree.
    ///
    /// # Errors
    /// The attributes cannot be read.
    fn scope(&self, _root: ObjectId) -> Result<ScopeId, ScrubError> {
        Ok(ScopeId::default())
    }

    /// What becomes of all below a folder; the path of the root is empty. A folder is asked for only where the one above it is
    /// [`Folder::ByPath`].
    fn folder(&self, scope: ScopeId, path: &[u8]) -> Folder;

    /// What becomes of an entry, which is no folder.
    fn at(&self, scope: ScopeId, path: &[u8], kind: EntryKind) -> Fate;

    /// What becomes of contents that have no path: notes, and blobs that a ref or tag names.
    fn pathless(&self) -> Fate;

    /// The new content of a blob, `None` where it stays. Each blob is shown once for each policy.
    ///
    /// # Errors
    /// It can neither be changed nor stay.
    fn blob(
        &self,
        policy: PolicyId,
        id: ObjectId,
        content: &[u8],
    ) -> Result<Option<Vec<u8>>, ScrubError>;

    /// Whether a blob that is larger than [`super::rewrite::LARGEST`] may stay as it is.
    ///
    /// # Errors
    /// It cannot be told.
    fn large(&self, _policy: PolicyId, _id: ObjectId, _len: u64) -> Result<bool, ScrubError> {
        Ok(false)
    }

    /// The new text, `None` where it stays.
    fn text(&self, _what: TextKind, _text: &[u8]) -> Option<Vec<u8>> {
        None
    }

    /// The new `.gitattributes` of a root tree, `None` where it stays. Shown those of rewritten commits alone, as they are
    /// after [`Self::blob`]; `None` where the tree has none.
    fn attributes(&self, _text: Option<&[u8]>) -> Option<Vec<u8>> {
        None
    }

    /// Whether [`Self::attributes`] changes any.
    fn has_attributes(&self) -> bool {
        false
    }
}
