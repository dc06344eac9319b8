//! Why the files of environments are not read or changed.

use std::path::Path;

use super::Doubt;
use crate::access::members::MemberError;
use crate::access::sealed_file::SealedFileError;
use crate::access::set_up::SetUpError;
use crate::access::track::TrackError;
use crate::clone::CloneError;
use crate::config_format::EditError;
use crate::environments::SCHEMA_FILE;
use crate::environments::schema::SchemaError;
use crate::error::About;
use crate::git::GitError;
use crate::keyring::KeyName;

/// Why the files of environments are not read or changed. Names and paths are safe to show.
#[derive(Debug, thiserror::Error)]
pub enum FilesError {
    /// The clone, git or a file cannot be read or written.
    #[error(transparent)]
    Clone(CloneError),
    /// A file cannot be read or changed in its place.
    #[error(transparent)]
    SealedFile(#[from] SealedFileError),
    /// A key cannot be made.
    #[error(transparent)]
    SetUp(#[from] SetUpError),
    /// The files of an environment cannot be tracked.
    #[error(transparent)]
    Track(#[from] TrackError),
    /// The key of an environment cannot be granted.
    #[error(transparent)]
    Member(#[from] MemberError),
    /// The schema cannot be read or changed.
    #[error(transparent)]
    Schema(#[from] SchemaFileError),
    /// A command needs a schema, and there is none.
    #[error("there is no schema: no file {SCHEMA_FILE} at the top")]
    NoSchema,
    /// An environment is to go into a schema, and there is none.
    #[error("there is no schema: no file {SCHEMA_FILE} at the top")]
    NoSchemaYet,
    /// An environment is to go out of a schema, and there is none.
    #[error("there is no file {SCHEMA_FILE} at the top")]
    NoSchemaFile,
    /// There is no environment.
    #[error("there are no environments here")]
    NoEnvironments,
    /// A name that was given is no environment's.
    #[error("there is no environment '{name}'")]
    NoEnvironment {
        /// What was given.
        name: String,
        /// The environments that there are.
        all: String,
    },
    /// A folder of a path is a link.
    #[error("the path contains a symbolic link: {0}")]
    Link(String),
    /// Nothing says how a file is read.
    #[error("{0}: unknown file format")]
    Format(String),
    /// Folders are in folders without end.
    #[error("{0}: the folders are nested too deeply")]
    TooDeep(String),
    /// There are too many files.
    #[error("there are more than 10,000 files of environments")]
    TooMany,
    /// git does not remove files of an environment.
    #[error("git keeps the files of {environment}: {source}")]
    Kept {
        /// The environment.
        environment: String,
        /// Why.
        source: GitError,
    },
    /// A key of the environments is described, and not held.
    #[error("the key '{0}' of this repository is not held here")]
    KeyOfRepository(KeyName),
    /// The schema cannot name a file.
    #[error("{0}: the name is not UTF-8")]
    NotUtf8(String),
    /// Somebody moved a file to another key, or it cannot be told if somebody did.
    #[error("{path}: nothing was changed: {}", doubt.with_command())]
    Moved {
        /// The file.
        path: String,
        /// Why its values are not taken.
        doubt: Box<Doubt>,
    },
    /// An environment cannot be deployed, as it is locked.
    #[error("{0} is locked here")]
    Locked(String),
    /// No key is called as an environment is.
    #[error("there is no key of the environment '{0}'")]
    NoKeyOf(String),
    /// Who may have written the grants of a member is not known.
    #[error("no key that is held here has signed the grants of '{0}'")]
    Unsigned(String),
    /// Nothing says which environments there are.
    #[error("no environment was named, and no file of an environment was found")]
    NoneNamed,
    /// It was laid out before.
    #[error("this is already a configuration repository")]
    LaidOutAlready,
    /// Files are git-crypt's.
    #[error("git-crypt encrypts files here")]
    OfGitCrypt,
    /// A folder of a repository would be taken for all of it.
    #[error("this is a folder of the repository {0}")]
    InRepository(String),
    /// A file of an environment may have what is looked for.
    #[error("a file of {0} is locked or cannot be read; nothing was changed")]
    Closed(String),
    /// A file of an environment cannot be read; others of its files say why.
    #[error("a file of {0} cannot be read; nothing was changed")]
    Unread(String),
    /// An environment does not set a property, or another file than the one that is named does.
    #[error("{environment} does not set {name}")]
    NotSet {
        /// The environment.
        environment: String,
        /// The property.
        name: String,
        /// The file that sets it, and the line.
        elsewhere: Option<(String, usize)>,
    },
    /// It is not known to what an environment sets a property.
    #[error("{}", hidden(environment, name, *is_sealed))]
    Hidden {
        /// The environment.
        environment: String,
        /// The property.
        name: String,
        /// Whether it is set, with a key that is not held.
        is_sealed: bool,
    },
    /// Two environments would have the same value.
    #[error("{shown} must differ between environments; nothing was copied")]
    Distinct {
        /// The environment that would get it, as it is.
        environment: String,
        /// The property, as it is.
        name: String,
        /// The property, safe to show.
        shown: String,
    },
    /// A list is no single value.
    #[error("{name} is a list in {environment}; copy it by hand")]
    IsList {
        /// The environment.
        environment: String,
        /// The property.
        name: String,
    },
    /// What a value means depends on where it is.
    #[error("{name} has references in {environment}, such as ${{NAME}}; copy it by hand")]
    HasReferences {
        /// The environment.
        environment: String,
        /// The property.
        name: String,
    },
    /// A file may have what is looked for: which, and why it is not read.
    #[error("{0}")]
    ClosedFile(String),
    /// A property has the new name.
    #[error("{environment} sets {name} already; nothing was changed")]
    Set {
        /// The environment.
        environment: String,
        /// The property.
        name: String,
    },
    /// Another file of the same place sets the property.
    #[error("{path}:{line} sets it already")]
    SetAt {
        /// The file.
        path: String,
        /// The line, from 1.
        line: usize,
    },
    /// A change in one environment would be one in others.
    #[error("{0} is a file of other environments too")]
    Shared(String),
    /// Nothing has the old name.
    #[error("nothing sets {0}")]
    NothingSets(String),
    /// A property is a file.
    #[error("the schema says that {name} is the file {file}, not a value")]
    IsFile {
        /// The property.
        name: String,
        /// The file.
        file: String,
    },
    /// A secret would be stored as plaintext.
    #[error("{name} is a secret, but no attribute seals {}", crate::sanitise::path(path.as_bytes()))]
    NotSealed {
        /// The property.
        name: String,
        /// The environment, as it is.
        environment: String,
        /// The file, as git has it.
        path: String,
    },
    /// A secret would be stored as plaintext, by its name.
    #[error("{name} is a secret, but the attribute shroud-clear of {} exempts its name", crate::sanitise::path(path.as_bytes()))]
    Exempt {
        /// The property.
        name: String,
        /// The file, as git has it.
        path: String,
    },
    /// The value is the one that stands for none.
    #[error("this is the marker for a value that is not set yet")]
    Marker,
    /// The schema refuses the value.
    #[error("the value of {name} {why}; nothing was changed")]
    Value {
        /// The property.
        name: String,
        /// Why, without the value.
        why: String,
    },
    /// All files of an environment are those of others too.
    #[error("{0} has no file of its own")]
    NoOwnFile(String),
    /// Any of several files may be meant.
    #[error("{0} has several files")]
    SeveralFiles(String),
    /// A name that was given is no file's.
    #[error("{environment} has no such file")]
    NoSuchFile {
        /// The environment.
        environment: String,
        /// The files that there are.
        files: String,
    },
    /// A file cannot be changed.
    #[error("{}", edit(path, source))]
    Edit {
        /// The file.
        path: String,
        /// Why.
        source: EditError,
    },
}

impl<E: Into<CloneError>> From<E> for FilesError {
    fn from(error: E) -> Self {
        Self::Clone(error.into())
    }
}

fn hidden(of: &str, name: &str, is_sealed: bool) -> String {
    if is_sealed {
        return format!(
            "{of} sets {name}, and it is locked: the key that sealed it is not held here"
        );
    }
    format!("a file of {of} that may set {name} is locked or cannot be read")
}

fn edit(path: &str, source: &EditError) -> String {
    match source {
        EditError::Doubt(doubt) => {
            format!("{path}:{}: {}; nothing was changed", doubt.line, doubt.why)
        }
        source => format!("{path}: {source}"),
    }
}

/// Why a schema is not read or changed.
#[derive(Debug, thiserror::Error)]
pub enum SchemaFileError {
    /// The file cannot be read.
    #[error(transparent)]
    About(#[from] About),
    /// There is no such file.
    #[error("there is no schema '{0}'")]
    Absent(String),
    /// The file, or what a change would make of it, is no schema.
    #[error("{file}:{}: {}", source.line, source.why)]
    Wrong {
        /// The file, safe to show.
        file: String,
        /// Where, and why.
        source: SchemaError,
    },
    /// The change itself is not possible.
    #[error("{name}: {}", source.why)]
    Change {
        /// What would be changed, safe to show.
        name: String,
        /// Why.
        source: SchemaError,
    },
}

impl SchemaFileError {
    /// There is no such file.
    pub fn absent(file: &Path) -> Self {
        Self::Absent(crate::sanitise::native(file))
    }

    /// The file is no schema.
    pub fn of(file: &Path, source: SchemaError) -> Self {
        Self::Wrong { file: crate::sanitise::native(file), source }
    }

    /// The file cannot be changed: an error of line 0 is about the change of `name`, not about the file.
    pub fn of_edit(file: &Path, name: &str, source: SchemaError) -> Self {
        match source.line {
            0 => Self::Change { name: crate::sanitise::path(name.as_bytes()), source },
            _ => Self::of(file, source),
        }
    }
}
