//! Which token a clone made of a value that it cannot open itself: `<common dir>/git-shroud/written`.
//!
//! Sealing to a public key gives another token each time, and git must see no change where there is none. The file holds no value:
//! a random salt, and for each value its HMAC-SHA256 under that salt, and the token. If it is lost, the next token is another one.

use std::collections::HashMap;
use std::fs::{File, OpenOptions};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

use crate::fs::replace;
use crate::fs::{create_private_dir, with_path};

/// Bytes past which the older half is forgotten.
const MAX_LEN: u64 = 8 << 20;
const DIGEST_LEN: usize = 32;
const FIRST_LINE: &str = "git-shroud-written v1 ";

type Digest = [u8; DIGEST_LEN];

fn path(common_dir: &Path) -> PathBuf {
    super::local::dir(common_dir).join("written")
}

/// What was read of the file, and the file, which only one run at a time changes.
struct Memory {
    file: File,
    salt: Digest,
    tokens: Vec<(Digest, String)>,
}

/// The tokens that were made of these values before, or new ones by `make`, which are remembered before they are returned. An identity
/// holds the value, and is not kept. A remembered token that is not sound is made anew.
///
/// # Errors
/// The file cannot be read, locked or written, or `make` fails.
pub fn remembered(
    common_dir: &Path,
    identities: &[&[u8]],
    is_sound: impl Fn(usize, &str) -> bool,
    mut make: impl FnMut(usize) -> io::Result<String>,
) -> io::Result<Vec<String>> {
    let path = path(common_dir);
    let explain = |error: io::Error| super::unreadable::explain(&path, with_path(&path, &error));
    create_private_dir(&super::local::dir(common_dir))?;
    let mut memory = Memory::open(&path).map_err(explain)?;
    let mut known: HashMap<Digest, usize> = HashMap::new();
    known.extend(memory.tokens.iter().enumerate().map(|(at, (digest, _))| (*digest, at)));
    let before = memory.tokens.len();
    let mut found = Vec::with_capacity(identities.len());
    for (number, identity) in identities.iter().enumerate() {
        let digest = memory.digest(identity);
        if let Some(&at) = known.get(&digest)
            && is_sound(number, &memory.tokens[at].1)
        {
            found.push(memory.tokens[at].1.clone());
            continue;
        }
        let token = make(number)?;
        known.insert(digest, memory.tokens.len());
        memory.tokens.push((digest, token.clone()));
        found.push(token);
    }
    memory.append(before).map_err(explain)?;
    Ok(found)
}

impl Memory {
    /// Opens and locks the file, and reads it. What is no line of it is passed over: a run may have been killed while it wrote.
    fn open(path: &Path) -> io::Result<Self> {
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        if path.symlink_metadata().is_ok_and(|metadata| !metadata.is_file()) {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "it is not a file"));
        }
        let mut file = options.open(path)?;
        file.lock()?;
        let mut text = String::new();
        if (&mut file).take(MAX_LEN + (MAX_LEN >> 1)).read_to_string(&mut text).is_err() {
            text.clear();
        }
        let mut lines = text.split_inclusive('\n').filter_map(|line| line.strip_suffix('\n'));
        let salt = lines.next().and_then(|line| crate::hex::read(line.strip_prefix(FIRST_LINE)?));
        let Some(salt) = salt else { return Self::begin(file) };
        let parse = |line: &str| {
            let (digest, token) = line.split_once(' ')?;
            Some((crate::hex::read(digest)?, token.to_owned()))
        };
        let tokens = lines.filter_map(parse).collect();
        if text.ends_with('\n') {
            return Ok(Self { file, salt, tokens });
        }
        let mut memory = Self { file, salt, tokens };
        memory.rewrite(0)?;
        Ok(memory)
    }

    fn begin(file: File) -> io::Result<Self> {
        let mut salt = [0; DIGEST_LEN];
        getrandom::fill(&mut salt).map_err(io::Error::other)?;
        let mut memory = Self { file, salt, tokens: Vec::new() };
        memory.rewrite(0)?;
        Ok(memory)
    }

    fn digest(&self, identity: &[u8]) -> Digest {
        let mac = Hmac::<Sha256>::new_from_slice(&self.salt);
        let mut mac = mac.expect("HMAC takes any key length");
        mac.update(identity);
        mac.finalize().into_bytes().into()
    }

    /// Writes what came since there were `before` of them.
    fn append(&mut self, before: usize) -> io::Result<()> {
        let lines = lines(&self.tokens[before..]);
        if lines.is_empty() {
            return Ok(());
        }
        let end = self.file.seek(SeekFrom::End(0))?;
        if end + lines.len() as u64 > MAX_LEN {
            return self.rewrite(self.tokens.len() / 2);
        }
        self.file.write_all(lines.as_bytes())
    }

    /// Writes all but the first ones anew.
    fn rewrite(&mut self, from: usize) -> io::Result<()> {
        let salt = crate::hex::lower(&self.salt);
        let text = format!("{FIRST_LINE}{salt}\n{}", lines(&self.tokens[from..]));
        self.file.set_len(0)?;
        self.file.seek(SeekFrom::Start(0))?;
        self.file.write_all(text.as_bytes())
    }
}

fn lines(tokens: &[(Digest, String)]) -> String {
    let line =
        |(digest, token): &(Digest, String)| format!("{} {token}\n", crate::hex::lower(digest));
    tokens.iter().map(line).collect()
}

/// Whether the tokens of one file are more than are remembered.
pub fn is_too_much(tokens: &[String]) -> bool {
    let line = |token: &String| 2 * DIGEST_LEN + 2 + token.len();
    tokens.iter().map(line).sum::<usize>() as u64 > MAX_LEN
}

/// Forgets all of it, as for a clone that holds the keys now.
///
/// # Errors
/// It cannot be removed.
pub fn forget(common_dir: &Path) -> io::Result<()> {
    match replace::remove(path(common_dir)) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(with_path(&path(common_dir), &error))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ask(dir: &Path, identities: &[&[u8]], new: &str) -> Vec<String> {
        let make = |number| Ok(format!("{new}{number}"));
        remembered(dir, identities, |_, token| token.len() < 20, make).unwrap()
    }

    #[test]
    fn a_value_keeps_its_token_and_is_not_in_the_file() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(ask(dir.path(), &[b"hunter2", b"other"], "a"), ["a0", "a1"]);
        assert_eq!(ask(dir.path(), &[b"third", b"hunter2"], "b"), ["b0", "a0"]);
        assert_eq!(ask(dir.path(), &[b"other", b"third"], "c"), ["a1", "b0"]);
        let text = std::fs::read_to_string(path(dir.path())).unwrap();
        assert!(!text.contains("hunter2") && !text.contains(&crate::hex::lower(b"hunter2")));
        #[cfg(unix)]
        assert_eq!(crate::fs::mode_of(&path(dir.path())), Some(0o600));
        forget(dir.path()).unwrap();
        assert_eq!(ask(dir.path(), &[b"other"], "d"), ["d0"]);
        forget(dir.path()).unwrap();
        forget(dir.path()).unwrap();
    }

    #[test]
    fn what_a_killed_run_left_is_passed_over() {
        let dir = tempfile::tempdir().unwrap();
        ask(dir.path(), &[b"one", b"two"], "a");
        let text = std::fs::read_to_string(path(dir.path())).unwrap();
        for cut in 0..text.len() {
            std::fs::write(path(dir.path()), &text[..cut]).unwrap();
            let again = ask(dir.path(), &[b"one", b"two", b"three"], "b");
            assert_eq!(again, ask(dir.path(), &[b"one", b"two", b"three"], "c"), "{cut}");
        }
        for rubbish in [&b"\xff\xfe\x00"[..], b"\n\n\n", b"git-shroud-written v1 00\nx y\n"] {
            std::fs::write(path(dir.path()), rubbish).unwrap();
            assert_eq!(ask(dir.path(), &[b"one"], "d"), ["d0"]);
            assert_eq!(ask(dir.path(), &[b"one"], "e"), ["d0"]);
        }
    }

    #[test]
    fn an_unsound_token_is_not_taken() {
        let dir = tempfile::tempdir().unwrap();
        ask(dir.path(), &[b"one"], "much too long to be sound ");
        assert_eq!(ask(dir.path(), &[b"one"], "a"), ["a0"]);
        assert_eq!(ask(dir.path(), &[b"one"], "b"), ["a0"]);
    }

    #[test]
    fn runs_at_once_agree() {
        let dir = tempfile::tempdir().unwrap();
        let run = |name: usize| ask(dir.path(), &[b"one", b"two"], &format!("r{name}-"));
        let runs: Vec<_> = std::thread::scope(|scope| {
            let runs: Vec<_> = (0..8).map(|name| scope.spawn(move || run(name))).collect();
            runs.into_iter().map(|run| run.join().unwrap()).collect()
        });
        assert!(runs.iter().all(|run| *run == runs[0]), "{runs:?}");
    }

    #[test]
    fn it_does_not_grow_for_ever() {
        let dir = tempfile::tempdir().unwrap();
        let long = |at: usize| format!("{}{at}", "x".repeat(100_000));
        for at in 0..100 {
            let identity = at.to_string();
            let make = |_| Ok(long(at));
            remembered(dir.path(), &[identity.as_bytes()], |_, _| true, make).unwrap();
        }
        assert!(std::fs::metadata(path(dir.path())).unwrap().len() <= MAX_LEN);
        let make = |_| Ok("new".to_owned());
        let last = remembered(dir.path(), &[b"99"], |_, _| true, make).unwrap();
        assert_eq!(last, [long(99)]);
    }
}
