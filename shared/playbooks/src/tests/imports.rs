//! What is wrong with `import:`. What is said of each case stands in `imports.txt`.

use super::{ASKS, Changes, MAIN, golden, told};

const CASES: &[Changes<'_>] = &[
    &[(MAIN, "    お名前: fact:name\n", "    お名前: fact:nmae\n")],
    &[(MAIN, "    メールアドレス: fact:email\n", "")],
    &[(MAIN, "残回数: sessions-left", "残回数: sessions")],
    &[(MAIN, "    送信停止: no-mail", "    \" 送信停止\": no-mail")],
    &[(MAIN, "    請求額: invoice-amount\n", "")],
    &[(MAIN, "  menu_from: plan\n", "  menu_from: payment\n")],
    &[(MAIN, "  menu_from: plan\n", "  menu_from: goal\n  language: jp\n")],
    &[(MAIN, "  flow: session\n  menu_from", "  flow: sessions\n  menu_from")],
    &[(MAIN, "  flow: session\n  menu_from", "  flow: imported\n  menu_from")],
    &[(MAIN, "booked: participate, overdue: unpaid", "booked: offer, overdue: participated")],
    &[(MAIN, "owed: invoice-transfer, left: no-date", "owed: unpaid, left: participate")],
    &[(MAIN, "owed: invoice-transfer, left: no-date", "owed: invoice, left: invoice")],
    &[(MAIN, "left: no-date }", "left: no-date, nothing: close }")],
    // What a folder has in the place of what every practice has.
    &[(
        "flows/imported.yaml",
        "",
        "label: { ja: 待機, en: Wait }\nstarts: [{ on: hand }]\nstart: wait\nnodes:\n  wait: { action: wait, events: \
         [\"import:start\", \"import:stop\"], next: { \"import:start\": leave, \"import:stop\": leave } }\n",
    )],
    &[(
        ASKS,
        "triage:\n",
        "start-imported:\n  kind: choice\n  to: customer\n  title: { ja: 開始, en: Start }\n  body: { ja: 開始, en: Start }\n  \
         answers: [{ name: start, label: { ja: 開始, en: Start } }]\n  template: attend\n  deadline: P1D\ntriage:\n",
    )],
];

#[test]
fn every_kind_of_problem_of_an_import() {
    golden("imports.txt", CASES, told);
}
