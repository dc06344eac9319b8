//! The host's branch, in a private bare repository beside the clone's own objects: fetched, read, and pushed to.
//!
//! Whatever is read here comes from the host, and is bounded. Nothing of it is believed before the manifest opens.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Read, Write};
use std::path::{Path, PathBuf};

use super::RemoteError;
use super::address::Address;
use crate::git::GitError;
use crate::git::isolated::Isolated;

/// The branch of the host.
pub const BRANCH: &str = "refs/heads/shroud";
/// What was fetched of it last, in the mirror.
const FETCHED: &str = "refs/shroud/fetched";
/// Bytes of the longest list of files of a commit that is read.
const MAX_LIST: u64 = 16 << 20;
/// Settings of the clone's own that say how git reaches a host.
const CONNECTING: &str =
    r"^(http|credential|url|protocol|ssh)\.|^core\.(sshcommand|askpass|gitproxy)$";

/// A file of a commit of the branch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    /// The blob.
    pub id: String,
    /// Its bytes.
    pub len: u64,
}

/// The files of one commit, by their paths.
pub type Files = BTreeMap<String, File>;

/// The private bare repository.
pub struct Mirror {
    /// Runs git on it.
    pub git: Isolated,
    address: Address,
}

/// What came of pushing a commit.
#[derive(Debug)]
pub enum Pushed {
    /// The host's branch is at the commit.
    Done,
    /// It is not, and what git said.
    Refused(String),
}

impl Mirror {
    /// Opens the repository in `dir`, or makes it; `clone` is the repository whose settings say how hosts are reached.
    ///
    /// # Errors
    /// It cannot be made.
    pub fn open(
        dir: &Path,
        address: &Address,
        clone: Option<&Isolated>,
    ) -> Result<Self, RemoteError> {
        let path = dir.join("mirror");
        let mut git = Isolated::new(&path);
        for (name, value) in clone.map(connecting).transpose()?.unwrap_or_default() {
            git = git.with_env(name, value);
        }
        let mirror = Self { git, address: address.clone() };
        // Written last, so that what a killed run has left is made anew.
        if !path.join("git-shroud").is_file() {
            mirror.make("sha1")?;
        }
        Ok(mirror)
    }

    fn path(&self) -> PathBuf {
        self.git.dir().to_owned()
    }

    fn make(&self, format: &str) -> Result<(), RemoteError> {
        let path = self.path();
        match crate::fs::replace::remove_tree(&path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error.into()),
            _ => {}
        }
        crate::fs::create_private_dir(&path)?;
        let mut args = vec!["init", "--quiet", "--bare", "--template="];
        // git 2.25 knows no other.
        let other = format!("--object-format={format}");
        if format != "sha1" {
            args.push(&other);
        }
        let git = self.git.clone().with_env("GIT_DEFAULT_HASH", "sha1");
        git.run(args)?;
        // Sealed bytes cannot be compressed, and have nothing in common.
        for (name, value) in [("core.compression", "0"), ("core.bigFileThreshold", "64k")] {
            self.git.run(["config", name, value])?;
        }
        std::fs::write(path.join("git-shroud"), "").map_err(RemoteError::Io)
    }

    /// Fetches the branch and returns its tip; `None` where the host answers and has no such branch.
    ///
    /// # Errors
    /// [`RemoteError::Unreachable`].
    pub fn fetch(&self) -> Result<Option<String>, RemoteError> {
        let before = self.git.word(["rev-parse", "--verify", "--quiet", FETCHED]).ok();
        let is_first = before.is_none();
        let depth: &[&str] = if is_first { &["--depth=1"] } else { &[] };
        let mut failed = match self.try_fetch(depth)? {
            Ok(tip) => {
                self.tidy(before.as_deref(), &tip);
                return Ok(Some(tip));
            }
            Err(said) => said,
        };
        if failed.contains("mismatched algorithms") || failed.contains("object format") {
            self.make("sha256")?;
            match self.try_fetch(&["--depth=1"])? {
                Ok(tip) => return Ok(Some(tip)),
                Err(said) => failed = said,
            }
        }
        // A host may not serve a part of its history.
        if is_first && failed.contains("shallow") {
            match self.try_fetch(&[])? {
                Ok(tip) => return Ok(Some(tip)),
                Err(said) => failed = said,
            }
        }
        // Only a host that answers can say that there is no branch.
        let listed = self.git.output(["ls-remote", "--", self.address.as_str(), BRANCH])?;
        if listed.status.success() && listed.stdout.is_empty() {
            return Ok(None);
        }
        Err(RemoteError::Unreachable(failed))
    }

    /// Fetches the history that was left out.
    ///
    /// # Errors
    /// [`RemoteError::Unreachable`].
    pub fn fetch_history(&self) -> Result<(), RemoteError> {
        if !self.path().join("shallow").exists() {
            return Ok(());
        }
        match self.try_fetch(&["--unshallow"])? {
            Ok(_) => Ok(()),
            Err(said) => Err(RemoteError::Unreachable(said)),
        }
    }

    /// Takes a commit that was pushed in the place of the branch for what the host has, and removes the branch that was there. If that
    /// fails, the next fetch does it.
    pub fn forget_branch(&self, before: &str, pushed: &str) {
        if self.git.run(["update-ref", FETCHED, pushed]).is_ok() {
            self.tidy(Some(before), pushed);
        }
    }

    /// Removes what is not needed any more. If that fails, only room is lost.
    fn tidy(&self, before: Option<&str>, tip: &str) {
        let Some(before) = before.filter(|before| *before != tip) else { return };
        let descends = self.git.run(["merge-base", "--is-ancestor", before, tip]).is_ok();
        let settings =
            ["-c", "gc.auto=2000", "-c", "gc.autoDetach=false", "-c", "gc.pruneExpire=now", "gc"];
        // The branch has begun anew: most of what is here leads nowhere.
        let how = if descends { "--auto" } else { "--prune=now" };
        let _ = self.git.run(settings.into_iter().chain([how, "--quiet"]));
    }

    /// The tip, or what git said.
    fn try_fetch(&self, options: &[&str]) -> Result<Result<String, String>, RemoteError> {
        let spec = format!("+{BRANCH}:{FETCHED}");
        let mut args = vec!["fetch", "--quiet", "--no-tags", "--no-recurse-submodules"];
        args.extend(options);
        args.extend(["--", self.address.as_str(), &spec]);
        let output = self.git.output(args)?;
        if !output.status.success() {
            return Ok(Err(said(&output.stderr)));
        }
        Ok(Ok(self.git.word(["rev-parse", "--verify", FETCHED])?))
    }

    /// The files of a commit. Links, programs and submodules are none of a store's, and are left out.
    ///
    /// # Errors
    /// The commit is not here, or has more files than any store.
    pub fn files(&self, commit: &str) -> Result<Files, RemoteError> {
        let mut child = self.git.spawn(["ls-tree", "-r", "-l", "-z", "--full-tree", commit])?;
        let mut listed = Vec::new();
        let stdout = child.stdout.take();
        if let Some(stdout) = stdout {
            stdout.take(MAX_LIST + 1).read_to_end(&mut listed)?;
        }
        if listed.len() as u64 > MAX_LIST {
            let _ = child.kill();
            let _ = child.wait();
            return Err(RemoteError::Damaged("it has too many files".to_owned()));
        }
        if !child.wait()?.success() {
            return Err(RemoteError::Damaged("a commit of it cannot be read".to_owned()));
        }
        let mut files = Files::new();
        for line in listed.split(|&byte| byte == 0) {
            let Ok(line) = std::str::from_utf8(line) else { continue };
            let Some((head, path)) = line.split_once('\t') else { continue };
            let fields: Vec<&str> = head.split_ascii_whitespace().collect();
            if let ["100644", "blob", id, len] = fields[..]
                && let Ok(len) = len.parse()
            {
                files.insert(path.to_owned(), File { id: id.to_owned(), len });
            }
        }
        Ok(files)
    }

    /// The commit before this one; `None` for the first, and where the history was left out.
    ///
    /// # Errors
    /// git fails.
    pub fn parent(&self, commit: &str) -> Result<Option<String>, RemoteError> {
        let line = self.git.word(["rev-list", "--parents", "--max-count=1", commit])?;
        Ok(line.split(' ').nth(1).map(str::to_owned))
    }

    /// Reads a file of at most `limit` bytes.
    ///
    /// # Errors
    /// It is longer, or is not here.
    pub fn read(&self, what: &str, file: &File, limit: u64) -> Result<Vec<u8>, RemoteError> {
        if file.len > limit {
            let why = format!("its file '{what}' is too long ({} bytes)", file.len);
            return Err(RemoteError::Damaged(why));
        }
        Ok(self.git.run(["cat-file", "blob", &file.id])?)
    }

    /// Gives the bytes of a file to `read`, which need not take all of them.
    ///
    /// # Errors
    /// Those of `read`, and of git.
    pub fn stream<T>(
        &self,
        file: &File,
        read: impl FnOnce(&mut dyn Read) -> Result<T, RemoteError>,
    ) -> Result<T, RemoteError> {
        let mut child = self.git.spawn(["cat-file", "blob", &file.id])?;
        drop(child.stdin.take());
        let mut stdout = child.stdout.take().expect("asked for by spawn");
        let done = read(&mut stdout);
        drop(stdout);
        let _ = child.wait();
        done
    }

    /// Writes a file into the mirror and returns its blob.
    ///
    /// # Errors
    /// Those of `content`, and of git.
    pub fn write(
        &self,
        content: impl FnOnce(&mut dyn Write) -> Result<(), RemoteError>,
    ) -> Result<String, RemoteError> {
        let id = self.git.run_with(["hash-object", "-w", "--stdin"], content)?;
        Ok(String::from_utf8_lossy(&id).trim().to_owned())
    }

    /// Makes a commit of these files (path and blob) on top of `parent`. It says nothing of who made it, or when.
    ///
    /// # Errors
    /// git fails.
    pub fn commit(
        &self,
        files: &BTreeMap<String, String>,
        parent: Option<&str>,
    ) -> Result<String, RemoteError> {
        let tree = self.tree(files)?;
        let mut git = self.git.clone();
        for (name, value) in [
            ("GIT_AUTHOR_NAME", "git-shroud"),
            ("GIT_AUTHOR_EMAIL", "git-shroud@invalid"),
            ("GIT_AUTHOR_DATE", "946684800 +0000"),
            ("GIT_COMMITTER_NAME", "git-shroud"),
            ("GIT_COMMITTER_EMAIL", "git-shroud@invalid"),
            ("GIT_COMMITTER_DATE", "946684800 +0000"),
        ] {
            git = git.with_env(name, value);
        }
        let parents = parent.map(|parent| ["-p", parent]);
        let args = ["commit-tree", "-m", "encrypted", &tree];
        git.word(args.into_iter().chain(parents.into_iter().flatten())).map_err(Into::into)
    }

    fn tree(&self, files: &BTreeMap<String, String>) -> Result<String, RemoteError> {
        let mut top = String::new();
        let mut folders: BTreeMap<&str, BTreeMap<String, String>> = BTreeMap::new();
        for (path, id) in files {
            match path.split_once('/') {
                None => top.push_str(&format!("100644 blob {id}\t{path}\n")),
                Some((folder, rest)) => {
                    folders.entry(folder).or_default().insert(rest.to_owned(), id.clone());
                }
            }
        }
        for (folder, files) in folders {
            top.push_str(&format!("040000 tree {}\t{folder}\n", self.tree(&files)?));
        }
        // Blobs of packs that were never needed here may not be here.
        let id = self.git.run_with(["mktree", "--missing"], |input| {
            input.write_all(top.as_bytes()).map_err(GitError::Io)
        })?;
        Ok(String::from_utf8_lossy(&id).trim().to_owned())
    }

    /// Moves the host's branch to a commit, if it is still where the commit's parent says: the host allows nothing else. A commit
    /// without a parent takes the place of the tip `replaced`, if the branch is still there.
    ///
    /// # Errors
    /// There is no git.
    pub fn push(&self, commit: &str, replaced: Option<&str>) -> Result<Pushed, RemoteError> {
        let spec = format!("{commit}:{BRANCH}");
        let lease = replaced.map(|tip| format!("--force-with-lease={BRANCH}:{tip}"));
        let mut args = vec!["push", "--quiet", "--no-verify", "--no-signed"];
        args.extend(lease.as_deref());
        args.extend(["--", self.address.as_str(), &spec]);
        let output = self.git.output(args)?;
        if output.status.success() {
            return Ok(Pushed::Done);
        }
        let said = said(&output.stderr);
        // An empty host of the other kind.
        if said.contains("hash algorithm") || said.contains("object format") {
            return Err(RemoteError::ObjectFormat {
                here: "SHA-1".to_owned(),
                there: "other".to_owned(),
            });
        }
        Ok(Pushed::Refused(said))
    }

    /// Makes the mirror anew for a host whose objects have names of SHA-256.
    ///
    /// # Errors
    /// It cannot be made.
    pub fn use_sha256(&self) -> Result<(), RemoteError> {
        self.make("sha256")
    }
}

/// What git, or the host by it, has said: one line, bounded, and safe for a terminal.
fn said(stderr: &[u8]) -> String {
    let text = String::from_utf8_lossy(&stderr[..stderr.len().min(4096)]);
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let said: Vec<&str> = lines.filter(|line| !line.starts_with("hint:")).take(6).collect();
    let said = crate::sanitise::line(&said.join("; "));
    if said.is_empty() { "git says nothing".to_owned() } else { said.chars().take(600).collect() }
}

/// The clone's own settings for reaching a host, as variables of the environment (git-config, `GIT_CONFIG_COUNT`): they may hold a
/// token, which other users see in arguments.
fn connecting(clone: &Isolated) -> Result<Vec<(String, String)>, RemoteError> {
    let listed =
        clone.output(["config", "--local", "--includes", "-z", "--get-regexp", CONNECTING])?;
    let before = std::env::var("GIT_CONFIG_COUNT").ok().and_then(|count| count.parse().ok());
    let mut count: usize = before.unwrap_or(0);
    let mut env = Vec::new();
    for entry in BufReader::new(&listed.stdout[..]).split(0) {
        let entry = entry?;
        let Ok(entry) = String::from_utf8(entry) else { continue };
        let (name, value) = entry.split_once('\n').unwrap_or((&entry, "true"));
        env.push((format!("GIT_CONFIG_KEY_{count}"), name.to_owned()));
        env.push((format!("GIT_CONFIG_VALUE_{count}"), value.to_owned()));
        count += 1;
    }
    if !env.is_empty() {
        env.push(("GIT_CONFIG_COUNT".to_owned(), count.to_string()));
    }
    Ok(env)
}
