//! Lists that steer a scan and a scrub, and the texts that are scanned.

use std::cell::OnceCell;

use git_shroud::detect::rules::gitleaks;
use git_shroud::detect::{Detector, Seer};
use git_shroud::scan::findings::allow::AllowList;
use git_shroud::scrub::plan::Plan;

/// Rules of gitleaks and betterleaks.
pub(super) fn gitleaks_rules(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let Ok(file) = gitleaks::parse(text) else { return };
    // The program's own rules are tried by `text`.
    if file.rules.len() < 50
        && let Ok(detector) = Detector::with_rules(file.rules)
    {
        Seer::new(vec![&detector]).look(b"key = \"AKIA1234567890ABCDEF\" # abc\n", &mut Vec::new());
    }
}

/// `.shroud/scan.toml`, and a baseline.
pub(super) fn scan_toml(bytes: &[u8]) {
    let _ = AllowList::read("scan.toml", bytes);
    let _ = AllowList::read_baseline("baseline", bytes);
}

/// A plan of a scrub.
pub(super) fn scrub_plan(bytes: &[u8]) {
    let _ = Plan::read(bytes);
}

/// A text in which the built-in rules look, in every view: encoded, packed, in UTF-16.
pub(super) fn text(bytes: &[u8]) {
    thread_local! {
        static DETECTOR: OnceCell<Detector> = const { OnceCell::new() };
    }
    DETECTOR.with(|detector| {
        let detector = detector.get_or_init(Detector::builtin);
        let mut found = Vec::new();
        Seer::new(vec![detector]).look(bytes, &mut found);
    });
}
