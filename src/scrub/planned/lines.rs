//! The lines of the top's `.gitattributes` that must be in every rewritten commit, so that old checkouts open.

use std::path::Path;

use gix::ObjectId;
use gix::bstr::ByteSlice as _;

use crate::git::GitError;
use crate::git::attributes::{DRIVER, KEY_ATTRIBUTE, OF_VALUES};
use crate::git::attributes_file::{
    AttributesFile, PatternError, Values, Wanted, seal_alike, split_pattern,
};
use crate::git::tree_attributes::{Chain, TreeAttributes};
use crate::keyring::KeyName;
use crate::scrub::plan::Seal;

/// The lines, in their order.
pub(super) struct Lines {
    /// Definitions of macros stand before all else.
    macros: Vec<Vec<u8>>,
    rules: Vec<Rule>,
}

/// A line, and the one file that it seals with which key if it is of a plan: it is not needed where others seal that file.
struct Rule {
    line: Vec<u8>,
    file: Option<(Vec<u8>, KeyName)>,
}

impl Lines {
    /// Those of today's file that say what is sealed, if `today`, then what files in folders (`nested`) seal, then what the plan
    /// does.
    pub(super) fn new(
        file: Option<&[u8]>,
        today: bool,
        nested: &[(Vec<u8>, Vec<u8>)],
        seals: &[Seal],
        values_today: impl Fn(&Seal) -> Option<Values>,
    ) -> Result<Self, PatternError> {
        let of_today = file.filter(|_| today).unwrap_or_default();
        let mut wanted = AttributesFile::of(Path::new(""), &relevant(of_today).join(&b'\n'));
        let defined = AttributesFile::of(Path::new(""), file.unwrap_or_default());
        let tracked_today = defined.tracked();
        if !seals.is_empty() {
            // Whether the tripwire is wanted is today's to say.
            wanted.set_macro(defined.macro_has_tripwire().unwrap_or(false));
        }
        let mut by_value = false;
        for (folder, text) in nested.iter().filter(|_| today) {
            for tracked in AttributesFile::of(Path::new(""), text).tracked() {
                let key = tracked.key.and_then(|key| key.parse().ok()).unwrap_or_default();
                by_value |= tracked.values.is_some();
                let (layout, values) = (Some(tracked.layout), Some(tracked.values));
                let how = Wanted { layout, values, ..Wanted::default() };
                wanted.track(&below(folder, &tracked.pattern), &key, how)?;
            }
        }
        for seal in seals {
            let key = seal.key.clone().unwrap_or_default();
            let pattern = seal.pattern.as_str().as_bytes();
            let there = tracked_today.iter().rfind(|there| there.pattern == pattern);
            let values = match there {
                Some(there) => there.values.clone(),
                None => values_today(seal),
            };
            by_value |= values.is_some();
            wanted.track(pattern, &key, Wanted { values: Some(values), ..Wanted::default() })?;
        }
        if by_value {
            wanted.set_values_macro();
        }
        let text = wanted.text();
        let (macros, rules): (Vec<_>, Vec<_>) =
            text.lines().map(<[u8]>::to_vec).partition(|line| is_macro(line));
        let rule = |line: Vec<u8>| {
            let of_line = AttributesFile::of(Path::new(""), &line).tracked();
            let is_of = |seal: &&Seal| {
                of_line.iter().any(|tracked| tracked.pattern == seal.pattern.as_str().as_bytes())
            };
            let seal = seals.iter().rev().find(is_of);
            let file = seal.and_then(|seal| {
                Some((seal.pattern.one_file()?, seal.key.clone().unwrap_or_default()))
            });
            Rule { line, file }
        };
        Ok(Self { macros, rules: rules.into_iter().map(rule).collect() })
    }

    pub(super) fn is_empty(&self) -> bool {
        self.macros.is_empty() && self.rules.is_empty()
    }

    /// The file with all lines; `None` where it has them, in this order.
    pub(super) fn added(&self, file: Option<&[u8]>) -> Option<Vec<u8>> {
        let text = file.unwrap_or_default();
        let lines: Vec<&[u8]> = text.lines().collect();
        let macros: Vec<_> = self.macros.iter().map(Vec::as_slice).collect();
        let rules = self.rules.iter().filter(|rule| !rule.is_needless(text));
        let rules: Vec<_> = rules.map(|rule| &rule.line[..]).collect();
        let has = |wanted: &[&[u8]]| {
            let mut lines = lines.iter();
            wanted.iter().all(|wanted| lines.any(|line| seal_alike(line, wanted)))
        };
        let (has_macros, has_rules) = (rules.is_empty() || has(&macros), has(&rules));
        if has_macros && has_rules {
            return None;
        }
        let mut new: Vec<&[u8]> = Vec::new();
        if !has_macros {
            new.extend(&macros);
        }
        let is_moved = |line: &&&[u8]| {
            let is = |wanted: &&[u8]| seal_alike(line, wanted);
            (!has_macros && macros.iter().any(is)) || (!has_rules && rules.iter().any(is))
        };
        new.extend(lines.iter().filter(|line| !is_moved(line)));
        if !has_rules {
            new.extend(&rules);
        }
        let mut bytes = new.join(&b'\n');
        bytes.push(b'\n');
        Some(bytes)
    }
}

impl Rule {
    /// Whether the file seals the one file of the rule already.
    fn is_needless(&self, text: &[u8]) -> bool {
        let Some((path, key)) = &self.file else { return false };
        let mut attributes = TreeAttributes::default();
        let id = ObjectId::null(gix::hash::Kind::Sha1);
        let chain = attributes.below(Chain::NONE, b"", id, || Ok::<_, GitError>(text.to_vec()));
        let said = chain.and_then(|chain| attributes.of(chain, path));
        said.is_ok_and(|said| said.sealed && said.key.is_ok_and(|said| said == *key))
    }
}

/// A pattern of a file in a folder as one at the top.
fn below(folder: &[u8], pattern: &[u8]) -> Vec<u8> {
    let mut top = vec![b'/'];
    for &byte in folder {
        if matches!(byte, b'*' | b'?' | b'[' | b'\\') {
            top.push(b'\\');
        }
        top.push(byte);
    }
    match pattern.strip_prefix(b"/") {
        Some(anchored) => top.extend(anchored),
        None if pattern.contains(&b'/') => top.extend(pattern),
        None => top.extend([b"**/", pattern].concat()),
    }
    top
}

fn is_macro(line: &[u8]) -> bool {
    line.trim_start().starts_with(b"[attr]")
}

/// Lines that set, unset or take back the filter, what names a key, or how values are sealed; and macros that do.
fn relevant(text: &[u8]) -> Vec<Vec<u8>> {
    let is_relevant = |line: &&[u8]| {
        let Some((_, end)) = split_pattern(line) else { return false };
        line[end..].fields().any(|attribute| {
            let name = attribute.trim_start_with(|c| c == '-' || c == '!');
            let name = name.split(|&byte| byte == b'=').next().unwrap_or_default();
            let is = |known: &&str| known.as_bytes() == name;
            [DRIVER, KEY_ATTRIBUTE, "filter"].iter().chain(&OF_VALUES).any(is)
        })
    };
    text.lines().filter(is_relevant).map(<[u8]>::to_vec).collect()
}

/// The key that the first matching pattern of a plan names.
pub(super) fn planned_key<'s>(seals: &'s [Seal], path: &[u8]) -> Option<&'s Option<KeyName>> {
    // As in an attributes file, the last one that matches counts.
    seals.iter().rev().find(|seal| seal.pattern.matches(path)).map(|seal| &seal.key)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::git::attributes_file::VALUES_MACRO_LINE;

    fn seal(pattern: &str, key: Option<&str>) -> Seal {
        Seal { pattern: pattern.parse().unwrap(), key: key.map(|key| key.parse().unwrap()) }
    }

    fn added(lines: &Lines, file: &str) -> Option<String> {
        let file = (!file.is_empty()).then_some(file.as_bytes());
        lines.added(file).map(|text| String::from_utf8(text).unwrap())
    }

    const SEAL: &str = "filter=shroud diff=shroud merge=shroud -text";
    const EXCEPTION: &str = ".gitattributes !shroud !filter !diff !merge !text\n.gitignore !shroud !filter !diff !merge !text\n";
    const MACRO: &str = "[attr]shroud filter=shroud diff=shroud merge=shroud -text -delta";

    #[test]
    fn lines_of_today_come_in_their_order_and_only_once() {
        let today = format!("{MACRO}\n*.txt text\n*.env shroud\nfree.env !filter\n");
        let lines = Lines::new(Some(today.as_bytes()), true, &[], &[], |_| None).unwrap();
        assert_eq!(added(&lines, &today), None);
        let rules = "*.env shroud\nfree.env !filter\n";
        assert_eq!(added(&lines, ""), Some(format!("{MACRO}\n{rules}")));
        assert_eq!(
            added(&lines, "*.md text\nfree.env !filter"),
            Some(format!("{MACRO}\n*.md text\n{rules}"))
        );
        assert_eq!(
            added(&lines, &format!("a text\n{MACRO}\n")),
            Some(format!("a text\n{MACRO}\n{rules}"))
        );
        assert!(Lines::new(Some(today.as_bytes()), false, &[], &[], |_| None).unwrap().is_empty());
        assert!(Lines::new(None, true, &[], &[], |_| None).unwrap().is_empty());
    }

    #[test]
    fn a_file_that_others_seal_needs_no_line_of_its_own() {
        let seals = [seal("/a/p.env", None)];
        let lines = Lines::new(None, false, &[], &seals, |_| None).unwrap();
        let tracked = format!("{MACRO}\n*.env shroud\n");
        assert_eq!(added(&lines, &tracked), None);
        let line = &format!("/a/p.env shroud {SEAL}\n");
        assert_eq!(added(&lines, ""), Some(format!("{MACRO}\n{line}")));
        for more in ["p.env !filter\n", "a/* shroud-key=prod\n"] {
            let text = format!("{tracked}{more}");
            assert_eq!(added(&lines, &text), Some(format!("{text}{line}")));
        }
    }

    #[test]
    fn lines_in_folders_come_to_the_top() {
        let today = format!("{MACRO}\n");
        let nested =
            [(b"a[b/".to_vec(), b"*.env shroud shroud-key=prod\n/x shroud\nc/* shroud\n".to_vec())];
        let lines = Lines::new(Some(today.as_bytes()), true, &nested, &[], |_| None).unwrap();
        let rules = format!(
            "/a\\[b/**/*.env shroud shroud-key=prod {SEAL}\n/a\\[b/x shroud {SEAL}\n/a\\[b/c/* shroud {SEAL}\n{EXCEPTION}"
        );
        assert_eq!(added(&lines, ""), Some(format!("{MACRO}\n{rules}")));
    }

    /// Else an old checkout would seal whole what its history holds by value, and today's file would have two lines for it.
    #[test]
    fn lines_say_what_today_seals_by_value() {
        const VALUES: &str = "filter=shroud diff=shroud-values merge=shroud -text";
        let line = format!("conf/** shroud-values shroud-clear=LOG shroud-by=value {VALUES}");
        let macros = format!("{MACRO}\n{VALUES_MACRO_LINE}");
        let today = format!("{macros}\n{line}\n{EXCEPTION}conf/x.env shroud-format=ini\n");
        let seals = [seal("conf/**", None)];
        let lines = Lines::new(Some(today.as_bytes()), false, &[], &seals, |_| None).unwrap();
        assert_eq!(added(&lines, &today), None);
        assert_eq!(added(&lines, ""), Some(format!("{macros}\n{line}\n{EXCEPTION}")));
        let all = Lines::new(Some(today.as_bytes()), true, &[], &[], |_| None).unwrap();
        assert_eq!(added(&all, "").unwrap(), today);
        // A single file is sealed as its path is today, and what folders say is said at the top.
        let values = |_: &Seal| Some(Values { format: None, clear: Some("LOG".to_owned()) });
        let lines = Lines::new(None, false, &[], &[seal("/a.env", None)], values).unwrap();
        let only = format!("/a.env shroud-values shroud-clear=LOG shroud-by=value {VALUES}\n");
        assert_eq!(added(&lines, ""), Some(format!("{macros}\n{only}")));
        let nested = [(b"a/".to_vec(), format!("*.env {VALUES} shroud-by=value\n").into_bytes())];
        let lines = Lines::new(None, true, &nested, &[], |_| None).unwrap();
        assert!(added(&lines, "").unwrap().contains("/a/**/*.env shroud-values shroud-by=value "));
    }

    #[test]
    fn patterns_of_the_plan_become_lines() {
        let seals = [seal("*.pem", None), seal("prod/**", Some("prod"))];
        let lines = Lines::new(None, false, &[], &seals, |_| None).unwrap();
        let all = format!(
            "{MACRO}\n*.pem shroud {SEAL}\nprod/** shroud shroud-key=prod {SEAL}\n{EXCEPTION}"
        );
        assert_eq!(added(&lines, ""), Some(all.clone()));
        assert_eq!(added(&lines, &all), None);
        assert_eq!(planned_key(&seals, b"prod/x.pem"), Some(&Some("prod".parse().unwrap())));
        assert_eq!(planned_key(&seals, b"x.pem"), Some(&None));
        assert_eq!(planned_key(&seals, b"x"), None);
    }
}
