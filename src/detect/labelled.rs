//! The detector against the labelled lines of `tests/fixtures/labelled.txt`.

use super::template::expand;
use super::{Detector, Hit, Rank};

const LINES: &str = include_str!("../../tests/fixtures/labelled.txt");

/// What was found on a line, and whether it has a secret.
struct Line {
    number: usize,
    secret: bool,
    surest: Option<Rank>,
    text: &'static str,
}

fn lines() -> Vec<Line> {
    let detector = Detector::builtin();
    let labelled = LINES.lines().enumerate().filter(|(_, line)| line.starts_with(['+', '-']));
    labelled
        .map(|(at, line)| {
            let (path, text) = line[1..].split_once(" | ").expect("a path, a bar and a text");
            let path = Some(path.trim()).filter(|&path| path != "?").map(str::as_bytes);
            let expanded =
                expand(text, &format!("line {at}")).replace("\\n", "\n").replace("\\t", "\t");
            // Escapes of a line break inside JSON come in by the template, which writes one backslash.
            let mut hits = Vec::new();
            detector.scan(
                expanded.as_bytes(),
                path,
                std::slice::from_ref(&(0..expanded.len())),
                &mut hits,
            );
            let surest = hits.iter().map(|hit| hit.rank).max();
            Line { number: at + 1, secret: line.starts_with('+'), surest, text }
        })
        .collect()
}

/// Each of them as a text.
pub(crate) fn texts() -> Vec<String> {
    let labelled = LINES.lines().enumerate().filter(|(_, line)| line.starts_with(['+', '-']));
    let text = |(at, line): (usize, &str)| {
        let (_, text) = line[1..].split_once(" | ").expect("a path, a bar and a text");
        expand(text, &format!("line {at}")).replace("\\n", "\n").replace("\\t", "\t")
    };
    labelled.map(text).collect()
}

#[test]
fn nine_of_ten_secrets_are_found_and_few_other_lines() {
    let lines = lines();
    let is_found = |line: &&Line| line.surest >= Some(Rank::Medium);
    let (secret, other): (Vec<_>, Vec<_>) = lines.iter().partition(|line| line.secret);
    assert!(secret.len() >= 120 && other.len() >= 120, "{} and {}", secret.len(), other.len());
    let missed: Vec<_> = secret.iter().copied().filter(|line| !is_found(line)).collect();
    let wrong: Vec<_> = other.iter().copied().filter(is_found).collect();
    let show = |lines: &[&Line]| {
        lines.iter().map(|line| format!("{}: {}\n", line.number, line.text)).collect::<String>()
    };
    let report = format!("missed:\n{}wrong:\n{}", show(&missed), show(&wrong));
    assert!(missed.len() * 10 <= secret.len(), "{report}");
    assert!(wrong.len() * 20 <= other.len(), "{report}");
}

#[test]
fn what_is_ranked_certain_or_high_is_a_secret_nineteen_times_of_twenty() {
    for rank in [Rank::High, Rank::Certain] {
        let lines = lines();
        let ranked: Vec<_> = lines.iter().filter(|line| line.surest == Some(rank)).collect();
        let right = ranked.iter().filter(|line| line.secret).count();
        assert!(ranked.len() >= 10, "only {} are {}", ranked.len(), rank.name());
        assert!(right * 20 >= ranked.len() * 19, "{right} of {} are secrets", ranked.len());
    }
}

/// In a history a text is looked at before it is known where it stands.
#[test]
fn a_name_that_is_known_later_says_the_same() {
    let detector = Detector::builtin();
    let labelled = LINES.lines().filter(|line| line.starts_with(['+', '-']));
    let mut compared = 0;
    for (at, line) in labelled.enumerate() {
        let (path, text) = line[1..].split_once(" | ").expect("a path, a bar and a text");
        let path = path.trim();
        if path == "?" || path.ends_with("pgpass") {
            continue;
        }
        let text = expand(text, &format!("line {at}")).replace("\\n", "\n").replace("\\t", "\t");
        let whole = 0..text.len();
        let surest = |path: Option<&[u8]>, later: &dyn Fn(&Hit) -> Option<Rank>| {
            let mut hits = Vec::new();
            detector.scan(text.as_bytes(), path, std::slice::from_ref(&whole), &mut hits);
            hits.iter().filter_map(later).max()
        };
        let known = surest(Some(path.as_bytes()), &|hit| Some(hit.rank));
        let later = surest(None, &|hit| detector.rank_at(hit, path.as_bytes()));
        assert_eq!(known, later, "{line}");
        compared += usize::from(known.is_some());
    }
    assert!(compared >= 100, "{compared} lines");
}
