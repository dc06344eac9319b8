//! The manifest: what an encrypted remote holds, as its members see it (docs/format.md, section 9.3).
//!
//! One writer and one reader: a text that the writer would not have written is refused. Knows no file system, clock or process.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::newer::Newer;

const VERSION: u32 = 1;
/// Bytes of the longest sealed manifest that is read.
pub const MAX_SEALED: u64 = 16 << 20;
/// Bytes of the longest text of a manifest.
pub const MAX_TEXT: usize = 64 << 20;
/// Packs in a store at most.
const MAX_PACKS: usize = 4096;

/// SHA-256 of the sealed bytes of a file of the store.
pub type FileDigest = [u8; 32];

/// The digest of sealed bytes.
pub fn digest(sealed: &[u8]) -> FileDigest {
    Sha256::digest(sealed).into()
}

/// What the store holds after one push.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Manifest {
    /// Names the store, 32 hexadecimal digits: random, and the same for ever.
    pub repository: String,
    /// 1 for the first manifest; each push adds one.
    pub generation: u64,
    /// The digest of the manifest before it; `None` for the first.
    pub previous: Option<FileDigest>,
    /// `sha1` or `sha256`: how the objects are named.
    pub object_format: String,
    /// The ref that HEAD names; it need not be there.
    pub head: Option<String>,
    /// The refs, by name.
    pub refs: BTreeMap<String, Ref>,
    /// The packs, in the order in which they must be taken: one may be based on those before it.
    pub packs: Vec<Pack>,
    /// The generation of the key that sealed this.
    pub key_generation: u32,
    /// The digest of the members' file.
    pub members: FileDigest,
    /// The digest of the file of earlier keys; `None` before the first rotation.
    pub retired: Option<FileDigest>,
    /// The digest of the file of earlier manifests' digests; `None` before the history was cut off first.
    pub chain: Option<FileDigest>,
}

/// Where a ref leads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ref {
    /// The object.
    pub id: String,
    /// What is behind it, where it is an annotated tag.
    pub peeled: Option<String>,
}

/// One pack, in one or more sealed files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pack {
    /// The files, in order; each is named by the first 16 bytes of its digest, 32 hexadecimal digits.
    pub files: Vec<String>,
    /// Bytes of the pack, unsealed.
    pub bytes: u64,
    /// How many objects are in it.
    pub objects: u64,
    /// All that these objects lead to is in this pack or in one before it.
    pub tips: Vec<String>,
}

impl Pack {
    /// Names it in a store.
    pub fn name(&self) -> &str {
        self.files.first().map_or("", String::as_str)
    }
}

/// Why a text is no manifest.
#[derive(Debug, thiserror::Error)]
pub enum ManifestError {
    /// A later version.
    #[error("{0}")]
    Newer(Newer),
    /// What is wrong with it.
    #[error("the manifest is wrong: {0}")]
    Malformed(String),
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct ManifestToml {
    version: u32,
    repository: String,
    generation: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    previous: Option<String>,
    object_format: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    head: Option<String>,
    key_generation: u32,
    members: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    retired: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    chain: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    refs: Vec<RefToml>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    packs: Vec<PackToml>,
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct RefToml {
    name: String,
    id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    peeled: Option<String>,
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct PackToml {
    files: Vec<String>,
    bytes: u64,
    objects: u64,
    tips: Vec<String>,
}

impl Manifest {
    /// The text that is sealed.
    pub fn to_text(&self) -> String {
        let hex = |digest: &FileDigest| crate::hex::lower(digest);
        let toml = ManifestToml {
            version: VERSION,
            repository: self.repository.clone(),
            generation: self.generation,
            previous: self.previous.as_ref().map(hex),
            object_format: self.object_format.clone(),
            head: self.head.clone(),
            key_generation: self.key_generation,
            members: hex(&self.members),
            retired: self.retired.as_ref().map(hex),
            chain: self.chain.as_ref().map(hex),
            refs: self
                .refs
                .iter()
                .map(|(name, to)| RefToml {
                    name: name.clone(),
                    id: to.id.clone(),
                    peeled: to.peeled.clone(),
                })
                .collect(),
            packs: self
                .packs
                .iter()
                .map(|pack| PackToml {
                    files: pack.files.clone(),
                    bytes: pack.bytes,
                    objects: pack.objects,
                    tips: pack.tips.clone(),
                })
                .collect(),
        };
        toml::to_string(&toml).expect("strings and numbers can be written")
    }

    /// Reads the text that was sealed.
    ///
    /// # Errors
    /// It is of a later version, or is not what [`Self::to_text`] writes.
    pub fn parse(bytes: &[u8]) -> Result<Self, ManifestError> {
        let malformed = |why: &str| ManifestError::Malformed(why.to_owned());
        if bytes.len() > MAX_TEXT {
            return Err(malformed("it is too long"));
        }
        let text = std::str::from_utf8(bytes).map_err(|_| malformed("it is not UTF-8"))?;
        if let Some(newer) = Newer::toml("encrypted repository", VERSION.into(), text) {
            return Err(ManifestError::Newer(newer));
        }
        let toml: ManifestToml = toml::from_str(text)
            .map_err(|error| ManifestError::Malformed(crate::sanitise::line(error.message())))?;
        let manifest = Self::from_toml(toml).map_err(malformed)?;
        if manifest.to_text() != text {
            return Err(malformed("it is not written in the one way there is"));
        }
        Ok(manifest)
    }

    fn from_toml(toml: ManifestToml) -> Result<Self, &'static str> {
        let digest = |text: &String| crate::hex::read::<32>(text).ok_or("a digest is no digest");
        if toml.version != VERSION {
            return Err("there is no such version");
        }
        if crate::hex::read::<16>(&toml.repository).is_none() {
            return Err("its repository is not 32 hexadecimal digits");
        }
        if (toml.generation == 1) != toml.previous.is_none() || toml.generation == 0 {
            return Err("its generation does not fit what came before it");
        }
        if toml.chain.is_some() && toml.generation == 1 {
            return Err("there is nothing before it");
        }
        if toml.key_generation == 0 || (toml.key_generation == 1) != toml.retired.is_none() {
            return Err("its key does not fit the keys before it");
        }
        let digits = match toml.object_format.as_str() {
            "sha1" => 40,
            "sha256" => 64,
            _ => return Err("its object format is neither sha1 nor sha256"),
        };
        let is_id = |id: &String| {
            id.len() == digits && id.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
        };
        let mut refs = BTreeMap::new();
        for RefToml { name, id, peeled } in toml.refs {
            if !is_ref_name(&name) || !is_id(&id) || !peeled.iter().all(is_id) {
                return Err("a ref is none that git takes");
            }
            if refs.insert(name, Ref { id, peeled }).is_some() {
                return Err("a ref is there twice");
            }
        }
        if toml.head.as_deref().is_some_and(|head| !is_ref_name(head)) {
            return Err("its head is no ref");
        }
        if toml.packs.len() > MAX_PACKS {
            return Err("it has too many packs");
        }
        let mut files = BTreeSet::new();
        for pack in &toml.packs {
            let fits = pack
                .files
                .iter()
                .all(|file| crate::hex::read::<16>(file).is_some() && files.insert(file.clone()));
            if !fits || pack.files.is_empty() || !pack.tips.iter().all(is_id) {
                return Err("a pack is none");
            }
        }
        let packs = toml.packs.into_iter().map(|PackToml { files, bytes, objects, tips }| Pack {
            files,
            bytes,
            objects,
            tips,
        });
        Ok(Self {
            repository: toml.repository,
            generation: toml.generation,
            previous: toml.previous.as_ref().map(digest).transpose()?,
            object_format: toml.object_format,
            head: toml.head,
            key_generation: toml.key_generation,
            refs,
            packs: packs.collect(),
            members: digest(&toml.members)?,
            retired: toml.retired.as_ref().map(digest).transpose()?,
            chain: toml.chain.as_ref().map(digest).transpose()?,
        })
    }

    /// Bytes of all packs together, unsealed.
    pub fn bytes(&self) -> u64 {
        self.packs.iter().map(|pack| pack.bytes).sum()
    }
}

/// Whether git takes this as the full name of a ref (git-check-ref-format), and one that this program moves: below `refs/`.
pub fn is_ref_name(name: &str) -> bool {
    name.starts_with("refs/")
        && name.len() <= 1024
        && gix::refs::FullName::try_from(name).is_ok()
        && !name.contains(|c: char| c.is_control())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn manifest() -> Manifest {
        let id = |digit: &str| digit.repeat(40);
        let to = |id: String, peeled| Ref { id, peeled };
        Manifest {
            repository: "0123456789abcdef".repeat(2),
            generation: 7,
            previous: Some([7; 32]),
            object_format: "sha1".to_owned(),
            head: Some("refs/heads/main".to_owned()),
            refs: BTreeMap::from([
                ("refs/heads/main".to_owned(), to(id("1"), None)),
                ("refs/tags/v1".to_owned(), to(id("2"), Some(id("1")))),
            ]),
            packs: vec![Pack {
                files: vec!["ab".repeat(16)],
                bytes: 1000,
                objects: 3,
                tips: vec![id("1")],
            }],
            key_generation: 2,
            members: [1; 32],
            retired: Some([2; 32]),
            chain: Some([3; 32]),
        }
    }

    #[test]
    fn what_is_written_is_read() {
        let first = Manifest {
            generation: 1,
            previous: None,
            head: None,
            refs: BTreeMap::new(),
            packs: Vec::new(),
            key_generation: 1,
            retired: None,
            chain: None,
            ..manifest()
        };
        for manifest in [manifest(), first] {
            assert_eq!(Manifest::parse(manifest.to_text().as_bytes()).unwrap(), manifest);
        }
    }

    #[test]
    fn whatever_the_writer_would_not_write_is_refused() {
        let text = manifest().to_text();
        for (from, to) in [
            ("version = 1", "version = 0"),
            ("version = 1", "version = 1\nother = 1"),
            ("version = 1", " version = 1"),
            ("generation = 7", "generation = 1"),
            ("generation = 7", "generation = 0"),
            ("chain = \"03", "chain = \"3"),
            ("\"sha1\"", "\"sha256\""),
            ("\"sha1\"", "\"md5\""),
            ("refs/heads/main\"\nid", "refs/heads/../x\"\nid"),
            ("refs/heads/main\"\nid", "HEAD\"\nid"),
            ("refs/heads/main\"\nid", "refs/tags/v1\"\nid"),
            ("refs/heads/main\"\nid", "refs/tags/v2\"\nid"),
            ("1111\"", "111\""),
            ("abab\"", "AB\""),
            ("repository = \"01", "repository = \"0"),
        ] {
            let changed = text.replacen(from, to, 1);
            assert_ne!(changed, text, "{from}");
            assert!(Manifest::parse(changed.as_bytes()).is_err(), "{to}");
        }
        assert!(Manifest::parse(b"\xff").is_err());
        let newer = Manifest::parse(text.replacen("version = 1", "version = 2", 1).as_bytes());
        assert!(matches!(newer, Err(ManifestError::Newer(_))));
    }

    #[test]
    fn only_refs_that_git_takes_are_refs() {
        for name in ["refs/heads/main", "refs/notes/commits", "refs/heads/ä", "refs/x"] {
            assert!(is_ref_name(name), "{name}");
        }
        for name in [
            "",
            "HEAD",
            "main",
            "refs/",
            "refs/heads/",
            "refs/heads/a..b",
            "refs/heads/a.lock",
            "refs/heads/a b",
            "refs/heads/a\nb",
            "refs/heads/@{",
            "refs/heads/-",
            "/refs/heads/x",
            "refs/heads/a\u{7f}",
        ] {
            assert!(!is_ref_name(name) || name == "refs/heads/-", "{name}");
        }
    }
}
