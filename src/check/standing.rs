//! What is wrong with a file of a tree, whatever was there before.

use std::path::Path;
use std::rc::Rc;

use gix::ObjectId;

use super::Problem;
use super::content::Content;
use super::described::{Described, MAX_KEY_FILE};
use super::judge::{Judge, Verdict, attributes_text};
use crate::git::GitError;
use crate::git::attributes::PathAttributes;
use crate::git::attributes_file::{AttributesFile, MACRO_DOES_NOT_SEAL, oddity};
use crate::git::own_files::is_own;
use crate::git::tree_attributes::FILE_NAME;
use crate::git_crypt::{InvalidName, Name};
use crate::store::shroud_dir::{File, KeyInfo, Member};
use crate::values::Mode;

impl Judge<'_> {
    /// What is wrong with a file whatever was there before.
    pub(super) fn standing(
        &mut self,
        path: &[u8],
        id: ObjectId,
        attributes: &PathAttributes,
    ) -> Result<Option<Verdict>, GitError> {
        let settled = |problem| Ok(Some((problem, None)));
        if is_own(path) {
            if attributes.is_encrypted()
                || matches!(self.blobs.seemingly_sealed(id)?, Some(Content::Sealed(..)))
            {
                return settled(Problem::OwnFile);
            }
            if let Some(why) = self.odd_attributes(path, id)? {
                return settled(Problem::Conversion(why));
            }
            return Ok(self.malformed_own_file(path, id)?.map(|problem| (problem, None)));
        }
        if let Some(conflict) = &attributes.conflict {
            return settled(Problem::Conversion(conflict.clone()));
        }
        if let Some(name) = &attributes.git_crypt {
            return Ok(self.standing_of_git_crypt(id, name)?.map(|problem| (problem, None)));
        }
        if !attributes.sealed {
            let key = match self.blobs.seemingly_sealed(id)? {
                Some(Content::Sealed(key, _)) => Some(key),
                _ => self.blobs.value_key(path, id)?,
            };
            let Some(key) = key else { return Ok(None) };
            let known = self.known()?.names_of(key).next().is_some();
            return Ok(Some((Problem::NotTracked(key), (!known).then_some((key, None)))));
        }
        if let Some(conversion) = &attributes.conversion {
            return settled(Problem::Conversion(conversion.to_string()));
        }
        let wanted = match &attributes.key {
            Ok(wanted) => wanted,
            Err(error) => return settled(Problem::BadKeyName(error.to_string())),
        };
        let mode = match Mode::of(attributes, path) {
            Ok(mode) => mode,
            Err(why) => return settled(Problem::Conversion(why)),
        };
        match self.blobs.content(id)? {
            Content::Missing | Content::Empty => Ok(None),
            Content::Plain => self.standing_by_value(path, id, mode.as_ref(), wanted),
            Content::GitCrypt { .. } => settled(Problem::GitCrypt),
            Content::Damaged(why) => settled(Problem::Damaged(why)),
            Content::Newer(why) => settled(Problem::Newer(why)),
            Content::Sealed(key, _) => {
                // Under a second name it may be a copy: then history decides.
                if self.known()?.names_of(key).eq([wanted.as_str()]) {
                    return Ok(None);
                }
                Ok(Some((Problem::UnknownKey(key), Some((key, Some(wanted.clone()))))))
            }
        }
    }

    fn standing_of_git_crypt(
        &mut self,
        id: ObjectId,
        name: &Result<Name, InvalidName>,
    ) -> Result<Option<Problem>, GitError> {
        if let Err(error) = name {
            return Ok(Some(Problem::BadKeyName(error.to_string())));
        }
        Ok(match self.blobs.content(id)? {
            Content::Missing | Content::Empty => None,
            // What begins so and is no whole header git-crypt takes for plaintext.
            Content::GitCrypt { whole: false, .. } => Some(Problem::Plaintext),
            Content::GitCrypt { twice, .. } => twice.then_some(Problem::EncryptedTwice),
            Content::Sealed(..) => Some(Problem::SealedForGitCrypt),
            Content::Plain | Content::Damaged(_) | Content::Newer(_) => Some(Problem::Plaintext),
        })
    }

    /// The keys that the subject's own `.shroud/` describes.
    pub(super) fn known(&mut self) -> Result<Rc<Described>, GitError> {
        if let Some(known) = &self.known {
            return Ok(Rc::clone(known));
        }
        let known = self.keys.of_tree(self.blobs.database, self.root, &mut self.blobs.missing)?;
        self.known = Some(Rc::clone(&known));
        Ok(known)
    }

    /// Whether a file with attributes defines a macro that does not seal, or is one that git reads otherwise.
    fn odd_attributes(&self, path: &[u8], id: ObjectId) -> Result<Option<String>, GitError> {
        if !path.ends_with(FILE_NAME) {
            return Ok(None);
        }
        let Some(text) = attributes_text(self.blobs.database, id)? else { return Ok(None) };
        let file = AttributesFile::of(Path::new(""), &text);
        if path == FILE_NAME && file.macro_has_tripwire().is_some() && !file.macro_seals() {
            return Ok(Some(MACRO_DOES_NOT_SEAL.to_owned()));
        }
        Ok(oddity(&text))
    }

    fn malformed_own_file(
        &mut self,
        path: &[u8],
        id: ObjectId,
    ) -> Result<Option<Problem>, GitError> {
        let file = std::str::from_utf8(path).ok().and_then(File::recognise);
        let Some(file) = file else { return Ok(None) };
        match self.blobs.database.header(id)? {
            Some((_, len)) if len > MAX_KEY_FILE => {
                let why = format!("it has {len} bytes; at most {MAX_KEY_FILE} are read");
                return Ok(Some(Problem::Damaged(why)));
            }
            Some(_) => {}
            None => {
                self.blobs.missing.insert(id);
                return Ok(None);
            }
        }
        let Some(bytes) = self.blobs.database.file(id, MAX_KEY_FILE)? else { return Ok(None) };
        let (malformed, is_newer) = match &file {
            File::Key(name) => (KeyInfo::parse(&bytes, name).err(), KeyInfo::is_newer(&bytes)),
            File::Member(key, stem) => {
                (Member::parse(&bytes, key, stem).err(), Member::is_newer(&bytes))
            }
        };
        Ok(malformed.map(|error| Problem::of_unreadable(error.to_string(), is_newer)))
    }
}
