//! `git shroud config render`

use super::super::Context;
use super::{SchemaOption, load};
use crate::environments::render::effective::effective;
use crate::environments::render::names::variable;
use crate::environments::render::steering::steers;
use crate::environments::render::{Output, render};
use crate::environments::schema::Release;
use crate::error::{CommandError, Outcome};

/// Print an environment for a deploy: its values and defaults
///
/// The environment must pass 'config check' first. If the output needs variables, names become variables: db.url is DB_URL. Pipe the
/// output to its place; nothing is written to a file.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  $ git shroud config render dev -o env
  $ git shroud config render prod -o json
  $ git shroud config render prod -o k8s-secret --name shop --namespace live")]
pub(super) struct Render {
    /// The environment
    #[arg(value_name = "ENV")]
    environment: String,
    #[command(flatten)]
    schema: SchemaOption,
    /// The output format
    #[arg(short, long, value_name = "FORM")]
    output: Form,
    /// The release of the program to deploy, instead of the schema's
    #[arg(long, value_name = "RELEASE")]
    release: Option<Release>,
    /// The name of the Kubernetes Secret [default: the environment's]
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
    /// The namespace of the Kubernetes Secret
    #[arg(long, value_name = "NAMESPACE")]
    namespace: Option<String>,
}

/// In which form.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Form {
    /// NAME='value', for shells and docker compose
    Env,
    /// Java's properties
    Properties,
    /// JSON, with an object for each section
    Json,
    /// YAML, with a mapping for each section
    Yaml,
    /// A Secret of Kubernetes, for 'kubectl apply -f -'
    K8sSecret,
}

impl Render {
    pub(super) fn run(self, context: &Context) -> Outcome {
        let loaded = load(context, &self.schema, std::slice::from_ref(&self.environment))?;
        super::refuse_unfit(context, &loaded, self.release.as_ref())?;
        let output = match self.output {
            Form::Env => Output::Env,
            Form::Properties => Output::Properties,
            Form::Json => Output::Json,
            Form::Yaml => Output::Yaml,
            Form::K8sSecret => {
                let name = self.name.clone().unwrap_or_else(|| self.environment.clone());
                Output::Kubernetes { name, namespace: self.namespace.clone() }
            }
        };
        let properties = effective(loaded.only(), loaded.schema.as_ref());
        if matches!(output, Output::Env | Output::Kubernetes { .. }) {
            for one in &properties {
                let variable = variable(one.name);
                if steers(&variable) {
                    context.ui.warning(format!(
                        "{variable} decides which code a program runs; 'config exec' refuses it"
                    ));
                }
            }
        }
        let out =
            render(&properties, &output).map_err(|error| CommandError::wrong(error.to_string()))?;
        context.ui.bytes(&out);
        Ok(())
    }
}
