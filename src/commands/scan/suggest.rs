//! `git shroud scan --suggest`: attribute lines worth adding, in a form that can be put into `.gitattributes`.

use std::collections::BTreeSet;

use gix::bstr::ByteSlice as _;

use super::super::{Context, show};
use super::look;
use crate::error::Outcome;
use crate::git::repository::Repository;
use crate::scan::Report;
use crate::scan::suggest::suggestions;

/// Files of one line that are named.
const MAX_NAMED: usize = 8;

/// Prints the lines that would seal the files with findings, each below the files that it would seal.
pub(super) fn suggest(context: &Context, repository: &Repository, report: &Report) -> Outcome {
    let found = look::paths(report);
    let listed = repository.git.run(["ls-files", "-z"])?;
    let tracked = listed.split_str(b"\0").filter(|path| !path.is_empty()).map(<[u8]>::to_vec);
    let tracked: BTreeSet<_> = tracked.collect();
    let suggestions = suggestions(&found, &tracked);
    if suggestions.is_empty() {
        context.ui.status("there is no file that an attribute line would seal");
    }
    for suggestion in suggestions {
        let Some(line) = suggestion.line else {
            context
                .ui
                .warning(format!("no attribute line can name {}", show(&suggestion.files[0])));
            continue;
        };
        let mut named: Vec<_> =
            suggestion.files.iter().take(MAX_NAMED).map(|path| show(path)).collect();
        if suggestion.files.len() > MAX_NAMED {
            named.push(format!("{} more", suggestion.files.len() - MAX_NAMED));
        }
        context.ui.line(format!("# seals {}", named.join(", ")));
        context.ui.line(String::from_utf8_lossy(&line));
    }
    if !found.is_subset(&tracked) {
        context.ui.hint("attributes seal no file that only history has: see git shroud scrub");
    }
    Ok(())
}
