//! The beginning of a blob, read from packs without the rest, is that of the whole blob.

use git_shroud::git::database::Database;
use git_shroud::git::repository::Repository;
use gix::ObjectId;

use crate::common::{Sandbox, noise};

/// Many versions of files of several sizes: what changes is at the beginning, in the middle, at the end, and all at once.
fn repository() -> Sandbox {
    let sandbox = crate::common::repository();
    let line = |n: usize| format!("line {n} of a file with some text in it\n");
    let mut text: Vec<String> = (0..300).map(line).collect();
    for version in 0..24 {
        match version % 4 {
            0 => text.insert(0, format!("new first line {version}\n")),
            1 => text[0].insert_str(4, &format!("<{version}>")),
            2 => text.swap(0, 150 + version),
            _ => text.push(format!("last line {version}\n")),
        }
        sandbox.write("repo/text", text.concat());
        sandbox.write("repo/short", &text[0]);
        // Longer than what is read in parts.
        let mut long = noise(100_000);
        long[version] ^= 1;
        sandbox.write("repo/long", long);
        sandbox.write("repo/rotated", [text[150..].concat(), text[..150].concat()].concat());
        sandbox.git("repo", ["add", "."]);
        sandbox.git("repo", ["commit", "-qm", "version"]);
    }
    sandbox.write("repo/empty", "");
    sandbox.git("repo", ["add", "."]);
    sandbox.git("repo", ["commit", "-qm", "empty"]);
    sandbox
}

#[track_caller]
fn assert_same(sandbox: &Sandbox, dir: &str) {
    let list = "git cat-file --batch-all-objects --batch-check='%(objecttype) %(objectname)'";
    let listed = sandbox.sh(dir, list).text();
    let repository = Repository::discover(&sandbox.path(dir)).unwrap();
    let blobs: Vec<_> = listed.lines().filter_map(|line| line.strip_prefix("blob ")).collect();
    assert!(blobs.len() > 60, "{listed}");
    for asked in [0, 1, 60, 700, 20_000, 90_000, 1 << 20] {
        let database = Database::open(&repository).unwrap();
        for id in &blobs {
            let id = ObjectId::from_hex(id.as_bytes()).unwrap();
            let whole = database.object(id).unwrap().unwrap();
            let start = database.start(id, asked).unwrap().unwrap();
            assert_eq!(start.len, whole.len() as u64, "{id}");
            assert_eq!(start.bytes, whole[..asked.min(whole.len())], "{asked} of {id}");
        }
    }
    let tree = listed.lines().find_map(|line| line.strip_prefix("tree ")).unwrap();
    let tree = ObjectId::from_hex(tree.as_bytes()).unwrap();
    assert!(Database::open(&repository).unwrap().start(tree, 60).is_err(), "a tree is no blob");
}

#[test]
fn beginnings_are_those_of_the_whole_blobs() {
    let sandbox = repository();
    assert_same(&sandbox, "repo");
    let by_id = ["-c", "repack.useDeltaBaseOffset=false", "repack", "-adfq", "--depth=200"];
    sandbox.git("repo", by_id);
    assert_same(&sandbox, "repo");
    sandbox.git("repo", ["-c", "pack.indexVersion=1", "repack", "-adfq"]);
    assert_same(&sandbox, "repo");
    sandbox.git("repo", ["repack", "-adfq", "--depth=200", "--window=200"]);
    assert_same(&sandbox, "repo");
    let deltas =
        sandbox.sh("repo", "git verify-pack -v .git/objects/pack/*.idx | grep -c 'chain length'");
    assert!(deltas.text().trim().parse::<usize>().unwrap() > 5, "{deltas:?}");
    sandbox.git(".", ["clone", "-q", "--shared", "repo", "borrower"]);
    assert_same(&sandbox, "borrower");
}
