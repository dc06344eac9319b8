//! INI: sections in brackets, `name = value` or `name: value`, and lines further in that go on with a value, as Python's
//! `configparser` has them. Dialects differ in comments behind values and in quotes.

use zeroize::Zeroizing;

use super::build::{Builder, New};
use super::env_text::Meant;
use super::item::{Kind, Role, Step, Style};
use super::text::{Text, trim, trim_start};
use super::{Dialect, Doubt, ini_value, may_be_base64, name};

pub(super) fn read<'t>(
    mut builder: Builder<'t>,
    source: &'t str,
    dialect: Option<Dialect>,
) -> Result<Builder<'t>, Doubt> {
    let text = Text::split(&builder, source.as_bytes())?;
    let depth = |at: usize| text.line(at).len() - trim_start(text.line(at)).len();
    let is_comment = |line: &[u8]| matches!(trim_start(line).first(), Some(b'#' | b';'));
    let goes_on = !matches!(dialect, Some(Dialect::Mysql | Dialect::Php));
    let mut at = 0;
    while at < text.len() {
        let (here, line, place) = (at, text.line(at), text.place(at));
        let content = trim(line);
        let start = place.start + depth(at);
        at += 1;
        if content.is_empty() || is_comment(line) {
            continue;
        }
        if content[0] == b'!' && dialect == Some(Dialect::Mysql) {
            builder.mark(place, Role::Structure);
            continue;
        }
        if content[0] == b'[' {
            let header =
                content.iter().rposition(|byte| *byte == b']').map(|close| &content[1..close]);
            let header =
                header.and_then(|header| Some((header.len(), name(trim(header), HEADER)?)));
            let Some((len, header)) = header else {
                return Err(builder.doubt(start, "this is not a section"));
            };
            let range = start + 1..start + 1 + len;
            builder.mark(range.clone(), Role::Name);
            builder.path = vec![Step::Name(header.to_owned())];
            let value = range.end + 1..range.end + 1;
            builder.push(New::alone(
                range,
                value,
                Kind::Mapping,
                Style::Plain,
                Zeroizing::default(),
            ))?;
            continue;
        }
        let sign = content.iter().position(|byte| matches!(byte, b'=' | b':'));
        let sign =
            sign.ok_or_else(|| builder.doubt(start, "there is no '=' or ':' after the name"))?;
        let own = trim(&content[..sign]);
        let name = name(own, NAME)
            .ok_or_else(|| builder.doubt(start, "the name has an unsupported character"))?;
        if may_be_base64(name, &content[sign + 1..]) {
            return Err(builder.doubt(start, "the line may be a value in Base64 without a name"));
        }
        let mut last = here;
        for next in (at..text.len()).take_while(|_| goes_on) {
            if trim(text.line(next)).is_empty() || is_comment(text.line(next)) {
                continue;
            }
            if depth(next) <= depth(here) {
                break;
            }
            last = next;
        }
        let behind = trim_start(&line[depth(here) + sign + 1..]);
        let begin = place.end - behind.len();
        let mut references = Vec::new();
        let (raw, value, style) = if last == here {
            let read = ini_value::read(dialect, &source[begin..place.end]);
            let Meant { raw, text: value, references: own } =
                read.map_err(|why| builder.doubt(start, why))?;
            references = own;
            let len = raw.end;
            let style = match behind.first().filter(|_| value.len() < len) {
                Some(b'"') => Style::Double,
                Some(b'\'') => Style::Single,
                _ => Style::Plain,
            };
            // In place of a comment, a value begins where the sign ends.
            let begin = if len == 0 { start + sign + 1 } else { begin };
            (begin..begin + len, value, style)
        } else {
            let lines = (here..=last).filter(|at| *at == here || !is_comment(text.line(*at)));
            let line = |at: usize| {
                let line = if at == here { begin..place.end } else { text.place(at) };
                let line = source[line].trim();
                let cuts = dialect == Some(Dialect::Supervisor);
                match ini_value::read(dialect, line) {
                    Ok(meant) if cuts => &line[meant.raw],
                    _ => line,
                }
            };
            let joined = Zeroizing::new(lines.map(line).collect::<Vec<_>>().join("\n"));
            (begin..text.place(last).end, joined, Style::Block)
        };
        at = last + 1;
        let range = start..start + own.len();
        builder.mark(range.clone(), Role::Name);
        builder.path.push(Step::Name(name.to_owned()));
        builder.push(New { references, ..New::alone(range, raw, Kind::Text, style, value) })?;
        builder.path.pop();
    }
    Ok(builder)
}

/// Signs in the names of sections.
const HEADER: &[u8] = b"_.-/: \"@*?,{}$\\+'()!=&|%~<>;#";
/// Signs in the names of values.
const NAME: &[u8] = b"_.-/ *@$,\\+%[]\"'(){}!?";
