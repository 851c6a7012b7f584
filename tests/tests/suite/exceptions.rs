//! What a back office is paid for, told by dates, each story with its transcript (`tests/golden/`): an invoice that nobody
//! pays, a session that is moved within the terms and outside of them, money that goes back, a complaint, a customer who
//! doesn't come, a coach who is ill.

use super::closures::{closes, customers};
use super::flows::{Story, is_told, transcript};
use super::house::House;
use super::payments::{APPLICATION, SEMINAR};
use super::refunds::applied;
use super::requests::{MONDAY, NAO, before};

const AYAKA: &str = "ayaka@customer.example";
const NAO_AT: &str = "nao@customer.example";
const HANAKO: &str = "hanako@yamada-coaching.example";
const DESK: &str = "desk@banto-office.example";
const AOKI: &str = "aoki@banto-office.example";
const KANEKO: &str = "kaneko@banto-office.example";

impl Story {
    /// Somebody asks for something on their own page.
    async fn wants(&mut self, who: &str, request: &str, fields: &[(&str, &str)]) -> &mut Self {
        let token = self.house.my(who, &self.case).await;
        let (status, receipt) = self.house.want(&token, request, fields).await;
        assert_eq!(status, 200, "{request}: {receipt:#}");
        self.did(&format!("{who} asks on their page: {request}"));
        self
    }

    /// The coach whom the case has.
    async fn coach(&self) -> &'static str {
        let journal = self.house.case(&self.case).await["journal"].to_string();
        if journal.contains("\"coach\":\"mori\"") { "ichiro@yamada-coaching.example" } else { HANAKO }
    }

    /// So many minutes before the booked session begins; with a minus, after.
    async fn near(&mut self, minutes: i64) -> &mut Self {
        let at = before(&self.house.booking(&self.case).await, minutes);
        self.house.until(&at).await;
        self
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invoice_that_nobody_pays() {
    let mut story = Story::begin("2026-12-01T09:00:00+09:00", ["yamada", "seminar"], &SEMINAR).await;
    story.chooses(AYAKA, 0).await.answers(AYAKA, "send", &APPLICATION).await;
    story.stands("open invoice -").await;
    story.on("2026-12-04T11:00").await; // the notice
    story.on("2026-12-09T11:00").await.answers(KANEKO, "none", &[]).await;
    // They promise, and don't keep it: the ladder goes on two bank days later.
    story.on("2026-12-10T20:00").await.answers(AYAKA, "promised", &[("promised_on", "2026-12-15")]).await;
    story.on("2026-12-18T12:00").await.answers(KANEKO, "none", &[]).await;
    story.on("2026-12-28T12:00").await.answers(KANEKO, "none", &[]).await;
    story.answers(AOKI, "approve", &[]).await.answers(HANAKO, "approve", &[]).await;
    story.on("2027-01-08T12:00").await.answers(HANAKO, "close", &[]).await;
    story.stands("closed - unpaid").await;
    story.ends("unpaid").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_moved_within_the_terms_and_outside_of_them() {
    let mut story = Story::begin(MONDAY, ["yamada", "session"], &NAO).await;
    story.chooses(NAO_AT, 5).await;
    story.on("2026-12-07T13:00").await.wants(NAO_AT, "reschedule", &[("field.wish_date", "翌週")]).await;
    story.chooses(NAO_AT, 4).await;
    // Two hours before, with a child that has a fever: the coach decides.
    let fever = [("field.circumstances", "子どもが発熱しました")];
    story.near(120).await.wants(NAO_AT, "reschedule.tell", &fever).await;
    let coach = story.coach().await;
    story.answers(coach, "approve", &[]).await.chooses(NAO_AT, 1).await;
    // And once more, an hour before the third: this time she doesn't.
    story.near(60).await.wants(NAO_AT, "reschedule", &[("field.wish_date", "")]).await;
    let coach = story.coach().await;
    story.answers(coach, "refuse", &[("note", "規約のとおり、本日の実施といたします")]).await;
    let coach = story.after_session().await;
    story.answers(coach, "held", &[]).await;
    story.ends("moved").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn money_that_goes_back_once_a_coach_agreed() {
    let house = House::open(MONDAY).await;
    let case = applied(&house, "card", &[]).await;
    let mut story = Story::of(house, case);
    story.pays().await;
    let reason = [("field.refund_reason", "説明と内容が違うように感じました")];
    story.on("2026-12-09T13:00").await.wants(NAO_AT, "refund-talk", &reason).await;
    story.on("2026-12-09T13:40").await.answers(DESK, "refund", &[("refund_amount", "20000")]).await;
    let coach = story.coach().await;
    story.answers(coach, "approve", &[]).await;
    story.on("2026-12-09T14:30").await; // there were ten minutes to take it back
    story.ends("refunded").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_complaint_that_somebody_answers_by_name() {
    let house = House::open(MONDAY).await;
    let case = applied(&house, "card", &[]).await;
    let mut story = Story::of(house, case);
    let said = [("field.complaint", "開始時刻に先生がいらっしゃいませんでした")];
    story.on("2026-12-09T10:30").await.wants(NAO_AT, "complaint", &said).await;
    story.on("2026-12-09T10:50").await.answers(DESK, "mine", &[]).await;
    let reply = [("complaint_reply", "お待たせしたことをお詫びし、次回を15分延長いたします。")];
    story.on("2026-12-10T11:00").await.answers(DESK, "answered", &reply).await;
    story.on("2026-12-10T15:00").await.answers(HANAKO, "approve", &[]).await;
    story.on("2026-12-11T12:00").await;
    story.ends("complaint").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mail_that_went_to_the_wrong_person() {
    let house = House::open(MONDAY).await;
    let case = applied(&house, "card", &[]).await;
    let mut story = Story::of(house, case);
    let said = [("field.complaint", "別の方のお名前と予約内容が書かれたメールが届きました")];
    story.on("2026-12-09T10:30").await.wants(NAO_AT, "complaint", &said).await;
    story.on("2026-12-09T10:45").await.answers(DESK, "incident", &[]).await;
    let what = [("incident_what", "予約確認メール1件を、別のお客様へ送信。氏名と予約日時。")];
    story.on("2026-12-09T11:15").await.answers(DESK, "found", &what).await;
    let apology = [(
        "incident_apology",
        "別のお客様へお送りすべきメールを、誤ってお送りいたしました。お手元のメールは削除くださいますようお願いいたします。",
    )];
    story.on("2026-12-09T14:00").await.answers(DESK, "written", &apology).await;
    story.answers(HANAKO, "approve", &[]).await;
    let reason = [("incident_reason", "1件、要配慮個人情報を含まない。委員会の基準に該当しない。")];
    story.on("2026-12-10T11:00").await.answers(HANAKO, "not-needed", &reason).await;
    story.ends("incident").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_customer_who_does_not_come_is_heard() {
    let house = House::open(MONDAY).await;
    let case = applied(&house, "card", &[]).await;
    let mut story = Story::of(house, case);
    story.pays().await.chooses(NAO_AT, 0).await;
    let coach = story.near(-8).await.coach().await;
    story.wants(coach, "absent", &[]).await;
    story.near(-75).await.answers(coach, "missed", &[]).await;
    let link_to = story.house.newest_link_to("absence").await;
    let reply = story.house.answer(&link_to, "send", &[("absence", "電車が止まっていました")]).await;
    assert_eq!(reply.status(), 200);
    story.did("the customer says what happened");
    story.answers(coach, "excused", &[]).await;
    story.ends("no-show").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_coach_who_is_ill_and_one_of_six_customers() {
    let house = House::open(MONDAY).await;
    let cases = customers(&house, (jiff::civil::date(2026, 12, 15), 6), 6).await;
    house.until("2026-12-15T08:10:00+09:00").await;
    let (status, receipt) = closes(&house, &cases[2], ("2026-12-15", "2026-12-16")).await;
    assert_eq!(status, 200, "{receipt:#}");
    let closing = receipt["receipt"]["case"].as_str().expect("a case").to_owned();
    // Its number is new each time, as what the page showed is marked with the person's own key.
    is_told("coach-ill-day", &transcript(&house, &closing, &[]).await.replace(&closing, "…"));
    let mails = house.mails().await;
    let told = |m: &&banto::mailbox::Mail| {
        m.template.as_deref() == Some("coach-cannot") && m.case.as_deref() == Some(&cases[0])
    };
    let to = mails.iter().find(told).expect("an apology").to.clone();
    let mut story = Story::of(house, cases[0].clone());
    story.did("the coach closes her days");
    story.on("2026-12-15T12:00").await.chooses(&to, 2).await;
    story.ends("coach-ill-customer").await;
}
