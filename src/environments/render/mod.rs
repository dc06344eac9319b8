//! Writing an environment for a deploy.

mod blocks;
pub mod effective;
mod kubernetes;
mod lines;
pub mod names;
pub mod steering;

use std::collections::BTreeMap;

use zeroize::Zeroizing;

use crate::config_format::{Dialect, Format, Kind, json_number, quoted, write_env};
use crate::environments::render::effective::Effective;
use crate::environments::render::names::{clash, variable};
use crate::secret::WipedVec;
pub use kubernetes::Manifest;
pub use lines::{append_to, masks, steering};

/// In which form an environment is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Output {
    /// `NAME='value'`, for shells and docker compose.
    Env,
    /// Java's properties.
    Properties,
    /// JSON.
    Json,
    /// YAML.
    Yaml,
    /// TOML.
    Toml,
    /// Values of Terraform's variables.
    Tfvars,
    /// `NAME=value` without quotes, for docker and kubectl.
    Docker,
    /// An `EnvironmentFile=` of systemd.
    Systemd,
    /// What the file of `GITHUB_ENV` takes.
    Github,
    /// A Secret of Kubernetes.
    Kubernetes(Manifest),
    /// A Secret with those properties that are secret, and a ConfigMap with the others.
    Parted(Manifest, Vec<bool>),
}

/// Why an environment cannot be written so. Names properties and no value.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum RenderError {
    /// Two properties are one variable.
    #[error("'{0}' and '{1}' are the same variable")]
    Clash(String, String),
    /// A value and a section of one name.
    #[error("'{0}' is both a value and a section")]
    Section(String),
    /// The name cannot be in this output.
    #[error("'{0}' is a name that this format cannot hold")]
    Name(String),
    /// The value cannot be in this output.
    #[error("the value of '{0}' {1}, and this format cannot hold it")]
    Value(String, &'static str),
    /// The system gives no random numbers.
    #[error("no random numbers")]
    Random,
}

/// Writes the properties down.
///
/// # Errors
/// [`RenderError`].
pub fn render(properties: &[Effective<'_>], output: &Output) -> Result<WipedVec, RenderError> {
    // Room for what escaping can make of it, so that no copy is left behind.
    let len: usize =
        properties.iter().map(|one| 6 * one.text.len() + 2 * one.name.len() + 64).sum();
    let mut out = WipedVec::with_capacity(len + 1024);
    match output {
        Output::Env => {
            for (name, text) in variables(properties)? {
                let raw = write_env(text, &[Dialect::Shell, Dialect::Compose])
                    .or_else(|_| write_env(text, &[Dialect::Shell]));
                let raw = raw.map_err(|_| RenderError::Name(name.clone()))?;
                put(&mut out, &[name.as_bytes(), b"=", raw.as_bytes(), b"\n"]);
            }
        }
        Output::Properties => {
            for one in properties {
                let text = one.text;
                let raw = Format::Properties.encode(None, text, false);
                let raw = raw.map_err(|_| RenderError::Name(safe(one.name)))?;
                put(&mut out, &[properties_name(one.name).as_bytes(), b"=", raw.as_bytes(), b"\n"]);
            }
        }
        Output::Json => {
            json(&tree(properties)?, 0, &mut out);
            out.push(b'\n');
        }
        Output::Yaml => {
            let tree = tree(properties)?;
            if tree.is_empty() {
                put(&mut out, &[b"{}\n"]);
            }
            yaml(&tree, 0, &mut out)?;
        }
        Output::Toml => blocks::toml(properties, &mut out)?,
        Output::Tfvars => blocks::tfvars(properties, &mut out)?,
        Output::Docker => lines::docker(properties, &mut out)?,
        Output::Systemd => lines::systemd(properties, &mut out)?,
        Output::Github => lines::github(properties, &mut out)?,
        Output::Kubernetes(manifest) => manifest.secret(properties, &mut out)?,
        Output::Parted(manifest, secrets) => manifest.parted(properties, secrets, &mut out)?,
    }
    Ok(out)
}

/// The properties as variables of an environment.
///
/// # Errors
/// [`RenderError`].
pub fn variables<'e>(properties: &[Effective<'e>]) -> Result<Vec<(String, &'e str)>, RenderError> {
    if let Some((one, other)) = clash(properties.iter().map(|one| one.name)) {
        return Err(RenderError::Clash(safe(one), safe(other)));
    }
    properties.iter().map(|one| Ok((variable(one.name), one.text))).collect()
}

fn put(out: &mut WipedVec, parts: &[&[u8]]) {
    for part in parts {
        out.reserve_wiping(part.len());
        out.extend_from_slice(part);
    }
}

fn safe(name: &str) -> String {
    crate::sanitise::path(name.as_bytes())
}

fn properties_name(name: &str) -> String {
    let mut written = String::new();
    for c in name.chars() {
        if matches!(c, ' ' | ':' | '=' | '#' | '!' | '\\') {
            written.push('\\');
        }
        written.push(c);
    }
    written
}

type Tree<'t, 'e> = BTreeMap<&'e str, Node<'t, 'e>>;

enum Node<'t, 'e> {
    Leaf(&'t Effective<'e>),
    Section(Tree<'t, 'e>),
}

fn tree<'t, 'e>(properties: &'t [Effective<'e>]) -> Result<Tree<'t, 'e>, RenderError> {
    let mut root = Tree::new();
    for one in properties {
        let clash = || RenderError::Section(safe(one.name));
        let Some((leaf, sections)) = one.path.split_last() else { continue };
        let mut at = &mut root;
        for section in sections {
            let node = at.entry(section).or_insert_with(|| Node::Section(Tree::new()));
            at = match node {
                Node::Section(below) => below,
                Node::Leaf(_) => return Err(clash()),
            };
        }
        if at.insert(leaf, Node::Leaf(one)).is_some() {
            return Err(clash());
        }
    }
    Ok(root)
}

/// A value as JSON, which is YAML too.
fn scalar(one: &Effective<'_>) -> Zeroizing<String> {
    match one.kind {
        Kind::Null => Zeroizing::new("null".to_owned()),
        Kind::Boolean | Kind::List | Kind::Mapping => Zeroizing::new(one.text.to_owned()),
        // Every format's way of writing, in the one that all read alike.
        Kind::Number => [Format::Json, Format::Yaml, Format::Toml]
            .into_iter()
            .find_map(|format| json_number(format, one.text).map(Zeroizing::new))
            .unwrap_or_else(|| quoted(one.text)),
        Kind::Text | Kind::Date => quoted(one.text),
    }
}

fn json(tree: &Tree<'_, '_>, depth: usize, out: &mut WipedVec) {
    put(out, &[b"{"]);
    for (at, (name, node)) in tree.iter().enumerate() {
        let comma: &[u8] = if at > 0 { b"," } else { b"" };
        put(out, &[comma, b"\n", &b"  ".repeat(depth + 1), quoted(name).as_bytes(), b": "]);
        match node {
            Node::Leaf(one) => put(out, &[scalar(one).as_bytes()]),
            Node::Section(below) => json(below, depth + 1, out),
        }
    }
    if !tree.is_empty() {
        put(out, &[b"\n", &b"  ".repeat(depth)]);
    }
    put(out, &[b"}"]);
}

fn yaml(tree: &Tree<'_, '_>, depth: usize, out: &mut WipedVec) -> Result<(), RenderError> {
    for (name, node) in tree {
        let name =
            Format::Yaml.encode(None, name, false).map_err(|_| RenderError::Name(safe(name)))?;
        put(out, &[&b"  ".repeat(depth), name.as_bytes(), b":"]);
        match node {
            Node::Leaf(one) => put(out, &[b" ", scalar(one).as_bytes(), b"\n"]),
            Node::Section(below) => {
                put(out, &[b"\n"]);
                yaml(below, depth + 1, out)?;
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
