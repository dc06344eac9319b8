//! The built program with git. Identities come from `age-keygen` and `ssh-keygen`.

#[path = "../common/mod.rs"]
mod common;

mod attributes;
#[cfg(unix)]
mod bad_environment;
mod bare_not_named;
mod believed;
mod branches;
mod by_value;
mod check;
mod check_limits;
#[cfg(unix)]
mod closing;
#[cfg(unix)]
mod command_members;
mod commands;
mod config;
mod conversions;
mod cut_off;
#[cfg(target_os = "linux")]
mod editing;
mod everyday;
#[cfg(unix)]
mod faults;
#[cfg(unix)]
mod filters;
#[cfg(unix)]
mod git_matrix;
#[cfg(unix)]
mod help_examples;
#[cfg(unix)]
mod hooks;
#[cfg(unix)]
mod hostile;
#[cfg(unix)]
mod importing;
mod init_and_track;
mod jujutsu;
#[cfg(unix)]
mod key_places;
mod key_policy;
mod layouts;
mod lines;
mod locked_worktree;
mod locking;
mod masked_diff;
mod masked_review;
#[cfg(unix)]
mod meeting;
mod member_attacks;
mod members;
mod merge_by_key;
mod merge_doubled;
mod merges;
mod once_per_machine;
mod outside;
#[cfg(target_os = "linux")]
mod packaging;
#[cfg(unix)]
mod places;
mod policy;
mod post_quantum;
#[cfg(unix)]
mod program_missing;
mod reading;
mod reference;
mod remote;
mod review_members;
mod rotation;
mod scan;
mod scanning;
mod screens;
mod scrubbing;
mod sealed_forms;
mod starts;
#[cfg(unix)]
mod state;
mod status;
mod stepping_back;
mod surroundings;
mod trust;
mod unlock_and_lock;
#[cfg(unix)]
mod unlocking;
#[cfg(unix)]
mod verdicts;
#[cfg(unix)]
mod worktree;
mod write_only;
