//! What a service says while it works. What it must say at the end is its result.

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
}

impl Progress for () {
    fn line(&self, _: &str) {}
    fn json(&self, _: &serde_json::Value) {}
    fn status(&self, _: &str) {}
    fn detail(&self, _: &str) {}
    fn warning(&self, _: &str) {}
    fn hint(&self, _: &str) {}
}
