//! The built program with git. Identities come from `age-keygen` and `ssh-keygen`.

#[path = "../common/mod.rs"]
mod common;

mod attributes;
mod bad_environment;
mod believed;
mod branches;
mod check;
mod check_limits;
mod closing;
mod commands;
mod config;
mod conversions;
mod cut_off;
mod everyday;
mod faults;
mod filters;
mod git_matrix;
mod help_examples;
mod hooks;
mod hostile;
mod init_and_track;
mod layouts;
mod lines;
mod locking;
mod masked_diff;
mod member_attacks;
mod members;
mod merge_by_key;
mod merges;
mod outside;
mod places;
mod policy;
mod reading;
mod reference;
mod review_members;
mod rotation;
mod scan;
mod scanning;
mod scrubbing;
mod status;
mod surroundings;
mod trust;
mod unlock_and_lock;
mod verdicts;
mod worktree;
