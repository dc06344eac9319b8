//! Outputs that know numbers, booleans and sections: TOML, and the values of Terraform's variables.

use zeroize::Zeroizing;

use super::{Node, RenderError, Tree, put, safe, tree};
use crate::config_format::{Format, Kind, json_number, quoted, quoted_hcl};
use crate::environments::render::effective::Effective;
use crate::secret::WipedVec;

/// TOML: the values of a section before the sections in it.
pub(super) fn toml(properties: &[Effective<'_>], out: &mut WipedVec) -> Result<(), RenderError> {
    toml_table(&tree(properties)?, &mut Vec::new(), out)
}

fn toml_table<'t>(
    tree: &'t Tree<'t, '_>,
    path: &mut Vec<&'t str>,
    out: &mut WipedVec,
) -> Result<(), RenderError> {
    for (name, node) in tree {
        if let Node::Leaf(one) = node {
            let value = toml_value(one)?;
            put(out, &[toml_name(name).as_bytes(), b" = ", value.as_bytes(), b"\n"]);
        }
    }
    for (name, node) in tree {
        let Node::Section(below) = node else { continue };
        path.push(name);
        if below.values().any(|node| matches!(node, Node::Leaf(_))) {
            let names: Vec<String> = path.iter().map(|name| toml_name(name)).collect();
            let blank: &[u8] = if out.is_empty() { b"" } else { b"\n" };
            put(out, &[blank, b"[", names.join(".").as_bytes(), b"]\n"]);
        }
        toml_table(below, path, out)?;
        path.pop();
    }
    Ok(())
}

fn toml_name(name: &str) -> String {
    let bare = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    let is_bare = !name.is_empty() && name.chars().all(bare);
    if is_bare { name.to_owned() } else { quoted(name).to_string() }
}

fn toml_value(one: &Effective<'_>) -> Result<Zeroizing<String>, RenderError> {
    let is_toml = |text: &str| {
        let line = Zeroizing::new(format!("v = {text}"));
        toml::de::DeTable::parse(&line).is_ok_and(|table| table.get_ref().len() == 1)
    };
    Ok(match one.kind {
        // TOML has no null.
        Kind::Null => {
            return Err(RenderError::Value(safe(one.name), "is null, which TOML does not know"));
        }
        Kind::Boolean => Zeroizing::new(one.text.to_owned()),
        Kind::Number | Kind::Date if is_toml(one.text) && !one.text.contains(['\n', '#']) => {
            Zeroizing::new(one.text.to_owned())
        }
        Kind::Number => number(one.text).map_or_else(|| quoted(one.text), Zeroizing::new),
        Kind::List | Kind::Mapping => {
            let text = from_json(one.text, " = ", &|text| quoted(text));
            match text.filter(|text| is_toml(text)) {
                Some(text) => text,
                None => {
                    return Err(RenderError::Value(
                        safe(one.name),
                        "is a list that TOML cannot hold",
                    ));
                }
            }
        }
        Kind::Text | Kind::Date => quoted(one.text),
    })
}

/// A number as JSON writes it, whatever format it comes from.
fn number(text: &str) -> Option<String> {
    [Format::Json, Format::Yaml, Format::Toml]
        .into_iter()
        .find_map(|format| json_number(format, text))
}

/// Values of Terraform's variables; a section is an object.
pub(super) fn tfvars(properties: &[Effective<'_>], out: &mut WipedVec) -> Result<(), RenderError> {
    let tree = tree(properties)?;
    let mut seen: Vec<(String, &str)> = Vec::new();
    for (name, node) in &tree {
        let identifier = identifier(name);
        if let Some((_, other)) = seen.iter().find(|(seen, _)| *seen == identifier) {
            return Err(RenderError::Clash(safe(other), safe(name)));
        }
        put(out, &[identifier.as_bytes(), b" = "]);
        hcl(node, 0, out);
        out.push(b'\n');
        seen.push((identifier, name));
    }
    Ok(())
}

/// The name of a variable of Terraform: letters, digits, `_` and `-`, not beginning with a digit.
fn identifier(name: &str) -> String {
    let good = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    let name: String = name.chars().map(|c| if good(c) { c } else { '_' }).collect();
    let begins = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
    if begins { name } else { format!("_{name}") }
}

fn hcl(node: &Node<'_, '_>, depth: usize, out: &mut WipedVec) {
    match node {
        Node::Leaf(one) => put(out, &[hcl_value(one).as_bytes()]),
        Node::Section(below) => {
            put(out, &[b"{\n"]);
            for (name, node) in below {
                let name = quoted_hcl(name);
                put(out, &[&b"  ".repeat(depth + 1), name.as_bytes(), b" = "]);
                hcl(node, depth + 1, out);
                out.push(b'\n');
            }
            put(out, &[&b"  ".repeat(depth), b"}"]);
        }
    }
}

fn hcl_value(one: &Effective<'_>) -> Zeroizing<String> {
    match one.kind {
        Kind::Null => Zeroizing::new("null".to_owned()),
        Kind::Boolean => Zeroizing::new(one.text.to_owned()),
        Kind::Number => number(one.text).map_or_else(|| quoted_hcl(one.text), Zeroizing::new),
        Kind::List | Kind::Mapping => {
            from_json(one.text, " = ", &quoted_hcl).unwrap_or_else(|| quoted_hcl(one.text))
        }
        Kind::Text | Kind::Date => quoted_hcl(one.text),
    }
}

/// JSON with other texts and another sign between names and values; all else stays as it is written.
fn from_json(
    json: &str,
    colon: &str,
    text: &dyn Fn(&str) -> Zeroizing<String>,
) -> Option<Zeroizing<String>> {
    let mut out = Zeroizing::new(String::with_capacity(2 * json.len() + 16));
    let mut rest = json;
    while let Some(c) = rest.chars().next() {
        match c {
            '"' => {
                let end = end_of_text(rest)?;
                let inner: Zeroizing<String> =
                    Zeroizing::new(serde_json::from_str(&rest[..end]).ok()?);
                out.push_str(&text(&inner));
                rest = &rest[end..];
                continue;
            }
            ':' => out.push_str(colon),
            ',' => out.push_str(", "),
            c => out.push(c),
        }
        rest = &rest[c.len_utf8()..];
    }
    Some(out)
}

/// Where a text of JSON ends that begins here.
fn end_of_text(json: &str) -> Option<usize> {
    let mut escaped = false;
    let end = json.bytes().enumerate().skip(1).find(|(_, byte)| match byte {
        _ if std::mem::take(&mut escaped) => false,
        b'\\' => {
            escaped = true;
            false
        }
        byte => *byte == b'"',
    });
    end.map(|(at, _)| at + 1)
}
