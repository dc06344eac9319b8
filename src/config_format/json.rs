//! JSON by `jsonc-parser`, with the comments and last commas that many programs take in their configuration.

use jsonc_parser::ast::Value;
use jsonc_parser::common::Ranged as _;
use jsonc_parser::{CollectOptions, ParseOptions, parse_to_ast};
use zeroize::Zeroizing;

use super::Doubt;
use super::build::{Builder, MAX_DEPTH, New};
use super::item::{Kind, Role, Step, Style};

pub(super) fn read<'t>(mut builder: Builder<'t>, text: &'t str) -> Result<Builder<'t>, Doubt> {
    let options = ParseOptions {
        allow_comments: true,
        allow_trailing_commas: true,
        allow_loose_object_property_names: false,
        allow_missing_commas: false,
        allow_single_quoted_strings: false,
        allow_hexadecimal_numbers: false,
        allow_unary_plus_numbers: false,
        allow_bare_decimal_point_numbers: false,
        allow_non_finite_numbers: false,
        allow_extended_string_escapes: false,
    };
    let parsed = parse_to_ast(text, &CollectOptions::default(), &options);
    let parsed = parsed.map_err(|error| {
        // What should be there is missed where something else is.
        let at = error.range().start.min(text.len());
        let blanks = text[at..].len() - text[at..].trim_start().len();
        builder.doubt(at + blanks, "this is not JSON")
    })?;
    if let Some(value) = parsed.value {
        node(&mut builder, text, value, 0..0, 0)?;
    }
    Ok(builder)
}

fn node(
    builder: &mut Builder<'_>,
    text: &str,
    value: Value<'_>,
    name: std::ops::Range<usize>,
    depth: usize,
) -> Result<(), Doubt> {
    let range = value.range().start..value.range().end;
    if depth > MAX_DEPTH {
        return Err(builder.doubt(range.start, "the values are nested too deeply"));
    }
    let push = |builder: &mut Builder<'_>, kind, style, text: String| {
        builder.mark(name.clone(), Role::Name);
        let text = Zeroizing::new(text);
        let (name, value) = (name.clone(), range.clone());
        builder.push(New::alone(name, value, kind, style, text))
    };
    match value {
        Value::StringLit(_) if text[range.clone()].bytes().any(|byte| byte < b' ') => {
            Err(builder.doubt(range.start, "a line end or tab is inside a text"))
        }
        Value::StringLit(string) => {
            push(builder, Kind::Text, Style::Double, string.value.into_owned())
        }
        Value::NumberLit(_) => {
            push(builder, Kind::Number, Style::Plain, text[range.clone()].to_owned())
        }
        Value::BooleanLit(_) => {
            push(builder, Kind::Boolean, Style::Plain, text[range.clone()].to_owned())
        }
        Value::NullKeyword(_) => push(builder, Kind::Null, Style::Plain, String::new()),
        Value::Array(array) => {
            push(builder, Kind::List, Style::Flow, String::new())?;
            for (index, value) in array.elements.into_iter().enumerate() {
                builder.path.push(Step::Index(index));
                node(builder, text, value, 0..0, depth + 1)?;
                builder.path.pop();
            }
            Ok(())
        }
        Value::Object(object) => {
            push(builder, Kind::Mapping, Style::Flow, String::new())?;
            for member in object.properties {
                let name = member.name.range().start..member.name.range().end;
                builder.path.push(Step::Name(member.name.into_string()));
                node(builder, text, member.value, name, depth + 1)?;
                builder.path.pop();
            }
            Ok(())
        }
    }
}
