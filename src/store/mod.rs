//! Where keys are kept: the local keyring, the environment, and the tracked folder `.shroud/`.

pub mod local;
pub mod shroud_dir;
