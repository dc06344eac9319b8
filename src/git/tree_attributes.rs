//! What the attributes of a tree say of a path, as every clone of it has them: only the `.gitattributes` in the tree
//! count, neither `info/attributes` nor those of user and system.

use std::collections::HashMap;
use std::path::Path;
use std::rc::Rc;

use gix::ObjectId;
use gix::attrs::Search;
use gix::attrs::search::{MetadataCollection, Outcome};
use gix::bstr::{BStr, ByteSlice as _};
use gix::glob::pattern::Case;

use super::GitError;
use super::attribute_names::NAMES;
use super::attributes::PathAttributes;
use super::attributes_file::{as_git_reads, oddity};

/// The name of a file with attributes.
pub const FILE_NAME: &[u8] = b".gitattributes";
/// Sets of files that are remembered at most.
const REMEMBERED: usize = 1024;

/// The `.gitattributes` files from the top of a tree to a folder; two that are equal say the same of every path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Chain(Option<usize>);

impl Chain {
    /// No file at all.
    pub const NONE: Self = Self(None);
}

struct Link {
    above: Chain,
    folder: Vec<u8>,
    content: Rc<[u8]>,
    /// What git reads otherwise in this file or one above, with the file.
    odd: Option<Rc<str>>,
    search: Option<(Search, Outcome)>,
    /// As git reads the files, where one is odd.
    of_git: Option<(Search, Outcome)>,
}

/// Looks attributes up in trees, each set of files parsed once.
#[derive(Default)]
pub struct TreeAttributes {
    links: Vec<Link>,
    known: HashMap<(Chain, Vec<u8>, ObjectId), Chain>,
}

impl TreeAttributes {
    /// Forgets what was read if it is much; every [`Chain`] but `NONE` is void then.
    pub fn shrink(&mut self) {
        if self.links.len() > REMEMBERED {
            *self = Self::default();
        }
    }

    /// The chain with the file of one more folder, which is empty or ends with a slash.
    ///
    /// # Errors
    /// What `content`, the file's, returns.
    pub fn below<E>(
        &mut self,
        above: Chain,
        folder: &[u8],
        file: ObjectId,
        content: impl FnOnce() -> Result<Vec<u8>, E>,
    ) -> Result<Chain, E> {
        let key = (above, folder.to_vec(), file);
        if let Some(&chain) = self.known.get(&key) {
            return Ok(chain);
        }
        let content: Rc<[u8]> = content()?.into();
        let chain = Chain(Some(self.links.len()));
        let odd = oddity(&content).map(|why| {
            let file = crate::sanitise::path(&[folder, FILE_NAME].concat());
            format!("git reads {file} differently: {why}").into()
        });
        let odd = odd.or_else(|| self.links[above.0?].odd.clone());
        self.links.push(Link {
            above,
            folder: folder.to_vec(),
            content,
            odd,
            search: None,
            of_git: None,
        });
        self.known.insert(key, chain);
        Ok(chain)
    }

    /// The attributes of a path whose folder has this chain.
    ///
    /// # Errors
    /// A folder's name is none on this system.
    pub fn of(&mut self, chain: Chain, path: &[u8]) -> Result<PathAttributes, GitError> {
        let Chain(Some(at)) = chain else { return Ok(PathAttributes::none()) };
        if self.links[at].search.is_none() {
            self.links[at].search = Some(self.parse(chain, false)?);
        }
        let found = look(self.links[at].search.as_mut().expect("it was made above"), path);
        let Some(odd) = self.links[at].odd.clone() else { return Ok(found) };
        if self.links[at].of_git.is_none() {
            self.links[at].of_git = Some(self.parse(chain, true)?);
        }
        let of_git = look(self.links[at].of_git.as_mut().expect("it was made above"), path);
        // Versions of git differ: whatever any of them may seal is in doubt.
        let is_in_doubt =
            [&found, &of_git].iter().any(|of| of.is_encrypted() || of.conflict.is_some());
        let conflict = is_in_doubt.then(|| odd.to_string());
        Ok(PathAttributes { conflict: conflict.or(found.conflict), ..found })
    }

    fn parse(&self, chain: Chain, as_git: bool) -> Result<(Search, Outcome), GitError> {
        let mut links = Vec::new();
        let mut next = chain;
        while let Chain(Some(at)) = next {
            links.push(&self.links[at]);
            next = self.links[at].above;
        }
        let mut names = MetadataCollection::default();
        // With git's own macro 'binary', and no file of the system.
        let mut search = Search::new_globals(None::<&Path>, &mut Vec::new(), &mut names)?;
        for link in links.into_iter().rev() {
            let source = [&link.folder, FILE_NAME].concat();
            let source = gix::path::from_bstr(<&BStr>::from(source.as_slice()))
                .map_err(GitError::read)?
                .into_owned();
            // git takes macros from the top alone (gitattributes, "Defining macro attributes").
            let macros = link.folder.is_empty();
            let top = Some(Path::new(""));
            let content = if as_git { &as_git_reads(&link.content) } else { &link.content[..] };
            search.add_patterns_buffer(content, source, top, &mut names, macros)?;
        }
        let mut outcome = Outcome::default();
        outcome.initialize_with_selection(&names, NAMES);
        Ok((search, outcome))
    }
}

fn look((search, outcome): &mut (Search, Outcome), path: &[u8]) -> PathAttributes {
    outcome.reset();
    // A server does not know how a client's file system takes case: as the bytes are.
    search.pattern_matching_relative_path(path.as_bstr(), Case::Sensitive, Some(false), outcome);
    PathAttributes::from_outcome(Vec::new(), outcome, None)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn below(attributes: &mut TreeAttributes, above: Chain, folder: &str, text: &str) -> Chain {
        let id =
            gix::objs::compute_hash(gix::hash::Kind::Sha1, gix::objs::Kind::Blob, text.as_bytes())
                .unwrap();
        let content = || Ok::<_, std::convert::Infallible>(text.into());
        attributes.below(above, folder.as_bytes(), id, content).unwrap()
    }

    #[test]
    fn files_of_folders_outrank_those_above_and_define_no_macro() {
        let mut attributes = TreeAttributes::default();
        let top = "[attr]shroud filter=shroud -text\ns/** shroud\n* shroud-key=prod\n";
        let top = below(&mut attributes, Chain::NONE, "", top);
        let nested = "[attr]shroud filter=other\nopen -filter\nx/** shroud\n";
        let inner = below(&mut attributes, top, "s/", nested);
        assert_eq!(below(&mut attributes, top, "s/", nested), inner);
        let sealed = |attributes: &mut TreeAttributes, chain, path: &str| {
            attributes.of(chain, path.as_bytes()).unwrap().sealed
        };
        assert!(!sealed(&mut attributes, Chain::NONE, "s/a"));
        assert!(sealed(&mut attributes, top, "s/open"));
        assert!(!sealed(&mut attributes, top, "a"));
        assert!(!sealed(&mut attributes, inner, "s/open"));
        assert!(sealed(&mut attributes, inner, "s/x/y"));
        let of = attributes.of(inner, b"s/open").unwrap();
        assert_eq!(of.filter.unwrap().text, "-filter");
        assert_eq!(of.key.unwrap().as_str(), "prod");
    }
}
