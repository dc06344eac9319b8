//! Rewrites a history as git-filter-repo does with `--replace-text` or `--invert-paths`, for `benches/scrub.py`.
//!
//! ```text
//! rewrite_history REPOSITORY --replace OLD NEW | --drop PATH [--dry-run]
//! ```

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, ExitCode, Stdio};

use aho_corasick::AhoCorasick;
use git_shroud::git::repository::Repository;
use git_shroud::scrub::rewrite::{Options, Rewritten, rewrite};
use git_shroud::scrub::{Changes, EntryKind, Fate, Folder, PolicyId, ScopeId, ScrubError};

const ALL: PolicyId = PolicyId(0);

/// A value is replaced in every blob.
struct Replace {
    old: AhoCorasick,
    new: Vec<u8>,
}

impl Changes for Replace {
    fn folder(&self, _: ScopeId, _: &[u8]) -> Folder {
        Folder::Alike(Fate::Content(ALL))
    }

    fn at(&self, _: ScopeId, _: &[u8], _: EntryKind) -> Fate {
        Fate::Content(ALL)
    }

    fn pathless(&self) -> Fate {
        Fate::Content(ALL)
    }

    fn blob(
        &self,
        _: PolicyId,
        _: gix::ObjectId,
        content: &[u8],
    ) -> Result<Option<Vec<u8>>, ScrubError> {
        Ok(self
            .old
            .is_match(content)
            .then(|| self.old.replace_all_bytes(content, &[self.new.as_slice()])))
    }
}

/// A file or folder goes.
struct Drop {
    path: Vec<u8>,
}

impl Changes for Drop {
    fn folder(&self, _: ScopeId, path: &[u8]) -> Folder {
        if path == self.path {
            return Folder::Alike(Fate::Drop);
        }
        let above = path.is_empty()
            || self.path.strip_prefix(path).is_some_and(|rest| rest.starts_with(b"/"));
        if above { Folder::ByPath } else { Folder::Untouched }
    }

    fn at(&self, _: ScopeId, path: &[u8], _: EntryKind) -> Fate {
        if path == self.path { Fate::Drop } else { Fate::Keep }
    }

    fn pathless(&self) -> Fate {
        Fate::Keep
    }

    fn blob(&self, _: PolicyId, _: gix::ObjectId, _: &[u8]) -> Result<Option<Vec<u8>>, ScrubError> {
        Ok(None)
    }
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let (words, dry_run) = match words.split_last() {
        Some((&"--dry-run", words)) => (words, true),
        _ => (&words[..], false),
    };
    let (folder, changes): (_, Box<dyn Changes>) = match words {
        [folder, "--replace", old, new] => {
            let old = AhoCorasick::new([old]).expect("it is one text");
            (folder, Box::new(Replace { old, new: new.as_bytes().to_vec() }))
        }
        [folder, "--drop", path] => (folder, Box::new(Drop { path: path.as_bytes().to_vec() })),
        _ => {
            eprintln!("rewrite_history REPOSITORY --replace OLD NEW | --drop PATH [--dry-run]");
            return ExitCode::from(2);
        }
    };
    let options = Options { prune_empty: words[1] == "--drop", dry_run, ..Options::default() };
    match run(Path::new(folder), changes.as_ref(), &options) {
        Ok(counts) => {
            println!("{counts}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn run(folder: &Path, changes: &dyn Changes, options: &Options<'_>) -> Result<String, String> {
    let repository = Repository::discover(folder).map_err(|error| error.to_string())?;
    let mut made = rewrite(&repository, changes, options).map_err(|error| error.to_string())?;
    let counts = format!("{:?}", made.counts);
    if let Some(pack) = made.pack.take() {
        pack.install().map_err(|error| error.to_string())?;
    }
    if !options.dry_run {
        move_refs(&repository, &made)?;
    }
    Ok(counts)
}

/// Moves all refs in one transaction.
fn move_refs(repository: &Repository, made: &Rewritten) -> Result<(), String> {
    let mut lines = String::new();
    let direct = made.refs.iter().filter(|change| change.symbolic.is_none() && change.is_changed());
    for change in direct {
        let name = String::from_utf8_lossy(&change.name);
        match change.new {
            Some(new) => lines += &format!("update {name} {new} {}\n", change.old),
            None => lines += &format!("delete {name} {}\n", change.old),
        }
    }
    let mut git = Command::new("git");
    git.args(["update-ref", "--stdin"]).current_dir(repository.git.dir());
    let mut git = git.stdin(Stdio::piped()).spawn().map_err(|error| error.to_string())?;
    let mut input = git.stdin.take().expect("asked for above");
    input.write_all(lines.as_bytes()).map_err(|error| error.to_string())?;
    drop(input);
    let moved = git.wait().map_err(|error| error.to_string())?;
    if moved.success() { Ok(()) } else { Err("the refs could not be moved".to_owned()) }
}
