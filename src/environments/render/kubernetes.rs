//! Manifests of Kubernetes (API v1): a Secret, and a ConfigMap for what is none.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

use super::{RenderError, put, safe};
use crate::config_format::quoted;
use crate::environments::render::effective::Effective;
use crate::format::ScanKey;
use crate::secret::WipedVec;

/// Digits behind a name that change with the content.
const HASH_DIGITS: usize = 10;
/// Bytes of the longest name of an object (RFC 1123).
const MAX_NAME: usize = 253;
/// Bytes of the longest name or value of a label.
const MAX_LABEL: usize = 63;

/// What is around the values.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Manifest {
    /// `metadata.name`.
    pub name: String,
    /// `metadata.namespace`.
    pub namespace: Option<String>,
    /// `metadata.labels`.
    pub labels: Vec<(String, String)>,
    /// Whether the Secret holds its values as they are, and not in Base64.
    pub string_data: bool,
}

/// What an object is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Object {
    Secret,
    ConfigMap,
}

impl Manifest {
    /// Refuses what Kubernetes would.
    ///
    /// # Errors
    /// A name or a label has a form that it does not take.
    pub fn check(&self) -> Result<(), RenderError> {
        let end = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric());
        let is = |text: &str, most: usize, sign: fn(char) -> bool| {
            text.len() <= most
                && end(text.chars().next())
                && end(text.chars().last())
                && text.chars().all(sign)
        };
        let dns = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '.');
        let label = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        let names = [Some(&self.name), self.namespace.as_ref()];
        if let Some(bad) = names.into_iter().flatten().find(|name| !is(name, MAX_NAME, dns)) {
            return Err(RenderError::Name(safe(bad)));
        }
        for (key, value) in &self.labels {
            let (prefix, own) =
                key.rsplit_once('/').map_or((None, key.as_str()), |(p, k)| (Some(p), k));
            let good = is(own, MAX_LABEL, label)
                && prefix.is_none_or(|prefix| is(prefix, MAX_NAME, dns))
                && (value.is_empty() || is(value, MAX_LABEL, label));
            if !good {
                return Err(RenderError::Name(safe(&format!("{key}={value}"))));
            }
        }
        Ok(())
    }

    /// Adds digits to the name that change with any value, so that a deployment that names it starts again. Nobody without the
    /// key can tell a value from them.
    pub fn add_hash(&mut self, properties: &[Effective<'_>], key: &ScanKey) {
        let mut parts: Vec<&[u8]> = vec![b"config-hash\0"];
        let lens: Vec<[u8; 8]> = properties
            .iter()
            .flat_map(|one| [one.name.len() as u64, one.text.len() as u64])
            .map(u64::to_be_bytes)
            .collect();
        for (at, one) in properties.iter().enumerate() {
            let texts: [&[u8]; 4] =
                [&lens[2 * at], one.name.as_bytes(), &lens[2 * at + 1], one.text.as_bytes()];
            parts.extend(texts);
        }
        let mac = crate::hex::lower(&key.mac(&parts));
        self.name.push('-');
        self.name.push_str(&mac[..HASH_DIGITS]);
    }

    /// One Secret with everything.
    pub(super) fn secret(
        &self,
        properties: &[Effective<'_>],
        out: &mut WipedVec,
    ) -> Result<(), RenderError> {
        let all: Vec<&Effective<'_>> = properties.iter().collect();
        self.object(Object::Secret, &all, out)
    }

    /// A Secret with the secrets, and a ConfigMap with all else; what would be empty is left out.
    pub(super) fn parted(
        &self,
        properties: &[Effective<'_>],
        secrets: &[bool],
        out: &mut WipedVec,
    ) -> Result<(), RenderError> {
        let of = |secret: bool| {
            let all = properties.iter().zip(secrets);
            all.filter(|(_, is)| **is == secret).map(|(one, _)| one).collect::<Vec<_>>()
        };
        let (open, secret) = (of(false), of(true));
        if !open.is_empty() {
            self.object(Object::ConfigMap, &open, out)?;
        }
        if !secret.is_empty() || open.is_empty() {
            if !open.is_empty() {
                put(out, &[b"---\n"]);
            }
            self.object(Object::Secret, &secret, out)?;
        }
        Ok(())
    }

    fn object(
        &self,
        kind: Object,
        properties: &[&Effective<'_>],
        out: &mut WipedVec,
    ) -> Result<(), RenderError> {
        let word: &[u8] = if kind == Object::Secret { b"Secret" } else { b"ConfigMap" };
        let name = quoted(&self.name);
        put(
            out,
            &[b"apiVersion: v1\nkind: ", word, b"\nmetadata:\n  name: ", name.as_bytes(), b"\n"],
        );
        if let Some(namespace) = &self.namespace {
            put(out, &[b"  namespace: ", quoted(namespace).as_bytes(), b"\n"]);
        }
        if !self.labels.is_empty() {
            put(out, &[b"  labels:\n"]);
        }
        for (key, value) in &self.labels {
            put(out, &[b"    ", quoted(key).as_bytes(), b": ", quoted(value).as_bytes(), b"\n"]);
        }
        if kind == Object::Secret {
            put(out, &[b"type: Opaque\n"]);
        }
        let as_text = kind == Object::ConfigMap || self.string_data;
        let data: &[u8] =
            if kind == Object::Secret && self.string_data { b"stringData" } else { b"data" };
        put(out, &[data, if properties.is_empty() { b": {}\n" } else { b":\n" }]);
        for one in properties {
            let sign = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
            if one.name.is_empty() || one.name.len() > 253 || !one.name.chars().all(sign) {
                return Err(RenderError::Name(safe(one.name)));
            }
            let value = if as_text { quoted(one.text) } else { base64(one.text) };
            put(out, &[b"  ", quoted(one.name).as_bytes(), b": ", value.as_bytes(), b"\n"]);
        }
        Ok(())
    }
}

fn base64(text: &str) -> Zeroizing<String> {
    let mut encoded = Zeroizing::new(String::with_capacity(text.len() / 3 * 4 + 8));
    STANDARD.encode_string(text, &mut encoded);
    if encoded.is_empty() {
        encoded.push_str("\"\"");
    }
    encoded
}
