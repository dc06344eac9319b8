//! What the old tool had encrypted, and stays readable in a file that is sealed by value.

use super::tool::Hidden;
use crate::error::count;
use crate::filter::find_readable_secret;
use crate::progress::Progress;
use crate::sanitise;
use crate::values::{self, Mode, may_hold_tokens};

/// A file as it is stored.
pub(super) struct Sealed {
    /// How its attributes say that its values are sealed.
    pub(super) mode: Option<Mode>,
    /// The bytes.
    pub(super) bytes: Vec<u8>,
}

/// Warns where something is readable now that the tool had encrypted, or that may be a secret.
pub(super) fn warn_of_readable(
    progress: &dyn Progress,
    (tool, hidden): (&str, Hidden),
    path: &[u8],
    plaintext: &[u8],
    Sealed { mode, bytes }: &Sealed,
) {
    let Some((mode, format)) = mode.as_ref().and_then(|mode| Some((mode, mode.format?))) else {
        return;
    };
    let how = (format, &mode.clear);
    // What does not read is sealed whole.
    let Some(readable) = values::readable(how, plaintext).filter(|_| is_by_value(bytes)) else {
        return;
    };
    let shown = sanitise::path(path);
    let mut comments = readable.parts.iter().filter(|(_, name)| name.is_none());
    let first = comments.next().map(|(range, _)| {
        1 + plaintext[..range.start].iter().filter(|byte| **byte == b'\n').count()
    });
    let warned = match (hidden, first) {
        (Hidden::Nothing, _) | (Hidden::Comments, None) => None,
        (Hidden::Comments, Some(line)) => {
            let comments = count(1 + comments.count() as u64, "comment");
            Some(format!(
                "{shown}: {comments} that {tool} had encrypted will be readable in the repository, the first on line {line}"
            ))
        }
        (Hidden::All, _) => Some(format!(
            "{shown}: names and comments, which {tool} had encrypted with the rest, will be readable in the repository"
        )),
    };
    let secret = find_readable_secret(path, how, plaintext, bytes, &[]).map(|(line, what)| {
        format!("{shown}: line {line}: {what}, and would be readable in the repository")
    });
    if warned.is_none() && secret.is_none() {
        return;
    }
    warned.into_iter().chain(secret).for_each(|warning| progress.warning(&warning));
    let pattern = sanitise::word_or(path, "PATH");
    let all = match pattern.strip_prefix('\'') {
        Some(rest) => format!("'/{rest}"),
        None => format!("/{pattern}"),
    };
    progress.hint(&format!("to seal all of it: git shroud track --whole {all}"));
}

fn is_by_value(bytes: &[u8]) -> bool {
    may_hold_tokens(bytes) || crate::format::sniff(bytes) == crate::format::Sniff::NotSealed
}
