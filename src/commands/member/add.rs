//! `git shroud member add`

use std::ffi::OsString;

use crate::access::members::Candidate;
use crate::access::members::grant::verify;
use crate::access::members::granting::{Ready, freshen, show_candidate, wrap, write};
use crate::access::members::labels::choose_label;
use crate::access::members::resolve::resolve;
use crate::clone::meant::People;
use crate::clone::roster::{MemberFile, Standing};
use crate::commands::{Context, OpenClone, exclusive, refuse_rotation};
use crate::error::{CommandError, Outcome};
use crate::keyring::KeyName;
use crate::recipient::openpgp::Certificate;
use crate::store::shroud_dir::Label;

/// Grant keys to somebody with an OpenPGP, age or SSH public key
///
/// RECIPIENT is a fingerprint, key id or e-mail address that your gpg knows; a certificate file; 'age1…'; or an 'ssh-ed25519 …' or
/// 'ssh-rsa …' line, or a .pub file with one. Shows the fingerprint and the user ids, encrypts the key to them, and stages the member's
/// file in .shroud/. After you push it, the colleague runs 'git shroud unlock'.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  $ git shroud member add --label carol \"$(age-keygen -y ../carol.age)\"
  $ git shroud member add ../bob.pub --key default --commit
  $ git shroud member add ../alice.asc")]
pub(super) struct Add {
    /// Who gets the keys
    #[arg(required = true, value_name = "RECIPIENT")]
    recipients: Vec<OsString>,
    /// A key to grant [default: 'default', or the only one]
    #[arg(long = "key", value_name = "NAME")]
    keys: Vec<KeyName>,
    /// The member's name here: a-z, 0-9, '-', '_' and '.'
    #[arg(long, value_name = "LABEL")]
    label: Option<String>,
    /// Grant even if gpg does not consider the certificate valid: you have compared the fingerprint yourself
    #[arg(long)]
    trust: bool,
    /// Commit the member's file, and nothing else
    #[arg(long)]
    commit: bool,
}

impl Add {
    pub(super) fn run(self, context: &Context) -> Outcome {
        let opened = context.open()?;
        opened.top()?;
        refuse_rotation(&opened.repository)?;
        let _exclusive = exclusive(&opened.repository)?;
        let label = self.label.as_deref().map(parse_label).transpose()?;
        if label.is_some() && self.recipients.len() > 1 {
            return Err(CommandError::wrong("one label cannot name several recipients"));
        }
        let names = opened.choose_keys(&self.keys)?;
        let mut verified = Vec::new();
        for name in &names {
            verified.push(verify(&opened.repository, &opened.roster, &opened.keyring, name, &[])?);
        }
        let OpenClone { repository, roster, keyring, .. } = &opened;
        let people = People::of_keys(repository, roster, keyring, roster.names())?;
        let (mut candidates, mut called) = (Vec::new(), Vec::new());
        for recipient in &self.recipients {
            let resolved = resolve(&context.ui, repository, recipient, self.trust)?;
            candidates.push(resolved.candidate);
            called.push(resolved.called);
        }
        let candidates = freshen(&context.ui, repository, &candidates)?;
        // Nothing is written before all can be.
        let mut granted: Vec<Ready> = Vec::new();
        for (candidate, called) in candidates.iter().zip(&called) {
            show_candidate(&context.ui, candidate);
            let taken: Vec<_> =
                granted.iter().map(|granted| granted.member.label.clone()).collect();
            for (name, verified) in names.iter().zip(&verified) {
                let name = Some(name);
                let label = choose_label(&people, name, &taken, candidate, label.as_ref(), called)?;
                let before = verified.members.iter().find(|file| is_of(file, candidate));
                if before.is_some_and(|file| {
                    let name = &verified.entry.name;
                    file.standing(roster.infos.get(name), keyring) == Standing::Current
                        && has_certificate(file, candidate)
                }) {
                    context.ui.status(format!(
                        "'{label}' is a member of key '{}' already",
                        verified.entry.name
                    ));
                    continue;
                }
                granted.push(wrap(verified.entry, candidate, &label)?);
            }
        }
        if granted.is_empty() {
            return Ok(());
        }
        Ok(write(&context.ui, &opened, &granted, self.commit)?)
    }
}

fn parse_label(text: &str) -> Outcome<Label> {
    let label: Label = text.parse().map_err(|error| {
        CommandError::wrong(format!("'{}': {error}", crate::sanitise::line(text)))
    })?;
    if !label.is_portable() {
        return Err(CommandError::wrong(format!(
            "no member can be called '{label}': Windows cannot check out the file '{label}.toml'"
        ))
        .hint("choose another --label"));
    }
    Ok(label)
}

fn is_of(file: &MemberFile, candidate: &Candidate) -> bool {
    file.member.as_ref().is_ok_and(|member| member.recipient == candidate.recipient)
}

/// Whether the file holds the very certificate of the candidate: a renewed one is to replace it.
fn has_certificate(file: &MemberFile, candidate: &Candidate) -> bool {
    let certificate = candidate.certificate.as_ref().map(Certificate::to_armored);
    file.member.as_ref().is_ok_and(|member| member.certificate == certificate)
}
