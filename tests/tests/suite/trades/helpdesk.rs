//! The help desk: whoever is free takes; asking back, other departments, 上長へ相談, refusal, and complaints beside it.

use super::Tale;

const ITO: &str = "ito@tsubame-cloud.example";
const KIMURA: &str = "kimura@tsubame-cloud.example";
const ONO: &str = "ono@tsubame-cloud.example";
const MURAKAMI: &str = "murakami@tsubame-cloud.example";
const MATSUI: &str = "matsui@tsubame-cloud.example";

#[tokio::test(flavor = "multi_thread")]
async fn a_help_desk_with_a_queue_and_complaints() {
    let mut tale = Tale::begin("helpdesk", "2026-12-01T09:30").await;
    a_ticket_is_solved_at_the_second_go(&mut tale).await;
    another_department_and_a_complaint_by_an_answer(&mut tale).await;
    nobody_takes_it_and_it_is_refused(&mut tale).await;
    a_complaint_by_a_form_reaches_the_case(&mut tale).await;
    tale.ends().await;
}

async fn a_ticket_is_solved_at_the_second_go(tale: &mut Tale) {
    let fields =
        [("name", "山口 亮太"), ("email", "yamaguchi@customer.example"), ("message", "請求書PDFを開けません。")];
    let case = tale.inquires("聞き返し、上長への相談、二度目の回答で解決", "help", &fields).await;
    let who = "yamaguchi@customer.example";
    // Only who is on duty is asked, and who takes it has it.
    assert_eq!(tale.mails(&case, ITO, "task").await, 1);
    assert_eq!(tale.mails(&case, KIMURA, "task").await, 0, "on duty in the afternoon");
    tale.on("2026-12-01T09:45").await.answers(&case, ITO, "take", &[]).await;
    let question = [("agent_question", "お使いの端末とアプリの版をお知らせください。")];
    tale.answers(&case, ITO, "ask-back", &question).await;
    tale.on("2026-12-01T12:00").await.answers(&case, who, "send", &[("details", "iPhone、版は3.2です。")]).await;
    let solution = [("solution", "版3.3へ更新のうえ、もう一度お試しください。")];
    tale.on("2026-12-01T12:30").await.answers(&case, ITO, "solved", &solution).await;
    tale.on("2026-12-02T08:30").await.answers(&case, who, "no", &[("still", "更新しても開けません。")]).await;
    tale.on("2026-12-02T09:30").await.answers(&case, ITO, "consult", &[("consult_note", "再発しました。")]).await;
    tale.on("2026-12-02T10:30")
        .await
        .answers(&case, MURAKAMI, "advise", &[("advice", "Web版での確認をご案内ください。")])
        .await;
    let solution = [("solution", "お手数ですが、Web版の「請求」からお開きください。")];
    tale.on("2026-12-02T11:00").await.answers(&case, ITO, "solved", &solution).await;
    tale.on("2026-12-02T18:00").await.answers(&case, who, "yes", &[]).await;
    tale.stands(&case, "closed - solved").await;
}

async fn another_department_and_a_complaint_by_an_answer(tale: &mut Tale) {
    tale.on("2026-12-03T14:00").await;
    let who = "hayashi@customer.example";
    let fields = [("name", "林 千夏"), ("email", who), ("message", "二重に請求されているようです。")];
    let case = tale.inquires("担当部署の引き継ぎ、後日の再開、ご回答へのご意見", "help", &fields).await;
    tale.answers(&case, KIMURA, "wrong", &[("department", "billing")]).await;
    tale.stands(&case, "open queue-billing -").await;
    assert_eq!(tale.mails(&case, who, "handed-over").await, 1);
    tale.on("2026-12-03T15:00").await.answers(&case, ONO, "take", &[]).await;
    tale.answers(&case, ONO, "later", &[("resume_on", "2026-12-10")]).await;
    tale.stands(&case, "open later -").await;
    // She writes again before that day, by the number of her case: nobody waits any longer.
    tale.on("2026-12-04T10:00").await;
    let more = [("name", "林 千夏"), ("email", who), ("message", "明細を確認しました。11月分が2件あります。")];
    tale.reaches(&case, "more", &more).await;
    tale.stands(&case, "open work -").await;
    tale.on("2026-12-04T11:00").await.answers(&case, ONO, "solved", &[("solution", "1件を取り消しました。")]).await;
    let complaint = [("complaint", "お詫びの言葉がありません。")];
    tale.on("2026-12-04T13:00").await.answers(&case, who, "complain", &complaint).await;
    assert_eq!(tale.mails(&case, who, "complaint-received").await, 1);
    tale.stands(&case, "open await-manager -").await;
    let reply = [("reply", "確認が行き届かず、ご不快な思いをおかけしました。手順を改めます。")];
    tale.on("2026-12-04T16:30").await.answers(&case, MATSUI, "answered", &reply).await;
    tale.on("2026-12-05T14:00").await.stands(&case, "closed - solved").await;
    assert_eq!(tale.mails(&case, who, "plan").await, 0, "nothing is promoted to who complained");
}

async fn nobody_takes_it_and_it_is_refused(tale: &mut Tale) {
    tale.on("2026-12-07T09:00").await;
    let who = "oka@customer.example";
    let fields = [("name", "岡 直樹"), ("email", who), ("message", "他社のソフトの使い方を教えてください。")];
    let case = tale.inquires("誰も引き受けず責任者へ、お断り", "help", &fields).await;
    tale.on("2026-12-07T13:00").await.stands(&case, "open supervise -").await;
    tale.answers(&case, MURAKAMI, "name", &[("agent", "kimura")]).await;
    let refusal = [("refusal", "他社製品の操作につきましては、当窓口ではご案内しておりません。")];
    tale.on("2026-12-07T14:00").await.answers(&case, KIMURA, "refuse", &refusal).await;
    tale.stands(&case, "closed - refused").await;
}

async fn a_complaint_by_a_form_reaches_the_case(tale: &mut Tale) {
    tale.on("2026-12-08T13:30").await;
    let who = "kondo@customer.example";
    let fields = [("name", "近藤 明"), ("email", who), ("message", "データの復元をお願いします。")];
    let case = tale.inquires("フォームからのご意見、担当者の再対応、お返事がないまま終了", "help", &fields).await;
    tale.answers(&case, KIMURA, "take", &[]).await;
    tale.answers(&case, KIMURA, "solved", &[("solution", "ごみ箱から復元できます。")]).await;
    // Whoever knows a number may add to its case. Where its mails go stays as it was.
    tale.on("2026-12-08T16:00").await;
    let stranger = [("name", "近藤"), ("email", "other@stranger.example"), ("message", "手順が書かれていません。")];
    tale.reaches(&case, "complaint", &stranger).await;
    let reply = [("reply", "説明が足りず、申し訳ございません。担当者より手順をお送りします。")];
    tale.on("2026-12-08T17:00").await.answers(&case, MATSUI, "again", &reply).await;
    tale.stands(&case, "open work -").await;
    assert_eq!(tale.mails(&case, who, "complaint-reply").await, 1);
    assert_eq!(tale.mails(&case, "stranger", "complaint-reply").await, 0);
    let solution = [("solution", "1. ごみ箱を開きます。2. ファイルを選び、「復元」を押します。")];
    tale.on("2026-12-09T13:30").await.answers(&case, KIMURA, "solved", &solution).await;
    // Silence closes it, after a reminder.
    tale.on("2026-12-14T10:00").await.stands(&case, "closed - solved").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_open_complaint_stops_what_promotes_and_keeps_its_case_open() {
    let mut tale = Tale::begin("helpdesk", "2026-12-01T20:00").await;
    let who = "kondo@customer.example";
    let fields = [("name", "近藤 明"), ("email", who), ("message", "データの復元をお願いします。")];
    let case = tale.inquires("", "help", &fields).await;
    // Late in the evening, so that what promotes wants to leave at night and waits for the morning.
    tale.on("2026-12-01T20:50").await.answers(&case, ITO, "take", &[]).await;
    tale.on("2026-12-02T21:30").await;
    let link = tale.house.newest_link_to("task").await;
    assert_eq!(tale.house.answer(&link, "solved", &[("solution", "ごみ箱から復元できます。")]).await.status(), 200);
    tale.on("2026-12-05T07:30").await;
    let complaint = [("name", "近藤 明"), ("email", who), ("message", "手順が書かれていません。")];
    tale.reaches(&case, "complaint", &complaint).await;
    tale.on("2026-12-05T09:00").await;
    assert_eq!(tale.mails(&case, who, "plan").await, 0, "stopped while a complaint is open");
    // The customer finds the way alone: all the same a manager must answer before it closes.
    tale.answers(&case, who, "yes", &[]).await.stands(&case, "open await-manager -").await;
    tale.on("2026-12-06T12:00").await.stands(&case, "open await-manager -").await;
    tale.answers(&case, MATSUI, "settled", &[("reply", "説明を改めます。")]).await;
    tale.stands(&case, "closed - solved").await;
    tale.on("2026-12-08T12:00").await;
    assert_eq!(tale.mails(&case, who, "plan").await, 0, "nor does it follow on the heels of an apology");
    tale.house.is_in_order().await;
}
