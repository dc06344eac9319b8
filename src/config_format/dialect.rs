//! Readers of one format that differ from each other: of `.env` files above all, for which there is no standard.

use super::Format;

/// A reader, by what its users call it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// `.env`: a POSIX shell.
    Shell,
    /// `.env`: docker compose.
    Compose,
    /// `.env`: `dotenv` of npm.
    Node,
    /// `.env`: `python-dotenv`. INI: `configparser`.
    Python,
    /// `.env`: `vlucas/phpdotenv`, as Laravel takes it. INI: `parse_ini_file`.
    Php,
    /// INI: the option files of MySQL and MariaDB.
    Mysql,
    /// INI: Supervisor.
    Supervisor,
}

impl Dialect {
    /// Those of `.env` files.
    pub const ENV: [Self; 5] = [Self::Shell, Self::Compose, Self::Node, Self::Python, Self::Php];
    /// Those of INI files.
    pub const INI: [Self; 4] = [Self::Python, Self::Php, Self::Mysql, Self::Supervisor];

    /// Those of a format.
    pub fn all(format: Format) -> &'static [Self] {
        match format {
            Format::Env => &Self::ENV,
            Format::Ini => &Self::INI,
            _ => &[],
        }
    }

    /// The dialect of this name, if the format has it.
    pub fn named(format: Format, name: &str) -> Option<Self> {
        Self::all(format).iter().copied().find(|dialect| dialect.name() == name)
    }

    /// The name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Shell => "shell",
            Self::Compose => "compose",
            Self::Node => "node",
            Self::Python => "python",
            Self::Php => "php",
            Self::Mysql => "mysql",
            Self::Supervisor => "supervisor",
        }
    }

    /// The dialect that a file's name tells.
    pub fn of_path(path: &[u8]) -> Option<Self> {
        let name = path.rsplit(|&byte| byte == b'/').next().unwrap_or(path);
        match name {
            b"setup.cfg" | b"tox.ini" | b"mypy.ini" | b"pytest.ini" | b"alembic.ini" => {
                Some(Self::Python)
            }
            b"php.ini" => Some(Self::Php),
            b"supervisord.conf" => Some(Self::Supervisor),
            _ if name.ends_with(b".cnf") => Some(Self::Mysql),
            _ => None,
        }
    }
}
