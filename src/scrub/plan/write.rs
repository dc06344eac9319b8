//! Writing a plan: of what a scan has found, for a person to read and change; or as it is.

use std::fmt::Write as _;

use super::{Keep, Pattern, Plan, SealBy, rule_name};
use crate::error::count;
use crate::sanitise;
use crate::scan::Kind;
use crate::scan::findings::{Finding, LocationKind, Occurrence};
use crate::scan::fingerprint::SALT_LEN;

/// Places of a finding that are named; of the others the number.
const MAX_PLACES: usize = 5;
/// What writing to a `String` does.
const TAKE: &str = "a String takes any text";

const HEAD: &str = "\
# What 'git shroud scrub' should do, from the findings of 'git shroud scan'. Read it, change it, then run
#   git shroud scrub THIS-FILE --dry-run
# To leave something as it is, turn its entry into [[keep]], or delete the entry. docs/scrub.md lists all fields.
# This file names values by fingerprints and contains none.
";

/// A plan of findings: plaintext at paths that should be sealed is sealed, every other value is replaced. `salt` is what made
/// the fingerprints, where no key did. Findings without a fingerprint are left out: there is none only where there is neither.
pub fn write_findings(findings: &[Finding], salt: Option<&[u8; SALT_LEN]>) -> String {
    let mut text = HEAD.to_owned();
    text.push_str("version = 1\n");
    write_salt(&mut text, salt);
    for finding in findings {
        match (finding.kind, finding.fingerprint) {
            (Kind::Policy, _) => {
                let Some(first) = finding.occurrences.first() else { continue };
                text.push_str("\n[[seal]]\n");
                write_remarks(&mut text, finding);
                let pattern = Pattern::of_path(&first.place.name);
                writeln!(text, "pattern = {}", quoted(pattern.as_str())).expect(TAKE);
            }
            (_, Some(fingerprint)) => {
                text.push_str("\n[[redact]]\n");
                write_remarks(&mut text, finding);
                writeln!(text, "value = \"{fingerprint}\"").expect(TAKE);
                writeln!(text, "rule = {}", quoted(&rule_name(&finding.rule))).expect(TAKE);
            }
            (_, None) => {}
        }
    }
    text
}

/// What a person needs to decide: how sure, how exposed, what of the value may be shown, and where.
fn write_remarks(text: &mut String, finding: &Finding) {
    let mut line = format!("{}, {}", finding.rank.name(), finding.exposure().name());
    if finding.is_at_head() {
        line.push_str(", at HEAD");
    }
    if let Some(secret) = &finding.secret {
        write!(line, ": {}", sanitise::path(secret.redacted().as_bytes())).expect(TAKE);
    }
    writeln!(text, "# {line} ({})", sanitise::path(finding.description.as_bytes())).expect(TAKE);
    for occurrence in finding.occurrences.iter().take(MAX_PLACES) {
        writeln!(text, "# {}", place(occurrence)).expect(TAKE);
    }
    let more = finding.occurrences.len().saturating_sub(MAX_PLACES);
    if more > 0 {
        writeln!(text, "# and {}", count(more as u64, "more place")).expect(TAKE);
    }
}

fn place(occurrence: &Occurrence) -> String {
    let place = &occurrence.place;
    let mut line = format!("{} {}", place.kind.name(), sanitise::path(&place.name));
    if matches!(place.kind, LocationKind::CommitMessage | LocationKind::File)
        && place.name.is_empty()
    {
        let id = occurrence.object.as_deref().unwrap_or_default();
        line = format!("{} {}", place.kind.name(), id.get(..12).unwrap_or(id));
    }
    if occurrence.versions > 1 {
        write!(line, ", {}", count(occurrence.versions, "version")).expect(TAKE);
    }
    if let Some(origin) = &occurrence.introduced {
        let commit = origin.commit.get(..12).unwrap_or(&origin.commit);
        write!(line, ", since commit {commit}").expect(TAKE);
    }
    line
}

fn write_salt(text: &mut String, salt: Option<&[u8; SALT_LEN]>) {
    let Some(salt) = salt else { return };
    let digits = crate::hex::lower(salt);
    writeln!(text, "# With it, anybody can test guesses of the values below.\nsalt = \"{digits}\"")
        .expect(TAKE);
}

fn quoted(text: &str) -> toml::Value {
    toml::Value::from(text)
}

impl Plan {
    /// The plan as a file that [`Plan::read`] reads as the same plan.
    pub fn write(&self) -> String {
        let mut text = String::from("version = 1\n");
        write_salt(&mut text, self.salt.as_ref());
        match self.seal_by {
            None => {}
            Some(SealBy::Today) => text.push_str("seal-by = \"today\"\n"),
            Some(SealBy::EachCommit) => text.push_str("seal-by = \"each-commit\"\n"),
        }
        let switches = [
            (self.rekey, "rekey = true\n"),
            (self.convert_git_crypt, "convert = \"git-crypt\"\n"),
            (self.archives, "archives = true\n"),
            (self.prune_empty, "prune-empty = true\n"),
        ];
        text.extend(switches.iter().filter(|(on, _)| *on).map(|(_, line)| *line));
        for seal in &self.seal {
            let pattern = quoted(seal.pattern.as_str());
            writeln!(text, "\n[[seal]]\npattern = {pattern}").expect(TAKE);
            if let Some(key) = &seal.key {
                writeln!(text, "key = {}", quoted(key.as_str())).expect(TAKE);
            }
        }
        for redact in &self.redact {
            let rule = quoted(&redact.rule);
            writeln!(text, "\n[[redact]]\nvalue = \"{}\"\nrule = {rule}", redact.value)
                .expect(TAKE);
        }
        for path in &self.drop {
            writeln!(text, "\n[[drop]]\npath = {}", quoted(path.as_str())).expect(TAKE);
        }
        for keep in &self.keep {
            match keep {
                Keep::Value(value) => write!(text, "\n[[keep]]\nvalue = \"{value}\"\n"),
                Keep::Path(path) => write!(text, "\n[[keep]]\npath = {}\n", quoted(path.as_str())),
            }
            .expect(TAKE);
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::Rank;
    use crate::detect::Secret;
    use crate::scan::findings::Location;
    use crate::scrub::plan::{Redact, Seal};

    fn finding(kind: Kind, name: &[u8], secret: Option<&[u8]>) -> Finding {
        let place = Location {
            kind: LocationKind::File,
            name: name.to_vec(),
            span: None,
            views: Vec::new(),
        };
        Finding {
            kind,
            rule: "Gitlab PAT\n[[drop]]".to_owned(),
            description: "a token\nversion = 2".to_owned(),
            also: Vec::new(),
            rank: Rank::Certain,
            secret: secret.map(Secret::new),
            fingerprint: Some("key:0a9a776d:00112233445566778899aabbccddeeff".parse().unwrap()),
            advice: String::new(),
            facts: Vec::new(),
            occurrences: vec![Occurrence::new(place)],
        }
    }

    #[test]
    fn findings_become_a_plan_that_is_read_and_tells_no_value() {
        let value = b"glpat-abcdefghijklmnop\nrekey = true";
        let findings = [
            finding(Kind::Policy, b"a/p.env", None),
            finding(Kind::Pattern, b"x\nrekey = true\n", Some(value)),
        ];
        let text = write_findings(&findings, Some(&[7; 32]));
        assert!(!text.contains("abcdefghijklmnop"), "{text}");
        let plan = Plan::read(text.as_bytes()).unwrap();
        assert_eq!(plan.salt, Some([7; 32]));
        assert!(!plan.rekey);
        assert_eq!(plan.seal[0].pattern.as_str(), "/a/p.env");
        assert_eq!(plan.redact[0].rule, "Gitlab-PAT---drop--");
        assert_eq!((plan.seal.len(), plan.redact.len(), plan.drop.len()), (1, 1, 0));
    }

    #[test]
    fn a_plan_is_written_as_it_is_read() {
        let value = "salt:0a9a776d:00112233445566778899aabbccddeeff".parse().unwrap();
        let plan = Plan {
            salt: Some([1; 32]),
            seal_by: Some(SealBy::Today),
            rekey: true,
            convert_git_crypt: true,
            archives: true,
            prune_empty: true,
            seal: vec![Seal {
                pattern: "a \"b\" \\*".parse().unwrap(),
                key: Some("prod".parse().unwrap()),
            }],
            redact: vec![Redact { value, rule: "a.b-c_d".to_owned() }],
            drop: vec!["/x".parse().unwrap()],
            keep: vec![Keep::Value(value), Keep::Path("y/**".parse().unwrap())],
        };
        assert_eq!(Plan::read(plan.write().as_bytes()).unwrap(), plan);
        assert_eq!(Plan::read(Plan::default().write().as_bytes()).unwrap(), Plan::default());
    }
}
