//! Compression of plaintext before it is sealed: DEFLATE (RFC 1951) with a preset dictionary (format.md 2.1 and 2.5).
//!
//! What the encoder writes is part of the format, as sealing must give the same bytes in every later version. So no
//! crate writes it. Any decoder reads it.

mod bits;
mod huffman;
mod inflate;
mod kept;
mod matches;

use std::cell::Cell;
use std::thread::LocalKey;

use crate::secret::WipedVec;
use bits::BitWriter;
use huffman::{CODE_LENGTH_ORDER, Code, code_lengths, run_lengths};
pub(super) use inflate::Inflater;
use kept::Keep;
pub(super) use kept::Kept;
use matches::{MatchFinder, Token};

/// What is before every piece; distances may reach into it.
pub(super) const DICTIONARY: &[u8] = include_bytes!("dictionary-1.txt");

/// Tokens of one block.
const BLOCK: usize = 16_384;
/// The symbol that ends a block.
const END_OF_BLOCK: usize = 256;
/// Literals, the end of the block, and lengths.
const LITERALS: usize = 286;
/// Symbols of distances.
const DISTANCES: usize = 30;
/// Bits of the longest code of a literal, a length or a distance.
const MAX_BITS: usize = 15;
/// Bits of the longest code of a code length.
const MAX_LENGTH_BITS: usize = 7;

/// Encoder 1. Used for many pieces.
pub(super) struct Deflater {
    finder: MatchFinder,
    tokens: Vec<Token>,
    check: Inflater,
}

thread_local! {
    static DEFLATER: Cell<Option<Box<Deflater>>> = const { Cell::new(None) };
}

impl Keep for Deflater {
    const SHELF: &'static LocalKey<Cell<Option<Box<Self>>>> = &DEFLATER;

    fn make() -> Self {
        Self { finder: MatchFinder::default(), tokens: Vec::new(), check: Inflater::make() }
    }

    fn wipe(&mut self) {
        self.wipe_tokens();
        self.check.wipe();
    }
}

impl Deflater {
    /// Appends DEFLATE of `piece` to `out` and says whether it did: it does only where that is shorter than the piece
    /// and where a decoder gives the piece back.
    ///
    /// `out` gets room at once, so that it is not moved while it is written.
    pub(super) fn deflate(&mut self, piece: &[u8], out: &mut WipedVec) -> bool {
        let from = out.len();
        let is_shorter = !is_flat(piece) && self.encode(piece, out);
        let is_right = is_shorter && self.check.inflate(&out[from..], piece.len()) == Some(piece);
        if !is_right {
            out.truncate(from);
        }
        is_right
    }

    fn wipe_tokens(&mut self) {
        self.tokens.fill(Token::default());
        zeroize::optimization_barrier(self.tokens.as_slice());
        self.tokens.clear();
    }

    fn encode(&mut self, piece: &[u8], out: &mut WipedVec) -> bool {
        self.wipe_tokens();
        self.finder.tokens(piece, &mut self.tokens);
        // One byte less than the piece: what does not fit is not shorter.
        let mut bits = BitWriter::new(out, piece.len().saturating_sub(1));
        let blocks = self.tokens.chunks(BLOCK);
        let last = blocks.len().saturating_sub(1);
        for (number, block) in blocks.enumerate() {
            write_block(block, number == last, &mut bits);
        }
        !self.tokens.is_empty() && bits.finish()
    }
}

/// Whether the bytes are spread so evenly that compressing is lost time: 5,120 times the sum of the squares of the
/// counts is below 22 times the square of the length.
fn is_flat(piece: &[u8]) -> bool {
    if piece.len() < 4096 {
        return false;
    }
    // Four tables, as equal neighbours would wait for each other.
    let mut counts = [[0u32; 256]; 4];
    let [first, second, third, fourth] = &mut counts;
    let (fours, rest) = piece.as_chunks::<4>();
    for &[a, b, c, d] in fours {
        first[usize::from(a)] += 1;
        second[usize::from(b)] += 1;
        third[usize::from(c)] += 1;
        fourth[usize::from(d)] += 1;
    }
    rest.iter().for_each(|&byte| counts[0][usize::from(byte)] += 1);
    let of_byte = |byte: usize| counts.iter().map(|counts| u64::from(counts[byte])).sum::<u64>();
    let squares: u64 = (0..256).map(|byte| of_byte(byte).pow(2)).sum();
    5_120 * squares < 22 * (piece.len() as u64).pow(2)
}

/// How often each symbol is in a block, and the extra bits of all of them.
struct Counts {
    literals: [u32; LITERALS],
    distances: [u32; DISTANCES],
    extra: u64,
}

impl Counts {
    fn of(block: &[Token]) -> Self {
        let mut counts = Self { literals: [0; LITERALS], distances: [0; DISTANCES], extra: 0 };
        counts.literals[END_OF_BLOCK] = 1;
        for token in block {
            match token.read() {
                Err(literal) => counts.literals[usize::from(literal)] += 1,
                Ok((length, distance)) => {
                    let (symbol, _, extra) = huffman::length_symbol(length);
                    counts.literals[symbol] += 1;
                    counts.extra += u64::from(extra);
                    let (symbol, _, extra) = huffman::distance_symbol(distance);
                    counts.distances[symbol] += 1;
                    counts.extra += u64::from(extra);
                }
            }
        }
        counts
    }

    /// Bits of all symbols with codes of these lengths.
    fn bits(&self, literals: &[u8], distances: &[u8]) -> u64 {
        let cost = |counts: &[u32], lengths: &[u8]| -> u64 {
            counts.iter().zip(lengths).map(|(&n, &bits)| u64::from(n) * u64::from(bits)).sum()
        };
        self.extra + cost(&self.literals, literals) + cost(&self.distances, distances)
    }
}

fn write_block(block: &[Token], is_final: bool, bits: &mut BitWriter<'_>) {
    let counts = Counts::of(block);
    let literals: [u8; LITERALS] = code_lengths(&counts.literals, MAX_BITS);
    let distances: [u8; DISTANCES] = code_lengths(&counts.distances, MAX_BITS);
    let literal_count = trimmed(&literals, 257);
    let distance_count = trimmed(&distances, 1);
    let mut sequence = [0; LITERALS + DISTANCES];
    sequence[..literal_count].copy_from_slice(&literals[..literal_count]);
    sequence[literal_count..literal_count + distance_count]
        .copy_from_slice(&distances[..distance_count]);
    let runs = run_lengths(&sequence[..literal_count + distance_count]);
    let mut run_counts = [0u32; 19];
    runs.iter().for_each(|run| run_counts[usize::from(run.symbol)] += 1);
    let run_bits: [u8; 19] = code_lengths(&run_counts, MAX_LENGTH_BITS);
    let ordered = CODE_LENGTH_ORDER.map(|symbol| run_bits[symbol]);
    let run_count = trimmed(&ordered, 4);

    let head: u64 = runs
        .iter()
        .map(|run| u64::from(run_bits[usize::from(run.symbol)]) + u64::from(run.extra_bits))
        .sum();
    let dynamic = 17 + 3 * run_count as u64 + head + counts.bits(&literals, &distances);
    let (fixed_literals, fixed_distances) = huffman::fixed();
    let fixed = 3 + counts.bits(&fixed_literals, &fixed_distances);

    if dynamic < fixed {
        bits.put(u32::from(is_final) | 2 << 1, 3);
        bits.put(small(literal_count - 257), 5);
        bits.put(small(distance_count - 1), 5);
        bits.put(small(run_count - 4), 4);
        ordered[..run_count].iter().for_each(|&length| bits.put(u32::from(length), 3));
        let codes: [Code; 19] = huffman::canonical(&run_bits);
        for run in &runs {
            let code = codes[usize::from(run.symbol)];
            bits.put_code(code, u32::from(run.extra), u32::from(run.extra_bits));
        }
        write_tokens(block, &huffman::canonical(&literals), &huffman::canonical(&distances), bits);
    } else {
        bits.put(u32::from(is_final) | 1 << 1, 3);
        write_tokens(
            block,
            &huffman::canonical(&fixed_literals),
            &huffman::canonical(&fixed_distances),
            bits,
        );
    }
}

fn write_tokens(block: &[Token], literals: &[Code], distances: &[Code], bits: &mut BitWriter<'_>) {
    for token in block {
        match token.read() {
            Err(literal) => bits.put_code(literals[usize::from(literal)], 0, 0),
            Ok((length, distance)) => {
                let (symbol, extra, count) = huffman::length_symbol(length);
                bits.put_code(literals[symbol], extra, count);
                let (symbol, extra, count) = huffman::distance_symbol(distance);
                bits.put_code(distances[symbol], extra, count);
            }
        }
    }
    bits.put_code(literals[END_OF_BLOCK], 0, 0);
}

/// How many lengths are left without the zeros at the end, but at least `least`.
fn trimmed(lengths: &[u8], least: usize) -> usize {
    let used = lengths.iter().rposition(|&length| length != 0).map_or(0, |at| at + 1);
    used.max(least)
}

fn small(count: usize) -> u32 {
    u32::try_from(count).expect("at most 286 symbols")
}

#[cfg(test)]
mod tests;
