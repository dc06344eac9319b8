//! What `unlock` and `lock` promise wherever, however and in whatever state they are run: all open, or all closed, or said.

mod ended;
mod keyless;
mod left;
mod modes;
mod odd_files;
mod places;
mod plaintext;

use crate::common::{SECRETS, Sandbox, is_sealed, sealed};

const SHROUD: &str = env!("CARGO_BIN_EXE_git-shroud");
const KEYRING: &str = ".git/git-shroud/keyring";

/// Whether every file that has content is open below this folder; or every one sealed. Panics where they are mixed.
#[track_caller]
fn is_open(sandbox: &Sandbox, dir: &str) -> bool {
    let filled = SECRETS.iter().filter(|(_, content)| !content.is_empty());
    let open: Vec<_> = filled
        .map(|(path, content)| {
            let found = sandbox.read(format!("{dir}/{path}"));
            assert!(is_sealed(&found) || found == content.as_bytes(), "{path}");
            !is_sealed(&found)
        })
        .collect();
    assert!(open.iter().all(|is| *is == open[0]), "{dir}: {open:?}");
    open[0]
}
