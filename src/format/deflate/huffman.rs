//! Huffman codes as encoder 1 makes them (format.md 2.5, steps 6 and 7; RFC 1951, 3.2).

/// A code as it is written, low bit first, and its bits; no bits for a symbol that does not stand.
#[derive(Clone, Copy, Default)]
pub(super) struct Code {
    pub(super) bits: u16,
    pub(super) length: u8,
}

/// The order in which the lengths of the code length code stand (RFC 1951, 3.2.7).
pub(super) const CODE_LENGTH_ORDER: [usize; 19] =
    [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];

/// The shortest match of each length symbol from 257 on, and its extra bits (RFC 1951, 3.2.5).
const LENGTHS: [(u16, u8); 29] = [
    (3, 0),
    (4, 0),
    (5, 0),
    (6, 0),
    (7, 0),
    (8, 0),
    (9, 0),
    (10, 0),
    (11, 1),
    (13, 1),
    (15, 1),
    (17, 1),
    (19, 2),
    (23, 2),
    (27, 2),
    (31, 2),
    (35, 3),
    (43, 3),
    (51, 3),
    (59, 3),
    (67, 4),
    (83, 4),
    (99, 4),
    (115, 4),
    (131, 5),
    (163, 5),
    (195, 5),
    (227, 5),
    (258, 0),
];

/// Index into [`LENGTHS`] for every length up to 258.
#[expect(clippy::cast_possible_truncation, reason = "an index is below 29")]
const LENGTH_INDEX: [u8; 259] = {
    let mut index = [0; 259];
    let mut length = 3;
    let mut at = 0;
    while length < 259 {
        while at + 1 < LENGTHS.len() && LENGTHS[at + 1].0 as usize <= length {
            at += 1;
        }
        index[length] = at as u8;
        length += 1;
    }
    index
};

/// Symbol, extra value and extra bits of a match of 3 to 258 bytes.
pub(super) fn length_symbol(length: u32) -> (usize, u32, u32) {
    let at = usize::from(LENGTH_INDEX[length as usize]);
    let (base, extra) = LENGTHS[at];
    (257 + at, length - u32::from(base), u32::from(extra))
}

/// Symbol, extra value and extra bits of a distance of 1 to 32,768 bytes.
pub(super) fn distance_symbol(distance: u32) -> (usize, u32, u32) {
    let x = distance - 1;
    if x < 4 {
        return (x as usize, 0, 0);
    }
    let extra = x.ilog2() - 1;
    let symbol = 2 * (extra + 1) + (x >> extra & 1);
    (symbol as usize, x & ((1 << extra) - 1), extra)
}

/// The lengths of the fixed codes; the last two of the literals never stand, and count all the same (RFC 1951, 3.2.6).
pub(super) fn fixed() -> ([u8; 288], [u8; 30]) {
    let mut literals = [8; 288];
    literals[144..256].fill(9);
    literals[256..280].fill(7);
    (literals, [5; 30])
}

/// Lengths of a Huffman code of at most `limit` bits for symbols that stand so often; zero for those that do not.
pub(super) fn code_lengths<const N: usize>(counts: &[u32; N], limit: usize) -> [u8; N] {
    let mut lengths = [0; N];
    let mut sorted = [(0u32, 0u16); N];
    let mut n = 0;
    for (symbol, &count) in (0u16..).zip(counts) {
        if count > 0 {
            sorted[n] = (count, symbol);
            n += 1;
        }
    }
    let sorted = &mut sorted[..n];
    sorted.sort_unstable();
    if n < 2 {
        sorted.iter().for_each(|&(_, symbol)| lengths[usize::from(symbol)] = 1);
        return lengths;
    }
    let mut of_length = lengths_by_number(sorted, limit);
    shorten(&mut of_length[..=limit]);
    // The longest codes go to the rarest symbols.
    let mut symbols = sorted.iter();
    for length in (1..=limit).rev() {
        for &(_, symbol) in symbols.by_ref().take(of_length[length] as usize) {
            lengths[usize::from(symbol)] = u8::try_from(length).expect("at most 15");
        }
    }
    lengths
}

/// How many codes a Huffman tree has of each length, those beyond `limit` cut to it. Two queues, leaves and inner nodes in
/// the order in which they are made; of equal weights the leaf comes first.
fn lengths_by_number(sorted: &[(u32, u16)], limit: usize) -> [u32; 16] {
    let n = sorted.len();
    // Nodes 0 to n - 1 are leaves, the others inner ones.
    let mut parent = [0u16; 2 * 286];
    let mut weight = [0u32; 286];
    let (mut leaf, mut root) = (0, 0);
    for made in 0..n - 1 {
        let mut sum = 0;
        for _ in 0..2 {
            let is_leaf = leaf < n && (root >= made || sorted[leaf].0 <= weight[root]);
            let node = if is_leaf {
                sum += sorted[leaf].0;
                leaf += 1;
                leaf - 1
            } else {
                sum += weight[root];
                root += 1;
                n + root - 1
            };
            parent[node] = u16::try_from(n + made).expect("fewer than 572 nodes");
        }
        weight[made] = sum;
    }
    let mut depth = [0u16; 2 * 286];
    let mut of_length = [0; 16];
    for node in (0..2 * n - 2).rev() {
        depth[node] = depth[usize::from(parent[node])] + 1;
        if node < n {
            of_length[usize::from(depth[node]).min(limit)] += 1;
        }
    }
    of_length
}

/// Makes a code possible again after lengths were cut to the limit, which is the last of `of_length`.
fn shorten(of_length: &mut [u32]) {
    let limit = of_length.len() - 1;
    let mut total: u32 =
        of_length.iter().enumerate().skip(1).map(|(length, count)| count << (limit - length)).sum();
    while total > 1 << limit {
        of_length[limit] -= 1;
        let length = (1..limit).rev().find(|&length| of_length[length] > 0);
        let length = length.expect("codes of the limit alone are never too many");
        of_length[length] -= 1;
        of_length[length + 1] += 2;
        total -= 1;
    }
}

/// The canonical codes of these lengths (RFC 1951, 3.2.2).
pub(super) fn canonical<const N: usize>(lengths: &[u8; N]) -> [Code; N] {
    let mut of_length = [0u16; 16];
    for &length in lengths {
        of_length[usize::from(length)] += 1;
    }
    of_length[0] = 0;
    let mut next = [0u16; 16];
    for length in 1..16 {
        next[length] = (next[length - 1] + of_length[length - 1]) << 1;
    }
    lengths.map(|length| {
        if length == 0 {
            return Code::default();
        }
        let code = &mut next[usize::from(length)];
        let bits = code.reverse_bits() >> (16 - length);
        *code = code.wrapping_add(1);
        Code { bits, length }
    })
}

/// A symbol of the code length code, with its extra bits.
pub(super) struct Run {
    pub(super) symbol: u8,
    pub(super) extra: u8,
    pub(super) extra_bits: u8,
}

/// Code lengths as symbols of the code length code (RFC 1951, 3.2.7).
pub(super) fn run_lengths(lengths: &[u8]) -> Vec<Run> {
    let mut runs = Vec::with_capacity(lengths.len());
    let plain = |symbol| Run { symbol, extra: 0, extra_bits: 0 };
    for same in lengths.chunk_by(|a, b| a == b) {
        let (length, mut left) = (same[0], same.len());
        if length != 0 {
            runs.push(plain(length));
            left -= 1;
        }
        // A repeat names how many there are beyond the fewest that its symbol can mean.
        let repeats: &[(u8, usize, usize, u8)] =
            if length == 0 { &[(18, 11, 138, 7), (17, 3, 10, 3)] } else { &[(16, 3, 6, 2)] };
        for &(symbol, least, most, extra_bits) in repeats {
            while left >= least {
                let now = left.min(most);
                let extra = u8::try_from(now - least).expect("at most 127");
                runs.push(Run { symbol, extra, extra_bits });
                left -= now;
            }
        }
        runs.extend((0..left).map(|_| plain(length)));
    }
    runs
}
