//! `git shroud doctor`

use serde::Serialize;

use super::Context;
use crate::clone::OpenClone;
use crate::doctor::{Finding, Patient, Severity, examine, remove_left};
use crate::error::{CommandError, Outcome};
use crate::sanitise;
use crate::status::find_names;
use crate::ui::Style;

/// Check the whole setup, and say what to do about problems
///
/// Exit status 1 if there is a problem.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  $ git shroud doctor
  $ git shroud doctor --json")]
pub struct Doctor {
    /// Print JSON: {"findings": [{"check", "severity", "message", "remedy"?}]}
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct JsonFindings {
    findings: Vec<Finding>,
}

impl Doctor {
    pub(crate) fn run(self, context: &Context) -> Outcome {
        let left = remove_left(&context.discover()?);
        let opened = OpenClone::read_even_without_keys(context.repository()?)?;
        opened.top()?;
        let mut findings = examine(&Patient {
            repository: &opened.repository,
            keyring: &opened.keyring,
            git_crypt: &opened.git_crypt,
            git_crypt_names: find_names(&opened.repository)?,
            roster: &opened.roster,
        });
        findings.extend(left);
        let ill = findings.iter().any(|finding| finding.severity == Severity::Problem);
        if self.json {
            let json = JsonFindings { findings };
            context.ui.json(&json);
        } else {
            for finding in &findings {
                let word = match finding.severity {
                    Severity::Ok => context.ui.styled(Style::Good, "ok     "),
                    Severity::Advice => context.ui.styled(Style::Warning, "advice "),
                    Severity::Problem => context.ui.styled(Style::Bad, "problem"),
                };
                context.ui.line(format!("{word}  {}", sanitise::line(&finding.message)));
                if let Some(remedy) = &finding.remedy {
                    context.ui.line(format!("         -> {}", sanitise::line(remedy)));
                }
            }
        }
        if ill { Err(CommandError::found()) } else { Ok(()) }
    }
}
