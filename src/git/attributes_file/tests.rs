use super::*;

const SEAL: &str = "filter=shroud diff=shroud merge=shroud -text";
const EXCEPTIONS: &str = ".gitattributes !shroud !filter !diff !merge !text\n.gitignore !shroud !filter !diff !merge !text\n";

fn file(text: &str) -> (tempfile::TempDir, AttributesFile) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join(".gitattributes");
    if !text.is_empty() {
        fs::write(&path, text).unwrap();
    }
    let file = AttributesFile::read(&path).unwrap();
    (dir, file)
}

fn text(file: &AttributesFile) -> String {
    file.write().unwrap();
    fs::read_to_string(file.path()).unwrap()
}

fn key(name: &str) -> KeyName {
    name.parse().unwrap()
}

#[test]
fn a_new_file_holds_macro_and_patterns() {
    let (_dir, mut file) = file("");
    file.set_macro(false);
    assert_eq!(file.track(b"secrets/*.env", &key("default"), None).unwrap(), Track::Added);
    assert_eq!(file.track(b"secrets/*.env", &key("default"), None).unwrap(), Track::Already);
    assert_eq!(file.track(b"prod/x", &key("prod"), None).unwrap(), Track::Added);
    assert_eq!(
        text(&file),
        format!(
            "{MACRO_LINE}\nsecrets/*.env shroud {SEAL}\nprod/x shroud shroud-key=prod {SEAL}\n"
        )
    );
}

#[test]
fn other_lines_stay_as_they_are() {
    let before = "# mine\r\n*.txt text\n\n  odd   -diff\nlast";
    let (_dir, mut file) = file(before);
    file.track(b"a", &key("default"), None).unwrap();
    assert_eq!(text(&file), format!("{before}\na shroud {SEAL}\n"));
    assert!(file.untrack(b"a"));
    assert!(!file.untrack(b"a"));
    assert!(!file.untrack(b"*.txt"));
    assert_eq!(text(&file), format!("{before}\n"));
}

#[test]
fn gits_own_files_are_excepted_and_last() {
    let (_dir, mut file) = file("");
    file.track(b"secrets/**", &key("default"), None).unwrap();
    file.track(b"other", &key("default"), None).unwrap();
    let expected = format!("secrets/** shroud {SEAL}\nother shroud {SEAL}\n{EXCEPTIONS}");
    assert_eq!(text(&file), expected);
}

#[test]
fn odd_patterns_are_read_as_they_were_written() {
    let (_dir, mut file) = file("");
    let odd: [&[u8]; 5] = [b"a b", b"#x", b"q\"uo\\te", b"\xff\xfe", b"t\tab"];
    for pattern in odd {
        assert_eq!(file.track(pattern, &key("k"), None).unwrap(), Track::Added);
    }
    file.write().unwrap();
    let again = AttributesFile::read(file.path()).unwrap();
    let read: Vec<_> = again.tracked().into_iter().map(|tracked| tracked.pattern).collect();
    assert_eq!(read, odd);
}

#[test]
fn the_tripwire_is_switched_in_place() {
    let (_dir, mut file) = file("");
    file.set_macro(true);
    assert_eq!(file.macro_has_tripwire(), Some(true));
    file.track(b"a", &key("default"), None).unwrap();
    assert!(text(&file).starts_with("[attr]shroud filter=shroud diff=shroud merge=shroud -text -delta working-tree-encoding=locked-run-git-shroud-unlock\n"));
    file.set_macro(false);
    assert_eq!(file.macro_has_tripwire(), Some(false));
    assert_eq!(text(&file).lines().count(), 2);
}

#[test]
fn what_cannot_be_a_pattern_is_refused() {
    let (_dir, mut file) = file("");
    for bad in [
        "",
        "!a",
        "a\nb",
        "dir/",
        "[attr]shroud",
        ".gitignore",
        "/.mailmap",
        ".shroud/x",
        "a/.gitattributes",
    ] {
        assert!(file.track(bad.as_bytes(), &key("k"), None).is_err(), "{bad:?}");
    }
}

#[test]
fn old_lines_are_read_and_written_out_where_they_stand() {
    let old = "a shroud\nb  shroud shroud-key=prod x\n*.c shroud merge=union\nd text shroud\na -filter\n.gitattributes !filter !diff !merge\n";
    let (_dir, mut file) = file(old);
    assert_eq!(file.not_written_out().len(), 4);
    assert_eq!(file.track(b"a", &key("default"), None).unwrap(), Track::WrittenOut);
    assert_eq!(file.track(b"a", &key("default"), None).unwrap(), Track::Already);
    assert_eq!(file.write_out(), 3);
    assert_eq!(file.write_out(), 0);
    assert_eq!(
        text(&file),
        format!(
            "a shroud {SEAL}\nb shroud shroud-key=prod {SEAL} x\n*.c shroud filter=shroud diff=shroud -text merge=union\n\
             d text shroud {SEAL}\na -filter\n.gitattributes !filter !diff !merge\n"
        )
    );
    assert!(file.untrack(b"b"));
}

#[test]
fn all_that_git_reads_itself_is_excepted_at_the_top() {
    let (_dir, mut top) = file(".gitattributes !filter !diff !merge\n");
    top.track(b"**", &key("default"), None).unwrap();
    let at_top = "/.gitmodules !shroud !filter !diff !merge !text\n/.mailmap !shroud !filter !diff !merge !text\n";
    assert_eq!(text(&top), format!("** shroud {SEAL}\n{EXCEPTIONS}{at_top}"));
    let (_dir, below) = file("");
    let mut below = below.below_top();
    below.track(b"*", &key("default"), None).unwrap();
    assert_eq!(text(&below), format!("* shroud {SEAL}\n{EXCEPTIONS}"));
    let (_dir, mut old) = file("* shroud\n");
    assert_eq!(old.track(b"*", &key("default"), None).unwrap(), Track::WrittenOut);
    assert_eq!(text(&old), format!("* shroud {SEAL}\n{EXCEPTIONS}{at_top}"));
}

#[test]
fn line_ends_and_a_byte_order_mark_stay() {
    let before =
        format!("\u{feff}{MACRO_LINE}\r\n* shroud\r\n.gitattributes !filter !diff !merge\r\n# x");
    let (_dir, mut file) = file(&before);
    assert_eq!(file.macro_has_tripwire(), Some(false));
    file.track(b"b/c", &key("default"), None).unwrap();
    let written = text(&file);
    assert!(written.starts_with('\u{feff}'));
    assert_eq!(written.matches(".gitattributes").count(), 1, "{written}");
    assert_eq!(written.matches('\n').count(), written.matches("\r\n").count(), "{written:?}");
}

#[test]
fn a_macro_that_does_not_seal_is_defined_anew() {
    let (_dir, mut file) = file("[attr]shroud -filter -diff\n");
    assert!(!file.macro_seals());
    file.set_macro(false);
    assert_eq!(text(&file), format!("{MACRO_LINE}\n"));
}
