//! Names that machines use, in the words of an office (`shared/wording.md`): 案件, 工程, 受講者, 対応履歴.

use banto_domain::playbook::To;

use crate::{Lang, Side};

/// How a case ended.
pub(crate) fn outcome(name: &str, lang: Lang) -> String {
    let (ja, en) = match name {
        "complete" => ("修了", "complete"),
        "left" => ("見送り", "did not sign up"),
        "declined" => ("お断り", "declined"),
        "gave-up" => ("ご回答なしで終了", "closed without an answer"),
        "no-times" => ("日程が合わず終了", "no date could be found"),
        "withdrawn" => ("ご辞退", "withdrawn"),
        "unpaid" => ("ご入金なしで終了", "closed without payment"),
        "absent" => ("欠席で終了", "closed after an absence"),
        "refunded" => ("返金などで終了", "settled by a refund"),
        "cancelled" => ("キャンセル", "cancelled"),
        "stopped" => ("残回数を残して終了", "closed with sessions left"),
        "replied" => ("返信して終了", "answered"),
        "started" => ("取り込んだ案件を開始", "what was imported began"),
        "discarded" => ("取り込みを取りやめ", "the import was discarded"),
        "attended" | "handed-over" | "handled" => ("担当者が対応して終了", "settled by a person"),
        other => return other.to_owned(),
    };
    lang.of(ja, en).to_owned()
}

/// Who did it, as the journal names them.
pub(crate) fn actor(name: &str, lang: Lang) -> &str {
    match name {
        "banto" => lang.of("番頭(自動)", "Banto"),
        "customer" => lang.of("受講者", "customer"),
        "payer" => lang.of("お支払いになる方", "payer"),
        "coach" => lang.of("コーチ", "coach"),
        "operator" => lang.of("事務局", "office"),
        "provider" => lang.of("外部サービス", "provider"),
        other => other,
    }
}

/// On which side a mail or a question goes.
pub(crate) fn side(side: Side, lang: Lang) -> &'static str {
    match side {
        Side::Customer => lang.of("受講者", "the customer"),
        Side::Payer => lang.of("お支払いになる方", "the payer"),
        Side::Coach => lang.of("コーチ", "the coach"),
        Side::Office => lang.of("事務局", "the office"),
    }
}

/// Whom something is for, where nobody is named.
pub(crate) fn to(to: &To, lang: Lang) -> String {
    let side = match to {
        To::Customer => Side::Customer,
        To::Payer => Side::Payer,
        To::Coach => Side::Coach,
        _ => Side::Office,
    };
    self::side(side, lang).to_owned()
}

/// What somebody wants outside the flow.
pub(crate) fn request(kind: &str, lang: Lang) -> String {
    let (ja, en) = match kind {
        "complaint" => ("ご意見・お困りごと", "complaint"),
        "reschedule" => ("日程の変更", "another date"),
        "cancel" => ("キャンセル", "cancel"),
        "refund" => ("返金", "refund"),
        "before-its-payment" => {
            ("入金より先に届いた返金などの通知", "a refund or dispute whose payment hasn't come yet")
        }
        "discount" => ("割引", "discount"),
        "wish" => ("ご要望", "wish"),
        "incident" => ("誤送信・漏えいのおそれ", "something that went astray"),
        other => return other.to_owned(),
    };
    lang.of(ja, en).to_owned()
}

/// What a mail is about: its subject without the practice's name and without placeholders.
pub(crate) fn subject(template: &str) -> String {
    let brackets = [('【', '】'), ('[', ']')];
    let headed = brackets.iter().find_map(|(open, close)| template.strip_prefix(*open)?.split_once(*close));
    let (head, rest) = headed.unwrap_or(("", template));
    let end = rest.find(['(', '(', '{']).unwrap_or(rest.len());
    let said = rest[..end].trim().trim_end_matches([':', ',', ' ']);
    if said.is_empty() { head.to_owned() } else { said.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mail_is_named_by_what_it_says() {
        for (template, says) in [
            ("【山田コーチング】ご予約が確定いたしました(受付番号 {{ number }})", "ご予約が確定いたしました"),
            ("【本日のご予定】{{ session }} {{ customer }}", "本日のご予定"),
            ("【山田コーチング】明日のご案内: {{ session }}(受付番号 {{ number }})", "明日のご案内"),
            ("[Yamada Coaching] Invoice {{ invoice_number }}", "Invoice"),
            ("[Themes] {{ session }}, {{ customer }}", "Themes"),
            ("Hello", "Hello"),
        ] {
            assert_eq!(subject(template), says);
        }
    }
}
