//! What `key.toml` keeps sealed: the earlier keys of a name, and those that were taken over from git-crypt (docs/format.md,
//! section 5).

use std::fmt::Write as _;

use bech32::primitives::decode::CheckedHrpstring;
use bech32::{Bech32m, Hrp};
use zeroize::Zeroizing;

use super::marks::GIT_CRYPT as TOKEN_PREFIX;
use super::text::{parse_with, to_text};
use super::{Entry, Keyring, TextError, token};
use crate::git_crypt::{AES_KEY_LEN, HMAC_KEY_LEN, HeldKeys, KeyFile, KeyVersion, Name};
use crate::secret::SecretBytes;

/// What a line of such a key begins with.
const WORD: &str = "git-crypt";
const HRP: &str = "git-crypt-key-";
/// Bytes that a line takes at most: word, name, version, token and what is between them.
const MAX_LINE: usize = 512;

/// Keys that open what was sealed before the current one.
#[derive(Default)]
pub struct Retired {
    /// Earlier generations, and keys that were set aside.
    pub keys: Keyring,
    /// Keys that were taken over from git-crypt.
    pub git_crypt: HeldKeys,
}

impl Retired {
    /// Reads what [`retired_text`] has written.
    ///
    /// # Errors
    /// [`TextError`], with the number of the line and never its text.
    pub fn parse(bytes: &[u8]) -> Result<Self, TextError> {
        let mut git_crypt = HeldKeys::default();
        let keys = parse_with(bytes, &mut |line, text| {
            let Some(key) = parse_line(line, text)? else { return Ok(false) };
            match git_crypt.insert(key) {
                Ok(true) => Ok(true),
                Ok(false) => Err(TextError::Repeated(line)),
                Err(_) => Err(TextError::GitCryptTwice(line)),
            }
        })?;
        if keys.is_empty() && git_crypt.is_empty() {
            return Err(TextError::NoKeys);
        }
        Ok(Self { keys, git_crypt })
    }
}

/// Writes the text of a key file that also holds keys of git-crypt: these behind all others, by name, of one name the newest
/// version first.
pub fn retired_text<'e>(
    earlier: impl IntoIterator<Item = &'e Entry>,
    git_crypt: &HeldKeys,
) -> Zeroizing<String> {
    let keys = to_text(earlier);
    let lines = git_crypt.files().map(|file| file.versions().len()).sum::<usize>();
    // Large enough from the start: a reallocation would leave keys behind.
    let mut text = Zeroizing::new(String::with_capacity(keys.len() + lines * MAX_LINE));
    text.push_str(&keys);
    for file in git_crypt.files() {
        for key in file.versions() {
            let (name, version, token) = (file.name(), key.version(), encode(key));
            writeln!(text, "{WORD} {name} {version} {}", *token).expect("a String takes any text");
        }
    }
    text
}

/// Reads the line of a git-crypt key; `None` where it is another's.
fn parse_line(line: usize, text: &[u8]) -> Result<Option<KeyFile>, TextError> {
    let malformed = || TextError::GitCryptLine(line);
    let text = std::str::from_utf8(text).map_err(|_| TextError::Line(line))?;
    let mut words = text.split_ascii_whitespace();
    // A key of this program may bear that name; its line has three words.
    if words.clone().count() != 4 || words.next() != Some(WORD) {
        return Ok(None);
    }
    let (Some(name), Some(version), Some(token)) = (words.next(), words.next(), words.next())
    else {
        return Err(malformed());
    };
    let name: Name = name.parse().map_err(|_| malformed())?;
    let is_canonical = version == "0" || !version.starts_with(['0', '+']);
    let version = is_canonical.then(|| version.parse().ok()).flatten().ok_or_else(malformed)?;
    let key = decode(token, version).ok_or_else(malformed)?;
    Ok(Some(KeyFile::new(name, key)))
}

/// The two keys of a version, one behind the other, in Bech32m (BIP 350) in upper case.
fn encode(key: &KeyVersion) -> Zeroizing<String> {
    let both: SecretBytes<{ AES_KEY_LEN + HMAC_KEY_LEN }> = SecretBytes::filled(|both| {
        both[..AES_KEY_LEN].copy_from_slice(key.aes_key());
        both[AES_KEY_LEN..].copy_from_slice(key.hmac_key());
    });
    let mut token = Zeroizing::new(String::with_capacity(256));
    bech32::encode_upper_to_fmt::<Bech32m, _>(&mut *token, hrp(), both.expose())
        .expect("a String takes any text, and 96 bytes are not too long");
    token
}

fn decode(text: &str, version: u32) -> Option<KeyVersion> {
    if !token::begins_with(text, TOKEN_PREFIX) {
        return None;
    }
    let checked = CheckedHrpstring::new::<Bech32m>(text).ok().filter(|it| it.hrp() == hrp())?;
    let mut bytes = checked.byte_iter();
    if bytes.len() != AES_KEY_LEN + HMAC_KEY_LEN {
        return None;
    }
    let aes = SecretBytes::filled(|key| {
        key.iter_mut().zip(&mut bytes).for_each(|(to, from)| *to = from);
    });
    let hmac = SecretBytes::filled(|key| {
        key.iter_mut().zip(&mut bytes).for_each(|(to, from)| *to = from);
    });
    let key = KeyVersion::new(version, aes, hmac);
    // As with this program's own tokens: one key, one text.
    encode(&key).eq_ignore_ascii_case(text).then_some(key)
}

fn hrp() -> Hrp {
    Hrp::parse(HRP).expect("the human-readable part is printable ASCII")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::Key;

    fn foreign(name: &str, version: u32, byte: u8) -> KeyFile {
        let key = KeyVersion::new(
            version,
            SecretBytes::new([byte; AES_KEY_LEN]),
            SecretBytes::new([byte + 1; HMAC_KEY_LEN]),
        );
        KeyFile::new(name.parse().unwrap(), key)
    }

    fn entry(generation: u32, byte: u8) -> Entry {
        let name = "git-crypt".parse().unwrap();
        Entry { name, generation, key: Key::new(SecretBytes::new([byte; 32])) }
    }

    fn held(files: impl IntoIterator<Item = KeyFile>) -> HeldKeys {
        let mut held = HeldKeys::default();
        for file in files {
            assert!(held.insert(file).unwrap());
        }
        held
    }

    #[test]
    fn what_is_written_is_read_and_written_again() {
        let two = [entry(2, 8), entry(1, 9)];
        for keys in [&[][..], &two] {
            let files =
                [foreign("default", 1, 3), foreign("default", 0, 1), foreign("Ops_1", 7, 5)];
            let text = retired_text(keys, &held(files));
            let read = Retired::parse(text.as_bytes()).unwrap();
            assert_eq!(read.keys.entries().len(), keys.len());
            assert_eq!(*retired_text(read.keys.entries(), &read.git_crypt), *text);
            let versions: Vec<u32> = read
                .git_crypt
                .of(&Name::default())
                .unwrap()
                .versions()
                .iter()
                .map(KeyVersion::version)
                .collect();
            assert_eq!(versions, [1, 0]);
            let ops = read.git_crypt.of(&"Ops_1".parse().unwrap()).unwrap();
            assert!(ops.newest().same_as(foreign("Ops_1", 7, 5).newest()));
        }
    }

    #[test]
    fn a_key_file_holds_no_such_line() {
        let text = retired_text(&[entry(1, 9)], &held([foreign("default", 0, 1)]));
        assert!(matches!(Keyring::parse(text.as_bytes()), Err(TextError::Line(3))));
    }

    #[test]
    fn malformed_lines_are_named_and_never_shown() {
        let good = retired_text([], &held([foreign("default", 0, 1)])).to_string();
        let (head, line) = good.split_once('\n').unwrap();
        let line = line.trim_end();
        let token = line.rsplit(' ').next().unwrap();
        let other = retired_text([], &held([foreign("default", 0, 4)])).to_string();
        let other = other.lines().nth(1).unwrap().to_owned();
        let cases = [
            format!("{head}\n"),
            format!("{head}\n{line}\n{line}\n"),
            format!("{head}\n{line}\n{other}\n"),
            format!("{head}\n{}\n", line.replace(" 0 ", " 00 ")),
            format!("{head}\n{}\n", line.replace(" 0 ", " -1 ")),
            format!("{head}\n{}\n", line.replace(" default ", " a/b ")),
            format!("{head}\n{}\n", &line[..line.len() - 1]),
            format!("{head}\n{line} x\n"),
            format!("{head}\n{}\n", line.replace("git-crypt", "other-tool")),
            line.to_owned(),
        ];
        for text in cases {
            let error = Retired::parse(text.as_bytes()).err().expect("must be refused").to_string();
            assert!(!error.contains(&token[20..60]), "{error}");
        }
        assert!(crate::keyring::holds_secret(token));
    }
}
