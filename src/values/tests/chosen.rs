//! The table of docs/format.md, 8.4: what becomes of a value, from what is known of its past.

use super::*;
use crate::store::received::Received;

/// What a version has at the name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Had {
    Nothing,
    Ordinary(bool),
    /// Of somebody without the key.
    Set(bool),
}

/// What the clone remembers of the name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Known {
    /// It has no memory.
    Lost,
    Nothing,
    /// Here, this value or another.
    Here(bool),
    Elsewhere,
}

use Had::{Nothing, Ordinary, Set};

const VERSIONS: [Had; 5] = [Nothing, Ordinary(true), Ordinary(false), Set(true), Set(false)];
const KNOWN: [Known; 5] =
    [Known::Lost, Known::Nothing, Known::Here(true), Known::Here(false), Known::Elsewhere];

/// What the table says: an ordinary token, or one to a public key, and then whether it is one that was there.
fn said(index: Had, others: [Had; 2], known: Known, beside: bool, is_origin: bool) -> Option<bool> {
    let is_set = beside || matches!(index, Set(_));
    let is_blind = match known {
        Known::Lost | Known::Nothing | Known::Elsewhere => is_set && !is_origin,
        _ => false,
    };
    match () {
        () if index == Set(true) || others.contains(&Set(true)) => Some(true),
        () if index == Ordinary(true) || others[0] == Ordinary(true) => None,
        () if known == Known::Here(true) => Some(true),
        () if is_blind || known == Known::Elsewhere => Some(false),
        () if index == Nothing && is_set => Some(false),
        () => None,
    }
}

#[test]
fn the_table_is_kept() {
    let keyring = keyring(&[1]);
    let key = &keyring.entries()[0].key;
    let (to, mut place) = (WriteOnly::of(key), Place::default());
    place.push_name("A");
    let raw = |same: bool| if same { "one" } else { "two" };
    let set = [false, true].map(|same| to.seal(raw(same).as_bytes(), &place, false).unwrap());
    let mut place_beside = Place::default();
    place_beside.push_name("Z");
    let beside_token = to.seal(b"z", &place_beside, false).unwrap();
    let ordinary = [false, true].map(|same| {
        let sealed = sealed(Format::Env, format!("A={}\n", raw(same)).as_bytes()).unwrap();
        String::from_utf8(sealed.bytes).unwrap()
    });
    let version = |had: Had, beside: bool| {
        let line = match had {
            Nothing => String::new(),
            Ordinary(same) => ordinary[usize::from(same)].clone(),
            Set(same) => format!("A={}\n", set[usize::from(same)]),
        };
        let other = if beside { format!("Z={beside_token}\n") } else { String::new() };
        format!("{line}{other}").into_bytes()
    };
    let memory = |known: Known| {
        let dir = tempfile::tempdir().unwrap();
        let (path, token) = match known {
            Known::Lost => return None,
            Known::Nothing => (&b"c.env"[..], "t"),
            Known::Here(same) => (&b"a.env"[..], set[usize::from(same)].as_str()),
            Known::Elsewhere => (&b"b.env"[..], set[1].as_str()),
        };
        let name = if known == Known::Nothing { &b"other"[..] } else { place.names() };
        let mut received = None;
        Received::remember(&mut received, dir.path(), path, [(name, token)]).unwrap();
        received
    };
    let content = |beside: bool| if beside { "A=one\nZ=z\n" } else { "A=one\n" };
    for known in KNOWN {
        let received = memory(known);
        // The version that the worktree came from is known, or not: then the last commit's is asked.
        let cases = VERSIONS.into_iter().flat_map(|index| {
            let others = VERSIONS.into_iter().flat_map(|other| [(true, other), (false, other)]);
            others.flat_map(move |other| [(index, other, false), (index, other, true)])
        });
        for (index, (is_origin, other), beside) in cases {
            let sides = [version(index, beside)];
            let others = [version(other, beside)];
            let past = Past {
                sides: &sides,
                origin: is_origin.then_some(&others[0][..]),
                heads: if is_origin { &[] } else { &others },
                received: received.as_ref(),
                path: b"a.env",
                ..Past::default()
            };
            let mode = (Format::Env, &Clear::default());
            let ciphers = &mut Ciphers::new(&keyring);
            let (bytes, keeps) = (content(beside).as_bytes(), |token: &Token| token.is_to_public());
            let sealed = seal(mode, bytes, Sealer::Key(key), ciphers, past, keeps).unwrap();
            let text = String::from_utf8(sealed.bytes).unwrap();
            let (first, rest) = text.split_once('\n').unwrap();
            let token = Token::parse(&first.as_bytes()[2..]).unwrap();
            let found = token.is_to_public().then(|| first[2..] == set[1]);
            let others = if is_origin { [other, Nothing] } else { [Nothing, other] };
            let case = format!("{known:?} {index:?} {is_origin} {other:?} {beside}");
            assert_eq!(found, said(index, others, known, beside, is_origin), "{case}");
            // It never was anything but what was set.
            assert!(!beside || rest == format!("Z={beside_token}\n"), "{case}");
        }
    }
}

/// One of several equal values may be any of them, so how many there are decides, and never which are equal.
#[test]
fn elements_that_come_and_go_say_nothing() {
    type Change<'c> = &'c dyn Fn(&str) -> Vec<String>;
    let keyring = keyring(&[1]);
    let key = &keyring.entries()[0].key;
    let to = WriteOnly::of(key);
    let mut place = Place::default();
    place.push_name("b");
    place.push_element();
    let own = sealed(Format::Json, b"[\"two\"]").unwrap();
    assert_eq!(own.values, 1);
    let flags = |guess: &str, now: Change<'_>| {
        let set = to.seal(format!("\"{guess}\"").as_bytes(), &place, true).unwrap();
        let stored = sealed(Format::Json, b"{\"b\": [\"two\", \"x\"]}").unwrap().bytes;
        let stored = String::from_utf8(stored).unwrap();
        let at = stored.rfind("\"shroud").unwrap();
        let end = stored.rfind('"').unwrap() + 1;
        let sides = [format!("{}\"{set}\"{}", &stored[..at], &stored[end..]).into_bytes()];
        let elements: Vec<String> = now(guess).iter().map(|it| format!("\"{it}\"")).collect();
        let content = format!("{{\"b\": [{}]}}", elements.join(", "));
        let past = Past { sides: &sides, ..Past::default() };
        let (mode, ciphers) = ((Format::Json, &Clear::default()), &mut Ciphers::new(&keyring));
        let (bytes, keeps) = (content.as_bytes(), |token: &Token| token.is_to_public());
        let sealed = seal(mode, bytes, Sealer::Key(key), ciphers, past, keeps).unwrap().bytes;
        let known: Vec<Token> = tokens(&sides[0]).collect();
        let is_known = |token: &Token| known.iter().any(|known| known.text() == token.text());
        tokens(&sealed).map(|token| (token.is_to_public(), is_known(&token))).collect::<Vec<_>>()
    };
    let owned = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
    let changes: [Change<'_>; 7] = [
        &|_| owned(&["two"]),
        &|guess| owned(&[guess]),
        &|guess| owned(&["two", "two", guess]),
        &|guess| owned(&["two", guess, guess]),
        &|guess| owned(&["new", "two", guess]),
        &|guess| owned(&["new", guess]),
        &|_| owned(&["two", "new"]),
    ];
    for (number, change) in changes.into_iter().enumerate() {
        let (right, wrong) = (flags("two", change), flags("guess", change));
        assert_eq!(right, wrong, "{number}");
        let is_changed = number < 5;
        assert!(!is_changed || right.iter().all(|found| *found == (true, false)), "{number}");
    }
    assert_eq!(flags("guess", &|guess| owned(&["two", guess])), [(false, true), (true, true)]);
}

/// Somebody has pushed a line that says another format, in which the same bytes are no such values.
#[test]
fn another_format_makes_nothing_ordinary_of_what_was_set() {
    let keyring = keyring(&[1]);
    let key = &keyring.entries()[0].key;
    let mut place = Place::default();
    place.push_name("a");
    let set = WriteOnly::of(key).seal(b"\"one\"", &place, true).unwrap();
    let sides = [format!("{{\"a\": \"{set}\"}}\n").into_bytes()];
    let past = Past { sides: &sides, ..Past::default() };
    let (mode, ciphers) = ((Format::Yaml, &Clear::default()), &mut Ciphers::new(&keyring));
    let (bytes, keeps) = (b"{\"a\": \"one\", \"b\": 2}\n", |token: &Token| token.is_to_public());
    let sealed = seal(mode, bytes, Sealer::Key(key), ciphers, past, keeps).unwrap().bytes;
    assert_eq!(tokens(&sealed).filter(Token::is_to_public).count(), 2);
}
