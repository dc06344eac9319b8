//! What needs only the library: the formats, by their vectors and by files that others wrote.

#[path = "../common/mod.rs"]
mod common;

mod format_vectors;
mod fuzzed;
mod git_crypt_formats;
mod remote_vectors;
mod targets;
mod value_vectors;

/// For the targets, which are in other programs too.
use common::attacker;
