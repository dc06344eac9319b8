//! Files of sops, through `sops -d`. It checks the file's own mac, and leaves its metadata out.

use std::ffi::OsString;

use super::ImportError;
use super::program::{Program, Runner};
use super::tool::{Hidden, Source, Tool, beside};
use crate::config_format::Format;
use crate::git::repository::Repository;
use crate::secret::WipedVec;
use crate::values::format_of_path;

/// What every value that sops has encrypted begins with.
const VALUE: &[u8] = b"ENC[AES256_GCM,";
/// What leaves values unencrypted in a file of sops, where it is not the default.
const RULES: [&str; 5] = [
    "encrypted_regex",
    "unencrypted_regex",
    "encrypted_suffix",
    "encrypted_comment_regex",
    "unencrypted_comment_regex",
];

/// sops.
pub struct Sops;

impl Tool for Sops {
    fn name(&self) -> &'static str {
        "sops"
    }

    fn program(&self) -> Program {
        Program {
            name: "sops",
            install: "install sops from https://getsops.io, or with your package manager",
            obeys_folder: false,
        }
    }

    fn is_of(&self, source: &Source<'_>) -> bool {
        let has = |part: &[u8]| memchr::memmem::find(source.bytes, part).is_some();
        has(VALUE) && has(b"sops")
    }

    fn open(&self, runner: &Runner<'_>, source: &Source<'_>) -> Result<WipedVec, ImportError> {
        let mut arguments = vec![OsString::from("-d")];
        // sops tells a format by the end of a name alone.
        if let Some(kind) = kind(source) {
            for option in ["--input-type", "--output-type"] {
                arguments.extend([option.into(), kind.into()]);
            }
        }
        arguments.push(source.file.into());
        runner.run(source.path, &arguments, None)
    }

    fn hidden(&self, source: &Source<'_>) -> Hidden {
        let has = |part: &[u8]| memchr::memmem::find(source.bytes, part).is_some();
        match has(b"type:comment]") {
            true => Hidden::Comments,
            false => Hidden::Nothing,
        }
    }

    fn left(&self, _repository: &Repository, sources: &[Source<'_>]) -> Vec<String> {
        let mut left = Vec::new();
        for rules in beside(sources, ".sops.yaml") {
            left.push(format!(
                "{rules} holds rules of sops: remove those for these files, or sops encrypts them again"
            ));
        }
        for source in sources.iter().filter(|source| has_rule(source.bytes)) {
            left.push(format!(
                "{}: sops left some values readable by a rule of their names; --clear NAME does that here",
                crate::sanitise::path(source.path)
            ));
        }
        left
    }
}

/// Whether the metadata of a file says which names are encrypted, other than what sops writes by itself.
fn has_rule(bytes: &[u8]) -> bool {
    let begins = |at: &usize| *at == 0 || !bytes[at - 1].is_ascii_alphanumeric();
    RULES.iter().any(|rule| memchr::memmem::find_iter(bytes, rule.as_bytes()).any(|at| begins(&at)))
}

/// The format that sops must be told; `None` where it knows it, and for a file that it has encrypted whole.
fn kind(source: &Source<'_>) -> Option<&'static str> {
    let knows = [".yaml", ".yml", ".json", ".env", ".ini"];
    let is_known = knows.iter().any(|end| source.path.ends_with(end.as_bytes()));
    let is_object = source.bytes.trim_ascii_start().starts_with(b"{");
    if is_known || is_object {
        return None;
    }
    match format_of_path(source.path)? {
        Format::Env => Some("dotenv"),
        Format::Ini => Some("ini"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_of_the_user_are_told_from_what_sops_writes_itself() {
        for (metadata, expected) in [
            ("    unencrypted_suffix: _unencrypted\n", false),
            ("    encrypted_regex: ^pw$\n", true),
            ("sops_encrypted_suffix=_x\n", true),
            ("\"unencrypted_regex\": \"^a\"", true),
        ] {
            assert_eq!(has_rule(metadata.as_bytes()), expected, "{metadata}");
        }
    }
}
