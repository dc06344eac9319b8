//! What a command did, and what a test holds against it.

/// What a command did.
#[derive(Debug)]
pub struct Done {
    pub status: i32,
    pub stdout: Vec<u8>,
    pub stderr: String,
    pub(super) line: String,
}

impl Done {
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.stdout).into_owned()
    }

    /// Panics, with all that was printed, unless the command ended with this exit status.
    #[track_caller]
    pub fn expect(self, status: i32) -> Self {
        assert_eq!(
            self.status,
            status,
            "$ {}\n{}{}",
            self.line,
            String::from_utf8_lossy(&self.stdout),
            self.stderr
        );
        self
    }

    /// Standard output as JSON.
    #[track_caller]
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.stdout)
            .unwrap_or_else(|error| panic!("$ {}\n{error}: {}", self.line, self.text()))
    }

    /// Panics unless standard error holds the text.
    #[track_caller]
    pub fn says(self, text: &str) -> Self {
        assert!(self.stderr.contains(text), "$ {}\nlacks {text:?}:\n{}", self.line, self.stderr);
        self
    }
}
