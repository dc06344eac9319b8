//! What a migration says of itself.

use std::collections::BTreeMap;

use super::before::is_below;
use super::members::NewMember;
use super::{Drivers, LeftOut, Plan, Was};
use crate::error::count;
use crate::keyring::{KeyName, Keyring};
use crate::progress::Progress;
use crate::sanitise;

/// How many paths are named where they are a side matter.
const NAMED: usize = 10;

fn join(keys: &[KeyName]) -> String {
    keys.iter().map(KeyName::as_str).collect::<Vec<_>>().join(", ")
}

/// Everything that would be done, on standard output.
pub(crate) fn print_plan(
    progress: &dyn Progress,
    plan: &Plan,
    members: &[NewMember],
    kinds: &BTreeMap<Vec<u8>, Was>,
) {
    let line = |text: String| progress.line(&text);
    for (old, new) in &plan.names {
        let of_key: Vec<_> =
            plan.found.sealed.iter().filter(|(_, (_, name))| name == old).collect();
        let files = count(of_key.len() as u64, "file");
        let tool = plan.found.drivers.tool;
        line(format!("key {new} (of {tool}: {old}) seals {files}"));
        for (path, _) in of_key {
            let note = match kinds.get(path) {
                Some(Was::InTheClear) => "  (plaintext now)",
                Some(Was::Empty) => "  (empty)",
                _ => "",
            };
            let by = match plan.by_value.as_ref().map(|by| by.files[path].why_whole()) {
                None => String::new(),
                Some(None) => "  by value".to_owned(),
                Some(Some(why)) => format!("  whole: {why}"),
            };
            line(format!("  {}{note}{by}", sanitise::path(path)));
        }
    }
    let tool = plan.found.drivers.tool;
    for NewMember { candidate, label, keys, added_by } in members {
        let user_id = candidate.user_id.as_deref().unwrap_or_default();
        line(format!(
            "member {label} of {}: {} {} (user of {tool} by {added_by})",
            join(keys),
            candidate.recipient,
            sanitise::line(user_id)
        ));
    }
    for file in plan.attributes.iter().chain(&plan.found.lists) {
        for change in &file.changes {
            let place = format!("{}:{}", sanitise::path(&file.file.path), change.line);
            if change.line > 0 {
                line(format!("{place}: - {}", text(&change.old)));
            }
            if let Some(new) = &change.new {
                line(format!("{place}: + {}", text(new)));
            }
        }
    }
    let dir = &plan.found.state_dir;
    let (inside, beside): (Vec<_>, Vec<_>) =
        plan.found.state_files.iter().partition(|path| is_below(path, dir));
    if !inside.is_empty() {
        line(format!("remove {} ({})", sanitise::path(dir), count(inside.len() as u64, "file")));
    }
    for path in beside {
        line(format!("remove {}", sanitise::path(path)));
    }
}

fn text(line: &[u8]) -> String {
    sanitise::line(&String::from_utf8_lossy(line))
}

/// What was made; the files follow.
pub(super) fn say_made(
    progress: &dyn Progress,
    plan: &Plan,
    keyring: &Keyring,
    members: &[NewMember],
) {
    for name in plan.names.values() {
        if let Some(entry) = keyring.current(name) {
            progress.status(&format!("key '{name}' (id {})", entry.key.id()));
        }
    }
    let tool = plan.found.drivers.tool;
    for NewMember { candidate, label, keys, added_by } in members {
        progress.status(&format!(
            "granted {} to '{label}', {} (user of {tool} by {added_by})",
            join(keys),
            candidate.recipient
        ));
    }
}

/// Which files are sealed by value, and why the others are not.
pub(super) fn say_by_value(progress: &dyn Progress, plan: &Plan) {
    let Some(by_value) = &plan.by_value else { return };
    let whole: Vec<_> = by_value
        .files
        .iter()
        .filter_map(|(path, verdict)| Some((path, verdict.why_whole()?)))
        .collect();
    let values = count((by_value.files.len() - whole.len()) as u64, "file");
    let files = count(whole.len() as u64, "file");
    progress.status(&format!("{values} sealed by value, {files} sealed whole"));
    for (path, why) in &whole {
        progress.status(&format!("  {} whole: {why}", sanitise::path(path)));
    }
}

/// What needs somebody's attention, whether or not it was done already.
pub(crate) fn warn(
    progress: &dyn Progress,
    plan: &Plan,
    left_out: &[LeftOut],
    kinds: &BTreeMap<Vec<u8>, Was>,
) {
    let tool = plan.found.drivers.tool;
    let clear: Vec<_> = kinds.iter().filter(|(_, was)| **was == Was::InTheClear).collect();
    for (path, _) in &clear {
        progress.warning(&format!(
            "history holds the plaintext of {}, although {tool} should have encrypted it",
            sanitise::path(path)
        ));
    }
    if !clear.is_empty() {
        progress.hint("it is sealed from now on, but earlier commits hold the plaintext: change those secrets");
    }
    for effect in plan.side_effects.iter().take(NAMED) {
        progress.warning(&format!(
            "{}: the attribute '{}' was {} and is {} now",
            sanitise::path(&effect.path),
            effect.attribute,
            text(&effect.before),
            text(&effect.after)
        ));
    }
    let more = plan.side_effects.len().saturating_sub(NAMED);
    if more > 0 {
        progress.warning(&format!("and {more} more attributes of files that are not sealed"));
    }
    if plan.found.local_filters {
        progress.warning(&format!(
            "lines in .git/info/attributes name {tool}'s filter; they belong to this clone and stay"
        ));
    }
    for path in &plan.found.passed_over {
        progress.warning(&format!(
            "{}: nobody gets a key for it: it has an older version, or its name is not KEY/VERSION/FINGERPRINT.gpg",
            sanitise::path(path)
        ));
    }
    for LeftOut { fingerprint, keys, why, .. } in left_out {
        progress.warning(&format!(
            "{fingerprint} was a user of {tool} and gets no key ({}): {why}",
            join(keys)
        ));
    }
    if !left_out.is_empty() {
        progress.hint("ask each of them for a valid certificate that can encrypt, then: git shroud member add FILE --key NAME");
        if plan.found.drivers.keeps_keys {
            progress.hint("or undo this, and migrate again with --certificate FILE, or with --trust once you have compared the fingerprints");
        }
    }
}

/// What to do next.
pub(crate) fn next_steps(
    progress: &dyn Progress,
    plan: &Plan,
    members: &[NewMember],
    committed: bool,
) {
    let Drivers { tool, keeps_keys, .. } = plan.found.drivers;
    if committed {
        progress.status(
            "committed; push it, and members run 'git shroud unlock' after their next pull",
        );
    } else {
        progress.hint(&format!("commit it: git commit -m '{}'", message(tool)));
    }
    for key in plan.names.values() {
        if !members.iter().any(|member| member.keys.contains(key)) {
            progress.hint(&format!(
                "nobody else has the key '{key}': git shroud key export --name {key} -o FILE, or git shroud member add YOUR-KEY --key {key}"
            ));
        }
    }
    progress.hint(&format!("other branches keep {tool} until this commit is merged into them"));
    let back = if committed { "git revert HEAD" } else { "git reset --hard" };
    if keeps_keys {
        progress.hint(&format!("to undo it: {back}; the keys of {tool} are kept"));
    } else {
        progress.hint(&format!(
            "earlier commits keep what {tool} encrypted: whoever has its keys, or gets them, can read those. Change the values that matter"
        ));
    }
}

/// The message of the commit.
pub(crate) fn message(tool: &str) -> String {
    format!("Move from {tool} to git-shroud")
}
