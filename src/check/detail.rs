//! What there is to say of a finding beside the name of its problem.

use super::Problem;
use crate::error::count;
use crate::status::describe_clear;

impl Problem {
    /// What the name of the problem does not say, for people.
    pub fn detail(&self) -> Option<String> {
        match self {
            Problem::Plaintext
            | Problem::Unsealed
            | Problem::GitCrypt
            | Problem::EncryptedTwice
            | Problem::SealedForGitCrypt
            | Problem::OwnFile => None,
            Problem::PlainValues { lines, values } => Some(describe_clear(lines, *values)),
            Problem::Exempted(lines) => {
                let lines: Vec<String> = lines.iter().take(10).map(ToString::to_string).collect();
                let (are, on) = match lines.len() {
                    1 => ("a value that was sealed", "line"),
                    _ => ("values that were sealed", "lines"),
                };
                Some(format!("shroud-clear now exempts {are}: {on} {}", lines.join(", ")))
            }
            Problem::Returned => Some("was sealed in an earlier commit".to_owned()),
            Problem::TakenOut => Some("a scrub removed this commit from history".to_owned()),
            Problem::Moved(from) => Some(format!("was sealed as {}", crate::sanitise::path(from))),
            Problem::NotTracked(id) | Problem::UnknownKey(id) => Some(format!("key id {id}")),
            Problem::NotWriteOnly(id, values) => Some(format!(
                "{} set without the key {id}, for which .shroud/ has no public key",
                count(*values as u64, "value")
            )),
            Problem::OtherKey { keys, wanted } => Some(format!(
                "sealed with key {}, but its attribute says {wanted}",
                keys.join(", ")
            )),
            Problem::KeySwapped(why)
            | Problem::Damaged(why)
            | Problem::Newer(why)
            | Problem::Conversion(why)
            | Problem::BadKeyName(why) => Some(why.clone()),
            Problem::RetiredKey { generation, current } => Some(format!(
                "sealed with generation {generation}, but its commit has generation {current}"
            )),
        }
    }
}
