//! Words for people in the place of the codes that the rules give: why a task came to be, what is wrong with a value.
//! Owns no rule; a code that it doesn't know still says that somebody must look.

use banto_domain::Playbook;
use banto_domain::playbook::{Problem, Stage};
use banto_domain::rules::billing;
use banto_domain::state::{Instalment, Invoice, Settlement};

use crate::page::words as either;

/// What is wrong with a value, beside its field.
#[must_use]
pub fn problem_text(problem: Problem, language: &str) -> &'static str {
    let (ja, en) = match problem {
        Problem::Missing => ("ご入力をお願いいたします。", "Please fill this in."),
        Problem::TooLong => ("文字数が上限を超えています。", "This is too long."),
        Problem::Control => ("使用できない文字が含まれています。", "This contains characters that cannot be used."),
        Problem::Ours => (
            "事務局の宛先です。お客様ご本人の宛先をご入力ください。",
            "This is an address of ours; please give your own.",
        ),
        Problem::Form => ("形式をご確認ください。", "Please check the format."),
        Problem::TooEarly => ("本日より後の日付をご入力ください。", "Please give a day that is ahead."),
        Problem::TooMuch => {
            ("未入金の額より少ない金額をご入力ください。", "Please enter less than what is still open.")
        }
        Problem::Choice => ("選択肢からお選びください。", "Please choose one of the options."),
    };
    either(language, ja, en)
}

/// Why a task came to be, for people.
#[must_use]
pub fn reason_text(reason: &str, language: &str) -> String {
    let (code, detail) = reason.split_once(':').unwrap_or((reason, ""));
    let (ja, en) = match code {
        "uncertain" => ("送信結果が不明です", "it is unknown whether the mail was sent"),
        "suppressed" => ("送信停止先です", "mails to this address are stopped"),
        "no-address" => ("送信先がわかりません", "there is no address to send to"),
        "bounced" => ("メールが届きませんでした", "the mail came back"),
        "refused-by-provider" => ("メール事業者に受け付けられませんでした", "the mail provider refused it"),
        "template-unknown" | "template-not-approved" | "template-revoked" => {
            ("テンプレートが承認されていません", "the template is not approved")
        }
        "amount-differs" => ("メールの金額がご請求と一致しません", "an amount in the mail is not the invoice's"),
        "same-lately" => ("同じ内容のメールを直前に送信しています", "the same mail left a moment ago"),
        "no-approver" => ("承認できる人がほかにいません", "nobody else may agree to it"),
        "taken-back" => ("作成した方が送信を取り止めました", "whoever wrote it stopped it"),
        "approval-expired" => ("期限までに承認されませんでした", "nobody approved it in time"),
        "code-locked" => ("確認コードの誤りが続きました", "too many wrong codes were given"),
        "not-routine" | "not-allowed-here" => ("定型として送信できません", "it may not leave as routine"),
        "unfilled" => ("差し込み項目が埋まりません", "a placeholder is not filled"),
        "step-never-came" => ("処理が完了しませんでした", "a step was never done"),
        "unreachable" => ("担当者宛てのメールが届いていません", "mails to one of us come back"),
        "too-often" => ("同じ処理が繰り返されたため、停止しました", "it went round too often and was stopped"),
        "too-many-mails" => ("1日のメールの上限に達しました", "too many mails to one person on one day"),
        "stranger-budget" => (
            "ご本人の確認ができていない宛先へのメールの上限に達しました",
            "too many mails to an address that never answered",
        ),
        "more-inquiries" => {
            ("同じ宛先から、さらにお問い合わせが届いています", "more inquiries came from the same address")
        }
        "provider-busy" => ("メール事業者がメールを受け付けていません", "the mail provider takes no mails"),
        "form-flood" => ("フォームの受付件数の上限を超えました", "more came through a form than it takes"),
        "too-many-side-flows" => ("並行する手続きの上限に達しました", "too much was begun beside the case"),
        "request" => ("お客様からのお申し出があります", "the customer wants something"),
        "emergency" => ("緊急性の高い言葉が含まれている可能性があります", "it may contain words of an emergency"),
        "payment-unexpected" => ("該当する請求のないご入金がありました", "a payment that no invoice asked for"),
        "paid-twice" => ("入金済みのご請求に再度ご入金がありました", "a settled invoice was paid once more"),
        "underpaid" => ("ご入金額が請求額に足りません", "less was paid than was asked for"),
        "overpaid" => ("ご入金額が請求額を超えています", "more was paid than was asked for"),
        "payment-in-other-currency" => ("ご入金の通貨が異なります", "the payment is in another currency"),
        "payment-does-not-add-up" => {
            ("金額が合わない入金・返金などの通知がありました", "what is said of a payment does not add up")
        }
        "payments-flood" => (
            "お支払いに関する通知が上限を超えて届いています(ほか{}件)",
            "more is said of payments than usual ({} more)",
        ),
        "payment-keeps-failing" => {
            ("お支払いの失敗が続いています({}回)", "paying has failed again and again ({} times)")
        }
        "no-payment-for-it" => {
            ("該当するご入金のない返金などの通知がありました", "a refund or dispute of a payment that nobody knows")
        }
        "refunded" => ("返金がありました", "money went back to the payer"),
        "disputed" => ("支払いへの異議申し立てがありました", "the payer disputes a payment"),
        _ => ("確認が必要です", "somebody must look at it"),
    };
    let text = either(language, ja, en);
    match (detail, text.contains("{}")) {
        (n, true) => text.replace("{}", n),
        ("", false) => text.to_owned(),
        (detail, false) => format!("{text} ({detail})"),
    }
}

/// The arithmetic of what is paid back, line by line.
#[must_use]
pub fn settlement(settled: &Settlement, language: &str) -> Vec<String> {
    let show = |amount| billing::show(amount, &settled.currency, language);
    let (paid, unit, used) = (show(settled.paid), show(settled.unit), show(settled.for_used()));
    let (n, fee, refund) = (settled.used, show(settled.fee), show(settled.refund));
    if let Some(percent) = settled.percent {
        return match language {
            "en" => vec![
                format!("Paid so far: {paid}"),
                format!("Less the cancellation fee ({percent}%): {fee}"),
                format!("Paid back: {refund}"),
            ],
            _ => vec![
                format!("お支払い済みの金額: {paid}"),
                format!("キャンセル料({percent}%): {fee}"),
                format!("ご返金額: {refund}"),
            ],
        };
    }
    let mut lines = if language == "en" {
        vec![
            format!("Paid so far: {paid}"),
            format!("Less {n} sessions held, {unit} each: {used}"),
            format!("Less the fee for ending early: {fee}"),
            format!("Paid back: {refund}"),
        ]
    } else {
        vec![
            format!("お支払い済みの金額: {paid}"),
            format!("実施済みの{n}回分(1回あたり{unit}): {used}"),
            format!("中途解約の手数料: {fee}"),
            format!("ご返金額: {refund}"),
        ]
    };
    if settled.short > 0 {
        let short = show(settled.short);
        lines.push(
            either(language, "お支払い済みの金額を超える実施分", "Held beyond what is paid").to_owned()
                + ": "
                + &short,
        );
    }
    lines
}

/// What was bought, with the part of it that is asked for: 6回プログラム(3回払いの1回目).
#[must_use]
pub fn bought(menu: &str, part: Option<&Instalment>, language: &str) -> String {
    match part {
        None => menu.to_owned(),
        Some(part) if language == "en" => format!("{menu} (payment {} of {})", part.n, part.of),
        Some(part) => format!("{menu}({}回払いの{}回目)", part.of, part.n),
    }
}

/// The same of an invoice that asks for a part; nothing of one that asks for all.
#[must_use]
pub fn part_of(playbook: &Playbook, invoice: &Invoice, language: &str) -> Option<String> {
    let part = invoice.part.as_ref()?;
    let name = &invoice.lines.first()?.menu;
    let menu = playbook.menus.get(name).map_or(name.as_str(), |menu| menu.label.get(language));
    Some(bought(menu, Some(part), language))
}

/// What a stage of going live is called.
#[must_use]
pub fn stage_text(stage: Stage, language: &str) -> &'static str {
    let (ja, en) = match stage {
        Stage::Sample => ("見本のみ(お客様には送りません)", "samples only: nobody outside gets anything"),
        Stage::Approved => ("全件承認", "each mail waits for an approval"),
        Stage::Routine => ("定型のみ自動", "routine mails leave by themselves"),
        Stage::All => ("全体(取り決めどおり)", "everything as agreed"),
    };
    either(language, ja, en)
}
