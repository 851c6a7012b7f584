//! What is odd and may yet be published. What is said of each stands in `oddities.txt`.

use jiff::civil::date;

use super::*;

const DAY: &str = "templates/reminder-day-before.ja.md";
const SLOT: &str = "templates/slot-lost.ja.md";

/// Oddities, one or a few of a kind each.
const CASES: &[Changes<'_>] = &[
    // What nobody uses.
    &[(
        ASKS,
        "triage:\n",
        "triage-2:\n  kind: choice\n  to: operator\n  title: { ja: 分類, en: Sort }\n  body: { ja: 分類, en: Sort }\n  answers: [{ name: a, label: { ja: 一, en: One } }]\n  template: attend\n  deadline: P1D\ntriage:\n",
    )],
    &[(SLOT, "", "")],
    &[
        (MAIN, "policies:\n", "policies:\n  spare: { label: { ja: 予備, en: Spare }, otherwise: nowhere }\n"),
        (MAIN, "\nfacts:\n", "\nfacts:\n  spare: { kind: line, label: { ja: 予備, en: Spare } }\n"),
        (MAIN, "\nmenus:\n", "\nmenus:\n  spare: { label: { ja: 予備, en: Spare }, minutes: 60, price: 0 }\n"),
        (
            "flows/spare.yaml",
            "",
            "label: { ja: 予備, en: Spare }\nstart: a\nnodes: { a: { action: notify, template: closing, to: coach, next: { done: \"end:a\" } } }\n",
        ),
    ],
    // Times.
    &[(MAIN, "from: \"21:00\", to: \"08:00\"", "from: \"09:00\", to: \"18:00\"")],
    &[(MAIN, "quiet: {", "# quiet: {")],
    &[(MAIN, "before: P0D, at: \"07:30\"", "before: P0D, at: \"23:00\"")],
    &[(ASKS, "nudges: [P2D, P5D]", "nudges: [P5D, P2D]")],
    &[(ASKS, "  nudges: [P2D, P5D]\n", "")],
    // What means nothing where it is.
    &[(MAIN, "goal: goal, preferred", "goal: message, preferred")],
    &[
        (ASKS, "- { name: accepted,", "- { name: accepted, means: paid,"),
        (ASKS, "- { name: declined,", "- { name: declined, means: held,"),
    ],
    &[
        (JA, "class: routine", "attach: calendar\nclass: routine"),
        (EN, "class: routine", "attach: calendar\nclass: routine"),
    ],
    &[
        (
            MAIN,
            "  inquiry:\n    signature: { scheme: none, per_minute: 120 }",
            "  inquiry:\n    signature: { scheme: standard-webhooks }",
        ),
        ("demo-secrets.yaml", "\"payment:stripe\"", "# \"payment:stripe\""),
    ],
    // Mails.
    &[(EN, "Dear {{ customer }}", "Dear <b>{{ customer }}</b>, see [our terms](terms.pdf)")],
    &[(MAIN, "required: [name, email]\n", "required: [email]\n")],
];

/// What is changed, and what is said of it; nothing of it is refused.
fn told(case: &Changes<'_>) -> String {
    let changes = case.iter().map(|(file, from, to)| format!("{file}: {from:?} -> {to:?}\n"));
    let mut files = changed(case);
    if case[0].0 == SLOT {
        // One language twice, and a template that nobody sends.
        files.insert("templates/spare.ja.md".to_owned(), files[SLOT].clone());
        files.insert("templates/spare.en.md".to_owned(), files[SLOT].replace("language: ja", "language: en"));
    }
    let folder = load(&files).unwrap_or_else(|problems| panic!("{case:?} is refused: {problems:#?}"));
    assert!(!folder.warnings.is_empty(), "{case:?} is warned of");
    changes.chain(folder.warnings.iter().map(|warning| format!("    {warning}\n"))).collect()
}

#[test]
fn every_kind_of_warning() {
    golden("oddities.txt", CASES, told);
}

#[test]
fn dates_that_are_over_are_told_by_the_day() {
    let files = embedded(&READY_MADE[0].1);
    let warned = |today| {
        let mut files = files.clone();
        let confirmed = files.get_mut(MAIN).expect("a main file");
        *confirmed = confirmed.replace("confirmed: 2026-11-20", "confirmed: 2027-12-01");
        load_at(&files, Some(today)).expect("no problem").warnings
    };
    assert_eq!(warned(date(2027, 12, 11)), []);
    let over = warned(date(2027, 12, 12));
    assert_eq!(over.len(), 1, "{over:?}");
    assert!(over[0].what.contains("menu seminar: all its dates are over"), "{over:?}");
    assert!(files.contains_key(DAY), "a mail that waits for the morning");
}

#[test]
fn numbers_for_an_emergency_that_nobody_looked_at_for_half_a_year() {
    let files = embedded(&READY_MADE[0].1);
    let warned = |today| {
        let warnings = load_at(&files, Some(today)).expect("no problem").warnings;
        warnings.into_iter().map(|warning| warning.what).collect::<Vec<_>>()
    };
    assert_eq!(warned(date(2027, 5, 20)), Vec::<String>::new());
    let old = warned(date(2027, 5, 21));
    assert!(old.len() == 1 && old[0].contains("was more than six months ago"), "{old:?}");
    let early = warned(date(2026, 11, 19));
    assert!(early.len() == 1 && early[0].contains("is still to come"), "{early:?}");
}

#[cfg(unix)]
#[test]
fn nothing_on_disk_hangs_and_nothing_is_passed_over() {
    let folder = Scratch::new(&embedded(&READY_MADE[0].1));
    let outside = folder.0.with_extension("elsewhere.md");
    std::fs::rename(folder.0.join("templates/closing.en.md"), &outside).expect("moved");
    std::os::unix::fs::symlink(&outside, folder.0.join("templates/closing.en.md")).expect("linked");
    std::fs::create_dir_all(folder.0.join(".git")).expect("made");
    std::fs::write(folder.0.join(".git/x.yaml"), "[").expect("written");
    let read_once = read(&folder.0);
    let warnings = read_once.unwrap_or_else(|problems| panic!("{problems:#?}")).warnings;
    assert_eq!(warnings.len(), 1, "{warnings:?}");
    assert!(
        warnings[0].to_string().starts_with("templates/closing.en.md:1:1: is a link to a file outside"),
        "{warnings:?}"
    );

    std::fs::write(folder.0.join("flows/old.yml"), "").expect("written");
    let found = read(&folder.0).expect_err("never read");
    assert_eq!(found[0].to_string(), "flows/old.yml:1:1: is never read: call it old.yaml");
    let made = std::process::Command::new("mkfifo").arg(folder.0.join("flows/pipe.yaml")).status();
    if made.is_ok_and(|status| status.success()) {
        let found = read(&folder.0).expect_err("a pipe");
        assert_eq!(
            found[0].to_string(),
            "flows/pipe.yaml:1:1: is no file that can be read; put a plain one in its place"
        );
    }
    std::fs::remove_file(outside).expect("removed");
}
