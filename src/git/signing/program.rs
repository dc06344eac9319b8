//! gpg and gpgsm.

use std::ffi::OsString;
use std::io::{self, Write as _};
use std::process::{Command, Output, Stdio};

use super::{Key, SigningError, terminal};

/// Signs as git does: a detached, armored signature, and the status lines say whether it was made.
pub(super) fn gpg(key: &Key, text: &[u8]) -> Result<Vec<u8>, SigningError> {
    let mut command = key.command();
    command.args(["--status-fd=2", "-bsau"]).arg(&key.name);
    if let Some(terminal) = terminal() {
        command.env("GPG_TTY", terminal);
    }
    let output = run(key, command, text)?;
    let created = |line: &[u8]| line.starts_with(b"[GNUPG:] SIG_CREATED ");
    let is_made = output.stderr.split(|&byte| byte == b'\n').any(created);
    match output.status.success() && is_made && !output.stdout.is_empty() {
        true => Ok(output.stdout),
        false => Err(key.refused(&output.stderr)),
    }
}

/// Runs a program to its end, with this text on its standard input.
pub(super) fn run(key: &Key, mut command: Command, text: &[u8]) -> Result<Output, SigningError> {
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => SigningError::Missing(key.shown()),
        _ => SigningError::Io(error),
    })?;
    let mut stdin = child.stdin.take().expect("asked for above");
    std::thread::scope(|scope| {
        // A program that stops reading says why.
        scope.spawn(move || drop(stdin.write_all(text)));
        child.wait_with_output()
    })
    .map_err(SigningError::Io)
}

/// Cuts a command line into words, as git cuts those that it starts without a shell: blanks, both quotes, backslashes.
pub(super) fn words(line: &str) -> Vec<OsString> {
    let (mut words, mut word, mut quote) = (Vec::new(), None::<String>, None);
    let mut characters = line.chars();
    while let Some(c) = characters.next() {
        match (c, quote) {
            (c, Some(open)) if c == open => quote = None,
            ('\'' | '"', None) => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            ('\\', None | Some('"')) => {
                word.get_or_insert_default().extend(characters.next());
            }
            (c, None) if c.is_whitespace() => words.extend(word.take().map(OsString::from)),
            (c, _) => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word.map(OsString::from));
    words
}

#[cfg(test)]
mod tests {
    use super::words;

    #[test]
    fn a_command_line_is_cut_as_git_cuts_it() {
        assert_eq!(
            words(r#" ssh-add  -L "a b" c\ d 'e\' '' "#),
            ["ssh-add", "-L", "a b", "c d", "e\\", ""]
        );
        assert!(words("  ").is_empty());
    }
}
