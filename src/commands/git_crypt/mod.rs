//! What the commands do in a repository that git-crypt encrypts.

mod taken_over;
mod unlock;

pub(super) use taken_over::take_over;
pub(super) use unlock::{Allowed, is_fresh, shared_names, take, unwrap};
