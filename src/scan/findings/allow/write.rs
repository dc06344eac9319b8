//! Writing a baseline.

use std::fmt::Write as _;

use super::Date;
use crate::sanitise;
use crate::scan::findings::Finding;
use crate::scan::fingerprint::SALT_LEN;

/// A baseline of these findings, in the format of `.shroud/scan.toml`, so that entries can be moved there.
///
/// Findings without a fingerprint are left out, so add a salt where no key is held, and give it here unless the
/// repository's own list has it.
pub fn write<'f>(
    findings: impl IntoIterator<Item = &'f Finding>,
    today: Date,
    salt: Option<&[u8; SALT_LEN]>,
) -> String {
    let mut text =
        String::from("# What 'git shroud scan' found when this was written.\nversion = 1\n");
    let take = "a String takes any text";
    if let Some(salt) = salt {
        let digits = crate::hex::lower(salt);
        writeln!(
            text,
            "# With it, anybody can test guesses of the values below.\nsalt = \"{digits}\""
        )
        .expect(take);
    }
    for finding in findings {
        let Some(fingerprint) = finding.fingerprint else { continue };
        let place = finding.occurrences.first().map(|occurrence| &occurrence.place);
        text.push_str("\n[[allow]]\n");
        if let Some(place) = place.filter(|place| !place.name.is_empty()) {
            writeln!(text, "# {}: {}", place.kind.name(), comment(&place.name)).expect(take);
        }
        writeln!(text, "fingerprint = \"{fingerprint}\"").expect(take);
        writeln!(text, "rule = {}", toml::Value::from(finding.rule.as_str())).expect(take);
        writeln!(text, "reason = \"baseline of {today}\"").expect(take);
    }
    text
}

/// A name on one line, whatever it holds.
fn comment(name: &[u8]) -> String {
    sanitise::path(name)
}
