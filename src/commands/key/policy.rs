//! `git shroud key policy`

use super::super::Context;
use crate::access::members::policy;
use crate::error::Outcome;
use crate::keyring::KeyName;
use crate::recipient::Method;

/// Show or set what a key asks of its members and backups
///
/// Without an option it shows what each key asks. The text is in .shroud/NAME/key.toml under the key's mac, so that only somebody with the key can change it.
/// 'member add' refuses a member that it does not allow, 'member remove' refuses to leave too few, and 'check' and 'doctor' report what is not so.
/// A rotation keeps it.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  $ git shroud key policy
  $ git shroud key policy --members 2 --backups 1
  $ git shroud key policy --members 0")]
pub(super) struct Policy {
    /// The key [default: 'default', or the only one]
    #[arg(value_name = "NAME")]
    name: Option<KeyName>,
    /// At least so many members; 0 asks for none
    #[arg(long, value_name = "N")]
    members: Option<u32>,
    /// At least so many kinds of verified backups (key file, passphrase, words, shares); only 'doctor' in a clone knows them
    #[arg(long, value_name = "N")]
    backups: Option<u32>,
    /// Only these kinds of members: openpgp, age, ssh, command; 'all' allows each
    #[arg(long, value_name = "KIND", value_delimiter = ',', value_parser = parse_kind)]
    recipients: Vec<Kind>,
    /// Certificates are valid for at least so many days
    #[arg(long, value_name = "N")]
    certificate_days: Option<u32>,
    /// Each grant must be post-quantum
    #[arg(long, conflicts_with = "no_post_quantum")]
    post_quantum: bool,
    /// A grant may be classical
    #[arg(long)]
    no_post_quantum: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    All,
    One(Method),
}

fn parse_kind(text: &str) -> Result<Kind, &'static str> {
    let named = Method::ALL.iter().find(|method| method.kind().name() == text);
    match (text, named) {
        ("all", _) => Ok(Kind::All),
        (_, Some(method)) => Ok(Kind::One(*method)),
        _ => Err("the kinds are openpgp, age, ssh and command"),
    }
}

impl Policy {
    pub(super) fn run(self, context: &Context) -> Outcome {
        let opened = context.open()?;
        if !self.sets() {
            let infos = opened.roster.infos.values();
            let shown =
                infos.filter(|info| self.name.as_ref().is_none_or(|name| *name == info.name));
            for info in shown {
                let text = match info.policy.is_empty() {
                    true => "asks nothing".to_owned(),
                    false => info.policy.to_string(),
                };
                context.ui.line(format!("{}  {text}", info.name));
            }
            return Ok(());
        }
        let named: Vec<_> = self.name.iter().cloned().collect();
        let [name] = &opened.choose_keys(&named)?[..] else { unreachable!("one was named") };
        let mut new =
            opened.roster.infos.get(name).map(|info| info.policy.clone()).unwrap_or_default();
        new.members = self.members.unwrap_or(new.members);
        new.backups = self.backups.unwrap_or(new.backups);
        new.certificate_days = self.certificate_days.unwrap_or(new.certificate_days);
        new.post_quantum = self.post_quantum || new.post_quantum && !self.no_post_quantum;
        if !self.recipients.is_empty() {
            let kinds = self.recipients.iter().map(|kind| match kind {
                Kind::All => None,
                Kind::One(method) => Some(*method),
            });
            // One 'all' allows each.
            new.recipients = kinds.collect::<Option<_>>().unwrap_or_default();
        }
        let is_empty = new.is_empty();
        policy::set(&opened, name, new.clone(), &context.ui)?;
        context.ui.status(match is_empty {
            true => format!("the key '{name}' asks nothing"),
            false => format!("the key '{name}' asks: {new}"),
        });
        context.ui.hint("commit it: git commit -m 'Set the policy'");
        Ok(())
    }

    fn sets(&self) -> bool {
        self.members.is_some()
            || self.backups.is_some()
            || self.certificate_days.is_some()
            || self.post_quantum
            || self.no_post_quantum
            || !self.recipients.is_empty()
    }
}
