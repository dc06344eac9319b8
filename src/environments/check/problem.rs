//! What can be wrong with a property in an environment.

/// What is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Problem {
    /// A file cannot be read.
    Unreadable,
    /// A required property is not set.
    Missing,
    /// A property has a default, but this environment must decide.
    Undecided,
    /// The marker of `config sync` is still there.
    Unset,
    /// A required property is empty.
    Empty,
    /// The value is not of the type, or does not match the pattern.
    Invalid,
    /// A section or a list stands where a value belongs.
    NotAValue,
    /// A certificate is not valid for as long as it must be.
    Expires,
    /// Two files of one layer set it.
    Repeated,
    /// A secret is in a file that should not be sealed.
    InTheClear,
    /// A file that is not sealed overrides a value of a sealed one.
    Weaker,
    /// Environments that must differ have the same value.
    Same,
    /// The program does not know it any more, or soon will not.
    Removed,
    /// The schema does not know it.
    Unknown,
    /// Readers of the format take the value for different ones.
    Differs,
    /// A value refers to what is not set, or to itself.
    Reference,
    /// A file looks as if it held properties, and nothing says how it is read.
    PassedOver,
}

impl Problem {
    /// All of them.
    pub const ALL: [Self; 17] = [
        Self::Unreadable,
        Self::Missing,
        Self::Undecided,
        Self::Unset,
        Self::Empty,
        Self::Invalid,
        Self::NotAValue,
        Self::Expires,
        Self::Repeated,
        Self::InTheClear,
        Self::Weaker,
        Self::Same,
        Self::Removed,
        Self::Unknown,
        Self::Differs,
        Self::Reference,
        Self::PassedOver,
    ];

    /// The word for reports; stable.
    pub fn name(self) -> &'static str {
        match self {
            Self::Unreadable => "unreadable",
            Self::Missing => "missing",
            Self::Undecided => "undecided",
            Self::Unset => "unset",
            Self::Empty => "empty",
            Self::Invalid => "invalid",
            Self::NotAValue => "not-a-value",
            Self::Expires => "expires",
            Self::Repeated => "repeated",
            Self::InTheClear => "in-the-clear",
            Self::Weaker => "weaker",
            Self::Same => "same",
            Self::Removed => "removed",
            Self::Unknown => "unknown",
            Self::Differs => "differs",
            Self::Reference => "reference",
            Self::PassedOver => "passed-over",
        }
    }

    /// A sentence for those who meet the word in a report.
    pub fn describe(self) -> &'static str {
        match self {
            Self::Unreadable => "a configuration file cannot be read",
            Self::Missing => "a required property is not set",
            Self::Undecided => "an environment must set a property that has a default",
            Self::Unset => "a property still has the marker of 'config sync'",
            Self::Empty => "a required property is empty",
            Self::Invalid => "a value is not what the schema says",
            Self::NotAValue => "a section or a list is in the place of a value",
            Self::Expires => "a certificate is not valid for long enough",
            Self::Repeated => "two files of one layer set a property",
            Self::InTheClear => "a secret is in a file that is not sealed",
            Self::Weaker => "a file that is not sealed overrides a sealed value",
            Self::Same => "environments that must differ have the same value",
            Self::Removed => "the program does not use a property any more",
            Self::Unknown => "a property is not in the schema",
            Self::Differs => "programs read a value differently",
            Self::Reference => "a value refers to what is not set, or to itself",
            Self::PassedOver => "a file looks like configuration, and is not read",
        }
    }
}
