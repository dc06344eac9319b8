//! Which parts of a piece stood before, in it or in the dictionary (format.md 2.5, steps 2 to 4).

use std::sync::OnceLock;

use super::DICTIONARY;

/// How far back a match may lie, in bytes.
const WINDOW: usize = 32_768;
/// Earlier places that are looked at for one position.
const DEPTH: usize = 16;
/// A match of so many bytes ends the search.
const NICE: usize = 128;
/// The longest match that DEFLATE can name.
const LONGEST: usize = 258;
/// A match of so many bytes is taken without a look at the next position.
const LAZY: usize = 32;
/// A match of four bytes is worth nothing beyond this distance.
const FAR: usize = 8_192;
/// Bits of the hash of four bytes in the dictionary, and in a long piece.
const HASH_BITS: u32 = 15;
/// Bits of the hash in the shortest pieces: most files are short, and a large table costs more than it gains.
const MIN_HASH_BITS: u32 = 9;
/// Stands for "no place".
const NONE: u32 = 0;

/// A literal, or a match: its length above the low 16 bits, its distance in them.
#[derive(Clone, Copy, Default)]
pub(super) struct Token(u32);

impl zeroize::DefaultIsZeroes for Token {}

impl Token {
    fn literal(byte: u8) -> Self {
        Self(u32::from(byte))
    }

    fn matched(found: Match) -> Self {
        let number = |n: usize| u32::try_from(n).expect("at most 32,768");
        Self(number(found.length) << 16 | number(found.distance))
    }

    /// `Ok` with the length and the distance of a match, `Err` with a literal.
    #[expect(clippy::cast_possible_truncation, reason = "a literal is below 256")]
    pub(super) fn read(self) -> Result<(u32, u32), u8> {
        if self.0 < 256 { Err(self.0 as u8) } else { Ok((self.0 >> 16, self.0 & 0xffff)) }
    }
}

#[derive(Clone, Copy)]
struct Match {
    length: usize,
    distance: usize,
}

/// Earlier places by their first four bytes: the newest of each hash, and before each the one before.
struct Chains {
    newest: Vec<u32>,
    before: Vec<u32>,
}

/// The places of the dictionary, made at the first compression.
fn dictionary() -> &'static Chains {
    static CHAINS: OnceLock<Chains> = OnceLock::new();
    CHAINS.get_or_init(|| {
        let mut chains =
            Chains { newest: vec![NONE; 1 << HASH_BITS], before: vec![NONE; DICTIONARY.len()] };
        for (at, number) in (0..DICTIONARY.len() - 3).zip(1u32..) {
            let hash = hash(four(DICTIONARY, at), HASH_BITS);
            chains.before[at] = std::mem::replace(&mut chains.newest[hash], number);
        }
        chains
    })
}

fn four(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(bytes[at..at + 4].try_into().expect("four bytes"))
}

fn hash(four: u32, bits: u32) -> usize {
    (four.wrapping_mul(0x9e37_79b1) >> (32 - bits)) as usize
}

/// Bytes that are the same from `a` and from `b` on, at most [`LONGEST`].
fn common(a: &[u8], b: &[u8]) -> usize {
    let n = a.len().min(b.len()).min(LONGEST);
    let (a, b) = (&a[..n], &b[..n]);
    let mut at = 0;
    while at + 8 <= n {
        let x = u64::from_le_bytes(a[at..at + 8].try_into().expect("eight bytes"));
        let y = u64::from_le_bytes(b[at..at + 8].try_into().expect("eight bytes"));
        if x != y {
            return at + (x ^ y).trailing_zeros() as usize / 8;
        }
        at += 8;
    }
    at + a[at..].iter().zip(&b[at..]).take_while(|(x, y)| x == y).count()
}

/// Finds matches. Its tables are kept for the next piece.
pub(super) struct MatchFinder {
    chains: Chains,
    /// Bits of the hash.
    bits: u32,
    /// Numbers of places that are larger than this belong to this piece.
    base: u32,
    /// Positions that are in the chains already.
    entered: usize,
}

impl MatchFinder {
    pub(super) fn new() -> Self {
        Self {
            chains: Chains { newest: Vec::new(), before: Vec::new() },
            bits: 0,
            base: 0,
            entered: 0,
        }
    }

    /// Appends the literals and matches that `piece` consists of.
    pub(super) fn tokens(&mut self, piece: &[u8], out: &mut Vec<Token>) {
        self.begin(piece.len());
        let shortest = shortest(piece);
        let mut held: Option<Match> = None;
        let mut at = 0;
        while at < piece.len() {
            self.enter(piece, at);
            let Some(found) = held.take().or_else(|| self.find(piece, at, shortest)) else {
                out.push(Token::literal(piece[at]));
                at += 1;
                continue;
            };
            if found.length < LAZY && at + 1 < piece.len() {
                self.enter(piece, at + 1);
                let next = self.find(piece, at + 1, shortest.max(found.length));
                if let Some(next) = next.filter(|next| is_better(*next, found)) {
                    out.push(Token::literal(piece[at]));
                    at += 1;
                    held = Some(next);
                    continue;
                }
            }
            out.push(Token::matched(found));
            at += found.length;
        }
        self.base += u32::try_from(piece.len()).expect("a piece is short");
    }

    fn begin(&mut self, len: usize) {
        let needed = u32::try_from(len).expect("a piece is short");
        let bits = (len.max(1).ilog2() + 1).clamp(MIN_HASH_BITS, HASH_BITS);
        if bits != self.bits || self.base.checked_add(needed).is_none() {
            self.chains.newest.clear();
            self.chains.newest.resize(1 << bits, NONE);
            self.bits = bits;
            self.base = 0;
        }
        if self.chains.before.len() < len {
            self.chains.before.resize(len, NONE);
        }
        self.entered = 0;
    }

    /// Puts the positions before `end` into the chains.
    fn enter(&mut self, piece: &[u8], end: usize) {
        let end = end.min(piece.len().saturating_sub(3));
        for at in self.entered..end {
            let hash = hash(four(piece, at), self.bits);
            // Below the number of positions of all pieces, which `begin` holds within u32.
            #[expect(clippy::cast_possible_truncation, reason = "a piece is short")]
            let number = self.base + at as u32 + 1;
            self.chains.before[at] = std::mem::replace(&mut self.chains.newest[hash], number);
        }
        self.entered = self.entered.max(end);
    }

    /// The longest match of at least `least` bytes, the nearest of the longest.
    fn find(&self, piece: &[u8], at: usize, least: usize) -> Option<Match> {
        if at + 4 > piece.len() {
            return None;
        }
        let wanted = four(piece, at);
        let rest = &piece[at..];
        let mut best = Match { length: least - 1, distance: 0 };
        let mut left = DEPTH;

        let mut number = self.chains.newest[hash(wanted, self.bits)];
        while number > self.base {
            let from = (number - self.base - 1) as usize;
            if at - from > WINDOW {
                break;
            }
            if four(piece, from) == wanted {
                if left == 0 {
                    return best.worth();
                }
                left -= 1;
                if best.take(common(&piece[from..], rest), at - from) {
                    return best.worth();
                }
            }
            number = self.chains.before[from];
        }
        let dictionary = dictionary();
        let mut number = dictionary.newest[hash(wanted, HASH_BITS)];
        while number > NONE && left > 0 {
            let from = (number - 1) as usize;
            let distance = at + DICTIONARY.len() - from;
            if distance > WINDOW {
                break;
            }
            if four(DICTIONARY, from) == wanted {
                left -= 1;
                if best.take(common(&DICTIONARY[from..], rest), distance) {
                    return best.worth();
                }
            }
            number = dictionary.before[from];
        }
        best.worth()
    }
}

impl Match {
    /// Keeps a longer one, and says whether it is long enough to end the search.
    fn take(&mut self, length: usize, distance: usize) -> bool {
        if length <= self.length {
            return false;
        }
        *self = Self { length, distance };
        length >= NICE
    }

    fn worth(self) -> Option<Self> {
        let is_far = self.length == 4 && self.distance > FAR;
        (self.distance > 0 && !is_far).then_some(self)
    }
}

/// Whether the match of the next position is better by more than half a byte, distances counted by their bits.
fn is_better(next: Match, found: Match) -> bool {
    let bits = |distance: usize| i64::from(distance.ilog2());
    let longer = (next.length - found.length) as i64;
    4 * longer + bits(found.distance) - bits(next.distance) > 2
}

/// The shortest match that pays: longer where few different bytes stand, as literals are short there.
fn shortest(piece: &[u8]) -> usize {
    let mut seen = [false; 256];
    piece.iter().take(4096).for_each(|&byte| seen[usize::from(byte)] = true);
    match seen.iter().filter(|&&seen| seen).count() {
        0..16 => 6,
        16..46 => 5,
        _ => 4,
    }
}
