//! Places in a repository where a value may stand.

use crate::scan::lines::Span;

/// What kind of place in a repository.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LocationKind {
    /// The content of a blob; the name is its path, empty where no tree names it.
    File,
    /// The content of a staged blob that no commit has; the name is its path.
    Staged,
    /// A file of the worktree; the name is its path.
    Worktree,
    /// Where a symbolic link leads; the name is the link's path.
    Symlink,
    /// The name of a file; the name is its path.
    FileName,
    /// A commit's message.
    CommitMessage,
    /// Another header of a commit, such as its author; the name is the header's.
    CommitHeader,
    /// An annotated tag's message or header; the name is the tag's.
    Tag,
    /// A note; the name is the notes ref's.
    Note,
    /// A reflog; the name is the ref's.
    Reflog,
    /// The name of a ref.
    RefName,
    /// A file in git's folder, such as its configuration; the name is its path there.
    GitFile,
}

impl LocationKind {
    /// The name in every format.
    pub fn name(self) -> &'static str {
        match self {
            Self::File => "file",
            Self::Staged => "staged",
            Self::Worktree => "worktree",
            Self::Symlink => "symlink",
            Self::FileName => "file-name",
            Self::CommitMessage => "commit-message",
            Self::CommitHeader => "commit-header",
            Self::Tag => "tag",
            Self::Note => "note",
            Self::Reflog => "reflog",
            Self::RefName => "ref-name",
            Self::GitFile => "git-file",
        }
    }

    /// Whether the name of such a place is a path, to which the globs of an allow list apply.
    pub fn is_path(self) -> bool {
        matches!(self, Self::File | Self::Staged | Self::Worktree | Self::Symlink | Self::FileName)
    }
}

/// A place in a repository.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Location {
    /// What it is.
    pub kind: LocationKind,
    /// Its name, as the kind says; from the repository, so not fit for a terminal.
    pub name: Vec<u8>,
    /// Where in the text, if it is one of lines. Of an encoded value, the place of the encoded form.
    pub span: Option<Span>,
    /// How the text had to be read, outermost first, such as `gzip` and `base64`.
    pub views: Vec<String>,
}
