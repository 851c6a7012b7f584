//! What customers, an operator and a form provider live through. Time is the machine's own here: what only days bring
//! is told in the other journeys; a practice in a hurry shows that time is looked at at all.

use std::sync::atomic::Ordering;
use std::time::Duration;

use banto_domain::{Case, Status, Track};
use data_encoding::BASE64;
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::{Value, json};
use sha2::Sha256;

use super::bookings::booked;
use super::cloud::event;
use super::gateway::{Page, Request};
use super::house::{House, number};
use super::mail::Mail;

const FORM: &str = "/hooks/forms/yamada/inquiry";
const TYPEFORM: &str = "/hooks/forms/yamada/typeform";
const OPERATOR: &str = "desk@banto-office.example";

/// Somebody fills in the form on the practice's site, and clicks twice. Gives 受付番号.
pub(crate) async fn inquire(house: &House, address: &str, message: &str) -> String {
    let fields = [("name", "佐々木 奈緒"), ("email", address), ("message", message)];
    let (page, second) = tokio::join!(house.post(FORM, &fields), house.post(FORM, &fields));
    assert_eq!(page.status, 202, "{}", page.body);
    assert_eq!(page, second);
    page.says("お問い合わせを受け付けました");
    house.rest().await;
    number(&page)
}

/// Where the case stands.
pub(crate) async fn stands(house: &House, number: &str, node: &str) {
    let token = house.case(number).await.main().cloned().expect("an open case");
    assert_eq!(token.node, node);
}

fn ended(case: &Case, outcome: &str) {
    assert_eq!((case.status, case.outcome.as_deref()), (Status::Closed, Some(outcome)));
    assert!(case.tracks.is_empty() && case.timers.is_empty(), "nothing is left to do: {case:?}");
}

/// The whole way of an inquiry that lacks something: from the form to a booked session.
async fn nao(house: &House, address: &str) -> Case {
    let number = completed(house, address).await;
    booked(house, address, &number).await;
    house.case(&number).await
}

/// From the form to the day on which everything is known. Gives 受付番号.
async fn completed(house: &House, address: &str) -> String {
    // She writes a few lines, and at once gets her number and 受付のご連絡.
    let number = inquire(house, address, "コーチングの無料体験を希望します。").await;
    let receipt = house.mail(address, "acknowledge").await;
    assert_eq!(receipt.subject(), format!("【山田コーチング】お問い合わせを受け付けました(受付番号 {number})"));
    receipt.says("佐々木 奈緒 様\n");
    assert!(receipt.header("From").ends_with("<office@yamada-coaching.example>"));
    assert_eq!(receipt.header("Auto-Submitted"), "auto-generated");

    // Her inquiry is about coaching, but three things are missing: she is asked for them, and only for them.
    let asked = house.mail(address, "missing-info").await;
    assert_eq!(asked.subject(), format!("【山田コーチング】ご回答のお願い(受付番号 {number})"));
    asked.says("- ご希望のメニュー\n- ご相談されたいこと\n- ご希望の曜日・時間帯\n");
    let link = asked.link();

    // She opens the link, twice. Looking changes nothing.
    let before = house.heads().await;
    let page = house.get(&link).await;
    assert_eq!((page.status, &house.get(&link).await), (200, &page));
    assert_eq!(page.headers["cache-control"], "no-store");
    page.says("この内容で送信する");
    let shown = page.shown().to_owned();

    // She forgets one answer: the page says which, and keeps the others.
    let answer = |preferred| {
        let goal = "転職するかどうか、\n自分の言葉で考えたい。";
        let fields = [("field.menu", "trial"), ("field.goal", goal), ("field.preferred", preferred)];
        [("answer", "send"), ("shown", shown.as_str())].into_iter().chain(fields).collect::<Vec<_>>()
    };
    let page = house.post(&link, &answer(" ")).await;
    assert_eq!(page.status, 422, "{}", page.body);
    page.says("ご入力をお願いいたします。");
    page.says("自分の言葉で考えたい。");
    assert_eq!(house.heads().await, before);

    // She sends it, and in her hurry clicks twice: one answer, the same receipt.
    let fields = answer("平日の19時以降");
    let (page, second) = tokio::join!(house.post(&link, &fields), house.post(&link, &fields));
    assert_eq!(page.status, 200, "{}", page.body);
    page.says("ご回答を承りました");
    assert_eq!(page, second);
    house.rest().await;
    stands(house, &number, "offer-trial").await;

    // Whoever comes back to the link, whatever they send, sees the receipt, and the way to what is asked now.
    let head = house.case(&number).await.head;
    let again = house.post(&link, &answer("いつでも")).await;
    assert_eq!(again, house.get(&link).await);
    again.says("現在のご案内を表示する");
    let receipt = |page: &Page| page.body.split("</dl>").next().map(str::to_owned);
    assert_eq!(receipt(&again), receipt(&page));
    assert_eq!(house.case(&number).await.head, head);
    assert_eq!(house.mails(address).await.len(), 3);
    number
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs real parts: scripts/real-parts install"]
async fn an_inquiry_from_the_form_to_a_booked_session() {
    let house = House::open("inquiry").await;
    nao(&house, "nao@customer.example").await;
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs real parts: scripts/real-parts install"]
async fn everything_twice_ends_the_same() {
    let house = House::open("twice").await;
    let once = nao(&house, "nao@customer.example").await;

    // Her sister has the same matter. This time every batch of the stream, every event, every message and every word of
    // the mail provider comes twice, at the same time.
    house.deliver_twice();
    let twice = nao(&house, "mio@customer.example").await;
    assert_eq!(house.story(&twice.key).await, house.story(&once.key).await);

    // And everything that ever was on the bus comes once more, at the end.
    let (heads, mails) = (house.heads().await, house.mails("mio@customer.example").await.len());
    house.cloud.replay();
    house.rest().await;
    assert_eq!((house.heads().await, house.mails("mio@customer.example").await.len()), (heads, mails));
    house.close().await;
}

/// Typeform's payload, as its developer documentation shows it.
fn typeform(event: &str) -> String {
    let answer =
        |name: &str, kind: &str, value: Value| json!({ "type": kind, (kind): value, "field": { "ref": name } });
    let answers = [
        answer("name", "text", json!("佐々木 奈緒")),
        answer("email", "email", json!("nao@customer.example")),
        answer("message", "text", json!("コーチングの無料体験を希望します。")),
        answer("menu", "choice", json!({ "label": "無料体験" })),
        answer("goal", "text", json!("転職")),
        answer("preferred", "text", json!("平日の夜")),
    ];
    let response = json!({ "form_id": "lT4Z3j", "submitted_at": "2026-12-01T00:01:00Z", "answers": answers });
    json!({ "event_id": event, "event_type": "form_response", "form_response": response }).to_string()
}

async fn post_typeform(house: &House, content: &str, signed: &str) -> Page {
    let mut mac = Hmac::<Sha256>::new_from_slice(b"demo-typeform-secret").expect("any length");
    mac.update(signed.as_bytes());
    let signature = format!("sha256={}", BASE64.encode(&mac.finalize().into_bytes()));
    let headers = vec![("content-type", "application/json"), ("typeform-signature", signature.as_str())];
    house.request(Request { method: "POST", path: TYPEFORM, headers, body: content }).await
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs real parts: scripts/real-parts install"]
async fn a_signed_webhook() {
    let house = House::open("webhook").await;
    let content = typeform("01HZX3");

    // Somebody who doesn't know the secret, or changed the content on its way, is turned away.
    let forged = post_typeform(&house, &content.replace("nao@", "eve@"), &content).await;
    assert_eq!(forged.status, 401);
    assert_eq!(house.cases().await, []);

    // Typeform's own is taken, and taken once: Typeform sends again what it believes lost.
    let page = post_typeform(&house, &content, &content).await;
    assert_eq!(page.status, 202, "{}", page.body);
    assert_eq!(post_typeform(&house, &content, &content).await, page);
    house.rest().await;

    // Nothing was missing, so nothing is asked: there are times to choose from.
    let cases = house.cases().await;
    assert_eq!(page.body, json!({ "case": cases[0].key.case }).to_string());
    assert_eq!(cases.len(), 1);
    stands(&house, cases[0].key.case.as_str(), "offer-trial").await;
    let mails = house.mails("nao@customer.example").await;
    let mut templates: Vec<_> = mails.iter().map(|m| m.tags["template"].as_str()).collect();
    templates.sort_unstable();
    assert_eq!(templates, ["acknowledge", "trial-slots"]);
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs real parts: scripts/real-parts install"]
async fn an_operator_decides_what_the_rules_cannot() {
    let house = House::open("operator").await;
    let number = inquire(&house, "nao@customer.example", "はじめまして。少し伺いたいことがございます。").await;
    assert_eq!(house.mails("nao@customer.example").await.len(), 1, "受付のご連絡, and nothing more yet");

    // The operator gets a link. The mail doesn't quote the customer; the page does.
    let mail = house.mail(OPERATOR, "attend").await;
    assert_eq!(mail.subject(), format!("【要確認】お問い合わせの分類をお願いします(受付番号 {number})"));
    assert!(!mail.text().contains("佐々木"), "{}", mail.text());
    let page = house.get(&mail.link()).await;
    page.says("はじめまして。少し伺いたいことがございます。");
    let shown = page.shown().to_owned();

    // A POST without a choice decides nothing; お引き受けする does.
    let before = house.heads().await;
    assert_eq!(house.post(&mail.link(), &[("shown", &shown)]).await.status, 400);
    assert_eq!(house.heads().await, before);
    let receipt = house.post(&mail.link(), &[("shown", &shown), ("answer", "accepted")]).await;
    assert_eq!(receipt.status, 200, "{}", receipt.body);
    receipt.says("お引き受けする");
    house.rest().await;

    // The case goes on: the customer is asked for what is missing.
    assert!(house.mail("nao@customer.example", "missing-info").await.link().starts_with("/a/yamada."));
    stands(&house, &number, "collect").await;
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs real parts: scripts/real-parts install"]
async fn silence_is_reminded_and_ends_politely() {
    let house = House::open("silence").await;
    // A practice in a hurry: a reminder after two seconds, the end after eight.
    let seconds = |n: i64| jiff::Span::new().seconds(n);
    let hurry = |p: &mut banto_domain::Playbook| {
        let question = p.questions.get_mut("missing-info").expect("the question");
        (question.nudges, question.deadline) = (vec![seconds(2)], seconds(8));
    };
    house.publish(hurry).await;
    let number = inquire(&house, "nao@customer.example", "コーチングの無料体験を希望します。").await;
    let link = house.mail("nao@customer.example", "missing-info").await.link();

    // The minute ticks, each second. Nobody answers.
    for _ in 0..30 {
        tokio::time::sleep(Duration::from_secs(1)).await;
        house.tick().await;
        house.rest().await;
        if house.case(&number).await.status == Status::Closed {
            break;
        }
    }
    assert_eq!(house.mail("nao@customer.example", "missing-info-again").await.link(), link, "the same link");
    house.mail("nao@customer.example", "gave-up").await;
    ended(&house.case(&number).await, "gave-up");
    assert_eq!(house.get(&link).await.status, 410);
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs real parts: scripts/real-parts install"]
async fn what_goes_wrong_is_seen() {
    let house = House::open("wrong").await;

    // The bus is busy for one event of the first commit, and refuses another for good. The first comes again; the
    // second lies in its queue, by its place in the journal.
    let refuse = |kind: &str, code: &str| (kind.to_owned(), code.to_owned());
    *house.cloud.refusals.lock().expect("sound") =
        vec![refuse("node.entered", "ThrottlingException"), refuse("inquiry.classified", "MalformedDetail")];
    let number = inquire(&house, "bounce@customer.example", "コーチングの無料体験を希望します。").await;
    let case = house.case(&number).await;
    let undelivered = house.cloud.lying_in("UndeliveredQueue");
    assert_eq!(undelivered.len(), 1, "{undelivered:?}");
    assert_eq!(undelivered[0]["case"], number.as_str());
    assert_eq!(undelivered[0]["code"], "MalformedDetail");

    // The address doesn't exist. What bounced becomes a task for a person, and nothing more is sent there.
    assert!(!house.mails("bounce@customer.example").await.is_empty());
    assert!(case.asks().any(|(_, ask)| ask.question == "attend"), "{case:?}");
    assert!(!house.mails(OPERATOR).await.is_empty());

    // SES takes a mail, but its answer is lost on the way. What SES tells on the bus settles it: nothing leaves twice.
    house.cloud.lost_answers.store(1, Ordering::SeqCst);
    let number = inquire(&house, "nao@customer.example", "コーチングの無料体験を希望します。").await;
    house.mail("nao@customer.example", "acknowledge").await;
    let case = house.case(&number).await;
    assert!(case.tracks.values().all(|track| matches!(track, Track::Ask(_))), "no mail is in doubt: {case:?}");

    // An event about a case that isn't there fails each time, and ends among the dead letters.
    let lost = json!({ "action": "notify", "client": "yamada", "case": "AAAAAAAAAAAA", "cause": "0".repeat(16) });
    let lost = event("banto", "node.entered", lost);
    house.cloud.deliver(&house.cloud.template.bus, &lost);
    house.rest().await;
    assert_eq!(house.cloud.lying_in("DeadLetterQueue"), [lost]);
    assert_eq!(
        house.log("notify").matches("refused: there is no case yamada/AAAAAAAAAAAA").count(),
        3,
        "one line each"
    );
    house.close().await;
}

/// The mails that the operator got about a case.
async fn tasks(house: &House, number: &str) -> Vec<Mail> {
    let mut mails = house.mails(OPERATOR).await;
    mails.retain(|m| m.tags["case"] == number);
    mails
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs real parts: scripts/real-parts install"]
async fn an_emergency_stops_everything_until_a_person_has_looked() {
    let house = House::open("emergency").await;
    let yoko = "yoko@customer.example";
    let earlier = inquire(&house, yoko, "コーチングの無料体験を希望します。").await;
    let link = house.mail(yoko, "missing-info").await.link();
    let details = [("menu", "trial"), ("goal", "転職"), ("preferred", "平日の夜")];
    assert_eq!(house.answer(&link, "send", &details).await.status, 200);
    house.rest().await;
    let slots = house.mail(yoko, "trial-slots").await.link();

    // She writes again, and in an answer something else is in it: the office hears of it at once.
    let cry = inquire(&house, yoko, "もう一件、コーチングの無料体験を希望します。").await;
    assert_ne!(cry, earlier);
    let mut asked = house.mails(yoko).await;
    asked.retain(|m| m.tags["case"] == cry && m.tags["template"] == "missing-info");
    let fields = [("menu", "trial"), ("goal", "もう消えたいと思うことがあります。"), ("preferred", "平日の夜")];
    assert_eq!(house.answer(&asked[0].link(), "send", &fields).await.status, 200);
    house.rest().await;
    let mails = tasks(&house, &cry).await;
    assert_eq!(mails.len(), 1);
    assert_eq!(mails[0].subject(), format!("【至急】緊急の可能性があるご連絡(受付番号 {cry})"));
    assert!(!mails[0].text().contains("消えたい"), "the mail doesn't quote her; the page does");
    house.get(&mails[0].link()).await.says("もう消えたいと思うことがあります。");
    let note = house.mail(yoko, "emergency-note").await;
    assert!(note.text().contains("0120-279-338"), "she isn't left in silence: {}", note.text());

    // Her other case stops too: what she answers there is kept, and no mail comes of it, whatever the clock says.
    let before = house.mails(yoko).await.len();
    assert_eq!(house.answer(&slots, "none-fits", &[]).await.status, 200);
    house.rest().await;
    house.tick().await;
    house.rest().await;
    assert!(house.case(&earlier).await.emergency().is_some());
    assert_eq!(house.mails(yoko).await.len(), before);

    // The office talked to her. The one matter is theirs; in the other automation goes on from where it stood.
    assert_eq!(house.answer(&mails[0].link(), "handled", &[]).await.status, 200);
    let asked = tasks(&house, &earlier).await;
    assert_eq!(house.answer(&asked[0].link(), "resume", &[]).await.status, 200);
    house.rest().await;
    ended(&house.case(&cry).await, "handed-over");
    stands(&house, &earlier, "trial-wishes").await;
    let resumed = house.case(&earlier).await;
    assert!(resumed.emergency().is_none());
    // The mail that was stopped looks again after some minutes, which nobody here has.
    assert_eq!(house.mails(yoko).await.len(), before);
    let waits = resumed.tracks.values().any(|t| matches!(t, Track::Message(m) if m.template == "other-times"));
    assert!(waits, "{resumed:?}");
    house.close().await;
}
