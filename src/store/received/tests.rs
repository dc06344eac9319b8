//! What is remembered, and what is forgotten.

use super::*;

fn remember(dir: &Path, path: &[u8], place: &[u8], token: &str) {
    let mut received = Received::load(dir);
    Received::remember(&mut received, dir, path, [(place, token)]).unwrap();
}

#[test]
fn what_was_opened_is_known_by_name_and_path() {
    let dir = tempfile::tempdir().unwrap();
    assert!(Received::load(dir.path()).is_none());
    remember(dir.path(), b"a.env", b"A", "t1");
    remember(dir.path(), b"a.env", b"A", "t1");
    remember(dir.path(), b"b.env", b"B", "t2");
    let received = Received::load(dir.path()).unwrap();
    assert!(received.knows(b"A") && received.knows(b"B") && !received.knows(b"C"));
    assert!(received.knows_elsewhere(b"b.env", b"A"));
    assert!(!received.knows_elsewhere(b"a.env", b"A"));
    assert_eq!(received.tokens(b"a.env", b"A").collect::<Vec<_>>(), ["t1"]);
    assert_eq!(received.tokens(b"b.env", b"A").count(), 0);
    #[cfg(unix)]
    assert_eq!(crate::fs::mode_of(&received.file), Some(0o600));
}

#[test]
fn what_a_killed_run_left_is_passed_over() {
    let dir = tempfile::tempdir().unwrap();
    remember(dir.path(), b"a.env", b"A", "t1");
    let file = Received::load(dir.path()).unwrap().file;
    let text = std::fs::read_to_string(&file).unwrap();
    for cut in 0..text.len() {
        std::fs::write(&file, &text[..cut]).unwrap();
        remember(dir.path(), b"b.env", b"B", "t2");
        let received = Received::load(dir.path()).unwrap();
        assert_eq!(received.tokens(b"b.env", b"B").collect::<Vec<_>>(), ["t2"], "{cut}");
        // Without its first line it may have held anything.
        let first = text.find('\n').unwrap();
        assert_eq!(received.has_forgotten(), (1..=first).contains(&cut), "{cut}");
    }
}

#[test]
fn the_oldest_tokens_of_a_name_are_forgotten() {
    let dir = tempfile::tempdir().unwrap();
    for at in 0..6 {
        remember(dir.path(), b"a.env", b"A", &format!("t{at}"));
    }
    let received = Received::load(dir.path()).unwrap();
    let tokens: Vec<_> = received.tokens(b"a.env", b"A").collect();
    assert_eq!(tokens, ["t2", "t3", "t4", "t5"]);
}

#[test]
fn the_last_origin_of_a_file_counts() {
    let dir = tempfile::tempdir().unwrap();
    remember(dir.path(), b"a.env", b"A", "t1");
    let load = || Received::load(dir.path()).unwrap();
    assert!(load().knows_path(b"a.env") && !load().knows_path(b"b.env"));
    let origin = |tree: &str| load().origin(Path::new(tree), b"a.env", None).map(str::to_owned);
    let [one, two] = [".git/worktrees/one", ".git/worktrees/two"];
    assert_eq!(origin(one), None);
    load().set_origin(Path::new(one), b"a.env", Some("ab12"), 0).unwrap();
    assert_eq!((origin(one).as_deref(), origin(two)), (Some("ab12"), None));
    load().set_origin(Path::new(one), b"a.env", Some("cd34"), 0).unwrap();
    assert_eq!(origin(one).as_deref(), Some("cd34"));
    load().set_origin(Path::new(one), b"a.env", None, 0).unwrap();
    assert_eq!(origin(one), None);
    // A repository may be moved.
    load().set_origin(Path::new("/old/.git"), b"a.env", Some("ef56"), 0).unwrap();
    assert_eq!(origin("/new/.git").as_deref(), Some("ef56"));
    assert_eq!(origin("/new/.git/worktrees/two"), None);
    assert_eq!(load().tokens(b"a.env", b"A").count(), 1);
}

#[test]
fn it_does_not_grow_for_ever() {
    let dir = tempfile::tempdir().unwrap();
    let mut received = None;
    for at in 0..100 {
        let token = format!("{}{at}", "x".repeat(500_000));
        let place = format!("n{at}");
        let tokens = [(place.as_bytes(), token.as_str())];
        let is_told = Received::remember(&mut received, dir.path(), b"a.env", tokens).unwrap();
        // It is said once.
        assert_eq!(is_told, at == 16, "{at}");
    }
    let file = received.unwrap().file;
    assert!(std::fs::metadata(file).unwrap().len() <= MAX_LEN);
    let received = Received::load(dir.path()).unwrap();
    assert!(received.knows(b"n99") && !received.knows(b"n0") && received.has_forgotten());
}

#[test]
fn one_file_does_not_fill_it() {
    let dir = tempfile::tempdir().unwrap();
    let places: Vec<String> = (0..=MAX_OF_FILE).map(|at| format!("n{at}")).collect();
    let tokens = |count: usize| places[..count].iter().map(|at| (at.as_bytes(), at.as_str()));
    let mut received = None;
    let mut remember =
        |count| Received::remember(&mut received, dir.path(), b"a.env", tokens(count)).unwrap();
    assert!(!remember(MAX_OF_FILE) && remember(MAX_OF_FILE + 1) && !remember(MAX_OF_FILE + 1));
    let received = Received::load(dir.path()).unwrap();
    assert!(received.has_forgotten() && received.knows(b"n9999") && !received.knows(b"n10000"));
}

/// What cannot be read or written may have held anything.
#[test]
fn what_is_not_there_to_be_read_counts_as_forgotten() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::create_dir_all(crate::store::local::dir(dir.path()).join("received")).unwrap();
    assert!(Received::load(dir.path()).unwrap().has_forgotten());
    let mut received = None;
    let tokens = [(&b"A"[..], "t1")];
    assert!(Received::remember(&mut received, dir.path(), b"a.env", tokens).is_err());
    let received = received.unwrap();
    assert!(received.has_forgotten() && received.knows_here(b"a.env", b"A"));
}

/// A file that was moved away and is put back is older than what was checked out meanwhile.
#[test]
fn a_file_that_is_put_back_is_of_an_earlier_version() {
    let dir = tempfile::tempdir().unwrap();
    remember(dir.path(), b"a.env", b"A", "t1");
    let load = || Received::load(dir.path()).unwrap();
    let tree = Path::new(".git");
    for (blob, written) in [("ab12", 0), ("ab12", 10), ("cd34", 0), ("cd34", 20)] {
        load().set_origin(tree, b"a.env", Some(blob), written).unwrap();
    }
    let origin = |written| load().origin(tree, b"a.env", written).map(str::to_owned);
    let found = [None, Some(20), Some(30), Some(19), Some(10), Some(9)].map(origin);
    let found: Vec<Option<&str>> = found.iter().map(Option::as_deref).collect();
    assert_eq!(found, [Some("cd34"), Some("cd34"), Some("cd34"), Some("ab12"), Some("ab12"), None]);
}

/// Files that are checked out again and again do not drive out what was set.
#[test]
fn what_is_not_true_any_more_makes_room() {
    let dir = tempfile::tempdir().unwrap();
    remember(dir.path(), b"a.env", b"A", "t1");
    let mut received = Received::load(dir.path()).unwrap();
    let blob = "b".repeat(100_000);
    for written in 1..200 {
        received.set_origin(Path::new(".git"), b"a.env", Some(&blob), written).unwrap();
    }
    let received = Received::load(dir.path()).unwrap();
    assert!(received.knows_here(b"a.env", b"A") && !received.has_forgotten());
    assert_eq!(received.origin(Path::new(".git"), b"a.env", Some(195)), Some(blob.as_str()));
    assert!(std::fs::metadata(&received.file).unwrap().len() <= MAX_LEN);
}
