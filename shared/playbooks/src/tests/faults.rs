//! Faults that only show once a case runs. What is said of each stands in `faults.txt`.

use super::*;

/// One's own of what every practice has, before the first of one's own questions.
const URGENT: &str = "urgent:
  kind: choice
  to: operator
  title: { ja: 至急, en: Urgent }
  body: { ja: 至急, en: Urgent }
  answers: [{ name: resume, means: resume, label: { ja: 再開, en: Resume } }]
  template: attend
  deadline: PT2H
triage:
";
const TOGETHER: &str = "urgent:
  kind: choice
  to: operator
  with: [customer]
  then: [\"group:nobody\"]
  title: { ja: 至急, en: Urgent }
  body: { ja: 至急, en: Urgent }
  answers: [{ name: seen, label: { ja: 済, en: Seen } }, { name: resume, means: resume, label: { ja: 再開, en: Resume } }]
  template: attend
  deadline: PT2H
triage:
";
const ATTEND: &str = "attend:
  kind: choice
  to: customer
  title: { ja: 確認, en: Look }
  body: { ja: 確認, en: Look }
  answers: [{ name: handled, label: { ja: 済, en: Handled } }]
  template: attend
  deadline: P1D
triage:
";
const UNREADABLE: &str = "unreadable:
  kind: choice
  to: operator
  title: { ja: 確認, en: Look }
  body: { ja: 確認, en: Look }
  answers: [{ name: seen, label: { ja: 済, en: Seen } }]
  template: attend
  deadline: P1D
triage:
";

/// Faults, one or a few of a kind each.
const CASES: &[Changes<'_>] = &[
    // Nothing is proposed there that could become live.
    &[(
        FLOW,
        "nodes:\n",
        "nodes:\n  live: { action: publish-playbook, next: { published: collect, replaced: collect } }\n",
    )],
    // Round and round, by itself.
    &[
        (
            FLOW,
            "expired: no-application }",
            "expired: no-application }\n  round: { action: notify, template: missed, next: { done: \"policy:round\" } }",
        ),
        (
            MAIN,
            "policies:\n",
            "policies:\n  round: { label: { ja: 回, en: Round }, rules: [{ when: paid, then: \"end:over\" }], otherwise: round }\n",
        ),
        (FLOW, "next: { done: apply }", "next: { done: round }"),
    ],
    &[(FLOW, "complete: \"policy:by-menu\"", "complete: collect")],
    &[(FLOW, "no-slots: trial-openings", "no-slots: offer-trial")],
    &[(FLOW, "more: offer-session", "more: follow-up")],
    &[(FLOW, "lost: trial-lost", "lost: book-trial")],
    // Approvals.
    &[(MAIN, "question: approve-mail", "question: triage")],
    &[(MAIN, "question: approve-mail", "question: nobody-asks")],
    &[(
        MAIN,
        "approves: [{ by: \"group:operators\" }, { by: \"group:coaches\", when: \"invoice.days_overdue >= 10\" }]",
        "approves: []",
    )],
    &[(
        MAIN,
        "approves: [{ by: \"group:operators\" }, { by: \"group:coaches\", when: \"invoice.days_overdue >= 10\" }]",
        "approves: [{ by: customer, when: \"amount > 1\" }]",
    )],
    &[(
        MAIN,
        "approves: [{ by: \"group:operators\" }, { by: \"group:coaches\", when: \"invoice.days_overdue >= 10\" }]",
        "approves: [{ by: \"group:nobody\" }]",
    )],
    &[(
        FLOW,
        "next: { done: apply }",
        "next: { done: ask-first }\n  ask-first: { action: approve, approval: nothing, next: { approved: apply } }",
    )],
    // Spans.
    &[(ASKS, "nudges: [P2D, P5D]\n  deadline: P7D", "nudges: [P2D, P5D]\n  deadline: -P7D")],
    &[(ASKS, "nudges: [P2D, P5D]\n  deadline: P7D", "nudges: [P0D, P5D, P7D]\n  deadline: P7D")],
    &[(MAIN, "valid: P6M", "valid: -P3M, hold: P0D")],
    // Mails and pages.
    &[(ASK, "{{ link }}", "")],
    &[(EN, "Dear {{ customer }}", "Dear { customer } and { \"a\": 1 }")],
    &[(JA, "{{ customer }}", "｛｛ customer ｝｝")],
    &[(EN, "subject: \"", "subject: \"\"\n#  \"")],
    &[(EN, "subject: \"", "subject: \"a\\nb")],
    &[(EN, "Dear {{ customer }}", "Dear \u{7}{{ customer }}")],
    &[(ASKS, "title: { ja: ご回答のお願い, en: A few questions for you }", "title: { ja: \"\", en: \" \" }")],
    &[(ASKS, "Send } }", "\"Se\\0nd\" } }")],
    // People.
    &[
        (MAIN, "address: office@yamada-coaching.example", "address: office"),
        (MAIN, "address: desk@banto-office.example", "address: \"desk@banto-office.example\\nBcc: x@y.example\""),
        (MAIN, "name: 事務局担当", "name: \"事務局\\n担当\""),
    ],
    &[(MAIN, "id: desk", "id: mori"), (MAIN, "otherwise: desk", "otherwise: mori")],
    // Names.
    &[
        (MAIN, "  inquiry-en:\n", "  inquiry/en:\n"),
        (MAIN, "  questions: { kind: text", "  ques-tions: { kind: text"),
        (FLOW, "facts: [theme, questions]", "facts: [theme, ques-tions]"),
    ],
    &[(MAIN, "kind: email, label: { ja: メールアドレス", "kind: line, label: { ja: メールアドレス")],
    &[(ASKS, "- { name: declined,", "- { name: accepted,"), (FLOW, "declined: decline, replied", "expired")],
    &[
        (
            MAIN,
            "- { name: single, label: { ja: 単発セッション, en: Single session } }",
            "- { name: trial, label: { ja: 無料体験, en: Trial } }",
        ),
        (MAIN, "menu == 'single'", "menu == 'programme'"),
    ],
    &[
        (MAIN, "id: /event_id", "id: event_id"),
        (MAIN, "list: /form_response", "list: form_response"),
        (MAIN, "[/text, /email", "[/text~, email"),
    ],
    // Forms.
    &[(MAIN, "    acknowledge: acknowledge\n    required: [name, email, message]", "    required: [name, message]")],
    // Sorting.
    &[
        (MAIN, "\"(貴社|御社).{0,20}", "\"(貴社|御社) .{0,20}"),
        (MAIN, "read: [message]", "read: [email]"),
        (MAIN, "at_least: 3", "at_least: 300"),
        (MAIN, "{ word: 業務提携, points: 3 }", "{ word: \"　\", points: 3 }"),
    ],
    &[(MAIN, "read: [message]", "read: []")],
    // The calendar, and money.
    &[(
        MAIN,
        "- { coach: mori, date: 2026-12-13, from: \"10:00\", to: \"12:00\" }",
        "- { coach: yamada, date: 2026-12-24, from: \"10:00\", to: \"12:00\" }",
    )],
    &[(MAIN, "2027-01-16T17:00", "2026-12-12T18:00")],
    &[(MAIN, "from: \"12-29\", to: \"01-03\"", "from: \"03-01\", to: \"02-29\"")],
    &[(MAIN, "currency: JPY", "currency: YEN")],
    &[(MAIN, "registration: T1234567890123", "registration: T123")],
    &[(MAIN, "currency: JPY", "currency: KRW")],
    // Conditions.
    &[
        (MAIN, "payer == 'other'", "payer == 'others'"),
        (MAIN, "rules: [{ when: \"paid\", then: no-date }]", "rules: [{ when: \"paid == 'yes'\", then: no-date }]"),
    ],
    &[(
        MAIN,
        "payer == 'other'",
        "payer == 'other' && payer == 'other' && payer == 'other' && payer == 'other' && payer == 'othe'",
    )],
    // What every practice has, spoiled by one's own.
    &[(ASKS, "triage:\n", URGENT)],
    &[(ASKS, "triage:\n", ATTEND)],
    &[(ASKS, "triage:\n", UNREADABLE)],
    &[(FLOW, "template: missed\n", "template: attend\n")],
    // What is said and asked in an emergency.
    &[(MAIN, "approved_by: yamada, confirmed", "approved_by: kaneko, confirmed")],
    &[(ASKS, "triage:\n", TOGETHER)],
    // Files that are never read.
    &[
        ("flows/old.yml", "", "x"),
        ("flow/new.yaml", "", "x"),
        ("templates/x.md", "", "x"),
        ("secrets.yaml", "", "x: y"),
    ],
    // YAML, as the parser tells of it.
    &[(MAIN, "zone: Asia/Tokyo", "zone: Asia/Tokyo\nv: 1")],
    &[(MAIN, "\nfacts:\n", "\n---\nfacts:\n")],
    &[(MAIN, "price: 88000", "price: \"88,000\"")],
    &[(ASKS, "deadline: P7D", "deadline: 7 days or so")],
    &[(ASKS, "deadline: P7D", "deadline: 6")],
    &[(MAIN, "from: \"10:00\", to: \"18:00\"", "from: ten, to: \"18:00\"")],
    &[(MAIN, "date: 2026-12-24", "date: 24 Dec")],
    &[(MAIN, "  sessions:\n    - { id: seminar-2026-12,", "  sessions:\n    - { id: [seminar,")],
    &[(MAIN, "language: ja\n    flow: inquiry", "flow: inquiry")],
    &[(ASKS, "kind: fields", "kind: field")],
    &[(MAIN, "price: 88000", "prize: 88000")],
    &[(MAIN, "client: yamada", "client: Yamada Coaching")],
    &[(MAIN, "name: { ja: 山田コーチング, en: Yamada Coaching }", "name: 山田コーチング")],
    // Forms that say something by themselves, begin elsewhere, or reach a case.
    &[(
        MAIN,
        "    flow: seminar\n    acknowledge",
        "    flow: seminar\n    sets: { plan: doubel, plann: x }\n    acknowledge",
    )],
    &[(
        MAIN,
        "    flow: seminar\n    acknowledge",
        "    flow: seminar\n    start: nowhere\n    reaches: case\n    acknowledge",
    )],
    // Whoever looks after a case is somebody, and is named only once there is one.
    &[(MAIN, "otherwise: desk", "otherwise: \"fact:plan\"")],
    &[(JA, "{{ customer }}", "{{ customer }}(担当 {{ owner }})")],
    // Of what a customer wrote, mails to the office say nothing.
    &[(FLOW, "template: coach-booked\n    to: coach", "template: coach-booked\n    to: operator")],
    &[(BILL, "{{ payer }}", "{{ payer }}({{ facts.plan }})")],
];

#[test]
fn faults_that_only_show_once_a_case_runs() {
    golden("faults.txt", CASES, told);
}

#[test]
fn nothing_follows_from_a_folder_that_is_not_there() {
    for (folder, said) in [
        (
            "flows/",
            vec![
                "playbook.yaml:1:1: there is no folder flows/ beside it, so no form leads anywhere; add flows/NAME.yaml",
            ],
        ),
        (
            "templates/",
            vec![
                "playbook.yaml:1:1: there is no folder templates/ beside it, so nothing can be mailed; add templates/NAME.ja.md and .en.md",
            ],
        ),
    ] {
        let mut files = embedded(&READY_MADE[0].1);
        files.retain(|file, _| !file.starts_with(folder));
        assert_eq!(problems(&files), said, "{folder}");
    }
    let mut files = embedded(&READY_MADE[0].1);
    files.remove(ASKS);
    let found = problems(&files);
    assert_eq!(found.len(), 1, "{found:#?}");
    assert!(found[0].starts_with("questions.yaml:1:1: is missing, and the flows ask absence, "), "{found:#?}");
}

#[test]
fn a_playbook_that_could_not_be_kept_is_refused() {
    let mut files = embedded(&READY_MADE[0].1);
    *files.get_mut(EN).expect("a template") += &("word ".repeat(1_000) + "\n").repeat(80);
    let found = problems(&files);
    assert!(found.len() == 1 && found[0].contains("at most 390 KB can be kept"), "{found:?}");
}

#[test]
fn a_notice_from_a_machine_needs_no_customer_and_no_sorting() {
    let mut files = embedded(&READY_MADE[0].1);
    let main = files.get_mut(MAIN).expect("main");
    let (people, _) = main.split_once("\nfacts:\n").expect("facts");
    *main = format!(
        "{people}\nfacts:\n  cart: {{ kind: number, label: {{ ja: カート, en: Cart }} }}\nforms:\n  cart:\n    \
         signature: {{ scheme: standard-webhooks }}\n    fields: {{ cart: /cart }}\n    language: ja\n    flow: cart\n    \
         required: [cart]\n"
    );
    files.retain(|file, _| file == MAIN);
    let question = "look:\n  kind: choice\n  to: operator\n  title: { ja: 確認, en: Look }\n  body: { ja: 確認, en: Look }\n  \
                    answers: [{ name: seen, label: { ja: 済, en: Seen } }]\n  template: attend\n  deadline: P1D\n";
    files.insert(ASKS.to_owned(), question.to_owned());
    let flow = "label: { ja: カート, en: Cart }\nstart: look\nnodes:\n  look: { action: open-ask, question: look, next: { seen: \"end:seen\", \
                expired: look } }\n";
    files.insert("flows/cart.yaml".to_owned(), flow.to_owned());
    assert_eq!(problems(&files), [] as [&str; 0]);

    *files.get_mut("flows/cart.yaml").expect("the flow") = flow.replace("open-ask", "classify-inquiry");
    let found = problems(&files);
    assert!(found.iter().any(|what| what.contains("classify-inquiry needs classification:")), "{found:#?}");
    // Asking the customer needs an address.
    files.insert("flows/cart.yaml".to_owned(), flow.to_owned());
    *files.get_mut(ASKS).expect("questions") = question.replace("to: operator", "to: customer");
    let said = "playbook.yaml:47:5: form cart: email isn't required, but node look of flow cart writes to the customer; add it to \
                required:";
    assert_eq!(problems(&files), [said]);
}
