//! What a stored file is, without a key: which of its values are sealed.

use std::collections::{BTreeMap, HashSet};

use super::conflict::{self, Side};
use super::mode;
use super::open::read;
use super::spots::{Named, Spot, What, spots};
use super::token::{Place, TokenError};
use super::{MAX_SEALED, Mode, may_hold_tokens, opener};
use crate::config_format::{Doubt, Format};
use crate::format::KeyId;

/// What the stored bytes of a path are that should be sealed by value, and are not sealed whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Look {
    /// Every value is sealed, exempt or empty.
    Sealed {
        /// How many are sealed, with which key.
        keys: BTreeMap<KeyId, usize>,
        /// For each key, how many of them were sealed to its public key.
        to_public: BTreeMap<KeyId, usize>,
        /// How many of them have a name that is exempt by now.
        exempt: usize,
    },
    /// Values are plaintext.
    Plain {
        /// Which.
        plain: Vec<Named>,
        /// How many values there are that should be sealed.
        values: usize,
        /// How many are sealed, with which key.
        keys: BTreeMap<KeyId, usize>,
    },
    /// What begins as a sealed value can be none.
    Damaged(Named, TokenError),
    /// It does not read, so nothing says what in it is sealed.
    DoesNotRead(Doubt),
}

impl Look {
    /// How many values are sealed, if all are.
    pub fn sealed(&self) -> usize {
        match self {
            Self::Sealed { keys, .. } => keys.values().sum(),
            _ => 0,
        }
    }

    /// The keys of the values that are sealed, as much of their ids as is known.
    pub fn keys(&self) -> impl Iterator<Item = KeyId> {
        let keys = match self {
            Self::Sealed { keys, .. } | Self::Plain { keys, .. } => Some(keys),
            Self::Damaged(..) | Self::DoesNotRead(_) => None,
        };
        keys.into_iter().flat_map(BTreeMap::keys).copied()
    }
}

/// Looks at the stored bytes of a path.
pub fn look(mode: &Mode, bytes: &[u8]) -> Look {
    let none = |why| Look::DoesNotRead(Doubt { line: 1, why });
    let Some(format) = mode.format else {
        // One that git has moved from another name: sealed in the other way is sealed all the same.
        return match look_anyway(b"", bytes) {
            Some(looked @ Look::Sealed { .. }) if looked.sealed() > 0 => looked,
            _ => none("the file's name tells no format"),
        };
    };
    if bytes.len() > MAX_SEALED {
        return none("the file is larger than 16 MiB");
    }
    match conflict::sides(bytes) {
        None => look_in(mode, format, bytes),
        Some(sides) => look_at_sides(mode, format, &sides),
    }
}

/// Looks at each side of a file with conflicts: the worst counts. Of values that are sealed on several sides the most that one has.
fn look_at_sides(mode: &Mode, format: Format, sides: &[Side]) -> Look {
    let mut all = (BTreeMap::new(), BTreeMap::new(), 0);
    for side in sides {
        match look_in(mode, format, &side.bytes) {
            Look::Sealed { keys, to_public, exempt } => {
                for (all, these) in [(&mut all.0, keys), (&mut all.1, to_public)] {
                    for (key, count) in these {
                        let most: &mut usize = all.entry(key).or_default();
                        *most = count.max(*most);
                    }
                }
                all.2 = exempt.max(all.2);
            }
            Look::Plain { mut plain, values, keys } => {
                plain.iter_mut().for_each(|named| named.line = side.line(named.line));
                return Look::Plain { plain, values, keys };
            }
            Look::Damaged(mut named, why) => {
                named.line = side.line(named.line);
                return Look::Damaged(named, why);
            }
            Look::DoesNotRead(mut doubt) => {
                doubt.line = side.line(doubt.line);
                return Look::DoesNotRead(doubt);
            }
        }
    }
    let (keys, to_public, exempt) = all;
    Look::Sealed { keys, to_public, exempt }
}

fn look_in(mode: &Mode, format: Format, bytes: &[u8]) -> Look {
    let document = match mode::read(format, bytes) {
        Ok(document) => document,
        Err(doubt) => return Look::DoesNotRead(doubt),
    };
    let spots = match spots(format, &document, Some(&mode.clear)) {
        Ok(spots) => spots,
        Err(doubt) => return Look::DoesNotRead(doubt),
    };
    let mut keys = BTreeMap::new();
    let mut to_public = BTreeMap::new();
    let mut plain = Vec::new();
    let mut exempt = 0;
    for spot in &spots {
        match spot.what {
            What::Empty | What::Clear => {}
            What::Plain => plain.push(spot.named()),
            What::Token => match read(format, bytes, spot) {
                Ok(token) => {
                    *keys.entry(token.key()).or_default() += 1;
                    if token.is_to_public() {
                        *to_public.entry(token.key()).or_default() += 1;
                    }
                    exempt += usize::from(mode.clear.allows(spot.item));
                }
                Err(why) => return Look::Damaged(spot.named(), why),
            },
        }
    }
    match plain.is_empty() {
        true => Look::Sealed { keys, to_public, exempt },
        false => {
            let values = plain.len() + keys.values().sum::<usize>();
            Look::Plain { plain, values, keys }
        }
    }
}

/// Looks at the stored bytes of a path that should not be sealed by value: `None` where none of its values is sealed. Its
/// format is told by its name, or by the sealed values themselves.
pub fn look_anyway(path: &[u8], bytes: &[u8]) -> Option<Look> {
    if bytes.len() > MAX_SEALED || !may_hold_tokens(bytes) {
        return None;
    }
    let format = opener(mode::format_of_path(path), bytes)?;
    Some(look(&Mode { format: Some(format), ..Mode::default() }, bytes))
}

/// The values of a stored file that are exempt, sealed or not, and were sealed at their names in an earlier version of it, in which they were not
/// exempt. What does not read has none.
pub fn newly_exempt(mode: &Mode, bytes: &[u8], (before, old): (&Mode, &[u8])) -> Vec<Named> {
    let (Some(format), Some(old_format)) = (mode.format, before.format) else { return Vec::new() };
    if mode.clear == before.clear && mode.format == before.format || !may_hold_tokens(old) {
        return Vec::new();
    }
    let Ok(document) = mode::read(old_format, old) else { return Vec::new() };
    let spots_before = spots(old_format, &document, None).unwrap_or_default();
    let sealed = spots_before.into_iter().filter(|spot| spot.what == What::Token);
    let sealed: HashSet<Place> =
        sealed.filter(|spot| !before.clear.allows(spot.item)).map(|spot| spot.place).collect();
    let Ok(document) = mode::read(format, bytes) else { return Vec::new() };
    let found = spots(format, &document, None).unwrap_or_default();
    let is_now = |spot: &&Spot<'_>| mode.clear.allows(spot.item) && sealed.contains(&spot.place);
    found.iter().filter(is_now).map(Spot::named).collect()
}
