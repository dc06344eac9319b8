//! What git and a remote helper say to each other (gitremote-helpers). Output is for git alone: one word too many, and git dies.

use std::collections::BTreeMap;
use std::io::{BufRead, Write};
use std::path::{Path, PathBuf};

use gix::bstr::ByteSlice as _;
use gix::quote::ansi_c;

use super::RemoteError;
use super::address::{Address, PREFIX};
use super::change::Request;
use super::fetch;
use super::local::Local;
use super::manifest::Ref;
use super::push::{LFS, LFS_SETTING, Pushing, push};
use super::store::{Remote, State};
use crate::progress::Progress;
use crate::recipient::Ask;

/// Bytes of the longest line that is read.
const MAX_LINE: u64 = 64 << 10;
/// What this helper can do. git 2.25 leaves out what it does not know.
const CAPABILITIES: &str = "fetch\npush\noption\ncheck-connectivity\nobject-format\n\n";

/// What git has set.
#[derive(Default)]
struct Options {
    pushing: Pushing,
    object_format: bool,
    check_connectivity: bool,
    all: bool,
    shows_progress: bool,
}

/// Files that keep packs until git's refs lead to them.
#[derive(Default)]
struct Keeping(Vec<PathBuf>);

impl Drop for Keeping {
    fn drop(&mut self) {
        for file in &self.0 {
            let _ = crate::fs::replace::remove(file);
        }
    }
}

/// Answers git, for the repository around `dir` if there is one, until it says no more.
///
/// # Errors
/// What git asks is not to be had; git must not go on.
pub fn serve(
    dir: &Path,
    address: &str,
    input: impl BufRead,
    output: impl Write,
    progress: &dyn Progress,
    report: &dyn Fn(RemoteError),
    ask: Ask<'_>,
) -> Result<(), RemoteError> {
    // git has taken the prefix off; another one is an address on an address.
    let address = Address::new(&format!("{PREFIX}{address}"))?;
    let remote = Remote::open(address, Local::find(dir)?)?;
    Helper::new(remote, progress, report).serve(input, output, ask)
}

/// One run of the helper.
struct Helper<'h> {
    remote: Remote,
    progress: &'h dyn Progress,
    /// Tells a person of an error that the protocol has no room for.
    report: &'h dyn Fn(RemoteError),
    options: Options,
    state: Option<State>,
    keeping: Keeping,
}

impl<'h> Helper<'h> {
    fn new(remote: Remote, progress: &'h dyn Progress, report: &'h dyn Fn(RemoteError)) -> Self {
        Self {
            remote,
            progress,
            report,
            options: Options::default(),
            state: None,
            keeping: Keeping::default(),
        }
    }

    fn serve(
        mut self,
        mut input: impl BufRead,
        mut output: impl Write,
        ask: Ask<'_>,
    ) -> Result<(), RemoteError> {
        while let Some(line) = read_line(&mut input)? {
            let (command, rest) = line.split_once(' ').unwrap_or((&line, ""));
            let answer = match (command, rest) {
                ("", _) => return Ok(()),
                ("capabilities", "") => CAPABILITIES.to_owned(),
                ("option", _) => self.option(rest),
                ("list", "") => self.list(false, ask)?,
                ("list", "for-push") => self.list(true, ask)?,
                ("fetch", _) => {
                    let batch = read_batch(&mut input, "fetch", rest)?;
                    self.fetch(&batch, ask)?
                }
                ("push", _) => {
                    let batch = read_batch(&mut input, "push", rest)?;
                    self.push(&batch, ask)?
                }
                _ => return Err(RemoteError::Protocol(crate::sanitise::line(&line))),
            };
            output.write_all(answer.as_bytes())?;
            output.flush()?;
        }
        Ok(())
    }

    fn option(&mut self, rest: &str) -> String {
        let (name, value) = rest.split_once(' ').unwrap_or((rest, ""));
        let is_true = value == "true";
        let options = &mut self.options;
        let unsupported = "unsupported\n".to_owned();
        match name {
            "dry-run" => options.pushing.dry_run = is_true,
            "atomic" => options.pushing.atomic = is_true,
            "check-connectivity" => options.check_connectivity = is_true,
            "progress" => options.shows_progress = is_true,
            "refetch" => options.all = is_true,
            "object-format" if is_true => options.object_format = true,
            "cas" => {
                // git quotes what is not ASCII.
                let quoted =
                    value.starts_with('"').then(|| ansi_c::undo(value.as_bytes().as_bstr()));
                let value = match quoted {
                    None => value.to_owned(),
                    Some(Ok((value, _))) => value.to_string(),
                    Some(Err(_)) => return "error this is no lease\n".to_owned(),
                };
                let Some((name, id)) = value.rsplit_once(':') else {
                    return "error this is no lease\n".to_owned();
                };
                options.pushing.leases.insert(name.to_owned(), id.to_owned());
            }
            // Each request says for itself whether it is forced; tags are chosen by git.
            "force" | "verbosity" | "followtags" | "cloning" | "force-if-includes" => {}
            "pushcert" if value != "true" => {}
            "push-option" => {
                self.progress.warning("the host of an encrypted remote sees no push options");
            }
            "depth" | "deepen-since" | "deepen-not" | "deepen-relative" => {
                self.progress
                    .warning("an encrypted remote cannot leave out history; all of it is fetched");
                return unsupported;
            }
            "filter" => {
                self.progress
                    .warning("an encrypted remote cannot leave out files; all of them are fetched");
                return unsupported;
            }
            _ => return unsupported,
        }
        "ok\n".to_owned()
    }

    /// Where steps that take long are shown, if git wants that.
    fn meters(&self) -> &'h dyn Progress {
        if self.options.shows_progress { self.progress } else { &() }
    }

    /// The state that git was told of.
    fn state(&mut self, ask: Ask<'_>) -> Result<&State, RemoteError> {
        if self.state.is_none() {
            let _lock = self.remote.lock()?;
            let _meter = self.meters().meter("asking the host");
            self.state = Some(self.remote.sync(ask)?);
        }
        Ok(self.state.as_ref().expect("it was set above"))
    }

    fn list(&mut self, for_push: bool, ask: Ask<'_>) -> Result<String, RemoteError> {
        self.state = None;
        let with_format = self.options.object_format;
        let manifest = &self.state(ask)?.manifest;
        let mut answer = String::new();
        if with_format {
            answer.push_str(&format!(":object-format {}\n", manifest.object_format));
        }
        if let Some(head) = manifest.head.as_ref().filter(|head| manifest.refs.contains_key(*head))
        {
            answer.push_str(&format!("@{head} HEAD\n"));
        }
        for (name, Ref { id, peeled }) in &manifest.refs {
            answer.push_str(&format!("{id} {name}\n"));
            // git follows annotated tags by what is behind them; a server does not tell it for a push.
            if let (Some(peeled), false) = (peeled, for_push) {
                answer.push_str(&format!("{peeled} {name}^{{}}\n"));
            }
        }
        answer.push('\n');
        Ok(answer)
    }

    fn fetch(&mut self, batch: &[String], ask: Ask<'_>) -> Result<String, RemoteError> {
        let ids: Option<Vec<String>> =
            batch.iter().map(|line| Some(line.split_once(' ')?.0.to_owned())).collect();
        let ids = ids.ok_or_else(|| RemoteError::Protocol("fetch".to_owned()))?;
        let all = self.options.all;
        self.state(ask)?;
        let state = self.state.as_ref().expect("it was set above");
        // git has these names from this very state.
        let is_known = |id: &String| {
            state.manifest.refs.values().any(|to| to.id == *id || to.peeled.as_ref() == Some(id))
        };
        if let Some(id) = ids.iter().find(|id| !is_known(id)) {
            let id = crate::sanitise::line(id);
            return Err(RemoteError::Incomplete(format!("no ref leads to {id}")));
        }
        let keeping = fetch::fetch(&self.remote, state, &ids, all, self.meters())?;
        self.keeping.0.extend(keeping);
        let is_whole = self.options.check_connectivity;
        Ok(if is_whole { "connectivity-ok\n\n".to_owned() } else { "\n".to_owned() })
    }

    fn push(&mut self, batch: &[String], ask: Ask<'_>) -> Result<String, RemoteError> {
        let mut refused: BTreeMap<String, String> = BTreeMap::new();
        let mut pushing = std::mem::take(&mut self.options.pushing);
        let (atomic, dry_run) = (pushing.atomic, pushing.dry_run);
        let local = self.remote.local()?.clone();
        let mut order = Vec::new();
        for line in batch {
            let (force, spec) = match line.strip_prefix('+') {
                Some(spec) => (true, spec),
                None => (false, line.as_str()),
            };
            let (source, target) =
                spec.split_once(':').ok_or_else(|| RemoteError::Protocol("push".to_owned()))?;
            order.push(target.to_owned());
            let new = match source {
                "" => None,
                source => match local.resolve(source) {
                    Some(id) => Some(Ref { peeled: local.peel(&id), id }),
                    None => {
                        refused.insert(target.to_owned(), "there is no such object".to_owned());
                        continue;
                    }
                },
            };
            pushing.requests.push(Request { force, new, target: target.to_owned() });
        }
        if atomic && !refused.is_empty() {
            for request in pushing.requests.drain(..) {
                refused.insert(request.target, "atomic push failed".to_owned());
            }
        }
        let here = local.object_format()?;
        self.state(ask)?;
        let state = self.state.as_ref().expect("it was set above");
        let there = &state.manifest.object_format;
        let pushed = if here == *there {
            push(&self.remote, state, &pushing, self.meters(), ask)
        } else {
            Err(RemoteError::ObjectFormat { here, there: there.clone() })
        };
        match pushed {
            Ok(pushed) => {
                let errors =
                    pushed.into_iter().filter_map(|(name, done)| Some((name, done.err()?)));
                refused.extend(errors);
                if refused.values().any(|why| why == LFS) {
                    self.progress.hint(&format!(
                        "to push the pointers, and keep the files elsewhere: git config {LFS_SETTING} true"
                    ));
                }
            }
            Err(error) => {
                let why = match error {
                    RemoteError::Unknown(_) => "the outcome is not known, see above",
                    _ => "the encrypted remote was not changed, see above",
                };
                (self.report)(error);
                for request in &pushing.requests {
                    refused.insert(request.target.clone(), why.to_owned());
                }
            }
        }
        // The next push of this run asks the host again.
        self.state = None;
        self.options.pushing = Pushing { atomic, dry_run, ..Pushing::default() };
        let mut answer = String::new();
        for target in order {
            match refused.get(&target) {
                None => answer.push_str(&format!("ok {target}\n")),
                Some(why) => {
                    let why = crate::sanitise::line(why);
                    answer.push_str(&format!("error {target} {why}\n"));
                }
            }
        }
        answer.push('\n');
        Ok(answer)
    }
}

/// The next line without its end; `None` where git says no more.
fn read_line(input: &mut impl BufRead) -> Result<Option<String>, RemoteError> {
    let mut line = Vec::new();
    let read = std::io::Read::take(&mut *input, MAX_LINE).read_until(b'\n', &mut line)?;
    if read == 0 {
        return Ok(None);
    }
    if line.pop() != Some(b'\n') {
        return Err(RemoteError::Protocol("a line without an end".to_owned()));
    }
    match String::from_utf8(line) {
        Ok(line) => Ok(Some(line)),
        Err(_) => Err(RemoteError::Protocol("a name that is not UTF-8".to_owned())),
    }
}

/// The rest of the first line and of those up to an empty one, all of the same command.
fn read_batch(
    input: &mut impl BufRead,
    command: &str,
    first: &str,
) -> Result<Vec<String>, RemoteError> {
    let mut batch = vec![first.to_owned()];
    while let Some(line) = read_line(input)?.filter(|line| !line.is_empty()) {
        let rest = line.strip_prefix(command).and_then(|rest| rest.strip_prefix(' '));
        let rest = rest.ok_or_else(|| RemoteError::Protocol(crate::sanitise::line(&line)))?;
        batch.push(rest.to_owned());
    }
    Ok(batch)
}
