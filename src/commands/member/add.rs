//! `git shroud member add`

use std::ffi::OsString;

use crate::access::members::adding::Adding;
use crate::commands::{Context, exclusive, refuse_rotation};
use crate::error::{CommandError, Outcome};
use crate::keyring::KeyName;
use crate::remote::membership::Adding as AddingToRemote;
use crate::store::shroud_dir::Label;
use crate::ui::prompt;

/// Grant keys to somebody with an OpenPGP, age or SSH public key, or to a command
///
/// RECIPIENT is a fingerprint, key id or e-mail address that your gpg knows; a certificate file; 'age1…'; or an 'ssh-ed25519 …' or
/// 'ssh-rsa …' line, or a .pub file with one. Shows the fingerprint and the user ids, encrypts the key to them, and stages the member's
/// file in .shroud/. After you push it, the colleague runs 'git shroud unlock'.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  $ git shroud member add --label carol \"$(age-keygen -y ../carol.age)\"
  $ git shroud member add ../bob.pub --key default --commit
  $ git shroud member add ../alice.asc

A command holds keys in a key service or a password manager. For example, in your own git configuration:

  git config --global shroud.command.prod-kms.wrap 'PROGRAM that encrypts standard input'
  git config --global shroud.command.prod-kms.unwrap 'PROGRAM that decrypts standard input'

Then: git shroud member add --command prod-kms")]
pub(super) struct Add {
    /// Who gets the keys
    #[arg(required_unless_present = "commands", value_name = "RECIPIENT")]
    recipients: Vec<OsString>,
    /// Grant to a command of yours: shroud.command.NAME.wrap and .unwrap in your git configuration, never the repository's
    #[arg(long = "command", value_name = "NAME")]
    commands: Vec<String>,
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
    /// Let them open this encrypted remote, in place of a key of the repository
    #[arg(long, value_name = "NAME", conflicts_with_all = ["keys", "commit", "commands"])]
    remote: Option<String>,
}

impl Add {
    pub(super) fn run(self, context: &Context) -> Outcome {
        if let Some(remote) = &self.remote {
            return self.run_on_remote(context, remote);
        }
        let opened = context.open()?;
        opened.top()?;
        refuse_rotation(&opened.repository)?;
        let _exclusive = exclusive(&opened.repository)?;
        let label = self.label.as_deref().map(parse_label).transpose()?;
        let commands = self.commands.iter().map(|name| format!("command:{name}").into());
        let recipients: Vec<OsString> = self.recipients.into_iter().chain(commands).collect();
        if label.is_some() && recipients.len() > 1 {
            return Err(CommandError::wrong("one label cannot name several recipients"));
        }
        let adding = Adding {
            recipients: &recipients,
            keys: &self.keys,
            label: label.as_ref(),
            trust: self.trust,
            commit: self.commit,
        };
        Ok(adding.run(&opened, &context.ui)?)
    }

    fn run_on_remote(&self, context: &Context, remote: &str) -> Outcome {
        let label = self.label.as_deref().map(parse_label).transpose()?;
        if label.is_some() && self.recipients.len() > 1 {
            return Err(CommandError::wrong("one label cannot name several recipients"));
        }
        let adding = AddingToRemote {
            recipients: &self.recipients,
            label: label.as_ref(),
            trust: self.trust,
        };
        let repository = context.repository()?;
        for member in adding.run(&repository, remote, &context.ui, &mut prompt::ask)? {
            let (label, recipient) = (&member.label, member.recipient.brief());
            context.ui.status(format!("'{label}' can open it now ({recipient})"));
        }
        Ok(())
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
