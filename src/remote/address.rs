//! Where an encrypted remote is.

use sha2::{Digest as _, Sha256};

use super::RemoteError;

/// What git puts before the address of such a remote in its configuration.
pub const PREFIX: &str = "shroud::";

/// The address of the host's repository, as git takes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address(String);

impl Address {
    /// Takes an address, with or without [`PREFIX`].
    ///
    /// # Errors
    /// It is empty or relative (it would be another one in another folder), or names a remote helper of this kind again.
    pub fn new(text: &str) -> Result<Self, RemoteError> {
        let url = text.strip_prefix(PREFIX).unwrap_or(text);
        let wrong = |why: &str| {
            RemoteError::Address(format!("'{}': {why}", crate::sanitise::line(&redacted(url))))
        };
        if url.is_empty() || url.contains(|c: char| c.is_control()) {
            return Err(wrong("this is not the address of a repository"));
        }
        if url.contains(PREFIX) {
            return Err(wrong("an encrypted remote cannot be on another encrypted remote"));
        }
        if is_relative(url) {
            return Err(wrong("the path is relative; name the whole path"));
        }
        Ok(Self(url.to_owned()))
    }

    /// As git takes it.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// With [`PREFIX`], as it is in git's configuration.
    pub fn with_prefix(&self) -> String {
        format!("{PREFIX}{}", self.0)
    }

    /// For people: without a password in it.
    pub fn shown(&self) -> String {
        crate::sanitise::line(&redacted(&self.0))
    }

    /// 32 hexadecimal digits that name it in this user's own folders.
    pub fn digest(&self) -> String {
        crate::hex::lower(&Sha256::digest(self.0.as_bytes())[..16])
    }
}

/// Whether it is a path that begins in the current folder. As git reads it, a colon before the first slash ends a host or a scheme.
pub fn is_relative(url: &str) -> bool {
    let before_slash = url.split(['/', '\\']).next().unwrap_or_default();
    !before_slash.contains(':') && !url.starts_with(['/', '\\'])
}

/// Without what is before the '@' of a URL's host.
fn redacted(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else { return url.to_owned() };
    let (host, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    match host.rsplit_once('@') {
        Some((_, host)) => format!("{scheme}://***@{host}{path}"),
        None => url.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_what_git_takes_and_the_same_everywhere() {
        for url in ["https://h/x.git", "git@h:x", "/srv/x", "file:///srv/x", "C:/x", "C:\\x"] {
            assert_eq!(Address::new(url).unwrap().as_str(), url);
            assert_eq!(Address::new(&format!("shroud::{url}")).unwrap().as_str(), url);
        }
        for url in ["", "x.git", "../x", "a/b:c", "shroud::shroud::/x", "ext::shroud::/x", "/a\nb"]
        {
            assert!(Address::new(url).is_err(), "{url:?}");
        }
    }

    #[test]
    fn a_password_is_not_shown() {
        let address = Address::new("https://me:secret@host/x@y").unwrap();
        assert_eq!(address.shown(), "https://***@host/x@y");
        let error = Address::new("https://me:secret@host/\u{7}").unwrap_err().to_string();
        assert!(!error.contains("secret"), "{error}");
    }
}
