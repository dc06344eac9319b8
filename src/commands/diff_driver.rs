//! `git shroud diff-driver`: what git itself calls to show a change of a file that is sealed by value.

use std::ffi::OsString;

use super::Context;
use crate::access::show::diff_driver::{Sides, show};
use crate::error::Outcome;

/// Show a change of a file that is sealed by value (diff.shroud-values.command)
#[derive(clap::Args)]
pub struct DiffDriver {
    /// The path in the repository
    path: OsString,
    /// The old version: a file, its id and its mode
    old: OsString,
    old_id: OsString,
    old_mode: OsString,
    /// The new version: a file, its id and its mode
    new: OsString,
    new_id: OsString,
    new_mode: OsString,
    /// Another path, and what git says of a renamed file
    more: Vec<OsString>,
}

impl DiffDriver {
    pub(crate) fn run(self, context: &Context) -> Outcome {
        let sides = Sides {
            path: &self.path,
            other: self.more.first().map(OsString::as_os_str),
            old: (&self.old, &self.old_id, &self.old_mode),
            new: (&self.new, &self.new_id, &self.new_mode),
        };
        Ok(show(&context.dir, &sides)?)
    }
}
