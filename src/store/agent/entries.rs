//! What an agent holds, and how long it still does. Knows neither clock nor socket.

use std::collections::BTreeMap;
use std::time::Duration;

use super::protocol::{Answer, Request, Text};
use super::{DEFAULT_TIME, Listed, MAX_TIME, Name};

/// Clones whose keys are held at most.
const MAX_CLONES: usize = 256;

/// The keys of each clone.
#[derive(Default)]
pub(super) struct Entries(BTreeMap<Name, Entry>);

struct Entry {
    /// `None` until it is given.
    text: Option<Text>,
    /// When it is forgotten, on the clock of the agent.
    until: Duration,
}

impl Entries {
    /// Answers one question; [`Request::Stop`] forgets all.
    pub(super) fn answer(&mut self, request: Request, now: Duration) -> Answer {
        self.sweep(now);
        match request {
            Request::Get(name) => match self.0.get(&name).and_then(|entry| entry.text.as_ref()) {
                Some(text) => Answer::Text(Text(text.0.clone())),
                None => Answer::Nothing,
            },
            Request::Put(name, text) => match self.entry(name, now) {
                Some(entry) => {
                    entry.text = Some(text);
                    Answer::Done
                }
                None => Answer::Full,
            },
            Request::Hold(name, time) => match self.entry(name, now) {
                Some(entry) => {
                    entry.until = now + time.min(MAX_TIME);
                    Answer::Done
                }
                None => Answer::Full,
            },
            Request::Remove(name) => match self.0.remove(&name) {
                Some(_) => Answer::Done,
                None => Answer::Nothing,
            },
            Request::List => {
                let held = self.0.iter().filter(|(_, entry)| entry.text.is_some());
                let left = |entry: &Entry| entry.until.saturating_sub(now);
                let held =
                    held.map(|(name, entry)| Listed { name: name.clone(), left: left(entry) });
                Answer::List(held.collect())
            }
            Request::Stop => {
                self.0.clear();
                Answer::Done
            }
        }
    }

    /// The entry of a clone, made if there is none; `None` if there are too many.
    fn entry(&mut self, name: Name, now: Duration) -> Option<&mut Entry> {
        if self.0.len() >= MAX_CLONES && !self.0.contains_key(&name) {
            return None;
        }
        let new = || Entry { text: None, until: now + DEFAULT_TIME };
        Some(self.0.entry(name).or_insert_with(new))
    }

    /// Forgets what has had its time; when the next one has.
    pub(super) fn sweep(&mut self, now: Duration) -> Option<Duration> {
        self.0.retain(|_, entry| entry.until > now);
        self.0.values().map(|entry| entry.until).min()
    }
}

#[cfg(test)]
mod tests {
    use zeroize::Zeroizing;

    use super::*;

    fn name(clone: &str) -> Name {
        Name { folder: b"/repo/.git".to_vec(), clone: clone.to_owned() }
    }

    fn text(bytes: &[u8]) -> Text {
        Text(Zeroizing::new(bytes.to_vec()))
    }

    const fn at(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn keys_are_held_for_their_time_and_for_their_clone() {
        let mut entries = Entries::default();
        let get =
            |entries: &mut Entries, clone, now| entries.answer(Request::Get(name(clone)), at(now));
        assert_eq!(get(&mut entries, "a", 0), Answer::Nothing);
        assert_eq!(entries.answer(Request::Hold(name("a"), at(60)), at(0)), Answer::Done);
        assert_eq!(get(&mut entries, "a", 1), Answer::Nothing, "none was given yet");
        assert_eq!(entries.answer(Request::Put(name("a"), text(b"1")), at(1)), Answer::Done);
        assert_eq!(entries.answer(Request::Put(name("b"), text(b"2")), at(1)), Answer::Done);
        assert_eq!(get(&mut entries, "a", 59), Answer::Text(text(b"1")));
        // A new content is held no longer than the old one was to be.
        entries.answer(Request::Put(name("a"), text(b"3")), at(59));
        assert_eq!(entries.sweep(at(59)), Some(at(60)));
        assert_eq!(get(&mut entries, "a", 60), Answer::Nothing);
        assert_eq!(get(&mut entries, "b", 60), Answer::Text(text(b"2")));
        let Answer::List(listed) = entries.answer(Request::List, at(61)) else { panic!() };
        assert_eq!(listed, [Listed { name: name("b"), left: DEFAULT_TIME - at(60) }]);
        assert_eq!(entries.answer(Request::Remove(name("b")), at(61)), Answer::Done);
        assert_eq!(entries.answer(Request::Remove(name("b")), at(61)), Answer::Nothing);
    }

    #[test]
    fn a_time_is_bounded_and_so_is_the_number_of_clones() {
        let mut entries = Entries::default();
        for clone in 0..MAX_CLONES {
            let hold = Request::Hold(name(&clone.to_string()), Duration::MAX);
            assert_eq!(entries.answer(hold, at(0)), Answer::Done);
        }
        assert_eq!(entries.answer(Request::Put(name("more"), text(b"")), at(0)), Answer::Full);
        assert_eq!(entries.answer(Request::Put(name("0"), text(b"")), at(0)), Answer::Done);
        assert_eq!(entries.sweep(at(0)), Some(MAX_TIME));
        assert_eq!(entries.sweep(MAX_TIME), None);
        entries.answer(Request::Put(name("0"), text(b"")), at(0));
        entries.answer(Request::Stop, at(0));
        assert_eq!(entries.answer(Request::List, at(0)), Answer::List(Vec::new()));
    }
}
