//! The truth about a path: what git says of its attributes, and what the bytes of its blob are (docs/format.md).

use std::collections::BTreeMap;

use crate::common::Done;
use crate::verdicts::repo::Repo;
use crate::verdicts::seal::{GIT_CRYPT_MAGIC, MAGIC, is_sealed_len};

const NAMES: [&str; 8] =
    ["filter", "shroud", "shroud-key", "text", "crlf", "eol", "ident", "working-tree-encoding"];

/// What git says of a path, as `git check-attr` prints it.
#[derive(Clone, Default, PartialEq, Eq)]
pub(crate) struct Said(BTreeMap<String, String>);

impl std::fmt::Debug for Said {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let said = self.0.iter().filter(|(_, value)| *value != "unspecified");
        f.debug_list().entries(said.map(|(name, value)| format!("{name}={value}"))).finish()
    }
}

impl Said {
    fn of(&self, name: &str) -> &str {
        self.0.get(name).map_or("unspecified", String::as_str)
    }

    pub(crate) fn is_sealed(&self) -> bool {
        self.of("filter") == "shroud"
    }

    pub(crate) fn is_git_crypt(&self) -> bool {
        let filter = self.of("filter");
        filter == "git-crypt" || filter.starts_with("git-crypt-")
    }

    /// A line that seals and that does nothing: another filter stands behind it, or the macro is missing.
    pub(crate) fn is_inert(&self) -> bool {
        self.of("shroud") == "set" && !self.is_sealed() && self.of("filter") != "unset"
    }

    pub(crate) fn has_macro(&self) -> bool {
        self.of("shroud") == "set"
    }

    pub(crate) fn is_on_purpose(&self) -> bool {
        self.of("filter") == "unset"
    }

    /// The name of the key; `None` where the attribute names what cannot be one.
    pub(crate) fn key(&self) -> Option<&str> {
        let name = match self.of("shroud-key") {
            "set" | "unset" | "unspecified" => "default",
            name => name,
        };
        let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "-_.".contains(c);
        let begins = name.starts_with(|c: char| c.is_ascii_lowercase() || c.is_ascii_digit());
        (begins && name.len() <= 64 && name.chars().all(fits) && !name.ends_with(".lock"))
            .then_some(name)
    }

    /// Whether git would change sealed bytes (convert.c).
    pub(crate) fn converts(&self) -> bool {
        let action = |name| match self.of(name) {
            known @ ("set" | "unset" | "input" | "auto") => Some(known),
            _ => None,
        };
        let eol = matches!(self.of("eol"), "lf" | "crlf");
        let by_lines = match action("text").or_else(|| action("crlf")) {
            Some("set" | "input") => true,
            Some(_) => false,
            None => eol,
        };
        by_lines || self.of("ident") == "set" || self.encodes()
    }

    fn encodes(&self) -> bool {
        let encoding = self.of("working-tree-encoding");
        let is_none = ["unspecified", "unset", "set"].contains(&encoding);
        !is_none && !encoding.eq_ignore_ascii_case("utf-8") && !self.is_tripped()
    }

    pub(crate) fn is_tripped(&self) -> bool {
        self.of("working-tree-encoding") == "locked-run-git-shroud-unlock"
    }
}

/// What git says of these paths, for the files of the worktree or for what the tree alone says.
pub(crate) fn ask(repo: &Repo<'_>, paths: &[Vec<u8>], tree_alone: bool) -> BTreeMap<Vec<u8>, Said> {
    let args = [&["check-attr", "-z", "--stdin"], &NAMES[..]].concat();
    let input: Vec<u8> = paths.iter().flat_map(|path| [path.as_slice(), b"\0"].concat()).collect();
    let done = match tree_alone {
        true => repo.git_of_the_tree(&args, &input),
        false => repo.git_with_input(&args, &input),
    };
    let mut said: BTreeMap<Vec<u8>, Said> = BTreeMap::new();
    let fields: Vec<&[u8]> = done.stdout.split(|&byte| byte == 0).collect();
    for field in fields.chunks_exact(3) {
        let [path, name, value] = field else { unreachable!() };
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        said.entry(path.to_vec()).or_default().0.insert(text(name), text(value));
    }
    said
}

/// What the bytes of a blob are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Empty,
    Plain,
    GitCrypt,
    /// With the key's id.
    Sealed(String),
    /// What nobody needs a key to see.
    Damaged,
}

impl Kind {
    pub(crate) fn of(bytes: &[u8]) -> Self {
        if bytes.is_empty() {
            Self::Empty
        } else if bytes.starts_with(GIT_CRYPT_MAGIC) {
            Self::GitCrypt
        } else if !bytes.starts_with(MAGIC) {
            Self::Plain
        } else if !matches!(bytes.get(7), Some(1 | 2)) || !is_sealed_len(bytes.len()) {
            Self::Damaged
        } else {
            Self::Sealed(hex(&bytes[8..24]))
        }
    }
}

/// The index, as git lists it, with the bytes of every blob.
pub(crate) fn index(repo: &Repo<'_>) -> BTreeMap<Vec<u8>, Vec<u8>> {
    let listed = repo.git(&["ls-files", "-z", "-s"]).stdout;
    let mut index = BTreeMap::new();
    let mut ids = String::new();
    let mut paths = Vec::new();
    for entry in listed.split(|&byte| byte == 0).filter(|entry| !entry.is_empty()) {
        let tab = entry.iter().position(|&byte| byte == b'\t').unwrap();
        let words = std::str::from_utf8(&entry[..tab]).unwrap();
        ids.extend([words.split(' ').nth(1).unwrap(), "\n"]);
        paths.push(entry[tab + 1..].to_vec());
    }
    let done: Done = repo.git_with_input(&["cat-file", "--batch"], ids.as_bytes());
    let mut rest = done.stdout.as_slice();
    for path in paths {
        let line = rest.iter().position(|&byte| byte == b'\n').unwrap();
        let head = std::str::from_utf8(&rest[..line]).unwrap();
        let len: usize = head.rsplit(' ').next().unwrap().parse().unwrap();
        index.insert(path, rest[line + 1..line + 1 + len].to_vec());
        rest = &rest[line + 2 + len..];
    }
    index
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
