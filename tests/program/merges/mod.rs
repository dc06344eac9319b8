//! Every way in which git merges, with sealed files, for the git on `PATH` and for Debian's at `/usr/bin/git`.

mod conflicts;
mod contents;
mod keys;
mod ways;

use std::path::Path;

use crate::common::gits::is_git_3;
use crate::common::{Sandbox, is_sealed};

/// A file of no known format, so that it is merged by lines.
pub(crate) const FILE: &str = "secrets/app.txt";
pub(crate) const BASE: &str = "one canary\ntwo\nthree\nfour\nfive\nsix\n";

/// A sandbox whose repository holds one sealed file, and which git is used in it.
pub(crate) struct Scene {
    pub(crate) sandbox: Sandbox,
    git: &'static str,
}

/// The gits that are tried: the first on `PATH`, and the distribution's where it is another.
pub(crate) fn gits() -> Vec<&'static str> {
    crate::common::needs("git", "git");
    let other = Path::new("/usr/bin/git");
    let first = std::env::split_paths(&std::env::var_os("PATH").unwrap())
        .map(|dir| dir.join("git"))
        .find(|file| file.is_file());
    let same = first.and_then(|file| file.canonicalize().ok()) == other.canonicalize().ok();
    // One of before 2.45 reads no repository with reftable.
    if same || !other.is_file() || is_git_3() { vec!["git"] } else { vec!["git", "/usr/bin/git"] }
}

impl Scene {
    /// `main` with [`FILE`], committed.
    pub(crate) fn new(git: &'static str) -> Self {
        let sandbox = Sandbox::new();
        sandbox.sealed_repository("repo");
        let scene = Self { sandbox, git };
        scene.commit(FILE, BASE, "base");
        scene
    }

    /// `main` and `topic`, each with one commit that makes the file this.
    pub(crate) fn diverged(git: &'static str, ours: &str, theirs: &str) -> Self {
        let scene = Self::new(git);
        scene.branch("topic", theirs);
        scene.commit(FILE, ours, "main");
        scene
    }

    /// Edits that do not touch.
    pub(crate) fn apart(git: &'static str) -> Self {
        Self::diverged(git, &BASE.replace("one", "ONE"), &BASE.replace("six", "SIX"))
    }

    /// Edits of one line.
    pub(crate) fn clashing(git: &'static str) -> Self {
        Self::diverged(git, &BASE.replace("one", "ours"), &BASE.replace("one", "theirs"))
    }

    /// A branch from here with one commit; back on `main` afterwards.
    pub(crate) fn branch(&self, name: &str, content: &str) {
        self.git(&["checkout", "-q", "-b", name]);
        self.commit(FILE, content, name);
        self.git(&["checkout", "-q", "main"]);
    }

    pub(crate) fn commit(&self, path: &str, content: impl AsRef<[u8]>, message: &str) {
        self.sandbox.write(Path::new("repo").join(path), content);
        self.git(&["add", "."]);
        self.git(&["commit", "-q", "-m", message]);
    }

    pub(crate) fn try_git(&self, args: &[&str]) -> crate::common::Done {
        let mut command = self.sandbox.command(self.git, "repo");
        // What git starts is the same git.
        if self.git != "git" {
            let path = std::env::var_os("PATH").unwrap().into_string().unwrap();
            let own = Path::new(env!("CARGO_BIN_EXE_git-shroud")).parent().unwrap();
            command.env("PATH", format!("{}:/usr/bin:{path}", own.display()));
        }
        command.args(args);
        self.sandbox.run(command)
    }

    #[track_caller]
    pub(crate) fn git(&self, args: &[&str]) -> crate::common::Done {
        self.try_git(args).expect(0)
    }

    /// The file in the worktree.
    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.sandbox.read(Path::new("repo").join(FILE))).unwrap()
    }

    /// The worktree's file, the commit's and nothing else changed; no plaintext in any object.
    #[track_caller]
    pub(crate) fn assert_committed(&self, expected: &str) {
        assert_eq!(self.text(), expected);
        let name = format!("HEAD:{FILE}");
        assert!(is_sealed(&self.sandbox.blob("repo", &name)));
        assert_eq!(self.sandbox.shroud("repo", ["cat", &name]).text(), expected);
        assert_eq!(self.git(&["status", "--porcelain"]).text(), "");
        self.assert_sealed();
    }

    #[track_caller]
    pub(crate) fn assert_sealed(&self) {
        self.sandbox.assert_no_object_holds("repo", b"canary");
        self.sandbox.assert_no_object_holds("repo", b"<<<<<<<");
    }

    /// A conflict in the file alone, with its markers in the clear.
    #[track_caller]
    pub(crate) fn assert_conflict(&self, status: &str) -> String {
        assert_eq!(self.git(&["status", "--porcelain"]).text(), format!("{status} {FILE}\n"));
        let text = self.text();
        assert!(text.contains("<<<<<<< ") && text.contains(">>>>>>> "), "{text}");
        self.assert_sealed();
        text
    }

    /// Both edits of [`Self::apart`].
    pub(crate) fn both() -> String {
        BASE.replace("one", "ONE").replace("six", "SIX")
    }
}
