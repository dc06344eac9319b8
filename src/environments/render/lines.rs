//! Outputs with a line for each variable: for docker, systemd and GitHub's workflows.

use zeroize::Zeroizing;

use super::{RenderError, put, safe, variables};
use crate::environments::render::effective::Effective;
use crate::secret::WipedVec;

/// Bytes of the longest line that docker and kubectl read (Go's bufio.MaxScanTokenSize).
const MAX_DOCKER_LINE: usize = 64 * 1024;

/// `NAME=value` without quotes, as `docker run --env-file` and `kubectl --from-env-file` read it: what is behind the first '='
/// is the value, up to the end of the line.
pub(super) fn docker(properties: &[Effective<'_>], out: &mut WipedVec) -> Result<(), RenderError> {
    for (name, text) in variables(properties)? {
        let why = if text.contains('\n') {
            "has several lines"
        } else if text.ends_with('\r') {
            "ends with a carriage return"
        } else if text.contains('\0') {
            "contains a zero byte"
        } else if name.len() + text.len() + 2 > MAX_DOCKER_LINE {
            "is longer than 64 KiB"
        } else {
            put(out, &[name.as_bytes(), b"=", text.as_bytes(), b"\n"]);
            continue;
        };
        return Err(RenderError::Value(name, why));
    }
    Ok(())
}

/// `NAME="value"`, as systemd reads an `EnvironmentFile=` (systemd.exec(5)).
pub(super) fn systemd(properties: &[Effective<'_>], out: &mut WipedVec) -> Result<(), RenderError> {
    for (name, text) in variables(properties)? {
        // systemd leaves such a variable out, with a line in its journal.
        if text.chars().any(|c| c.is_control() && !matches!(c, '\n' | '\t')) {
            return Err(RenderError::Value(name, "contains a control character"));
        }
        let mut value = Zeroizing::new(String::with_capacity(2 * text.len() + 2));
        for c in text.chars() {
            if matches!(c, '"' | '\\' | '`' | '$') {
                value.push('\\');
            }
            value.push(c);
        }
        put(out, &[name.as_bytes(), b"=\"", value.as_bytes(), b"\"\n"]);
    }
    Ok(())
}

/// What the file that `GITHUB_ENV` names takes: each value between lines of a word that nobody can guess.
pub(super) fn github(properties: &[Effective<'_>], out: &mut WipedVec) -> Result<(), RenderError> {
    for (name, text) in variables(properties)? {
        if name.starts_with("GITHUB_") || name.starts_with("RUNNER_") {
            return Err(RenderError::Name(name));
        }
        let mut random = [0; 16];
        getrandom::fill(&mut random).map_err(|_| RenderError::Random)?;
        let end = format!("ghadelimiter_{}", crate::hex::lower(&random));
        if text.contains(&end) {
            return Err(RenderError::Random);
        }
        let (name, end) = (name.as_bytes(), end.as_bytes());
        put(out, &[name, b"<<", end, b"\n", text.as_bytes(), b"\n", end, b"\n"]);
    }
    Ok(())
}

/// A line for each secret that tells GitHub's runner to hide it in its logs. What is empty or one character long would hide
/// everything.
pub fn masks<'e>(
    properties: &[Effective<'e>],
    is_secret: impl Fn(&Effective<'e>) -> bool,
) -> WipedVec {
    let mut out = WipedVec::default();
    for one in properties.iter().filter(|one| one.text.trim().len() > 1 && is_secret(one)) {
        let mut data = Zeroizing::new(String::with_capacity(3 * one.text.len()));
        for c in one.text.chars() {
            match c {
                '%' => data.push_str("%25"),
                '\r' => data.push_str("%0D"),
                '\n' => data.push_str("%0A"),
                c => data.push(c),
            }
        }
        put(&mut out, &[b"::add-mask::", data.as_bytes(), b"\n"]);
    }
    out
}

/// The first variable of these that decides which code a program runs, and is not allowed to.
pub fn steering(properties: &[Effective<'_>], allow: &[String]) -> Option<String> {
    let variables = properties.iter().map(|one| super::names::variable(one.name));
    let mut steering = variables.filter(|name| super::steering::steers(name));
    steering.find(|name| !allow.contains(name)).map(|name| safe(&name))
}

/// Appends lines to a file; `false`, and nothing is written, where standard output goes into it already.
///
/// # Errors
/// It cannot be opened, read or written.
pub fn append_to(file: &std::ffi::OsStr, bytes: &[u8]) -> std::io::Result<bool> {
    use std::io::{Read as _, Seek as _, SeekFrom, Write as _};
    let mut open = std::fs::File::options().read(true).append(true).create(true).open(file)?;
    #[cfg(unix)]
    {
        let (own, out) = (rustix::fs::fstat(&open)?, rustix::fs::fstat(std::io::stdout())?);
        if (own.st_dev, own.st_ino) == (out.st_dev, out.st_ino) {
            return Ok(false);
        }
    }
    // Whoever wrote before may not have ended the line.
    if open.metadata()?.len() > 0 {
        let mut last = [0];
        open.seek(SeekFrom::End(-1))?;
        open.read_exact(&mut last)?;
        if last != *b"\n" {
            open.write_all(b"\n")?;
        }
    }
    open.write_all(bytes)?;
    Ok(true)
}
