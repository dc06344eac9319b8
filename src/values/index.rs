//! What a file was before it is sealed again: a value that did not change keeps its token, and one that somebody set without the key
//! never becomes an ordinary one, which could be compared with others.

use std::collections::{HashMap, HashSet};
use std::ops::Range;

use super::align::{align, is_same};
use super::conflict;
use super::mode::{self, quotes, write};
use super::open::read;
use super::spots::{Spot, What, spots};
use super::token::{Place, Token, public_tokens};
use super::{Ciphers, may_hold_tokens};
use crate::config_format::Format;
use crate::format::KeyId;
use crate::store::received::Received;

/// What is known of a file before it is sealed again.
#[derive(Clone, Copy, Default)]
pub struct Past<'p> {
    /// The version that the index has or, in a merge, those of both sides: ours, then theirs.
    pub sides: &'p [Vec<u8>],
    /// In a merge, the version from which both sides began.
    pub base: Option<&'p [u8]>,
    /// The version that the file in the worktree was checked out from, if that is known and another one.
    pub origin: Option<&'p [u8]>,
    /// Where that is not known: the versions of the last commit, and of one that is being merged.
    pub heads: &'p [Vec<u8>],
    /// What this clone has opened of values that were set without the key.
    pub received: Option<&'p Received>,
    /// The path of the file, as git has it; empty where it is not known.
    pub path: &'p [u8],
    /// Whether the side is a file of the worktree: what is plaintext in it is known to nobody else.
    pub is_of_worktree: bool,
    /// Whether sealed values become plaintext whose names are exempt by now.
    pub opens_exempt: bool,
}

/// A sealed value as it is written, with its quotes.
type Written = (Token, Vec<u8>);

/// The sealed values of a version, in its order, by where they are.
#[derive(Default)]
struct Version(HashMap<Place, Vec<Written>>);

impl Version {
    /// What does not read has none.
    fn read(format: Format, blob: &[u8]) -> Self {
        type IsNew<'s> = dyn FnMut(&Range<usize>) -> bool + 's;
        let mut tokens: HashMap<Place, Vec<Written>> = HashMap::new();
        if !may_hold_tokens(blob) {
            return Self::default();
        }
        let mut add = |bytes: &[u8], mut is_new: Box<IsNew<'_>>| {
            let Ok(document) = mode::read(format, bytes) else { return };
            let Ok(spots) = spots(format, &document, None) else { return };
            for spot in spots.into_iter().filter(|spot| spot.what == What::Token) {
                let Ok(token) = read(format, bytes, &spot) else { continue };
                if is_new(&spot.range) {
                    let written = bytes[spot.range].to_vec();
                    tokens.entry(spot.place).or_default().push((token, written));
                }
            }
        };
        match conflict::sides(blob) {
            None => add(blob, Box::new(|_| true)),
            Some(sides) => {
                let mut seen = HashSet::new();
                for side in &sides {
                    let mut is_first =
                        |at: Option<Range<usize>>| seen.insert(at.map(|at| at.start));
                    add(&side.bytes, Box::new(|range| is_first(side.in_file(range))));
                }
            }
        }
        Self(tokens)
    }

    /// Whether a blob has more values that were set without the key than were read of it, as in another format.
    fn lacks_any_of(&self, blob: &[u8]) -> bool {
        let read = self.0.values().flatten().filter(|written| is_set(written)).count();
        public_tokens(blob).count() > read
    }

    fn at(&self, place: &Place) -> &[Written] {
        self.0.get(place).map_or(&[], Vec::as_slice)
    }

    /// Whether somebody without the key has set one of the values at a place.
    fn is_set_at(&self, place: &Place) -> bool {
        self.at(place).iter().any(is_set)
    }

    /// Whether anything in the file was set without the key.
    fn is_set_anywhere(&self) -> bool {
        self.0.values().flatten().any(is_set)
    }

    /// Whether a value was added or taken away, at a place with one that was set without the key: equal ones could be any of them.
    fn is_mixed_up(&self, place: &Place, count: usize) -> bool {
        let here = self.at(place);
        here.len() != count && here.len().max(count) > 1 && self.is_set_at(place)
    }

    /// The token of each of these values that this version has at a place.
    fn of<'v>(
        &'v self,
        place: &Place,
        raws: &[&[u8]],
        ciphers: &mut Ciphers<'_>,
    ) -> Vec<Option<&'v Written>> {
        if self.is_mixed_up(place, raws.len()) {
            return vec![None; raws.len()];
        }
        let here = self.at(place);
        let mut open = |(token, _): &Written| {
            let held = ciphers.held(token.key())?;
            ciphers.of(&held.key).open(token, place).ok()
        };
        let opened: Vec<_> = here.iter().map(&mut open).collect();
        if self.is_set_at(place) {
            // Which of several was changed or moved shows in their order alone, and not in which are equal.
            let pairs = raws.iter().zip(here.iter().zip(&opened));
            let same =
                pairs.map(|(raw, (written, old))| is_same(raw, old.as_ref()).then_some(written));
            return same.collect();
        }
        align(raws, &opened).into_iter().map(|at| Some(&here[at?])).collect()
    }
}

fn is_set((token, _): &Written) -> bool {
    token.is_to_public()
}

/// What becomes of a value.
#[derive(Clone, Copy)]
pub(super) enum Chosen<'i> {
    /// An ordinary token.
    Ordinary,
    /// The token that it had, with its quotes.
    Keep(&'i [u8]),
    /// A new token, to the public key.
    ToPublic,
}

/// The versions of a file, read.
pub(super) struct Index<'p> {
    sides: Vec<Version>,
    base: Version,
    origin: Version,
    heads: Vec<Version>,
    /// The names that this clone remembers, with the tokens that it has opened in this file.
    remembered: HashMap<Place, Vec<Written>>,
    /// Whether a version has anything that was set without the key: then a new name may be that of a copy.
    is_set: bool,
    /// Then: the values that the versions have as plaintext. Everybody knows them.
    plain: HashSet<(Place, Vec<u8>)>,
    /// Whether what this clone remembers is not all that was set without the key.
    is_blind: bool,
    past: Past<'p>,
}

impl<'p> Index<'p> {
    /// Reads the versions. What is remembered is looked up for the values that were found in the file.
    pub(super) fn read(format: Format, past: Past<'p>, found: &[Spot<'_>]) -> Self {
        let of_blobs = |blobs: &[Vec<u8>]| -> Vec<Version> {
            blobs.iter().map(|blob| Version::read(format, blob)).collect()
        };
        let read =
            |blob: Option<&[u8]>| blob.map(|blob| Version::read(format, blob)).unwrap_or_default();
        let (sides, heads) = (of_blobs(past.sides), of_blobs(past.heads));
        let (base, origin) = (read(past.base), read(past.origin));
        let mut remembered = HashMap::new();
        if let Some(received) = past.received {
            let plain = found.iter().filter(|spot| spot.what == What::Plain);
            for place in plain.map(|spot| &spot.place) {
                if !remembered.contains_key(place) && received.knows(place.names()) {
                    remembered.insert(place.clone(), recall(format, received, past.path, place));
                }
            }
        }
        let is_set = sides.iter().any(Version::is_set_anywhere);
        let blobs = past.sides.iter().chain(past.heads).map(Vec::as_slice).chain(past.origin);
        let versions = sides.iter().chain(&heads).chain([&origin]);
        let is_unread = blobs.zip(versions).any(|(blob, version)| version.lacks_any_of(blob));
        let knows = past.received.is_some_and(|received| received.knows_path(past.path));
        let is_blind = is_unread
            || past.received.is_some_and(Received::has_forgotten)
            || is_set && !knows && past.origin.is_none();
        let stored = past.sides.iter().filter(|_| is_set && !past.is_of_worktree);
        let plain = stored.flat_map(|blob| plain_values(format, blob)).collect();
        Self { sides, base, origin, heads, remembered, is_set, plain, is_blind, past }
    }

    /// Whether a value at this place is sealed there.
    pub(super) fn has(&self, place: &Place) -> bool {
        self.sides.iter().any(|side| !side.at(place).is_empty())
    }

    /// The tokens of the only version that is stored, each as it is written; `None` where there are several, or none.
    pub(super) fn only_tokens(&self) -> Option<impl Iterator<Item = (&Place, &Token, &[u8])>> {
        let [side] = &self.sides[..] else { return None };
        let all = side.0.iter().flat_map(|(place, all)| all.iter().map(move |it| (place, it)));
        Some(all.map(|(place, (token, written))| (place, token, &written[..])))
    }

    /// A token, with its quotes, that opens to this value.
    pub(super) fn find(
        &self,
        place: &Place,
        raw: &[u8],
        ciphers: &mut Ciphers<'_>,
    ) -> Option<&[u8]> {
        let mut found = self.sides.iter().flat_map(|side| side.at(place));
        let found = found.find(|(token, _)| {
            let Some(held) = ciphers.held(token.key()) else { return false };
            ciphers.of(&held.key).open(token, place).is_ok_and(|opened| *opened == *raw)
        });
        found.map(|(_, written)| &written[..])
    }

    /// What becomes of each value that is sealed with a key: where it did not change, its token stays, if `keeps` accepts it. What was set
    /// without the key does not become ordinary. Whether anything else does may not depend on whether it equals what somebody has set, or they
    /// could test guesses: only the name counts, and in which files it was opened. Empty where all are ordinary.
    pub(super) fn choose(
        &self,
        bytes: &[u8],
        found: &[Spot<'_>],
        key: KeyId,
        ciphers: &mut Ciphers<'_>,
        keeps: impl Fn(&Token) -> bool,
    ) -> Vec<Chosen<'_>> {
        let plain = |spot: &&Spot<'_>| spot.what == What::Plain;
        let counts = |place: &Place| {
            let mut here = self.sides.iter().flat_map(|side| side.at(place));
            here.any(|written| is_set(written) || keeps(&written.0))
                || self.is_blind
                || self.remembered.contains_key(place)
                || !self.origin.at(place).is_empty()
                || self.heads.iter().any(|head| head.is_set_at(place))
                || self.is_set && !self.has(place)
        };
        let mut by_place: HashMap<&Place, Vec<usize>> = HashMap::new();
        for (at, spot) in found.iter().enumerate().filter(|(_, spot)| plain(spot)) {
            if counts(&spot.place) {
                by_place.entry(&spot.place).or_default().push(at);
            }
        }
        if by_place.is_empty() {
            return Vec::new();
        }
        let mut chosen = vec![Chosen::Ordinary; found.len()];
        for (place, all) in by_place {
            let raws: Vec<&[u8]> = all.iter().map(|at| &bytes[found[*at].range.clone()]).collect();
            let here = self.choose_at(place, &raws, key, ciphers, &keeps);
            all.into_iter().zip(here).for_each(|(at, here)| chosen[at] = here);
        }
        chosen
    }

    /// What becomes of the values at one place (docs/format.md, 8.4, has the table).
    fn choose_at(
        &self,
        place: &Place,
        raws: &[&[u8]],
        key: KeyId,
        ciphers: &mut Ciphers<'_>,
        keeps: &impl Fn(&Token) -> bool,
    ) -> Vec<Chosen<'_>> {
        let sides: Vec<_> = self.sides.iter().map(|side| side.of(place, raws, ciphers)).collect();
        let base = match sides.len() {
            0 | 1 => vec![None; raws.len()],
            _ => self.base.of(place, raws, ciphers),
        };
        let origins = self.origin.of(place, raws, ciphers);
        let heads: Vec<_> = self.heads.iter().map(|head| head.of(place, raws, ciphers)).collect();
        let versions = || self.sides.iter().chain([&self.origin]);
        let is_mixed_up = versions().any(|version| version.is_mixed_up(place, raws.len()));
        let is_list = raws.len() > 1
            && (versions().any(|version| version.is_set_at(place))
                || self.remembered.get(place).is_some_and(|known| !known.is_empty()));
        let choose = |number: usize| {
            let stored = origin(sides.iter().filter_map(|side| side[number]), base[number]);
            let elsewhere = origins[number].into_iter();
            let elsewhere = elsewhere.chain(heads.iter().filter_map(|head| head[number]));
            if let Some((token, written)) = stored.filter(|stored| is_set(stored)) {
                return if keeps(token) { Chosen::Keep(written) } else { Chosen::ToPublic };
            }
            if let Some((token, written)) = elsewhere.clone().find(|written| is_set(written)) {
                // An earlier generation does not come back to the index.
                let is_current = keeps(token) && token.key().names(key);
                return if is_current { Chosen::Keep(written) } else { Chosen::ToPublic };
            }
            match stored.or(origins[number]) {
                _ if is_mixed_up && self.sides.len() < 2 => Chosen::ToPublic,
                Some((token, written)) if stored.is_some() && keeps(token) => Chosen::Keep(written),
                Some(_) => Chosen::Ordinary,
                None if is_list || is_mixed_up => Chosen::ToPublic,
                None => self.choose_new(place, raws[number], key, ciphers),
            }
        };
        (0..raws.len()).map(choose).collect()
    }

    /// What becomes of a value that no version has there.
    fn choose_new(
        &self,
        place: &Place,
        raw: &[u8],
        key: KeyId,
        ciphers: &mut Ciphers<'_>,
    ) -> Chosen<'_> {
        let opens = |(token, _): &&Written| {
            let Some(held) = ciphers.held(token.key()) else { return false };
            ciphers.of(&held.key).open(token, place).is_ok_and(|opened| *opened == *raw)
        };
        if self.plain.contains(&(place.clone(), raw.to_vec())) {
            return Chosen::Ordinary;
        }
        match self.remembered.get(place).into_iter().flatten().rev().find(opens) {
            Some((token, written)) if token.key().names(key) => return Chosen::Keep(written),
            Some(_) => return Chosen::ToPublic,
            None => {}
        }
        // It may be a copy. A holder who changes what somebody has set, here and in no other file, makes an ordinary value.
        let received = self.past.received;
        let is_elsewhere =
            received.is_some_and(|all| all.knows_elsewhere(self.past.path, place.names()));
        match self.is_blind || is_elsewhere || self.is_set && !self.has(place) {
            true => Chosen::ToPublic,
            false => Chosen::Ordinary,
        }
    }
}

/// The values of a stored file that are plaintext.
fn plain_values(format: Format, blob: &[u8]) -> Vec<(Place, Vec<u8>)> {
    let Ok(document) = mode::read(format, blob) else { return Vec::new() };
    let spots = spots(format, &document, None).unwrap_or_default().into_iter();
    let plain = spots.filter(|spot| spot.what == What::Plain);
    plain.map(|spot| (spot.place, blob[spot.range].to_vec())).collect()
}

/// The tokens of a name that this clone has opened in a file, with their quotes.
fn recall(format: Format, received: &Received, path: &[u8], place: &Place) -> Vec<Written> {
    let tokens = received.tokens(path, place.names()).filter_map(|text| {
        let token = Token::parse(text.as_bytes()).ok()?;
        let is_sound = token.is_to_public() && token.is_quoted() == quotes(format);
        let mut written = Vec::new();
        write(format, text, &mut written);
        is_sound.then_some((token, written))
    });
    tokens.collect()
}

/// Which of the sides a value comes from, as if tokens and not values had been merged: a side that changed nothing says nothing. What both
/// have set alike is the holder's.
fn origin<'v>(
    sides: impl Iterator<Item = &'v Written>,
    base: Option<&'v Written>,
) -> Option<&'v Written> {
    let sides: Vec<&Written> = sides.collect();
    let is_changed = |side: &&&Written| base.is_none_or(|base| is_set_anew(base, side));
    let changed: Vec<&Written> = sides.iter().filter(is_changed).copied().collect();
    match changed[..] {
        [] => sides.first().copied(),
        [only] => Some(only),
        _ => changed.iter().find(|changed| !is_set(changed)).or(changed.first()).copied(),
    }
}

/// Whether the token of a value is another one because somebody has set it again, and not because of a rotation.
fn is_set_anew((base, written): &Written, (token, now): &Written) -> bool {
    let is_resealed = base.is_to_public() == token.is_to_public()
        && (!base.is_to_public() || base.key() != token.key());
    written != now && !is_resealed
}
