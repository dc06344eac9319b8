//! What people do with git, each once.

mod everyday;
mod history;
mod merging;
mod moving;
mod reading;

use crate::common::Done;
use crate::git_matrix::Expected::{self, Git, Leaks, Pass, Refused};
use crate::git_matrix::Scenario;
use crate::git_matrix::place::Place;

/// What a scenario does in one clone.
type Run = fn(&Place<'_>) -> Result<(), Done>;

/// Where new plaintext is brought in: only the clone with the key can seal it.
const NEW_PLAINTEXT: [Expected; 4] =
    [Pass, Refused("refusing to store plaintext"), Leaks, Git("locked-run-git-shroud-unlock")];
/// Where nothing but sealed bytes are moved about.
const EVERYWHERE: [Expected; 4] = [Pass; 4];
/// Where two edits of one file have to be joined.
const JOINED: [Expected; 4] = [
    Pass,
    Refused("it cannot be merged without its key, which is not held here"),
    Git("Merge conflict in secrets/app.env"),
    Git("Merge conflict in secrets/app.env"),
];

pub(crate) fn all() -> Vec<Scenario> {
    [everyday::ALL, merging::ALL, moving::ALL, reading::ALL, history::ALL]
        .into_iter()
        .flatten()
        .map(|&(name, run, expected)| Scenario { name, run, expected })
        .collect()
}
