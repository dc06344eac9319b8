//! The scanner's eyes on real repositories: everything is seen, once, and the same whichever way it is stored.

mod eye;
mod hostile;
mod places;
mod provenance;
mod scopes;
mod soundness;
mod stores;
