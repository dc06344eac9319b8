//! An index beside the real one: what the attributes of a tree to come would say, and that tree itself (git,
//! `GIT_INDEX_FILE`).

use std::collections::BTreeMap;
use std::path::Path;

use gix::ObjectId;

use super::GitError;
use super::command::{Git, os_line};
use super::repository::Repository;
use crate::fs::scratch_folder::ScratchFolder;

/// An entry of an index.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    /// Six octal digits: 100644, 100755, 120000 for a link, 160000 for a submodule.
    pub mode: String,
    /// The blob.
    pub id: ObjectId,
    /// Relative to the top of the worktree.
    pub path: Vec<u8>,
}

impl File {
    /// Whether filters apply to it: it is neither a link nor a submodule.
    pub fn is_regular(&self) -> bool {
        self.mode.starts_with("100")
    }
}

/// An index in a temporary folder.
pub struct ScratchIndex {
    git: Git,
    hash: gix::hash::Kind,
    /// Removed when this is dropped.
    _dir: ScratchFolder,
}

impl ScratchIndex {
    /// An index of this tree. In `quarantine` what is written with it is gone when it is dropped.
    ///
    /// # Errors
    /// The tree is not here, or git fails.
    pub fn of(repository: &Repository, tree: &str, quarantine: bool) -> Result<Self, GitError> {
        let dir = ScratchFolder::new();
        let dir = dir.map_err(|error| crate::fs::in_temporary_folder(&error))?;
        let mut git = repository.git.clone().with_env("GIT_INDEX_FILE", &dir.path().join("index"));
        if quarantine {
            let objects = repository.git.run(["rev-parse", "--git-path", "objects"])?;
            let objects = repository.git.dir().join(os_line(objects));
            let own = dir.path().join("objects");
            std::fs::create_dir(&own).map_err(|error| crate::fs::with_path(&own, &error))?;
            git = git
                .with_env("GIT_OBJECT_DIRECTORY", &own)
                .with_env("GIT_ALTERNATE_OBJECT_DIRECTORIES", &quoted(&objects));
        }
        let scratch = Self { git, hash: repository.gix.object_hash(), _dir: dir };
        scratch.git.run(["-c", "index.sparse=false", "read-tree", tree])?;
        Ok(scratch)
    }

    /// Every entry.
    ///
    /// # Errors
    /// git fails.
    pub fn files(&self) -> Result<Vec<File>, GitError> {
        let listed = self.git.run(["ls-files", "--stage", "-z"])?;
        let mut files = Vec::new();
        for record in listed.split(|&byte| byte == 0).filter(|record| !record.is_empty()) {
            let unknown = || GitError::Read("git ls-files answered in an unknown form".to_owned());
            let tab = record.iter().position(|&byte| byte == b'\t').ok_or_else(unknown)?;
            let mut fields = record[..tab].split(|&byte| byte == b' ');
            let mode = fields.next().and_then(|mode| std::str::from_utf8(mode).ok());
            let id = fields.next().and_then(|id| ObjectId::from_hex(id).ok());
            let (Some(mode), Some(id)) = (mode, id) else { return Err(unknown()) };
            files.push(File { mode: mode.to_owned(), id, path: record[tab + 1..].to_vec() });
        }
        Ok(files)
    }

    /// Writes a blob as it is.
    ///
    /// # Errors
    /// git fails.
    pub fn write_blob(&self, content: &[u8]) -> Result<ObjectId, GitError> {
        let arguments = ["hash-object", "-w", "--no-filters", "--stdin"];
        let id = self.git.run_with_input(arguments, content)?;
        ObjectId::from_hex(id.trim_ascii_end()).map_err(GitError::read)
    }

    /// Sets entries and takes others out.
    ///
    /// # Errors
    /// git fails.
    pub fn update(&self, set: &[File], removed: &[Vec<u8>]) -> Result<(), GitError> {
        let input = index_info(set, removed, self.hash);
        self.git.run_with_input(["update-index", "-z", "--index-info"], &input).map(drop)
    }

    /// Writes its content as a tree.
    ///
    /// # Errors
    /// git fails.
    pub fn write_tree(&self) -> Result<ObjectId, GitError> {
        let id = self.git.run(["write-tree"])?;
        ObjectId::from_hex(id.trim_ascii_end()).map_err(GitError::read)
    }

    /// What the attributes of this index (with those of the clone itself, as `info/attributes`) say of every path: for
    /// each the values of `names`, in their order, as `git check-attr` writes them.
    ///
    /// # Errors
    /// git fails.
    pub fn attributes<const N: usize>(
        &self,
        names: [&str; N],
        paths: impl Iterator<Item = Vec<u8>>,
    ) -> Result<BTreeMap<Vec<u8>, [Vec<u8>; N]>, GitError> {
        let mut input = Vec::new();
        for path in paths {
            input.extend_from_slice(&path);
            input.push(0);
        }
        let arguments = ["check-attr", "--cached", "-z", "--stdin"];
        let said = self.git.run_with_input(arguments.iter().chain(&names), &input)?;
        let mut attributes = BTreeMap::new();
        let mut fields = said.split(|&byte| byte == 0);
        while let Some(path) = fields.next().filter(|path| !path.is_empty()) {
            let (Some(name), Some(value)) = (fields.next(), fields.next()) else { break };
            let of = attributes.entry(path.to_vec());
            let values: &mut [Vec<u8>; N] = of.or_insert_with(|| [const { Vec::new() }; N]);
            if let Some(at) = names.iter().position(|known| known.as_bytes() == name) {
                values[at] = value.to_vec();
            }
        }
        Ok(attributes)
    }

    /// Writes these files into the worktree, as git would check them out, over whatever is there.
    ///
    /// # Errors
    /// git fails.
    pub fn check_out(&self, paths: &[Vec<u8>]) -> Result<(), GitError> {
        let mut input = paths.join(&0);
        if input.is_empty() {
            return Ok(());
        }
        input.push(0);
        let arguments = ["checkout-index", "--force", "-z", "--stdin"];
        self.git.run_with_input(arguments, &input).map(drop)
    }
}

/// What `git update-index --index-info -z` reads.
fn index_info(set: &[File], removed: &[Vec<u8>], hash: gix::hash::Kind) -> Vec<u8> {
    let mut input = Vec::new();
    for path in removed {
        input.extend_from_slice(format!("0 {}\t", hash.null()).as_bytes());
        input.extend_from_slice(path);
        input.push(0);
    }
    for File { mode, id, path } in set {
        input.extend_from_slice(format!("{mode} {id}\t").as_bytes());
        input.extend_from_slice(path);
        input.push(0);
    }
    input
}

/// A path in a list that is separated by colons: in quotes, so that it may hold one (git, "GIT_ALTERNATE_OBJECT_DIRECTORIES").
fn quoted(path: &Path) -> std::path::PathBuf {
    match path.to_str() {
        Some(text) if text.contains([':', '"', '\\']) => {
            format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"")).into()
        }
        _ => path.to_owned(),
    }
}
