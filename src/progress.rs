//! What a service says while it works. What it must say at the end is its result.

use std::any::Any;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// How far a step is that may take long. Several threads may add to it; the step ends where it is dropped.
pub struct Meter {
    counts: Arc<Counts>,
    /// Shows the counts as long as it is there.
    _shown: Option<Box<dyn Any + Send + Sync>>,
}

/// What is done, and how much there is.
#[derive(Debug, Default)]
pub struct Counts {
    done: AtomicU64,
    all: AtomicU64,
}

impl Counts {
    /// How many things are done, and of how many; zero of zero where nobody counts.
    pub fn read(&self) -> (u64, u64) {
        let all = self.all.load(Ordering::Relaxed);
        (self.done.load(Ordering::Relaxed).min(all), all)
    }
}

impl Meter {
    /// One that nobody sees.
    pub fn silent() -> Self {
        Self { counts: Arc::default(), _shown: None }
    }

    /// One whose counts are shown until `shown` is dropped.
    pub fn new(counts: Arc<Counts>, shown: Box<dyn Any + Send + Sync>) -> Self {
        Self { counts, _shown: Some(shown) }
    }

    /// So many more things are to be done.
    pub fn expect(&self, more: u64) {
        self.counts.all.fetch_add(more, Ordering::Relaxed);
    }

    /// So many things were done.
    pub fn add(&self, done: u64) {
        self.counts.done.fetch_add(done, Ordering::Relaxed);
    }
}

/// Where a service speaks while it works: to a person at a terminal ([`crate::ui::Ui`]), or to nobody (`()`).
pub trait Progress {
    /// A line of the result that cannot wait for the end.
    fn line(&self, text: &str);
    /// A part of the result for a program.
    fn json(&self, value: &serde_json::Value);
    /// What was done.
    fn status(&self, text: &str);
    /// What only a curious user wants to know.
    fn detail(&self, text: &str);
    /// What the user should know, although the work goes on.
    fn warning(&self, text: &str);
    /// What to do next.
    fn hint(&self, text: &str);
    /// Says from time to time how far a step is that takes long; `what` says what is done, as in "checking objects".
    fn meter(&self, what: &'static str) -> Meter;
}

impl Progress for () {
    fn line(&self, _: &str) {}
    fn json(&self, _: &serde_json::Value) {}
    fn status(&self, _: &str) {}
    fn detail(&self, _: &str) {}
    fn warning(&self, _: &str) {}
    fn hint(&self, _: &str) {}
    fn meter(&self, _: &'static str) -> Meter {
        Meter::silent()
    }
}
