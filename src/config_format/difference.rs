//! How two versions of a file differ, without a word of what they hold: names of keys, and numbers of lines.

use std::collections::BTreeMap;

use super::Format;

/// Bytes in which git looks for a zero byte, which makes a file binary.
const BINARY_CHECK: usize = 8000;

/// A difference that can be shown to anybody.
#[derive(Debug, PartialEq, Eq)]
pub enum Difference {
    /// By keys, each sorted; all empty where only comments, blank lines or the layout differ.
    Keys {
        /// Keys that only the new version has.
        added: Vec<String>,
        /// Keys that only the old version has.
        removed: Vec<String>,
        /// Keys that are written differently.
        changed: Vec<String>,
    },
    /// The file is none that is read by keys.
    Lines {
        /// Lines that only the new version has.
        added: usize,
        /// Lines that only the old version has.
        removed: usize,
    },
    /// Not text.
    Binary,
}

/// Compares two versions of the file at a path, whose name says which format it has.
///
/// # Errors
/// libgit2's, as for a file too large for it to compare.
pub fn difference(path: &[u8], old: &[u8], new: &[u8]) -> Result<Difference, git2::Error> {
    let is_binary = |bytes: &[u8]| bytes[..bytes.len().min(BINARY_CHECK)].contains(&0);
    if is_binary(old) || is_binary(new) {
        return Ok(Difference::Binary);
    }
    if let Some(format) = Format::of_path(path)
        && let (Some(old), Some(new)) = (values(format, old), values(format, new))
    {
        let without = |keys: &Values<'_>, other: &Values<'_>| {
            keys.keys().filter(|key| !other.contains_key(*key)).cloned().collect()
        };
        let differ =
            |(key, value): &(&String, &Vec<&[u8]>)| old.get(*key).is_some_and(|old| old != *value);
        return Ok(Difference::Keys {
            added: without(&new, &old),
            removed: without(&old, &new),
            changed: new.iter().filter(differ).map(|(key, _)| key.clone()).collect(),
        });
    }
    let patch = git2::Patch::from_buffers(old, None, new, None, None)?;
    let (_, added, removed) = patch.line_stats()?;
    Ok(Difference::Lines { added, removed })
}

/// What is at each name; more than once where the name is.
type Values<'t> = BTreeMap<String, Vec<&'t [u8]>>;

fn values(format: Format, bytes: &[u8]) -> Option<Values<'_>> {
    let mut values = Values::new();
    let document = format.parse(bytes).ok()?;
    for (at, item) in document.items.iter().enumerate() {
        if item.is_scalar() || document.is_empty(at) {
            let value = bytes[item.value.clone()].trim_ascii();
            values.entry(item.full_name()).or_default().push(value);
        }
    }
    Some(values)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn compare(path: &str, old: &str, new: &str) -> Difference {
        difference(path.as_bytes(), old.as_bytes(), new.as_bytes()).unwrap()
    }

    fn keys(added: &[&str], removed: &[&str], changed: &[&str]) -> Difference {
        let owned = |keys: &[&str]| keys.iter().map(|key| (*key).to_owned()).collect();
        Difference::Keys { added: owned(added), removed: owned(removed), changed: owned(changed) }
    }

    #[test]
    fn keys_are_named_and_lines_counted() {
        assert_eq!(compare(".env", "A=1\nB=2\n", "# c\nC=3\nB=3\n"), keys(&["C"], &["A"], &["B"]));
        assert_eq!(compare(".env", "", "A=1"), keys(&["A"], &[], &[]));
        assert_eq!(compare(".env", "A=1\nA=2\n", "A=1\n"), keys(&[], &[], &["A"]));
        assert_eq!(compare(".env", "A=1\nB=2\n", "#\nB=2\r\nA=1"), keys(&[], &[], &[]));
        assert_eq!(compare("a.ini", "[a]\nb=1\n", "[c]\nb=1\n"), keys(&["c.b"], &["a.b"], &[]));
        let json = "{\n  \"a\": {\n    \"b\": 1\n  }\n}\n";
        let indented = json.replace("  ", "\t").replace("1\n", "1,\n\"c\": 2\n");
        assert_eq!(compare("a.json", json, &indented), keys(&["a.c"], &[], &[]));
        assert_eq!(
            compare("key", "a\nb\n", "a\nc\nd\n"),
            Difference::Lines { added: 2, removed: 1 }
        );
        assert_eq!(compare("key", "a\0", "b"), Difference::Binary);
        // What is no name in doubt is counted and not shown.
        let pasted = "QWxsIG1vbmV5IGlzIGhlcmU=\n";
        assert_eq!(compare(".env", "", pasted), Difference::Lines { added: 1, removed: 0 });
    }
}
