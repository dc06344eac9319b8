//! What should have become of a history, worked out the long way.

use std::collections::{BTreeMap, HashMap};

use git_shroud::scrub::rewrite::Rewritten;

use crate::common::Sandbox;
use crate::rewriting::changes::replaced;

/// All objects of a repository, by id: kind and bytes.
pub(crate) struct Objects(HashMap<String, (String, Vec<u8>)>);

impl Objects {
    pub(crate) fn of(sandbox: &Sandbox, dir: &str) -> Self {
        let arguments =
            ["--no-replace-objects", "cat-file", "--batch-all-objects", "--batch", "--unordered"];
        let listed = sandbox.git(dir, arguments).stdout;
        let mut objects = HashMap::new();
        let mut rest = listed.as_slice();
        while !rest.is_empty() {
            let end = rest.iter().position(|&byte| byte == b'\n').unwrap();
            let line = std::str::from_utf8(&rest[..end]).unwrap();
            let [id, kind, len] = line.split(' ').collect::<Vec<_>>()[..] else { panic!("{line}") };
            let len: usize = len.parse().unwrap();
            let bytes = rest[end + 1..][..len].to_vec();
            objects.insert(id.to_owned(), (kind.to_owned(), bytes));
            rest = &rest[end + 1 + len + 1..];
        }
        Self(objects)
    }

    #[track_caller]
    pub(crate) fn bytes(&self, id: &str) -> &[u8] {
        &self.0.get(id).unwrap_or_else(|| panic!("{id} is not there")).1
    }

    #[track_caller]
    pub(crate) fn kind(&self, id: &str) -> &str {
        &self.0.get(id).unwrap_or_else(|| panic!("{id} is not there")).0
    }

    /// The tree of a commit.
    pub(crate) fn tree(&self, commit: &str) -> String {
        let bytes = self.bytes(commit);
        let end = bytes.iter().position(|&byte| byte == b'\n').unwrap();
        String::from_utf8(bytes[5..end].to_vec()).unwrap()
    }

    /// The files of a tree: by path, mode and content; the id for a submodule.
    pub(crate) fn files(&self, tree: &str) -> BTreeMap<Vec<u8>, (String, Vec<u8>)> {
        let mut files = BTreeMap::new();
        let mut open = vec![(Vec::new(), tree.to_owned())];
        while let Some((folder, tree)) = open.pop() {
            let mut rest = self.bytes(&tree);
            while !rest.is_empty() {
                let zero = rest.iter().position(|&byte| byte == 0).unwrap();
                let blank = rest.iter().position(|&byte| byte == b' ').unwrap();
                let mode = String::from_utf8(rest[..blank].to_vec()).unwrap();
                let path = [folder.as_slice(), &rest[blank + 1..zero]].concat();
                let len = tree.len() / 2;
                let id = rest[zero + 1..][..len].iter().map(|byte| format!("{byte:02x}"));
                let id: String = id.collect();
                rest = &rest[zero + 1 + len..];
                match mode.as_str() {
                    "40000" => open.push(([path.as_slice(), b"/"].concat(), id)),
                    "160000" => drop(files.insert(path, (mode, id.into_bytes()))),
                    _ => drop(files.insert(path, (mode, self.bytes(&id).to_vec()))),
                }
            }
        }
        files
    }
}

/// What was replaced, and by what.
pub(crate) struct Oracle<'o> {
    pub(crate) objects: &'o Objects,
    pub(crate) old: &'o str,
    pub(crate) new: &'o str,
    /// Commits, tags and whatever else got another id.
    pub(crate) ids: HashMap<String, String>,
}

impl<'o> Oracle<'o> {
    pub(crate) fn new(
        objects: &'o Objects,
        made: &Rewritten,
        (old, new): (&'o str, &'o str),
    ) -> Self {
        let pairs = made.commits.iter().chain(&made.tags);
        let ids = pairs.map(|(old, new)| (old.to_string(), new.unwrap().to_string())).collect();
        Self { objects, old, new, ids }
    }

    fn replaced(&self, text: &[u8]) -> Vec<u8> {
        replaced(text, self.old, self.new)
    }

    /// The files that a tree should have.
    pub(crate) fn files(&self, tree: &str) -> BTreeMap<Vec<u8>, (String, Vec<u8>)> {
        let files = self.objects.files(tree).into_iter();
        files
            .map(|(path, (mode, text))| (self.replaced(&path), (mode, self.replaced(&text))))
            .collect()
    }

    /// Checks that a commit or tag became another with nothing different but what had to be. Trees are compared by their files.
    #[track_caller]
    pub(crate) fn check(&self, old: &str, new: &str) {
        let (was, is) = (self.objects.bytes(old), self.objects.bytes(new));
        if old == new {
            assert!(!was.windows(self.old.len()).any(|part| part == self.old.as_bytes()), "{old}");
        }
        assert_eq!(
            String::from_utf8_lossy(&self.expected(was, old == new)),
            String::from_utf8_lossy(&self.without_tree(is)),
            "{old} as {new}"
        );
        assert_eq!(self.expected(was, old == new), self.without_tree(is), "{old} as {new}");
    }

    /// Checks what a tag of a blob or tree names.
    #[track_caller]
    pub(crate) fn check_target(&self, old: &str, new: &str) {
        let target = |id: &str| {
            let line = self.objects.bytes(id).split(|&byte| byte == b'\n').next().unwrap();
            line.strip_prefix(b"object ").map(|id| String::from_utf8(id.to_vec()).unwrap())
        };
        let (Some(was), Some(is)) = (target(old), target(new)) else { return };
        match self.objects.kind(&was) {
            "tree" => assert_eq!(self.files(&was), self.objects.files(&is), "{old} as {new}"),
            "blob" => {
                assert_eq!(self.replaced(self.objects.bytes(&was)), self.objects.bytes(&is));
            }
            _ => assert_eq!(self.ids[&was], is, "{old} as {new}"),
        }
    }

    /// Without the first line, which names what is compared for itself.
    fn without_tree(&self, bytes: &[u8]) -> Vec<u8> {
        let rest = bytes.strip_prefix(b"tree ").or_else(|| bytes.strip_prefix(b"object "));
        rest.map_or(bytes, |rest| &rest[rest.iter().position(|&byte| byte == b'\n').unwrap() + 1..])
            .to_vec()
    }

    fn expected(&self, bytes: &[u8], same: bool) -> Vec<u8> {
        let bytes = self.without_tree(bytes);
        if same {
            return bytes;
        }
        let split = bytes.windows(2).position(|pair| pair == b"\n\n").unwrap() + 1;
        let (headers, message) = bytes.split_at(split);
        let mut kept = Vec::new();
        let mut skipping = false;
        for line in headers.split_inclusive(|&byte| byte == b'\n') {
            if line.starts_with(b" ") {
                if !skipping {
                    kept.extend_from_slice(line);
                }
                continue;
            }
            let target = line.strip_prefix(b"mergetag object ").map(|id| {
                let id = String::from_utf8(id.trim_ascii_end().to_vec()).unwrap();
                self.ids.get(&id).is_none_or(|new| *new == id)
            });
            skipping = line.starts_with(b"gpgsig") || target == Some(false);
            if !skipping {
                kept.extend_from_slice(line);
            }
        }
        let begin = b"\n-----BEGIN SSH SIGNATURE-----";
        let signature = message.windows(begin.len()).position(|part| part == begin);
        let end = signature.map_or(message.len(), |at| at + 1);
        let mut text = [kept.as_slice(), &message[..end]].concat();
        for (old, new) in &self.ids {
            for len in [old.len(), 12, 9, 7] {
                text = replaced(&text, &old[..len], &new[..len]);
            }
        }
        self.replaced(&text)
    }
}
