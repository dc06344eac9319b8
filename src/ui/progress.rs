//! A terminal as the place where a service speaks while it works.

use super::Ui;
use crate::progress::Progress;

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
}
