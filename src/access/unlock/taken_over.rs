//! Keys that were taken over from git-crypt: kept where its filters find them, so that history opens as before.

use super::UnlockError;
use crate::clone::OpenClone;
use crate::clone::taken_over::taken_over_here;
use crate::error::Context as _;
use crate::git_crypt::KeyVersion;
use crate::progress::Progress;
use crate::store::{git_crypt, local};

/// Takes what `.shroud/` keeps sealed under the keys that are held. A key that is held under the same name stays.
pub(super) fn take_over(
    progress: &dyn Progress,
    opened: &mut OpenClone,
) -> Result<(), UnlockError> {
    let (taken, problems) = taken_over_here(&opened.roster, &opened.keyring);
    for problem in problems {
        progress.warning(&format!("skipped a git-crypt key: {problem}"));
    }
    let common_dir = opened.repository.common_dir();
    for file in taken.into_files() {
        let name = file.name().clone();
        let ids: Vec<_> = file.versions().iter().map(KeyVersion::id).collect();
        match opened.git_crypt.insert(file) {
            Ok(false) => {}
            Err(error) => {
                progress.warning(&format!("skipped a git-crypt key: {error}"));
                continue;
            }
            Ok(true) => {
                let file = opened.git_crypt.of(&name).expect("it was added");
                git_crypt::save(common_dir, file).context(|| "the git-crypt key".to_owned())?;
                progress.detail(&format!("took git-crypt key '{name}', for the history"));
            }
        }
        // `.shroud/` is the copy.
        local::remember_copied(common_dir, ids).context(|| "the list of copied keys".to_owned())?;
    }
    Ok(())
}
