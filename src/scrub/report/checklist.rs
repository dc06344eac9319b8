//! The list of what no rewrite can do, as text or Markdown.

use crate::error::count;
use crate::scan::report::day;
use crate::scrub::advice::{Checklist, Exposed};

/// Secrets and commits that are named at most.
const MAX_NAMED: usize = 200;

/// The list, line by line; `markdown` with boxes to tick.
pub(super) fn lines(list: &Checklist, markdown: bool) -> Vec<String> {
    let mut lines = Vec::new();
    let head = |text: &str| if markdown { format!("\n## {text}\n") } else { format!("\n{text}") };
    let item = if markdown { "- [ ] " } else { "  [ ] " };
    let code = |text: &str| if markdown { format!("`{text}`") } else { text.to_owned() };
    if !list.rotate.is_empty() {
        lines.push(head("Change these where they are used, most exposed first"));
        for exposed in list.rotate.iter().take(MAX_NAMED) {
            lines.push(format!("{item}{}", secret(exposed, &code)));
        }
        let more = list.rotate.len().saturating_sub(MAX_NAMED);
        if more > 0 {
            lines.push(format!("{item}and {}", count(more as u64, "more secret")));
        }
    }
    for push in &list.pushes {
        lines.push(head(&format!("Push to {}", push.remote)));
        for command in &push.commands {
            match markdown {
                true => lines.push(format!("{item}`{command}`")),
                false => lines.push(format!("{item}{command}")),
            }
        }
        lines.push(format!("{item}{}", push.host.remedy()));
    }
    if !list.pushes.is_empty() {
        lines.push(head(
            "For the host's support: no push changes the refs of pull and merge requests",
        ));
        let text = "  These commits and all their descendants contain secrets, and were removed from history. Please remove the refs of pull and merge requests that lead to them, remove cached views of them, and collect garbage, also in forks:";
        lines.push(text.trim_start_matches(if markdown { "  " } else { "" }).to_owned());
        let ids = list.first_changed.iter().take(MAX_NAMED);
        lines
            .extend(ids.map(|id| if markdown { format!("- `{id}`") } else { format!("    {id}") }));
    }
    lines.push(head("Everybody else"));
    let others = [
        "forks, mirrors, CI caches, built images and packages: they keep the old history",
        "open branches and pull requests from the old history: merging them brings it back",
    ];
    lines.extend(others.iter().map(|text| format!("{item}{text}")));
    lines.push(format!(
        "{item}every clone must follow, with this map ({}): {}",
        list.map,
        code("git fetch && git shroud scrub follow commit-map")
    ));
    lines
}

fn secret(exposed: &Exposed, code: &dyn Fn(&str) -> String) -> String {
    let mut line = format!("{} {}: {}", exposed.rule, code(&exposed.shown), exposed.exposure);
    if let Some(since) = exposed.since {
        line.push_str(&format!(", since {}", day(since)));
    }
    if exposed.rank == "certain" && exposed.exposure != "unknown" {
        line.push_str(", valid in form");
    }
    if exposed.places > 1 {
        line.push_str(&format!(", {}", count(exposed.places, "place")));
    }
    format!("{line} ({})", exposed.what_to_do)
}
