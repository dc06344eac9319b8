//! `git shroud merge-driver`: what git itself calls to merge a sealed file.

use std::ffi::OsString;
use std::path::PathBuf;

use super::Context;
use crate::access::merge_file::{Versions, merge_versions};
use crate::error::{CommandError, Outcome};

/// Merge three versions of a sealed file (merge.shroud.driver)
///
/// Writes the sealed result over OURS, also where it holds conflict markers. Exit status 1 on conflict, 129 on failure.
#[derive(clap::Args)]
pub struct MergeDriver {
    /// Serve as git's default: merge the plaintext of git-crypt's files, and all others as git does
    #[arg(long)]
    default: bool,
    /// %O: the common ancestor
    base: PathBuf,
    /// %A: ours, and the result
    ours: PathBuf,
    /// %B: theirs
    theirs: PathBuf,
    /// %L: length of the conflict markers
    marker_size: u16,
    /// %P: the path in the repository
    path: OsString,
    /// %S, %X, %Y: what to call the three versions
    labels: Vec<OsString>,
}

impl MergeDriver {
    pub(crate) fn run(self, context: &Context) -> Outcome {
        let versions = Versions {
            dir: context.dir.clone(),
            base: self.base,
            ours: self.ours,
            theirs: self.theirs,
            marker_size: self.marker_size,
            path: self.path,
            labels: self.labels,
        };
        // git takes up to 128 for a conflict, and more for a failure (gitattributes, "Defining a custom merge driver").
        let merged = merge_versions(&versions, self.default)
            .map_err(|error| CommandError::from(error).status_if_wrong(129))?;
        if !merged.twice.is_empty() {
            let path = crate::sanitise::native(std::path::Path::new(&versions.path));
            let keys: Vec<_> = merged.twice.iter().map(|key| show(key)).collect();
            let keys = keys.join(", ");
            context
                .ui
                .warning(format!("{path}: both sides have added {keys}, with different values"));
        }
        if merged.is_clean { Ok(()) } else { Err(CommandError::found()) }
    }
}

fn show(key: &str) -> String {
    crate::sanitise::path(key.as_bytes())
}
