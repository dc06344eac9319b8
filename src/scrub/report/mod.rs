//! What a scrub says: numbers, the proof, and what no rewrite can do.

mod checklist;

use serde_json::json;

use super::advice::Checklist;
use super::proof::{Finished, Proof};
use super::record::Record;
use super::rewrite::{RefChange, Rewritten, Signed};
use super::search::{Remains, Searched};
use super::signatures::Signatures;
use crate::error::count;
use crate::progress::Progress;
use crate::sanitise;

/// Places that are named at most in a report for people.
const MAX_NAMED: usize = 50;

/// How a report is written.
#[derive(Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// For a person.
    Text,
    /// For an issue or a page, with boxes to tick.
    Markdown,
    /// For a program, in one line.
    Json,
}

/// How much changes, told before anything moves.
pub fn numbers(progress: &dyn Progress, format: Format, rewritten: &Rewritten, dry_run: bool) {
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
                "bytes": counts.bytes, "signatures_lost": rewritten.stripped.len(), "signatures_renewed": rewritten.renewed.len(), "refs": refs,
            });
            progress.json(&report);
        }
        return;
    }
    let ui = progress;
    ui.line(&format!(
        "{} of {} change, {} left out; {}, {}, {} new; {}",
        counts.commits,
        count(rewritten.commits.len() as u64, "commit"),
        counts.pruned,
        count(counts.blobs, "file content"),
        count(counts.trees, "tree"),
        count(counts.tags, "tag"),
        count(counts.bytes, "byte"),
    ));
    if !rewritten.renewed.is_empty() {
        let renewed = count(rewritten.renewed.len() as u64, "signature");
        ui.line(&format!("{renewed} made again with your key"));
    }
    if !rewritten.stripped.is_empty() {
        ui.line(&format!(
            "{} cannot survive:",
            count(rewritten.stripped.len() as u64, "signature")
        ));
        for stripped in rewritten.stripped.iter().take(MAX_NAMED) {
            let what = match stripped.signed {
                Signed::Commit => "commit",
                Signed::Tag => "tag",
                Signed::Mergetag => "merged tag in commit",
            };
            ui.line(&format!("  {what} {}", stripped.id));
        }
        let more = rewritten.stripped.len().saturating_sub(MAX_NAMED);
        if more > 0 {
            ui.line(&format!(
                "  and {more} more; the file 'signatures' beside the backup names all"
            ));
        }
    }
    if !rewritten.unnamed.is_empty() {
        let unnamed = count(rewritten.unnamed.len() as u64, "commit");
        ui.line(&format!("{unnamed} that only reflogs lead to: kept until --finish, then removed"));
    }
    if rewritten.notes_dropped > 0 {
        let notes = count(rewritten.notes_dropped, "note");
        ui.line(&format!("{notes} of commits that are left out: left out too"));
    }
    for change in changed.iter().take(MAX_NAMED) {
        let first: Vec<_> =
            change.first_changed.iter().map(|id| id.to_hex_with_len(12).to_string()).collect();
        let becomes = match change.new {
            Some(new) => new.to_hex_with_len(12).to_string(),
            None => "left out".to_owned(),
        };
        ui.line(&format!(
            "  {}  {} -> {becomes}, first changed {}",
            sanitise::path(&change.new_name),
            change.old.to_hex_with_len(12),
            if first.is_empty() { "by its name".to_owned() } else { first.join(" ") },
        ));
    }
    if changed.len() > MAX_NAMED {
        ui.line(&format!("  and {}", count((changed.len() - MAX_NAMED) as u64, "more ref")));
    }
}

/// What was proved, what is left, and what to do next.
pub fn done(
    progress: &dyn Progress,
    format: Format,
    record: &Record,
    proof: &Proof,
    signatures: &Signatures,
    list: &Checklist,
) {
    let ui = progress;
    if format == Format::Json {
        let mut report = as_json(proof);
        report["checklist"] =
            serde_json::to_value(list).expect("strings and numbers can be written");
        report["signatures_lost"] = json!(signatures.lost.len());
        report["signatures_renewed"] = json!(signatures.renewed);
        report["lost_signatures"] = json!(signatures.lost);
        ui.json(&report);
    } else {
        let searched = &proof.searched;
        let in_force = searched.count(Remains::InForce) + searched.count(Remains::Packed);
        ui.line(&format!(
            "{in_force} left: {} searched for in {}",
            count(proof.values as u64, "value"),
            count(searched.objects, "object"),
        ));
        name_left(progress, searched);
        for unplanned in &proof.unplanned {
            ui.line(&format!("not planned: {} of {}", unplanned.path, unplanned.old));
        }
        for path in proof.plain.iter().take(MAX_NAMED) {
            ui.line(&format!("still plaintext in some commit: {}", sanitise::path(path)));
        }
        for path in proof.dirty.iter().take(MAX_NAMED) {
            ui.line(&format!("differs from its commit: {}", sanitise::path(path)));
        }
        if let Some(said) = &proof.fsck {
            ui.line(&format!("git found a fault: {said}"));
        }
        if !proof.inherited.is_empty() {
            let faults = count(proof.inherited.len() as u64, "fault");
            ui.line(&format!("git finds {faults} that the old history had, too:"));
            proof.inherited.iter().take(MAX_NAMED).for_each(|said| ui.line(&format!("  {said}")));
        }
        if proof.unplanned.is_empty() && proof.dirty.is_empty() && proof.fsck.is_none() {
            ui.line("old and new tips differ as planned; the worktree is unchanged, and git finds the new objects sound");
        }
        let lines = checklist::lines(list, format == Format::Markdown);
        lines.iter().for_each(|line| ui.line(line));
    }
    ui.hint(&format!(
        "to undo it: git shroud scrub --undo (backup: {})",
        sanitise::native(&record.folder().join("backup.bundle"))
    ));
    ui.hint("to remove the old history from this clone: git shroud scrub --finish");
}

/// What is left of the old history.
pub fn finished(progress: &dyn Progress, format: Format, finished: &Finished) {
    let searched = &finished.searched;
    if format == Format::Json {
        let left: Vec<_> = searched.left.iter().map(|left| left.place.clone()).collect();
        progress.json(&json!({
            "version": 1, "old_objects": finished.still, "values": finished.values, "left": left,
            "unread": searched.unread, "fsck": finished.fsck,
        }));
        return;
    }
    if let Some(said) = &finished.fsck {
        progress.line(&format!("git found a fault: {said}"));
    }
    let old = count(finished.old, "old commit");
    progress.line(&format!("{} of {old} are still here", finished.still));
    progress.line(&format!(
        "{} left: {} searched for in {}",
        searched.left.len(),
        count(finished.values as u64, "value"),
        count(searched.objects, "object")
    ));
    name_left(progress, searched);
}

/// Every remainder by its reason, without any of the values.
fn name_left(progress: &dyn Progress, searched: &Searched) {
    for why in [Remains::InForce, Remains::Packed, Remains::GitFile, Remains::Reflog, Remains::Old]
    {
        let of: Vec<_> = searched.left.iter().filter(|left| left.why == why).collect();
        if of.is_empty() {
            continue;
        }
        let what = match why {
            Remains::InForce => "still in the history",
            Remains::Packed => "still inside of archives",
            Remains::GitFile => "in git's own files",
            Remains::Reflog => "in reflogs",
            Remains::Old => "in unreachable objects",
        };
        progress.line(&format!("{what}: {} ({})", of.len(), why.remedy()));
        // What goes by itself needs no list.
        if matches!(why, Remains::Old | Remains::Reflog) {
            continue;
        }
        for left in of.iter().take(MAX_NAMED) {
            progress.line(&format!("  {} ({})", left.place, left.rule));
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
                    Remains::InForce => "in-force",
                    Remains::Packed => "archive",
                    Remains::Old => "unreachable",
                    Remains::Reflog => "reflog",
                    Remains::GitFile => "git-file",
                },
                "place": left.place, "rule": left.rule,
            })
        })
        .collect();
    json!({
        "version": 1, "values": proof.values, "objects": proof.searched.objects, "unread": proof.searched.unread,
        "left": left, "fsck": proof.fsck, "inherited_faults": proof.inherited, "sound": proof.is_sound(),
        "differing_files": proof.dirty.iter().map(|path| sanitise::path(path)).collect::<Vec<_>>(),
        "in_the_clear": proof.plain.iter().map(|path| sanitise::path(path)).collect::<Vec<_>>(),
        "not_planned": proof.unplanned.iter().map(|unplanned| unplanned.path.clone()).collect::<Vec<_>>(),
    })
}
