//! For a terminal.

use super::{FileDifference, What, words};
use crate::sanitise;

/// The lines of the report; nothing in them acts on a terminal.
pub fn text(differences: &[FileDifference]) -> Vec<String> {
    let mut lines = Vec::new();
    for difference in differences {
        let path = sanitise::path(&difference.path);
        lines.push(match words::clause(difference) {
            Some(clause) => format!("{path}: {}", sanitise::line(&clause)),
            None => path,
        });
        let What::Names(names) = &difference.what else { continue };
        for (sign, names, note) in [
            ("+", &names.added, ""),
            ("-", &names.removed, ""),
            ("~", &names.changed, ""),
            ("!", &names.exposed, ": was sealed, is stored as plaintext now"),
            ("*", &names.by_public_key, ": set without the key"),
        ] {
            // In one line, whatever it holds.
            let name =
                |name: &String| format!("  {sign} {}{note}", sanitise::path(name.as_bytes()));
            lines.extend(names.iter().map(name));
        }
        lines.extend(words::counted(names).map(|clause| format!("  ? {clause}")));
    }
    lines
}
