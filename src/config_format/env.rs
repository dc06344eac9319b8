//! `.env` files: names before `=`. Each dialect says where a value ends and what it means.

use super::build::{Builder, New};
use super::env_text::Meant;
use super::item::{Kind, Role, Step, Style};
use super::text::{Text, is_blank, trim};
use super::{Dialect, Doubt, env_value, may_be_base64, name};

pub(super) fn read<'t>(
    mut builder: Builder<'t>,
    source: &'t str,
    dialect: Option<Dialect>,
) -> Result<Builder<'t>, Doubt> {
    let text = Text::split(&builder, source.as_bytes())?;
    let mut at = 0;
    while at < text.len() {
        let (line, start) = (text.line(at), text.place(at).start);
        let trimmed = trim(line);
        if trimmed.is_empty() || trimmed[0] == b'#' {
            at += 1;
            continue;
        }
        let equals = memchr::memchr(b'=', line)
            .ok_or_else(|| builder.doubt(start, no_name(trimmed, "there is no '='")))?;
        let words = trim(&line[..equals]);
        let exported = words.strip_prefix(b"export").map(trim);
        let own = exported.filter(|own| own.len() + 6 < words.len()).unwrap_or(words);
        let quoted = [b"\"", b"'"]
            .into_iter()
            .find_map(|quote| own.strip_prefix(quote)?.strip_suffix(quote));
        let Some(name) = name(quoted.unwrap_or(own), b"_.-") else {
            let why = no_name(trimmed, "the text before '=' cannot be a name");
            return Err(builder.doubt(start, why));
        };
        if may_be_base64(name, &line[equals + 1..]) {
            return Err(builder.doubt(start, "the line may be a value in Base64 without a name"));
        }
        let last = line[..equals].iter().rposition(|byte| !is_blank(*byte)).unwrap_or(0);
        let name_end = start + last + 1;
        let name_range = name_end - own.len()..name_end;
        let after = start + equals + 1;
        let Meant { raw, text: value, references } =
            env_value::read(dialect, &source[after..]).map_err(|why| builder.doubt(start, why))?;
        let raw = after + raw.start..after + raw.end;
        builder.mark(name_end - words.len()..name_range.start, Role::Structure);
        builder.mark(name_range.clone(), Role::Name);
        builder.path.push(Step::Name(name.to_owned()));
        let style = match source.as_bytes().get(raw.start).filter(|_| !raw.is_empty()) {
            Some(b'"') => Style::Double,
            Some(b'\'') => Style::Single,
            Some(b'`') => Style::Backtick,
            _ => Style::Plain,
        };
        at = text.line_at(raw.end) + 1;
        builder
            .push(New { references, ..New::alone(name_range, raw, Kind::Text, style, value) })?;
        builder.path.pop();
    }
    Ok(builder)
}

/// Why a line has no name.
fn no_name(line: &[u8], why: &'static str) -> &'static str {
    let template = |sign: &[u8]| line.windows(sign.len()).any(|part| part == sign);
    match template(b"{{") || template(b"{%") {
        true => "this is a template",
        false => why,
    }
}
