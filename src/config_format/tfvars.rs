//! Variables of Terraform by `hcl-edit`: names with fixed values. What is computed is not read, as Terraform does not either.

use std::ops::Range;

use hcl_edit::Span as _;
use hcl_edit::expr::{Expression, ObjectKey, UnaryOperator};
use hcl_edit::structure::Structure;
use hcl_edit::template::{Element, Template};
use zeroize::Zeroizing;

use super::Doubt;
use super::build::{Builder, MAX_DEPTH, New};
use super::item::{Kind, Role, Step, Style};

const COMPUTED: &str = "only fixed values are supported here, nothing that is computed";

pub(super) fn read<'t>(mut builder: Builder<'t>, text: &'t str) -> Result<Builder<'t>, Doubt> {
    let body = hcl_edit::parser::parse_body(text).map_err(|error| {
        // Its message holds the line.
        let at = text.split_inclusive('\n').take(error.location().line() - 1).map(str::len).sum();
        builder.doubt(at, "this is not a file of Terraform's variables")
    })?;
    for structure in &body {
        let Structure::Attribute(attribute) = structure else {
            let at = structure.span().unwrap_or_default().start;
            return Err(builder.doubt(at, "a file of Terraform's variables has no blocks"));
        };
        builder.path.push(Step::Name(attribute.key.as_str().to_owned()));
        let name = attribute.key.span().unwrap_or_default();
        node(&mut builder, text, &attribute.value, name, 0)?;
        builder.path.pop();
    }
    Ok(builder)
}

fn node(
    builder: &mut Builder<'_>,
    text: &str,
    value: &Expression,
    name: Range<usize>,
    depth: usize,
) -> Result<(), Doubt> {
    let range = value.span().unwrap_or_default();
    if depth > MAX_DEPTH {
        return Err(builder.doubt(range.start, "the values are nested too deeply"));
    }
    let raw = &text[range.clone()];
    let computed = builder.doubt(range.start, COMPUTED);
    let push = |builder: &mut Builder<'_>, kind, style, text: &str| {
        builder.mark(name.clone(), Role::Name);
        let (name, value, text) = (name.clone(), range.clone(), Zeroizing::new(text.to_owned()));
        builder.push(New::alone(name, value, kind, style, text))
    };
    match value {
        Expression::Null(_) => push(builder, Kind::Null, Style::Plain, ""),
        Expression::Bool(_) => push(builder, Kind::Boolean, Style::Plain, raw),
        Expression::Number(_) => push(builder, Kind::Number, Style::Plain, raw),
        Expression::UnaryOp(op) if *op.operator.value() == UnaryOperator::Neg => match op.expr {
            Expression::Number(_) => push(builder, Kind::Number, Style::Plain, raw),
            _ => Err(computed),
        },
        Expression::String(string) => push(builder, Kind::Text, Style::Double, string.as_str()),
        Expression::StringTemplate(template) => {
            let literal = literal(template).ok_or(computed)?;
            push(builder, Kind::Text, Style::Double, &literal)
        }
        Expression::HeredocTemplate(heredoc) => {
            let mut heredoc = heredoc.clone();
            if raw.starts_with("<<-") {
                heredoc.dedent();
            }
            let literal = literal(&heredoc.template).ok_or(computed)?;
            push(builder, Kind::Text, Style::Block, &literal)
        }
        Expression::Array(array) => {
            push(builder, Kind::List, Style::Flow, "")?;
            for (index, value) in array.iter().enumerate() {
                builder.path.push(Step::Index(index));
                node(builder, text, value, 0..0, depth + 1)?;
                builder.path.pop();
            }
            Ok(())
        }
        Expression::Object(object) => {
            push(builder, Kind::Mapping, Style::Flow, "")?;
            for (key, value) in object.iter() {
                let (step, name) = match key {
                    ObjectKey::Ident(ident) => (ident.as_str(), ident.span()),
                    ObjectKey::Expression(Expression::String(key)) => (key.as_str(), key.span()),
                    ObjectKey::Expression(Expression::Variable(key)) => (key.as_str(), key.span()),
                    ObjectKey::Expression(_) => return Err(computed),
                };
                builder.path.push(Step::Name(step.to_owned()));
                node(builder, text, value.expr(), name.unwrap_or_default(), depth + 1)?;
                builder.path.pop();
            }
            Ok(())
        }
        _ => Err(computed),
    }
}

/// The text of a template in which nothing is computed.
fn literal(template: &Template) -> Option<Zeroizing<String>> {
    let literal = |element: &Element| match element {
        Element::Literal(literal) => Some(literal.as_str().to_owned()),
        _ => None,
    };
    template.iter().map(literal).collect::<Option<String>>().map(Zeroizing::new)
}
