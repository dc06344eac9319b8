//! The walk finds what looking at every object as a whole finds.

use std::ops::Range;
use std::sync::LazyLock;

use proptest::prelude::*;

use super::delta::Delta;

use crate::detect::change::{Change, Run};
use crate::detect::views::Seer;
use crate::detect::{Detector, Hit, Rank};
use crate::detect::{LocatedHit, Matcher};

/// Finds words of letters behind `pw=`, where three bytes before it there is no `!`.
pub(super) struct Words;

const WINDOW: usize = 3;

impl Matcher for Words {
    fn window(&self) -> usize {
        WINDOW
    }

    fn scan(&self, text: &[u8], within: &[Range<usize>], hits: &mut Vec<Hit>) {
        let mut add = |value: Range<usize>, matched: Range<usize>| {
            let touches =
                |part: &Range<usize>| matched.start < part.end && part.start < matched.end;
            if within.iter().any(touches) {
                hits.push(Hit::sure(value, matched, Rank::High));
            }
        };
        for at in memchr::memmem::find_iter(text, b"pw=") {
            let word = text[at + 3..].iter().take_while(|byte| byte.is_ascii_alphabetic()).count();
            if word > 0 && !text[at.saturating_sub(WINDOW)..at].contains(&b'!') {
                add(at + 3..at + 3 + word, at..at + 3 + word);
            }
        }
    }
}

/// A hit as it can be compared.
type Plain = (Range<usize>, Range<usize>, Range<i64>, usize, Vec<crate::detect::View>, Vec<u8>);

fn plain(found: &[LocatedHit]) -> Vec<Plain> {
    let plain = |hit: &LocatedHit| {
        let what = &hit.what;
        let (views, value) = (what.views.clone(), what.value.expose().to_vec());
        (hit.place.clone(), hit.around.clone(), hit.extent.clone(), what.hit.rule, views, value)
    };
    found.iter().map(plain).collect()
}

fn look(seer: &Seer<'_>, text: &[u8]) -> Vec<LocatedHit> {
    let mut found = Vec::new();
    seer.look(text, &mut found);
    found
}

/// Looks at `object` as a change of `base`, as the walk does.
fn look_at_change(seer: &Seer<'_>, base: &[u8], object: &[u8], runs: &[Run]) -> Vec<LocatedHit> {
    let change = Change::new(runs, base.len(), object.len());
    if seer.reaches_far(object) {
        return look(seer, object);
    }
    let looked = seer.look_at_change(object, &change, &seer.look_whole(base));
    seer.kept(&looked).into_owned()
}

/// Text with much in it that is nearly found.
fn text() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        6 => "(pw=|[a-c=! \n]){1,12}",
        1 => "[a-z \n]{0,40}",
        // 'pw=abc' in base64, hex, percent encoding and escapes, whole and cut.
        1 => "cHc9YWJjICBwdz1hYmMgIHB3PWFiYyAgcHc9YWJj[A-Za-z=]{0,3}",
        1 => "70773d616263202070773d616263202070773d616263[0-9a-f]{0,4}",
        1 => "(pw%3D|%70w%3dabc|%20)[a-c]{0,4}",
        1 => Just("\\u0070w=abc".to_owned()),
        1 => "(\\\\n|\\\\\"|\\\\\\\\){1,3}(pw=abc)?",
        1 => Just("p\0w\0=\0a\0b\0c\0d\0e\0f\0".to_owned()),
    ];
    proptest::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat())
}

/// Text in which the built-in rules find something here and there, longer than what they look at.
fn configuration() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        4 => "[a-z]{3,8}( [a-z]{2,9}){300,500}\n",
        2 => "(db_)?(password|secret|token|api_key)( = |: |=)\"?[A-Za-z0-9+/_-]{8,40}\"?\n",
        1 => "https://[a-z]{3,6}:[a-zA-Z0-9]{8,20}@[a-z]{3,8}\\.example/[a-z]{3}\n",
        1 => "Authorization: (Bearer|Basic) [A-Za-z0-9+/]{20,60}\n",
        1 => "-----(BEGIN|END) (RSA )?PRIVATE KEY-----\n([A-Za-z0-9+/]{64}\n){0,4}",
        1 => "(password|key|token|secret|[ =:\"'\n]){1,20}",
    ];
    proptest::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat())
}

/// Lines of the labelled texts, in other text.
fn labelled() -> impl Strategy<Value = String> {
    static LINES: LazyLock<Vec<String>> = LazyLock::new(crate::detect::labelled_texts);
    let line = any::<prop::sample::Index>().prop_map(|index| index.get(&LINES).clone());
    let piece = prop_oneof![
        4 => line,
        2 => "[a-z]{3,8}( [a-z]{2,9}){0,120}",
        1 => "(password|key|token|secret|machine|login|[ =:\\\"'`()\\[\\]{},<>?&|\\\\/-]){1,20}",
        1 => "[A-Za-z0-9+/]{60,76}\n[A-Za-z0-9+/]{60,76}\n",
    ];
    let end = prop_oneof![3 => Just("\n"), 1 => Just(" "), 1 => Just("")];
    proptest::collection::vec((piece, end), 0..14)
        .prop_map(|pieces| pieces.into_iter().map(|(piece, end)| piece + end).collect())
}

/// A copy, or what is inserted.
type Edit = Result<(usize, usize), String>;

/// How an object is made of its base: copies, and text between them.
fn edits() -> impl Strategy<Value = Vec<Edit>> {
    let copy = (any::<prop::sample::Index>(), any::<prop::sample::Index>())
        .prop_map(|(start, len)| Ok((start.index(1 << 16), len.index(1 << 16))));
    let insert = text().prop_map(|text| Err(text[..text.len().min(127)].to_owned()));
    proptest::collection::vec(prop_oneof![3 => copy, 1 => insert], 0..8)
}

/// The delta of these edits, as git would store it.
fn delta(base: &[u8], edits: &[Edit]) -> Vec<u8> {
    let (mut instructions, mut len) = (Vec::new(), 0);
    for edit in edits {
        match edit {
            Ok((start, count)) if !base.is_empty() => {
                let start = start % base.len();
                // Every third begins or ends with the base.
                let start = if count % 3 == 0 { 0 } else { start };
                let count = match count % 5 {
                    0 => base.len() - start,
                    _ => (1 + count % base.len()).min(base.len() - start),
                };
                let (start, count) = (start.to_le_bytes(), count.to_le_bytes());
                instructions
                    .extend([0xbf, start[0], start[1], start[2], start[3], count[0], count[1]]);
                len += usize::from(u16::from_le_bytes([count[0], count[1]]));
            }
            Err(text) if !text.is_empty() => {
                instructions.push(u8::try_from(text.len()).unwrap());
                instructions.extend(text.bytes());
                len += text.len();
            }
            _ => {}
        }
    }
    let mut delta = Vec::new();
    for mut len in [base.len(), len] {
        while len >= 0x80 {
            delta.push(0x80 | u8::try_from(len & 0x7f).unwrap());
            len >>= 7;
        }
        delta.push(u8::try_from(len).unwrap());
    }
    delta.extend(instructions);
    delta
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_change_has_the_hits_of_the_whole(base in text(), edits in edits()) {
        let (mut object, mut runs) = (Vec::new(), Vec::new());
        let base = base.as_bytes();
        let delta = delta(base, &edits);
        Delta::parse(&delta).unwrap().apply(base, &mut object, &mut runs).unwrap();
        let seer = Seer::new(vec![&Words]);
        let whole = look(&seer, &object);
        let change = look_at_change(&seer, base, &object, &runs);
        let shown = String::from_utf8_lossy(&object);
        prop_assert_eq!(plain(&change), plain(&whole), "{:?} {:?}", shown, runs);
    }
}

static RULES: LazyLock<Detector> = LazyLock::new(Detector::builtin);

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_change_has_the_hits_of_the_whole_by_the_built_in_rules(
        base in configuration(),
        edits in edits(),
    ) {
        let base = base.as_bytes();
        let (mut object, mut runs) = (Vec::new(), Vec::new());
        Delta::parse(&delta(base, &edits)).unwrap().apply(base, &mut object, &mut runs).unwrap();
        let seer = Seer::new(vec![&*RULES]);
        let whole = plain(&look(&seer, &object));
        let change = plain(&look_at_change(&seer, base, &object, &runs));
        prop_assert_eq!(change, whole, "{:?}", runs);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1500, failure_persistence: None, ..ProptestConfig::default() })]

    /// Edits are small and anywhere: what decides on a hit is mostly beside it.
    #[test]
    fn a_small_change_has_the_hits_of_the_whole_by_the_built_in_rules(
        base in labelled(),
        places in proptest::collection::vec(any::<prop::sample::Index>(), 1..6),
        texts in proptest::collection::vec("[a-z \n\"'=:|,{(-]{0,3}", 6),
        removed in proptest::collection::vec(0_usize..4, 6),
    ) {
        let base = base.as_bytes();
        let mut starts: Vec<_> = places.iter().map(|place| place.index(base.len() + 1)).collect();
        starts.sort_unstable();
        let (mut object, mut runs, mut done) = (Vec::new(), Vec::new(), 0);
        for (number, &start) in starts.iter().chain([&base.len()]).enumerate() {
            if start > done {
                runs.push(Run { base: done, at: object.len(), len: start - done });
                object.extend_from_slice(&base[done..start]);
            }
            done = (start.max(done) + removed.get(number).unwrap_or(&0)).min(base.len());
            object.extend(texts.get(number).into_iter().flat_map(|text| text.bytes()));
        }
        let seer = Seer::new(vec![&*RULES]);
        let whole = plain(&look(&seer, &object));
        let change = plain(&look_at_change(&seer, base, &object, &runs));
        let shown = String::from_utf8_lossy(&object);
        prop_assert_eq!(change, whole, "{}\n{:?}", shown, runs);
    }
}

/// The change and the part that it makes again may be far from one another, if one word joins them.
#[test]
fn a_long_word_is_decoded_anew_where_its_beginning_changed() {
    let (base, object) = (b"/w".repeat(200), b"/w".repeat(199));
    let end = &b"/pw%3Dabc end"[..];
    let (base, object) = ([&base, end].concat(), [&object, end].concat());
    let runs = [Run { base: 2, at: 0, len: object.len() }];
    let seer = Seer::new(vec![&Words]);
    let whole = plain(&look(&seer, &object));
    assert_eq!(whole.len(), 1);
    assert_eq!(plain(&look_at_change(&seer, &base, &object, &runs)), whole);
}
