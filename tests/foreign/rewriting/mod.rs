//! The rewriter on real repositories: what should stay does so to the byte, and the rest is what git-filter-repo makes of it.

mod apply;
mod changes;
mod filter_repo;
mod nasty;
mod oracle;
mod sealing;
mod views;
