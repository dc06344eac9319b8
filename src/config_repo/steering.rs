//! Variables that decide which code a program runs, and not what it is told.
//!
//! Anybody who may write a value of an environment would run code where it is deployed: they name libraries to be loaded, scripts
//! to be run first, programs to be started, or where these are looked for. Variables that a program of one's own may well be
//! configured by (`HTTP_PROXY`, `SSL_CERT_FILE`, `TZ`, `LANG`, `TMPDIR`) are not among them, though they steer too.

/// What such names begin with.
const PREFIXES: &[&str] = &[
    // Loaders of shared libraries.
    "LD_",
    "_RLD",
    "DYLD_",
    "LIBPATH",
    // Shells.
    "BASH_",
    "BASHOPTS",
    // git, which runs programs that its variables name; and with it this program.
    "GIT_",
    // Runtimes of languages.
    "PYTHON",
    "PERL",
    "LUA_",
    "COMPLUS_",
    "COMPlus_",
    "CORECLR_",
    "COR_",
    "DOTNET_",
    "JULIA_",
    "ERL_",
    "BUNDLE_",
    "NPM_CONFIG_",
    "npm_config_",
    "MONO_",
    // Where programs find their own configuration.
    "XDG_CONFIG_",
    "XDG_DATA_",
];

/// Names that are such a variable by themselves.
const NAMES: &[&str] = &[
    // Which programs are found, and as whom they think to run.
    "PATH",
    "HOME",
    "SHELL",
    "ENV",
    "ZDOTDIR",
    "PATHEXT",
    "COMSPEC",
    "ComSpec",
    "SYSTEMROOT",
    "SystemRoot",
    "WINDIR",
    "windir",
    "PSMODULEPATH",
    "PSModulePath",
    "USERPROFILE",
    "APPDATA",
    "LOCALAPPDATA",
    // Shells.
    "IFS",
    "PS0",
    "PS1",
    "PS2",
    "PS3",
    "PS4",
    "PROMPT_COMMAND",
    "SHELLOPTS",
    "CDPATH",
    "GLOBIGNORE",
    "FPATH",
    "FIGNORE",
    "INPUTRC",
    "KSH_ENV",
    "EXECIGNORE",
    "TMOUT",
    // Programs that others start.
    "EDITOR",
    "VISUAL",
    "FCEDIT",
    "PAGER",
    "MANPAGER",
    "BROWSER",
    "LESSOPEN",
    "LESSCLOSE",
    "LESSKEY",
    "LESSKEYIN",
    "LESSKEY_CONTENT",
    "SUDO_ASKPASS",
    "SUDO_EDITOR",
    "SSH_ASKPASS",
    "SSH_ASKPASS_REQUIRE",
    "SSH_AUTH_SOCK",
    "SSH_SK_HELPER",
    "SSH_SK_PROVIDER",
    "SSH_PKCS11_HELPER",
    "RSYNC_RSH",
    "CVS_RSH",
    "GNUPGHOME",
    "TERMINFO",
    "TERMINFO_DIRS",
    "TERMCAP",
    "TERMPATH",
    // The C library.
    "GCONV_PATH",
    "GETCONF_DIR",
    "GLIBC_TUNABLES",
    "HOSTALIASES",
    "LOCALDOMAIN",
    "LOCPATH",
    "NLSPATH",
    "RESOLV_HOST_CONF",
    "RES_OPTIONS",
    "TZDIR",
    "NIS_PATH",
    "MALLOC_TRACE",
    "MALLOC_CHECK_",
    "MALLOC_PERTURB_",
    "MALLOC_CONF",
    "MALLOC_OPTIONS",
    "MUSL_LOCPATH",
    // TLS: modules that are loaded, and keys that are written to a file.
    "OPENSSL_CONF",
    "OPENSSL_CONF_INCLUDE",
    "OPENSSL_ENGINES",
    "OPENSSL_MODULES",
    "SSLKEYLOGFILE",
    // Runtimes of languages.
    "NODE_OPTIONS",
    "NODE_PATH",
    "NODE_REPL_EXTERNAL_MODULE",
    "ELECTRON_RUN_AS_NODE",
    "RUBYOPT",
    "RUBYLIB",
    "RUBYPATH",
    "RUBYSHELL",
    "GEM_HOME",
    "GEM_PATH",
    "PHPRC",
    "PHP_INI_SCAN_DIR",
    "CLASSPATH",
    "JAVA_TOOL_OPTIONS",
    "JDK_JAVA_OPTIONS",
    "JDK_JAVAC_OPTIONS",
    "_JAVA_OPTIONS",
    "IBM_JAVA_OPTIONS",
    "OPENJ9_JAVA_OPTIONS",
    "JAVA_OPTS",
    "JAVA_OPTIONS",
    "JAVA_HOME",
    "JRE_HOME",
    "CATALINA_OPTS",
    "MAVEN_OPTS",
    "GRADLE_OPTS",
    "SBT_OPTS",
    "ASPNETCORE_HOSTINGSTARTUPASSEMBLIES",
    "ELIXIR_ERL_OPTIONS",
    "GUILE_LOAD_PATH",
    "GUILE_LOAD_COMPILED_PATH",
    "TCLLIBPATH",
    "AWKPATH",
    "AWKLIBPATH",
    "R_PROFILE",
    "R_PROFILE_USER",
    "R_ENVIRON",
    "R_ENVIRON_USER",
    "R_LIBS",
    "R_LIBS_USER",
    "R_LIBS_SITE",
    "RUSTC_WRAPPER",
    "GOFLAGS",
    "MAKEFLAGS",
    "MAKEFILES",
    "GTK_MODULES",
    "GIO_EXTRA_MODULES",
    "QT_PLUGIN_PATH",
];

/// Names that begin as one of those, and only tell a program what it is.
const HARMLESS: &[&str] =
    &["DOTNET_ENVIRONMENT", "PYTHONUNBUFFERED", "PYTHONIOENCODING", "PYTHONUTF8", "PYTHONHASHSEED"];

/// Whether a variable decides which code runs. Names count as the system has them: on Windows in any case.
pub fn steers(variable: &str) -> bool {
    steers_on(variable, cfg!(windows))
}

fn steers_on(variable: &str, ignore_case: bool) -> bool {
    let same = |one: &str, other: &str| match ignore_case {
        true => one.eq_ignore_ascii_case(other),
        false => one == other,
    };
    let begins =
        |prefix: &&str| variable.get(..prefix.len()).is_some_and(|start| same(start, prefix));
    !HARMLESS.iter().any(|name| same(name, variable))
        && (PREFIXES.iter().any(begins) || NAMES.iter().any(|name| same(name, variable)))
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
