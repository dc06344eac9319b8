//! The whole of a scan.

pub mod by_path;
