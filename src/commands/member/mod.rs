//! `git shroud member`

mod add;
mod list;
mod remove;
mod renew;
mod report;
mod resolve;

use std::time::SystemTime;

use super::{Context, Opened};
use crate::access::{Candidate, MemberFile, RESTORE, grant, stage_shroud_dir};
use crate::error::{CommandError, Outcome};
use crate::git::GitError;
use crate::git::history::PLAIN_LOG;
use crate::git::repository::Repository;
use crate::keyring::KeyName;
use crate::recipient::openpgp::Certificate;
use crate::store::shroud_dir::{Label, Member as MemberRecord};

pub(super) use add::choose_label;
pub(super) use resolve::{Resolved, resolve};

/// Grant keys to colleagues, see who has which, and take them away
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
        Some(_) => Err(CommandError::wrong("there are several keys, and none is named")
            .hint(format!("name one with --key: {}", opened.key_names()))),
    }
}

/// Who changed a file last, in which commit and when; `None` where it is not committed.
pub(super) fn last_change(repository: &Repository, path: &str) -> Result<Option<String>, GitError> {
    if repository.git.query(["rev-parse", "-q", "--verify", "HEAD"])?.is_none() {
        return Ok(None);
    }
    let pathspec = format!(":(top,literal){path}");
    let one = ["-1", "--format=%an <%ae>, %h, %as", "--", &pathspec];
    let said = repository.git.run([&PLAIN_LOG[..], &one].concat())?;
    let said = String::from_utf8_lossy(&said).trim_end().to_owned();
    Ok((!said.is_empty()).then(|| crate::sanitise::text(&said)))
}

/// Names every grant that a holder of its key has to look at, with who wrote it and what to do; fails if there is one.
pub(super) fn report_problems(context: &Context, opened: &Opened) -> Outcome {
    for why in opened.roster.malformed.values() {
        context.ui.warning(why);
        context.ui.hint(RESTORE);
    }
    let problems = opened.roster.problems(&opened.repository, &opened.keyring)?;
    for problem in &problems {
        let by = last_change(&opened.repository, &problem.file.path())?;
        let by = by.map(|by| format!(" (last changed by {by})")).unwrap_or_default();
        context.ui.warning(format!("{}{by}", problem.describe()));
        context.ui.hint(problem.remedy());
    }
    if problems.is_empty() && opened.roster.malformed.is_empty() {
        Ok(())
    } else {
        Err(CommandError::found())
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

/// Writes and stages what was granted, and commits it where that is wanted.
fn write(context: &Context, opened: &Opened, granted: &[Granted], commit: bool) -> Outcome {
    let top = opened.top()?;
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
        context.ui.status("committed; push it, and the key can be unlocked");
    } else {
        context.ui.hint(
            "commit and push .shroud, and the key can be unlocked: git commit -m 'Grant keys'",
        );
    }
    Ok(())
}

/// The file that a person means; several are an error, as the user id in a file can claim anything.
fn find_member<'m>(
    files: &'m [MemberFile],
    meant: &str,
    key: &KeyName,
) -> Outcome<Option<&'m MemberFile>> {
    let found = find_members(files, meant);
    if found.len() > 1 {
        let stems: Vec<_> = found.iter().map(|file| file.stem.as_str()).collect();
        return Err(CommandError::wrong(format!(
            "'{}' means several members of key '{key}': {}",
            crate::sanitise::line(meant),
            crate::sanitise::line(&stems.join(", "))
        ))
        .hint("name them by their labels"));
    }
    Ok(found.into_iter().next())
}

/// The files that a person means: by label, recipient, fingerprint or a part of the user id.
fn find_members<'m>(files: &'m [MemberFile], meant: &str) -> Vec<&'m MemberFile> {
    let by_label: Vec<_> = files.iter().filter(|file| file.stem == meant).collect();
    if !by_label.is_empty() {
        return by_label;
    }
    let meant_lower = meant.to_lowercase();
    let fits = |file: &&MemberFile| {
        file.member.as_ref().is_ok_and(|member| {
            let fingerprint = member.recipient.fingerprint();
            member.recipient.as_str() == meant
                || fingerprint.is_some_and(|own| own.eq_ignore_ascii_case(meant))
                || (meant.contains('@')
                    && member
                        .user_id
                        .as_ref()
                        .is_some_and(|user_id| user_id.to_lowercase().contains(&meant_lower)))
        })
    };
    files.iter().filter(fits).collect()
}
