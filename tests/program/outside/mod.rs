//! Surroundings that a program does not choose: the user, the environment, what others have set.

mod around_the_filter;
mod no_home;
mod secrets_as_arguments;
mod umask;
mod unreadable;
mod variables;
