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
/// Bits of the hash of four bytes in a long piece.
const HASH_BITS: u32 = 15;
/// Bits of the hash in the shortest pieces: most files are short, and a large table costs more than it gains.
const MIN_HASH_BITS: u32 = 9;
/// Bits of the hash in the dictionary.
const DICTIONARY_BITS: u32 = 13;

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

/// The number of a place, counted from one; zero for none. Short pieces need half the memory, and so fewer of their
/// places fall out of the processor's nearest cache.
trait Position: Copy + Default {
    /// Bytes of the longest piece.
    const LONGEST_PIECE: usize;

    /// The number of the place at this position.
    fn at(position: usize) -> Self;

    /// The position, if there is one.
    fn position(self) -> Option<usize>;
}

macro_rules! place {
    ($number:ty) => {
        impl Position for $number {
            const LONGEST_PIECE: usize = <$number>::MAX as usize;

            #[expect(
                clippy::cast_possible_truncation,
                reason = "a position is below LONGEST_PIECE"
            )]
            fn at(position: usize) -> Self {
                position as Self + 1
            }

            fn position(self) -> Option<usize> {
                (self as usize).checked_sub(1)
            }
        }
    };
}

place!(u16);
place!(u32);

/// Earlier places by their first four bytes: the newest of each hash, and before each the one before.
#[derive(Default)]
struct Chains<P> {
    newest: Vec<P>,
    before: Vec<P>,
    /// Bits of the hash.
    bits: u32,
    /// Positions that are in the chains already.
    entered: usize,
}

/// The places of the dictionary, as [`Chains`] has those of a piece, counted from one.
struct Dictionary {
    /// A bit for each value of the upper half of the hash: most four bytes of a text are not in the dictionary, and this
    /// says so from the processor's nearest cache.
    has: Box<[u64; 1024]>,
    newest: Box<[u16; 1 << DICTIONARY_BITS]>,
    before: Box<[u16; DICTIONARY.len()]>,
}

/// Made at the first compression.
fn dictionary() -> &'static Dictionary {
    static PLACES: OnceLock<Dictionary> = OnceLock::new();
    PLACES.get_or_init(|| {
        let mut places = Dictionary {
            has: Box::new([0; 1024]),
            newest: Box::new([0; 1 << DICTIONARY_BITS]),
            before: Box::new([0; DICTIONARY.len()]),
        };
        for (at, number) in (0..DICTIONARY.len() - 3).zip(1u16..) {
            let hash = hash(four(DICTIONARY, at));
            places.has[(hash >> 22) as usize] |= 1 << (hash >> 16 & 63);
            let newest = &mut places.newest[(hash >> (32 - DICTIONARY_BITS)) as usize];
            places.before[at] = std::mem::replace(newest, number);
        }
        places
    })
}

impl Dictionary {
    /// The last place of the dictionary with this hash, counted from one; zero for none.
    fn newest(&self, hash: u32) -> usize {
        if self.has[(hash >> 22) as usize] & 1 << (hash >> 16 & 63) == 0 {
            return 0;
        }
        usize::from(self.newest[(hash >> (32 - DICTIONARY_BITS)) as usize])
    }
}

fn four(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(bytes[at..at + 4].try_into().expect("four bytes"))
}

/// The upper bits of this are a hash.
fn hash(four: u32) -> u32 {
    four.wrapping_mul(0x9e37_79b1)
}

/// How many bytes are the same from the beginning of `a` and of `b` on, at most `most`, which both have.
fn common(a: &[u8], b: &[u8], most: usize) -> usize {
    let (a, b) = (&a[..most], &b[..most]);
    let mut at = 0;
    let (mut a8, mut b8) = (a.chunks_exact(8), b.chunks_exact(8));
    for (x, y) in a8.by_ref().zip(b8.by_ref()) {
        let x = u64::from_le_bytes(x.try_into().expect("eight bytes"));
        let y = u64::from_le_bytes(y.try_into().expect("eight bytes"));
        if x != y {
            return at + (x ^ y).trailing_zeros() as usize / 8;
        }
        at += 8;
    }
    at + a8.remainder().iter().zip(b8.remainder()).take_while(|(x, y)| x == y).count()
}

/// Finds matches. Its tables are kept for the next piece.
#[derive(Default)]
pub(super) struct MatchFinder {
    short: Chains<u16>,
    long: Chains<u32>,
}

impl MatchFinder {
    /// Appends the literals and matches that `piece` consists of.
    pub(super) fn tokens(&mut self, piece: &[u8], out: &mut Vec<Token>) {
        if piece.len() <= u16::LONGEST_PIECE {
            self.short.tokens(piece, out);
        } else {
            self.long.tokens(piece, out);
        }
    }
}

impl<P: Position> Chains<P> {
    fn tokens(&mut self, piece: &[u8], out: &mut Vec<Token>) {
        let dictionary = dictionary();
        self.begin(piece.len());
        let shortest = shortest(piece);
        let mut held: Option<Match> = None;
        let mut at = 0;
        while at < piece.len() {
            let Some(found) = held.take().or_else(|| self.find(dictionary, piece, at, shortest))
            else {
                out.push(Token::literal(piece[at]));
                at += 1;
                continue;
            };
            if found.length < LAZY && at + 1 < piece.len() {
                let next = self.find(dictionary, piece, at + 1, shortest.max(found.length));
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
    }

    fn begin(&mut self, len: usize) {
        self.bits = (len.max(1).ilog2() + 1).clamp(MIN_HASH_BITS, HASH_BITS);
        self.newest.clear();
        self.newest.resize(1 << self.bits, P::default());
        if self.before.len() < len {
            self.before.resize(len, P::default());
        }
        self.entered = 0;
    }

    /// Puts the positions before `end` into the chains.
    fn enter(&mut self, piece: &[u8], end: usize) {
        let end = end.min(piece.len().saturating_sub(3));
        for at in self.entered..end {
            let hash = (hash(four(piece, at)) >> (32 - self.bits)) as usize;
            self.before[at] = std::mem::replace(&mut self.newest[hash], P::at(at));
        }
        self.entered = self.entered.max(end);
    }

    /// The longest match of at least `least` bytes, the nearest of the longest. It puts the position into the chains too.
    fn find(
        &mut self,
        dictionary: &Dictionary,
        piece: &[u8],
        at: usize,
        least: usize,
    ) -> Option<Match> {
        let rest = &piece[at..];
        // Nothing is longer, so a match of that length ends the search.
        let most = rest.len().min(LONGEST);
        if most < least.max(4) {
            return None;
        }
        self.enter(piece, at);
        let wanted = four(rest, 0);
        let hash = hash(wanted);
        let mut best = Match { length: least - 1, distance: 0 };
        let mut left = DEPTH;

        let newest = &mut self.newest[(hash >> (32 - self.bits)) as usize];
        let mut number = std::mem::replace(newest, P::at(at));
        self.before[at] = number;
        self.entered = at + 1;
        while let Some(from) = number.position() {
            if at - from > WINDOW {
                break;
            }
            let there = &piece[from..];
            if four(there, 0) == wanted {
                if left == 0 {
                    return best.worth();
                }
                left -= 1;
                if there[best.length] == rest[best.length]
                    && best.take(common(there, rest, most), at - from, most)
                {
                    return best.worth();
                }
            }
            number = self.before[from];
        }
        let mut number = dictionary.newest(hash);
        while number > 0 && left > 0 {
            let from = number - 1;
            let distance = at + DICTIONARY.len() - from;
            if distance > WINDOW {
                break;
            }
            let there = &DICTIONARY[from..];
            if four(there, 0) == wanted {
                left -= 1;
                if there.get(best.length) == Some(&rest[best.length])
                    && best.take(common(there, rest, most.min(there.len())), distance, most)
                {
                    return best.worth();
                }
            }
            number = usize::from(dictionary.before[from]);
        }
        best.worth()
    }
}

impl Match {
    /// Keeps a longer one, and says whether that ends the search.
    fn take(&mut self, length: usize, distance: usize, most: usize) -> bool {
        if length <= self.length {
            return false;
        }
        *self = Self { length, distance };
        length >= NICE.min(most)
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

/// The shortest match that pays: longer where few different bytes are, as literals are short there.
fn shortest(piece: &[u8]) -> usize {
    let mut seen = [false; 256];
    let mut different = 0;
    for &byte in piece.iter().take(4096) {
        if !std::mem::replace(&mut seen[usize::from(byte)], true) {
            different += 1;
            if different == 46 {
                return 4;
            }
        }
    }
    if different < 16 { 6 } else { 5 }
}
