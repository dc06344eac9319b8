//! Which module uses which: every `use` and every path of a file, led to the module that has the thing.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use crate::tokens::tokens;

/// A module, as its names from the root of the crate: `scan::walk` is `["scan", "walk"]`.
pub(crate) type Module = Vec<String>;

/// What the binaries and the library consist of; they may use everything.
const ROOTS: [&str; 3] = ["lib", "main", "textconv"];

/// Every module of `src`, and what its text says.
pub(crate) struct Crate {
    pub(crate) files: BTreeMap<Module, File>,
}

pub(crate) struct File {
    /// From the package's folder on, with `/`.
    pub(crate) name: String,
    /// What `use` gives names to: the name, and the path behind it.
    imports: Vec<(String, Vec<String>)>,
    /// Every path that a `use` or an expression writes, made absolute where it is relative.
    paths: BTreeSet<Vec<String>>,
}

impl Crate {
    /// Reads files, given by their names from the package's folder on (`src/a/b.rs`), with their texts.
    pub(crate) fn read(texts: &[(String, String)]) -> Self {
        let modules: BTreeSet<Module> = texts.iter().filter_map(|(name, _)| module(name)).collect();
        let file = |(name, text): &(String, String)| {
            let module = module(name)?;
            let mut reader = Reader::new(tokens(text), &module, &modules);
            reader.read();
            let (imports, paths) = (reader.imports, reader.paths);
            Some((module.clone(), File { name: name.clone(), imports, paths }))
        };
        Self { files: texts.iter().filter_map(file).collect() }
    }

    /// The modules that a module uses, each once, itself left out.
    pub(crate) fn used_by(&self, module: &Module) -> BTreeSet<Module> {
        let file = &self.files[module];
        let mut used: BTreeSet<Module> =
            file.paths.iter().filter_map(|path| self.resolve(path, 0)).collect();
        used.remove(module);
        used
    }

    /// The module that has what an absolute path names: through modules first, then through what these import.
    fn resolve(&self, path: &[String], depth: usize) -> Option<Module> {
        let known = (1..=path.len()).rev().find(|&end| self.files.contains_key(&path[..end]))?;
        let module = path[..known].to_vec();
        let Some(name) = path.get(known).filter(|_| depth < 8) else { return Some(module) };
        let through = self.files[&module].imports.iter().filter(|(import, _)| import == name);
        for (_, target) in through {
            let further: Vec<String> = target.iter().chain(&path[known + 1..]).cloned().collect();
            if let Some(found) = self.resolve(&further, depth + 1) {
                return Some(found);
            }
        }
        Some(module)
    }
}

/// The paths into the standard library that a text writes.
pub(crate) fn of_std(text: &str) -> Vec<Vec<String>> {
    let mut reader = Reader::new(tokens(text), &[], &NO_MODULES);
    reader.read();
    reader.outside.into_iter().filter(|path| path[0] == "std").collect()
}

static NO_MODULES: BTreeSet<Module> = BTreeSet::new();

/// The module that a file is; none for the roots, which may use everything.
fn module(name: &str) -> Option<Module> {
    let path = Path::new(name.strip_prefix("src/")?).with_extension("");
    let mut names: Module =
        path.iter().map(|name| name.to_str().expect("a name in ASCII").to_owned()).collect();
    if names.last().is_some_and(|name| name == "mod") {
        names.pop();
    }
    (!ROOTS.contains(&names[0].as_str())).then_some(names)
}

struct Reader<'a> {
    tokens: Vec<String>,
    at: usize,
    /// The modules written out in this file that are open here, and the brace depth inside each.
    scopes: Vec<(String, usize)>,
    file: &'a [String],
    modules: &'a BTreeSet<Module>,
    imports: Vec<(String, Vec<String>)>,
    paths: BTreeSet<Vec<String>>,
    /// Paths that lead out of the crate, or begin with a name of the file's own.
    outside: Vec<Vec<String>>,
}

impl<'a> Reader<'a> {
    fn new(tokens: Vec<String>, file: &'a [String], modules: &'a BTreeSet<Module>) -> Self {
        Self {
            tokens,
            at: 0,
            scopes: Vec::new(),
            file,
            modules,
            imports: Vec::new(),
            paths: BTreeSet::new(),
            outside: Vec::new(),
        }
    }

    fn read(&mut self) {
        let mut depth = 0;
        let mut uses = Vec::new();
        let mut others = Vec::new();
        while self.at < self.tokens.len() {
            match self.token(0) {
                "{" => depth += 1,
                "}" => {
                    depth -= 1;
                    self.scopes.retain(|&(_, inside)| inside <= depth);
                }
                "mod" if self.token(2) == "{" => {
                    self.scopes.push((self.token(1).to_owned(), depth + 1));
                    depth += 1;
                    self.at += 2;
                }
                // The bound of a visibility uses nothing.
                "in" if self.token(-1) == "(" && self.token(-2) == "pub" => {
                    while self.token(0) != ")" {
                        self.at += 1;
                    }
                }
                "use" => {
                    self.at += 1;
                    let inside = self.here();
                    self.tree(&mut Vec::new(), &inside, &mut uses);
                }
                "::" => {}
                _ if self.token(1) == "::" && self.token(-1) != "::" => {
                    others.push((self.here(), self.path()));
                    continue;
                }
                _ => {}
            }
            self.at += 1;
        }
        for (inside, path, name) in uses {
            let own = inside.len() == self.file.len();
            if let Some(absolute) = self.absolute(&inside, &path) {
                if own && name != "*" {
                    self.imports.push((name, absolute.clone()));
                }
                self.paths.insert(absolute);
            } else {
                self.outside.push(path);
            }
        }
        for (inside, path) in others {
            if let Some(absolute) = self.absolute(&inside, &path) {
                self.paths.insert(absolute);
            } else if let Some((_, import)) = self.imports.iter().find(|(name, _)| *name == path[0])
            {
                self.paths.insert(import.iter().chain(&path[1..]).cloned().collect());
            } else {
                self.outside.push(path);
            }
        }
    }

    fn token(&self, ahead: isize) -> &str {
        let at = self.at.checked_add_signed(ahead);
        at.and_then(|at| self.tokens.get(at)).map_or("", String::as_str)
    }

    /// The module around the place that is read, those written out in the file among its names.
    fn here(&self) -> Module {
        self.file.iter().cloned().chain(self.scopes.iter().map(|(name, _)| name.clone())).collect()
    }

    /// The names joined by `::` from here on; reading goes on behind them.
    fn path(&mut self) -> Vec<String> {
        let mut path = vec![self.token(0).to_owned()];
        while self.token(1) == "::"
            && self.token(2).starts_with(|c: char| c.is_alphabetic() || c == '_')
        {
            path.push(self.token(2).to_owned());
            self.at += 2;
        }
        self.at += 1;
        path
    }

    /// One branch of a `use`, up to the `,`, `}` or `;` that ends it: each leaf with its path and the name it gets.
    fn tree(
        &mut self,
        prefix: &mut Vec<String>,
        inside: &Module,
        leaves: &mut Vec<(Module, Vec<String>, String)>,
    ) {
        let length = prefix.len();
        loop {
            match self.token(0) {
                "::" => self.at += 1,
                "{" => {
                    self.at += 1;
                    while self.token(0) != "}" {
                        self.tree(prefix, inside, leaves);
                        if self.token(0) == "," {
                            self.at += 1;
                        }
                    }
                    self.at += 1;
                    break;
                }
                "*" => {
                    leaves.push((inside.clone(), prefix.clone(), "*".to_owned()));
                    self.at += 1;
                    break;
                }
                _ => {
                    let name = self.token(0).to_owned();
                    self.at += 1;
                    // `{self}` is the path before it.
                    if name != "self" || prefix.is_empty() {
                        prefix.push(name);
                    }
                    if self.token(0) == "::" {
                        continue;
                    }
                    let mut named = prefix.last().cloned().unwrap_or_default();
                    if self.token(0) == "as" {
                        named = self.token(1).to_owned();
                        self.at += 2;
                    }
                    leaves.push((inside.clone(), prefix.clone(), named));
                    break;
                }
            }
        }
        prefix.truncate(length);
    }

    /// A path from the root of the crate on; none where it leads out of the crate, or begins with a local name.
    fn absolute(&self, inside: &Module, path: &[String]) -> Option<Vec<String>> {
        let mut base = inside.clone();
        let mut rest = path;
        match path[0].as_str() {
            "crate" => base.clear(),
            "self" => {}
            "super" => {
                base.pop();
                while rest.get(1).is_some_and(|name| name == "super") {
                    base.pop();
                    rest = &rest[1..];
                }
            }
            name => {
                base.push(name.to_owned());
                let child = self.modules.contains(&base);
                return child.then(|| base.iter().chain(&path[1..]).cloned().collect());
            }
        }
        // What a module written out in the file has is the file's own.
        base.truncate(base.len().min(self.file.len().max(1)));
        Some(base.into_iter().chain(rest[1..].iter().cloned()).collect())
    }
}

#[test]
fn paths_are_found_in_every_form() {
    let texts = [
        (
            "src/a/mod.rs",
            "pub mod b; mod c; pub use c::Thing as Other; use crate::d; use self::e::{self, *};",
        ),
        ("src/a/b.rs", "use super::Other; fn f() -> crate::g::G { crate :: h\n::i(mycrate::j) }"),
        (
            "src/a/c.rs",
            "pub(in crate::h) use super::super::{d::{self as x, y}, \n g,}; // crate::h\nmod t { use super::super::e; }",
        ),
        (
            "src/a/e.rs",
            "use crate::a; fn f() { a::Other::new(); super::d::f(); x::<crate::g::T>() }",
        ),
        ("src/d.rs", "const A: &str = \"crate::a\"; macro_rules! m { () => { $crate::g::f!() } }"),
        ("src/g.rs", ""),
        ("src/h.rs", ""),
        ("src/lib.rs", "use crate::a;"),
    ];
    let texts = texts.map(|(name, text)| (name.to_owned(), text.to_owned()));
    let read = Crate::read(&texts);
    let used = |module: &str| -> Vec<String> {
        let module: Module = module.split("::").map(str::to_owned).collect();
        read.used_by(&module).iter().map(|used| used.join("::")).collect()
    };
    assert_eq!(used("a"), ["a::c", "a::e", "d"]);
    assert_eq!(used("a::b"), ["a::c", "g", "h"]);
    assert_eq!(used("a::c"), ["a::e", "d", "g"]);
    assert_eq!(used("a::e"), ["a", "a::c", "d", "g"]);
    assert_eq!(used("d"), ["g"]);
    assert_eq!(read.files.len(), 7);
}
