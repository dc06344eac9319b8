//! `git shroud completions` and `git shroud man`

use std::path::PathBuf;

use super::Context;
use crate::error::{Context as _, Outcome};
use crate::ui::pages::write_pages;

/// Print completions for a shell
#[derive(clap::Args)]
#[command(after_help = "Examples:
  $ git shroud completions bash > git-shroud.bash
  $ git shroud completions zsh > _git-shroud
  $ git shroud completions fish > git-shroud.fish")]
pub struct Completions {
    /// The shell
    shell: clap_complete::Shell,
}

/// Write man pages, so that 'git shroud --help' works
///
/// Without a directory, prints the main page. With one, writes git-shroud.1 and a page for each command there; man finds them in a
/// directory man1 on MANPATH.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  $ git shroud man > git-shroud.1
  $ git shroud man ../man/man1")]
pub struct Man {
    /// Where to write the pages
    dir: Option<PathBuf>,
}

impl Completions {
    pub(crate) fn run(self, context: &Context) -> Outcome {
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut (context.program)(), "git-shroud", &mut script);
        if self.shell == clap_complete::Shell::Bash {
            // clap_complete 4.6 enters the cases of a dashed program by another name than it gives them.
            let text =
                String::from_utf8_lossy(&script).replace("git__subcmd__shroud", "git__shroud");
            script = text.into_bytes();
        }
        context.ui.bytes(&script);
        Ok(())
    }
}

impl Man {
    pub(crate) fn run(self, context: &Context) -> Outcome {
        let Some(dir) = self.dir else {
            let mut page = Vec::new();
            let rendered = clap_mangen::Man::new((context.program)()).render(&mut page);
            rendered.context(|| "the page cannot be made".to_owned())?;
            context.ui.bytes(&page);
            return Ok(());
        };
        write_pages((context.program)(), &dir).context(|| crate::sanitise::native(&dir))?;
        context.ui.status(format!("wrote the man pages to {}", crate::sanitise::native(&dir)));
        Ok(())
    }
}
