//! A terminal as the place where a service speaks while it works.

use super::{Ui, meter};
use crate::progress::{Meter, Progress};

impl Progress for Ui {
    fn line(&self, text: &str) {
        self.line(text);
    }

    fn json(&self, value: &serde_json::Value) {
        self.json(value);
    }

    fn status(&self, text: &str) {
        self.status(text);
    }

    fn detail(&self, text: &str) {
        self.detail(text);
    }

    fn warning(&self, text: &str) {
        self.warning(text);
    }

    fn hint(&self, text: &str) {
        self.hint(text);
    }

    fn meter(&self, what: &'static str) -> Meter {
        meter::start(what, self.is_quiet(), self.is_verbose())
    }
}
