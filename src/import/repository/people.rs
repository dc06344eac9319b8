//! From the tool's people to members.

use std::collections::BTreeMap;

use super::tool::{Person, RepositoryTool, Setting, Who};
use crate::access::members::MemberError;
use crate::access::members::resolve::{Resolved, from_certificate, resolve};
use crate::git_crypt::Name;
use crate::keyring::{KeyName, Keyring};
use crate::migrate::{LeftOut, MigrateError, NewMember, User, admit, of_fingerprint};
use crate::recipient::openpgp::{Certificate, GpgError};
use crate::sanitise;

/// A public key, or why there is none and whether the user's word is all that is missing.
type Found = Result<Resolved, (String, bool)>;

/// Finds the public key of everybody who can read the tool's files.
///
/// Anybody who can push can add a public key to the tool's list. So the user's gpg must consider a certificate valid, as where a
/// member is added by hand; and for all others, and for what gpg has nothing to say of, the user must vouch with `trust`.
///
/// # Errors
/// `.shroud/` or git cannot be read.
pub(super) fn find(
    setting: &Setting<'_>,
    tool: &dyn RepositoryTool,
    names: &BTreeMap<Name, KeyName>,
    people: Vec<Person>,
    keyring: &Keyring,
    trust: bool,
) -> Result<(Vec<NewMember>, Vec<LeftOut>), MigrateError> {
    let user = |Person { who, names: old, place }: Person| {
        let keys = old.iter().map(|old| names[old].clone()).collect();
        let (shown, found) = match who {
            Who::Certificate(certificate) => {
                let name = certificate.primary_user_id().unwrap_or_default();
                let shown = format!("{} ({})", certificate.fingerprint(), sanitise::line(&name));
                (shown, by_certificate(setting, &certificate, &place, trust))
            }
            Who::Line(line) => {
                let found = by_line(setting, &line, trust || tool.is_own(setting, &line));
                (sanitise::line(&line), found)
            }
            Who::Unknown { text, why } => (sanitise::line(&text), Err((why, false))),
        };
        User { shown, keys, path: place, found }
    };
    admit(setting.repository, keyring, people.into_iter().map(user).collect())
}

fn by_certificate(
    setting: &Setting<'_>,
    certificate: &Certificate,
    place: &str,
    trust: bool,
) -> Found {
    let fingerprint = certificate.fingerprint();
    let known = resolve(setting.progress, setting.repository, fingerprint.as_ref(), trust);
    if !matches!(known, Err(MemberError::Gpg(GpgError::NoMatch))) {
        return of_fingerprint(known, &fingerprint);
    }
    // The user's gpg does not know it: what is left is the copy of the repository.
    let copy = from_certificate(certificate.to_armored().as_bytes(), place);
    let copy = copy.map_err(|error| (error.to_string(), false))?;
    if trust {
        return Ok(copy);
    }
    Err(("your gpg does not have this certificate, only the repository does".to_owned(), true))
}

fn by_line(setting: &Setting<'_>, line: &str, trust: bool) -> Found {
    let resolved = match crate::recipient::read_line(line) {
        Some(_) => resolve(setting.progress, setting.repository, line.as_ref(), trust),
        None => return Err(("it is no recipient that can be a member here".to_owned(), false)),
    };
    let resolved =
        resolved.map_err(|error| (error.to_string(), error.is_for_the_user_to_trust()))?;
    if trust {
        return Ok(resolved);
    }
    Err(("anybody who can push can have listed this recipient".to_owned(), true))
}
