//! One self-contained page. Nothing in it comes from elsewhere, and its policy lets it ask for nothing: no network, no
//! other script or style than its own, each named by its hash. So what an escape would miss could still not run.
//!
//! The page is written in full here; the script only hides, shows and moves.

use std::fmt::Write as _;
use std::io::{self, Write};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use sha2::{Digest as _, Sha256};

use super::chart::{Axis, Bar};
use super::{Options, words};
use crate::error::count;
use crate::scan::findings::{CommitSummary, Finding, Kind, Occurrence, Report};

const TEMPLATE: &str = include_str!("report.html");
const STYLE: &str = include_str!("report.css");
const SCRIPT: &str = include_str!("report.js");
/// Before anything is drawn: a long table must not be laid out while it is read, only to be hidden then.
const BEGIN: &str = "document.documentElement.classList.add('script')";

pub(super) fn write(report: &Report, options: Options<'_>, out: &mut dyn Write) -> io::Result<()> {
    let mut rest = TEMPLATE;
    while let Some((before, from)) = rest.split_once("{{") {
        let (name, after) = from.split_once("}}").expect("the template closes what it opens");
        out.write_all(before.as_bytes())?;
        part(name, report, options, out)?;
        rest = after;
    }
    out.write_all(rest.as_bytes())
}

/// Writes what stands for a name in the template.
fn part(name: &str, report: &Report, options: Options<'_>, out: &mut dyn Write) -> io::Result<()> {
    let axis = Axis::of(report);
    match name {
        "policy" => write!(
            out,
            "default-src 'none'; script-src {} {}; style-src {}; base-uri 'none'; form-action 'none'",
            hash(BEGIN),
            hash(SCRIPT),
            hash(STYLE)
        ),
        "style" => out.write_all(STYLE.as_bytes()),
        "begin" => out.write_all(BEGIN.as_bytes()),
        "script" => out.write_all(SCRIPT.as_bytes()),
        "summary" => summary(report, out),
        "chart" => axis.map_or(Ok(()), |axis| chart(axis, report, out)),
        "filters" => filters(report, out),
        "findings" => {
            let mut rows = report.findings.iter().zip(1..);
            rows.try_for_each(|(finding, number)| row(finding, number, axis, options, out))
        }
        "lists" => lists(report, out),
        name => unreachable!("the template names '{name}', which is nothing"),
    }
}

/// How a policy names an inline script or style (Content Security Policy, hash-source).
fn hash(text: &str) -> String {
    format!("'sha256-{}'", BASE64.encode(Sha256::digest(text)))
}

fn summary(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "<p class=\"tally\">{}</p>", words::markup(&words::tally(report)))?;
    let mut about = format!("Looked at {}", words::looked_at(&report.looked_at));
    if !report.scope.is_empty() {
        write!(about, " ({})", report.scope).expect("a String takes any text");
    }
    if let Some(made) = report.made {
        write!(about, ", {}", words::time(made)).expect("a String takes any text");
    }
    writeln!(out, "<p>{}</p>", words::markup(&about))?;
    if !report.is_complete() {
        let objects = count(report.unread.len() as u64, "object");
        writeln!(
            out,
            "<p class=\"incomplete\" role=\"alert\">The answer is incomplete: {objects} could not be read; see \
             the end of the page.</p>"
        )?;
    }
    Ok(())
}

/// How many values were unencrypted at each time.
fn chart(axis: Axis, report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let steps = axis.alive(&report.findings);
    let most = steps.iter().map(|&(_, number)| number).max().unwrap_or(0).max(1);
    let mut path = String::from("M0 60");
    for (at, number) in steps {
        let height = 60.0 - 58.0 * f64::from(number) / f64::from(most);
        write!(path, "H{at}V{height:.1}").expect("a String takes any text");
    }
    path.push_str("H1000V60Z");
    let from_to = axis.ticks();
    let (from, to) = (from_to.first(), from_to.last());
    let day =
        |tick: Option<&(u32, i64)>| tick.map(|&(_, time)| words::day(time)).unwrap_or_default();
    write!(
        out,
        "<figure><figcaption>Unencrypted secrets over time, at most {most} at once</figcaption>\
         <svg class=\"alive\" viewBox=\"0 0 1000 60\" preserveAspectRatio=\"none\" role=\"img\" aria-label=\"From {} to \
         {}, at most {most} at once\"><path d=\"{path}\"/></svg>",
        day(from),
        day(to)
    )?;
    ticks(axis, out)?;
    writeln!(out, "</figure>")
}

fn ticks(axis: Axis, out: &mut dyn Write) -> io::Result<()> {
    write!(out, "<svg class=\"ticks\" aria-hidden=\"true\">")?;
    for (at, time) in axis.ticks() {
        let anchor = match at {
            0 => "start",
            1000 => "end",
            _ => "middle",
        };
        let (x, day) = (percent(at), words::day(time));
        write!(out, "<text x=\"{x}\" y=\"14\" text-anchor=\"{anchor}\">{day}</text>")?;
    }
    write!(out, "</svg>")
}

/// Thousandths as SVG has them.
fn percent(thousandths: u32) -> String {
    format!("{}.{}%", thousandths / 10, thousandths % 10)
}

fn filters(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let mut group = |title: &str, name: &str, choices: Vec<(&str, &str, usize)>| {
        write!(out, "<fieldset><legend>{title}</legend>")?;
        for (value, label, count) in choices {
            write!(
                out,
                "<label><input type=\"checkbox\" name=\"{name}\" value=\"{value}\" checked> {label} \
                 <span class=\"count\">{count}</span></label>"
            )?;
        }
        writeln!(out, "</fieldset>")
    };
    let count =
        |of: &dyn Fn(&Finding) -> bool| report.findings.iter().filter(|one| of(one)).count();
    let ranks = words::RANKS.map(|rank| (rank.name(), rank.name(), count(&|one| one.rank == rank)));
    group("Rank", "rank", ranks.into())?;
    let kinds = [
        (Kind::Policy, "to be sealed"),
        (Kind::KnownValue, "known value"),
        (Kind::Pattern, "pattern"),
    ];
    let kinds = kinds.map(|(kind, label)| (kind.name(), label, count(&|one| one.kind == kind)));
    group("Found by", "kind", kinds.into())?;
    let labels = ["pushed", "at HEAD, not pushed", "in history, not pushed", "unreachable"];
    let exposures = words::EXPOSURES.into_iter().zip(labels).map(|(exposure, label)| {
        (exposure.name(), label, count(&|one| one.exposure() == exposure))
    });
    group("Exposure", "exposure", exposures.collect())
}

fn row(
    finding: &Finding,
    number: usize,
    axis: Option<Axis>,
    options: Options<'_>,
    out: &mut dyn Write,
) -> io::Result<()> {
    let (rank, kind, exposure) =
        (finding.rank.name(), finding.kind.name(), finding.exposure().name());
    write!(
        out,
        "<tbody class=\"finding\" id=\"f{number}\" data-rank=\"{rank}\" data-kind=\"{kind}\" \
         data-exposure=\"{exposure}\"><tr><td><span class=\"badge {rank}\">{rank}</span></td>\
         <th scope=\"row\">{}<span class=\"rule\">{}</span></th>",
        words::markup(&finding.description),
        words::markup(&finding.rule)
    )?;
    let value = words::value(finding, options);
    let value =
        value.map(|value| format!("<code>{}</code>", words::markup(&value))).unwrap_or_default();
    let first = finding.occurrences.first();
    let place = first.map(words::place).unwrap_or_default();
    write!(out, "<td>{value}</td><td class=\"place\">{}</td><td>", words::markup(&place))?;
    let bars = finding.occurrences.iter().filter_map(|at| axis?.bar(at)).collect::<Vec<_>>();
    life(&bars, rank, out)?;
    write!(out, "</td><td>{}</td></tr>", words::exposure(finding))?;
    let places = count(finding.occurrences.len() as u64, "place");
    let life = words::lifetime(finding);
    write!(
        out,
        "<tr class=\"more\"><td colspan=\"6\"><details><summary>{places}: {}</summary>",
        words::markup(&life)
    )?;
    details(finding, axis, rank, out)?;
    writeln!(out, "</details></td></tr></tbody>")
}

/// Bars on the axis of the page.
fn life(bars: &[Bar], rank: &str, out: &mut dyn Write) -> io::Result<()> {
    if bars.is_empty() {
        return write!(out, "<span class=\"rule\">in no commit</span>");
    }
    write!(out, "<svg class=\"life\" aria-hidden=\"true\">")?;
    let mut drawn: Vec<Bar> = bars.to_vec();
    drawn.sort_by_key(|bar| (bar.start, bar.length));
    drawn.dedup();
    for bar in drawn {
        let (x, width) = (percent(bar.start), percent(bar.length));
        write!(out, "<rect class=\"{rank}\" x=\"{x}\" y=\"5\" width=\"{width}\" height=\"8\"/>")?;
        if bar.open {
            // What goes on to today has no round end.
            write!(out, "<rect class=\"{rank}\" x=\"99%\" y=\"2\" width=\"1%\" height=\"14\"/>")?;
        }
    }
    write!(out, "</svg>")
}

fn details(
    finding: &Finding,
    axis: Option<Axis>,
    rank: &str,
    out: &mut dyn Write,
) -> io::Result<()> {
    write!(out, "<dl>")?;
    let mut field = |name: &str, text: &str| match text {
        "" => Ok(()),
        text => write!(out, "<dt>{name}</dt><dd>{}</dd>", words::markup(text)),
    };
    field("What to do", &finding.advice)?;
    finding.facts.iter().try_for_each(|fact| field("Note", fact))?;
    field("Also found by", &finding.also.join(", "))?;
    let fingerprint = finding.fingerprint.map(|fingerprint| fingerprint.to_string());
    field("Fingerprint", &fingerprint.unwrap_or_default())?;
    write!(
        out,
        "</dl><table class=\"places\"><thead><tr><th scope=\"col\">Where</th><th scope=\"col\">Since</th>\
         <th scope=\"col\">Until</th><th scope=\"col\">Refs</th><th scope=\"col\">Time line</th></tr></thead><tbody>"
    )?;
    finding.occurrences.iter().try_for_each(|at| occurrence(at, axis, rank, out))?;
    write!(out, "</tbody></table>")
}

fn occurrence(
    at: &Occurrence,
    axis: Option<Axis>,
    rank: &str,
    out: &mut dyn Write,
) -> io::Result<()> {
    let origin = |origin: &Option<CommitSummary>| match origin {
        Some(origin) => format!("{} ({})", words::day(origin.time), words::who(origin)),
        None => String::new(),
    };
    let mut until = if at.at_head { "still at HEAD".to_owned() } else { origin(&at.last_seen) };
    if at.versions > 1 {
        write!(until, ", {}", count(at.versions, "version")).expect("a String takes any text");
    }
    let subject = at.introduced.as_ref().map(|origin| words::beginning(&origin.subject));
    let refs: Vec<_> = at.refs.iter().map(|name| words::name(name)).collect();
    let mark = at.mark.as_ref().map(|mark| format!(", marked '{}'", mark.name)).unwrap_or_default();
    write!(
        out,
        "<tr><td class=\"place\">{}</td><td>{}<span class=\"rule\">{}</span></td><td>{}</td><td>{}</td><td>",
        words::markup(&format!("{}{mark}", words::place(at))),
        words::markup(&origin(&at.introduced)),
        words::markup(&subject.unwrap_or_default()),
        words::markup(&until),
        words::markup(&refs.join(", "))
    )?;
    let bar: Vec<_> = axis.and_then(|axis| axis.bar(at)).into_iter().collect();
    life(&bar, rank, out)?;
    write!(out, "</td></tr>")
}

fn lists(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let mut list = |title: &str, lines: Vec<String>| {
        if lines.is_empty() {
            return Ok(());
        }
        write!(
            out,
            "<details><summary>{title} <span class=\"count\">{}</span></summary><ul>",
            lines.len()
        )?;
        lines.iter().try_for_each(|line| write!(out, "<li>{}</li>", words::markup(line)))?;
        writeln!(out, "</ul></details>")
    };
    let unread = report.unread.iter();
    list(
        "Could not be read",
        unread.map(|unread| format!("{}: {}", unread.what, unread.reason)).collect(),
    )?;
    let suppressed = report.suppressed.iter().map(|suppressed| {
        let finding = &suppressed.finding;
        let place = finding.occurrences.first().map(words::place).unwrap_or_default();
        format!("{} at {place}: {}", finding.description, words::reason(&suppressed.reason))
    });
    list("Allowed", suppressed.collect())?;
    list("Notes", words::remarks(report))
}
