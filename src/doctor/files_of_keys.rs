//! Whether the files with keys are their owner's alone.

use std::path::Path;

use super::{Finding, advice, ok, problem};
use crate::fs::Exposure;
use crate::sanitise::{line, native, native_word};
use crate::store::local;

/// Who may read the local keyring. Where only its owner may, it is said on Windows alone, where that is not seen.
pub(super) fn keyring(common_dir: &Path) -> Option<Finding> {
    let path = local::path(common_dir);
    finding(&path, local::exposure(common_dir)?, cfg!(windows))
}

fn finding(path: &Path, exposure: Exposure, windows: bool) -> Option<Finding> {
    let shown = native(path);
    match exposure {
        Exposure::Owner => windows.then(|| {
            ok("keyring", format!("only you, the system and its administrators can read {shown}"))
        }),
        Exposure::Others(others) => {
            let who = match others.is_empty() {
                true => String::new(),
                false => format!(": {}", line(&others.join(", "))),
            };
            let message = format!("others on this machine can read {shown}{who}");
            Some(problem("keyring", message, restrict(path, windows)))
        }
        Exposure::Unknown(why) => Some(advice(
            "keyring",
            format!("it was not checked who can read {shown}: {why}"),
            format!("icacls {}", word(path)),
        )),
    }
}

/// What makes a file the owner's alone.
pub(super) fn restrict(path: &Path, windows: bool) -> String {
    let path = word(path);
    match windows {
        // The owner, by the number that cmd and PowerShell, and each language, take alike.
        true => format!("icacls {path} /inheritance:r /grant:r \"*S-1-3-4:F\""),
        false => format!("chmod 600 {path}"),
    }
}

fn word(path: &Path) -> String {
    native_word(path).unwrap_or_else(|| "THAT-FILE".to_owned())
}

#[cfg(test)]
mod tests {
    use super::super::Severity;
    use super::*;

    #[test]
    fn who_can_read_the_keyring_is_told() {
        let of = |exposure, windows| finding(Path::new("k"), exposure, windows);
        assert!(of(Exposure::Owner, false).is_none());
        let owner = of(Exposure::Owner, true).unwrap();
        assert_eq!(owner.severity, Severity::Ok);
        let others = of(Exposure::Others(vec!["Users".to_owned()]), true).unwrap();
        assert_eq!(others.severity, Severity::Problem);
        assert_eq!(others.message, "others on this machine can read k: Users");
        assert_eq!(others.remedy.unwrap(), "icacls k /inheritance:r /grant:r \"*S-1-3-4:F\"");
        let others = of(Exposure::Others(Vec::new()), false).unwrap();
        assert_eq!(others.message, "others on this machine can read k");
        assert_eq!(others.remedy.unwrap(), "chmod 600 k");
        let unknown = of(Exposure::Unknown("no icacls".to_owned()), true).unwrap();
        assert!(unknown.severity == Severity::Advice && unknown.message.ends_with("no icacls"));
    }
}
