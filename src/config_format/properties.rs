//! Java's properties, as `java.util.Properties.load` takes them.

use super::build::{Builder, New};
use super::item::{Kind, Role, Step, Style};
use super::text::{Text, is_blank, trim_start};
use super::{Doubt, escapes, may_be_base64};

pub(super) fn read<'t>(mut builder: Builder<'t>, bytes: &'t [u8]) -> Result<Builder<'t>, Doubt> {
    let text = Text::split(&builder, bytes)?;
    let mut at = 0;
    while at < text.len() {
        let first = text.place(at);
        let line = trim_start(text.line(at));
        if line.is_empty() || matches!(line[0], b'#' | b'!') {
            at += 1;
            continue;
        }
        let start = first.end - line.len();
        while continues(text.line(at)) && at + 1 < text.len() {
            at += 1;
        }
        let end = text.place(at).end;
        let whole = &bytes[start..end];
        let mut escaped = false;
        let ends = |byte: &u8| {
            let ends = !escaped && (matches!(byte, b'=' | b':') || is_blank(*byte));
            escaped = *byte == b'\\' && !escaped;
            ends
        };
        let name_len = whole.iter().position(ends).unwrap_or(whole.len());
        // Blanks, then one sign, then blanks, and lines that go on between them.
        let mut value = name_len + blanks(&whole[name_len..]);
        let sign = matches!(whole.get(value), Some(b'=' | b':'));
        value += usize::from(sign);
        value += blanks(&whole[value..]);
        let decoded = |raw: &[u8]| escapes::properties(raw);
        let name = decoded(&whole[..name_len]).map_err(|why| builder.doubt(start, why))?;
        if sign && may_be_base64(&name, &whole[name_len + 1..]) {
            return Err(builder.doubt(start, "the line may be a value in Base64 without a name"));
        }
        if name.is_empty() || !sign && value == whole.len() {
            return Err(builder.doubt(start, "there is no '=' or ':' after the name"));
        }
        let content = decoded(&whole[value..]).map_err(|why| builder.doubt(start, why))?;
        let name_range = start..start + name_len;
        builder.mark(name_range.clone(), Role::Name);
        builder.mark(start + name_len..start + value, Role::Structure);
        builder.path.push(Step::Name(name.to_string()));
        let range = start + value..end;
        builder.push(New::alone(name_range, range, Kind::Text, Style::Plain, content))?;
        builder.path.pop();
        at += 1;
    }
    Ok(builder)
}

fn continues(line: &[u8]) -> bool {
    let backslashes = line.iter().rev().take_while(|byte| **byte == b'\\').count();
    !backslashes.is_multiple_of(2)
}

/// Blanks, and ends of lines that go on, with the blanks behind them.
fn blanks(bytes: &[u8]) -> usize {
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        match (byte, &bytes[at + 1..]) {
            (b'\\', [b'\r', b'\n', ..]) => at += 3,
            (b'\\', [b'\n', ..]) => at += 2,
            _ if is_blank(*byte) => at += 1,
            _ => break,
        }
    }
    at
}
