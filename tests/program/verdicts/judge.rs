//! Compares what the commands say of each path with the truth, and with each other.

use std::collections::{BTreeMap, BTreeSet};

use crate::common::Done;
use crate::verdicts::case::{Around, Macro};
use crate::verdicts::oracle::{Kind, Said, ask, index};
use crate::verdicts::repo::Repo;
use crate::verdicts::seal::TestKey;

/// Fails with a sentence unless the condition holds.
macro_rules! ensure {
    ($condition:expr, $($format:tt)+) => {
        if !$condition {
            return Err(format!($($format)+));
        }
    };
}
pub(crate) use ensure;

/// `Err` says what contradicts what.
pub(crate) type Judged<T = ()> = Result<T, String>;

/// States in which nothing is to be done.
const GOOD: [&str; 3] = ["sealed", "empty", "encrypted"];

/// A look at the whole repository, by git and by the program.
pub(crate) struct Look {
    /// The index, by git.
    pub(crate) blobs: BTreeMap<Vec<u8>, Vec<u8>>,
    /// The attributes that count in this worktree, by git.
    pub(crate) said: BTreeMap<Vec<u8>, Said>,
    /// Those of the tree alone, by git.
    tree_said: BTreeMap<Vec<u8>, Said>,
    /// `status`.
    states: BTreeMap<Vec<u8>, String>,
    /// `check`.
    findings: BTreeMap<String, BTreeSet<String>>,
}

impl Look {
    /// Looks, and compares whatever can be compared.
    pub(crate) fn take(repo: &Repo<'_>) -> Judged<Self> {
        let blobs = index(repo);
        let paths: Vec<Vec<u8>> = blobs.keys().cloned().collect();
        let (said, tree_said) = (ask(repo, &paths, false), ask(repo, &paths, true));
        let status = repo.shroud(&["status", "-z"]);
        // A commit answers for what none of its parents had: one without parents, as the first, for all of it.
        let check = match repo.case.committed {
            true => repo.shroud(&["check", "--json", &repo.commit()]),
            false => repo.shroud(&["check", "--json", "--staged"]),
        };
        let look = Self {
            said,
            tree_said,
            states: states(&status)?,
            findings: findings(repo, &check)?,
            blobs,
        };
        if is_inside(repo, &status) {
            return Ok(look);
        }
        for (path, blob) in &look.blobs {
            let place = || {
                format!(
                    "{}: {:?} by {:?}, by the tree alone {:?}; status {:?}, check {:?}",
                    path.escape_ascii(),
                    Kind::of(blob),
                    look.said[path],
                    look.tree_said[path],
                    look.states.get(path),
                    look.problems(path)
                )
            };
            look.compare_with_truth(repo, path, blob)
                .map_err(|why| format!("{why}\n{}", place()))?;
            look.compare_check(repo, path, blob).map_err(|why| format!("{why}\n{}", place()))?;
        }
        for path in look.states.keys() {
            ensure!(look.blobs.contains_key(path), "status lists {}", path.escape_ascii());
        }
        let bad = look.states.values().any(|state| !GOOD.contains(&state.as_str()));
        ensure!(status.status == i32::from(bad), "status ends with {}\n{status:?}", status.status);
        let found = !look.findings.is_empty();
        ensure!(check.status == i32::from(found), "check ends with {}\n{check:?}", check.status);
        look.compare_doctor(repo, bad)?;
        look.compare_why(repo)?;
        Ok(look)
    }

    fn problems(&self, path: &[u8]) -> BTreeSet<String> {
        self.findings.get(&in_json(path)).cloned().unwrap_or_default()
    }

    pub(crate) fn is_good(&self, path: &[u8]) -> bool {
        self.states.get(path).is_some_and(|state| GOOD.contains(&state.as_str()))
    }

    /// What `status` says of a path is what git's attributes and the bytes of its blob say.
    fn compare_with_truth(&self, repo: &Repo<'_>, path: &[u8], blob: &[u8]) -> Judged {
        let said = &self.said[path];
        let state = self.states.get(path).map(String::as_str);
        let kind = Kind::of(blob);
        let one_of = |allowed: &[&str]| {
            let fits = state.is_some_and(|state| allowed.contains(&state));
            ensure!(fits, "status ought to say one of {allowed:?}");
            Ok(())
        };
        let is_bad = || {
            let bad = state.is_some_and(|state| !GOOD.contains(&state));
            ensure!(bad, "status ought to call it bad");
            Ok(())
        };
        if is_own_file(path) {
            return if said.is_sealed() { is_bad() } else { Ok(()) };
        }
        if said.is_git_crypt() {
            return match kind {
                Kind::Empty | Kind::GitCrypt => Ok(()),
                _ => is_bad(),
            };
        }
        if said.is_inert() {
            return if kind == Kind::Empty { Ok(()) } else { is_bad() };
        }
        if !said.is_sealed() {
            return match kind {
                Kind::Sealed(_) if said.is_on_purpose() => Ok(()),
                // Whoever holds the key can say more.
                Kind::Sealed(_) => one_of(&["not-tracked", "damaged"]),
                // A macro that takes the filter away is a fault, and a line that does is not: check-attr says the same of both.
                _ if said.has_macro() && matches!(repo.case.defined, Macro::Off) => {
                    let fits = matches!(state, None | Some("attribute-conflict"));
                    ensure!(fits, "status ought to say nothing, or to name the macro");
                    Ok(())
                }
                _ => {
                    ensure!(state.is_none(), "status ought to say nothing");
                    Ok(())
                }
            };
        }
        if said.converts() {
            return one_of(&["attribute-conflict"]);
        }
        let Some(wanted) = said.key() else { return one_of(&["bad-key-name"]) };
        match kind {
            Kind::Empty => one_of(&["empty"]),
            Kind::Plain => one_of(&["plaintext-in-head", "plaintext-in-index"]),
            Kind::GitCrypt => one_of(&["git-crypt"]),
            Kind::Damaged => one_of(&["damaged"]),
            Kind::Sealed(id) => self.compare_sealed(repo, &id, wanted, blob, state),
        }
    }

    fn compare_sealed(
        &self,
        repo: &Repo<'_>,
        id: &str,
        wanted: &str,
        blob: &[u8],
        state: Option<&str>,
    ) -> Judged {
        let held = repo.world.held(repo.case.held);
        let described = repo.world.described(repo.case);
        let is_in = |keys: &[&TestKey]| keys.iter().any(|key| key.id() == id);
        if let Some(held) = held.iter().find(|key| key.id() == id)
            && held.open(blob).is_none()
        {
            ensure!(state == Some("damaged"), "its key does not open it");
            return Ok(());
        }
        let known = [held.as_slice(), &described].concat();
        let Some(key) = known.iter().find(|key| key.id() == id) else {
            ensure!(state == Some("unknown-key"), "nobody knows its key");
            return Ok(());
        };
        if key.name != wanted {
            ensure!(state == Some("other-key"), "its key is {}, not {wanted}", key.name);
        } else if is_in(&described) {
            ensure!(state == Some("sealed"), "it is sealed with what the tree describes");
        } else {
            ensure!(state != Some("sealed"), "the tree does not describe its key");
        }
        Ok(())
    }

    /// `check`, which holds no key, and `status` agree wherever the same attributes count for both.
    fn compare_check(&self, repo: &Repo<'_>, path: &[u8], blob: &[u8]) -> Judged {
        let said = &self.tree_said[path];
        let problems = self.problems(path);
        let kind = Kind::of(blob);
        let is_in_the_clear = matches!(kind, Kind::Plain | Kind::GitCrypt);
        if !is_own_file(path) && is_in_the_clear && (said.is_sealed() || said.is_inert()) {
            ensure!(!problems.is_empty(), "check lets plaintext pass");
        }
        if said.is_sealed() && kind == Kind::Plain && !said.converts() && said.key().is_some() {
            let named = ["plaintext", "own-file"].iter().any(|name| problems.contains(*name));
            ensure!(named, "check ought to say 'plaintext'");
        }
        if *said != self.said[path] || is_damaged_for_holders(repo, &kind, blob) {
            return Ok(());
        }
        // Without a key nobody knows that it is one of this repository's, so a guard lets it be.
        let described = repo.world.described(repo.case);
        let is_foreign =
            matches!(&kind, Kind::Sealed(id) if described.iter().all(|key| key.id() != *id));
        let state = self.states.get(path).map(String::as_str);
        if state == Some("not-tracked") && is_foreign && problems.is_empty() {
            return Ok(());
        }
        let good = self.states.get(path).is_none_or(|state| GOOD.contains(&state.as_str()));
        ensure!(good == problems.is_empty(), "status and check do not agree");
        if let ([problem], Some(state)) =
            (&problems.iter().collect::<Vec<_>>()[..], self.states.get(path))
        {
            let same = problem.as_str() == state
                || match state.as_str() {
                    "plaintext-in-head" | "plaintext-in-index" => {
                        ["plaintext", "own-file"].contains(&problem.as_str())
                    }
                    // A guard without keys and history knows no other name of a key.
                    "other-key" | "retired-key" | "unknown-key" => {
                        !["plaintext", "damaged", "not-tracked"].contains(&problem.as_str())
                    }
                    _ => !GOOD.contains(&state.as_str()),
                };
            ensure!(same, "status and check give other reasons");
        }
        Ok(())
    }

    /// `doctor` finds nothing if and only if `status` does.
    fn compare_doctor(&self, repo: &Repo<'_>, bad: bool) -> Judged {
        let doctor = repo.shroud(&["doctor", "--json"]);
        ensure!(doctor.status == 0 || doctor.status == 1, "doctor\n{doctor:?}");
        let json = doctor.json();
        let findings = json["findings"].as_array().unwrap();
        let about_files: Vec<_> = findings
            .iter()
            .filter(|finding| {
                ["files", "attribute-conflict"].contains(&finding["check"].as_str().unwrap())
            })
            .collect();
        let ill = about_files.iter().any(|finding| finding["severity"] == "problem");
        ensure!(
            !bad || doctor.status == 1,
            "status finds something, and doctor does not\n{doctor:?}"
        );
        ensure!(ill == bad, "doctor and status do not agree about files\n{doctor:?}");
        let conflicts = self.states.values().filter(|state| *state == "attribute-conflict").count();
        let named = findings.iter().filter(|finding| finding["check"] == "attribute-conflict");
        ensure!(
            conflicts == 0 || named.count() > 0,
            "doctor does not name the conflict\n{doctor:?}"
        );
        let leaks = self.said.values().any(Said::is_sealed) && !repo.case.drivers;
        ensure!(
            !leaks || doctor.status == 1,
            "git knows no filter, and doctor is silent\n{doctor:?}"
        );
        Ok(())
    }

    /// `why` agrees about the first files.
    fn compare_why(&self, repo: &Repo<'_>) -> Judged {
        for file in repo.case.files.iter().take(2) {
            let said = &self.said_of(repo, file.name);
            let argument = repo.argument(file.name);
            let done =
                repo.run(crate::verdicts::repo::SHROUD, &["why".into(), "--".into(), argument]);
            let place = file.name.escape_ascii();
            ensure!(done.status == 0, "why {place}\n{done:?}");
            let text = done.text();
            let line = |name: &str| text.lines().find(|line| line.starts_with(name));
            let attribute = line("attribute").unwrap_or_default();
            let clear =
                ["as plaintext", "not sealed by"].iter().any(|part| attribute.contains(part));
            let encrypted = said.is_sealed() || said.is_git_crypt();
            ensure!(
                clear != encrypted || said.is_inert(),
                "why {place} contradicts git: {said:?}\n{text}"
            );
            if let Some(state) = self.states.get(file.name) {
                let index = line("in the index").unwrap_or_default();
                ensure!(index.ends_with(state), "why {place} contradicts status {state}\n{text}");
            }
        }
        Ok(())
    }

    fn said_of(&self, repo: &Repo<'_>, path: &[u8]) -> Said {
        let known = self.said.get(path).cloned();
        known.unwrap_or_else(|| ask(repo, &[path.to_vec()], false)[path].clone())
    }
}

/// Whether only who holds the key can see that the blob does not open.
fn is_damaged_for_holders(repo: &Repo<'_>, kind: &Kind, blob: &[u8]) -> bool {
    let Kind::Sealed(id) = kind else { return false };
    let held = repo.world.held(repo.case.held);
    held.iter().any(|key| key.id() == *id && key.open(blob).is_none())
}

/// git, or the program itself, reads it without a filter.
fn is_own_file(path: &[u8]) -> bool {
    let name = path.rsplit(|&byte| byte == b'/').next().unwrap();
    name == b".gitattributes" || path.starts_with(b".shroud/")
}

/// Inside of `.git`, where git has no worktree, a command may refuse; it says so then.
pub(crate) fn is_inside(repo: &Repo<'_>, done: &Done) -> bool {
    repo.case.around == Around::InsideGit && done.status == 2 && done.stderr.contains("error: ")
}

fn states(done: &Done) -> Judged<BTreeMap<Vec<u8>, String>> {
    let mut states = BTreeMap::new();
    for record in done.stdout.split(|&byte| byte == 0).filter(|record| !record.is_empty()) {
        let space =
            record.iter().position(|&byte| byte == b' ').ok_or("a record without a blank")?;
        let state = String::from_utf8_lossy(&record[..space]).into_owned();
        states.insert(record[space + 1..].to_vec(), state);
    }
    Ok(states)
}

fn findings(repo: &Repo<'_>, done: &Done) -> Judged<BTreeMap<String, BTreeSet<String>>> {
    let mut findings: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    if is_inside(repo, done) {
        return Ok(findings);
    }
    ensure!([0, 1].contains(&done.status), "check\n{done:?}");
    for finding in done.json()["findings"].as_array().unwrap() {
        let text = |name: &str| finding[name].as_str().unwrap().to_owned();
        findings.entry(text("path")).or_default().insert(text("problem"));
    }
    Ok(findings)
}

/// JSON knows only Unicode: other names are quoted as git does.
fn in_json(path: &[u8]) -> String {
    let quoted = || format!("\"{}\"", path.escape_ascii().to_string().replace("\\xff", "\\377"));
    String::from_utf8(path.to_vec()).unwrap_or_else(|_| quoted())
}
