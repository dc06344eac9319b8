//! Files stay short, and most of all those of commands.

use std::collections::BTreeMap;

use crate::exceptions;
use crate::texts;

/// No file of source or tests is longer.
const FILE: usize = 400;
/// Half of the files of source are no longer.
const MEDIAN: usize = 150;
/// No file of a command is longer.
const COMMAND: usize = 250;
/// All files of commands together.
const COMMANDS: usize = 9_500;
/// By how many lines a number in the list of exceptions may be too high before it has to be written anew.
const SLACK: usize = 400;

fn lengths(folder: &str) -> Vec<(String, usize)> {
    texts(folder).into_iter().map(|(name, text)| (name, text.lines().count())).collect()
}

#[test]
fn no_file_is_long() {
    for (name, lines) in lengths("src").into_iter().chain(lengths("tests")) {
        assert!(
            lines <= FILE,
            "{name} has {lines} lines, more than {FILE}: give a part a file of its own"
        );
    }
}

/// What has a bound that may be broken by what the list of exceptions says: `src/commands/x.rs has at most N lines`.
#[test]
fn commands_and_half_of_the_files_are_short() {
    let source = lengths("src");
    let commands: Vec<_> =
        source.iter().filter(|(name, _)| name.starts_with("src/commands/")).cloned().collect();
    let mut lines: Vec<usize> = source.iter().map(|&(_, lines)| lines).collect();
    lines.sort_unstable();
    let mut measured = vec![
        ("src/commands".to_owned(), commands.iter().map(|(_, lines)| lines).sum(), COMMANDS),
        ("half of src".to_owned(), lines[lines.len() / 2], MEDIAN),
    ];
    measured.extend(commands.into_iter().map(|(name, lines)| (name, lines, COMMAND)));

    let word = " has at most ";
    let mut listed: BTreeMap<String, usize> = exceptions::listed(word)
        .iter()
        .map(|line| {
            let (name, number) = exceptions::claim(line).split_once(word).unwrap();
            (name.to_owned(), number.trim_end_matches(" lines").parse().unwrap())
        })
        .collect();
    let mut wrong = Vec::new();
    let mut stale = Vec::new();
    for (name, lines, bound) in measured {
        match listed.remove(&name) {
            None if lines > bound => {
                wrong.push(format!("{name} has {lines} lines, more than {bound}"));
            }
            Some(most) if lines > most => {
                wrong.push(format!("{name} has {lines} lines, more than the {most} it had"));
            }
            Some(most) if lines <= bound => stale.push((format!("{name}{word}{most} lines"), None)),
            Some(most) if lines + SLACK < most => {
                let now = format!("{name}{word}{} lines", lines + SLACK / 4);
                stale.push((format!("{name}{word}{most} lines"), Some(now)));
            }
            _ => {}
        }
    }
    stale.extend(listed.iter().map(|(name, most)| (format!("{name}{word}{most} lines"), None)));
    wrong.extend(exceptions::settle(&stale));
    assert!(wrong.is_empty(), "\n{}\n", wrong.join("\n"));
}
