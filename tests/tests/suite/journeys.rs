//! Stories told by dates, on the local host: functions, bus, queues, clock and mailbox as a visitor of practice mode has
//! them. Time is moved, never slept.

use banto::clock::ClockMode;
use banto::engine::Place;
use banto::host::{Host, HostConfig};
use banto::mailbox::Mail;
use banto::practice;
use banto_aws::reader::{examine_all, verify_all};
use banto_aws::{PathParams, Reply, Request};
use banto_domain::CaseKey;
use bytes::Bytes;
use serde_json::{Value, json};

use super::bad_input::typeform;
use super::steps::{INQUIRY, body, encode, shown};

struct House {
    host: Host,
}

impl House {
    async fn open(now: &str) -> Self {
        let clock = ClockMode::Manual(Some(now.parse().expect("an instant")));
        let url = "http://127.0.0.1:8080".to_owned();
        let mut config = HostConfig::new(Place::Memory, clock, url, banto_tests::keys()).expect("a template");
        config.undelivered = Some(practice::undelivered());
        let host = Host::open(config).await.expect("a house");
        let folders = banto_playbooks::ready_made().expect("no problems");
        practice::publish(host.world(), &folders, true).await.expect("published");
        Self { host }
    }

    async fn http(
        &self,
        function: &str,
        params: &[(&str, &str)],
        request: http::request::Builder,
        content: &str,
    ) -> Reply {
        let mut request: Request = request.body(Bytes::from(content.to_owned())).expect("a request");
        let params = params.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
        request.extensions_mut().insert(PathParams(params));
        let reply = self.host.request(function, request).await.expect("an answer");
        self.host.idle().await.expect("idle");
        reply
    }

    async fn inquire(&self, form: [&str; 2], fields: &[(&str, &str)]) -> String {
        let request = http::Request::post("/").header("content-type", "application/x-www-form-urlencoded");
        let params = [("client", form[0]), ("form", form[1])];
        let reply = self.http("receive-form", &params, request, &encode(fields)).await;
        assert_eq!(reply.status(), 202, "{}", body(&reply));
        let answer: Value = serde_json::from_slice(reply.body()).expect("JSON");
        answer["case"].as_str().expect("a case").to_owned()
    }

    /// Everything that is due until then happens in order, at its own time.
    async fn until(&self, to: &str) {
        self.host.advance(to.parse().expect("an instant")).await.expect("advanced");
    }

    /// What was sent, oldest first: `12-01 09:00 to template`. Mails to one person leave in the order in which they were
    /// wanted; those to different people at one instant have no order, so they are listed by address.
    async fn post(&self) -> Vec<String> {
        let zone = jiff::tz::TimeZone::get("Asia/Tokyo").expect("a zone");
        let line = |m: &Mail| {
            let at: jiff::Timestamp = m.sent_at.to_string().parse().expect("an instant");
            let at = at.to_zoned(zone.clone()).strftime("%m-%d %H:%M").to_string();
            format!("{at} {} {}", m.to, m.template.clone().unwrap_or_default())
        };
        let mut mails = self.mails().await;
        mails.reverse();
        mails.sort_by_key(|m| (m.sent_at, m.to.clone()));
        mails.iter().map(line).collect()
    }

    /// Newest first.
    async fn mails(&self) -> Vec<Mail> {
        self.host.mails().await.expect("mails")
    }

    /// The link of the newest mail to this address that has one.
    async fn link(&self, to: &str) -> String {
        let mails = self.mails().await;
        let text = mails.iter().filter(|m| m.to.contains(to)).find(|m| m.text.contains("/a/")).expect("a link");
        let token = text.text.split("/a/").nth(1).expect("a token");
        token.split_whitespace().next().expect("a token").to_owned()
    }

    async fn look(&self, token: &str) -> Reply {
        self.http("answer-ask", &[("token", token)], http::Request::get("/"), "").await
    }

    async fn answer(&self, token: &str, answer: &str, fields: &[(&str, &str)]) -> Reply {
        let page = body(&self.look(token).await);
        let shown = shown(&page);
        let named: Vec<(String, &str)> = fields.iter().map(|(n, v)| (format!("field.{n}"), *v)).collect();
        let mut all = vec![("answer", answer), ("shown", shown)];
        all.extend(named.iter().map(|(n, v)| (n.as_str(), *v)));
        self.http("answer-ask", &[("token", token)], http::Request::post("/"), &encode(&all)).await
    }

    async fn case(&self, id: &str) -> Value {
        let ledger = &self.host.world().env.ledger;
        let keys = ledger.cases().await.expect("cases");
        let key: &CaseKey = keys.iter().find(|k| k.case.as_str() == id).expect("a case");
        ledger.show(key, false).await.expect("the store").expect("a case")
    }

    async fn stands(&self, id: &str) -> String {
        let case = self.case(id).await;
        let text = |name: &str| case[name].as_str().unwrap_or("-").to_owned();
        format!("{} {} {}", text("status"), text("node"), text("outcome"))
    }

    /// The log can be trusted, no case is forgotten, nothing failed for good.
    async fn is_in_order(&self) {
        let ledger = &self.host.world().env.ledger;
        assert_eq!(verify_all(ledger).await.expect("the store").1, []);
        assert_eq!(examine_all(ledger, self.host.now()).await.expect("the store").1, []);
        assert_eq!(self.host.dead_letters().await.expect("the store").len(), 0);
    }
}

const NAO: &str = "nao@customer.example";
const DESK: &str = "desk@banto-office.example";

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
    assert_eq!(house.stands(&id).await, "closed - complete");

    // A second click shows the receipt of the first; the reminder of Thursday died with the ask.
    assert!(body(&house.look(&token).await).contains("回答控え"));
    house.until("2026-12-20T09:00:00+09:00").await;
    assert_eq!(
        house.post().await,
        [
            format!("12-01 09:00 {NAO} acknowledge"),
            format!("12-01 09:00 {NAO} missing-info"),
            format!("12-02 20:00 {NAO} info-received"),
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
            format!("12-01 09:00 {DESK} attend"),
            format!("12-01 09:00 {NAO} acknowledge"),
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
