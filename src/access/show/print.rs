//! One plaintext file, on standard output.

use std::io::{self, Read};

use super::ShowError;
use crate::clone::OpenClone;
use crate::error::Context as _;
use crate::filter::git_crypt::{GitCryptFilter, NoPaths};
use crate::filter::{Driver as _, Filter, FilterError, Filtered, Rule, Rules};
use crate::format::{self, Sniff};
use crate::git_crypt;
use crate::store::received::Received;
use crate::values::Place;

struct NoRules<'o> {
    opened: &'o OpenClone,
}

impl Rules for NoRules<'_> {
    fn rule(&mut self, _path: &[u8]) -> Result<Rule, String> {
        Ok(Rule::default())
    }

    /// The plaintext may become a file of the worktree.
    fn receive(&mut self, path: &[u8], values: &[(Place, String)], _blob: &[u8]) {
        if values.is_empty() {
            return;
        }
        let values = values.iter().map(|(place, token)| (place.names(), token.as_str()));
        let common_dir = self.opened.repository.common_dir();
        let _ = Received::remember(&mut None, common_dir, path, values);
    }
}

/// Writes the plaintext file to standard output, where it opens as a whole. `path` is where it comes from, as far as is known.
///
/// # Errors
/// Its key is not held, it is damaged, or it cannot be read or written.
pub fn print(opened: &OpenClone, path: &[u8], source: &mut dyn Read) -> Result<(), ShowError> {
    let mut start = Vec::new();
    source
        .take(format::HEADER_LEN as u64)
        .read_to_end(&mut start)
        .context(|| "the file cannot be read".to_owned())?;
    if let Sniff::Sealed(id) = format::sniff(&start)
        && opened.keyring.by_id(id).is_none()
    {
        let info = opened.roster.infos.values().find(|info| info.id == id);
        let key = info.map_or_else(|| format!("with id {id}"), |info| format!("'{}'", info.name));
        return Err(ShowError::NotHeld(key));
    }
    if git_crypt::is_encrypted(&start) {
        return print_git_crypt(opened, &mut start.chain(source));
    }
    let mut filter = Filter::new(&opened.keyring, NoRules { opened }).strict();
    let smudged = filter.smudge(path, start.chain(source));
    if filter.summary().still_sealed > 0 {
        return Err(ShowError::NotHeld("that seals its values".to_owned()));
    }
    write_out(smudged)
}

fn write_out(opened: Result<Filtered<'_>, FilterError>) -> Result<(), ShowError> {
    opened.and_then(|opened| opened.write_to(io::stdout().lock())).or_else(|error| match error {
        FilterError::Io(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        error => Err(ShowError::Filter(error)),
    })
}

/// The path may be of another commit, whose attributes are not known: any key that is held may be the one.
fn print_git_crypt(opened: &OpenClone, source: &mut dyn Read) -> Result<(), ShowError> {
    if opened.git_crypt.is_empty() {
        return Err(ShowError::NoGitCryptKey);
    }
    let mut keys = opened.git_crypt.files().map(|file| file.name().clone());
    let name = keys.next().unwrap_or_default();
    let mut filter = GitCryptFilter::new(&opened.git_crypt, name, NoPaths).strict();
    write_out(filter.smudge(b"", source))
}
