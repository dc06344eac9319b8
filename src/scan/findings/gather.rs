//! From texts with hits to findings: what is kept of a text while it is in memory, and what is made of it once it is known
//! where the text came from.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::Range;
use std::sync::{Arc, Mutex};

use gix::ObjectId;
use gix::bstr::ByteSlice as _;
use gix::objs::Kind as ObjectKind;

use super::collect::{Collector, FoundBy, Sighting};
use super::marks;
use crate::detect::Matched;
use crate::detect::Secret;
use crate::detect::known::KnownValues;
use crate::detect::rules::gitleaks::Test;
use crate::detect::views::View;
use crate::detect::{Detector, Rank};
use crate::scan::findings::{CommitSummary, Kind, Location, LocationKind, Mark, Occurrence, Span};
use crate::scan::lines::Lines;
use crate::scan::origin::{Origin, Standing};
use crate::scan::walk::places::{Part, part_of};
use crate::scan::walk::seen::{OtherText, Seen, Source};

/// What a note's ref begins with (git-notes).
const NOTES: &[u8] = b"refs/notes/";
/// What a remote-tracking ref begins with: another repository has a branch of that name.
const REMOTES: &[u8] = b"refs/remotes/";

/// One hit, without the text.
pub(super) struct Noted {
    pub(super) what: Arc<Matched>,
    /// The bytes that hold it; `None` where the text is compressed.
    pub(super) extent: Option<Range<usize>>,
    pub(super) span: Option<Span>,
    pub(super) mark: Option<Mark>,
    pub(super) part: Option<Part>,
}

/// A text with its hits.
pub(super) struct Text {
    pub(super) source: Source,
    /// The text itself where it is a name; the name of a tag.
    pub(super) name: Vec<u8>,
    pub(super) hits: Vec<Noted>,
}

/// Takes texts from the walk, several threads at once.
#[derive(Default)]
pub struct Gather {
    pub(super) texts: Mutex<Vec<Text>>,
}

/// What tells patterns and known values apart: the order in which [`crate::detect::Seer::new`] was given them.
pub const PATTERNS: usize = 0;

impl Gather {
    /// Keeps what is needed of a text.
    pub fn take(&self, seen: &Seen<'_>) {
        let parts = matches!(
            seen.source,
            Source::Object { kind: ObjectKind::Commit | ObjectKind::Tag, .. }
        );
        let mut lines = Lines::new(seen.text);
        // A message's lines count from its own first one.
        let head = seen.text.find(b"\n\n").map_or(0, |end| end + 2);
        let head = seen.text[..if parts { head } else { 0 }].iter();
        let head = head.filter(|&&byte| byte == b'\n').count() as u64;
        let note = |found: &crate::detect::LocatedHit| {
            let packed = |view: &View| matches!(view, View::Gzip | View::Zip(_));
            let compressed = found.what.views.iter().any(packed);
            let part = parts.then(|| part_of(seen.text, found.place.start));
            let before = if part == Some(Part::Message) { head } else { 0 };
            let span = (!compressed).then(|| {
                let span = lines.span(&found.place);
                let at = |line: u64| line + seen.lines - before;
                let on_first = |line: u64| if line == 1 { seen.columns } else { 0 };
                Span {
                    line: at(span.line),
                    column: span.column + on_first(span.line),
                    end_line: at(span.end_line),
                    end_column: span.end_column + on_first(span.end_line),
                }
            });
            let start = usize::try_from(seen.start).unwrap_or(usize::MAX);
            let extent =
                found.place.start.saturating_add(start)..found.place.end.saturating_add(start);
            Noted {
                what: Arc::clone(&found.what),
                extent: (!compressed).then_some(extent),
                span,
                mark: found
                    .what
                    .views
                    .is_empty()
                    .then(|| marks::beside(seen.text, &found.place))
                    .flatten(),
                part,
            }
        };
        let hits = seen.found.iter().map(note).collect();
        let name = match &seen.source {
            Source::Object { kind: ObjectKind::Tag, .. } => tag_name(seen.text),
            Source::Object { .. }
            | Source::Other(OtherText::GitFile(_) | OtherText::Worktree(_)) => Vec::new(),
            Source::Name { .. } | Source::Other(_) => seen.text.to_vec(),
        };
        let text = Text { source: seen.source.clone(), name, hits };
        self.texts.lock().expect("a thread that panicked has said why").push(text);
    }

    /// The objects whose origin must be known.
    pub fn targets(&self) -> BTreeSet<ObjectId> {
        let texts = self.texts.lock().expect("a thread that panicked has said why");
        let id = |text: &Text| match text.source {
            Source::Object { id, .. } => Some(id),
            Source::Name { tree } => Some(tree),
            Source::Other(_) => None,
        };
        texts.iter().filter_map(id).collect()
    }

    /// Adds everything to a collector. `staged` are the paths in the index of what no commit may have; `is_sealed` tells
    /// the paths of the worktree that are plaintext there and nowhere else.
    pub fn settle(
        self,
        context: &Settling<'_>,
        is_sealed: &mut dyn FnMut(&[u8]) -> bool,
        collector: &mut Collector,
    ) {
        let texts = self.texts.into_inner().expect("a thread that panicked has said why");
        for text in texts {
            if let Source::Other(OtherText::Worktree(path)) = &text.source
                && is_sealed(path)
            {
                continue;
            }
            let standing = context.standing(&text);
            // What counts at some of the places only must not make another hit go at the rest of them.
            let mut groups: BTreeMap<Vec<bool>, Vec<Sighting>> = BTreeMap::new();
            for hit in &text.hits {
                let unless = hit.what.hit.unless.as_ref();
                let counts = |at: &Occurrence| !unless.is_some_and(|test| is_away(&at.place, test));
                let here: Vec<_> = standing.iter().filter(|at| counts(at)).cloned().collect();
                if let Some(sighting) = context.sighting(hit, here) {
                    let group = groups.entry(standing.iter().map(counts).collect()).or_default();
                    group.push(sighting);
                }
            }
            groups.into_values().for_each(|sightings| collector.add_text(sightings));
        }
    }
}

/// What is needed to say what a hit is and where it is.
pub struct Settling<'a> {
    /// The patterns.
    pub detector: &'a Detector,
    /// The known values.
    pub known: &'a KnownValues,
    /// Where the objects came from.
    pub origins: &'a HashMap<ObjectId, Origin>,
    /// Blobs that are staged, with their paths.
    pub staged: &'a BTreeMap<ObjectId, Vec<Vec<u8>>>,
}

impl Settling<'_> {
    /// `None` where it is no secret at any of these places.
    fn sighting(&self, hit: &Noted, mut occurrences: Vec<Occurrence>) -> Option<Sighting> {
        let what = &*hit.what;
        let facts = what.hit.facts.iter().map(ToString::to_string).collect();
        let (by, mut rank, secret) = if what.matcher == PATTERNS {
            let rule = self.detector.rule(what.hit.rule);
            let by = FoundBy {
                kind: Kind::Pattern,
                rule: rule.id.clone(),
                description: describe(&rule.service, &rule.about),
                advice: rule.revoke.clone(),
                specificity: rule.weight(),
            };
            (by, what.hit.rank, Secret::new(what.value.expose()))
        } else {
            let by = FoundBy {
                kind: Kind::KnownValue,
                rule: "known-value".to_owned(),
                description: "a value of a sealed file".to_owned(),
                advice: "change it where it is used, and remove it here".to_owned(),
                specificity: u8::MAX,
            };
            (by, Rank::Certain, Secret::new(self.known.value(what.hit.rule)))
        };
        for occurrence in &mut occurrences {
            occurrence.place.span = hit.span;
            occurrence.place.views = what.views.iter().map(view).collect();
            occurrence.mark = hit.mark.clone();
            if let (Some(part), LocationKind::CommitMessage) = (&hit.part, occurrence.place.kind) {
                let header = match part {
                    Part::Message => None,
                    Part::Author => Some("author"),
                    Part::Committer => Some("committer"),
                    Part::Tagger => Some("tagger"),
                    Part::Header(name) => Some(name.as_str()),
                };
                if let Some(header) = header {
                    occurrence.place.kind = LocationKind::CommitHeader;
                    occurrence.place.name = header.as_bytes().to_vec();
                }
            }
        }
        if what.matcher == PATTERNS {
            let at = |occurrence: &Occurrence| match occurrence.place.kind.is_path() {
                true if !occurrence.place.name.is_empty() => {
                    self.detector.rank_at(&what.hit, &occurrence.place.name)
                }
                _ => Some(what.hit.rank),
            };
            occurrences.retain(|occurrence| at(occurrence).is_some());
            rank = occurrences.iter().filter_map(at).max()?;
        }
        let views = what.views.iter().map(view).collect();
        let extent = hit.extent.clone();
        let by = Arc::new(by);
        (!occurrences.is_empty()).then_some(Sighting {
            by,
            rank,
            facts,
            secret,
            extent,
            views,
            occurrences,
        })
    }

    /// Every place where a text is, without what depends on the hit.
    fn standing(&self, text: &Text) -> Vec<Occurrence> {
        let here = |kind, name: &[u8]| vec![Occurrence::new(place(kind, name))];
        match &text.source {
            Source::Object { id, kind } => self.object(*id, *kind, &text.name),
            Source::Name { tree } => {
                let origin = self.origins.get(tree);
                let below = |folder: &[u8]| match folder {
                    b"" => text.name.clone(),
                    folder => [folder, b"/", &text.name].concat(),
                };
                let paths = origin.map(|origin| &origin.paths[..]).unwrap_or_default();
                let one = |at: &Standing| {
                    self.traced(LocationKind::FileName, &below(&at.path), *tree, origin, Some(at))
                };
                let mut all: Vec<_> = paths.iter().map(one).collect();
                if all.is_empty() {
                    all.push(self.traced(LocationKind::FileName, &text.name, *tree, origin, None));
                }
                all
            }
            Source::Other(OtherText::RefName) => {
                let mut named = here(LocationKind::RefName, &text.name);
                let is_remote = text.name.starts_with(REMOTES);
                named.iter_mut().for_each(|occurrence| occurrence.pushed = is_remote);
                named
            }
            Source::Other(OtherText::Reflog) => here(LocationKind::Reflog, b""),
            Source::Other(OtherText::GitFile(path)) => match path.strip_prefix(b"logs/") {
                Some(name) => here(LocationKind::Reflog, name),
                None => here(LocationKind::GitFile, path),
            },
            Source::Other(OtherText::StagedPath | OtherText::Path | OtherText::WorktreePath) => {
                here(LocationKind::FileName, &text.name)
            }
            Source::Other(OtherText::Worktree(path)) => here(LocationKind::Worktree, path),
        }
    }

    /// The places of a blob, commit or tag.
    fn object(&self, id: ObjectId, kind: ObjectKind, name: &[u8]) -> Vec<Occurrence> {
        let origin = self.origins.get(&id);
        let one = |kind, name: &[u8]| self.traced(kind, name, id, origin, None);
        match kind {
            ObjectKind::Commit => return vec![one(LocationKind::CommitMessage, b"")],
            ObjectKind::Tag => return vec![one(LocationKind::Tag, name)],
            ObjectKind::Blob | ObjectKind::Tree => {}
        }
        let paths = origin.map(|origin| &origin.paths[..]).unwrap_or_default();
        let refs = origin.map(|origin| &origin.reach.refs[..]).unwrap_or_default();
        if let Some(first) = refs.first()
            && refs.iter().all(|name| name.starts_with(NOTES))
        {
            return vec![one(LocationKind::Note, first)];
        }
        let is_link = origin.is_some_and(|origin| origin.is_link);
        let file = if is_link { LocationKind::Symlink } else { LocationKind::File };
        let at = |at: &Standing| self.traced(file, &at.path, id, origin, Some(at));
        let mut all: Vec<_> = paths.iter().map(at).collect();
        if let (true, Some(staged)) = (all.is_empty(), self.staged.get(&id)) {
            let staged = staged.iter().map(|path| one(LocationKind::Staged, path));
            all.extend(staged.map(|occurrence| Occurrence { reachable: true, ..occurrence }));
        }
        if all.is_empty() {
            all.push(one(LocationKind::File, b""));
        }
        all
    }

    /// Where a blob is at this path. The same bytes may be at others, too.
    pub fn object_at(&self, id: ObjectId, path: &[u8]) -> Option<Occurrence> {
        let mut all = self.object(id, ObjectKind::Blob, b"");
        let at = all.iter().position(|occurrence| occurrence.place.name == path).unwrap_or(0);
        let mut occurrence = (at < all.len()).then(|| all.swap_remove(at))?;
        occurrence.place.name = path.to_vec();
        Some(occurrence)
    }

    /// An object, at one of its paths where that is known.
    fn traced(
        &self,
        kind: LocationKind,
        name: &[u8],
        id: ObjectId,
        origin: Option<&Origin>,
        at: Option<&Standing>,
    ) -> Occurrence {
        let mut occurrence = Occurrence::new(place(kind, name));
        occurrence.object = Some(id.to_string());
        occurrence.reachable = false;
        if let Some(origin) = origin {
            let reach = at.map_or(&origin.reach, |at| &at.reach);
            let introduced = at.map_or(&origin.introduced, |at| &at.introduced).as_ref();
            let last = at.map_or(&origin.last, |at| &at.last).as_ref();
            let refs = reach.head
                || reach.branch
                || reach.remote
                || reach.tag
                || reach.stash
                || reach.other;
            occurrence.introduced = introduced.map(|commit| self.commit(commit));
            occurrence.last_seen = last.map(|commit| self.commit(commit));
            occurrence.at_head = at.map_or(origin.at_head, |at| at.at_head);
            occurrence.pushed = reach.remote;
            occurrence.reachable = refs || reach.index;
            occurrence.refs.clone_from(&reach.refs);
        }
        occurrence
    }

    fn commit(&self, commit: &crate::scan::origin::Commit) -> CommitSummary {
        CommitSummary {
            time: commit.time,
            commit: commit.id.to_string(),
            author: commit.author.to_str_lossy().into_owned(),
            email: commit.mail.to_str_lossy().into_owned(),
            subject: commit.subject.clone(),
        }
    }
}

/// Whether what is found there does not count. A file whose name is not known may have any.
fn is_away(place: &Location, test: &Arc<Test>) -> bool {
    match (place.kind.is_path(), &place.name[..]) {
        (true, b"") => false,
        (true, path) => test.holds_at(path),
        (false, _) => test.holds_at(b""),
    }
}

fn place(kind: LocationKind, name: &[u8]) -> Location {
    Location { kind, name: name.to_vec(), span: None, views: Vec::new() }
}

fn describe(service: &str, about: &str) -> String {
    if service.is_empty() { about.to_owned() } else { format!("{service}: {about}") }
}

/// What is in the header `tag` of an annotated tag.
fn tag_name(text: &[u8]) -> Vec<u8> {
    let header = |line: &[u8]| line.strip_prefix(b"tag ").map(<[u8]>::to_vec);
    text.lines().take_while(|line| !line.is_empty()).find_map(header).unwrap_or_default()
}

fn view(view: &View) -> String {
    match view {
        View::Utf16 => "utf-16".to_owned(),
        View::Gzip => "gzip".to_owned(),
        View::Zip(member) => format!("zip:{member}"),
        View::Base64 => "base64".to_owned(),
        View::Hex => "hex".to_owned(),
        View::Percent => "percent".to_owned(),
        View::Escapes => "escapes".to_owned(),
    }
}
