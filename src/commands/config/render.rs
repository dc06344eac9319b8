//! `git shroud config render`

use std::ffi::OsString;
use std::io::Write as _;

use super::super::Context;
use super::{ReleaseOption, SchemaOption, load};
use crate::environments::files::Loaded;
use crate::environments::render::effective::{Effective, effective, only};
use crate::environments::render::{Manifest, Output, append_to, masks, render, steering};
use crate::error::{CommandError, Context as _, Outcome};

/// Print an environment for a deploy: its values and defaults
///
/// The environment must pass 'config check' first. If the output needs variables, names become variables: db.url is DB_URL. Pipe the
/// output to its place; nothing is written to a file, but for -o github, which appends to the file that GITHUB_ENV names. Refuses what an
/// output cannot hold.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  $ git shroud config render dev -o env
  $ git shroud config render prod -o json
  $ git shroud config render prod -o docker --only PORT
  $ git shroud config render prod -o k8s --name shop --namespace live --label app=shop --hash
  $ git shroud config render prod -o k8s-secret --name shop --string-data

In a job of GitHub's, -o github writes the variables for the steps behind it into the file of GITHUB_ENV, and prints a mask for each
secret. Without GITHUB_ENV, or if the output goes into that file already, it prints the variables, and the masks to standard error.")]
pub(super) struct Render {
    /// The environment
    #[arg(value_name = "ENV")]
    environment: String,
    #[command(flatten)]
    schema: SchemaOption,
    /// The output format
    #[arg(short, long, value_name = "FORM")]
    output: Form,
    #[command(flatten)]
    release: ReleaseOption,
    /// Only these properties
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    only: Vec<String>,
    /// Put in what references in .env files stand for, such as ${NAME}
    #[arg(long)]
    expand: bool,
    /// Accept this variable, although it decides which code a program runs; repeatable
    #[arg(long, value_name = "NAME")]
    allow: Vec<String>,
    /// The name of the Kubernetes objects [default: the environment's]
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
    /// The namespace of the Kubernetes objects
    #[arg(long, value_name = "NAMESPACE")]
    namespace: Option<String>,
    /// A label of the Kubernetes objects; repeatable
    #[arg(long = "label", value_name = "KEY=VALUE", value_parser = label)]
    labels: Vec<(String, String)>,
    /// Write the values of the Secret as they are (stringData), not in Base64
    #[arg(long)]
    string_data: bool,
    /// Add digits to the name that change with any value, so that a deployment restarts
    #[arg(long)]
    hash: bool,
}

/// In which form.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Form {
    /// NAME='value', for shells and docker compose
    Env,
    /// NAME=value without quotes, for 'docker run --env-file' and 'kubectl --from-env-file'
    Docker,
    /// NAME="value", for the EnvironmentFile= of systemd
    Systemd,
    /// Variables for the later steps of a GitHub job, and masks for its logs
    Github,
    /// Java's properties
    Properties,
    /// JSON, with an object for each section
    Json,
    /// YAML, with a mapping for each section
    Yaml,
    /// TOML, with a table for each section
    Toml,
    /// Values of Terraform's variables, with an object for each section
    Tfvars,
    /// A Secret of Kubernetes with everything, for 'kubectl apply -f -'
    K8sSecret,
    /// A Secret with the properties that are secret, and a ConfigMap with the others
    K8s,
}

fn label(text: &str) -> Result<(String, String), String> {
    let parts = text.split_once('=');
    parts
        .map(|(key, value)| (key.to_owned(), value.to_owned()))
        .ok_or_else(|| "it must be KEY=VALUE".to_owned())
}

impl Render {
    pub(super) fn run(self, context: &Context) -> Outcome {
        let loaded = load(context, &self.schema, std::slice::from_ref(&self.environment))?;
        super::refuse_unfit(context, &loaded, self.release.release.as_ref())?;
        let properties = effective(loaded.only(), loaded.schema.as_ref(), self.expand);
        let properties = only(properties, &self.only).map_err(|name| {
            let (environment, name) = (&self.environment, super::show(name));
            CommandError::wrong(format!("{environment} has no value of '{name}'"))
        })?;
        super::tell_references(context, &self.environment, &properties)?;
        self.refuse_steering(context, &properties)?;
        let output = self.output(&loaded, &properties)?;
        let wrong = |error: crate::environments::render::RenderError| {
            CommandError::wrong(error.to_string())
        };
        let out = render(&properties, &output).map_err(wrong)?;
        if self.output != Form::Github {
            context.ui.bytes(&out);
            return Ok(());
        }
        let masks = masks(&properties, |one| loaded.is_secret(one.name));
        match std::env::var_os("GITHUB_ENV").filter(|file| !file.is_empty()) {
            Some(file) if append_to(&file, &out).context(|| shown(&file))? => {
                context.ui.bytes(&masks);
            }
            _ => {
                std::io::stderr().write_all(&masks).context(|| "standard error".to_owned())?;
                context.ui.bytes(&out);
            }
        }
        Ok(())
    }

    /// Refuses variables that decide which code runs; where it was only warned of so far, it still is.
    fn refuse_steering(&self, context: &Context, properties: &[Effective<'_>]) -> Outcome {
        let is_new = matches!(self.output, Form::Docker | Form::Systemd | Form::Github | Form::K8s);
        if !is_new && !matches!(self.output, Form::Env | Form::K8sSecret) {
            return Ok(());
        }
        let Some(variable) = steering(properties, &self.allow) else { return Ok(()) };
        if is_new {
            return Err(CommandError::refused(format!(
                "{} sets {variable}, which decides which code a program runs",
                self.environment
            ))
            .hint(format!(
                "check who wrote it; if it is intended: --allow {}",
                crate::sanitise::word_or(variable.as_bytes(), "NAME")
            )));
        }
        context.ui.warning(format!(
            "{variable} decides which code a program runs; 'config exec' refuses it"
        ));
        Ok(())
    }

    fn output(&self, loaded: &Loaded, properties: &[Effective<'_>]) -> Outcome<Output> {
        Ok(match self.output {
            Form::Env => Output::Env,
            Form::Docker => Output::Docker,
            Form::Systemd => Output::Systemd,
            Form::Github => Output::Github,
            Form::Properties => Output::Properties,
            Form::Json => Output::Json,
            Form::Yaml => Output::Yaml,
            Form::Toml => Output::Toml,
            Form::Tfvars => Output::Tfvars,
            Form::K8sSecret => Output::Kubernetes(self.manifest(loaded, properties)?),
            Form::K8s => {
                let secrets = properties.iter().map(|one| loaded.is_not_open(one.name)).collect();
                Output::Parted(self.manifest(loaded, properties)?, secrets)
            }
        })
    }

    fn manifest(&self, loaded: &Loaded, properties: &[Effective<'_>]) -> Outcome<Manifest> {
        let own = || self.environment.replace(['/', '_'], "-");
        let mut manifest = Manifest {
            name: self.name.clone().unwrap_or_else(own),
            namespace: self.namespace.clone(),
            labels: self.labels.clone(),
            string_data: self.string_data,
        };
        if self.hash {
            manifest.add_hash(properties, &loaded.scan_key_of(&self.environment)?);
        }
        manifest.check().map_err(|error| CommandError::wrong(error.to_string()))?;
        Ok(manifest)
    }
}

fn shown(file: &OsString) -> String {
    crate::sanitise::native(std::path::Path::new(file))
}
