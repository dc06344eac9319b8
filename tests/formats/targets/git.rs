//! What git stores: packs, commits, tags, trees, the index, attributes.

use std::fs;
use std::path::Path;

use git_shroud::detect::Seer;
use git_shroud::git::attributes_file::{
    AttributesFile, as_git_reads, defines_macro, escape, oddity, pattern_for, seal_alike,
};
use git_shroud::git::index;
use git_shroud::git::repository::Repository;
use git_shroud::scan::walk::objects;
use git_shroud::scrub::rewrite;
use tempfile::TempDir;

/// Cuts behind the length in the first two bytes.
fn parts(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (len, rest) = bytes.split_first_chunk()?;
    rest.split_at_checked(u16::from_be_bytes(*len).into())
}

thread_local! {
    /// A bare repository in which one pack is replaced again and again. It goes with its thread.
    static BARE: TempDir = bare();
}

fn bare() -> TempDir {
    let bare = TempDir::with_prefix("git-shroud-pack-").expect("a folder is made");
    let file = |name: &str, text: &str| {
        fs::write(bare.path().join(name), text).expect("a file is written");
    };
    for folder in ["refs", "objects/pack"] {
        fs::create_dir_all(bare.path().join(folder)).expect("a folder is made");
    }
    file("HEAD", "ref: refs/heads/main\n");
    file("config", "[core]\n\trepositoryformatversion = 0\n\tbare = true\n");
    bare
}

/// A pack: how many entries, where each begins, and all behind the pack's header. The ids are 1, 2, 3 …, as the ids of the
/// content are never asked for.
pub(super) fn pack(bytes: &[u8]) {
    let Some((&count, rest)) = bytes.split_first() else { return };
    let count = usize::from(count % 16);
    let Some((offsets, body)) = rest.split_at_checked(2 * count) else { return };
    let number = |value: usize| u32::try_from(value).expect("it is small").to_be_bytes();
    let mut pack = [&b"PACK\0\0\0\x02"[..], &number(count), body].concat();
    pack.extend([0; 20]);
    let mut index = b"\xfftOc\0\0\0\x02".to_vec();
    index.extend((0..=255).flat_map(|first: usize| number(first.min(count))));
    index.extend((0..count).flat_map(|at| [u8::try_from(at + 1).expect("it is small"); 20]));
    index.extend((0..count).flat_map(|_| [0; 4]));
    for offset in offsets.chunks_exact(2) {
        index.extend(number(12 + usize::from(u16::from_be_bytes([offset[0], offset[1]]))));
    }
    index.extend([0; 40]);
    let repository = BARE.with(|bare| {
        let folder = bare.path().join("objects/pack");
        fs::write(folder.join("pack-1.pack"), pack).expect("the pack is written");
        fs::write(folder.join("pack-1.idx"), index).expect("its index is written");
        // Without asking git, which would take longer than all else here.
        Repository::open(bare.path(), None).expect("it is a repository")
    });
    let walked = objects::walk(
        &repository,
        &Seer::new(Vec::new()),
        None,
        None,
        &|_| (),
        &git_shroud::progress::Meter::silent(),
    );
    if let Ok((walked, _)) = walked {
        assert!(walked.objects + walked.unread.len() as u64 >= count as u64, "an object is lost");
    }
}

/// A base and a delta; and the delta that is made of the base and the same bytes.
pub(super) fn delta(bytes: &[u8]) {
    let Some((base, rest)) = parts(bytes) else { return };
    let mut object = Vec::new();
    objects::fuzzed::apply(base, rest, &mut object);
    if let Some(delta) = rewrite::fuzzed::delta(base, rest) {
        assert!(objects::fuzzed::apply(base, &delta, &mut object), "it is applied");
        assert!(object == rest, "it makes what it was made for");
    }
}

/// A commit.
pub(super) fn commit(bytes: &[u8]) {
    rewrite::fuzzed::commit(bytes);
    objects::fuzzed::named(bytes);
}

/// An annotated tag.
pub(super) fn tag(bytes: &[u8]) {
    rewrite::fuzzed::tag(bytes);
    objects::fuzzed::named(bytes);
}

/// A tree.
pub(super) fn tree(bytes: &[u8]) {
    assert_eq!(rewrite::fuzzed::tree(bytes), objects::fuzzed::tree(bytes));
}

/// An index, into which new stat data goes.
pub(super) fn index(bytes: &[u8]) {
    index::fuzzed::index(bytes);
}

/// An attributes file.
pub(super) fn attributes(bytes: &[u8]) {
    as_git_reads(bytes);
    oddity(bytes);
    defines_macro(bytes);
    let path = Path::new(".gitattributes");
    let mut file = AttributesFile::of(path, bytes);
    file.macro_seals();
    file.macro_has_tripwire();
    file.set_macro(true);
    file.tracked();
    file.write_out();
    let key = "default".parse().expect("it is a name");
    let pattern = escape(bytes.split(|&byte| byte == b'\n').next().unwrap_or_default());
    if file.track(&pattern, &key, None).is_ok() {
        let again = AttributesFile::of(path, &file.text());
        assert!(
            again.tracked().iter().any(|one| one.pattern == pattern),
            "what is written is read"
        );
        file.untrack(&pattern);
    }
    pattern_for(bytes);
    let (one, other) = bytes.split_at(bytes.len() / 2);
    seal_alike(one, other);
}
