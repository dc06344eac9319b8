//! What is in a value's place.

use super::Value;
use super::needles::Needles;

/// What is in place of one value.
pub(super) struct Marker {
    /// In text: `***REMOVED:rule***`.
    full: Vec<u8>,
    /// In a name, where neither `*` nor `:` can stand: `REMOVED-rule`, with a number where several values have the rule, as two
    /// names must not become one.
    name: Vec<u8>,
    /// Where there is no room for more.
    short: &'static [u8],
    /// Fills what is left.
    fill: u8,
}

const SHORT: &[u8] = b"***REMOVED***";
/// Characters that fill, in the order of liking; no value consists of all of them.
const FILL: &[u8] = b"*x-_.+0";

/// Where something should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Medium {
    /// In a text.
    Text,
    /// In the name of a file or ref.
    Name,
}

impl Marker {
    /// The markers of these values.
    pub(super) fn of(values: &[Value], needles: &Needles) -> Vec<Self> {
        let of_rule =
            |values: &[Value], rule: &str| values.iter().filter(|value| value.rule == rule).count();
        // Twice, as two may come to stand side by side.
        let is_free = |text: &[u8]| !needles.is_in(&text.repeat(2));
        let fill = FILL.iter().copied().find(|&fill| is_free(&[fill; 64])).unwrap_or(b'*');
        let short = if is_free(SHORT) { SHORT } else { b"" };
        let marker = |(at, value): (usize, &Value)| {
            let number = of_rule(&values[..=at], &value.rule);
            let full = format!("***REMOVED:{}***", value.rule).into_bytes();
            let rule = value.rule.replace('.', "-");
            let name = match of_rule(values, &value.rule) > 1 {
                true => format!("REMOVED-{rule}-{number}"),
                false => format!("REMOVED-{rule}"),
            };
            let instead =
                |text: Vec<u8>, other: &[u8]| if is_free(&text) { text } else { other.to_vec() };
            Self {
                full: instead(full, &[fill; 3]),
                name: instead(name.into_bytes(), format!("x{at}").as_bytes()),
                short,
                fill,
            }
        };
        values.iter().enumerate().map(marker).collect()
    }

    /// As long as it likes.
    pub(super) fn whole(&self, place: Medium) -> &[u8] {
        match place {
            Medium::Text => &self.full,
            Medium::Name => &self.name,
        }
    }

    /// In so many bytes.
    pub(super) fn fit(&self, len: usize, place: Medium) -> Vec<u8> {
        let (short, fill) = match place {
            Medium::Text => (self.short, self.fill),
            Medium::Name => (&b"REMOVED"[..], b'x'),
        };
        let fits = [self.whole(place), short].into_iter().find(|text| text.len() <= len);
        let mut bytes = fits.unwrap_or_default().to_vec();
        bytes.resize(len, fill);
        bytes
    }
}
