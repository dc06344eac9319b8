//! Why a path is sealed as it is, and the confirmation that it may move to another key.

pub mod confirming;
pub mod explain;
