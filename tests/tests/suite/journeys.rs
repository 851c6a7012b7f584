//! Stories of an inquiry told by dates, on the local host.

use banto::mailbox::Mail;
use serde_json::json;

use super::bad_input::typeform;
use super::house::House;
use super::steps::{INQUIRY, body};

const NAO: &str = "nao@customer.example";
const DESK: &str = "desk@banto-office.example";
const AOKI: &str = "aoki@banto-office.example";

#[tokio::test(flavor = "multi_thread")]
async fn an_inquiry_is_answered_asked_about_and_confirmed() {
    let house = House::open("2026-12-01T09:00:00+09:00").await;
    let id = house.inquire(["yamada", "inquiry"], &INQUIRY).await;
    assert_eq!(house.stands(&id).await, "open collect -");

    // On Wednesday she opens the link, forgets a field, and then answers.
    house.until("2026-12-02T20:00:00+09:00").await;
    let token = house.link(NAO).await;
    let before = house.case(&id).await;
    assert_eq!(house.look(&token).await.status(), 200);
    assert_eq!(house.case(&id).await, before, "looking changes nothing");
    let reply = house.answer(&token, "send", &[("menu", "trial"), ("goal", "転職")]).await;
    assert_eq!(reply.status(), 422);
    assert!(body(&reply).contains("転職"), "what she wrote is still there");
    assert_eq!(house.case(&id).await, before, "an answer that isn't taken changes nothing");
    let reply = house.answer(&token, "send", &[("menu", "trial"), ("goal", "転職"), ("preferred", "平日の夜")]).await;
    assert_eq!(reply.status(), 200);
    assert!(body(&reply).contains("回答控え"));
    assert_eq!(house.stands(&id).await, "open offer-trial -");

    // A second click shows the receipt of the first; the reminder of Thursday died with the ask.
    assert!(body(&house.look(&token).await).contains("回答控え"));
    house.until("2026-12-03T12:00:00+09:00").await;
    assert_eq!(
        house.post().await,
        [
            format!("12-01 09:00 {NAO} acknowledge"),
            format!("12-01 09:00 {NAO} missing-info"),
            format!("12-02 20:00 {NAO} trial-slots"),
        ]
    );
    house.is_in_order().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_answers_and_the_inquiry_is_given_up_politely() {
    let house = House::open("2026-12-01T09:00:00+09:00").await;
    let id = house.inquire(["yamada", "inquiry"], &INQUIRY).await;
    let token = house.link(NAO).await;
    house.until("2026-12-31T09:00:00+09:00").await;
    assert_eq!(
        house.post().await,
        [
            format!("12-01 09:00 {NAO} acknowledge"),
            format!("12-01 09:00 {NAO} missing-info"),
            format!("12-03 09:00 {NAO} missing-info-again"),
            format!("12-06 09:00 {NAO} missing-info-again"),
            format!("12-08 09:00 {NAO} gave-up"),
        ]
    );
    assert_eq!(house.stands(&id).await, "closed - gave-up");
    let late = house.look(&token).await;
    assert_eq!(late.status(), 410);
    assert!(body(&late).contains("受付は終了しました"));
    house.is_in_order().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operator_decides_what_the_rules_can_not() {
    let house = House::open("2026-12-01T09:00:00+09:00").await;
    let fields = [("name", "佐々木 奈緒"), ("email", NAO), ("message", "少しお聞きしたいことがあります。")];
    let id = house.inquire(["yamada", "inquiry"], &fields).await;
    assert_eq!(house.stands(&id).await, "open triage -");
    let token = house.link(DESK).await;
    let page = body(&house.look(&token).await);
    assert!(page.contains("少しお聞きしたいことがあります。"), "who decides sees what was written");
    let mail = house.mails().await.into_iter().find(|m| m.to.contains(DESK)).expect("a mail");
    assert!(
        !mail.text.contains("少しお聞き") && !mail.text.contains("奈緒"),
        "the mail to the office doesn't repeat it"
    );
    // At noon nobody has looked: a reminder. In the evening the office declines.
    house.until("2026-12-01T18:00:00+09:00").await;
    house.answer(&token, "declined", &[]).await;
    let second = house.answer(&token, "accepted", &[]).await;
    assert!(body(&second).contains("お引き受けできない旨をご連絡する"), "the first decision stands");
    assert_eq!(house.stands(&id).await, "closed - declined");
    assert_eq!(
        house.post().await,
        [
            format!("12-01 09:00 {AOKI} attend"),
            format!("12-01 09:00 {DESK} attend"),
            format!("12-01 09:00 {NAO} acknowledge"),
            format!("12-01 13:00 {AOKI} attend"),
            format!("12-01 13:00 {DESK} attend"),
            format!("12-01 18:00 {NAO} declined"),
        ]
    );
    house.is_in_order().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn typeform_and_an_english_practice_side_by_side() {
    let house = House::open("2026-12-01T09:00:00+09:00").await;
    let answers = [
        ("name", "text", json!("佐々木 奈緒")),
        ("email", "email", json!(NAO)),
        ("message", "text", json!("コーチングの無料体験を希望します。")),
        ("menu", "choice", json!({ "label": "無料体験" })),
        ("goal", "text", json!("転職")),
        ("preferred", "text", json!("平日の夜")),
    ];
    let (content, signature) = typeform("01HZZZ", &answers);
    let request =
        || http::Request::post("/").header("content-type", "application/json").header("typeform-signature", &signature);
    for _ in 0..2 {
        let params = [("client", "yamada"), ("form", "typeform")];
        assert_eq!(house.http("receive-form", &params, request(), &content).await.status(), 202);
    }
    let fields = [("name", "Nao"), ("email", NAO), ("message", "I would like a coaching trial.")];
    house.inquire(["harbor", "inquiry"], &fields).await;
    let mails = house.mails().await;
    let from = |m: &Mail, who: &str| m.from.contains(who);
    let yamada: Vec<&Mail> = mails.iter().filter(|m| from(m, "山田コーチ事務局")).collect();
    let harbor: Vec<&Mail> = mails.iter().filter(|m| from(m, "Harbor Coaching Office")).collect();
    assert_eq!(
        (yamada.len(), harbor.len(), mails.len()),
        (2, 2, 4),
        "acknowledged and confirmed; acknowledged and asked"
    );
    assert!(harbor.iter().all(|m| !m.text.contains("山田")) && yamada.iter().all(|m| !m.text.contains("Harbor")));
    house.is_in_order().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_template_revoked_today_is_held_and_a_person_decides() {
    let house = House::open("2026-12-01T09:00:00+09:00").await;
    let id = house.inquire(["yamada", "inquiry"], &INQUIRY).await;
    let client = banto_domain::ClientId::parse("yamada").expect("a name");
    house.host.world().env.playbooks.revoke(&client, "gave-up").await.expect("revoked");
    house.until("2026-12-08T12:00:00+09:00").await;
    assert_eq!(house.stands(&id).await, "closed - gave-up");
    assert!(!house.post().await.iter().any(|m| m.ends_with("gave-up")));
    let token = house.link(DESK).await;
    let page = body(&house.look(&token).await);
    assert!(page.contains("テンプレートが承認されていません"), "{page}");
    house.answer(&token, "done", &[]).await;
    assert_eq!(house.case(&id).await["tracks"], json!([]), "dealt with in another way");
    house.is_in_order().await;
}
