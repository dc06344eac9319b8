//! `git shroud check`

use std::ffi::OsString;

use serde::Serialize;

use super::{Context, patterns, show};
use crate::access::policy::{Breach, breaches_here};
use crate::check::run::{Checked, Request};
use crate::check::{Finding, Range, Report, Source};
use crate::error::{CommandError, Outcome};
use crate::progress::Progress as _;
use crate::ui::{Style, count};

/// Characters of a commit's id in the listing.
const SHORT: usize = 12;

/// What helps against problems of these names.
const HINTS: [(&[&str], &str); 8] = [
    (
        &["unsealed", "moved-in-the-clear", "exempted"],
        "if it is plaintext on purpose, allow it where this check runs (a push cannot): 'git shroud check --allow PATTERN', or a line in git-shroud/allow-plaintext in git's folder",
    ),
    (&["attribute-conflict"], "'git log -p -- .gitattributes' shows who changed the attributes"),
    (
        &["key-swapped"],
        "each rotation needs its own commit, with the next generation: git shroud key rotate",
    ),
    (
        &["key-swapped"],
        "if you did not do this, somebody may have swapped the key: drop the commit, or ask its author",
    ),
    (&["taken-out"], "move to the new history: git shroud scrub follow MAP"),
    (
        &["retired-key"],
        "a removed member can write such a file: check who did; if it is right, 'git shroud status --fix' seals it again",
    ),
    (
        &["damaged"],
        "restore an earlier version: git checkout REV -- PATH; a damaged value can also be set anew, with 'git shroud config set' or by typing it",
    ),
    (&["not-tracked"], "track it again with 'git shroud track', or 'git add --renormalize' it"),
];

/// Report unencrypted files at paths that should be encrypted
///
/// Needs no key, and works in a bare repository. Without an option it checks what is staged. RANGE is a revision or range as in 'git
/// log': a single revision means its whole history, REV^! only that commit.
///
/// Judges every commit by its own .gitattributes; those of the user, the system and info/attributes do not count. A commit answers only
/// for files that none of its parents had.
///
/// Without a hook's option it also holds what the keys ask ('key policy') against the worktree's .shroud/.
///
/// Exit status 1 if anything was found, 3 if an object is missing.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  $ git shroud check
  $ git shroud check HEAD~1..HEAD
  $ git shroud check --all --json

Problems: plaintext, exempted (shroud-clear now exempts values that were sealed), unsealed (was sealed, and is plaintext
now), moved-in-the-clear (a sealed file is gone, and a similar one appears as plaintext), not-tracked (sealed, but no attribute says so), unknown-key, other-key, not-write-only (a value
is sealed to a public key, and no key has or had one), retired-key (new, but sealed with an earlier generation),
key-swapped (a key.toml that does not follow from earlier ones), damaged, newer (a newer git-shroud wrote it), git-crypt (encrypted by git-crypt at a path that
git-shroud seals), sealed-for-git-crypt (the other way round), double-encrypted (by git-crypt; visible only with its key),
attribute-conflict, bad-key-name, own-file (git, git-crypt or git-shroud reads it, so it cannot be sealed), taken-out (a
scrub removed the commit, see git-shroud/banned in git's folder).

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
    /// Print JSON: {"findings": [{"commit"?, "tree"?, "path", "problem", "detail"?}], "policy"?: [{"key", "what"}],
    /// "complete"}
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct JsonReport<'r> {
    findings: Vec<JsonFinding>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    policy: &'r [Breach],
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
        let request = Request { range: self.range(), allow: patterns(&self.allow)? };
        let repository = context.repository()?;
        let meter = context.ui.meter("checking commits");
        let checked = request.run(&repository)?;
        drop(meter);
        let report = &checked.report;
        let breaches = if self.is_hook() { Vec::new() } else { breaches_here(&repository)? };
        if self.json {
            let json = JsonReport {
                findings: report.findings.iter().map(to_json).collect(),
                policy: &breaches,
                complete: report.missing.is_empty() && !report.shallow,
            };
            context.ui.json(&json);
        } else {
            report.findings.iter().for_each(|finding| print(context, finding));
        }
        for Breach { key, what, remedy } in &breaches {
            context.ui.warning(format!("the policy of the key '{key}': {what}"));
            context.ui.hint(remedy);
        }
        self.outcome(context, &checked)?;
        if breaches.is_empty() { Ok(()) } else { Err(CommandError::found()) }
    }

    /// Whether git runs it where something is committed or pushed.
    fn is_hook(&self) -> bool {
        self.staged || self.pre_push.is_some() || self.pre_receive || self.post_rewrite
    }

    fn range(&self) -> Range {
        match &self.pre_push {
            Some(remote) => Range::PrePush(remote.clone()),
            None if self.all => Range::All,
            None if self.pre_receive => Range::PreReceive,
            None if self.post_rewrite => Range::PostRewrite,
            None if !self.revisions.is_empty() => Range::Revisions(self.revisions.clone()),
            None => Range::Staged,
        }
    }

    fn outcome(&self, context: &Context, checked: &Checked) -> Outcome {
        let Checked { report, looked_at, dropped, .. } = checked;
        let found = report.findings.len() as u64;
        if found > 0 {
            context.ui.status(format!("found {}", count(found, "problem")));
            self.hint(context, report);
            if let Some(dropped) = dropped {
                context.ui.hint(dropped);
            }
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
        if !self.is_hook() {
            let what = match self.is_staged() {
                true => "what is staged".to_owned(),
                false => count(*looked_at as u64, "commit"),
            };
            context.ui.status(format!("checked {what} and found nothing"));
            if let Some((what, remedy)) = checked.tripwire.as_ref().filter(|_| self.all) {
                context.ui.warning(what);
                context.ui.hint(remedy);
            }
        }
        Ok(())
    }

    fn is_staged(&self) -> bool {
        matches!(self.range(), Range::Staged)
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
                "in the last commit: 'git shroud status --fix', then 'git commit --amend'; in an earlier one: 'git shroud scrub --seal', because later commits do not remove it",
            );
            context.ui.hint("if the commit has left this machine, change the secret");
        }
        for (_, hint) in HINTS.iter().filter(|(names, _)| names.iter().any(|name| has(name))) {
            context.ui.hint(hint);
        }
    }
}

fn print(context: &Context, finding: &Finding) {
    let source = match finding.source {
        Source::Commit(id) | Source::Tree(id) => id.to_hex_with_len(SHORT).to_string(),
        Source::Index(_) => "staged".to_owned(),
    };
    let problem = context.ui.styled(Style::Bad, finding.problem.name());
    let detail = finding.problem.detail().map(|detail| format!("  ({detail})")).unwrap_or_default();
    context.ui.line(format!("{source}  {}  {problem}{detail}", show(&finding.path)));
}

fn to_json(finding: &Finding) -> JsonFinding {
    let (commit, tree) = match finding.source {
        Source::Commit(id) => (Some(id.to_string()), None),
        Source::Tree(id) => (None, Some(id.to_string())),
        Source::Index(_) => (None, None),
    };
    // JSON knows only Unicode: other names as git quotes them.
    let path = String::from_utf8(finding.path.clone()).unwrap_or_else(|_| show(&finding.path));
    let detail = finding.problem.detail();
    JsonFinding { commit, tree, path, problem: finding.problem.name(), detail }
}
