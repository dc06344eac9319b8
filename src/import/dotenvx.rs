//! Files of dotenvx, through `dotenvx decrypt --stdout`. Its public key, which it keeps in the file, is left out.

use std::ffi::OsString;

use super::ImportError;
use super::program::{Program, Runner};
use super::tool::{Hidden, Source, Tool, beside};
use crate::git::repository::Repository;
use crate::secret::WipedVec;

/// What every value that dotenvx has encrypted begins with.
const VALUE: &[u8] = b"encrypted:";
/// The file in which it keeps its private keys.
const KEYS: &str = ".env.keys";
/// The name of the public key, alone or with a name of an environment behind it.
const PUBLIC_KEY: &[u8] = b"DOTENV_PUBLIC_KEY";
/// What every line begins with of the words that dotenvx puts before the public key.
const BANNER: &[u8] = b"#/";

/// dotenvx.
pub struct Dotenvx;

impl Tool for Dotenvx {
    fn name(&self) -> &'static str {
        "dotenvx"
    }

    fn program(&self) -> Program {
        Program {
            name: "dotenvx",
            install: "install it: npm install --global @dotenvx/dotenvx",
            obeys_folder: false,
        }
    }

    fn is_of(&self, source: &Source<'_>) -> bool {
        source.bytes.split(|byte| *byte == b'\n').any(|line| encrypted(line).is_some())
    }

    fn open(&self, runner: &Runner<'_>, source: &Source<'_>) -> Result<WipedVec, ImportError> {
        let mut arguments: Vec<OsString> = ["decrypt", "--stdout", "-f"].map(Into::into).into();
        arguments.push(source.file.into());
        // dotenvx looks for its private keys where it is run, and these are with the file.
        let mut keys = source.folders().map(|folder| folder.join(KEYS));
        if let Some(keys) = keys.find(|keys| keys.is_file()) {
            arguments.extend(["--env-keys-file".into(), keys.into()]);
        }
        let output = runner.run(source.path, &arguments, None)?;
        let plaintext = clean(&output, source.bytes);
        let mut left = plaintext.split(|byte| *byte == b'\n').filter_map(encrypted);
        if let Some(name) = left.next() {
            return Err(ImportError::StillEncrypted {
                program: "dotenvx",
                path: crate::sanitise::path(source.path),
                some: crate::sanitise::path(name),
            });
        }
        Ok(plaintext)
    }

    fn hidden(&self, _source: &Source<'_>) -> Hidden {
        Hidden::Nothing
    }

    fn left(&self, repository: &Repository, sources: &[Source<'_>]) -> Vec<String> {
        let mut left = Vec::new();
        for keys in beside(sources, KEYS) {
            let is_tracked = repository
                .gix
                .index_or_empty()
                .is_ok_and(|index| index.entry_by_path(keys.as_bytes().into()).is_some());
            left.push(match is_tracked {
                true => format!(
                    "{keys} holds dotenvx's private keys and is in the repository: whoever has it can read every earlier version. Change these values, and remove it: git rm {keys}"
                ),
                false => format!(
                    "{keys} holds dotenvx's private keys: delete it when no other file needs it, and DOTENV_PRIVATE_KEY where programs run"
                ),
            });
        }
        left.push(
            "programs read these files as plain .env files now, without 'dotenvx run'".to_owned(),
        );
        left
    }
}

/// The name on a line whose value is encrypted.
fn encrypted(line: &[u8]) -> Option<&[u8]> {
    let line = line.trim_ascii_start();
    let at = line.iter().position(|byte| *byte == b'=').filter(|_| !line.starts_with(b"#"))?;
    let value = line[at + 1..].trim_ascii_start();
    let value = value.strip_prefix(b"\"").or(value.strip_prefix(b"'")).unwrap_or(value);
    value.starts_with(VALUE).then(|| line[..at].trim_ascii_end())
}

/// What dotenvx wrote, with as many line ends at its end as the file has, and without the public key and the words before it.
fn clean(output: &[u8], source: &[u8]) -> WipedVec {
    let ends = |bytes: &[u8]| bytes.iter().rev().take_while(|byte| **byte == b'\n').count();
    let more = ends(output).saturating_sub(ends(source));
    let mut plaintext = WipedVec::with_capacity(output.len());
    let mut banner: Vec<&[u8]> = Vec::new();
    let mut after_key = false;
    for line in output[..output.len() - more].split_inclusive(|byte| *byte == b'\n') {
        if line.starts_with(BANNER) {
            banner.push(line);
            continue;
        }
        if is_public_key(line) {
            banner.clear();
            after_key = true;
            continue;
        }
        banner.drain(..).for_each(|line| plaintext.extend_from_slice(line));
        // The blank line that dotenvx puts behind it.
        let is_blank = line.trim_ascii().is_empty();
        if !(after_key && is_blank) {
            plaintext.extend_from_slice(line);
        }
        after_key = false;
    }
    banner.drain(..).for_each(|line| plaintext.extend_from_slice(line));
    plaintext
}

fn is_public_key(line: &[u8]) -> bool {
    let line = line.trim_ascii_start();
    let line = line.strip_prefix(b"export ").unwrap_or(line);
    let Some(rest) = line.strip_prefix(PUBLIC_KEY) else { return false };
    let name = rest.split(|byte| *byte == b'=').next().unwrap_or_default().trim_ascii_end();
    rest.contains(&b'=') && (name.is_empty() || name.starts_with(b"_"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_public_key_goes_and_all_else_stays() {
        let head =
            "#/---[DOTENV_PUBLIC_KEY]---/\n#/ words /\n#/---/\nDOTENV_PUBLIC_KEY=\"02ab\"\n\n";
        for (output, source, expected) in [
            (format!("{head}# .env\nA=1\n\n"), "A=x\n", "# .env\nA=1\n".to_owned()),
            (format!("{head}A=1\n"), "A=x", "A=1".to_owned()),
            ("A=1\nDOTENV_PUBLIC_KEY_CI='02'\nB=2\n".to_owned(), "x\n", "A=1\nB=2\n".to_owned()),
            ("#/ mine\nA=1\n#/ last\n".to_owned(), "x\n", "#/ mine\nA=1\n#/ last\n".to_owned()),
            ("DOTENV_PUBLIC_KEYS=1\r\n".to_owned(), "x\n", "DOTENV_PUBLIC_KEYS=1\r\n".to_owned()),
        ] {
            let cleaned = clean(output.as_bytes(), source.as_bytes());
            assert_eq!(std::str::from_utf8(&cleaned).unwrap(), expected);
        }
    }

    #[test]
    fn encrypted_values_are_known_by_how_they_begin() {
        for (line, name) in [
            (" export A = \"encrypted:x\"", Some("export A")),
            ("A=encrypted:x", Some("A")),
            ("# A=encrypted:x", None),
            ("A=unencrypted:x", None),
            ("A", None),
        ] {
            assert_eq!(encrypted(line.as_bytes()), name.map(str::as_bytes));
        }
    }
}
