//! Programs that stand in for others, with the same command line, where the real one cannot be had from Debian.

use std::fs;

use super::{Done, Sandbox};

/// Answers `sops -d [--input-type TYPE --output-type TYPE] FILE` with `plain/` and the name of the file.
pub const SOPS: &str = r#"
[ "$1" = -d ] || exit 100
shift
while [ $# -gt 1 ]; do
    case $1 in
    --input-type | --output-type) printf '%s\n' "$1 $2" >>"$HOME/log"; shift 2 ;;
    *) exit 100 ;;
    esac
done
case $1 in /*) ;; *) exit 100 ;; esac
grep -q 'ENC\[' -- "$1" || { echo 'sops metadata not found' >&2; exit 1; }
exec cat "$HOME/../plain/${1##*/}"
"#;

/// Answers `dotenvx decrypt --stdout -f FILE --env-keys-file KEYS` with `plain/` and the name of the file, and a line end, as dotenvx does.
pub const DOTENVX: &str = r#"
[ "$1 $2 $3" = 'decrypt --stdout -f' ] || exit 100
[ "$5" = --env-keys-file ] && [ -e "$6" ] || { echo '[DECRYPTION_FAILED] could not decrypt' >&2; exit 1; }
cat "$HOME/../plain/${4##*/}"
echo
"#;

/// Answers `ansible-vault decrypt --output - [OPTION VALUE]... FILE` with `plain/` and the name of the file.
pub const ANSIBLE_VAULT: &str = r#"
[ "$1 $2 $3" = 'decrypt --output -' ] || exit 100
while [ $# -gt 1 ]; do shift; done
exec cat "$HOME/../plain/${1##*/}"
"#;

impl Sandbox {
    /// Writes a program of this name to `bin`, of these lines of a shell.
    pub fn stand_in(&self, name: &str, script: &str) {
        use std::os::unix::fs::PermissionsExt as _;
        let file = format!("bin/{name}");
        self.write(&file, format!("#!/bin/sh\n{script}"));
        fs::set_permissions(self.path(&file), fs::Permissions::from_mode(0o755)).unwrap();
    }

    /// The `PATH` of a command with the folder `bin` before all others.
    pub fn path_with_stand_ins(&self) -> String {
        let command = self.command("true", ".");
        let path = command.get_envs().find(|(name, _)| *name == "PATH").unwrap().1.unwrap();
        format!("{}:{}", self.path("bin").display(), path.to_str().unwrap())
    }

    /// `git shroud ARGS` with the stand-ins on the `PATH`.
    pub fn try_import(&self, dir: &str, args: &[&str]) -> Done {
        let mut command = self.command(env!("CARGO_BIN_EXE_git-shroud"), dir);
        command.arg("import").args(args).env("PATH", self.path_with_stand_ins());
        self.run(command)
    }
}
