//! Encrypted values in a YAML file: each `!vault` becomes the string that it holds, in double quotes, and every other byte stays.

use std::ops::Range;

use super::{TAG, VAULT};
use crate::config_format::{Format, Item, Tie, quoted};
use crate::import::ImportError;
use crate::import::tool::Source;
use crate::secret::WipedVec;

/// A value that is a vault.
struct Vault {
    /// Its bytes in the file, with its tag.
    range: Range<usize>,
    /// What is encrypted.
    text: Vec<u8>,
    line: usize,
}

/// The file with what `open` makes of each vault.
///
/// # Errors
/// It does not read as YAML, a value is no text, or `open` fails.
pub(super) fn exchange(
    source: &Source<'_>,
    open: impl Fn(&[u8]) -> Result<WipedVec, ImportError>,
) -> Result<WipedVec, ImportError> {
    let refused =
        |why: String| ImportError::Values { path: crate::sanitise::path(source.path), why };
    let does_not_read = |line, why: &str| {
        refused(format!(
            "it does not read as YAML (line {line}, {why}), so its encrypted values cannot be exchanged; 'ansible-vault decrypt' one by one, or fix the line"
        ))
    };
    let bytes = source.bytes;
    let document =
        Format::Yaml.parse(bytes).map_err(|doubt| does_not_read(doubt.line, doubt.why))?;
    let mut vaults = Vec::new();
    for item in document.items.iter().filter(|item| is_vault(item)) {
        let found = vault(bytes, item);
        vaults.push(
            found
                .ok_or_else(|| does_not_read(item.line, "the tag of the value is not '!vault'"))?,
        );
    }
    let mut plaintext = WipedVec::with_capacity(2 * bytes.len());
    let mut expected = Vec::with_capacity(vaults.len());
    let mut at = 0;
    for vault in &vaults {
        let opened = open(&vault.text)?;
        let text = std::str::from_utf8(&opened).map_err(|_| {
            refused(format!("the value on line {} is not text in UTF-8", vault.line))
        })?;
        plaintext.reserve_wiping(vault.range.start - at + 6 * text.len() + 16);
        plaintext.extend_from_slice(&bytes[at..vault.range.start]);
        plaintext.extend_from_slice(quoted(text).as_bytes());
        at = vault.range.end;
        expected.push(opened);
    }
    plaintext.reserve_wiping(bytes.len() - at);
    plaintext.extend_from_slice(&bytes[at..]);
    let again =
        Format::Yaml.parse(&plaintext).map_err(|doubt| does_not_read(doubt.line, doubt.why))?;
    let values = document.items.iter().scan(expected.iter(), |expected, item| {
        Some(if is_vault(item) {
            expected.next().map(|value| &value[..])
        } else {
            Some(item.text.as_bytes())
        })
    });
    let is_same = again.items.len() == document.items.len()
        && again.items.iter().zip(&document.items).zip(values).all(|((new, old), value)| {
            new.path == old.path && value.is_some_and(|value| value == new.text.as_bytes())
        });
    match is_same {
        true => Ok(plaintext),
        false => Err(does_not_read(
            vaults.first().map_or(1, |vault| vault.line),
            "its values would be read otherwise",
        )),
    }
}

fn is_vault(item: &Item) -> bool {
    item.tie != Tie::Alias
        && item.tie != Tie::Shared
        && item.is_scalar()
        && item.text.trim_start().as_bytes().starts_with(VAULT)
}

/// The bytes of a vault and its tag, without the line ends behind it.
fn vault(bytes: &[u8], item: &Item) -> Option<Vault> {
    let before = bytes[..item.value.start].trim_ascii_end();
    let start = before.len().checked_sub(TAG.len())?;
    // As 'encrypt_string' writes it; there is an older name too.
    let start = match &before[start..] {
        tag if tag == TAG => start,
        _ => {
            let tag = before.strip_suffix(b"-encrypted")?;
            tag.len().checked_sub(TAG.len()).filter(|start| tag[*start..] == *TAG)?
        }
    };
    let value = &bytes[item.value.clone()];
    let end = item.value.start + value.trim_ascii_end().len();
    Some(Vault { range: start..end, text: item.text.trim().as_bytes().to_vec(), line: item.line })
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn exchanged(text: &str) -> Result<String, ImportError> {
        let source = Source {
            path: b"a.yml",
            file: Path::new("/a.yml"),
            top: Path::new("/"),
            bytes: text.as_bytes(),
        };
        let open = |vault: &[u8]| {
            assert!(vault.starts_with(b"$ANSIBLE_VAULT;1.1;AES256\n") && !vault.contains(&b' '));
            let mut plaintext = WipedVec::default();
            plaintext.extend_from_slice(b"two\n\"lines\"");
            Ok(plaintext)
        };
        exchange(&source, open).map(|bytes| String::from_utf8(bytes.to_vec()).unwrap())
    }

    #[test]
    fn every_vault_becomes_its_string_and_all_else_stays() {
        let vault =
            "!vault |\n          $ANSIBLE_VAULT;1.1;AES256\n          3161\n          6263\n";
        let text = format!(
            "---\n# note\na: {vault}b:  plain # c\nl:\n  - {vault}  - x: {vault}\n\nc: 1.10\n"
        );
        let expected = "---\n# note\na: \"two\\n\\\"lines\\\"\"\nb:  plain # c\nl:\n  - \"two\\n\\\"lines\\\"\"\n  - x: \"two\\n\\\"lines\\\"\"\n\n\nc: 1.10\n";
        assert_eq!(exchanged(&text).unwrap(), expected);
        let without_end = format!("a: {}", vault.trim_end());
        assert_eq!(exchanged(&without_end).unwrap(), "a: \"two\\n\\\"lines\\\"\"");
    }

    #[test]
    fn what_is_in_doubt_is_refused_with_its_line() {
        for (text, says) in [
            ("a: 1\nb: {{ x }}: |\n", "line 2"),
            ("a: !other |\n  $ANSIBLE_VAULT;1.1;AES256\n  3161\n", "line 1"),
        ] {
            let error = exchanged(text).unwrap_err().to_string();
            assert!(error.contains(says), "{error}");
        }
    }
}
