//! Configuration repositories: laying one out, its schema, and the `config` commands.

mod attacked;
mod check;
mod compare;
mod deploy;
mod edit;
mod hostile;
mod layout;
mod moved;
pub(crate) mod place;
mod schema;
mod taken_over;
mod year;
