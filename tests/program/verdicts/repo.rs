//! The repository of one case, and how commands are run in it.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::common::Done;
use crate::verdicts::case::{Around, Case, Edit, Macro, Place};
use crate::verdicts::world::World;

pub(crate) const SHROUD: &str = env!("CARGO_BIN_EXE_git-shroud");
const MACRO: &str = "[attr]shroud filter=shroud diff=shroud merge=shroud -text -delta";
const TRIPWIRE: &str = " working-tree-encoding=locked-run-git-shroud-unlock";

/// The repository of one case: its folder holds the worktree, `tree`, and what is outside of it.
pub(crate) struct Repo<'w> {
    pub(crate) world: &'w World,
    pub(crate) case: &'w Case,
    root: PathBuf,
}

impl Drop for Repo<'_> {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.root);
    }
}

impl<'w> Repo<'w> {
    pub(crate) fn new(world: &'w World, case: &'w Case, root: PathBuf) -> Self {
        Self { world, case, root }
    }
}

impl Repo<'_> {
    pub(crate) fn top(&self) -> PathBuf {
        self.root.join("tree")
    }

    pub(crate) fn git_dir(&self) -> PathBuf {
        self.root.join("tree/.git")
    }

    pub(crate) fn attributes_at(&self, place: Place) -> String {
        let mut text = String::new();
        let case = self.case;
        match (place, case.defined) {
            (Place::Top, Macro::Plain) => text.push_str(MACRO),
            (Place::Top, Macro::Tripwire) => text.extend([MACRO, TRIPWIRE]),
            (Place::Info, Macro::Tripwire) if case.drivers => text.push_str(MACRO),
            (Place::Top, Macro::Off) => text.push_str("[attr]shroud -filter"),
            _ => {}
        }
        text.push('\n');
        for (_, pattern, attributes) in case.lines.iter().filter(|(at, ..)| *at == place) {
            text.extend([*pattern, " ", attributes, "\n"]);
        }
        text
    }

    /// The keys that the case holds, as `unlock` leaves them.
    pub(crate) fn hold(&self) {
        let dir = self.git_dir().join("git-shroud");
        let held = self.world.held(self.case.held);
        if !held.is_empty() {
            fs::create_dir_all(&dir).unwrap();
            let lines: String = held.iter().map(|key| format!("{}\n", key.line)).collect();
            let keyring = dir.join("keyring");
            fs::write(&keyring, format!("git-shroud-keyring v1\n{lines}")).unwrap();
            for (path, mode) in [(&dir, 0o700), (&keyring, 0o600)] {
                let mode = std::os::unix::fs::PermissionsExt::from_mode(mode);
                fs::set_permissions(path, mode).unwrap();
            }
            // As keys that came from a file, which need not be kept.
            let copied: String = held.iter().map(|key| format!("{}\n", key.id())).collect();
            fs::write(dir.join("copied"), copied).unwrap();
        }
        if self.case.seen {
            fs::create_dir_all(&dir).unwrap();
            let id = self.world.second.id();
            fs::write(dir.join("seen"), format!("default 2 {id}\n")).unwrap();
        }
    }

    pub(crate) fn write(&self, path: &[u8], bytes: &[u8]) {
        let path = self.top().join(OsStr::from_bytes(path));
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }

    pub(crate) fn read(&self, path: &[u8]) -> Option<Vec<u8>> {
        fs::read(self.top().join(OsStr::from_bytes(path))).ok()
    }

    pub(crate) fn remove(&self, path: &[u8]) {
        let _ = fs::remove_file(self.top().join(OsStr::from_bytes(path)));
    }

    /// Writes the new content of a file, and returns it.
    pub(crate) fn edit(&self, edit: Edit, path: &[u8], stored: Option<&[u8]>) -> Vec<u8> {
        let bytes = self.world.edited(edit, path, stored);
        self.write(path, &bytes);
        bytes
    }

    /// Puts these very bytes into the index.
    pub(crate) fn stage(&self, files: &[(Vec<u8>, Vec<u8>)]) {
        let blobs = self.root.join("blobs");
        fs::create_dir(&blobs).unwrap();
        let mut names = Vec::new();
        for (n, (_, bytes)) in files.iter().enumerate() {
            let path = blobs.join(n.to_string());
            fs::write(&path, bytes).unwrap();
            names.extend_from_slice(path.as_os_str().as_bytes());
            names.push(b'\n');
        }
        let hash = ["hash-object", "-w", "--no-filters", "--stdin-paths"];
        let ids = self.git_with_input(&hash, &names).text();
        let mut info = Vec::new();
        for (id, (path, _)) in ids.lines().zip(files) {
            info.extend_from_slice(format!("100644 {id} 0\t").as_bytes());
            info.extend_from_slice(path);
            info.push(0);
        }
        self.git_with_input(&["update-index", "-z", "--index-info"], &info);
    }

    /// A commit of what the index holds, without parents.
    pub(crate) fn commit(&self) -> String {
        let tree = self.git(&["write-tree"]).text();
        let commit = self.git(&["commit-tree", "-m", "all", tree.trim_end()]).text();
        commit.trim_end().to_owned()
    }

    fn command(&self, program: &str, dir: &Path) -> Command {
        self.world.sandbox.command(program, dir)
    }

    /// `git ARGS` at the top with nothing odd around, which must succeed.
    #[track_caller]
    pub(crate) fn git(&self, args: &[&str]) -> Done {
        let mut command = self.command("git", &self.top());
        command.args(args);
        self.world.sandbox.run(command).expect(0)
    }

    #[track_caller]
    pub(crate) fn git_with_input(&self, args: &[&str], input: &[u8]) -> Done {
        let mut command = self.command("git", &self.top());
        command.args(args);
        self.world.sandbox.run_with_input(command, input).expect(0)
    }

    pub(crate) fn try_git_with_input(&self, args: &[&str], input: &[u8]) -> Done {
        let mut command = self.command("git", &self.top());
        command.args(args);
        self.world.sandbox.run_with_input(command, input)
    }

    /// `git ARGS PATH` at the top, for where git refuses to work.
    pub(crate) fn git_at_top(&self, args: &[OsString], path: &[u8]) -> Done {
        let mut command = self.command("git", &self.top());
        command.args(args).arg(self.argument(path));
        self.world.sandbox.run(command)
    }

    /// Gives a file another time.
    pub(crate) fn age(&self, path: &[u8]) {
        let file = fs::File::options().write(true).open(self.argument(path)).unwrap();
        let time =
            std::time::SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(1_000_000_000);
        file.set_modified(time).unwrap();
    }

    /// `git ARGS` in an empty repository whose worktree this is: only what the tree says counts.
    #[track_caller]
    pub(crate) fn git_of_the_tree(&self, args: &[&str], input: &[u8]) -> Done {
        let bare = self.root.join("bare.git");
        if !bare.exists() {
            let mut init = self.command("git", &self.root);
            init.args(["init", "-q", "--bare", "--template="]).arg(&bare);
            self.world.sandbox.run(init).expect(0);
        }
        let mut command = self.command("git", &self.top());
        command.args(args).env("GIT_DIR", bare).env("GIT_WORK_TREE", self.top());
        self.world.sandbox.run_with_input(command, input).expect(0)
    }

    /// The program or git, where the case wants it.
    pub(crate) fn run(&self, program: &str, args: &[OsString]) -> Done {
        let (mut dir, mut env) = (self.top(), Vec::new());
        let (git_dir, top) = (self.git_dir().into_os_string(), self.top().into_os_string());
        match self.case.around {
            Around::Top => {}
            Around::Below => dir = self.top().join("sub"),
            Around::Outside => {
                dir.clone_from(&self.root);
                env = vec![("GIT_DIR", git_dir), ("GIT_WORK_TREE", top)];
            }
            Around::CoreWorktree => {
                dir.clone_from(&self.root);
                self.git(&["config", "core.worktree", top.to_str().unwrap()]);
                env = vec![("GIT_DIR", git_dir)];
            }
            Around::InsideGit => dir = self.git_dir(),
            Around::Literal => env = vec![("GIT_LITERAL_PATHSPECS", "1".into())],
            Around::Icase => env = vec![("GIT_ICASE_PATHSPECS", "1".into())],
            Around::NoHome => {}
        }
        let mut command = self.command(program, &dir);
        command.args(args).envs(env);
        if self.case.around == Around::NoHome {
            command.env_remove("HOME");
        }
        self.world.sandbox.run(command)
    }

    pub(crate) fn shroud(&self, args: &[&str]) -> Done {
        let args: Vec<OsString> = args.iter().map(OsString::from).collect();
        self.run(SHROUD, &args)
    }

    /// The path of a file of the worktree for a command that runs anywhere.
    pub(crate) fn argument(&self, path: &[u8]) -> OsString {
        self.top().join(OsString::from_vec(path.to_vec())).into_os_string()
    }
}
