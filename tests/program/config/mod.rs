//! Configuration repositories: laying one out, its schema, and the `config` commands.

mod attacked;
mod check;
mod compare;
mod deploy;
mod dialects;
mod edit;
mod env;
#[cfg(unix)]
mod exec;
mod files;
mod hostile;
mod layers;
mod layout;
mod log;
mod moved;
mod outputs;
pub(crate) mod place;
mod redact;
mod references;
mod rules;
mod schema;
mod taken_over;
mod verbs;
mod year;
