//! Everything git does, with sealed files, in every kind of clone, with every git of this machine.
//!
//! Prints a table of scenarios and clones. After each cell the whole repository is searched for plaintext.

mod cut_short;
mod odd_files;
mod place;
mod scenarios;
mod surroundings;
mod table;

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::common::{Done, Sandbox};
use place::{Git, Kind, Place};

/// What is to happen in one clone.
#[derive(Clone, Copy)]
pub(crate) enum Expected {
    /// git does what it does with any file.
    Pass,
    /// git-shroud stops it, and this is part of what it says.
    Refused(&'static str),
    /// git stops it without any help, or has no better answer, and this is part of what it says.
    Git(&'static str),
    /// git prints sealed bytes, as it lets no driver have a say: what to do instead.
    Noise(&'static str),
    /// A clone that was never set up stores plaintext: `check` finds it there.
    Leaks,
    /// As above, where no guard looks: why it goes nowhere from there.
    LeaksUnseen(&'static str),
}

/// One thing that people do with git.
pub(crate) struct Scenario {
    name: &'static str,
    /// Does it; an error is what git said when it refused.
    run: fn(&Place<'_>) -> Result<(), Done>,
    /// In the order of [`Kind::ALL`].
    expected: [Expected; 4],
}

#[test]
fn every_scenario_in_every_clone_with_every_git() {
    let gits = Git::all();
    let sandbox = Sandbox::new();
    place::make_upstream(&sandbox, "plain", &["--no-tripwire"]);
    place::make_upstream(&sandbox, "tripped", &[]);
    let scenarios = scenarios::all();
    let mut cells = Vec::new();
    for git in &gits {
        for scenario in &scenarios {
            cells.extend(Kind::ALL.into_iter().enumerate().map(|cell| (git, scenario, cell)));
        }
    }
    let next = AtomicUsize::new(0);
    let results = Mutex::new(vec![None; cells.len()]);
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(2, usize::from) {
            scope.spawn(|| {
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    let Some(&(git, scenario, (column, kind))) = cells.get(number) else {
                        break;
                    };
                    let judged = catch_unwind(AssertUnwindSafe(|| {
                        let place = Place::new(&sandbox, git, kind, number);
                        judge(&place, scenario, scenario.expected[column])
                    }));
                    let judged = judged.unwrap_or_else(|panic| Err(message(&*panic)));
                    results.lock().unwrap()[number] = Some(judged);
                }
            });
        }
    });
    let results: Vec<_> = results.into_inner().unwrap().into_iter().flatten().collect();
    table::print(&gits, &scenarios, &results);
    let mut wrong = Vec::new();
    for ((git, scenario, (_, kind)), result) in cells.iter().zip(&results) {
        if let Err(why) = result {
            let place = format!("{} in a clone {}", git.version, kind.name());
            wrong.push(format!("{}, {place}: {why}", scenario.name));
        }
    }
    assert!(wrong.is_empty(), "{} cells are wrong\n{}", wrong.len(), wrong.join("\n"));
}

/// Runs the scenario, and searches all that is left for plaintext.
fn judge(place: &Place<'_>, scenario: &Scenario, expected: Expected) -> Result<String, String> {
    let ended = (scenario.run)(place);
    let leaks = place.holds_plaintext();
    let told = match (expected, ended) {
        (Expected::Leaks, _) if leaks => {
            place.check_finds_plaintext();
            return Ok("LEAKS; 'check' refuses it".to_owned());
        }
        (Expected::LeaksUnseen(why), _) if leaks => {
            place.check_finds_nothing();
            return Ok(format!("LEAKS; {why}"));
        }
        (Expected::Leaks | Expected::LeaksUnseen(_), Ok(())) => {
            return Err("it was to leak, and did not".to_owned());
        }
        (Expected::Pass, Ok(())) => "pass".to_owned(),
        (Expected::Refused(part), Err(done)) if place::says(&done, part) => {
            format!("refused: {part}")
        }
        (Expected::Git(part), Err(done)) if place::says(&done, part) => format!("git: {part}"),
        (Expected::Noise(instead), Err(done)) if place::says(&done, "\0SHROUD") => {
            format!("sealed bytes: {instead}")
        }
        (_, Ok(())) => return Err("it was to be refused, and passed".to_owned()),
        (_, Err(done)) => {
            return Err(format!("status {}\n{}{}", done.status, done.text(), done.stderr));
        }
    };
    if leaks {
        return Err("plaintext is in the repository".to_owned());
    }
    place.assert_sound();
    Ok(told)
}

fn message(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("it panicked").to_owned()
}
