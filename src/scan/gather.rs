//! From texts with hits to findings: what is kept of a text while it is in memory, and what is made of it once it is known
//! where the text came from.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::Range;
use std::sync::{Arc, Mutex};

use gix::ObjectId;
use gix::bstr::ByteSlice as _;
use gix::objs::Kind as ObjectKind;

use super::collect::{Collector, FoundBy, Sighting};
use super::detect::{Detector, Rank};
use super::finding::{self, Kind, Mark, Occurrence, PlaceKind, Secret, Span};
use super::known::KnownValues;
use super::lines::Lines;
use super::marks;
use super::matcher::Matched;
use super::objects::{Seen, Source};
use super::places::{Part, Place, part_of};
use super::provenance::Origin;
use super::rules::gitleaks::Test;
use super::views::View;

/// What a note's ref begins with (git-notes).
const NOTES: &[u8] = b"refs/notes/";

/// One hit, without the text.
struct Noted {
    what: Arc<Matched>,
    /// The bytes that hold it; `None` where the text is compressed.
    extent: Option<Range<usize>>,
    span: Option<Span>,
    mark: Option<Mark>,
    part: Option<Part>,
}

/// A text with its hits.
struct Text {
    source: Source,
    /// The text itself where it is a name; the name of a tag.
    name: Vec<u8>,
    hits: Vec<Noted>,
}

/// Takes texts from the walk, several threads at once.
#[derive(Default)]
pub struct Gather {
    texts: Mutex<Vec<Text>>,
}

/// What tells patterns and known values apart: the order in which [`super::Seer::new`] was given them.
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
        let note = |found: &super::Found| {
            let packed = |view: &View| matches!(view, View::Gzip | View::Zip(_));
            let compressed = found.what.views.iter().any(packed);
            let part = parts.then(|| part_of(seen.text, found.place.start));
            let before = if part == Some(Part::Message) { head } else { 0 };
            let span = (!compressed).then(|| {
                let span = lines.span(&found.place);
                let at = |line: u64| line + seen.lines - before;
                Span { line: at(span.line), end_line: at(span.end_line), ..span }
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
            Source::Object { .. } | Source::Place(Place::GitFile(_) | Place::Worktree(_)) => {
                Vec::new()
            }
            Source::Name { .. } | Source::Place(_) => seen.text.to_vec(),
        };
        let text = Text { source: seen.source.clone(), name, hits };
        self.texts.lock().expect("a thread that panicked has said why").push(text);
    }

    /// The objects of which it must be known where they came from.
    pub fn targets(&self) -> BTreeSet<ObjectId> {
        let texts = self.texts.lock().expect("a thread that panicked has said why");
        let id = |text: &Text| match text.source {
            Source::Object { id, .. } => Some(id),
            Source::Name { tree } => Some(tree),
            Source::Place(_) => None,
        };
        texts.iter().filter_map(id).collect()
    }

    /// Adds everything to a collector. `staged` are the paths in the index of what no commit may have; `is_sealed` tells
    /// the paths of the worktree that are in the clear there and nowhere else.
    pub fn settle(
        self,
        context: &Settling<'_>,
        is_sealed: &mut dyn FnMut(&[u8]) -> bool,
        collector: &mut Collector,
    ) {
        let texts = self.texts.into_inner().expect("a thread that panicked has said why");
        for text in texts {
            if let Source::Place(Place::Worktree(path)) = &text.source
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
                if !here.is_empty() {
                    let group = groups.entry(standing.iter().map(counts).collect()).or_default();
                    group.push(context.sighting(hit, &here));
                }
            }
            groups.into_values().for_each(|sightings| collector.add_text(sightings));
        }
    }
}

/// What is needed to say what a hit is and where it stands.
pub struct Settling<'a> {
    /// The patterns.
    pub detector: &'a Detector,
    /// The known values.
    pub known: &'a KnownValues,
    /// Where the objects came from.
    pub origins: &'a HashMap<ObjectId, Origin>,
    /// Blobs that are staged, with their paths.
    pub staged: &'a BTreeMap<ObjectId, Vec<Vec<u8>>>,
    /// First lines of messages of commits.
    pub subjects: &'a HashMap<ObjectId, String>,
}

impl Settling<'_> {
    fn sighting(&self, hit: &Noted, standing: &[Occurrence]) -> Sighting {
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
        let mut occurrences = standing.to_vec();
        for occurrence in &mut occurrences {
            occurrence.place.span = hit.span;
            occurrence.place.views = what.views.iter().map(view).collect();
            occurrence.mark = hit.mark.clone();
            if let (Some(part), PlaceKind::CommitMessage) = (&hit.part, occurrence.place.kind) {
                let header = match part {
                    Part::Message => None,
                    Part::Author => Some("author"),
                    Part::Committer => Some("committer"),
                    Part::Tagger => Some("tagger"),
                    Part::Header(name) => Some(name.as_str()),
                };
                if let Some(header) = header {
                    occurrence.place.kind = PlaceKind::CommitHeader;
                    occurrence.place.name = header.as_bytes().to_vec();
                }
            }
        }
        if what.matcher == PATTERNS {
            let rule = self.detector.rule(what.hit.rule);
            let at = |occurrence: &Occurrence| match occurrence.place.kind.is_path() {
                true => self.detector.rank_at(rule, rank, &occurrence.place.name),
                false => rank,
            };
            rank = occurrences.iter().map(at).max().unwrap_or(rank);
        }
        let views = what.views.iter().map(view).collect();
        let extent = hit.extent.clone();
        Sighting { by: Arc::new(by), rank, facts, secret, extent, views, occurrences }
    }

    /// Every place where a text stands, without what depends on the hit.
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
                let mut paths: Vec<_> =
                    origin.into_iter().flat_map(|origin| &origin.paths).map(|p| below(p)).collect();
                if paths.is_empty() {
                    paths.push(text.name.clone());
                }
                let one = |path: Vec<u8>| self.traced(PlaceKind::FileName, &path, *tree, origin);
                paths.into_iter().map(one).collect()
            }
            Source::Place(Place::RefName) => here(PlaceKind::RefName, &text.name),
            Source::Place(Place::Reflog) => here(PlaceKind::Reflog, b""),
            Source::Place(Place::GitFile(path)) => match path.strip_prefix(b"logs/") {
                Some(name) => here(PlaceKind::Reflog, name),
                None => here(PlaceKind::GitFile, path),
            },
            Source::Place(Place::StagedPath | Place::Path | Place::WorktreePath) => {
                here(PlaceKind::FileName, &text.name)
            }
            Source::Place(Place::Worktree(path)) => here(PlaceKind::Worktree, path),
        }
    }

    /// The places of a blob, commit or tag.
    pub fn object(&self, id: ObjectId, kind: ObjectKind, name: &[u8]) -> Vec<Occurrence> {
        let origin = self.origins.get(&id);
        let one = |kind, name: &[u8]| self.traced(kind, name, id, origin);
        match kind {
            ObjectKind::Commit => return vec![one(PlaceKind::CommitMessage, b"")],
            ObjectKind::Tag => return vec![one(PlaceKind::Tag, name)],
            ObjectKind::Blob | ObjectKind::Tree => {}
        }
        let paths = origin.map(|origin| &origin.paths[..]).unwrap_or_default();
        let refs = origin.map(|origin| &origin.reach.refs[..]).unwrap_or_default();
        if let Some(first) = refs.first()
            && refs.iter().all(|name| name.starts_with(NOTES))
        {
            return vec![one(PlaceKind::Note, first)];
        }
        let is_link = origin.is_some_and(|origin| origin.is_link);
        let file = if is_link { PlaceKind::Symlink } else { PlaceKind::File };
        let mut all: Vec<_> = paths.iter().map(|path| one(file, path)).collect();
        if let (true, Some(staged)) = (all.is_empty(), self.staged.get(&id)) {
            let staged = staged.iter().map(|path| one(PlaceKind::Staged, path));
            all.extend(staged.map(|occurrence| Occurrence { reachable: true, ..occurrence }));
        }
        if all.is_empty() {
            all.push(one(PlaceKind::File, b""));
        }
        all
    }

    fn traced(
        &self,
        kind: PlaceKind,
        name: &[u8],
        id: ObjectId,
        origin: Option<&Origin>,
    ) -> Occurrence {
        let mut occurrence = Occurrence::new(place(kind, name));
        occurrence.object = Some(id.to_string());
        occurrence.reachable = false;
        if let Some(origin) = origin {
            let reach = &origin.reach;
            let refs = reach.head
                || reach.branch
                || reach.remote
                || reach.tag
                || reach.stash
                || reach.other;
            occurrence.introduced = origin.introduced.as_ref().map(|commit| self.commit(commit));
            occurrence.last_seen = origin.last.as_ref().map(|commit| self.commit(commit));
            occurrence.at_head = origin.at_head;
            occurrence.pushed = reach.remote;
            occurrence.reachable = refs || reach.index;
            occurrence.refs.clone_from(&reach.refs);
        }
        occurrence
    }

    fn commit(&self, commit: &super::provenance::Commit) -> finding::Origin {
        finding::Origin {
            time: commit.time,
            commit: commit.id.to_string(),
            author: commit.author.to_str_lossy().into_owned(),
            email: commit.mail.to_str_lossy().into_owned(),
            subject: self.subjects.get(&commit.id).cloned().unwrap_or_default(),
        }
    }
}

/// Whether what is found there does not count. A file whose name is not known may have any.
fn is_away(place: &finding::Place, test: &Arc<Test>) -> bool {
    match (place.kind.is_path(), &place.name[..]) {
        (true, b"") => false,
        (true, path) => test.holds_at(path),
        (false, _) => test.holds_at(b""),
    }
}

fn place(kind: PlaceKind, name: &[u8]) -> finding::Place {
    finding::Place { kind, name: name.to_vec(), span: None, views: Vec::new() }
}

fn describe(service: &str, about: &str) -> String {
    if service.is_empty() { about.to_owned() } else { format!("{service}: {about}") }
}

/// What stands in the header `tag` of an annotated tag.
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
