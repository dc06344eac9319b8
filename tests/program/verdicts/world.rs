//! The repository of one case, made of files and plumbing: no filter and no command of the program has a part in it.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use crate::common::Sandbox;
use crate::verdicts::case::{Case, Edit, Held, Place, Stored};
use crate::verdicts::repo::Repo;
use crate::verdicts::seal::{GIT_CRYPT_MAGIC, TestKey};

/// What every case of one object format begins with.
struct Template {
    name: &'static str,
    /// `.shroud/` with generation 1 and 2 of `default`.
    described: [BTreeMap<PathBuf, Vec<u8>>; 2],
}

/// Keys and repositories from which those of the cases are copied.
pub(crate) struct World {
    pub(crate) sandbox: Sandbox,
    templates: [Template; 2],
    first: TestKey,
    pub(crate) second: TestKey,
    prod: TestKey,
    foreign: TestKey,
    made: Cell<usize>,
}

impl World {
    pub(crate) fn new() -> Self {
        let sandbox = Sandbox::new();
        sandbox.foreign_key();
        let text = |path: &str| String::from_utf8(sandbox.read(path)).unwrap();
        let foreign = TestKey::of_file(&text("other.key")).remove(0);
        sandbox.git(".", ["init", "-q", "-b", "main", "--template=", "sha1"]);
        sandbox.shroud("sha1", ["init", "-q"]);
        sandbox.shroud("sha1", ["key", "new", "-q", "prod"]);
        let read = || relative(&sandbox, sandbox.snapshot("sha1/.shroud"));
        let one = read();
        sandbox.git("sha1", ["add", "."]);
        sandbox.git("sha1", ["commit", "-q", "-m", "one"]);
        sandbox.shroud("sha1", ["key", "rotate", "-q"]);
        let two = read();
        let keys = TestKey::of_file(&text("sha1/.git/git-shroud/keyring"));
        let find = |name: &str, generation| {
            let found = keys.iter().find(|key| key.name == name && key.generation == generation);
            found.unwrap_or_else(|| panic!("{name} {generation}")).clone()
        };
        let (first, second, prod) = (find("default", 1), find("default", 2), find("prod", 1));
        let config = text("sha1/.git/config");
        let knows = sandbox.git_knows("SHA-256", (2, 29));
        for (name, format) in [("sha1", "sha1"), ("sha256", "sha256")] {
            let _ = fs::remove_dir_all(sandbox.path(name));
            let format = knows.then(|| format!("--object-format={format}"));
            let init = ["init", "-q", "-b", "main", "--template="].into_iter();
            sandbox.git(".", init.chain(format.as_deref()).chain([name]));
            let path = format!("{name}/.git/config");
            let drivers = config.find("[filter ").or_else(|| config.find("[diff "));
            let drivers = &config[drivers.expect("init sets the drivers")..];
            sandbox.write(&path, text(&path) + drivers);
        }
        let described = [one, two];
        let templates = [("sha1", described.clone()), ("sha256", described)];
        let templates = templates.map(|(name, described)| Template { name, described });
        Self { sandbox, templates, first, second, prod, foreign, made: Cell::new(0) }
    }

    pub(crate) fn keys(&self) -> [&TestKey; 4] {
        [&self.first, &self.second, &self.prod, &self.foreign]
    }

    pub(crate) fn held(&self, held: Held) -> Vec<&TestKey> {
        match held {
            Held::Nothing => Vec::new(),
            Held::First => vec![&self.first],
            Held::Both => vec![&self.second, &self.first],
            Held::All => vec![&self.second, &self.first, &self.prod],
            Held::Prod => vec![&self.prod],
            Held::Foreign => vec![&self.foreign],
        }
    }

    /// The keys that the tree of a case describes.
    pub(crate) fn described(&self, case: &Case) -> [&TestKey; 2] {
        [if case.described == 1 { &self.first } else { &self.second }, &self.prod]
    }

    fn stored(&self, stored: Stored, path: &[u8]) -> Option<Vec<u8>> {
        let plain = [b"canary-stored ", path, b"\n"].concat();
        let sealed = self.first.seal(&plain);
        Some(match stored {
            Stored::Absent => return None,
            Stored::Empty => Vec::new(),
            Stored::Plain => plain,
            Stored::First => sealed,
            Stored::Second => self.second.seal(&plain),
            Stored::Prod => self.prod.seal(&plain),
            Stored::Foreign => self.foreign.seal(&plain),
            Stored::Flipped => {
                let mut sealed = sealed;
                sealed[70] ^= 1;
                sealed
            }
            Stored::Cut => sealed[..100].to_vec(),
            Stored::Header => sealed[..30].to_vec(),
            Stored::Version2 => {
                let mut sealed = sealed;
                sealed[7] = 2;
                sealed
            }
            Stored::GitCrypt => [GIT_CRYPT_MAGIC, b"nonce-of-12-and-what-follows"].concat(),
            Stored::GitCryptHeader => [GIT_CRYPT_MAGIC, b"short"].concat(),
        })
    }

    /// What is written at a path of which the index has `stored`.
    pub(crate) fn edited(&self, edit: Edit, path: &[u8], stored: Option<&[u8]>) -> Vec<u8> {
        let plain = [b"canary-edited ", path, b"\n"].concat();
        match edit {
            Edit::Plain => plain,
            Edit::Empty => Vec::new(),
            Edit::Same => stored.map_or(plain, <[u8]>::to_vec),
            Edit::Opened => stored
                .and_then(|stored| self.keys().into_iter().find_map(|key| key.open(stored)))
                .unwrap_or(plain),
            Edit::SealedFirst => self.first.seal(&plain),
            Edit::SealedForeign => self.foreign.seal(&plain),
            Edit::Cut => self.first.seal(&plain)[..200].to_vec(),
        }
    }

    /// The repository of a case.
    pub(crate) fn make<'w>(&'w self, case: &'w Case) -> Repo<'w> {
        self.made.set(self.made.get() + 1);
        let name = format!("case-{}", self.made.get());
        let template = &self.templates[usize::from(case.sha256)];
        let root = self.sandbox.path(&name);
        copy(&self.sandbox.path(template.name), &root.join("tree"));
        fs::create_dir_all(root.join("tree/sub")).unwrap();
        fs::create_dir_all(root.join("tree/.git/info")).unwrap();
        let repo = Repo::new(self, case, root);
        let described = &template.described[case.described as usize - 1];
        let mut own: Vec<(Vec<u8>, Vec<u8>)> = described
            .iter()
            .map(|(path, bytes)| {
                ([b".shroud/", path.as_os_str().as_bytes()].concat(), bytes.clone())
            })
            .collect();
        for (place, path) in [(Place::Top, ".gitattributes"), (Place::Sub, "sub/.gitattributes")] {
            own.push((path.into(), repo.attributes_at(place).into_bytes()));
        }
        for (path, bytes) in &own {
            repo.write(path, bytes);
        }
        fs::write(repo.git_dir().join("info/attributes"), repo.attributes_at(Place::Info)).unwrap();
        if !case.drivers {
            let config = repo.git_dir().join("config");
            let text = fs::read_to_string(&config).unwrap();
            fs::write(&config, &text[..text.find("[filter ").unwrap()]).unwrap();
        }
        repo.hold();
        let stored = case
            .files
            .iter()
            .filter_map(|file| Some((file.name.to_vec(), self.stored(file.stored, file.name)?)));
        own.extend(stored);
        repo.stage(&own);
        if case.committed {
            repo.git(&["update-ref", "HEAD", &repo.commit()]);
        }
        repo
    }
}

fn relative(sandbox: &Sandbox, files: BTreeMap<PathBuf, Vec<u8>>) -> BTreeMap<PathBuf, Vec<u8>> {
    let above = sandbox.path("sha1/.shroud");
    let relative = |path: PathBuf| path.strip_prefix(&above).unwrap().to_owned();
    files.into_iter().map(|(path, bytes)| (relative(path), bytes)).collect()
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
        let to = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &to);
        } else {
            fs::copy(entry.path(), to).unwrap();
        }
    }
}
