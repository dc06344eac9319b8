//! The arguments that several commands of `config` have.

use std::path::PathBuf;

use crate::environments::schema::Release;

/// Where the schema is.
#[derive(clap::Args)]
pub(super) struct SchemaOption {
    /// The schema, which lists the properties [default: config.shroud.toml at the top]
    #[arg(long, value_name = "FILE")]
    pub(super) schema: Option<PathBuf>,
}

/// One property of one environment.
#[derive(clap::Args)]
pub(super) struct PropertyArguments {
    /// The environment
    #[arg(value_name = "ENV")]
    pub(super) environment: String,
    /// The property
    #[arg(value_name = "NAME")]
    pub(super) name: String,
    #[command(flatten)]
    pub(super) schema: SchemaOption,
}

/// Some environments, or all.
#[derive(clap::Args)]
pub(super) struct EnvironmentsArguments {
    /// Only these environments
    #[arg(value_name = "ENV")]
    pub(super) environments: Vec<String>,
    #[command(flatten)]
    pub(super) schema: SchemaOption,
}

/// Where a new property goes.
#[derive(clap::Args)]
pub(super) struct FileOption {
    /// The file for a new property, if the environment has several
    #[arg(long, value_name = "FILE")]
    pub(super) file: Option<String>,
}

/// What the environments are for.
#[derive(clap::Args)]
pub(super) struct ReleaseOption {
    /// The release of the program, instead of the schema's
    #[arg(long, value_name = "RELEASE")]
    pub(super) release: Option<Release>,
}
