//! Keys as people keep them and hand them on, and the files of `.shroud/`.

use git_shroud::git_crypt::KeyFile;
use git_shroud::keyring::share;
use git_shroud::keyring::words;
use git_shroud::keyring::{Keyring, Retired, decode_marked, holds_secret, redact, to_text, token};
use git_shroud::store::backup;
use git_shroud::store::local;
use git_shroud::store::shroud_dir::{KeyInfo, Label, Member};

/// A key file, and the earlier keys that a `key.toml` keeps.
pub(super) fn key_file(bytes: &[u8]) {
    if let Ok(keyring) = Keyring::parse(bytes) {
        let text = keyring.to_text();
        let again = Keyring::parse(text.as_bytes()).expect("what is written is read");
        assert_eq!(*text, *to_text(again.entries()));
    }
    let _ = Retired::parse(bytes);
    let _ = local::parse(bytes, "key file");
}

/// A key file of git-crypt, of either form.
pub(super) fn git_crypt_key(bytes: &[u8]) {
    KeyFile::is_meant(bytes);
    let _ = KeyFile::parse_legacy(bytes);
    if let Ok(file) = KeyFile::parse_current(bytes) {
        let again = KeyFile::parse_current(&file.to_bytes()).expect("what is written is read");
        assert_eq!(*again.to_bytes(), *file.to_bytes());
    }
    let _ = KeyFile::parse(bytes);
}

/// Whatever a key can be kept in: a token, words, shares, an armoured file. And what hides them in messages.
pub(super) fn recovery(bytes: &[u8]) {
    let _ = decode_marked(bytes);
    let _ = backup::open(bytes, "a file", &mut |_| None);
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let redacted = redact(text);
    assert!(!holds_secret(&redacted), "{redacted}");
    if let Ok(key) = token::decode(text) {
        assert!(token::decode(&token::encode(&key)).is_ok_and(|again| again.same_as(&key)));
    }
    if let Ok(key) = words::decode(text) {
        assert!(words::decode(&words::encode(&key)).is_ok_and(|again| again.same_as(&key)));
    }
    let _ = words::parse_text(text);
    if let Ok(shares) = share::parse(text) {
        for one in &shares {
            assert!(share::parse(&one.to_token()).is_ok());
            assert!(share::parse(&one.to_text(true)).is_ok());
        }
        let _ = share::combine(&shares);
    }
}

/// A `key.toml`.
pub(super) fn key_toml(bytes: &[u8]) {
    let Some(name) = KeyInfo::name_in(bytes) else { return };
    if let Ok(info) = KeyInfo::parse(bytes, &name) {
        let again = KeyInfo::parse(info.to_text().as_bytes(), &name);
        assert_eq!(again.expect("what is written is read").to_text(), info.to_text());
    }
}

/// A member's file.
pub(super) fn member_toml(bytes: &[u8]) {
    let key = "default".parse().expect("it is a name");
    if let Ok(member) = Member::parse(bytes, &key, "alice") {
        let again = Member::parse(member.to_text().as_bytes(), &key, "alice");
        assert_eq!(again.expect("what is written is read").to_text(), member.to_text());
    }
    if let Ok(text) = std::str::from_utf8(bytes)
        && let Some(label) = Label::suggest(text)
    {
        assert!(label.as_str().parse::<Label>().is_ok(), "{label}");
    }
}
