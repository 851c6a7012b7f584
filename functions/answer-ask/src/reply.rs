//! What a request is answered: a page, or the same as JSON for `Accept: application/json`.

use banto_aws::Reply;
use banto_aws::page::{json, page, words};
use banto_aws::words::problem_text;
use banto_domain::Playbook;
use http::StatusCode;
use maud::{Markup, html};
use serde_json::{Value, json};

use crate::page::{self as pages, Moment};
use crate::receipt::Receipt;
use crate::shown::{Line, Shown};

/// How to answer: whose practice, in which language, as what.
#[derive(Clone, Copy)]
pub(crate) struct Site<'a> {
    pub(crate) playbook: Option<&'a Playbook>,
    pub(crate) language: &'a str,
    pub(crate) json: bool,
}

/// The JSON of an open ask (design §7).
pub(crate) fn shown_json(shown: &Shown, moment: &Moment<'_>) -> Value {
    let mut body = json!(shown);
    body["shown"] = json!(moment.mark);
    body["open"] = json!(true);
    if let Some(notice) = moment.notice {
        body["notice"] = json!(notice);
    }
    if !moment.history.is_empty() {
        body["history"] = json!(moment.history);
    }
    if !moment.gone.is_empty() {
        body["gone"] = json!(moment.gone);
    }
    if !moment.problems.is_empty() {
        let text = |(name, problem): (&String, &_)| (name.clone(), json!(problem_text(*problem, &shown.language)));
        body["problems"] = Value::Object(moment.problems.iter().map(text).collect());
    }
    body
}

/// What to say of an ask that is over.
#[derive(Default)]
pub(crate) struct Over<'a> {
    /// Something else took its place, or it is moot.
    pub(crate) withdrawn: bool,
    /// Where what is asked now is answered.
    pub(crate) now: Option<&'a str>,
    /// What happened since, where an approval was sought.
    pub(crate) since: &'a [Line],
}

impl Site<'_> {
    fn words<'b>(&self, ja: &'b str, en: &'b str) -> &'b str {
        words(self.language, ja, en)
    }

    /// A question.
    pub(crate) fn question(&self, status: StatusCode, shown: &Shown, moment: &Moment<'_>) -> Reply {
        if self.json {
            return json(status, &shown_json(shown, moment));
        }
        page(status, self.playbook, &shown.language, &shown.title, &pages::question(shown, moment))
    }

    /// Words in the place of a question. `now` is what is asked now.
    fn say(&self, status: StatusCode, error: &str, (title, text): (&str, &str), now: Option<&str>) -> Reply {
        if self.json {
            let mut body = json!({ "error": error, "title": title, "open": false });
            if let Some(now) = now {
                body["now"] = json!(now);
            }
            return json(status, &body);
        }
        let body = html! { @if !text.is_empty() { p { (text) } } (self.now(now)) };
        page(status, self.playbook, self.language, title, &body)
    }

    fn now(&self, now: Option<&str>) -> Markup {
        let (ja, en) = ("現在のご案内を表示する", "Show what is asked now");
        html! { @if let Some(now) = now { p { a href=(now) { (self.words(ja, en)) } } } }
    }

    /// What was answered, and by whom.
    pub(crate) fn receipt(&self, status: StatusCode, receipt: &Receipt, now: Option<&str>) -> Reply {
        if self.json {
            let mut body = json!({ "open": false, "taken": status == StatusCode::OK, "receipt": receipt });
            if let Some(now) = now {
                body["now"] = json!(now);
            }
            return json(status, &body);
        }
        let title = match receipt.yours {
            true => self.words("ご回答を承りました", "Thank you, we have your answer"),
            false => self.words("すでに回答されています", "This has already been answered"),
        };
        page(status, self.playbook, self.language, title, &self.receipt_body(receipt, now))
    }

    fn receipt_body(&self, receipt: &Receipt, now: Option<&str>) -> Markup {
        let first = match receipt.yours {
            true => self.words(
                "ありがとうございます。次の内容で承りました(回答控え)。",
                "We have recorded the following (receipt).",
            ),
            false => self.words(
                "先にご回答がありました。最初の回答が有効です(回答控え)。",
                "Somebody answered before. The first answer stands (receipt).",
            ),
        };
        html! {
            p { (first) }
            dl {
                dt { (self.words("受付番号", "Reference number")) } dd { (receipt.case) }
                dt { (self.words("ご質問", "Question")) } dd { (receipt.title) }
                dt { (self.words("ご回答", "Answer")) } dd { (receipt.answer) }
                @for line in &receipt.lines { dt { (line.label) } dd { (line.value) } }
                dt { (self.words("回答者", "Answered by")) } dd { (receipt.by) }
                dt { (self.words("ご回答日時", "Answered at")) } dd { (receipt.answered) }
                dt { (self.words("表示内容の照合番号", "Mark of what was shown")) } dd { (receipt.shown) }
            }
            (self.now(now))
        }
    }

    /// Nobody answered in time, or it is moot.
    pub(crate) fn over(&self, status: StatusCode, over: &Over<'_>) -> Reply {
        let title = self.words("受付は終了しました", "This request is closed");
        let text = if over.withdrawn && (over.now.is_some() || !over.since.is_empty()) {
            self.words(
                "ご案内の内容が変わりました。現在のご案内をご覧ください。",
                "This was replaced. Please see what is asked now.",
            )
        } else {
            self.words(
                "このご案内の受付は終了しました。ご不明な点は下記までご連絡ください。",
                "This request is no longer open. Please contact us at the address below if you have any questions.",
            )
        };
        if over.since.is_empty() {
            return self.say(status, "over", (title, text), over.now);
        }
        if self.json {
            let body = json!({ "error": "over", "title": title, "open": false, "now": over.now, "since": over.since });
            return json(status, &body);
        }
        let body = html! {
            p { (text) }
            h2 { (self.words("その後の変更", "What changed since")) }
            dl { @for line in over.since { dt { (line.label) } dd { (line.value) } } }
            (self.now(over.now))
        };
        page(status, self.playbook, self.language, title, &body)
    }

    /// No more mails that promote something: a choice, and a press apart from it.
    pub(crate) fn unsubscribe(&self, status: StatusCode) -> Reply {
        let title = self.words("ご案内メールの停止", "Stop promotional mails");
        let says = self.words(
            "商品・サービスのご案内メールを停止します。ご予約・ご質問・ご請求に関するメールは、これまでどおりお送りします。",
            "This stops mails that promote our services. Mails about your bookings, questions and invoices go on as before.",
        );
        if self.json {
            return json(status, &json!({ "title": title, "body": says, "answers": ["stop"], "needs": ["confirm"] }));
        }
        let choose = self.words("お選びください", "Please choose");
        let body = html! {
            p.say { (says) }
            form method="post" {
                input type="hidden" name="answer" value="stop";
                label for="confirm" { (self.words("確認", "Confirm")) }
                select id="confirm" name="confirm" required {
                    option value="" { (choose) }
                    option value="yes" { (self.words("ご案内メールを停止します", "I want no more of these mails")) }
                }
                button type="submit" { (self.words("停止する", "Stop them")) }
            }
        };
        page(status, self.playbook, self.language, title, &body)
    }

    /// They are stopped.
    pub(crate) fn unsubscribed(&self) -> Reply {
        let title = self.words("ご案内メールを停止しました", "Promotional mails are stopped");
        let text = self.words(
            "商品・サービスのご案内メールは、今後お送りしません。ご予約などに関するメールは、これまでどおりお送りします。",
            "You won't get mails that promote our services any more. Mails about your bookings go on as before.",
        );
        if self.json {
            return json(StatusCode::OK, &json!({ "title": title, "stopped": true }));
        }
        page(StatusCode::OK, self.playbook, self.language, title, &html! { p { (text) } })
    }

    /// What was shown is no longer what is asked.
    pub(crate) fn replaced(&self, here: &str) -> Reply {
        let title = self.words("内容が更新されました", "The content has changed");
        let text = self.words(
            "ご覧の間に内容が更新されました。お手数ですが、もう一度ご確認ください。",
            "The content changed while you were reading. Please look at it again.",
        );
        self.say(StatusCode::CONFLICT, "replaced", (title, text), Some(here))
    }

    /// A POST without an explicit choice.
    pub(crate) fn no_such_answer(&self, here: &str) -> Reply {
        let title = self.words("ご回答をお選びください", "Please choose an answer");
        self.say(StatusCode::BAD_REQUEST, "no-such-answer", (title, ""), Some(here))
    }

    /// Somebody who may not decide this, or not any more.
    pub(crate) fn not_yours(&self) -> Reply {
        let title = self.words("こちらのご案内は、ほかの担当の方にお願いしています", "This is with somebody else");
        let text = self.words(
            "恐れ入りますが、このリンクからはご回答いただけません。お心当たりのない場合は、下記までご連絡ください。",
            "You can't answer with this link. If you think that you should be able to, please contact us at the address below.",
        );
        self.say(StatusCode::FORBIDDEN, "not-yours", (title, text), None)
    }

    /// A link that was never made here.
    pub(crate) fn unknown(&self) -> Reply {
        let text = "リンクが正しいかどうか、メールをもう一度ご確認ください。 Please check the link in your e-mail.";
        self.say(StatusCode::NOT_FOUND, "unknown", ("ページが見つかりません", text), None)
    }

    /// A body that no page of ours sends.
    pub(crate) fn too_large(&self) -> Reply {
        let text = "文字数を減らして、もう一度お試しください。 Please shorten your answer.";
        self.say(StatusCode::PAYLOAD_TOO_LARGE, "too-large", ("送信できる量を超えています", text), None)
    }

    /// Anything but showing and answering.
    pub(crate) fn method_not_allowed(&self) -> Reply {
        self.say(StatusCode::METHOD_NOT_ALLOWED, "method-not-allowed", ("この操作はできません", ""), None)
    }
}
