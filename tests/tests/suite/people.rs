//! Promise 15: staff can always be reached. No bounce silences an operator or a coach, and what can't reach one person
//! reaches the next.

use serde_json::{Value, json};

use super::house::House;
use super::payments::tasks;
use super::pure::{with_a_second, yamada};
use super::steps::body;

const GONE: &str = "bounce@simulator.amazonses.com";
const INQUIRY: [(&str, &str); 3] =
    [("name", "渡辺 陽子"), ("email", "yoko@customer.example"), ("message", "よろしくお願いします。")];
const CRY: [(&str, &str); 3] =
    [("name", "渡辺 陽子"), ("email", "yoko@customer.example"), ("message", "もう消えたいと思うことがあります。")];

async fn mails_to(house: &House, to: &str) -> usize {
    house.mails().await.iter().filter(|m| m.to.contains(to)).count()
}

/// The provider tells of the newest mail to somebody.
async fn told(house: &House, case: &str, to: &str, what: &Value) {
    let shown = house.case(case).await;
    let wanted = shown["journal"].as_array().expect("a journal").iter().rev();
    let message = wanted.clone().find(|e| e["type"] == "message.intended" && e["detail"]["to"] == to).expect("a mail");
    let mut detail = what.clone();
    detail["mail"] = json!({ "messageId": "x", "timestamp": house.host.now().to_string(),
        "tags": { "client": ["yamada"], "case": [case], "intent": [message["detail"]["message"]] } });
    house.event("record-delivery", json!({ "source": "aws.ses", "detail": detail })).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_question_that_reached_nobody_goes_to_the_next() {
    let folder = yamada(|folder| {
        folder.playbook.people.operators.iter_mut().for_each(|operator| GONE.clone_into(&mut operator.address));
    });
    let house = House::open_with("2026-12-01T09:00:00+09:00", &[folder]).await;
    let case = house.inquire(["yamada", "inquiry"], &CRY).await;
    let urgent: Vec<String> =
        house.mails().await.iter().filter(|m| m.to.contains("hanako@")).map(|m| m.subject.clone()).collect();
    assert!(urgent.iter().any(|s| s.contains("【至急】")), "the coaches are asked instead: {urgent:?}");
    let mut reasons = tasks(&house.case(&case).await);
    reasons.sort();
    assert_eq!(reasons, ["emergency", "unreachable:aoki", "unreachable:desk"]);
    // The question to both, and to the second that the first can't be reached.
    assert_eq!(mails_to(&house, GONE).await, 3, "what came back isn't sent there again and again");
    let mut links = Vec::new();
    for mail in house.mails().await.iter().filter(|m| m.to.contains("hanako@") && m.subject.contains("至急")) {
        links.push(mail.text.split("/a/").nth(1).expect("a link").split_whitespace().next().expect("one").to_owned());
    }
    let page = body(&house.look(&links[0]).await);
    assert!(page.contains("もう消えたい"), "with the words shown: {page}");
    assert_eq!(house.answer(&links[0], "handled", &[]).await.status(), 200);
    assert_eq!(house.stands(&case).await, "closed - handed-over");
    house.is_in_order().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn when_nobody_is_left_it_comes_to_rest() {
    let folder = yamada(|folder| {
        let people = &mut folder.playbook.people;
        people.operators.iter_mut().chain(&mut people.coaches).for_each(|p| GONE.clone_into(&mut p.address));
    });
    let house = House::open_with("2026-12-01T09:00:00+09:00", &[folder]).await;
    let case = house.inquire(["yamada", "inquiry"], &CRY).await;
    let mails = mails_to(&house, GONE).await;
    assert!(mails < 12, "{mails}: three people, and what each was told of the others");
    let reasons = tasks(&house.case(&case).await);
    assert!(reasons.contains(&"emergency".to_owned()), "it is still there for whoever looks at the desk: {reasons:?}");
    house.is_in_order().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_silences_an_operator_and_the_others_learn_of_it() {
    let house = House::open_with("2026-12-01T09:00:00+09:00", &[yamada(with_a_second)]).await;
    let case = house.inquire(["yamada", "inquiry"], &INQUIRY).await;
    assert_eq!(
        (mails_to(&house, "desk@").await, mails_to(&house, "night@").await),
        (1, 1),
        "what is it? both are asked"
    );
    let recipients = json!([{ "emailAddress": "Desk@banto-office.example" }]);
    for what in [
        json!({ "eventType": "Bounce", "bounce": { "bounceType": "Permanent", "bouncedRecipients": recipients } }),
        json!({ "eventType": "Complaint", "complaint": { "complainedRecipients": recipients } }),
    ] {
        told(&house, &case, "person:desk", &what).await;
    }
    assert_eq!(tasks(&house.case(&case).await), ["unreachable:desk"], "one task, for whoever is left");
    assert_eq!((mails_to(&house, "desk@").await, mails_to(&house, "night@").await), (1, 2));
    // Somebody has seen to it: the desk is asked as before, since its address was never stopped.
    let newest = house.mails().await;
    let link = newest.iter().find(|m| m.to.contains("night@")).expect("a mail").text.clone();
    let link = link.split("/a/").nth(1).expect("a link").split_whitespace().next().expect("one").to_owned();
    assert!(body(&house.look(&link).await).contains("担当者宛てのメールが届いていません (desk)"));
    assert_eq!(house.answer(&link, "done", &[]).await.status(), 200);
    let other = house.inquire(["yamada", "inquiry"], &CRY).await;
    house.open_link("desk@", &other).await;
    house.is_in_order().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn in_an_emergency_a_coach_whose_mail_came_back_is_told_again_with_the_others() {
    let house = House::open("2026-12-01T09:00:00+09:00").await;
    let case = house.inquire(["yamada", "inquiry"], &CRY).await;
    let bounced = json!({ "bounceType": "Permanent",
        "bouncedRecipients": [{ "emailAddress": "hanako@yamada-coaching.example" }] });
    told(&house, &case, "person:yamada", &json!({ "eventType": "Bounce", "bounce": bounced })).await;
    assert!(tasks(&house.case(&case).await).contains(&"unreachable:yamada".to_owned()));
    house.until("2026-12-01T10:01:00+09:00").await;
    let urgent = house.post().await.into_iter().filter(|mail| mail.ends_with(" urgent"));
    let urgent: Vec<String> = urgent.filter(|mail| mail.contains("10:00")).collect();
    for reader in ["hanako@", "ichiro@", "desk@", "aoki@"] {
        assert!(urgent.iter().any(|mail| mail.contains(reader)), "{reader}: {urgent:?}");
    }
    house.is_in_order().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn each_reader_is_looked_at_by_their_own_address() {
    let house = House::open("2026-12-01T09:00:00+09:00").await;
    let case = house.inquire(["yamada", "seminar"], &INQUIRY).await;
    let slot = house.slots(&case).await[0].clone();
    let link = house.open_link("yoko@", &case).await;
    house.answer(&link, &slot, &[]).await;
    let application = [
        ("family_name", "渡辺"),
        ("given_name", "陽子"),
        ("family_kana", "わたなべ"),
        ("given_kana", "ようこ"),
        ("payer", "other"),
        ("payment", "card"),
        ("terms", "yes"),
        ("law_notice", "yes"),
    ];
    let link = house.open_link("yoko@", &case).await;
    house.answer(&link, "send", &application).await;
    let link = house.open_link("yoko@", &case).await;
    let payer = [("payer_name", "株式会社 松"), ("payer_email", "keiri@matsu.example")];
    house.answer(&link, "send", &payer).await;
    assert_eq!(mails_to(&house, "keiri@").await, 1, "{:?}", house.post().await);
    let asked = house.mails().await;
    let asked = asked.iter().find(|m| m.to.contains("keiri@")).expect("a mail");
    assert!(
        asked.text.contains("渡辺") && !asked.text.contains("銀行"),
        "who named them, and no account: {}",
        asked.text
    );
    let link = house.open_link("keiri@", &case).await;
    house.answer(&link, "agree", &[]).await;
    assert_eq!(mails_to(&house, "keiri@").await, 2, "{:?}", house.post().await);
    let gone = json!([{ "emailAddress": "keiri@matsu.example" }]);
    let what = json!({ "eventType": "Bounce", "bounce": { "bounceType": "Permanent", "bouncedRecipients": gone } });
    told(&house, &case, "payer", &what).await;
    assert_eq!(tasks(&house.case(&case).await), ["bounced:permanent"]);
    let before = mails_to(&house, "yoko@").await;
    assert_eq!(house.pay(&case, banto::pay::Outcome::Paid).await, 202);
    assert_eq!(mails_to(&house, "keiri@").await, 2, "nothing more goes there");
    assert!(mails_to(&house, "yoko@").await > before, "the customer's own address is as good as before");
    assert!(tasks(&house.case(&case).await).contains(&"suppressed".to_owned()));
    house.is_in_order().await;
}
