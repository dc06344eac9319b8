//! Puts the filter on the core that git runs on.
//!
//! git and its filter take turns: while one works the other waits. On two cores each turn wakes a sleeping core, which
//! takes longer than sealing a small file. So the filter follows git: it binds itself to the core that its parent last
//! ran on, looks again from time to time, as the scheduler may move git, and lets go for large files, where both work
//! at once. It only ever binds itself, and only to a core that it is allowed to use.

#[cfg(target_os = "linux")]
pub use linux::Affinity;
#[cfg(not(target_os = "linux"))]
pub use other::Affinity;

#[cfg(target_os = "linux")]
mod linux {
    use std::fs;

    use rustix::process::{Pid, getppid};
    use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

    /// Answers between two looks at where git runs.
    const LOOK_EVERY: u32 = 32;

    /// Follows the parent process.
    pub struct Affinity {
        allowed: Option<CpuSet>,
        parent: Option<Pid>,
        bound: Option<usize>,
        until_look: u32,
    }

    impl Affinity {
        /// Follows git, which started this process (or the shell that did).
        pub fn of_git() -> Self {
            let allowed = sched_getaffinity(None).ok().filter(|cores| cores.count() > 1);
            Self { allowed, parent: git_above(), bound: None, until_look: 0 }
        }

        /// Goes where git is, or lets go for a large file.
        pub fn before_answer(&mut self, small: bool) {
            let Some(allowed) = &self.allowed else { return };
            if !small {
                if self.bound.take().is_some() {
                    let _ = sched_setaffinity(None, allowed);
                }
                self.until_look = 0;
                return;
            }
            if self.until_look > 0 {
                self.until_look -= 1;
                return;
            }
            self.until_look = LOOK_EVERY;
            let Some(core) = self.parent.and_then(|parent| Stat::read(parent)?.core) else {
                return;
            };
            if self.bound != Some(core) && core < CpuSet::MAX_CPU && allowed.is_set(core) {
                let mut one = CpuSet::new();
                one.set(core);
                self.bound = sched_setaffinity(None, &one).ok().map(|()| core);
            }
        }
    }

    /// A command with a space is started by a shell, which may stay between git and us.
    fn git_above() -> Option<Pid> {
        let parent = getppid()?;
        let stat = Stat::read(parent)?;
        if stat.name.starts_with("git") {
            Some(parent)
        } else {
            stat.parent.and_then(Pid::from_raw)
        }
    }

    /// What `/proc/PID/stat` says of a process (proc_pid_stat(5)).
    struct Stat {
        name: String,
        parent: Option<i32>,
        core: Option<usize>,
    }

    impl Stat {
        fn read(pid: Pid) -> Option<Self> {
            let bytes = fs::read(format!("/proc/{}/stat", pid.as_raw_nonzero())).ok()?;
            let text = String::from_utf8_lossy(&bytes);
            let (head, fields) = text.rsplit_once(") ")?;
            let mut fields = fields.split(' ');
            // Field 3, the state, is the first behind the name; 4 is the parent and 39 the core.
            let parent = fields.nth(1)?.parse().ok();
            let core = fields.nth(34)?.parse().ok();
            Some(Self { name: head.split_once('(')?.1.to_owned(), parent, core })
        }
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        #[test]
        fn the_kernels_line_about_this_process_is_read() {
            let stat = Stat::read(rustix::process::getpid()).unwrap();
            assert_eq!(stat.parent, getppid().map(|pid| pid.as_raw_nonzero().get()));
            assert!(sched_getaffinity(None).unwrap().is_set(stat.core.unwrap()));
        }

        #[test]
        fn a_large_file_lets_go() {
            let mut affinity = Affinity::of_git();
            let before = sched_getaffinity(None).unwrap();
            affinity.before_answer(true);
            affinity.before_answer(false);
            assert_eq!(sched_getaffinity(None).unwrap(), before);
            assert_eq!(affinity.bound, None);
        }
    }
}

#[cfg(not(target_os = "linux"))]
mod other {
    /// Leaves the choice of the core to the system.
    pub struct Affinity;

    impl Affinity {
        /// Does nothing here.
        pub fn of_git() -> Self {
            Self
        }

        /// Does nothing here.
        pub fn before_answer(&mut self, _small: bool) {}
    }
}
