//! Variables that decide which code a program runs, and not what it is told.
//!
//! Anybody who may write a value of an environment would run code where it is deployed: they name libraries to be loaded, scripts
//! to be run first, programs to be started, or where these are looked for. Variables that a program of one's own may well be
//! configured by (`HTTP_PROXY`, `SSL_CERT_FILE`, `TZ`, `LANG`, `TMPDIR`) are not among them, though they steer too.

/// One name a line, by what reads it.
const LIST: &str = include_str!("steering.txt");

/// Whether a variable decides which code runs. Names count as the system has them: on Windows in any case.
pub fn steers(variable: &str) -> bool {
    steers_on(variable, cfg!(windows))
}

fn steers_on(variable: &str, ignore_case: bool) -> bool {
    let mut steers = false;
    for line in LIST.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        if let Some(harmless) = line.strip_prefix('!') {
            if is_named(variable, harmless, ignore_case) {
                return false;
            }
        } else {
            steers |= is_named(variable, line, ignore_case);
        }
    }
    steers
}

/// Whether a line of the list, without '!', names the variable.
fn is_named(variable: &str, line: &str, ignore_case: bool) -> bool {
    let (name, ignore_case) = match line.strip_prefix('~') {
        Some(name) => (name, true),
        None => (line, ignore_case),
    };
    let (name, start) = match name.strip_suffix('*') {
        Some(name) => (name, variable.get(..name.len())),
        None => (name, Some(variable)),
    };
    start.is_some_and(|start| match ignore_case {
        true => start.eq_ignore_ascii_case(name),
        false => start == name,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_decides_which_code_runs_is_known() {
        for name in [
            "LD_PRELOAD",
            "LD_AUDIT",
            "DYLD_INSERT_LIBRARIES",
            "BASH_ENV",
            "ENV",
            "PATH",
            "GIT_SSH_COMMAND",
            "NODE_OPTIONS",
            "PYTHONPATH",
            "PYTHONSTARTUP",
            "PERL5OPT",
            "PERL5LIB",
            "PERLLIB",
            "RUBYOPT",
            "JAVA_TOOL_OPTIONS",
            "IFS",
            "PS4",
            "PROMPT_COMMAND",
            "BASH_FUNC_ls%%",
            "DOTNET_STARTUP_HOOKS",
            "GCONV_PATH",
            "LUA_INIT_5_4",
            "SSLKEYLOGFILE",
            "HOME",
            "EDITOR",
            "GIT_SHROUD_KEY",
            "CURL_HOME",
            "PSQLRC",
            "LESS",
            "TAR_OPTIONS",
            "AWS_CONFIG_FILE",
            "DBUS_SESSION_BUS_ADDRESS",
            "ASAN_OPTIONS",
            "GCC_EXEC_PREFIX",
            "CARGO_HOME",
            "PIP_INDEX_URL",
            "NpM_config_script_shell",
            "R_PROFILE_USER",
            "ODBCSYSINI",
            "_JAVA_OPTIONS",
            "COMPlus_EnableDiagnostics",
        ] {
            assert!(steers_on(name, false), "{name}");
        }
        for name in [
            "DB_URL",
            "HTTP_PROXY",
            "https_proxy",
            "NO_PROXY",
            "SSL_CERT_FILE",
            "TZ",
            "LANG",
            "TMPDIR",
            "SSH_HOST",
            "DOTNET_ENVIRONMENT",
            "NODE_ENV",
            "RAILS_ENV",
            "APP_ENV",
            "PORT",
            "PATHS",
            "HOMEPAGE",
            "path",
            "MALLOC_ARENA_MAX",
            "PYTHONUNBUFFERED",
            "AWS_REGION",
            "LESS_IS_MORE",
            "MIX_ENV",
            "RUST_LOG",
            "KAFKA_BROKERS",
            "#",
            "!DOTNET_ENVIRONMENT",
        ] {
            assert!(!steers_on(name, false), "{name}");
        }
        assert!(
            steers_on("Path", true)
                && steers_on("node_options", true)
                && steers_on("git_dir", true)
        );
        assert!(!steers_on("é", true) && !steers_on("", false));
    }
}
