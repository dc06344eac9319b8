//! The names of the attributes that decide what becomes of a file.

/// The filter, diff and merge driver's name, and the macro's.
pub const DRIVER: &str = "shroud";
/// The attribute that names the key of a path.
pub const KEY_ATTRIBUTE: &str = "shroud-key";
/// Unset, it says that nothing is compressed before it is sealed.
pub const COMPRESS_ATTRIBUTE: &str = "shroud-compress";
/// Set, it says that a path is sealed so that git finds what two versions have in common.
pub const DELTA_ATTRIBUTE: &str = "shroud-delta";
/// The macro of paths that are sealed by value.
pub(super) const VALUES: &str = "shroud-values";
/// With the value `value` it says that single values are sealed, and not the whole file.
pub(super) const BY_ATTRIBUTE: &str = "shroud-by";
/// The names whose values are not sealed, with commas between them.
pub(super) const CLEAR_ATTRIBUTE: &str = "shroud-clear";
/// The format of a file that is sealed by value, where its name does not tell it.
pub(super) const FORMAT_ATTRIBUTE: &str = "shroud-format";
/// The attributes that say how values are sealed, with the macro's own.
pub const OF_VALUES: [&str; 4] = [VALUES, BY_ATTRIBUTE, CLEAR_ATTRIBUTE, FORMAT_ATTRIBUTE];
/// The encoding that no git knows: with it a clone that was never set up cannot store a plaintext file.
pub const TRIPWIRE: &str = "locked-run-git-shroud-unlock";

pub(super) const FILTER: &str = "filter";
pub(super) const DIFF: &str = "diff";
pub(super) const TEXT: &str = "text";
pub(super) const CRLF: &str = "crlf";
pub(super) const EOL: &str = "eol";
pub(super) const IDENT: &str = "ident";
/// The attribute that names the encoding of a file in the worktree.
pub const ENCODING: &str = "working-tree-encoding";
pub(super) const NAMES: [&str; 15] = [
    FILTER,
    DIFF,
    DRIVER,
    KEY_ATTRIBUTE,
    COMPRESS_ATTRIBUTE,
    DELTA_ATTRIBUTE,
    VALUES,
    BY_ATTRIBUTE,
    CLEAR_ATTRIBUTE,
    FORMAT_ATTRIBUTE,
    TEXT,
    CRLF,
    EOL,
    IDENT,
    ENCODING,
];
