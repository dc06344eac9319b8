//! Keeps keys out of core dumps and away from debuggers of the same user.

/// Set, it leaves core dumps and debugging possible.
const ALLOW_VARIABLE: &str = "GIT_SHROUD_ALLOW_CORE_DUMPS";

/// Switches core dumps off, and on Linux tracing too. Where the system refuses, the program goes on.
pub fn harden() {
    let allowed = std::env::var_os(ALLOW_VARIABLE).is_some_and(|value| !value.is_empty());
    if !allowed {
        switch_off();
    }
}

fn switch_off() {
    #[cfg(unix)]
    {
        use rustix::process::{Resource, Rlimit, setrlimit};
        let _ = setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) });
    }
    #[cfg(target_os = "linux")]
    {
        use rustix::process::{DumpableBehavior, set_dumpable_behavior};
        let _ = set_dumpable_behavior(DumpableBehavior::NotDumpable);
    }
}
