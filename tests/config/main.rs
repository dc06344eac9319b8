//! Configuration repositories: laying one out, its schema, and the `config` commands.

#[path = "../common/mod.rs"]
mod common;

#[path = "../common/attacker.rs"]
mod attacker;

mod attacked;
mod check;
mod compare;
mod deploy;
mod edit;
mod hostile;
mod layout;
mod place;
mod schema;
mod taken_over;
mod year;
