//! What removed members can still open: a summary, and a checklist as text, JSON or Markdown.

use serde::Serialize;

use super::exposure::{ExposedPath, Exposure};
use crate::access::rotate::Plan;
use crate::error::count;
use crate::progress::Progress;

/// How the checklist is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// For a terminal.
    Text,
    /// For a program.
    Json,
    /// For an issue or a page.
    Markdown,
}

#[derive(Serialize)]
struct JsonReport<'r> {
    members: &'r [String],
    keys: Vec<String>,
    #[serde(flatten)]
    exposure: &'r Exposure,
}

/// Says in a few lines what is lost.
pub fn summarise(progress: &dyn Progress, exposure: &Exposure, also_later: bool) {
    if exposure.paths.is_empty() && exposure.missing == 0 {
        progress.status("no commit has a file that they could open");
        return;
    }
    let unchanged = exposure.paths.iter().filter(|path| !path.unchanged_at.is_empty()).count();
    let later = if also_later { ", and everything that this key seals later" } else { "" };
    progress.status(&format!(
        "in every clone that they keep, they can still open {} of {} in {}{later}",
        count(exposure.paths.iter().map(|path| path.versions).sum(), "version"),
        places(exposure),
        count(exposure.commits, "commit"),
    ));
    if unchanged > 0 {
        progress.warning(&format!(
            "{} of these {} the same today: change these secrets first",
            unchanged,
            if unchanged == 1 { "is" } else { "are" }
        ));
    }
    if exposure.missing > 0 {
        progress.warning(&format!(
            "{} not in this clone, so the list may be incomplete",
            count(exposure.missing, "blob")
        ));
    }
}

/// How many files and values there are.
fn places(exposure: &Exposure) -> String {
    let values = exposure.paths.iter().filter(|path| path.is_value).count();
    let files = exposure.paths.len() - values;
    if values == 0 {
        return count(files as u64, "file");
    }
    let numbers = [(values, "value"), (files, "file")].into_iter().filter(|(n, _)| *n > 0);
    numbers.map(|(n, what)| count(n as u64, what)).collect::<Vec<_>>().join(" and ")
}

/// Prints the checklist.
pub fn print_report(
    progress: &dyn Progress,
    members: &[String],
    plan: &Plan,
    exposure: &Exposure,
    format: Format,
) {
    let keys: Vec<String> = plan.names.iter().map(ToString::to_string).collect();
    match format {
        Format::Json => {
            let report = JsonReport { members, keys, exposure };
            progress.json(&serde_json::to_value(&report).unwrap_or_default());
        }
        Format::Markdown => {
            let members: Vec<_> =
                members.iter().map(|member| crate::sanitise::line(member)).collect();
            progress.line(&format!("# What {} can still open\n", members.join(", ")));
            progress.line(&format!(
                "Keys: {}. {} in history hold a version that they can open.\n",
                keys.join(", "),
                count(exposure.commits, "commit")
            ));
            let lines = Lines { begin: "- [ ] ", quote: "`" };
            print_lists(
                progress,
                exposure,
                &lines,
                [
                    "## Change first: the same today\n",
                    "## Not here today: changed, removed, or on another branch\n",
                ],
            );
        }
        Format::Text => {
            let lines = Lines { begin: "[ ] ", quote: "" };
            print_lists(
                progress,
                exposure,
                &lines,
                [
                    "Change first (the same today):",
                    "Not here today (changed, removed, or on another branch):",
                ],
            );
        }
    }
}

struct Lines {
    begin: &'static str,
    quote: &'static str,
}

impl Lines {
    /// A path as code, also where there is a backtick in it.
    fn code(&self, path: &str) -> String {
        match self.quote {
            "" => path.to_owned(),
            _ if path.contains('`') => format!("`` {path} ``"),
            quote => format!("{quote}{path}{quote}"),
        }
    }
}

fn print_lists(progress: &dyn Progress, exposure: &Exposure, lines: &Lines, heads: [&str; 2]) {
    let (unchanged, changed): (Vec<&ExposedPath>, Vec<_>) =
        exposure.paths.iter().partition(|path| !path.unchanged_at.is_empty());
    for (head, paths) in heads.into_iter().zip([unchanged, changed]) {
        if paths.is_empty() {
            continue;
        }
        progress.line(head);
        for path in paths {
            progress.line(&line(path, lines));
        }
        progress.line("");
    }
}

fn line(path: &ExposedPath, lines: &Lines) -> String {
    let begin = lines.begin;
    let short = |id: &str| id.chars().take(10).collect::<String>();
    let mut line = format!(
        "{begin}{}: {}, {} {} to {} {}",
        lines.code(&path.path),
        count(path.versions, "version"),
        path.first.date,
        short(&path.first.id),
        path.last.date,
        short(&path.last.id)
    );
    let elsewhere: Vec<_> =
        path.unchanged_at.iter().filter(|now| **now != path.path).map(String::as_str).collect();
    if !elsewhere.is_empty() {
        line.push_str(&format!("; now at {}", lines.code(&elsewhere.join(", "))));
    }
    line
}
