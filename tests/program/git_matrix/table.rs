//! The table as it is printed.

use std::fmt::Write as _;
use std::io::Write as _;

use crate::git_matrix::Scenario;
use crate::git_matrix::place::{Git, Kind};

/// Prints one table for each git, whatever the test runner captures.
pub(crate) fn print(gits: &[Git], scenarios: &[Scenario], results: &[Result<String, String>]) {
    let mut text = String::new();
    if let [only] = gits {
        let _ = writeln!(text, "\nOnly {} is on this machine: no other was tried.", only.version);
    }
    let columns = Kind::ALL.len();
    for (git, results) in gits.iter().zip(results.chunks(scenarios.len() * columns)) {
        let head = Kind::ALL.map(|kind| kind.name().to_owned());
        let mut rows = vec![(git.version.clone(), head.to_vec())];
        for (scenario, results) in scenarios.iter().zip(results.chunks(columns)) {
            let cells = results.iter().map(|result| match result {
                Ok(told) => told.clone(),
                Err(_) => "WRONG".to_owned(),
            });
            rows.push((scenario.name.to_owned(), cells.collect()));
        }
        let first = rows.iter().map(|row| row.0.len()).max().unwrap_or(0);
        let widths: Vec<usize> = (0..columns)
            .map(|column| rows.iter().map(|row| row.1[column].len()).max().unwrap_or(0))
            .collect();
        text.push('\n');
        for (name, cells) in rows {
            let _ = write!(text, "{name:first$}");
            for (cell, width) in cells.iter().zip(&widths) {
                let _ = write!(text, "  {cell:width$}");
            }
            text.truncate(text.trim_end().len());
            text.push('\n');
        }
    }
    // The macros would be captured; the table is to be seen in every run.
    let _ = std::io::stdout().lock().write_all(text.as_bytes());
}
