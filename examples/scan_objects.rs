//! Looks at everything that a repository holds, with the built-in rules, traces what has hits, and prints what was done. For
//! `benches/scan_history.py`.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use git_shroud::git::repository::Repository;
use git_shroud::scan::objects::{Seen, Source};
use git_shroud::scan::provenance::trace;
use git_shroud::scan::{Detector, Scope, Seer};

fn main() -> ExitCode {
    let Some(folder) = std::env::args_os().nth(1) else {
        eprintln!("usage: scan_objects REPOSITORY");
        return ExitCode::from(2);
    };
    let repository = match Repository::discover(Path::new(&folder)) {
        Ok(repository) => repository,
        Err(error) => {
            eprintln!("{error}");
            return ExitCode::from(2);
        }
    };
    let (hits, targets) = (AtomicU64::new(0), Mutex::new(BTreeSet::new()));
    let detector = Detector::builtin();
    let seer = Seer::new(vec![&detector]);
    let sink = |seen: &Seen<'_>| {
        hits.fetch_add(seen.found.len() as u64, Ordering::Relaxed);
        if let Source::Object { id, .. } | Source::Name { tree: id } = seen.source {
            targets.lock().expect("no thread panics").insert(id);
        }
    };
    let done =
        git_shroud::scan::look(&repository, &seer, &Scope::All, None, &sink).and_then(|walked| {
            let targets: Vec<_> =
                targets.into_inner().expect("no thread panics").into_iter().collect();
            let origins = trace(&repository, &targets, &walked.commits)?;
            Ok((walked, origins))
        });
    match done {
        Ok((walked, origins)) => {
            println!(
                "{} objects, {} bytes, {} matched, {} hits in {} objects, {} not read",
                walked.objects,
                walked.bytes,
                walked.matched,
                hits.load(Ordering::Relaxed),
                origins.len(),
                walked.unread.len()
            );
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("{error}");
            ExitCode::from(2)
        }
    }
}
