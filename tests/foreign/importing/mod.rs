//! Repositories taken over from transcrypt, git-secret, git-agecrypt and blackbox: with the real git-secret, gpg, openssl and age. The others
//! are not in Debian: what they write is made as their own source makes it.

mod beside;
mod cut_off;
mod git_agecrypt;
mod refusals;
mod transcrypt;

use crate::common::gpg::Home;
use crate::common::{Done, Sandbox, is_sealed};

/// A filter of the form that transcrypt and git-agecrypt have: `FILTER clean|smudge PATH`. What is unchanged keeps its bytes.
const FILTER: &str = r#"
case $1 in
smudge) decrypt; exit ;;
esac
new=$(mktemp) && cat >"$new" && [ -s "$new" ] || exit 0
if git cat-file blob ":$2" >"$new.old" 2>/dev/null && decrypt <"$new.old" 2>/dev/null | cmp -s - "$new"; then
    cat "$new.old"
else
    encrypt <"$new"
fi
"#;

impl Sandbox {
    /// Writes such a filter, with `decrypt` and `encrypt` as functions of the shell, and sets it in the repository.
    fn filter(&self, driver: &str, functions: &str) {
        let file = format!("{driver}.sh");
        self.write(&file, format!("{functions}\n{FILTER}"));
        let script = self.path(&file).display().to_string();
        for way in ["clean", "smudge"] {
            let command = format!("sh {script} {way} %f");
            self.git("repo", ["config", &format!("filter.{driver}.{way}"), &command]);
        }
        self.git("repo", ["config", &format!("filter.{driver}.required"), "true"]);
        self.git("repo", ["config", &format!("diff.{driver}.textconv"), "cat"]);
    }

    fn commit_all(&self) {
        self.git("repo", ["add", "-A"]);
        self.git("repo", ["commit", "-q", "-m", "all"]);
    }

    #[track_caller]
    fn assert_clean(&self) {
        assert_eq!(self.git("repo", ["status", "--porcelain"]).text(), "");
        self.git("repo", ["add", "--renormalize", "."]);
        assert_eq!(self.git("repo", ["status", "--porcelain"]).text(), "");
    }

    #[track_caller]
    fn assert_sealed(&self, paths: &[&str]) {
        for path in paths {
            assert!(is_sealed(&self.blob("repo", &format!("HEAD:{path}"))), "{path}");
        }
    }
}

/// `git shroud import ARGS` in the repository, as somebody with this gpg home, whatever its exit status.
#[track_caller]
fn import(sandbox: &Sandbox, home: Option<&Home>, args: &[&str]) -> Done {
    let mut command = sandbox.command(env!("CARGO_BIN_EXE_git-shroud"), "repo");
    if let Some(home) = home {
        command.env("GNUPGHOME", home.path("."));
    }
    let done = sandbox.run({
        command.arg("import").args(args);
        command
    });
    assert!(!done.stderr.contains("canary") && !done.text().contains("canary"), "{done:?}");
    done
}

/// Runs a script as somebody with this gpg home.
#[track_caller]
fn sh(sandbox: &Sandbox, home: &Home, script: &str) {
    let mut command = sandbox.command("bash", "repo");
    command.env("GNUPGHOME", home.path(".")).args(["-ec", script]);
    sandbox.run(command).expect(0);
}
