//! The errors of environments.

use crate::environments::SCHEMA_FILE;
use crate::environments::files::{FilesError, SchemaFileError};
use crate::error::CommandError;
use crate::sanitise::word_or;

const LOOK: &str = "run 'git shroud unlock', or 'git shroud config check'";

impl From<FilesError> for CommandError {
    fn from(error: FilesError) -> Self {
        let text = error.to_string();
        let refused = |hint: &str| Self::refused(text.clone()).hint(hint);
        let wrong = |hint: &str| Self::wrong(text.clone()).hint(hint);
        match error {
            FilesError::Clone(error) => error.into(),
            FilesError::SealedFile(error) => error.into(),
            FilesError::SetUp(error) => error.into(),
            FilesError::Track(error) => error.into(),
            FilesError::Member(error) => error.into(),
            FilesError::Schema(error) => error.into(),
            FilesError::NoSchema => {
                wrong("'git shroud config schema infer --write' makes one from the files")
                    .hint("--schema FILE names one in another place")
            }
            FilesError::NoSchemaYet => wrong(
                "git shroud init --template config, or git shroud config schema infer --write",
            ),
            FilesError::NoEnvironments => {
                wrong("make them: git shroud init --template config --env dev --env prod")
            }
            FilesError::NoEnvironment { all, .. } => wrong(&format!("there are: {all}")),
            FilesError::Format(_) => {
                wrong("use a name that ends with .env, .properties, .ini, .toml, .yaml or .json")
                    .hint(format!(
                        "or say in {SCHEMA_FILE} how it is read: files = {{\"NAME\" = \"ini\"}}"
                    ))
            }
            FilesError::Kept { .. } => {
                refused("commit or restore their changes, or use --force to lose them")
            }
            FilesError::KeyOfRepository(_) => wrong("git shroud unlock"),
            FilesError::Locked(_) => refused(
                "run 'git shroud unlock', or pass the key in GIT_SHROUD_KEY or GIT_SHROUD_KEYRING",
            ),
            FilesError::NoKeyOf(_) => wrong("git shroud key list"),
            FilesError::Unsigned(_) => refused("git shroud member list"),
            FilesError::NoneNamed => {
                wrong("git shroud init --template config --env dev --env prod")
            }
            FilesError::LaidOutAlready => {
                wrong("another environment: git shroud config env add NAME")
            }
            FilesError::OfGitCrypt => {
                wrong("first move the repository to git-shroud: git shroud migrate git-crypt")
            }
            FilesError::InRepository(_) => {
                wrong("run it at the top of that repository, or name an empty directory")
            }
            FilesError::Unread(environment) => refused(&format!(
                "git shroud config check {}",
                word_or(environment.as_bytes(), "ENV")
            )),
            FilesError::NotSet { elsewhere: Some((path, line)), .. } => refused(&format!(
                "{path}:{line} sets it, also for other environments; --file removes it there"
            )),
            FilesError::Hidden { .. } => Self::incomplete(text).hint(LOOK),
            FilesError::Distinct { environment, name, .. } => refused(&format!(
                "git shroud config set {} {} --generate",
                word_or(environment.as_bytes(), "ENV"),
                word_or(name.as_bytes(), "NAME")
            )),
            FilesError::Closed(_) | FilesError::ClosedFile(_) => refused(LOOK),
            FilesError::Shared(_) => refused("name no environment to rename it in all"),
            FilesError::NotSealed { environment, path, .. } => refused(&format!(
                "git shroud track --key {} {}",
                word_or(environment.as_bytes(), "KEY"),
                word_or(path.as_bytes(), "PATH")
            )),
            FilesError::Exempt { .. } => refused(
                "take its name out of shroud-clear in .gitattributes, or say in the schema that it is no secret",
            ),
            FilesError::NoOwnFile(_) => {
                wrong("name one with --file NAME; its values are those of other environments too")
            }
            FilesError::SeveralFiles(_) => wrong("name one with --file NAME"),
            FilesError::NoSuchFile { files, .. } => wrong(&format!("there are: {files}")),
            FilesError::Moved { .. }
            | FilesError::NotSet { elsewhere: None, .. }
            | FilesError::IsList { .. }
            | FilesError::HasReferences { .. }
            | FilesError::Set { .. }
            | FilesError::NothingSets(_)
            | FilesError::IsFile { .. }
            | FilesError::Value { .. }
            | FilesError::Edit { .. } => Self::refused(text),
            FilesError::NoSchemaFile
            | FilesError::Link(_)
            | FilesError::TooDeep(_)
            | FilesError::TooMany
            | FilesError::NotUtf8(_)
            | FilesError::SetAt { .. }
            | FilesError::Marker => Self::wrong(text),
        }
    }
}

impl From<SchemaFileError> for CommandError {
    fn from(error: SchemaFileError) -> Self {
        Self::wrong(error.to_string())
    }
}
