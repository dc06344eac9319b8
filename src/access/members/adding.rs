//! Granting keys to people whom the user names.

use std::ffi::OsString;

use super::grant::verify;
use super::granting::{Ready, freshen, show_candidate, wrap, write};
use super::labels::choose_label;
use super::resolve::resolve;
use super::{Candidate, MemberError};
use crate::clone::OpenClone;
use crate::clone::meant::People;
use crate::clone::roster::{MemberFile, Standing};
use crate::git::user_commands::user_commands;
use crate::keyring::KeyName;
use crate::progress::Progress;
use crate::recipient::openpgp::Certificate;
use crate::store::shroud_dir::Label;

/// Who gets which keys.
pub struct Adding<'a> {
    /// Fingerprints, addresses, files or texts of recipients.
    pub recipients: &'a [OsString],
    /// The keys; where none is named, `default` or the only one.
    pub keys: &'a [KeyName],
    /// What the only recipient is called; else a label is chosen.
    pub label: Option<&'a Label>,
    /// Grants even if gpg does not consider a certificate valid.
    pub trust: bool,
    /// Commits the members' files.
    pub commit: bool,
}

impl Adding<'_> {
    /// Grants the keys, and stages the members' files; says who gets what.
    ///
    /// # Errors
    /// A recipient is not found or cannot be used, a key is not held, a file of the key's members is forged, or a file is
    /// another member's: nothing was written. Or git fails.
    pub fn run(&self, opened: &OpenClone, progress: &dyn Progress) -> Result<(), MemberError> {
        let OpenClone { repository, roster, keyring, .. } = opened;
        let names = opened.choose_keys(self.keys)?;
        let mut verified = Vec::new();
        for name in &names {
            verified.push(verify(repository, roster, keyring, name, &[])?);
        }
        let people = People::of_keys(repository, roster, keyring, roster.names())?;
        let (mut candidates, mut called) = (Vec::new(), Vec::new());
        for recipient in self.recipients {
            let resolved = resolve(progress, repository, recipient, self.trust)?;
            candidates.push(resolved.candidate);
            called.push(resolved.called);
        }
        let candidates = freshen(progress, repository, &candidates)?;
        let commands = user_commands(repository);
        // Nothing is written before all can be.
        let mut granted: Vec<Ready> = Vec::new();
        for (candidate, called) in candidates.iter().zip(&called) {
            show_candidate(progress, candidate);
            let taken: Vec<_> = granted.iter().map(|one| one.member.label.clone()).collect();
            for (name, verified) in names.iter().zip(&verified) {
                let label =
                    choose_label(&people, Some(name), &taken, candidate, self.label, called)?;
                let before = verified.members.iter().find(|file| is_of(file, candidate));
                let is_current = |file: &MemberFile| {
                    let info = roster.infos.get(&verified.entry.name);
                    file.standing(info, keyring) == Standing::Current
                        && has_certificate(file, candidate)
                };
                if before.is_some_and(is_current) {
                    let key = &verified.entry.name;
                    progress.status(&format!("'{label}' is a member of key '{key}' already"));
                    continue;
                }
                granted.push(wrap(&commands, verified.entry, candidate, &label)?);
            }
        }
        if granted.is_empty() {
            return Ok(());
        }
        write(progress, opened, &granted, self.commit)
    }
}

fn is_of(file: &MemberFile, candidate: &Candidate) -> bool {
    file.member.as_ref().is_ok_and(|member| member.recipient == candidate.recipient)
}

/// Whether the file holds the very certificate of the candidate: a renewed one should replace it.
fn has_certificate(file: &MemberFile, candidate: &Candidate) -> bool {
    let certificate = candidate.certificate.as_ref().map(Certificate::to_armored);
    file.member.as_ref().is_ok_and(|member| member.certificate == certificate)
}
