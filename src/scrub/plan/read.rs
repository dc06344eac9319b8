//! Reading a plan.

use serde::Deserialize;

use super::{Keep, MAX_RULE, Pattern, Plan, Redact, Seal, SealBy, is_rule_character};
use crate::keyring::KeyName;
use crate::scan::Fingerprint;
use crate::scan::fingerprint::{SALT_LEN, from_hex};

/// Bytes of the longest plan that is read.
pub const MAX_LEN: usize = 16 << 20;

/// A plan that cannot be used. It names places, never what is there: somebody may have written a value.
#[derive(Debug, thiserror::Error)]
pub enum PlanError {
    /// It is not UTF-8.
    #[error("the plan is not UTF-8")]
    NotText,
    /// It is not what is documented.
    #[error("line {line} of the plan: {message}")]
    Malformed {
        /// Counted from 1.
        line: usize,
        /// What is wrong.
        message: String,
    },
    /// Of a newer program.
    #[error("the plan does not have version 1, the only one that git-shroud supports")]
    Version,
    /// The salt is none.
    #[error("the plan's salt is not {} hexadecimal digits in lower case", 2 * SALT_LEN)]
    Salt,
    /// `convert` names something else.
    #[error("the plan's 'convert' can only be \"git-crypt\"")]
    Convert,
    /// An entry that says nothing, or what cannot be.
    #[error("entry {number} of [[{table}]] in the plan: {message}")]
    Entry {
        /// The table.
        table: &'static str,
        /// Counted from 1.
        number: usize,
        /// What is wrong.
        message: String,
    },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Document {
    version: u32,
    salt: Option<String>,
    seal_by: Option<SealBy>,
    #[serde(default)]
    rekey: bool,
    convert: Option<String>,
    #[serde(default)]
    archives: bool,
    #[serde(default)]
    prune_empty: bool,
    #[serde(default)]
    seal: Vec<SealLine>,
    #[serde(default)]
    redact: Vec<RedactLine>,
    #[serde(default)]
    drop: Vec<DropLine>,
    #[serde(default)]
    keep: Vec<KeepLine>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SealLine {
    pattern: String,
    key: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RedactLine {
    value: String,
    rule: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DropLine {
    path: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct KeepLine {
    value: Option<String>,
    /// Read and left out of account, so that an entry of `[[redact]]` becomes one to keep by its heading alone.
    rule: Option<String>,
    path: Option<String>,
}

impl Plan {
    /// Reads a plan.
    ///
    /// # Errors
    /// It is not what `docs/scrub.md` says.
    pub fn read(bytes: &[u8]) -> Result<Self, PlanError> {
        let text = std::str::from_utf8(bytes).map_err(|_| PlanError::NotText)?;
        let document: Document = toml::from_str(text).map_err(|error| malformed(text, &error))?;
        if document.version != 1 {
            return Err(PlanError::Version);
        }
        let salt = document.salt.map(|salt| from_hex(&salt).ok_or(PlanError::Salt)).transpose()?;
        let convert_git_crypt = match document.convert.as_deref() {
            None => false,
            Some("git-crypt") => true,
            Some(_) => return Err(PlanError::Convert),
        };
        Ok(Self {
            salt,
            seal_by: document.seal_by,
            rekey: document.rekey,
            convert_git_crypt,
            archives: document.archives,
            prune_empty: document.prune_empty,
            seal: each("seal", document.seal, seal)?,
            redact: each("redact", document.redact, redact)?,
            drop: each("drop", document.drop, |line| pattern(&line.path))?,
            keep: each("keep", document.keep, keep)?,
        })
    }
}

fn each<L, T>(
    table: &'static str,
    lines: Vec<L>,
    read: impl Fn(L) -> Result<T, String>,
) -> Result<Vec<T>, PlanError> {
    let entry = |(at, line)| {
        read(line).map_err(|message| PlanError::Entry { table, number: at + 1, message })
    };
    lines.into_iter().enumerate().map(entry).collect()
}

fn seal(line: SealLine) -> Result<Seal, String> {
    let key: Option<KeyName> = match line.key {
        Some(name) => {
            Some(name.parse().map_err(|_| "its 'key' cannot be the name of a key".to_owned())?)
        }
        None => None,
    };
    Ok(Seal { pattern: pattern(&line.pattern)?, key })
}

fn redact(line: RedactLine) -> Result<Redact, String> {
    let fits = (1..=MAX_RULE).contains(&line.rule.len());
    if !fits || !line.rule.chars().all(is_rule_character) {
        return Err(format!("its rule is not 1 to {MAX_RULE} letters, digits, '-', '_' and '.'"));
    }
    Ok(Redact { value: value(&line.value)?, rule: line.rule })
}

fn keep(line: KeepLine) -> Result<Keep, String> {
    match (line.value, line.path) {
        (Some(kept), None) => Ok(Keep::Value(value(&kept)?)),
        (None, Some(path)) if line.rule.is_none() => Ok(Keep::Path(pattern(&path)?)),
        _ => Err("it has either a 'value' or a 'path'".to_owned()),
    }
}

fn pattern(text: &str) -> Result<Pattern, String> {
    text.parse().map_err(|error: super::InvalidPattern| error.to_string())
}

fn value(text: &str) -> Result<Fingerprint, String> {
    text.parse().map_err(|_| {
        "its value is not a fingerprint; put the value itself into a file for --value-file"
            .to_owned()
    })
}

/// The line, and what is wrong with it as far as that quotes nothing.
fn malformed(text: &str, error: &toml::de::Error) -> PlanError {
    let at = error.span().map_or(0, |span| span.start.min(text.len()));
    let line = text.as_bytes()[..at].iter().filter(|&&byte| byte == b'\n').count() + 1;
    let known = ["unknown field", "missing field", "duplicate", "invalid type"];
    let said = known.into_iter().find(|known| error.message().starts_with(known));
    let message = match said {
        Some("unknown field") => "a field that a plan does not have".to_owned(),
        // Such a message names the field that is missing, which is one of a plan's own.
        Some("missing field") => crate::sanitise::line(error.message()),
        Some("invalid type") => "the value there has the wrong type".to_owned(),
        Some(said) => format!("{said} field"),
        None => "it is not TOML, or not a plan".to_owned(),
    };
    PlanError::Malformed { line, message }
}

#[cfg(test)]
mod tests {
    use super::*;

    const VALUE: &str = "key:0a9a776d:00112233445566778899aabbccddeeff";

    #[test]
    fn a_plan_with_everything_is_read() {
        let text = format!(
            "version = 1\nsalt = \"{}\"\nseal-by = \"each-commit\"\nrekey = true\nconvert = \"git-crypt\"\narchives = true\nprune-empty = true\n[[seal]]\npattern = \"*.env\"\nkey = \"prod\"\n[[redact]]\nvalue = \"{VALUE}\"\nrule = \"gitlab-pat\"\n[[drop]]\npath = \"/dump\"\n[[keep]]\nvalue = \"{VALUE}\"\nrule = \"x\"\n[[keep]]\npath = \"test/**\"\n",
            "07".repeat(32)
        );
        let plan = Plan::read(text.as_bytes()).unwrap();
        let value = VALUE.parse().unwrap();
        assert_eq!(plan.salt, Some([7; 32]));
        assert_eq!(plan.seal_by, Some(SealBy::EachCommit));
        assert!(plan.rekey && plan.convert_git_crypt && plan.archives && plan.prune_empty);
        assert_eq!(plan.seal[0].key, Some("prod".parse().unwrap()));
        assert_eq!(plan.redact, [Redact { value, rule: "gitlab-pat".to_owned() }]);
        assert_eq!(plan.drop[0].as_str(), "/dump");
        assert!(plan.keeps(&value) && !plan.is_empty());
        assert!(Plan::read(b"version = 1").unwrap().is_empty());
    }

    #[test]
    fn what_is_wrong_is_named_and_never_quoted() {
        let secret = "hunter2-secret";
        for (text, said) in [
            (format!("{secret} ="), "line 1"),
            ("version = 2".to_owned(), "version 1"),
            (format!("version = 1\n\n{secret} = 1"), "line 3 of the plan: a field"),
            (format!("version = 1\nsalt = \"{secret}\""), "salt"),
            (format!("version = 1\nconvert = \"{secret}\""), "convert"),
            (format!("version = 1\nseal-by = \"{secret}\""), "line 2"),
            (
                format!("version = 1\n[[redact]]\nvalue = \"{secret}\"\nrule = \"a\""),
                "entry 1 of [[redact]]",
            ),
            (format!("version = 1\n[[redact]]\nvalue = \"{VALUE}\"\nrule = \"a b\""), "its rule"),
            (format!("version = 1\n[[redact]]\nvalue = \"{VALUE}\""), "missing field"),
            ("version = 1\n[[seal]]\npattern = \"!a\"".to_owned(), "a pattern"),
            ("version = 1\n[[seal]]\npattern = \"a\"\nkey = \"A B\"".to_owned(), "its 'key'"),
            ("version = 1\n[[keep]]\n".to_owned(), "either"),
            ("rekey = true".to_owned(), "missing field `version`"),
        ] {
            let error = Plan::read(text.as_bytes()).unwrap_err().to_string();
            assert!(error.contains(said), "{text}: {error}");
            assert!(!error.contains(secret), "{error}");
        }
        assert!(matches!(Plan::read(b"\xff"), Err(PlanError::NotText)));
    }
}
