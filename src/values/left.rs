//! Sealed values that do not open and are left as they are: nobody here did that, and the others can change all the same.

use std::cell::OnceCell;
use std::collections::HashSet;

use super::Ciphers;
use super::conflict;
use super::mode;
use super::open::{OpenValuesError, open_as, open_but};
use super::spots::{Spot, What, spots};
use super::token::Place;
use crate::config_format::Format;

/// The sealed values of the stored versions of a file, as they are written, by their places. They are read when they are needed.
pub(super) struct Stored<'s> {
    format: Format,
    versions: &'s [Vec<u8>],
    read: OnceCell<HashSet<(Place, Vec<u8>)>>,
}

impl<'s> Stored<'s> {
    /// Those of these versions.
    pub(super) fn new(format: Format, versions: &'s [Vec<u8>]) -> Self {
        Self { format, versions, read: OnceCell::new() }
    }

    /// Whether a version has just these bytes at this place.
    pub(super) fn has(&self, bytes: &[u8], spot: &Spot<'_>) -> bool {
        let read =
            || self.versions.iter().flat_map(|version| sealed_in(self.format, version)).collect();
        let written = (spot.place.clone(), bytes[spot.range.clone()].to_vec());
        self.read.get_or_init(read).contains(&written)
    }

    /// Whether a file that does not open may be stored: a version does not open either, and what is in none of them opens.
    pub(super) fn excuses(&self, bytes: &[u8], ciphers: &mut Ciphers<'_>) -> bool {
        let mut is_damaged = |version: &Vec<u8>| {
            matches!(open_as(self.format, version, ciphers), Err(OpenValuesError::Token(..)))
        };
        self.versions.iter().any(&mut is_damaged)
            && open_but(self.format, bytes, ciphers, |spot| self.has(bytes, spot)).is_ok()
    }
}

fn sealed_in(format: Format, version: &[u8]) -> Vec<(Place, Vec<u8>)> {
    let of = |bytes: &[u8]| -> Vec<(Place, Vec<u8>)> {
        let Ok(document) = mode::read(format, bytes) else { return Vec::new() };
        let spots = spots(format, &document, None).unwrap_or_default().into_iter();
        let sealed = spots.filter(|spot| spot.what == What::Token);
        sealed.map(|spot| (spot.place, bytes[spot.range].to_vec())).collect()
    };
    match conflict::sides(version) {
        None => of(version),
        Some(sides) => sides.iter().flat_map(|side| of(&side.bytes)).collect(),
    }
}
