//! Surroundings that a program does not choose: the user, the environment, what others have set.

mod around_the_filter;
mod no_home;
mod secrets_as_arguments;
#[cfg(unix)]
mod umask;
#[cfg(unix)]
mod unreadable;
mod variables;
