//! The keys that a user has pinned for repositories: a fresh clone has held none, and compares with these.
//!
//! The file is the user's own, `$XDG_CONFIG_HOME/git-shroud/pins` (else `~/.config/git-shroud/pins`, on Windows in `%APPDATA%`), and no repository can write it. A line is
//! `REPOSITORY NAME GENERATION ID`: where a clone comes from (see [`place_of`]), the name of a key, the generation and the key id. Blank lines
//! and lines that start with `#` say nothing.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use crate::format::KeyId;
use crate::fs::{Access, create_private_dir, read_bounded, with_path, write_atomic};
use crate::keyring::KeyName;

/// Bytes of the longest file that is read.
const MAX_LEN: usize = 4 << 20;

/// The pins of one repository: for each name the generation and id.
pub type PinnedKeys = BTreeMap<KeyName, (u32, KeyId)>;

/// Where a clone comes from, for people and for comparing: host and path of a remote's address, without the scheme, the user, the port of a
/// URL and `.git` at the end. `https://me@host.example/team/x.git` and `git@host.example:team/x` are one. A path is itself. `None` if it is
/// empty or relative, or holds a blank.
pub fn place_of(url: &str) -> Option<String> {
    let url = url.trim().trim_end_matches('/');
    let place = match url.split_once("://") {
        Some((scheme, rest)) if !scheme.eq_ignore_ascii_case("file") => {
            let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
            let host = host.rsplit('@').next().unwrap_or(host);
            format!("{}/{path}", without_port(host).to_ascii_lowercase())
        }
        Some((_, path)) => path.to_owned(),
        // As git reads it: a colon before the first slash ends a host.
        None => match url.split_once(':') {
            Some((host, path)) if !host.contains('/') && host.len() > 1 => {
                let host = host.rsplit('@').next().unwrap_or(host);
                format!("{}/{}", host.to_ascii_lowercase(), path.trim_start_matches('/'))
            }
            // What is relative has another meaning in each clone.
            // To Windows a path without a drive is not absolute, but it has one meaning.
            _ if url.starts_with('/')
                || Path::new(url).is_absolute()
                || url.get(1..2) == Some(":") =>
            {
                url.to_owned()
            }
            _ => return None,
        },
    };
    let place = place.trim_end_matches('/');
    let place = place.strip_suffix(".git").unwrap_or(place);
    let is_word =
        !place.is_empty() && !place.contains(|c: char| c.is_whitespace() || c.is_control());
    (is_word && !place.starts_with('#')).then(|| place.to_owned())
}

fn without_port(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    }
}

/// The file; `None` if the user has no home.
pub fn path() -> Option<PathBuf> {
    let set = |name| std::env::var_os(name).map(PathBuf::from).filter(|dir| dir.is_absolute());
    let config = set("XDG_CONFIG_HOME")
        .or_else(|| set("APPDATA").filter(|_| cfg!(windows)))
        .or_else(|| Some(std::env::home_dir()?.join(".config")).filter(|dir| dir.is_absolute()));
    config.map(|config| config.join("git-shroud").join("pins"))
}

/// Reads what is pinned for a repository that comes from these places; the newest generation of a name counts.
///
/// # Errors
/// The file is there and cannot be read, or a line is none. It is never taken for an empty one.
pub fn read(places: &[String]) -> io::Result<PinnedKeys> {
    let mut pinned = PinnedKeys::new();
    let Some(file) = path() else { return Ok(pinned) };
    for line in lines(&file)? {
        let Some(pin) = parse(&line) else {
            let what = format!("'{}' is no pin", crate::sanitise::line(&line));
            return Err(with_path(&file, &io::Error::new(io::ErrorKind::InvalidData, what)));
        };
        if let Some((place, name, generation, id)) = pin
            && places.contains(&place)
            && pinned.get(&name).is_none_or(|(known, _)| *known < generation)
        {
            pinned.insert(name, (generation, id));
        }
    }
    Ok(pinned)
}

/// Pins keys for a repository that comes from these places, instead of what was pinned for their names.
///
/// # Errors
/// There is no home, or the file cannot be read or written.
pub fn add(places: &[String], keys: &PinnedKeys) -> io::Result<()> {
    let missing =
        || io::Error::new(io::ErrorKind::NotFound, "there is no home folder for the pins");
    let file = path().ok_or_else(missing)?;
    let is_replaced = |line: &String| match parse(line) {
        Some(Some((place, name, ..))) => places.contains(&place) && keys.contains_key(&name),
        _ => false,
    };
    let kept = lines(&file)?.into_iter().filter(|line| !is_replaced(line));
    let mut text: String = kept.map(|line| line + "\n").collect();
    for place in places {
        for (name, (generation, id)) in keys {
            text.push_str(&format!("{place} {name} {generation} {id}\n"));
        }
    }
    if let Some(folder) = file.parent() {
        create_private_dir(folder)?;
    }
    write_atomic(&file, text.as_bytes(), Access::Private)
}

fn lines(file: &Path) -> io::Result<Vec<String>> {
    let bytes = match read_bounded(file, MAX_LEN) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        read => read?,
    };
    let text = std::str::from_utf8(&bytes);
    let broken = |_| io::Error::new(io::ErrorKind::InvalidData, "it is no text");
    Ok(text
        .map_err(broken)
        .map_err(|error| with_path(file, &error))?
        .lines()
        .map(str::to_owned)
        .collect())
}

/// A pin; `Some(None)` for a line that says nothing, `None` for one that is none.
#[expect(clippy::option_option, reason = "a line may be empty, or wrong")]
fn parse(line: &str) -> Option<Option<(String, KeyName, u32, KeyId)>> {
    let line = line.trim();
    if line.is_empty() || line.starts_with('#') {
        return Some(None);
    }
    let words: Vec<&str> = line.split_whitespace().collect();
    let [place, name, generation, id] = words[..] else { return None };
    Some(Some((
        // An address is read as git's; what is written here is a place already.
        place_of(place).unwrap_or_else(|| place.to_owned()),
        name.parse().ok()?,
        generation.parse().ok()?,
        KeyId::from_hex(id)?,
    )))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_repository_has_one_place_however_it_is_addressed() {
        for url in [
            "https://host.example/team/x.git",
            "https://me:pw@Host.Example:8443/team/x.git/",
            "ssh://git@host.example:22/team/x",
            "git@host.example:team/x.git",
            "host.example:/team/x",
        ] {
            assert_eq!(place_of(url).as_deref(), Some("host.example/team/x"), "{url}");
        }
        assert_eq!(place_of("/srv/x.git").as_deref(), Some("/srv/x"));
        assert_eq!(place_of("file:///srv/x.git").as_deref(), Some("/srv/x"));
        assert_eq!(place_of("C:/srv/x").as_deref(), Some("C:/srv/x"));
        for none in ["", " ", "../x", "x", "/a b", "#x", "/a\u{1b}"] {
            assert_eq!(place_of(none), None, "{none:?}");
        }
    }

    #[test]
    fn a_line_is_a_pin_or_nothing_or_wrong() {
        let id = "01".repeat(16);
        let pin = parse(&format!(" host.example/x  default 3 {id} ")).unwrap().unwrap();
        assert_eq!((pin.0.as_str(), pin.1.as_str(), pin.2), ("host.example/x", "default", 3));
        assert_eq!(pin.3, KeyId([1; 16]));
        let of_url = parse(&format!("git@host.example:x.git default 3 {id}")).unwrap().unwrap();
        assert_eq!(of_url.0, pin.0);
        for nothing in ["", "  ", "# host.example/x default 3"] {
            assert_eq!(parse(nothing), Some(None));
        }
        for wrong in
            ["x", &format!("x default {id}"), &format!("x default 1 {id} y"), "x default 1 z"]
        {
            assert_eq!(parse(wrong), None, "{wrong}");
        }
    }
}
