//! `git shroud member`

mod add;
mod list;
mod remove;
mod renew;
mod report;
mod resolve;

use std::time::SystemTime;

use super::{Context, Opened};
use crate::access::{Candidate, Fresh, grant, stage_shroud_dir};
use crate::error::{CommandError, Outcome};
use crate::git::repository::Repository;
use crate::keyring::KeyName;
use crate::recipient::openpgp::Certificate;
use crate::store::shroud_dir::{self, Label, Member as MemberRecord, ShroudDirError};

pub(super) use add::choose_label;
pub(super) use resolve::{Resolved, resolve};

/// Add, list, renew and remove members: people who can open a key
#[derive(clap::Args)]
pub struct Member {
    #[command(subcommand)]
    command: MemberCommand,
}

#[derive(clap::Subcommand)]
enum MemberCommand {
    Add(add::Add),
    List(list::List),
    Renew(renew::Renew),
    Remove(remove::Remove),
}

impl Member {
    pub(crate) fn run(self, context: &Context) -> Outcome {
        match self.command {
            MemberCommand::Add(add) => add.run(context),
            MemberCommand::List(list) => list.run(context),
            MemberCommand::Renew(renew) => renew.run(context),
            MemberCommand::Remove(remove) => remove.run(context),
        }
    }
}

/// The keys that are meant: those that are named, else `default`, else the only one there is.
pub(super) fn choose_keys(opened: &Opened, named: &[KeyName]) -> Outcome<Vec<KeyName>> {
    if !named.is_empty() {
        let mut names = named.to_vec();
        names.sort();
        names.dedup();
        return Ok(names);
    }
    let infos = &opened.roster.infos;
    let default = KeyName::default();
    match infos.keys().next() {
        _ if infos.contains_key(&default) => Ok(vec![default]),
        Some(only) if infos.len() == 1 => Ok(vec![only.clone()]),
        None => Err(opened.explain_git_crypt().unwrap_or_else(|| {
            CommandError::wrong("this repository has no key").hint("git shroud init makes one")
        })),
        Some(_) => Err(CommandError::wrong("there are several keys; name one")
            .hint(format!("name one with --key: {}", opened.key_names()))),
    }
}

/// Shows to whom a key is about to be granted.
fn show_candidate(context: &Context, candidate: &Candidate) {
    context.ui.status(format!("recipient {}", candidate.recipient));
    let user_ids = candidate.certificate.as_ref().map(Certificate::user_ids);
    let user_ids = user_ids.unwrap_or_else(|| candidate.user_id.iter().cloned().collect());
    for user_id in user_ids {
        context.ui.status(format!("  user id {}", crate::sanitise::line(&user_id)));
    }
}

/// A grant that is ready to be written.
struct Granted {
    key: KeyName,
    member: MemberRecord,
}

fn wrap(entry: &crate::keyring::Entry, candidate: &Candidate, label: &Label) -> Outcome<Granted> {
    let member = grant(entry, candidate, label, SystemTime::now())?;
    Ok(Granted { key: entry.name.clone(), member })
}

/// The candidates with what the user's gpg knows of their certificates by now.
fn freshen(
    context: &Context,
    repository: &Repository,
    all: &[Candidate],
) -> Outcome<Vec<Candidate>> {
    let fresh = Fresh::ask(repository, all);
    if let Some(why) = &fresh.failed {
        context.ui.warning(format!("could not check if certificates were revoked: {why}"));
    }
    let renew = |candidate: &Candidate| match fresh.renew(candidate) {
        Ok((renewed, _)) => Ok(renewed),
        Err(error) => {
            let again = CommandError::wrong(format!("{}: {error}", candidate.recipient));
            Err(error.hints().iter().fold(again, CommandError::hint))
        }
    };
    all.iter().map(renew).collect()
}

/// A file of another recipient is never overwritten, whatever it is called.
fn refuse_other(top: &std::path::Path, Granted { key, member }: &Granted) -> Outcome {
    let file = member.file(key);
    let own = match shroud_dir::read(top, &file) {
        Err(ShroudDirError::Io(error)) if error.kind() == std::io::ErrorKind::NotFound => true,
        Err(error) => return Err(error.into()),
        Ok(bytes) => MemberRecord::parse(&bytes, key, member.label.as_str())
            .is_ok_and(|there| there.recipient == member.recipient),
    };
    if own {
        return Ok(());
    }
    let path = file.path();
    Err(CommandError::refused(format!(
        "{path} is another member's file and was not overwritten; nothing was changed"
    ))
    .hint("choose another --label"))
}

/// Writes and stages what was granted, and commits it where that is wanted.
fn write(context: &Context, opened: &Opened, granted: &[Granted], commit: bool) -> Outcome {
    let top = opened.top()?;
    granted.iter().try_for_each(|granted| refuse_other(top, granted))?;
    for Granted { key, member } in granted {
        member.write(top, key)?;
        context.ui.status(format!(
            "granted key '{key}' generation {} to '{}'",
            member.generation, member.label
        ));
    }
    stage_shroud_dir(&opened.repository)?;
    let paths: Vec<String> =
        granted.iter().map(|granted| granted.member.file(&granted.key).path()).collect();
    if commit {
        let mut labels: Vec<_> = granted.iter().map(|one| one.member.label.to_string()).collect();
        labels.dedup();
        let message = format!("Grant keys to {}", labels.join(", "));
        let fixed = ["commit", "--quiet", "--only", "-m", &message, "--"];
        opened.repository.git.run(fixed.into_iter().chain(paths.iter().map(String::as_str)))?;
        context.ui.status("committed; push, and they can unlock the key");
    } else {
        context.ui.hint(
            "commit and push .shroud, then they can unlock the key: git commit -m 'Grant keys'",
        );
    }
    Ok(())
}
