use super::*;

mod emergency;
mod faults;
mod imports;
mod oddities;
mod pictures;
mod readme;
mod stages;

/// What is changed in the files of the first ready-made folder: file, text, what stands there instead.
type Changes<'a> = &'a [(&'a str, &'a str, &'a str)];

const FLOW: &str = "flows/inquiry.yaml";
const INSTALMENT: &str = "flows/instalment.yaml";
const PAYMENT: &str = "flows/payment.yaml";
const SEMINAR: &str = "flows/seminar.yaml";
const MAIN: &str = "playbook.yaml";
const ASKS: &str = "questions.yaml";
const JA: &str = "templates/declined.ja.md";
const EN: &str = "templates/declined.en.md";
const ASK: &str = "templates/missing-info.ja.md";
const BILL: &str = "templates/invoice.en.md";
const COACH: &str = "templates/coach-booked.en.md";

/// Every kind of problem. What is said of each stands in `tests/problems.txt`.
const CASES: &[Changes<'_>] = &[
    &[(MAIN, "v: 1", "v: 9")],
    &[(MAIN, "zone: Asia/Tokyo", "zone: Asia/Tokio")],
    &[(MAIN, "zone: Asia/Tokyo", "zone: Asia/Tokyo\nzzone: x")],
    &[(MAIN, "zone: Asia/Tokyo", "zone: [")],
    &[(MAIN, "zone: Asia/Tokyo", "zone: Asia/Tokyo\nlanguage: jp")],
    &[
        (MAIN, "  others:\n    - { id: kaneko", "    - { id: kaneko"),
        (MAIN, "  operators:\n", "  operators: []\n  others:\n"),
    ],
    &[(MAIN, "kind: line, label: { ja: お名前", "kind: choice, label: { ja: お名前")],
    &[(MAIN, "preferred: preferred }", "preferred: preferred, prefered: x }")],
    &[(MAIN, "required: [name, email", "required: [name, e-mail, email")],
    &[(MAIN, "required: [name, email, message]", "required: [name, message]")],
    &[(MAIN, "language: ja", "language: jp")],
    &[(MAIN, "flow: inquiry", "flow: enquiry")],
    &[(MAIN, "acknowledge: acknowledge", "acknowledge: acknowlege")],
    &[(MAIN, "read: [message]", "read: [message, massage]")],
    &[(
        MAIN,
        "read: [message]",
        "read: [message]\n  emergency: [もうだめ, ーー]\n  harmless: [もうだめ押し, もうだめ, 自, 忙殺]",
    )],
    // People, quiet hours, reminders.
    &[
        (MAIN, "id: mori", "id: yamada"),
        (MAIN, "coach: mori,", "coach: yamada,"),
        (MAIN, "coach: mori,", "coach: yamada,"),
    ],
    &[(MAIN, "name: 山田 花子,", "name: 山田 花子, zone: Asia/Tokio,")],
    &[(MAIN, "https://zoom.example", "http://zoom.example"), (MAIN, "{booking}", "{room}")],
    &[(MAIN, "to: \"08:00\"", "to: \"21:00\"")],
    &[(MAIN, "template: reminder-hour, to: customer, before: PT1H", "template: reminder, to: customer, before: -PT1H")],
    // Menus.
    &[(MAIN, "minutes: 45, after: 15, price: 0", "minutes: 0, after: 15, price: -1, sessions: 0, coaches: [yamda]")],
    &[
        (MAIN, "menu: seminar, coach: yamada", "menu: single, coach: yamada"),
        (MAIN, "    - { id: seminar-2027-01", "#"),
    ],
    &[(MAIN, "at_least: 2", "at_least: 200")],
    &[
        (MAIN, "minutes: 60, after: 15, price: 16500", "minutes: 60, after: 15, price: 16500, coaches: []"),
        (MAIN, "minutes: 45, after: 15", "minutes: 481, after: 15"),
    ],
    &[(FLOW, "menu: trial", "menu: trail")],
    &[(FLOW, "menu_from: plan", "menu_from: goal")],
    &[(FLOW, "menu_from: plan", "menu_from: plans")],
    &[(FLOW, "menu_from: plan", "menu_from: payment")],
    &[(FLOW, "menu_from: plan", "menu: trial")],
    &[(FLOW, "menu_from: plan", "menu_from: menu\n    menu: single")],
    &[(FLOW, "menu: trial", "menu_from: plan")],
    // Calendar.
    &[
        (MAIN, "lead: PT24H", "lead: P40D"),
        (MAIN, "hold: P3D", "hold: PT0S\n  every: 1"),
        (MAIN, "per_day: 2", "per_day: 0"),
    ],
    &[(MAIN, "from: \"12-29\", to: \"01-03\"", "from: \"12-32\", to: \"1-3\"")],
    &[(MAIN, "coach: mori, days: [fri, sat]", "coach: yamada, days: [mon, sat]")],
    &[(MAIN, "coach: mori, days: [fri, sat]", "coach: moori, days: [sat, sat]")],
    &[(MAIN, "days: [wed], from: \"18:00\", to: \"21:00\"", "days: [], from: \"18:00\", to: \"18:00\"")],
    &[(MAIN, "date: 2026-12-24, closed: true", "date: 2026-12-24, closed: true, from: \"10:00\"")],
    &[(MAIN, "date: 2026-12-24, closed: true", "date: 2026-12-24, from: \"10:00\"")],
    &[(MAIN, "date: 2026-12-24, closed: true", "date: 2026-12-24, from: \"10:00\", to: \"09:00\"")],
    &[(MAIN, "id: seminar-2026-12, menu: seminar, coach: yamada", "id: seminar-2027-01, menu: semnar, coach: yamda")],
    &[(MAIN, "capacity: 8", "capacity: 0"), (MAIN, "group: true", "group: true, coaches: [mori]")],
    &[(MAIN, "group: true", "group: true, seats_per_customer: 0")],
    &[(MAIN, "group: true", "group: true, seats_per_customer: 9")],
    &[(MAIN, "price: 88000", "price: 8800000000000, seats_per_customer: 2")],
    &[
        (MAIN, "address: hanako@", "zone: Europe/London, address: hanako@"),
        (MAIN, "2026-12-12T17:00", "2027-03-28T01:30"),
    ],
    &[(MAIN, "\ncalendar:\n", "\ncalender:\n")],
    // Billing.
    &[(MAIN, "currency: JPY", "currency: yen"), (MAIN, "tax: 10", "tax: 1000"), (MAIN, "due: P7D", "due: -P7D")],
    &[
        (MAIN, "registration: T1234567890123", "registration: \"\""),
        (MAIN, "link: \"{public_url}/_local/pay/{invoice}\"", "link: \"buy.stripe.example/{name}\""),
    ],
    // Policies.
    &[(MAIN, "menu == 'single'", "menue == 'single'")],
    &[(MAIN, "menu == 'single'", "menu ==")],
    &[(MAIN, "menu == 'single'", "size(menu)")],
    &[(MAIN, "menu == 'single'", "goal == 'single'")],
    &[(MAIN, "then: apply", "then: aply")],
    &[(MAIN, "otherwise: offer-trial", "otherwise: \"policy:by-payer\"")],
    &[(MAIN, "    otherwise: offer-trial\n", "")],
    &[(MAIN, "    otherwise: offer-trial\n", "    bands: [{ to: 1, then: apply }, { from: 2, then: apply }]\n")],
    &[(
        MAIN,
        "    otherwise: offer-trial\n",
        "    otherwise: offer-trial\n    on: menu\n    bands: [{ to: 3, then: apply }, { from: 2, then: apply }]\n",
    )],
    &[(MAIN, "    otherwise: offer-trial\n", "    otherwise: offer-trial\n    on: sessions_left\n")],
    &[(MAIN, "otherwise: desk", "otherwise: desc")],
    &[(MAIN, "\nfacts:\n", "\nfacts:\n  paid: { kind: line, label: { ja: 済, en: Paid } }\n")],
    &[(FLOW, "policy:by-menu", "policy:by-menue")],
    &[(SEMINAR, "policy: seminar-owner", "policy: seminar-ownr")],
    // Ladders of mails about money.
    &[
        (MAIN, "name: first, day: 1, template: payment-first", "name: notice, day: -2, template: payment-frist"),
        (MAIN, "fee: 880", "fee: -1"),
        (MAIN, "withholding: true }", "withholding: true }\n  zone_from: menu"),
    ],
    &[
        (MAIN, "currency: JPY", "currency: GBP"),
        (MAIN, "fee: 880, withholding: true }", "withholding: true }\n  zone_from: name"),
    ],
    &[
        (PAYMENT, "ladder: usual", "ladder: unusual"),
        (PAYMENT, "      paid: leave:paid\n      withdrawn", "      withdrawn"),
    ],
    // What is paid in parts, or at the end of a month.
    &[
        (MAIN, "twice: { parts: 2, every: P1M }", "twice: { parts: 1, every: PT0S }, thrice: { parts: 3, every: P1M }"),
        (MAIN, "first: 20000", "first: 88000"),
        (MAIN, "months: 1 }", "months: 13 }"),
        (MAIN, "when: \"payer_kind ==", "when: \"payer_kinds =="),
    ],
    &[(
        MAIN,
        "{ before: P7D, percent: 0 }, { before: P1D, percent: 50 }, { percent: 100 }",
        "{ before: P1D, percent: 120 }, { percent: 50 }, { before: P7D, percent: 0 }",
    )],
    &[(MAIN, ", cancel: [{ before: P7D, percent: 0 }, { before: P1D, percent: 50 }, { percent: 100 }]", "")],
    &[(MAIN, "plan_from: pay_in", "plan_from: name")],
    &[(MAIN, "  plan_from: pay_in\n", "")],
    &[
        (INSTALMENT, "    next_part: true\n", ""),
        (INSTALMENT, "next_part: true, plus", "next_part: true, weekday: mon, plus"),
    ],
    // Questions.
    &[(MAIN, "{ word: 業務提携, points: 3 }", "{ points: 3 }")],
    &[(MAIN, "pattern: \"(貴社|御社)", "pattern: \"(貴社|御社")],
    &[(ASKS, "answers:\n    - { name: send", "answers: []\n#   - { name: send")],
    &[(ASKS, "Send } }", "Send } }\n    - { name: expired, label: { ja: 後, en: Later } }")],
    &[(ASKS, "  nudge: missing-info-again\n", "")],
    &[(ASKS, "shows: [name, message]", "shows: [name, massage]")],
    &[
        (
            ASKS,
            "transfer:\n  kind: choice\n  confirm: true # it books money\n  to: group:finance",
            "transfer:\n  kind: choice\n  confirm: true # it books money\n  to: customer",
        ),
        (ASKS, "name: paid, means: paid, label: { ja: 請求額", "name: paid, label: { ja: 請求額"),
    ],
    &[
        (ASKS, "means: reduced, asks: [reduce_by]", "means: reduced, asks: [name]"),
        (ASKS, "proposes: [reschedule, cancel,", "proposes: [violation, cancle,"),
        (MAIN, "words: [解約,", "words: [ーー,"),
        (MAIN, "    by: staff\n", "    by: staff\n    words: [違反]\n"),
    ],
    &[(ASKS, "template: missing-info", "template: missing-inf")],
    &[(ASKS, "nudge: missing-info-again", "nudge: missing-info-agin")],
    &[(ASKS, "  fields: [preferred]\n", "")],
    &[(ASKS, "  fields: [preferred]\n", "  fields: [prefered]\n")],
    &[(ASKS, "  kind: openings\n  to: coach", "  kind: openings\n  to: operator")],
    &[(ASKS, "name: none-fits", "name: no-slots"), (FLOW, "none-fits: trial-wishes, ", "")],
    &[
        (ASKS, "- { name: signed-up, means: held", "- { name: signed-up"),
        (ASKS, "- { name: left, means: held", "- { name: left"),
    ],
    &[(ASKS, "trial-result:\n  kind: choice\n  to: coach", "trial-result:\n  kind: choice\n  to: customer")],
    &[(
        ASKS,
        "triage:\n",
        "urgent:\n  kind: choice\n  to: operator\n  title: { ja: 至急, en: Urgent }\n  body: { ja: 至急, en: Urgent }\n  answers: [{ name: handled, label: { ja: 済, en: Handled } }]\n  template: attend\n  deadline: PT2H\ntriage:\n",
    )],
    // Front matter.
    &[(JA, "approved_by: yamada\n", "")],
    &[(EN, "approved_by: yamada\n", "approved_by:\n")],
    &[(EN, "class: routine", "class: exception")],
    &[(EN, "effect: information", "effect: money")],
    &[(EN, "effect: information", "effect: information\nhours: day\nattach: calendar")],
    &[(EN, "language: en", "language: ja")],
    &[(EN, "class: routine", "klass: routine")],
    &[(EN, "---\nlanguage", "language")],
    &[(EN, "approved_by: yamada\n---\n", "approved_by: yamada\n")],
    // Flows.
    &[(FLOW, "start: classify", "start: clasify")],
    &[(FLOW, "declined: decline, replied", "declined: declin, expired")],
    &[(FLOW, "done: \"end:declined\"", "done: \"end:\"")],
    &[(FLOW, "action: classify-inquiry", "action: clasify-inquiry")],
    &[(FLOW, "unsure: triage }", "}")],
    &[(FLOW, "done: \"end:gave-up\"", "done: \"end:gave-up\", sent: decline")],
    &[(FLOW, "question: triage", "question: triag")],
    &[(FLOW, "question: triage", "question: trial-slots")],
    &[(FLOW, "template: gave-up", "template: gaveup")],
    &[(FLOW, "    template: gave-up\n", "")],
    &[(FLOW, "question: triage", "question: triage\n    template: declined")],
    &[(FLOW, "    menu: trial\n", "")],
    &[(FLOW, "question: triage", "question: triage\n    facts: [goal]")],
    &[(FLOW, "facts: [menu, goal", "facts: [menu, gaol")],
    &[(FLOW, "agree: book-trial", "agree: hold-trial")],
    &[(FLOW, "opened: offer-trial", "opened: book-trial")],
    // Placeholders: names, and what the use of the template provides.
    &[(JA, "{{ customer }}", "{{ facts.nmae }}様")],
    &[(JA, "{{ customer }}", "{{ name }}様")],
    &[(JA, "{{ customer }}", "{{ nobody }}")],
    &[(JA, "{{ customer }}", "{{ facts.name.kanji }}様 {{ number.long }}")],
    &[(JA, "{{ customer }}", "{{ facts }}")],
    &[(JA, "(受付番号 {{ number }})", "({{ deadline }})")],
    &[(JA, "subject: \"【", "subject: \"\\u3010"), (JA, "{{ number }}", "{{ numer }}")],
    &[(EN, "{% if again %}", "{% if aagain %}{{ link }}")],
    &[(ASK, "{% for item in asked %}", "{% for item in asks %}")],
    &[(ASK, "{{ link }}", "{{ link }} {{ reason }}")],
    &[(ASKS, "template: attend", "template: declined"), (JA, "{{ customer }}", "{{ facts.name }}様")],
    &[(JA, "{{ customer }}", "{{ facts.goal }}")],
    &[(
        COACH,
        "{% if facts.goal is defined %}",
        "{{ facts.preferred }} {% if facts.preferred is defined %}{% endif %}{% if facts.goal is defined %}",
    )],
    &[(COACH, "{{ meeting }}", "{{ facts.theme }}"), (FLOW, "facts: [menu, goal", "facts: [menu, theme, goal")],
    &[(COACH, "{{ session }}, {{ customer }}", "{{ hold_until }}")],
    &[(BILL, "{{ bank }}", "{{ facts.goal }}")],
    &[(BILL, "{{ bank }}", "{{ session }} {{ sessions_left }}")],
    &[(
        EN,
        "Dear {{ customer }}",
        "{{ amount }} {{ expires_on }} {{ session }} {{ payer }} {{ menu }} {{ coach }} {{ paid_on }}",
    )],
    &[(
        MAIN,
        "name: 森 一郎, address: ichiro@yamada-coaching.example, meeting: \"https://meet.example/{booking}\"",
        "name: 森 一郎, address: ichiro@yamada-coaching.example",
    )],
    &[(BILL, "{% if registration is defined %}", "{% if true %}"), (MAIN, "  registration: T1234567890123\n", "")],
    &[(EN, "Dear {{ customer }}", "Dear {{ customer|uper }}")],
    &[(EN, "Dear {{ customer }}", "Dear {{ customer }")],
    &[(EN, "{% endif %}", "")],
    &[(EN, "(number {{ number }})", "(number {{ number )")],
    // A flow that goes round and round.
    &[(FLOW, "done: \"end:declined\"", "done: decline")],
    // All at once, sorted, and none that only follows from another.
    &[
        (FLOW, "label: {", "lable: {"),
        (MAIN, "read: [message]", "read: [massage]"),
        ("templates/acknowledge.ja.md", "language: ja", "langage: ja"),
        ("templates/gave-up.ja.md", "approved_by: yamada\n", ""),
        (ASKS, "shows: [name, message]", "shows: [naem, massage]"),
    ],
];

fn problems(files: &Files) -> Vec<String> {
    load(files).err().unwrap_or_default().iter().map(ToString::to_string).collect()
}

fn changed(changes: Changes<'_>) -> Files {
    let mut files = embedded(&READY_MADE[0].1);
    for (file, from, to) in changes {
        let text = files.entry((*file).to_owned()).or_default();
        assert!(text.contains(from), "{file} has {from:?}");
        *text = text.replacen(from, to, 1);
    }
    files
}

/// What is changed, and what is said of it.
fn told(case: &Changes<'_>) -> String {
    let changes = case.iter().map(|(file, from, to)| format!("{file}: {from:?} -> {to:?}\n"));
    let found = problems(&changed(case));
    assert!(!found.is_empty(), "{case:?} has a problem");
    changes.chain(found.iter().map(|problem| format!("    {problem}\n"))).collect()
}

/// What is said of each case, as it stands in a file beside this one; `UPDATE=1` writes it anew.
fn golden(name: &str, cases: &[Changes<'_>], told: fn(&Changes<'_>) -> String) {
    let half = cases.len().div_ceil(2);
    let said: Vec<String> = std::thread::scope(|scope| {
        let halves: Vec<_> =
            cases.chunks(half).map(|cases| scope.spawn(move || cases.iter().map(told).collect())).collect();
        halves.into_iter().map(|half| half.join().expect("each has a problem")).collect()
    });
    let said = said.concat();
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/tests").join(name);
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(&golden, &said).expect("written");
    }
    let before = std::fs::read_to_string(&golden).unwrap_or_default();
    assert!(before == said, "{} differs; UPDATE=1 writes it anew. Now:\n{said}", golden.display());
}

#[test]
fn every_kind_of_problem_with_its_place_and_the_way_out() {
    golden("problems.txt", CASES, told);
}

#[test]
fn what_is_right_is_not_refused() {
    let asks = "{% if facts.menu is defined %}{{ facts.menu }}{% endif %}{% for n in range(2) %}{{ n }}{% endfor %}";
    let guarded = "{% if session is defined and sessions_left is defined %}{{ session }}{{ sessions_left }}{% endif %}";
    let bands = "    bands: [{ from: 2, to: 3, then: apply }, { from: 5, then: apply }]\n    on: sessions_left\n";
    let bands = format!("{bands}    otherwise: offer-trial\n");
    let cases: [Changes<'_>; 8] = [
        &[(JA, "{{ customer }}", asks)],
        &[(JA, "{{ customer }}", guarded)],
        // What no band has goes otherwise.
        &[(MAIN, "    otherwise: offer-trial\n", &bands)],
        // A payment may come while a person is asked about something else.
        &[(
            FLOW,
            "next: { again: offer-session, close: close-open,",
            "next: { again: offer-session, paid: receipt, close: close-open,",
        )],
        // Slots are answers enough.
        &[
            (
                ASKS,
                "    - { name: none-fits, label: { ja: 合う日時がない, en: None of these suits me } }\n",
                "    []\n",
            ),
            (FLOW, "none-fits: trial-wishes, ", ""),
            (FLOW, "no-slots: trial-openings", "no-slots: trial-wishes"),
        ],
        // Words alone in the place of a survey, and both.
        &[(SEMINAR, "    question: survey\n", "    template: closing\n")],
        &[(SEMINAR, "    question: survey\n", "    question: survey\n    template: follow-up\n")],
        // A coach elsewhere.
        &[(MAIN, "name: 森 一郎,", "name: 森 一郎, zone: Pacific/Auckland,")],
    ];
    for case in cases {
        assert_eq!(problems(&changed(case)), [] as [&str; 0], "{case:?}");
    }
}

#[test]
fn what_functions_need_of_the_playbook() {
    let mut files = embedded(&READY_MADE[0].1);
    let main = files.get_mut(MAIN).expect("main");
    let (before, rest) = main.split_once("\nbilling:\n").expect("billing");
    let (policies, _) = rest.split_once("\ncalendar:\n").expect("a calendar at the end");
    let (others, policies) = policies.split_once("\npolicies:\n").expect("policies");
    let (_, requests) = others.split_once("\nrequests:\n").expect("requests");
    let (requests, _) = requests.split_once("\ngate:").expect("requests and approvals before it");
    *main = format!("{before}\nrequests:\n{requests}\npolicies:\n{policies}\n");
    let found = problems(&files);
    let said = |what: &str| found.iter().filter(|problem| problem.ends_with(what)).count();
    assert_eq!(said("issue-invoice needs billing: in playbook.yaml, which isn't there; add it"), 8, "{found:#?}");
    assert_eq!(said("offer-slots needs calendar: in playbook.yaml, which isn't there; add it"), 9, "{found:#?}");
    assert_eq!(said("dunning needs billing: in playbook.yaml, which isn't there; add it"), 1, "{found:#?}");
    assert_eq!(said("there is no ladder usual; add it under ladders: in playbook.yaml"), 1, "{found:#?}");
    assert_eq!(said("refund-payment needs billing: in playbook.yaml, which isn't there; add it"), 5, "{found:#?}");
    assert_eq!(found.len(), 26, "{found:#?}");
}

#[test]
fn the_ready_made_ones_have_no_problem() {
    for (name, dir) in READY_MADE.iter().chain(&TRADES) {
        assert_eq!(problems(&embedded(dir)), [] as [&str; 0], "{name}");
    }
    let folders = ready_made().expect("no problems");
    let trades = trades().expect("no problems");
    for folder in folders.iter().chain(&trades) {
        assert_eq!(folder.warnings, [], "{}", folder.playbook.client);
    }
    assert_eq!(folders.iter().map(|f| f.playbook.client.as_str()).collect::<Vec<_>>(), ["yamada", "harbor"]);
    assert_eq!(trades.iter().map(|f| f.playbook.client.as_str()).collect::<Vec<_>>(), ["sales", "helpdesk"]);
}

#[test]
fn what_is_not_there() {
    let mut files = embedded(&READY_MADE[0].1);
    files.remove(EN);
    assert_eq!(problems(&files), ["templates/declined.ja.md:1:1: there is no English; add templates/declined.en.md"]);
    assert_eq!(problems(&Files::new()), ["playbook.yaml:1:1: is missing; a playbook needs it"]);
    let nowhere = read(Path::new("no/such/folder")).expect_err("nowhere");
    assert!(nowhere[0].to_string().starts_with("no/such/folder: can't be read: "), "{nowhere:?}");
}

/// A folder on disk that goes when the test ends.
struct Scratch(std::path::PathBuf);

impl Scratch {
    fn new(files: &Files) -> Self {
        let thread = format!("{:?}", std::thread::current().id()).replace(['(', ')'], "");
        let dir = Self(std::env::temp_dir().join(format!("banto-playbook-{}-{thread}", std::process::id())));
        for (name, text) in files {
            let path = dir.0.join(name);
            std::fs::create_dir_all(path.parent().expect("a folder")).expect("made");
            std::fs::write(path, text).expect("written");
        }
        dir
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        std::fs::remove_dir_all(&self.0).unwrap_or_default();
    }
}

#[test]
fn a_template_that_is_too_long_to_be_counted_is_refused_where_it_is() {
    let told = |file: &str, change: &dyn Fn(&str) -> String| {
        let mut files = files_of("yamada").expect("a playbook");
        let text = change(&files[file]);
        files.insert(file.to_owned(), text);
        load(&files).expect_err("refused").iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    // One that was found by fuzzing: the reader's counter of columns ran over, in a number.
    let number = told(JA, &|text| format!("{text}{{% {} %}}\n", "1".repeat(70_000)));
    assert!(number[0].starts_with(JA) && number[0].ends_with("the line has more than 10000 characters; break it"));
    let lines = told(JA, &|text| format!("{text}{}", "\n".repeat(70_000)));
    assert_eq!(lines, [format!("{JA}:10001:1: the template has more than 10000 lines; shorten it")]);
    let subject =
        told(JA, &|text| text.replacen("subject: \"", &format!("subject: \"{}", "長い\n  ".repeat(20_000)), 1));
    assert!(!subject.is_empty());
    let folded = told(JA, &|text| text.replacen("subject: \"", &format!("subject: \"{}", "長い\n  ".repeat(6_000)), 1));
    assert!(folded[0].ends_with("the subject has more than 10000 characters; shorten it"), "{folded:?}");
}
