//! A key on one printed page: a QR code, 24 words, and how to restore.

use std::fmt::Write as _;

use zeroize::Zeroizing;

use super::qr::Qr;

/// What the page shows. The texts are put into HTML as they are, but for `words`; names, ids and dates need no escape.
pub struct Sheet<'s> {
    /// The key's name.
    pub name: &'s str,
    /// The key's generation.
    pub generation: u32,
    /// The key's id.
    pub id: &'s str,
    /// The day on which it was made.
    pub date: &'s str,
    /// The key's words, with a space between them.
    pub words: &'s str,
    /// The key's token, as a picture.
    pub qr: &'s Qr,
}

/// Everything is in the page: no script, no file and no font from elsewhere.
const HEAD: &str = r#"<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>git-shroud key</title>
<style>
@page { size: A4; margin: 18mm; }
body { font: 11pt/1.35 sans-serif; max-width: 174mm; margin: 0 auto; color: #000; background: #fff; }
h1 { font-size: 18pt; margin: 0 0 3mm; }
h2 { font-size: 12pt; margin: 5mm 0 2mm; }
.top { display: flex; gap: 8mm; align-items: flex-start; }
.top svg { width: 62mm; height: 62mm; flex: none; }
td { padding: 0 4mm 1mm 0; vertical-align: top; }
code, ol { font-family: monospace; }
ol { columns: 4; font-size: 12pt; margin: 0; padding-left: 9mm; line-height: 1.7; }
pre { margin: 0; padding: 2mm; border: 0.3mm solid #888; }
.warning { border: 0.6mm solid #000; padding: 2mm; font-weight: bold; }
</style>
</head>
<body>
"#;

impl Sheet<'_> {
    /// The page.
    pub fn to_html(&self) -> Zeroizing<String> {
        let Self { name, generation, id, date, words, qr } = self;
        let svg = qr.to_svg();
        let mut html = Zeroizing::new(String::with_capacity(16 * 1024 + svg.len()));
        html.push_str(HEAD);
        write!(
            html,
            r#"<h1>git-shroud key "{name}"</h1>
<p class="warning">Anybody who reads this page can read everything that this key seals. Keep it with your most
important documents.</p>
<div class="top">
{}<table>
<tr><td>key</td><td><code>{name}</code></td></tr>
<tr><td>generation</td><td><code>{generation}</code></td></tr>
<tr><td>id</td><td><code>{id}</code></td></tr>
<tr><td>date</td><td>{date}</td></tr>
<tr><td>repository</td><td>______________________</td></tr>
<tr><td>kept by</td><td>______________________</td></tr>
</table>
</div>
<h2>The key in 24 words</h2>
<ol>
"#,
            *svg
        )
        .expect("a String takes any text");
        for word in words.split(' ') {
            writeln!(html, "<li>{word}</li>").expect("a String takes any text");
        }
        html.push_str(
            r"</ol>
<h2>How to restore</h2>
<p>Scan the QR code with a program that sends nothing away, or type the words in order into a file. Then, in a clone of
the repository:</p>
<pre>
git shroud unlock FILE
shred -u FILE
</pre>
<p>From a scan, <code>zbarimg --quiet --raw SCAN.png | git shroud unlock -</code> does it in one step.
To test once a year that this page still works:</p>
<pre>
git shroud key export --verify FILE
</pre>
</body>
</html>
",
        );
        html
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_has_all_it_needs_and_nothing_from_elsewhere() {
        let qr = Qr::new("GIT-SHROUD-KEY-1").unwrap();
        let sheet = Sheet {
            name: "prod",
            generation: 2,
            id: "00ff",
            date: "2026-01-02",
            words: "legal winner thank",
            qr: &qr,
        };
        let html = sheet.to_html();
        for part in [
            "<code>prod</code>",
            "<code>2</code>",
            "00ff",
            "2026-01-02",
            "<li>winner</li>",
            "<svg ",
        ] {
            assert!(html.contains(part), "lacks {part}");
        }
        let without_namespace = html.replace("http://www.w3.org/2000/svg", "");
        for foreign in ["<script", "http:", "https:", "url(", "src=", "<link", "@import"] {
            assert!(!without_namespace.contains(foreign), "has {foreign}");
        }
    }
}
