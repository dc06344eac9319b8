//! What git itself says of paths' attributes, in one batch, to hold it against what this program reads.

use std::collections::HashMap;

use gix::attrs::StateRef;

use super::GitError;
use super::attributes::{PathAttributes, conversion};
use super::repository::Repository;

const FILTER: &str = "filter";
const KEY: &str = "shroud-key";
/// In the order in which git is asked.
const NAMES: [&str; 7] = [FILTER, KEY, "text", "crlf", "eol", "ident", "working-tree-encoding"];

/// What git says of the paths that it filters with this program or git-crypt.
pub struct OfGit(HashMap<Vec<u8>, Said>);

#[derive(Default, PartialEq, Eq)]
struct Said {
    /// `filter=…`; empty where git-shroud and git-crypt have nothing to do with the path.
    filter: String,
    key: Option<String>,
    /// The attribute by which git would change sealed bytes.
    conversion: Option<String>,
}

impl OfGit {
    /// Asks git about these paths, which are relative to the top of the worktree.
    ///
    /// # Errors
    /// git fails.
    pub fn ask<'p>(
        repository: &Repository,
        paths: impl IntoIterator<Item = &'p [u8]>,
    ) -> Result<Self, GitError> {
        let mut input = Vec::new();
        for path in paths {
            input.extend_from_slice(path);
            input.push(0);
        }
        let mut said = HashMap::new();
        if input.is_empty() {
            return Ok(Self(said));
        }
        let fixed = ["check-attr", "-z", "--stdin"];
        let answer = repository.git.run_with_input(fixed.iter().chain(&NAMES), &input)?;
        let fields: Vec<&[u8]> = answer.split(|&byte| byte == 0).collect();
        // Each answer is a path, a name and a value.
        for record in fields.chunks_exact(3 * NAMES.len()) {
            let value = |name: &str| {
                let at = NAMES.iter().position(|known| *known == name)?;
                Some(record[3 * at + 2])
            };
            let state = |name| match value(name) {
                None | Some(b"unspecified") => StateRef::Unspecified,
                Some(b"set") => StateRef::Set,
                Some(b"unset") => StateRef::Unset,
                Some(value) => StateRef::from_bytes(value),
            };
            let filter = String::from_utf8_lossy(value(FILTER).unwrap_or_default()).into_owned();
            if filter != "shroud" && !filter.starts_with("git-crypt") {
                continue;
            }
            let key = match state(KEY) {
                StateRef::Value(key) => Some(String::from_utf8_lossy(key.as_bstr()).into_owned()),
                _ => None,
            };
            let conversion = conversion(&state).map(str::to_owned);
            said.insert(record[0].to_vec(), Said { filter, key, conversion });
        }
        Ok(Self(said))
    }

    /// How git's reading differs from this program's, as a sentence; `None` where they agree.
    pub fn differs(&self, path: &[u8], ours: &PathAttributes) -> Option<String> {
        let none = Said::default();
        let git = self.0.get(path).unwrap_or(&none);
        let is_ours = ours.is_encrypted();
        if !is_ours && git.filter.is_empty() {
            return None;
        }
        let place = ours.filter.as_ref().map(|set| format!(" {set}")).unwrap_or_default();
        if is_ours && git.filter.is_empty() {
            return Some(format!(
                "git does not filter it, so it stores plaintext: git reads{place} differently"
            ));
        }
        let filter = ours.filter.as_ref().and_then(|set| set.text.strip_prefix("filter="));
        if !is_ours || filter != Some(&git.filter) {
            let filter = crate::sanitise::line(&git.filter);
            return Some(format!("git reads its attributes differently: filter={filter}"));
        }
        let key =
            ours.key_setting.as_ref().and_then(|set| set.text.split_once('=')).map(|(_, key)| key);
        // That a line ending may be changed in a file sealed by value is this program's own rule.
        let converted = ours.conversion.as_ref().filter(|set| !set.text.ends_with(" -text"));
        let converted = converted.map(|set| set.text.trim_start_matches('-'));
        let converted = converted.and_then(|text| text.split('=').next());
        if ours.sealed && key != git.key.as_deref() {
            let key = crate::sanitise::line(git.key.as_deref().unwrap_or("default"));
            return Some(format!("git reads its attributes differently: the key is '{key}'"));
        }
        (converted != git.conversion.as_deref()).then(|| {
            "git reads the attributes that would change sealed bytes differently".to_owned()
        })
    }
}
