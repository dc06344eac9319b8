//! The backup that `init --template config` asks for.

use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use super::super::{Context, OpenClone};
use crate::access::backup::export::back_up;
use crate::access::backup::secret_file::refuse_existing;
use crate::error::{Context as _, Outcome};
use crate::ui::prompt;

/// The file of a backup as an absolute path, before the directory is changed.
pub(super) fn place(file: Option<&Path>) -> Outcome<Option<PathBuf>> {
    let Some(file) = file else { return Ok(None) };
    refuse_existing(file)?;
    Ok(std::path::absolute(file).map(Some).context(|| crate::sanitise::native(file))?)
}

/// Writes the backup, or asks for one on the terminal, or says how to make one.
pub(super) fn make(
    context: &Context,
    opened: &OpenClone,
    file: Option<PathBuf>,
    passphrase: Option<Zeroizing<String>>,
    declined: bool,
) -> Outcome {
    let file = match file {
        Some(file) => Some(file),
        None if declined => None,
        None => ask()?,
    };
    let Some(file) = file else {
        context
            .ui
            .warning("the keys exist only in this clone: if you lose it, you lose every file that they sealed");
        context.ui.hint(
            "git shroud key export --passphrase -o FILE; 'git shroud doctor' will remind you",
        );
        return Ok(());
    };
    let passphrase = match passphrase {
        Some(passphrase) => passphrase,
        None => prompt::new_passphrase(&context.ui)?,
    };
    back_up(opened, &file, &passphrase, &context.ui)?;
    let shown = crate::sanitise::native(&file);
    context.ui.status(format!(
        "wrote {shown}; anybody with it and the passphrase can read everything here"
    ));
    context.ui.hint(format!(
        "keep it in another place, and test it: git shroud key export --verify {}",
        crate::sanitise::native_word(&file).unwrap_or_else(|| "FILE".to_owned())
    ));
    Ok(())
}

/// The file that is typed; nothing where nobody can be asked, or nothing is typed.
fn ask() -> Outcome<Option<PathBuf>> {
    let question = "Write a backup of the keys, under a passphrase? File name, such as ../keys.age (empty: not now):";
    let Some(answer) = prompt::question(question).filter(|answer| !answer.is_empty()) else {
        return Ok(None);
    };
    place(Some(Path::new(&answer)))
}
