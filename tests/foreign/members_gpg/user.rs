//! Colleagues, each with a gpg of their own.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use crate::common::gpg::{PASSPHRASE, home};
use crate::common::{Done, SECRETS, Sandbox};

/// A gpg home, whose agent ends with it.
pub(crate) struct User {
    dir: TempDir,
}

impl User {
    /// Somebody whose gpg knows nothing yet.
    pub(crate) fn nobody() -> Self {
        let dir = tempfile::Builder::new().prefix("gs-").tempdir_in("/tmp").unwrap();
        fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o700)).unwrap();
        let user = Self { dir };
        user.write(
            "gpg-agent.conf",
            "allow-loopback-pinentry\ndefault-cache-ttl 0\nmax-cache-ttl 0\n",
        );
        // By the configuration, as a user has it: nothing of this is the program's business.
        user.write("gpg.conf", "pinentry-mode loopback\npassphrase-file passphrase\n");
        user.passphrase(PASSPHRASE);
        user
    }

    /// Somebody who has these secret keys of the shared home.
    pub(crate) fn with(names: &[&str]) -> Self {
        let user = Self::nobody();
        for name in names {
            user.gpg(&["--import"], &home().export_secret(name));
        }
        user
    }

    fn write(&self, name: &str, content: &str) {
        let text = content.replace("file passphrase", &format!("file {}/passphrase", self.dir()));
        fs::write(self.dir.path().join(name), text).unwrap();
    }

    /// What is typed into the pinentry from now on.
    pub(crate) fn passphrase(&self, text: &str) {
        self.write("passphrase", text);
    }

    pub(crate) fn dir(&self) -> &str {
        self.dir.path().to_str().unwrap()
    }

    /// Runs gpg as this user, which must succeed.
    #[track_caller]
    pub(crate) fn gpg(&self, args: &[&str], input: &[u8]) -> Vec<u8> {
        let mut gpg = Command::new("gpg");
        gpg.args(["--homedir", self.dir(), "--batch", "--no-tty"]).args(args);
        crate::common::gpg::run(gpg, input).expect().stdout
    }

    /// Runs the program as this user.
    pub(crate) fn shroud(&self, sandbox: &Sandbox, dir: &str, args: &[&str]) -> Done {
        shroud(sandbox, self.dir(), dir, args)
    }

    /// A fresh clone of `repo` in which this user unlocks.
    pub(crate) fn clone(&self, sandbox: &Sandbox, to: &str) -> Done {
        sandbox.git(".", ["clone", "-q", "repo", to]);
        self.shroud(sandbox, to, &["unlock", "-v"])
    }
}

impl Drop for User {
    fn drop(&mut self) {
        let mut end = Command::new("gpgconf");
        drop(end.args(["--homedir", self.dir(), "--kill", "all"]).output());
    }
}

fn shroud(sandbox: &Sandbox, home: &str, dir: &str, args: &[&str]) -> Done {
    let mut command = sandbox.command(env!("CARGO_BIN_EXE_git-shroud"), dir);
    command.env("GNUPGHOME", home).args(args);
    sandbox.run(command)
}

/// Runs the program as somebody whose gpg knows every key of the shared home, and holds them to be valid.
pub(crate) fn as_admin(sandbox: &Sandbox, args: &[&str]) -> Done {
    shroud(sandbox, home().path("").to_str().unwrap(), "repo", args)
}

/// A sealed repository, in which these keys of the shared home are members, committed.
pub(crate) fn team(members: &[&str]) -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.sealed_repository("repo");
    let addresses: Vec<_> = members.iter().map(|name| format!("{name}@example.com")).collect();
    let mut args = vec!["member", "add", "--commit"];
    args.extend(addresses.iter().map(String::as_str));
    if !members.is_empty() {
        as_admin(&sandbox, &args).expect(0);
    }
    sandbox
}

#[track_caller]
pub(crate) fn assert_open(sandbox: &Sandbox, dir: &str) {
    for (path, content) in SECRETS {
        assert_eq!(sandbox.read(format!("{dir}/{path}")), content.as_bytes(), "{path}");
    }
    assert_eq!(sandbox.git(dir, ["status", "--porcelain"]).text(), "");
}

pub(crate) fn member_file(dir: &str, label: &str) -> PathBuf {
    Path::new(dir).join(format!(".shroud/default/members/{label}.toml"))
}

/// The value of a field of a member's file that spans several lines.
pub(crate) fn block(file: &str, field: &str) -> String {
    let (_, rest) = file.split_once(&format!("\n{field} = \"\"\"\n")).expect("the field is there");
    rest.split_once("\"\"\"").expect("it ends").0.to_owned()
}

/// Puts another message into a member's file: its mac does not cover it.
pub(crate) fn replace_wrapped(sandbox: &Sandbox, dir: &str, label: &str, message: &[u8]) {
    let path = member_file(dir, label);
    let text = String::from_utf8(sandbox.read(&path)).unwrap();
    let message = String::from_utf8(message.to_vec()).unwrap();
    sandbox.write(&path, text.replace(&block(&text, "wrapped"), &message));
}

/// A folder with git and the program, and without gpg, for `PATH`.
pub(crate) fn path_without_gpg(sandbox: &Sandbox) -> String {
    let bin = sandbox.path("bin");
    if !bin.exists() {
        fs::create_dir(&bin).unwrap();
        let path = std::env::var_os("PATH").unwrap();
        for name in ["git", "sh"] {
            let mut found = std::env::split_paths(&path).map(|dir| dir.join(name));
            let found = found.find(|file| file.is_file()).unwrap();
            std::os::unix::fs::symlink(found, bin.join(name)).unwrap();
        }
        let program = env!("CARGO_BIN_EXE_git-shroud");
        std::os::unix::fs::symlink(program, bin.join("git-shroud")).unwrap();
    }
    bin.into_os_string().into_string().unwrap()
}
