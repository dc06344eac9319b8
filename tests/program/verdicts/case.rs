//! What is drawn at random: a tree, its attributes, the keys, and where the commands are run.

use proptest::prelude::*;
use proptest::sample::{select, subsequence};

/// Where an attributes file stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    Top,
    Sub,
    Info,
}

/// How the macro is defined at the top.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Macro {
    Plain,
    /// With the tripwire, which `unlock` disarms in `info/attributes`.
    Tripwire,
    Missing,
    /// Switched off in its definition.
    Off,
}

/// The keys that the clone holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Held {
    Nothing,
    First,
    Both,
    All,
    Prod,
    Foreign,
}

/// What the index has at a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stored {
    Absent,
    Empty,
    Plain,
    First,
    Second,
    Prod,
    Foreign,
    /// A bit of a sealed body is flipped: only the key shows it.
    Flipped,
    /// Cut within the body: the length shows it.
    Cut,
    /// Cut within the header.
    Header,
    Version2,
    GitCrypt,
    /// Too short for git-crypt: plaintext to it.
    GitCryptHeader,
}

/// What is written into the worktree, and added.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Edit {
    Plain,
    Empty,
    /// What the index has, as it is.
    Same,
    /// What the index has, opened by whichever key.
    Opened,
    SealedFirst,
    SealedForeign,
    Cut,
}

/// Where commands run, and with which environment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Around {
    Top,
    Below,
    /// Outside of the worktree, with `GIT_DIR` and `GIT_WORK_TREE`.
    Outside,
    /// Outside of it, with `GIT_DIR`; the configuration names the worktree.
    CoreWorktree,
    InsideGit,
    Literal,
    Icase,
    NoHome,
}

const AROUND: [Around; 8] = [
    Around::Top,
    Around::Below,
    Around::Outside,
    Around::CoreWorktree,
    Around::InsideGit,
    Around::Literal,
    Around::Icase,
    Around::NoHome,
];

#[derive(Clone)]
pub(crate) struct File {
    pub(crate) name: &'static [u8],
    pub(crate) stored: Stored,
    pub(crate) edit: Edit,
}

impl std::fmt::Debug for File {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {:?}, then {:?}", self.name.escape_ascii(), self.stored, self.edit)
    }
}

#[derive(Clone, Debug)]
pub(crate) struct Case {
    pub(crate) sha256: bool,
    /// The generation of `default` that `.shroud/` describes.
    pub(crate) described: u32,
    pub(crate) held: Held,
    /// Whether the clone held generation 2 before.
    pub(crate) seen: bool,
    /// Whether git knows the filter.
    pub(crate) drivers: bool,
    pub(crate) defined: Macro,
    pub(crate) lines: Vec<(Place, &'static str, &'static str)>,
    pub(crate) files: Vec<File>,
    /// Whether the index is committed; else no commit is there yet.
    pub(crate) committed: bool,
    pub(crate) around: Around,
}

pub(crate) const NAMES: [&[u8]; 14] = [
    b"secrets/db.env",
    b"secrets/a b",
    b"secrets/deep/er/x.key",
    b"sub/x.env",
    b"sub/:colon",
    b"sub/*star",
    b"x.env",
    b"-dash",
    b"quo\"te.env",
    b"tab\tname",
    b"\xc3\xbc.env",
    b"b\xff.env",
    b"!not",
    b"new\nline",
];

const PATTERNS: [&str; 10] = [
    "*",
    "secrets/**",
    "*.env",
    "/secrets/db.env",
    "\"a b\"",
    "sub/*",
    "x*",
    "**/er/*",
    "secrets",
    "\"tab\\tname\"",
];

/// Lines that seal come first, and often.
const SEALING: [&str; 5] = [
    "shroud",
    "shroud filter=shroud diff=shroud merge=shroud -text",
    "shroud shroud-key=prod",
    "shroud filter=shroud diff=shroud merge=shroud -text shroud-key=prod",
    "filter=shroud diff=shroud -text",
];
const OTHER: [&str; 19] = [
    "!shroud",
    "-shroud",
    "-filter",
    "!filter",
    "filter=other",
    "filter=lfs diff=lfs merge=lfs -text",
    "filter=git-crypt diff=git-crypt",
    "shroud-key=prod",
    "shroud-key=no-such-key",
    "shroud-key=Not/A.Key!",
    "!shroud-key",
    "text",
    "text eol=crlf",
    "text=auto",
    "eol=lf",
    "ident",
    "working-tree-encoding=UTF-16",
    "binary",
    "-text -ident -working-tree-encoding",
];

fn line() -> impl Strategy<Value = (Place, &'static str, &'static str)> {
    let place = prop_oneof![6 => Just(Place::Top), 2 => Just(Place::Sub), 1 => Just(Place::Info)];
    let attributes = prop_oneof![3 => select(&SEALING[..]), 2 => select(&OTHER[..])];
    (place, select(&PATTERNS[..]), attributes)
}

fn stored() -> impl Strategy<Value = Stored> {
    use Stored::{
        Absent, Cut, Empty, First, Flipped, Foreign, GitCrypt, GitCryptHeader, Header, Plain, Prod,
        Second, Version2,
    };
    prop_oneof![
        3 => select(vec![First, Second, Prod]),
        2 => select(vec![Plain, Absent, Empty]),
        2 => select(vec![Foreign, Flipped, Cut, Header, Version2, GitCrypt, GitCryptHeader]),
    ]
}

fn edit() -> impl Strategy<Value = Edit> {
    use Edit::{Cut, Empty, Opened, Plain, Same, SealedFirst, SealedForeign};
    prop_oneof![
        4 => Just(Plain),
        2 => select(vec![Same, Opened]),
        1 => select(vec![Empty, SealedFirst, SealedForeign, Cut]),
    ]
}

fn files() -> impl Strategy<Value = Vec<File>> {
    subsequence(&NAMES[..], 1..=4).prop_flat_map(|names| {
        let each: Vec<_> = names
            .into_iter()
            .map(|name| {
                (stored(), edit()).prop_map(move |(stored, edit)| File { name, stored, edit })
            })
            .collect();
        each
    })
}

pub(crate) fn cases() -> impl Strategy<Value = Case> {
    let defined = prop_oneof![
        6 => Just(Macro::Plain),
        2 => Just(Macro::Tripwire),
        1 => Just(Macro::Missing),
        1 => Just(Macro::Off),
    ];
    let held = prop_oneof![
        3 => Just(Held::All),
        4 => select(vec![Held::Nothing, Held::First, Held::Both, Held::Prod, Held::Foreign]),
    ];
    let around = select(&AROUND[..]);
    let keys = (1..=2u32, held, prop::bool::weighted(0.2), prop::bool::weighted(0.9));
    let lines = proptest::collection::vec(line(), 0..=5);
    let rest = (prop::bool::weighted(0.15), any::<bool>(), around);
    (keys, defined, lines, files(), rest).prop_map(
        |((described, held, seen, drivers), defined, lines, files, (sha256, committed, around))| {
            Case {
                sha256,
                described,
                held,
                seen,
                drivers,
                defined,
                lines,
                files,
                committed,
                around,
            }
        },
    )
}
