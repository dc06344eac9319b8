//! What git says against a history.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::path::PathBuf;

use gix::ObjectId;

use crate::git::repository::Repository;
use crate::scrub::error::{Context as _, Outcome};
use crate::scrub::record::Record;

/// Faults of headers and names that old programs wrote (git-fsck, "FSCK MESSAGES"). A rewritten commit has those of the one
/// it was made of, as the scrub copies what it does not change.
const INHERITED: [&str; 12] = [
    "badDate",
    "badDateOverflow",
    "badEmail",
    "badName",
    "badTimezone",
    "missingEmail",
    "missingNameBeforeEmail",
    "missingSpaceBeforeDate",
    "missingSpaceBeforeEmail",
    "multipleAuthors",
    "zeroPaddedDate",
    "zeroPaddedFilemode",
];

/// What git says against a history.
#[derive(Debug, Default)]
pub(super) struct Checked {
    /// Faults of the new history.
    pub(super) faults: Option<String>,
    /// Faults that the old history had, and that the new one took over, as git names them.
    pub(super) inherited: Vec<String>,
}

/// Lets git check the objects that were written, each of them, and where something is named that is not here. All else is as it
/// was, and git has read it before. `all` lets it check every object.
pub(super) fn check(repository: &Repository, record: &Record, all: bool) -> Outcome<Checked> {
    let which = if all { "--strict" } else { "--connectivity-only" };
    let args = ["fsck", which, "--no-dangling", "--no-progress"].map(str::to_owned);
    let mut checked = Checked::default();
    if let Some(said) = complaints(repository, &args)? {
        let ignored =
            INHERITED.iter().flat_map(|id| ["-c".to_owned(), format!("fsck.{id}=ignore")]);
        let ignoring: Vec<String> = ignored.chain(args).collect();
        match complaints(repository, &ignoring)? {
            Some(said) if !was_so_before(repository, record, &said)? => {
                checked.faults = Some(said);
                return Ok(checked);
            }
            _ => checked.inherited.extend(said.lines().map(str::to_owned)),
        }
    }
    if !all {
        checked.faults = of_new_objects(repository, record)?;
    }
    Ok(checked)
}

/// What git prints, in both of its ways, where it finds a fault: what is missing is no error message.
fn complaints(repository: &Repository, args: &[String]) -> Outcome<Option<String>> {
    let mut command = repository.git.command(args);
    let output = command.output().context(|| "git fsck".to_owned())?;
    if output.status.success() {
        return Ok(None);
    }
    let said = [&output.stdout[..], &output.stderr].concat();
    let said = crate::sanitise::text(String::from_utf8_lossy(&said).trim());
    Ok(Some(if said.is_empty() { "git fsck found a fault".to_owned() } else { said }))
}

fn of_new_objects(repository: &Repository, record: &Record) -> Outcome<Option<String>> {
    let ignored: Vec<_> = INHERITED.iter().map(|id| format!("{id}=ignore")).collect();
    let strict = format!("--strict={}", ignored.join(","));
    let tips = record.refs.iter().filter(|change| change.old != change.new);
    let tips: BTreeSet<_> = tips.filter_map(|change| Some(change.new?.0)).collect();
    let said = |pack: PathBuf| {
        let args = [OsStr::new("index-pack"), OsStr::new("--verify"), OsStr::new(&strict)];
        repository.git.run(args.into_iter().chain([pack.as_os_str()])).err()
    };
    let packs = packs_with(repository, &tips)?;
    Ok(packs.into_iter().find_map(said).map(|error| error.to_string()))
}

/// The packs that hold any of these objects.
fn packs_with(repository: &Repository, ids: &BTreeSet<ObjectId>) -> Outcome<Vec<PathBuf>> {
    let folder = repository.common_dir().join("objects/pack");
    let listed = match std::fs::read_dir(&folder) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        listed => listed.context(|| crate::sanitise::native(&folder))?,
    };
    let mut packs = Vec::new();
    for entry in listed {
        let path = entry.context(|| crate::sanitise::native(&folder))?.path();
        if path.extension().is_some_and(|end| end == "idx") {
            let index = gix::odb::pack::index::File::at(&path, repository.gix.object_hash())
                .context(|| crate::sanitise::native(&path))?;
            if ids.iter().any(|id| index.lookup(id).is_some()) {
                packs.push(path.with_extension("pack"));
            }
        }
    }
    packs.sort();
    Ok(packs)
}

/// Whether all that git complains of are objects that the old history had, and that the new one took over as they were.
fn was_so_before(repository: &Repository, record: &Record, said: &str) -> Outcome<bool> {
    // What is missing now is missing for good, whoever named it.
    if said.lines().any(|line| line.starts_with("missing ") || line.starts_with("broken link")) {
        return Ok(false);
    }
    let words = said.split(|c: char| !c.is_ascii_hexdigit());
    let mut named: BTreeSet<&str> = words.filter(|word| word.len() >= 40).collect();
    let lines = said.lines().filter(|line| !line.trim().is_empty()).count();
    // A line that names no object is of the repository as a whole.
    if named.len() < lines {
        return Ok(false);
    }
    let old = record.refs.iter().filter_map(|change| change.old);
    let tips: String = old.map(|id| format!("{}\n", id.0)).collect();
    let list = ["--no-replace-objects", "rev-list", "--objects", "--no-object-names", "--stdin"];
    let listed = repository.git.run_with_input(list, tips.as_bytes())?;
    for line in String::from_utf8_lossy(&listed).lines() {
        named.remove(line);
    }
    Ok(named.is_empty())
}
