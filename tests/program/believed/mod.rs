//! What a clone and a server believe of what somebody has pushed: keys without a history, and histories without a key.

mod foreign;
mod keyless;
mod new_keys;
mod partial;
mod swapped_git_crypt;
mod unrelated;
