//! `git shroud check`

use std::ffi::OsString;

use gix::ObjectId;
use serde::Serialize;

use super::{Context, held_git_crypt_keys, show};
use crate::check::{Allowed, Finding, Problem, Report, Source, Subject, check, who_dropped};
use crate::error::{CommandError, Context as _, Outcome};
use crate::git::GitError;
use crate::git::database::{Database, Peeled};
use crate::git::history;
use crate::git::pushed::{Pushed, rewritten};
use crate::git::repository::Repository;
use crate::scrub::banned;
use crate::status::conflicts;
use crate::ui::{Style, count};

/// Characters of a commit's id in the listing.
const SHORT: usize = 12;

/// Report unencrypted files at paths that should be encrypted
///
/// Needs no key, and works in a bare repository. Without an option it checks what is staged. RANGE is a revision or range as in 'git
/// log': a single revision means its whole history, REV^! only that commit.
///
/// Judges every commit by its own .gitattributes; those of the user, the system and info/attributes do not count. A commit answers only
/// for files that none of its parents had.
///
/// Exit status 1 if anything was found, 3 if an object is missing.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  $ git shroud check
  $ git shroud check HEAD~1..HEAD
  $ git shroud check --all --json

Problems: plaintext, unsealed (was sealed, and is plaintext now), moved-in-the-clear (a sealed file is gone, and a similar
one appears as plaintext), not-tracked (sealed, but no attribute says so), unknown-key, other-key, retired-key (new, but
sealed with an earlier generation), key-swapped (a key.toml that does not follow from earlier ones), damaged, git-crypt
(encrypted by git-crypt at a path that git-shroud seals), sealed-for-git-crypt (the other way round), double-encrypted (by
git-crypt; visible only with its key), attribute-conflict, bad-key-name, own-file (git, git-crypt or git-shroud reads it, so
it cannot be sealed), taken-out (a scrub removed the commit, see git-shroud/banned in git's folder).

The check reports a file that was sealed and is plaintext now, whatever its attributes say, because anybody who pushes can
write these. To allow it, use --allow or a line in git-shroud/allow-plaintext in git's folder (.git, or the bare repository),
where the check runs.")]
pub struct Check {
    /// Revisions, as in 'git log'
    #[arg(value_name = "RANGE", conflicts_with_all = ["staged", "all", "pre_receive", "pre_push", "post_rewrite"])]
    revisions: Vec<OsString>,
    /// Check what is staged for the next commit
    #[arg(long, conflicts_with_all = ["all", "pre_receive", "pre_push", "post_rewrite"])]
    staged: bool,
    /// Check every commit that a ref leads to
    #[arg(long, conflicts_with_all = ["pre_receive", "pre_push", "post_rewrite"])]
    all: bool,
    /// Run as the pre-receive hook of a server, with git's lines OLD NEW REF on standard input: check what no ref leads to yet
    #[arg(long, conflicts_with_all = ["pre_push", "post_rewrite"])]
    pre_receive: bool,
    /// Run as a pre-push hook, with git's lines on standard input: check what this remote does not have yet
    #[arg(long, value_name = "REMOTE")]
    pre_push: Option<String>,
    /// Run as a post-rewrite hook, with git's lines OLD NEW on standard input: check each NEW
    #[arg(long, conflicts_with = "pre_push")]
    post_rewrite: bool,
    /// Allow files that match this pattern to become plaintext; git-shroud/allow-plaintext in git's folder can hold such patterns too
    #[arg(long, value_name = "PATTERN")]
    allow: Vec<OsString>,
    /// Print JSON: {"findings": [{"commit"?, "tree"?, "path", "problem", "detail"?}], "complete"}
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct JsonReport {
    findings: Vec<JsonFinding>,
    complete: bool,
}

#[derive(Serialize)]
struct JsonFinding {
    #[serde(skip_serializing_if = "Option::is_none")]
    commit: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tree: Option<String>,
    path: String,
    problem: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<String>,
}

impl Check {
    pub(crate) fn run(self, context: &Context) -> Outcome {
        let repository = context.repository()?;
        let (subjects, missing) = self.subjects(&repository)?;
        let mut report = check(&repository, &held_git_crypt_keys(&repository)?, &subjects)?;
        report.missing.extend(missing);
        if self.is_staged() {
            add_conflicts(&repository, &subjects, &mut report)?;
        }
        // First, as it says whose the folder is where it cannot be read.
        let banned = banned::read(repository.common_dir())?;
        let allowed = self.allowed(&repository)?;
        report.findings.retain(|found| !(found.problem.is_allowable() && allowed.has(&found.path)));
        for subject in &subjects {
            if matches!(subject.source, Source::Commit(id) if banned.contains(&id)) {
                let (source, path) = (subject.source, Vec::new());
                report.findings.push(Finding { source, path, problem: Problem::TakenOut });
            }
        }
        if self.json {
            let json = JsonReport {
                findings: report.findings.iter().map(to_json).collect(),
                complete: report.missing.is_empty() && !report.shallow,
            };
            context.ui.json(&json);
        } else {
            report.findings.iter().for_each(|finding| print(context, finding));
        }
        self.outcome(context, &repository, &report, subjects.len())
    }

    /// What should be judged, and what of it is not here.
    fn subjects(&self, repository: &Repository) -> Outcome<(Vec<Subject>, Vec<ObjectId>)> {
        let mut lone = Vec::new();
        let commits = if self.all {
            lone = history::ref_targets(repository)?;
            history::everywhere(repository)?
        } else if self.pre_receive || self.pre_push.is_some() {
            let pushed = match &self.pre_push {
                Some(remote) => Pushed::to_remote(repository, remote, std::io::stdin())?,
                None => Pushed::to_refs(repository, std::io::stdin())?,
            };
            lone = pushed.tips;
            pushed.commits
        } else if self.post_rewrite {
            rewritten(repository, std::io::stdin())?
        } else if !self.revisions.is_empty() {
            history::in_range(repository, &self.revisions).map_err(|error| {
                CommandError::from(error)
                    .hint("name commits as 'git log' does, as in origin/main..HEAD")
            })?
        } else {
            return staged(repository).map(|staged| (vec![staged], Vec::new()));
        };
        let mut subjects: Vec<Subject> = commits.into_iter().map(Subject::from).collect();
        let mut missing = Vec::new();
        let database = Database::open(repository)?;
        for id in lone {
            match database.peel(id)? {
                Peeled::Tree(id) => {
                    subjects.push(Subject { source: Source::Tree(id), parents: Vec::new() });
                }
                Peeled::Missing(id) => missing.push(id),
                Peeled::Commit(_) | Peeled::Blob(_) => {}
            }
        }
        Ok((subjects, missing))
    }

    /// What may leave the seal, by the list of this repository and by the arguments.
    fn allowed(&self, repository: &Repository) -> Outcome<Allowed> {
        let mut allowed = Allowed::read(repository.common_dir())
            .context(|| "the list of files that may be plaintext".to_owned())?;
        for pattern in &self.allow {
            let pattern = crate::repo_path::argument_bytes(pattern)
                .ok_or_else(|| CommandError::wrong("a pattern is not UTF-8"))?;
            allowed.add(pattern);
        }
        Ok(allowed)
    }

    fn outcome(
        &self,
        context: &Context,
        repository: &Repository,
        report: &Report,
        looked_at: usize,
    ) -> Outcome {
        let found = report.findings.len() as u64;
        if found > 0 {
            context.ui.status(format!("found {}", count(found, "problem")));
            self.hint(context, report);
            name_dropped(context, repository, report);
            return Err(CommandError::found());
        }
        if let Some(id) = report.missing.first() {
            let objects = count(report.missing.len() as u64, "object");
            return Err(CommandError::incomplete(format!(
                "{objects} not in this clone ({id}), so the answer is incomplete"
            ))
            .hint("'git fetch --refetch --no-filter' fetches them"));
        }
        if report.shallow {
            return Err(CommandError::incomplete(
                "this clone is shallow: it does not know what its earliest commits changed, and which keys came before",
            )
            .hint("git fetch --unshallow"));
        }
        // As a hook it is silent where all is well.
        if !(self.staged || self.pre_push.is_some() || self.pre_receive || self.post_rewrite) {
            let what = match self.is_staged() {
                true => "what is staged".to_owned(),
                false => count(looked_at as u64, "commit"),
            };
            context.ui.status(format!("checked {what} and found nothing"));
        }
        Ok(())
    }

    fn is_staged(&self) -> bool {
        let other = self.all || self.pre_receive || self.pre_push.is_some() || self.post_rewrite;
        !other && self.revisions.is_empty()
    }

    fn hint(&self, context: &Context, report: &Report) {
        let has = |name: &str| report.findings.iter().any(|found| found.problem.name() == name);
        if self.is_staged() {
            if has("plaintext") || has("other-key") {
                context
                    .ui
                    .hint("seal and stage them: git shroud unlock, then git shroud status --fix");
            }
        } else if has("plaintext") || has("unsealed") || has("moved-in-the-clear") {
            context.ui.hint(
                "seal the file in the commit that added it (git rebase -i), because later commits do not remove it; change the secret if the commit has left this machine",
            );
        }
        if has("unsealed") || has("moved-in-the-clear") {
            context.ui.hint(
                "if it is plaintext on purpose, allow it where this check runs (a push cannot): 'git shroud check --allow PATTERN', or a line in git-shroud/allow-plaintext in git's folder",
            );
        }
        if has("attribute-conflict") {
            context.ui.hint("'git log -p -- .gitattributes' shows who changed the attributes");
        }
        if has("key-swapped") {
            context.ui.hint(
                "each rotation needs its own commit, with the next generation: git shroud key rotate",
            );
            context.ui.hint(
                "if you did not do this, somebody may have swapped the key: drop the commit, or ask its author",
            );
        }
        if has("taken-out") {
            context.ui.hint("move to the new history: git shroud scrub follow MAP");
        }
        if has("retired-key") {
            context.ui.hint(
                "a removed member can write such a file: check who did; if it is right, 'git shroud status --fix' seals it again",
            );
        }
        if has("not-tracked") {
            context
                .ui
                .hint("track it again with 'git shroud track', or 'git add --renormalize' it");
        }
    }
}

/// Names who dropped the line, for the first file that is not sealed any more.
fn name_dropped(context: &Context, repository: &Repository, report: &Report) {
    let is_meant = |found: &&Finding| {
        matches!(
            found.problem,
            Problem::Unsealed | Problem::Returned | Problem::Moved(_) | Problem::NotTracked(_)
        )
    };
    let Some(finding) = report.findings.iter().find(is_meant) else { return };
    let head = || {
        let head = repository.git.query(["rev-parse", "-q", "--verify", "HEAD"]).ok()??;
        ObjectId::from_hex(head.as_encoded_bytes()).ok()
    };
    let commit = match finding.source {
        Source::Commit(id) => Some(id),
        Source::Index(_) => head(),
        Source::Tree(_) => None,
    };
    let dropped = commit.and_then(|commit| who_dropped(repository, commit, &finding.path).ok());
    match (dropped.flatten(), finding.source) {
        (Some(dropped), _) => context.ui.hint(format!(
            "no attribute seals {} any more since {}, by {}",
            show(&finding.path),
            &dropped.commit[..SHORT.min(dropped.commit.len())],
            crate::sanitise::line(&dropped.by)
        )),
        (None, Source::Index(_)) => {
            context.ui.hint("'git diff HEAD -- .gitattributes' shows the deleted line");
        }
        (None, _) => {}
    }
}

/// Adds the paths of the index whose attributes git itself reads otherwise.
fn add_conflicts(repository: &Repository, subjects: &[Subject], report: &mut Report) -> Outcome {
    let [subject] = subjects else { return Ok(()) };
    for (path, why) in conflicts(repository)? {
        if !report.findings.iter().any(|found| found.path == path) {
            let (source, problem) = (subject.source, Problem::Conversion(why));
            report.findings.push(Finding { source, path, problem });
        }
    }
    Ok(())
}

fn staged(repository: &Repository) -> Outcome<Subject> {
    if repository.worktree.is_none() {
        return Err(CommandError::wrong("nothing is staged without a worktree")
            .hint("name commits, as in 'git shroud check main', or all with --all"));
    }
    let tree = history::index_tree(repository).map_err(|error| {
        let unmerged =
            matches!(&error, GitError::Failed { message, .. } if message.contains("unmerged"));
        let error = CommandError::from(error);
        if unmerged { error.hint("resolve the conflicts first: git status") } else { error }
    })?;
    Ok(Subject { source: Source::Index(tree), parents: history::next_parents(repository)? })
}

fn print(context: &Context, finding: &Finding) {
    let source = match finding.source {
        Source::Commit(id) | Source::Tree(id) => id.to_hex_with_len(SHORT).to_string(),
        Source::Index(_) => "staged".to_owned(),
    };
    let problem = context.ui.styled(Style::Bad, finding.problem.name());
    let detail = detail(&finding.problem).map(|detail| format!("  ({detail})")).unwrap_or_default();
    context.ui.line(format!("{source}  {}  {problem}{detail}", show(&finding.path)));
}

/// What the problem's name does not say.
fn detail(problem: &Problem) -> Option<String> {
    match problem {
        Problem::Plaintext
        | Problem::Unsealed
        | Problem::GitCrypt
        | Problem::EncryptedTwice
        | Problem::SealedForGitCrypt
        | Problem::OwnFile => None,
        Problem::Returned => Some("was sealed in an earlier commit".to_owned()),
        Problem::TakenOut => Some("a scrub removed this commit from history".to_owned()),
        Problem::Moved(from) => Some(format!("was sealed as {}", show(from))),
        Problem::NotTracked(id) | Problem::UnknownKey(id) => Some(format!("key id {id}")),
        Problem::OtherKey { keys, wanted } => {
            Some(format!("sealed with key {}, but its attribute says {wanted}", keys.join(", ")))
        }
        Problem::KeySwapped(why)
        | Problem::Damaged(why)
        | Problem::Conversion(why)
        | Problem::BadKeyName(why) => Some(why.clone()),
        Problem::RetiredKey { generation, current } => Some(format!(
            "sealed with generation {generation}, but its commit has generation {current}"
        )),
    }
}

fn to_json(finding: &Finding) -> JsonFinding {
    let (commit, tree) = match finding.source {
        Source::Commit(id) => (Some(id.to_string()), None),
        Source::Tree(id) => (None, Some(id.to_string())),
        Source::Index(_) => (None, None),
    };
    // JSON knows only Unicode: other names as git quotes them.
    let path = String::from_utf8(finding.path.clone()).unwrap_or_else(|_| show(&finding.path));
    let detail = detail(&finding.problem);
    JsonFinding { commit, tree, path, problem: finding.problem.name(), detail }
}
