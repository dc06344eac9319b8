//! Runs the detector alone, for the measurements in `benches/`.
//!
//! With `GITLEAKS_RULES` in the environment it takes the rules of that file. Without arguments: each line of the standard input is a JSON string, one text; each line of the output is a JSON list of
//! what was found in it. With paths: scans those files and folders, and says how long it took.

use std::io::{BufRead as _, Write as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use git_shroud::detect::{Detector, Rank, rules};

fn main() -> std::io::Result<()> {
    let started = Instant::now();
    let detector = match std::env::var_os("GITLEAKS_RULES") {
        None => Detector::builtin(),
        Some(path) => {
            let file = rules::gitleaks::parse(&std::fs::read_to_string(path)?);
            let file = file.map_err(std::io::Error::other)?;
            Detector::with_rules(file.rules).map_err(std::io::Error::other)?
        }
    };
    let ready = started.elapsed();
    let paths: Vec<PathBuf> = std::env::args_os().skip(1).map(PathBuf::from).collect();
    if paths.is_empty() { lines(&detector) } else { files(&detector, paths, ready) }
}

fn lines(detector: &Detector) -> std::io::Result<()> {
    let mut output = std::io::BufWriter::new(std::io::stdout());
    for line in std::io::stdin().lock().lines() {
        let text: String = serde_json::from_str(&line?)?;
        let mut hits = Vec::new();
        detector.scan(text.as_bytes(), None, std::slice::from_ref(&(0..text.len())), &mut hits);
        let found: Vec<_> = hits
            .iter()
            .map(|hit| {
                let rule = detector.rule(hit.rule);
                let place = [hit.value.start, hit.value.end];
                serde_json::json!({"rule": rule.id, "rank": hit.rank.name(), "value": place, "facts": hit.facts})
            })
            .collect();
        serde_json::to_writer(&mut output, &found)?;
        output.write_all(b"\n")?;
    }
    output.flush()
}

/// Prints what is found at medium and above, with its line, and the sums.
fn files(detector: &Detector, paths: Vec<PathBuf>, ready: Duration) -> std::io::Result<()> {
    let mut output = std::io::BufWriter::new(std::io::stdout());
    let (mut bytes, mut number, mut found) = (0, 0, 0);
    let mut spent = Duration::ZERO;
    let mut open = paths;
    while let Some(path) = open.pop() {
        if path.is_dir() && !path.is_symlink() {
            open.extend(std::fs::read_dir(&path)?.flatten().map(|entry| entry.path()));
            continue;
        }
        let Ok(text) = std::fs::read(&path) else { continue };
        let mut hits = Vec::new();
        let started = Instant::now();
        let name = path.to_string_lossy();
        detector.scan(
            &text,
            Some(name.as_bytes()),
            std::slice::from_ref(&(0..text.len())),
            &mut hits,
        );
        spent += started.elapsed();
        bytes += text.len();
        number += 1;
        for hit in hits.iter().filter(|hit| hit.rank >= Rank::Medium) {
            found += 1;
            report(&mut output, detector, &path, &text, hit)?;
        }
    }
    #[expect(clippy::cast_precision_loss, reason = "a measurement")]
    let rate = bytes as f64 / 1e6 / spent.as_secs_f64();
    writeln!(
        output,
        "ready after {ready:?}; {number} files, {bytes} bytes in {spent:?}: {rate:.0} MB/s; {found} found"
    )
}

fn report(
    output: &mut impl std::io::Write,
    detector: &Detector,
    path: &Path,
    text: &[u8],
    hit: &git_shroud::detect::Hit,
) -> std::io::Result<()> {
    let first = hit.matched.start.saturating_sub(60);
    let start = text[first..hit.matched.start]
        .iter()
        .rposition(|&byte| byte == b'\n')
        .map_or(first, |at| first + at + 1);
    let line = String::from_utf8_lossy(&text[start..(start + 240).min(text.len())]);
    let line: String =
        line.lines().next().unwrap_or_default().chars().filter(|c| !c.is_control()).collect();
    writeln!(
        output,
        "{} {} {} | {line}",
        hit.rank.name(),
        detector.rule(hit.rule).id,
        path.display()
    )
}
