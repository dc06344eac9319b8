//! The tracked folder `.shroud/`: what every clone knows of the keys without holding one (docs/format.md, section 5).

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::format::{Key, KeyId};
use crate::fs::{Access, read_bounded, with_path, write_atomic};
use crate::keyring::{Entry, KeyName};

/// The folder's name, at the top of the worktree.
pub const NAME: &str = ".shroud";
/// Keeps every filter off the folder itself.
pub const ATTRIBUTES: &str = "* !filter !diff !merge text eol=lf\n";
/// Bytes of the longest `key.toml` that is read; the retired keys are the longest part.
const MAX_LEN: usize = 4 << 20;
const MAC_CONTEXT: &[u8] = b"git-shroud/v1/key";

/// What `key.toml` says of one key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyInfo {
    /// The key's name.
    pub name: KeyName,
    /// Its current generation.
    pub generation: u32,
    /// Its current id.
    pub id: KeyId,
    retired: Option<String>,
    mac: String,
}

/// A file of the folder that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ShroudDirError {
    /// It is not what the format says.
    #[error("{path}: {message}")]
    Malformed {
        /// The file.
        path: String,
        /// What is wrong.
        message: String,
    },
    /// It cannot be read or written.
    #[error(transparent)]
    Io(#[from] io::Error),
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct KeyToml {
    version: u32,
    name: String,
    generation: u32,
    key_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    retired: Option<String>,
    mac: String,
}

impl KeyInfo {
    /// Describes a key that has no earlier generation.
    pub fn new(entry: &Entry) -> Self {
        let mut info = Self {
            name: entry.name.clone(),
            generation: entry.generation,
            id: entry.key.id(),
            retired: None,
            mac: String::new(),
        };
        let mac = entry.key.roster().sign(&info.canonical());
        info.mac = mac.iter().map(|byte| format!("{byte:02x}")).collect();
        info
    }

    /// Whether whoever wrote this held the key.
    pub fn is_authentic(&self, key: &Key) -> bool {
        let mac: Option<Vec<u8>> = self
            .mac
            .as_bytes()
            .chunks(2)
            .map(|digits| u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok())
            .collect();
        key.id() == self.id && mac.is_some_and(|mac| key.roster().verify(&self.canonical(), &mac))
    }

    /// The bytes that the mac is computed over.
    fn canonical(&self) -> Vec<u8> {
        let mut bytes = MAC_CONTEXT.to_vec();
        let mut put = |name: &str, value: &str| {
            let len = u32::try_from(value.len()).expect("files of this folder are bounded");
            bytes.extend_from_slice(name.as_bytes());
            bytes.push(b'=');
            bytes.extend_from_slice(&len.to_be_bytes());
            bytes.extend_from_slice(value.as_bytes());
        };
        put("version", "1");
        put("name", self.name.as_str());
        put("generation", &self.generation.to_string());
        put("key_id", &self.id.to_string());
        if let Some(retired) = &self.retired {
            put("retired", retired);
        }
        bytes
    }

    fn parse(text: &str, folder: &str) -> Result<Self, String> {
        let toml: KeyToml = toml::from_str(text).map_err(|error| {
            format!("it is not a key.toml: {}", crate::sanitise::text(error.message()))
        })?;
        if toml.version != 1 {
            return Err(format!(
                "its version is {}, which this program does not know",
                toml.version
            ));
        }
        let name: KeyName = toml.name.parse().map_err(|error| format!("{error}"))?;
        if name.as_str() != folder {
            return Err(format!("it names the key '{name}' but stands in the folder of another"));
        }
        let id = KeyId::from_hex(&toml.key_id).ok_or("its key_id is not 32 hexadecimal digits")?;
        if toml.generation == 0 {
            return Err("its generation is 0; the first is 1".to_owned());
        }
        Ok(Self { name, generation: toml.generation, id, retired: toml.retired, mac: toml.mac })
    }
}

/// The file that describes the key of this name.
pub fn key_path(top: &Path, name: &KeyName) -> PathBuf {
    top.join(NAME).join(name.as_str()).join("key.toml")
}

/// Describes a key: writes its `key.toml`, and the folder's attributes.
///
/// # Errors
/// A file cannot be written.
pub fn write(top: &Path, info: &KeyInfo) -> Result<(), ShroudDirError> {
    let path = key_path(top, &info.name);
    let folder = path.parent().expect("it is in a folder");
    fs::create_dir_all(folder).map_err(|error| with_path(folder, &error))?;
    let attributes = top.join(NAME).join(".gitattributes");
    if !attributes.exists() {
        write_atomic(&attributes, ATTRIBUTES.as_bytes(), Access::Shared)?;
    }
    let toml = KeyToml {
        version: 1,
        name: info.name.to_string(),
        generation: info.generation,
        key_id: info.id.to_string(),
        retired: info.retired.clone(),
        mac: info.mac.clone(),
    };
    let text = toml::to_string(&toml).expect("strings and numbers can be written");
    Ok(write_atomic(&path, text.as_bytes(), Access::Shared)?)
}

/// Reads a `key.toml` from `path`, in the folder of this name.
///
/// # Errors
/// It is not what the format says.
pub fn parse(bytes: &[u8], folder: &str, path: &str) -> Result<KeyInfo, ShroudDirError> {
    let malformed =
        |message: String| ShroudDirError::Malformed { path: crate::sanitise::text(path), message };
    let text = std::str::from_utf8(bytes).map_err(|_| malformed("it is not UTF-8".to_owned()))?;
    KeyInfo::parse(text, folder).map_err(malformed)
}

/// What the worktree's folder says of every key; none where there is no folder.
///
/// # Errors
/// A file cannot be read, or is not what the format says.
pub fn read(top: &Path) -> Result<BTreeMap<KeyName, KeyInfo>, ShroudDirError> {
    let mut infos = BTreeMap::new();
    for (name, path) in key_files(top)? {
        let info = parse(&read_bounded(&path, MAX_LEN)?, &name, &path.display().to_string())?;
        infos.insert(info.name.clone(), info);
    }
    Ok(infos)
}

/// The names of all keys that the folder speaks of. Cheap, as a filter asks for it.
pub fn names(top: &Path) -> io::Result<Vec<String>> {
    Ok(key_files(top)?.into_iter().map(|(name, _)| name).collect())
}

fn key_files(top: &Path) -> io::Result<Vec<(String, PathBuf)>> {
    let dir = top.join(NAME);
    let entries = match fs::read_dir(&dir) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.map_err(|error| with_path(&dir, &error))?,
    };
    let mut files = Vec::new();
    for entry in entries {
        let entry = entry.map_err(|error| with_path(&dir, &error))?;
        let Some(name) = entry.file_name().to_str().map(str::to_owned) else { continue };
        let file = entry.path().join("key.toml");
        if name.parse::<KeyName>().is_ok() && file.is_file() {
            files.push((name, file));
        }
    }
    files.sort();
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::SecretBytes;

    fn entry(byte: u8) -> Entry {
        Entry {
            name: KeyName::default(),
            generation: 1,
            key: Key::new(SecretBytes::new([byte; 32])),
        }
    }

    #[test]
    fn what_is_written_is_read_and_authentic() {
        let dir = tempfile::tempdir().unwrap();
        assert!(read(dir.path()).unwrap().is_empty());
        let info = KeyInfo::new(&entry(1));
        write(dir.path(), &info).unwrap();
        let infos = read(dir.path()).unwrap();
        assert_eq!(infos[&KeyName::default()], info);
        assert!(infos[&KeyName::default()].is_authentic(&entry(1).key));
        assert!(!infos[&KeyName::default()].is_authentic(&entry(2).key));
        assert_eq!(names(dir.path()).unwrap(), ["default"]);
    }

    /// The value was computed by an independent implementation from the format alone.
    #[test]
    fn the_mac_is_the_one_of_the_format() {
        let token = "GIT-SHROUD-KEY-1AKE0EHHTCJG4EAUKGDLARFLAADLWCWH74Z7AEP0R0AQ5LNK68XPSH4Z43A";
        let key = crate::keyring::token::decode(token).unwrap();
        let info = KeyInfo::new(&Entry { name: KeyName::default(), generation: 1, key });
        assert_eq!(info.mac, "98149556b9942504f2d309d69ee54fe8f287789388a81193082586e7b93dde35");
    }

    #[test]
    fn a_changed_field_is_noticed() {
        let mut info = KeyInfo::new(&entry(1));
        info.generation = 2;
        assert!(!info.is_authentic(&entry(1).key));
        info.generation = 1;
        info.mac = "zz".to_owned();
        assert!(!info.is_authentic(&entry(1).key));
    }

    #[test]
    fn what_is_not_a_key_file_is_refused_with_its_path() {
        let good = "version = 1\nname = \"default\"\ngeneration = 1\nkey_id = \"00000000000000000000000000000000\"\nmac = \"\"\n";
        let cases = [
            ("", "not a key.toml"),
            ("\u{1b}[31m = 1", "not a key.toml"),
            (&good.replace("version = 1", "version = 2"), "version is 2"),
            (&good.replace("\"default\"", "\"other\""), "folder of another"),
            (&good.replace("\"default\"", "\"..\""), "cannot name a key"),
            (&good.replace("generation = 1", "generation = 0"), "generation"),
            (&good.replace("00000000000000000000000000000000", "xy"), "hexadecimal"),
            (&good.replace("mac =", "other = 1\nmac ="), "not a key.toml"),
        ];
        for (text, expected) in cases {
            let dir = tempfile::tempdir().unwrap();
            let path = key_path(dir.path(), &KeyName::default());
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(&path, text).unwrap();
            let error = read(dir.path()).unwrap_err().to_string();
            assert!(error.contains(expected) && error.contains("key.toml"), "{error}");
            assert!(!error.contains('\u{1b}'), "{error:?}");
        }
    }
}
