//! The clone whose objects are pushed and fetched: packs out of it, and packs into it.

use std::ffi::OsString;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use super::RemoteError;
use crate::fs::read_bounded;
use crate::fs::scratch_folder::ScratchFolder;
use crate::git::GitError;
use crate::git::command::{Git, os_line};
use crate::git::isolated::Isolated;
use crate::git::repository::Repository;

/// What old programs have written, and git's own `fsck` calls an error, although nobody can do harm with it: a history with it
/// can be pushed and fetched here as everywhere. All else that `fsck` finds is refused.
const STRICT: &str = "--strict=zeroPaddedFilemode=ignore,missingSpaceBeforeDate=ignore,missingSpaceBeforeEmail=ignore,\
badTimezone=ignore,zeroPaddedDate=ignore,missingEmail=ignore,badEmail=ignore,badDate=ignore,badDateOverflow=ignore,\
missingNameBeforeEmail=ignore,badName=ignore,multipleAuthors=ignore,missingTaggerEntry=ignore,badTagName=ignore";

/// What this program writes into a file that keeps a pack.
const KEEP: &[u8] = b"git-shroud\n";
/// No run takes longer from the moment in which its packs are there until git's refs lead to them.
const LONGEST_RUN: Duration = Duration::from_secs(24 * 60 * 60);

/// A repository, as git's environment describes it.
#[derive(Clone, Debug)]
pub struct Local {
    /// Where `HEAD` of this worktree is.
    pub git_dir: PathBuf,
    /// What all linked worktrees share.
    pub common_dir: PathBuf,
    /// Where objects are written.
    pub objects: PathBuf,
    /// Where else objects are, as the environment says.
    pub others: Option<OsString>,
    /// Runs git on it.
    pub git: Isolated,
}

/// A pack that was made for the store.
pub struct Packed {
    /// The file.
    pub file: PathBuf,
    /// Its bytes.
    pub bytes: u64,
    /// How many objects are in it.
    pub objects: u64,
}

impl Local {
    /// The repository that git's environment names, or that is around `dir`; `None` where there is none.
    ///
    /// # Errors
    /// git is missing, or its answer cannot be read.
    pub fn find(dir: &Path) -> Result<Option<Self>, RemoteError> {
        let git = Git::new(dir);
        git.check_version()?;
        let ask = |args: &[&str]| -> Result<PathBuf, GitError> {
            let answer = git.run([&["rev-parse"], args].concat())?;
            let path = PathBuf::from(os_line(answer));
            Ok(std::path::absolute(dir.join(path))?)
        };
        let git_dir = match ask(&["--absolute-git-dir"]) {
            Ok(git_dir) => git_dir,
            Err(GitError::Failed { .. }) => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        let common_dir = ask(&["--git-common-dir"])?;
        let objects = ask(&["--git-path", "objects"])?;
        let mut isolated = Isolated::new(&git_dir).with_env("GIT_OBJECT_DIRECTORY", &objects);
        let others = std::env::var_os("GIT_ALTERNATE_OBJECT_DIRECTORIES");
        if let Some(others) = &others {
            isolated = isolated.with_env("GIT_ALTERNATE_OBJECT_DIRECTORIES", others);
        }
        Ok(Some(Self { git_dir, common_dir, objects, others, git: isolated }))
    }

    /// A repository that a command has found.
    ///
    /// # Errors
    /// As [`Self::find`], or it is gone.
    pub fn of(repository: &Repository) -> Result<Self, RemoteError> {
        let dir = repository.git.dir();
        Self::find(dir)?.ok_or(RemoteError::Git(GitError::NoRepository))
    }

    /// The gpg that git's configuration names.
    pub fn gpg_program(&self) -> Option<OsString> {
        ["gpg.openpgp.program", "gpg.program"].into_iter().find_map(|name| {
            let output = self.git.output(["config", "--type=path", "--get", name]).ok()?;
            output.status.success().then(|| os_line(output.stdout))
        })
    }

    /// `sha1` or `sha256`: how its objects are named.
    ///
    /// # Errors
    /// git fails.
    pub fn object_format(&self) -> Result<String, RemoteError> {
        match self.git.word(["config", "--get", "extensions.objectFormat"]) {
            Ok(format) => Ok(format.to_ascii_lowercase()),
            Err(GitError::Failed { message, .. }) if message.is_empty() => Ok("sha1".to_owned()),
            Err(error) => Err(error.into()),
        }
    }

    /// Whether a setting is on.
    pub fn is_set(&self, name: &str) -> bool {
        self.git.word(["config", "--type=bool", "--get", name]).is_ok_and(|value| value == "true")
    }

    /// Whether a part of its history was left out.
    pub fn is_shallow(&self) -> bool {
        let answer = self.git.word(["rev-parse", "--is-shallow-repository"]);
        answer.is_ok_and(|answer| answer == "true")
    }

    /// The object that a ref or a name of git's leads to.
    pub fn resolve(&self, name: &str) -> Option<String> {
        let args = ["rev-parse", "--verify", "--quiet", "--end-of-options", name];
        let answer = self.git.word(args).ok()?;
        // git 2.30 and older print the option too.
        answer.lines().next_back().map(str::to_owned).filter(|id| !id.is_empty())
    }

    /// What is behind an annotated tag; `None` where the object is none.
    pub fn peel(&self, id: &str) -> Option<String> {
        let is_tag = self.git.word(["cat-file", "-t", id]).is_ok_and(|kind| kind == "tag");
        is_tag.then(|| self.resolve(&format!("{id}^{{}}"))).flatten()
    }

    /// Whether the object is a commit.
    pub fn is_commit(&self, id: &str) -> bool {
        self.git.word(["cat-file", "-t", id]).is_ok_and(|kind| kind == "commit")
    }

    /// Whether one commit is in the history of another.
    pub fn is_ancestor(&self, old: &str, new: &str) -> bool {
        let output = self.git.output(["merge-base", "--is-ancestor", old, new]);
        output.is_ok_and(|output| output.status.success())
    }

    /// Those of these objects that are here.
    ///
    /// # Errors
    /// git fails.
    pub fn present(&self, ids: &[String]) -> Result<Vec<String>, RemoteError> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        // What a partial clone lacks is not fetched for this.
        let git = self.git.clone().with_env("GIT_NO_LAZY_FETCH", "1");
        let answer = git.run_with(["cat-file", "--batch-check"], |input| {
            let lines: String = ids.iter().map(|id| format!("{id}\n")).collect();
            input.write_all(lines.as_bytes()).map_err(GitError::Io)
        })?;
        let answer = String::from_utf8_lossy(&answer).into_owned();
        let here = answer.lines().zip(ids).filter(|(line, _)| !line.ends_with(" missing"));
        Ok(here.map(|(_, id)| id.clone()).collect())
    }

    /// Makes a pack in `folder` of all that `wanted` leads to and `there` does not; `None` where that is nothing.
    ///
    /// # Errors
    /// An object is missing, or what was made is not what a fetch takes.
    pub fn pack(
        &self,
        folder: &Path,
        wanted: &[String],
        there: &[String],
    ) -> Result<Option<Packed>, RemoteError> {
        let file = folder.join("pack");
        let output = std::fs::File::create(&file)?;
        let mut command = self.git.command([
            "pack-objects",
            "--revs",
            "--thin",
            "--stdout",
            "--delta-base-offset",
            "-q",
        ]);
        command.stdin(Stdio::piped()).stdout(output).stderr(Stdio::piped());
        let mut child = command.spawn().map_err(GitError::Io)?;
        let mut stdin = child.stdin.take().expect("asked for above");
        let mut lines = String::new();
        for id in wanted {
            lines.push_str(&format!("{id}\n"));
        }
        for id in there {
            lines.push_str(&format!("^{id}\n"));
        }
        let done = std::thread::scope(|scope| {
            scope.spawn(move || {
                drop(std::io::Write::write_all(&mut stdin, lines.as_bytes()));
            });
            child.wait_with_output()
        })?;
        if !done.status.success() {
            let message = String::from_utf8_lossy(&done.stderr);
            let message = crate::sanitise::line(message.trim());
            let command = "pack-objects".to_owned();
            return Err(GitError::Failed { command, message }.into());
        }
        let mut head = [0; 12];
        std::fs::File::open(&file)?.read_exact(&mut head)?;
        let objects = u64::from(u32::from_be_bytes([head[8], head[9], head[10], head[11]]));
        if objects == 0 {
            return Ok(None);
        }
        let bytes = std::fs::metadata(&file)?.len();
        // What no fetch would take must not be pushed.
        let incoming = self.incoming()?;
        incoming.index(|input| {
            std::io::copy(&mut std::fs::File::open(&file)?, input)?;
            Ok(())
        })?;
        Ok(Some(Packed { file, bytes, objects }))
    }

    /// Whether a line of attributes in this commit gives files to Git LFS (git-lfs, "git lfs track").
    ///
    /// # Errors
    /// git fails.
    pub fn uses_lfs(&self, id: &str) -> Result<bool, RemoteError> {
        let line = "^[^#]*[[:space:]]filter=lfs([[:space:]]|$)";
        let args = ["grep", "--quiet", "-E", "-e", line, id, "--", ":(glob)**/.gitattributes"];
        let output = self.git.output(args)?;
        Ok(output.status.success())
    }

    /// Removes files that kept packs for a run that was killed: those of this program that are older than any run.
    pub fn remove_left_keeps(&self) {
        let entries = std::fs::read_dir(self.objects.join("pack")).into_iter().flatten().flatten();
        for path in entries.map(|entry| entry.path()) {
            let is_old = || path.metadata().ok()?.modified().ok()?.elapsed().ok();
            let is_own = || read_bounded(&path, 64).is_ok_and(|text| text.starts_with(KEEP));
            if path.extension().is_some_and(|extension| extension == "keep")
                && is_old().is_some_and(|age| age > LONGEST_RUN)
                && is_own()
            {
                let _ = crate::fs::replace::remove(&path);
            }
        }
    }

    /// A place for packs that come, which are not this repository's before [`Incoming::migrate`].
    ///
    /// # Errors
    /// It cannot be made.
    pub fn incoming(&self) -> Result<Incoming<'_>, RemoteError> {
        // git's own `prune` removes what a killed run has left under such a name.
        let folder = ScratchFolder::new_in(&self.objects, "tmp_objdir-incoming-shroud-")?;
        let mut others = quoted(&self.objects);
        if let Some(more) = &self.others {
            others.push(if cfg!(windows) { ";" } else { ":" });
            others.push(more);
        }
        let git = Isolated::new(&self.git_dir)
            .with_env("GIT_OBJECT_DIRECTORY", folder.path())
            .with_env("GIT_ALTERNATE_OBJECT_DIRECTORIES", others);
        Ok(Incoming { local: self, git, folder })
    }
}

/// As git reads a list of folders: one with a colon or a quote is in quotes (git, `GIT_ALTERNATE_OBJECT_DIRECTORIES`).
fn quoted(path: &Path) -> OsString {
    match path.to_str() {
        Some(text) if text.contains([':', ';', '"', '\\']) && !cfg!(windows) => {
            format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"")).into()
        }
        _ => path.as_os_str().to_owned(),
    }
}

/// Packs that came, apart from the repository's own objects.
pub struct Incoming<'l> {
    local: &'l Local,
    git: Isolated,
    folder: ScratchFolder,
}

impl Incoming<'_> {
    /// Takes a pack, completes it and looks at each object. Returns once git has it all.
    ///
    /// # Errors
    /// Those of `content`; or it is no pack, is based on what is not here, or an object is malformed.
    pub fn index(
        &self,
        content: impl FnOnce(&mut dyn std::io::Write) -> Result<(), RemoteError>,
    ) -> Result<(), RemoteError> {
        let args = ["index-pack", "--stdin", "--fix-thin", STRICT];
        self.git.run_with(args, content).map(drop)
    }

    /// Whether all that these objects lead to is here, or on a ref of the repository.
    ///
    /// # Errors
    /// There is no git.
    pub fn is_connected(&self, ids: &[String]) -> Result<Result<(), String>, RemoteError> {
        let args = ["rev-list", "--objects", "--stdin", "--not", "--all", "--quiet"];
        let done = self.git.run_with(args, |input| {
            let lines: String = ids.iter().map(|id| format!("{id}\n")).collect();
            input.write_all(lines.as_bytes()).map_err(GitError::Io)
        });
        match done {
            Ok(_) => Ok(Ok(())),
            Err(GitError::Failed { message, .. }) => Ok(Err(message)),
            Err(error) => Err(error.into()),
        }
    }

    /// Moves the packs to the repository's objects. The files that are returned keep them from being removed, until the refs lead
    /// to them.
    ///
    /// # Errors
    /// A file cannot be moved; then some packs may be there, which does no harm.
    pub fn migrate(self) -> Result<Vec<PathBuf>, RemoteError> {
        let from = self.folder.path().join("pack");
        let to = self.local.objects.join("pack");
        std::fs::create_dir_all(&to)?;
        let mut names: Vec<OsString> = Vec::new();
        match std::fs::read_dir(&from) {
            Ok(entries) => {
                for entry in entries {
                    names.push(entry?.file_name());
                }
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(error.into()),
        }
        // A pack is there as soon as its index is.
        let rank = |name: &OsString| {
            let name = name.to_string_lossy().into_owned();
            let is_index = name.ends_with(".idx");
            (is_index, name)
        };
        names.sort_by_key(rank);
        let mut kept = Vec::new();
        for name in &names {
            let path = Path::new(name);
            if path.extension().is_some_and(|extension| extension == "pack") {
                let keep = to.join(path.with_extension("keep"));
                if !to.join(name).exists() {
                    std::fs::write(&keep, KEEP)?;
                    kept.push(keep);
                }
            }
        }
        for name in &names {
            let target = to.join(name);
            if !target.exists() {
                crate::fs::replace::rename(from.join(name), &target)?;
            }
        }
        Ok(kept)
    }
}
