//! What is left of a tool's filter in a clone that has moved.

use crate::git::GitError;
use crate::git::repository::Repository;

/// What is left of a filter where no branch needs it, and an earlier commit may be checked out: what is encrypted passes, and
/// plaintext is refused. Without a filter git would store plaintext there.
pub struct Guard {
    /// The first eight bytes of what is encrypted.
    pub begins: &'static [&'static str],
    /// What sets the tool's filter again.
    pub back: &'static str,
}

impl Guard {
    /// The filter, for a shell.
    pub(super) fn command(&self, tool: &str) -> String {
        let pass = |begin: &&str| {
            let hex: String = begin.bytes().map(|byte| format!("{byte:02x}")).collect();
            format!("{hex}) printf %s '{begin}'; cat ;; ")
        };
        let pass: String = self.begins.iter().map(pass).collect();
        format!(
            "h=$(dd bs=1 count=8 2>/dev/null | od -An -tx1 | tr -d ' \\n'); case $h in {pass}'') ;; *) echo 'git-shroud: this clone has moved from {tool}, so nothing is added under its filter; to set that up again: {}' >&2; exit 1 ;; esac",
            self.back
        )
    }

    /// Puts it in the place of a driver.
    ///
    /// # Errors
    /// git fails.
    pub(super) fn set(
        &self,
        repository: &Repository,
        tool: &str,
        driver: &str,
    ) -> Result<(), GitError> {
        let command = self.command(tool);
        for (name, value) in [("required", "true"), ("clean", &command), ("smudge", "cat")] {
            repository.git.run(["config", "--local", &format!("{driver}.{name}"), value])?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_guard_passes_what_is_encrypted_alone() {
        let guard = Guard { begins: &["age-encr", "-----BEG"], back: "x" };
        let command = guard.command("x");
        assert!(command.contains("6167652d656e6372) printf %s 'age-encr'; cat ;; "), "{command}");
    }
}
