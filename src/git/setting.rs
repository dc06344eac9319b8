//! An attribute as it is said, and where.

/// One attribute of a path, with where it was set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setting {
    /// As it would be written in a line.
    pub text: String,
    /// The file, relative to the top of the worktree where it is below, and the line, counted from 1.
    pub place: Option<(String, usize)>,
}

impl std::fmt::Display for Setting {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "the attribute '{}'", self.text)?;
        match &self.place {
            Some((file, line)) => write!(f, " ({file}:{line})"),
            None => Ok(()),
        }
    }
}
