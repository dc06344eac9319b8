//! The page of a scan in a real browser: filters, keys, themes, without scripts, on paper, with hostile names.

mod browser;
mod sample;

use browser::Browser;
use serde_json::json;

/// How many findings are to be seen.
const VISIBLE: &str =
    "[...document.querySelectorAll('.finding')].filter((one) => one.checkVisibility()).length";
/// The number of the finding that has the focus.
const CURRENT: &str = "Number(document.activeElement.closest('.finding')?.id.slice(1) ?? 0)";
const OPEN: &str = "document.querySelectorAll('.finding details[open]').length";
const SHOWN: &str = "document.getElementById('shown').textContent";

#[test]
fn keys_move_and_open() {
    let mut browser = Browser::start();
    browser.open(&sample::page(&sample::report(450), false));
    assert_eq!(browser.eval(VISIBLE), 200);
    assert_eq!(browser.eval(SHOWN), "450 findings");
    for key in ["j", "j", "j", "k"] {
        browser.press(key);
    }
    assert_eq!(browser.eval(CURRENT), 2);
    browser.press("Enter");
    assert_eq!(browser.eval(OPEN), 1);
    assert!(browser.eval("document.querySelector('#f2 .places').checkVisibility()") == true);
    browser.press("Escape");
    assert_eq!(browser.eval(OPEN), 0);
    browser.press("?");
    assert_eq!(browser.eval("document.getElementById('help').open"), true);
    browser.press("j");
    browser.press("Escape");
    assert_eq!(browser.eval("document.getElementById('help').open"), false);
    assert_eq!(browser.eval(CURRENT), 2);
    // Past the last one that is shown, more are.
    browser.eval("document.querySelector('#f200 summary').focus()");
    browser.press("j");
    assert_eq!(browser.eval(CURRENT), 201);
    assert_eq!(browser.eval(VISIBLE), 400);
    browser.eval("document.getElementById('more').click()");
    assert_eq!(browser.eval(VISIBLE), 450);
    assert_eq!(browser.eval(CURRENT), 401);
    assert_eq!(browser.eval("document.getElementById('more').hidden"), true);
    assert!(browser.complaints.is_empty(), "{:?}", browser.complaints);
}

#[test]
fn filters_choose_and_say_how_many() {
    let report = sample::report(450);
    let mut browser = Browser::start();
    browser.open(&sample::page(&report, false));
    let of = |test: &dyn Fn(&git_shroud::scan::Finding) -> bool| {
        report.findings.iter().filter(|one| test(one)).count()
    };
    let terraform = of(&|one| one.occurrences[0].place.name.starts_with(b"terraform/"));
    assert!((20..200).contains(&terraform));
    browser.press("/");
    browser.type_text("TERRAFORM/ main.tf");
    assert_eq!(browser.eval(VISIBLE), terraform);
    assert_eq!(browser.eval(SHOWN), format!("{terraform} of 450 findings"));
    // Letters in the field are text, and no keys.
    assert_eq!(browser.eval("document.getElementById('text').value"), "TERRAFORM/ main.tf");
    browser.press("Escape");
    assert_eq!(browser.eval(SHOWN), "450 findings");
    browser.press("Escape");
    assert_eq!(browser.eval("document.activeElement === document.body"), true);
    let low = of(&|one| one.rank.name() == "low");
    let uncheck = |name: &str| format!("document.querySelector('input[value={name}]').click()");
    for rank in ["certain", "high", "medium"] {
        browser.eval(&uncheck(rank));
    }
    assert_eq!(browser.eval(SHOWN), format!("{low} of 450 findings"));
    let low_local = of(&|one| one.rank.name() == "low" && one.exposure().name() == "local");
    for exposure in ["pushed", "head", "unreachable"] {
        browser.eval(&uncheck(exposure));
    }
    assert_eq!(browser.eval(VISIBLE), low_local);
    browser.eval("document.querySelector('button[type=reset]').click()");
    browser.settle();
    assert_eq!(browser.eval(SHOWN), "450 findings");
    assert!(browser.complaints.is_empty(), "{:?}", browser.complaints);
}

#[test]
fn hostile_names_are_shown_and_do_nothing() {
    let mut browser = Browser::start();
    for reveal in [false, true] {
        browser.open(&sample::page(&sample::report(5), reveal));
        browser.settle();
        assert_eq!(browser.eval("window.evil === undefined"), true);
        assert_eq!(
            browser.eval("document.querySelectorAll('script, img, iframe, link').length"),
            2
        );
        assert_eq!(browser.eval("document.querySelectorAll('[onload], [onerror]').length"), 0);
        assert_eq!(browser.eval("document.querySelectorAll('.finding').length"), 5);
        let shown = browser.eval("document.querySelector('#f2 > tr > .place').textContent");
        assert!(shown.as_str().unwrap().contains("evil</script><script>window.evil=1</script>"));
        assert!(browser.complaints.is_empty(), "{:?}", browser.complaints);
    }
    // What an escape would miss could not run either.
    browser.eval(
        "document.body.insertAdjacentHTML('beforeend', '<img src=x onerror=\"window.evil=1\">'); \
         const script = document.createElement('script'); script.textContent = 'window.evil=1'; \
         document.body.append(script);",
    );
    browser.settle();
    assert_eq!(browser.eval("window.evil === undefined"), true);
    assert!(
        browser.complaints.iter().any(|complaint| complaint.contains("Content Security Policy"))
    );
}

#[test]
fn the_theme_is_the_system_s_until_it_is_switched() {
    let mut browser = Browser::start();
    let ground = "getComputedStyle(document.body).backgroundColor";
    for (system, dark) in [("light", false), ("dark", true)] {
        let features = json!([{"name": "prefers-color-scheme", "value": system}]);
        browser.call("Emulation.setEmulatedMedia", &json!({"features": features}));
        browser.open(&sample::page(&sample::report(3), false));
        let (light_ground, dark_ground) = ("rgb(255, 255, 255)", "rgb(20, 23, 27)");
        assert_eq!(browser.eval(ground), if dark { dark_ground } else { light_ground });
        let click = "document.getElementById('theme').click()";
        browser.eval(click);
        assert_eq!(browser.eval(ground), dark_ground);
        browser.eval(click);
        assert_eq!(browser.eval(ground), light_ground);
        browser.eval(click);
        assert_eq!(browser.eval("document.getElementById('theme-name').textContent"), "system");
    }
    assert!(browser.complaints.is_empty(), "{:?}", browser.complaints);
}

#[test]
fn without_scripts_it_is_a_plain_table() {
    let mut browser = Browser::start();
    browser.call("Emulation.setScriptExecutionDisabled", &json!({"value": true}));
    browser.open(&sample::page(&sample::report(450), false));
    assert_eq!(browser.eval(VISIBLE), 450);
    let hidden =
        "[...document.querySelectorAll('.script-only')].every((one) => !one.checkVisibility())";
    assert_eq!(browser.eval(hidden), true);
}

#[test]
fn it_fits_narrow_screens_and_prints_everything() {
    let mut browser = Browser::start();
    for width in [320, 768, 1024, 1920] {
        let size = json!({"width": width, "height": 800, "deviceScaleFactor": 1, "mobile": false});
        browser.call("Emulation.setDeviceMetricsOverride", &size);
        browser.open(&sample::page(&sample::report(30), false));
        browser.eval(
            "document.querySelectorAll('.finding details').forEach((one) => { one.open = true; })",
        );
        let overflow = browser.eval("document.documentElement.scrollWidth - innerWidth");
        assert!(overflow.as_i64().unwrap() <= 0, "{width}: {overflow}");
    }
    browser.open(&sample::page(&sample::report(450), false));
    browser.eval("dispatchEvent(new Event('beforeprint'))");
    assert_eq!((browser.eval(VISIBLE), browser.eval(OPEN)), (450.into(), 450.into()));
    browser.eval("dispatchEvent(new Event('afterprint'))");
    assert_eq!(browser.eval(OPEN), 0);
    assert!(browser.complaints.is_empty(), "{:?}", browser.complaints);
}

#[test]
fn everything_has_a_name_for_those_who_do_not_see_it() {
    let mut browser = Browser::start();
    browser.open(&sample::page(&sample::report(20), false));
    let unnamed = "[...document.querySelectorAll('button, input, summary, dialog, th, [role=img]')].filter((one) => \
        !(one.textContent.trim() || one.getAttribute('aria-label') || one.labels?.[0]?.textContent.trim() \
        || one.getAttribute('aria-labelledby'))).map((one) => one.outerHTML)";
    assert_eq!(browser.eval(unnamed), json!([]));
    browser.call("Accessibility.enable", &json!({}));
    let tree = browser.call("Accessibility.getFullAXTree", &json!({}));
    let roles: Vec<_> = tree["nodes"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|node| node["role"]["value"].as_str())
        .collect();
    for role in ["main", "table", "search", "status", "rowheader", "columnheader"] {
        assert!(roles.contains(&role), "{role}: {roles:?}");
    }
}

#[test]
fn a_large_report_is_small_for_the_browser() {
    let page = sample::page(&sample::report(5000), false);
    let mut browser = Browser::start();
    browser.open(&page);
    assert_eq!(browser.eval(VISIBLE), 200);
    browser.press("/");
    browser.type_text("npmrc-4999");
    let shown = browser.eval(SHOWN);
    assert!(["0 of 5000 findings", "1 of 5000 findings"].contains(&shown.as_str().unwrap()));
    assert!(page.len() < 5000 * 8192, "{} bytes", page.len());
    assert!(browser.complaints.is_empty(), "{:?}", browser.complaints);
}
