//! What `gpg --with-colons` lists (GnuPG's doc/DETAILS, "Description of the fields").

use std::time::{Duration, SystemTime};

/// One key of a listing, with what belongs to it.
#[derive(Debug, Default, PartialEq, Eq)]
pub(in super::super) struct Listed {
    pub(in super::super) primary: Part,
    pub(in super::super) subkeys: Vec<Part>,
    pub(in super::super) user_ids: Vec<UserId>,
}

/// A primary key or a subkey.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in super::super) struct Part {
    /// Field 2: one letter; `-` where there is none.
    pub(in super::super) validity: char,
    /// Field 5: 16 upper-case hexadecimal digits.
    pub(in super::super) key_id: String,
    /// Field 7.
    pub(in super::super) expires: Option<SystemTime>,
    /// Field 12: lower case for this key, upper case for what is usable in all of it; `D` is disabled.
    pub(in super::super) capabilities: String,
    /// Field 15 is `#`: the secret part is elsewhere.
    pub(in super::super) is_stub: bool,
    /// In upper-case hexadecimal digits.
    pub(in super::super) fingerprint: String,
}

/// A user id, as it is: not sanitised.
#[derive(Debug, PartialEq, Eq)]
pub(in super::super) struct UserId {
    pub(in super::super) validity: char,
    pub(in super::super) text: String,
}

impl Part {
    /// Whether it was revoked or has expired, or gpg holds it to be invalid.
    pub(in super::super) fn is_dead(&self) -> bool {
        matches!(self.validity, 'r' | 'e' | 'i' | 'n') || self.is_disabled()
    }

    pub(in super::super) fn is_disabled(&self) -> bool {
        self.validity == 'd' || self.capabilities.contains('D')
    }

    /// Whether it encrypts, by its own flags.
    pub(in super::super) fn encrypts(&self) -> bool {
        self.capabilities.contains('e')
    }
}

/// Reads a listing; lines of other kinds are passed over.
pub(in super::super) fn read(listing: &[u8]) -> Vec<Listed> {
    let mut keys: Vec<Listed> = Vec::new();
    let mut in_subkey = false;
    for line in String::from_utf8_lossy(listing).lines() {
        let fields: Vec<&str> = line.split(':').collect();
        let field = |number: usize| fields.get(number - 1).copied().unwrap_or_default();
        let validity = field(2).chars().next().unwrap_or('-');
        match field(1) {
            "pub" | "sec" => {
                in_subkey = false;
                keys.push(Listed { primary: part(&field), ..Listed::default() });
            }
            kind => {
                let Some(key) = keys.last_mut() else { continue };
                match kind {
                    "sub" | "ssb" => {
                        in_subkey = true;
                        key.subkeys.push(part(&field));
                    }
                    "uid" => key.user_ids.push(UserId { validity, text: unescape(field(10)) }),
                    "fpr" => {
                        let subkey = key.subkeys.last_mut().filter(|_| in_subkey);
                        let part = subkey.unwrap_or(&mut key.primary);
                        part.fingerprint = field(10).to_ascii_uppercase();
                    }
                    _ => {}
                }
            }
        }
    }
    keys
}

fn part<'a>(field: &impl Fn(usize) -> &'a str) -> Part {
    let seconds = field(7).parse().ok().filter(|&seconds: &u64| seconds > 0);
    Part {
        validity: field(2).chars().next().unwrap_or('-'),
        key_id: field(5).to_ascii_uppercase(),
        expires: seconds
            .and_then(|seconds| SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(seconds))),
        capabilities: field(12).to_owned(),
        is_stub: field(15) == "#",
        fingerprint: String::new(),
    }
}

/// Takes gpg's `\x3a` escapes off.
fn unescape(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, after @ ..] = rest {
        let code = rest.get(..4).filter(|code| code.starts_with(b"\\x"));
        let code = code.and_then(|code| std::str::from_utf8(&code[2..]).ok());
        if let Some(byte) = code.and_then(|code| u8::from_str_radix(code, 16).ok()) {
            bytes.push(byte);
            rest = &rest[4..];
        } else {
            bytes.push(*first);
            rest = after;
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_listing_is_read() {
        let listing = "tru::1:1:0:3:1:5\n\
            pub:u:255:22:0123456789ABCDEF:1:99::u:::scESC:::+::ed25519:::0:\n\
            fpr:::::::::00000000000000000000000001234567890ABCDEF0:\n\
            uid:r::::1::HASH::A\\x3a\\x0a <a@b>::::::::::0:\n\
            sub:e:255:18:FEDCBA9876543210:1:::::e:e::#:+::cv25519::\n\
            fpr:::::::::0FEDCBA9876543210:\n";
        let keys = read(listing.as_bytes());
        assert_eq!(keys.len(), 1);
        let key = &keys[0];
        assert_eq!(
            key.primary.expires,
            SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(99))
        );
        assert_eq!(key.primary.fingerprint, "00000000000000000000000001234567890ABCDEF0");
        assert_eq!(key.user_ids, [UserId { validity: 'r', text: "A:\n <a@b>".to_owned() }]);
        assert_eq!(key.subkeys[0].fingerprint, "0FEDCBA9876543210");
        assert!(key.subkeys[0].is_dead() && key.subkeys[0].encrypts());
        assert!(!key.primary.is_dead() && !key.primary.encrypts());
    }

    #[test]
    fn nonsense_is_no_key() {
        assert_eq!(read(b"uid:::\nsub:\xff\n\n:::"), []);
        assert_eq!(unescape("a\\x\\x4\\xzz\\x41\u{e9}\\"), "a\\x\\x4\\xzzA\u{e9}\\");
    }
}
