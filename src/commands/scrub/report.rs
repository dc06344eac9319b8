//! What a scrub says: numbers, the proof, and what no rewrite can do.

use serde_json::json;

use super::checklist;
use crate::commands::Context;
use crate::error::{CommandError, Outcome, count};
use crate::sanitise;
use crate::scrub::advice::Checklist;
use crate::scrub::difference::Unplanned;
use crate::scrub::record::Record;
use crate::scrub::rewrite::{RefChange, Rewritten};
use crate::scrub::search::{Searched, Why};

/// Places that are named at most in a report for people.
const MAX_NAMED: usize = 50;

/// How a report is written.
#[derive(Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Format {
    Text,
    Markdown,
    Json,
}

/// What was proved after everything had moved.
pub(super) struct Proof {
    /// Values that were looked for.
    pub(super) values: usize,
    pub(super) searched: Searched,
    /// What 'git fsck --strict' said against it.
    pub(super) fsck: Option<String>,
    /// Tracked files of worktrees that differ from their commit.
    pub(super) dirty: Vec<Vec<u8>>,
    /// Differences of old and new tips that nobody planned.
    pub(super) unplanned: Vec<Unplanned>,
    /// Files that were to be sealed and are plaintext in some commit.
    pub(super) plain: Vec<Vec<u8>>,
}

impl Proof {
    fn is_sound(&self) -> bool {
        self.searched.is_clean()
            && self.fsck.is_none()
            && self.dirty.is_empty()
            && self.unplanned.is_empty()
            && self.plain.is_empty()
    }
}

/// How much changes.
pub(super) fn numbers(context: &Context, format: Format, rewritten: &Rewritten, dry_run: bool) {
    let counts = &rewritten.counts;
    let changed: Vec<&RefChange> =
        rewritten.refs.iter().filter(|change| change.is_changed()).collect();
    if format == Format::Json {
        if dry_run {
            let refs: Vec<_> = changed.iter().map(|change| json!({
                "ref": sanitise::path(&change.name),
                "new_ref": sanitise::path(&change.new_name),
                "old": change.old.to_string(),
                "new": change.new.map(|id| id.to_string()),
                "first_changed": change.first_changed.iter().map(ToString::to_string).collect::<Vec<_>>(),
            })).collect();
            let report = json!({
                "version": 1, "dry_run": true, "commits": counts.commits, "all_commits": rewritten.commits.len(),
                "left_out": counts.pruned, "trees": counts.trees, "blobs": counts.blobs, "tags": counts.tags,
                "bytes": counts.bytes, "signatures_lost": rewritten.stripped.len(), "refs": refs,
            });
            context.ui.json(&report);
        }
        return;
    }
    let ui = &context.ui;
    ui.line(format!(
        "{} of {} change, {} left out; {}, {}, {} new; {}",
        counts.commits,
        count(rewritten.commits.len() as u64, "commit"),
        counts.pruned,
        count(counts.blobs, "file content"),
        count(counts.trees, "tree"),
        count(counts.tags, "tag"),
        count(counts.bytes, "byte"),
    ));
    if !rewritten.stripped.is_empty() {
        ui.line(format!("{} cannot survive:", count(rewritten.stripped.len() as u64, "signature")));
        for stripped in rewritten.stripped.iter().take(MAX_NAMED) {
            let what = match stripped.signed {
                crate::scrub::rewrite::Signed::Commit => "commit",
                crate::scrub::rewrite::Signed::Tag => "tag",
                crate::scrub::rewrite::Signed::Mergetag => "merged tag in commit",
            };
            ui.line(format!("  {what} {}", stripped.id));
        }
    }
    if !rewritten.unnamed.is_empty() {
        let unnamed = count(rewritten.unnamed.len() as u64, "commit");
        ui.line(format!("{unnamed} that only reflogs lead to: kept until --finish, then removed"));
    }
    if rewritten.notes_dropped > 0 {
        let notes = count(rewritten.notes_dropped, "note");
        ui.line(format!("{notes} of commits that are left out: left out too"));
    }
    for change in changed.iter().take(MAX_NAMED) {
        let first: Vec<_> =
            change.first_changed.iter().map(|id| id.to_hex_with_len(12).to_string()).collect();
        let becomes = match change.new {
            Some(new) => new.to_hex_with_len(12).to_string(),
            None => "left out".to_owned(),
        };
        ui.line(format!(
            "  {}  {} -> {becomes}, first changed {}",
            sanitise::path(&change.new_name),
            change.old.to_hex_with_len(12),
            if first.is_empty() { "by its name".to_owned() } else { first.join(" ") },
        ));
    }
    if changed.len() > MAX_NAMED {
        ui.line(format!("  and {}", count((changed.len() - MAX_NAMED) as u64, "more ref")));
    }
}

/// What was proved, what is left, and what to do next.
pub(super) fn done(
    context: &Context,
    format: Format,
    record: &Record,
    proof: &Proof,
    list: &Checklist,
) -> Outcome {
    let ui = &context.ui;
    if format == Format::Json {
        let mut report = as_json(proof);
        report["checklist"] =
            serde_json::to_value(list).expect("strings and numbers can be written");
        ui.json(&report);
    } else {
        let searched = &proof.searched;
        let in_force = searched.count(Why::InForce) + searched.count(Why::Packed);
        ui.line(format!(
            "{in_force} left: {} searched for in {}",
            count(proof.values as u64, "value"),
            count(searched.objects, "object"),
        ));
        name_left(context, searched);
        for unplanned in &proof.unplanned {
            ui.line(format!("not planned: {} of {}", unplanned.path, unplanned.old));
        }
        for path in proof.plain.iter().take(MAX_NAMED) {
            ui.line(format!("still plaintext in some commit: {}", sanitise::path(path)));
        }
        for path in proof.dirty.iter().take(MAX_NAMED) {
            ui.line(format!("differs from its commit: {}", sanitise::path(path)));
        }
        if let Some(said) = &proof.fsck {
            ui.line(format!("git fsck --strict: {said}"));
        }
        if proof.unplanned.is_empty() && proof.dirty.is_empty() && proof.fsck.is_none() {
            ui.line("old and new tips differ as planned; worktree and git fsck --strict are clean");
        }
        let lines = checklist::lines(list, format == Format::Markdown);
        lines.iter().for_each(|line| ui.line(line));
    }
    ui.hint(format!(
        "to undo it: git shroud scrub --undo (backup: {})",
        sanitise::native(&record.folder().join("backup.bundle"))
    ));
    ui.hint("to remove the old history from this clone: git shroud scrub --finish");
    if proof.is_sound() {
        return Ok(());
    }
    if proof.searched.unread > 0 && proof.searched.count(Why::InForce) == 0 {
        return Err(CommandError::incomplete(
            "some objects could not be read, so the verification is incomplete",
        )
        .hint("'git shroud scan' names what could not be read"));
    }
    Err(CommandError::refused("history was rewritten, but something is left")
        .hint("the list above says why; 'git shroud scrub --undo' undoes the scrub"))
}

/// Every remainder by its reason, without any of the values.
pub(super) fn name_left(context: &Context, searched: &Searched) {
    for why in [Why::InForce, Why::Packed, Why::GitFile, Why::Reflog, Why::Old] {
        let of: Vec<_> = searched.left.iter().filter(|left| left.why == why).collect();
        if of.is_empty() {
            continue;
        }
        let what = match why {
            Why::InForce => "still in the history",
            Why::Packed => "still inside of archives",
            Why::GitFile => "in git's own files",
            Why::Reflog => "in reflogs",
            Why::Old => "in unreachable objects",
        };
        context.ui.line(format!("{what}: {} ({})", of.len(), why.remedy()));
        // What goes by itself needs no list.
        if matches!(why, Why::Old | Why::Reflog) {
            continue;
        }
        for left in of.iter().take(MAX_NAMED) {
            context.ui.line(format!("  {} ({})", left.place, left.rule));
        }
    }
}

fn as_json(proof: &Proof) -> serde_json::Value {
    let left: Vec<_> = proof
        .searched
        .left
        .iter()
        .map(|left| {
            json!({
                "why": match left.why {
                    Why::InForce => "in-force",
                    Why::Packed => "archive",
                    Why::Old => "unreachable",
                    Why::Reflog => "reflog",
                    Why::GitFile => "git-file",
                },
                "place": left.place, "rule": left.rule,
            })
        })
        .collect();
    json!({
        "version": 1, "values": proof.values, "objects": proof.searched.objects, "unread": proof.searched.unread,
        "left": left, "fsck": proof.fsck, "sound": proof.is_sound(),
        "differing_files": proof.dirty.iter().map(|path| sanitise::path(path)).collect::<Vec<_>>(),
        "in_the_clear": proof.plain.iter().map(|path| sanitise::path(path)).collect::<Vec<_>>(),
        "not_planned": proof.unplanned.iter().map(|unplanned| unplanned.path.clone()).collect::<Vec<_>>(),
    })
}
