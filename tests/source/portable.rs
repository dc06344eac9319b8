//! What means something else on another system.

use crate::{code, texts};

/// On Windows the standard library's answer begins with `\\?\`, and git takes such a path for one outside of the repository.
#[test]
fn canonical_paths_come_from_dunce() {
    for (file, text) in texts("src") {
        let code = code(&text).replace("dunce::canonicalize", "");
        assert!(!code.contains("canonicalize("), "{file}: call dunce::canonicalize");
    }
}

/// Where somebody has a file open, or it is read-only, Windows neither moves nor removes it.
#[test]
fn files_are_moved_and_removed_by_fs_replace() {
    let own = ["src/fs/replace.rs", "src/fs/temporary.rs"];
    let texts = texts("src").into_iter();
    for (file, text) in texts.filter(|(file, _)| !own.contains(&&file[..])) {
        let code = code(&text);
        let program = code.split("#[cfg(test)]\n").next().unwrap_or_default();
        let program = program.split("#[cfg(all(test").next().unwrap_or_default();
        if file.contains("/tests") {
            continue;
        }
        for call in ["fs::rename(", "fs::remove_file(", "fs::remove_dir_all("] {
            assert!(!program.contains(call), "{file}: call crate::fs::replace in place of {call}");
        }
    }
}
