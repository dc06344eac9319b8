//! Texts whose hits an earlier scan has found: told by the same hits in other texts, which were looked at now.

use std::collections::HashMap;
use std::sync::Arc;

use gix::ObjectId;
use gix::objs::Kind as ObjectKind;

use super::Span;
use super::gather::{Gather, Noted, Text};
use super::marks;
use crate::detect::Matched;
use crate::scan::walk::cache::{Cache, KnownHit, KnownTexts, key};
use crate::scan::walk::seen::Source;

impl Gather {
    /// Adds these texts, which were not looked at. False where the cache does not fit what was found now; then nothing is
    /// added.
    pub fn recall(&self, ids: &[ObjectId], known: &KnownTexts) -> bool {
        if ids.is_empty() {
            return true;
        }
        let mut texts = self.texts.lock().expect("a thread that panicked has said why");
        let by_key: HashMap<_, _> =
            texts.iter().filter_map(|text| Some((key(&blob(text)?), text))).collect();
        let what = |&(object, hit): &(_, u32)| {
            let hits = &by_key.get(&object)?.hits;
            hits.get(hit as usize).map(|hit| Arc::clone(&hit.what))
        };
        let whats: Option<Vec<_>> = known.whats().iter().map(what).collect();
        let recalled = whats.and_then(|whats| {
            ids.iter().map(|&id| text(id, known.of(&key(&id))?, &whats)).collect::<Option<Vec<_>>>()
        });
        drop(by_key);
        let is_known = recalled.is_some();
        texts.extend(recalled.unwrap_or_default());
        is_known
    }

    /// What the next scan need not look at again, of the objects that the cache has with hits.
    pub fn known(&self, cache: &Cache) -> KnownTexts {
        let texts = self.texts.lock().expect("a thread that panicked has said why");
        let blobs = texts.iter().filter_map(|text| Some((blob(text)?, text)));
        let mut blobs: Vec<_> = blobs.filter(|(id, _)| cache.has_hits(id)).collect();
        // Those with most hits first, so that few objects have one of each.
        blobs.sort_by_key(|(id, text)| (std::cmp::Reverse(text.hits.len()), *id));
        let (mut whats, mut known) = (Whats::default(), Vec::with_capacity(blobs.len()));
        for (id, text) in &blobs {
            let hits = text.hits.iter().zip(0..).map(|(hit, at)| {
                let what = whats.number(&hit.what, || (key(id), at));
                remembered(hit, what)
            });
            match hits.collect::<Option<Vec<_>>>() {
                Some(hits) => known.push((id, hits)),
                None => continue,
            }
        }
        let Whats { list, .. } = whats;
        KnownTexts::new(list, known.into_iter().map(|(id, hits)| (&**id, hits)))
    }
}

/// The id of a text that is a file's.
fn blob(text: &Text) -> Option<ObjectId> {
    match text.source {
        Source::Object { id, kind: ObjectKind::Blob } => Some(id),
        _ => None,
    }
}

/// Different hits.
#[derive(Default)]
struct Whats<'t> {
    list: Vec<([u8; 16], u32)>,
    /// Texts that were changes of one another share them.
    shared: HashMap<*const Matched, u32>,
    by_value: HashMap<&'t [u8], Vec<(&'t Matched, u32)>>,
}

impl<'t> Whats<'t> {
    fn number(&mut self, what: &'t Arc<Matched>, place: impl FnOnce() -> ([u8; 16], u32)) -> u32 {
        let list = &mut self.list;
        let same = self.by_value.entry(what.value.expose()).or_default();
        *self.shared.entry(Arc::as_ptr(what)).or_insert_with(|| {
            if let Some((_, number)) = same.iter().find(|(other, _)| other.says_the_same(what)) {
                return *number;
            }
            let number = u32::try_from(list.len()).unwrap_or(u32::MAX);
            list.push(place());
            same.push((what, number));
            number
        })
    }
}

fn remembered(hit: &Noted, what: u32) -> Option<KnownHit> {
    let (extent, span) = match (&hit.extent, &hit.span) {
        (Some(extent), Some(span)) => {
            let number = |number: u64| u32::try_from(number).ok();
            let at = |at: usize| u32::try_from(at).ok();
            let lines = [span.line, span.column, span.end_line, span.end_column];
            let [line, column, end_line, end_column] = lines.map(number);
            ((at(extent.start)?, at(extent.end)?), [line?, column?, end_line?, end_column?])
        }
        (None, None) => Default::default(),
        _ => return None,
    };
    let mark = marks::number(hit.mark.as_ref());
    hit.part.is_none().then_some(KnownHit { what, extent, span, mark })
}

/// A text with these hits.
fn text(id: ObjectId, hits: &[KnownHit], whats: &[Arc<Matched>]) -> Option<Text> {
    let noted = |hit: &KnownHit| {
        let [line, column, end_line, end_column] = hit.span.map(u64::from);
        // Lines count from one.
        let is_there = line > 0;
        let span = Span { line, column, end_line, end_column };
        Some(Noted {
            what: Arc::clone(whats.get(hit.what as usize)?),
            extent: is_there.then_some(hit.extent.0 as usize..hit.extent.1 as usize),
            span: is_there.then_some(span),
            mark: marks::of_number(hit.mark)?,
            part: None,
        })
    };
    let hits = hits.iter().map(noted).collect::<Option<Vec<_>>>()?;
    let source = Source::Object { id, kind: ObjectKind::Blob };
    Some(Text { source, name: Vec::new(), hits })
}
