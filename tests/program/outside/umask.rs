//! Temporary folders and what is written piece by piece: nothing is there for others to read, and nothing that is not sound.

use crate::common::Sandbox;

#[test]
fn the_folder_of_a_rotation_is_private_under_any_umask() {
    let sandbox = Sandbox::new();
    sandbox.sealed_repository("repo");
    std::fs::create_dir(sandbox.path("tmp")).unwrap();
    // git-hash-object is asked while the folder is there.
    sandbox.write(
        "bin/git",
        "#!/bin/sh\nls -ld \"$TMPDIR\"/git-shroud-* >>\"$SEEN\" 2>/dev/null\nexec \"$GIT\" \"$@\"\n",
    );
    let seen = sandbox.path("seen");
    let mut command = sandbox.command("sh", "repo");
    command.env("TMPDIR", sandbox.path("tmp")).env("SEEN", &seen).args([
        "-c",
        "chmod +x ../bin/git; export GIT=$(command -v git) PATH=\"$PWD/../bin:$PATH\"
        umask 0; git-shroud key rotate -q",
    ]);
    sandbox.run(command).expect(0);
    let seen = String::from_utf8(sandbox.read("seen")).unwrap();
    assert!(!seen.is_empty(), "the rotation writes blobs in a temporary folder");
    assert!(seen.lines().all(|line| line.starts_with("drwx------")), "{seen}");
}

#[test]
fn nothing_is_printed_of_a_file_that_is_not_sound_to_its_end() {
    let sandbox = Sandbox::new();
    sandbox.sealed_repository("repo");
    // Longer than what is kept in memory.
    for len in [200_000, 9 << 20] {
        sandbox.write("repo/secrets/large", b"canary ".repeat(len / 7));
        sandbox.git("repo", ["add", "."]);
        let mut sealed = sandbox.blob("repo", ":secrets/large");
        let last = sealed.len() - 1;
        sealed[last] ^= 1;
        sandbox.write("damaged", &sealed);
        for arguments in [&["cat", "../damaged"][..], &["smudge"]] {
            let mut command = sandbox.command(env!("CARGO_BIN_EXE_git-shroud"), "repo");
            command.args(arguments);
            let done = sandbox.run_with_input(command, &sealed);
            assert!(done.status != 0, "{arguments:?}");
            assert_eq!(done.stdout.len(), 0, "{arguments:?}");
        }
    }
}

#[test]
fn key_files_of_other_programs_are_read_or_named() {
    let sandbox = Sandbox::new();
    sandbox.fresh_clone();
    sandbox.sh(
        ".",
        "(printf '\\377\\376'; iconv -f UTF-8 -t UTF-16LE team.key) >utf16.key
        (printf '\\357\\273\\277'; cat team.key) >bom.key; base64 team.key >base64.key",
    );
    for file in ["../utf16.key", "../bom.key"] {
        sandbox.shroud("clone", ["unlock", file]);
        sandbox.shroud("clone", ["lock"]);
    }
    let encoded = String::from_utf8(sandbox.read("base64.key")).unwrap();
    let given = ("GIT_SHROUD_KEY", encoded.trim());
    for done in [
        sandbox.try_shroud("clone", ["unlock", "../base64.key"]),
        sandbox.try_shroud_with(given, "clone", &["unlock"]),
    ] {
        assert!(!done.stderr.contains(&encoded[..20]), "{}", done.stderr);
        done.expect(2).says("Base64").says("base64 -d");
    }
}
