//! The people of the practice that visitors find, and what each of them does on the way: a case in every state. Days are
//! counted back from the visitor's present, and slots come from what is offered, so the script plays on any date.

mod staff;

use self::staff::with_staff;
use crate::pay::Outcome;

/// Somebody who writes to a practice.
#[derive(Debug, Clone)]
pub(super) struct Visitor {
    pub(super) writes: When,
    /// Client and form.
    pub(super) form: [&'static str; 2],
    pub(super) name: &'static str,
    pub(super) address: &'static str,
    pub(super) message: &'static str,
    /// What they say at once beside that.
    pub(super) details: Fields,
    pub(super) steps: Vec<Step>,
}

type Fields = &'static [(&'static str, &'static str)];

/// When something happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum When {
    /// So many days before the visitor's present, at this time in Japan.
    Day(i64, i8, i8),
    /// Hours and minutes before the visitor's present.
    Ago(i64, i64),
    /// A little after the booked session.
    Ended,
}

/// Something that people do. Without an open question it doesn't happen, and the story goes on.
#[derive(Debug, Clone)]
pub(super) enum Deed {
    /// Somebody answers a question.
    Say(&'static str, &'static str),
    /// Somebody fills in the fields of a question.
    Fill(&'static str, Vec<(&'static str, &'static str)>),
    /// Somebody chooses an answer that asks for more: question, answer, fields.
    Write(&'static str, &'static str, Vec<(&'static str, &'static str)>),
    /// The customer chooses a slot so many days before the visitor's present; 0: the next after it.
    Choose(i64),
    /// The customer chooses the first slot that is offered.
    ChooseFirst,
    /// The customer chooses the last slot that is offered.
    ChooseLast,
    /// The payer tries to pay.
    Pay(Outcome),
}

#[derive(Debug, Clone)]
pub(super) struct Step {
    pub(super) when: When,
    pub(super) deed: Deed,
}

use Deed::{Choose, ChooseFirst, ChooseLast, Fill, Pay, Say};
use When::{Ago, Day, Ended};

const INQUIRY: [&str; 2] = ["yamada", "inquiry"];
const ENGLISH: [&str; 2] = ["yamada", "inquiry-en"];
const SEMINAR: [&str; 2] = ["yamada", "seminar"];
const HARBOR: [&str; 2] = ["harbor", "inquiry"];

const PAID: Deed = Pay(Outcome::Paid);
const AGREE: Deed = Say("trial-info", "agree");
const HELD: Deed = Say("session-result", "held");
const SIGNED_UP: Deed = Say("trial-result", "signed-up");

/// What the office asks about at first.
fn needs(menu: &'static str, goal: &'static str, preferred: &'static str) -> Deed {
    Fill("missing-info", vec![("menu", menu), ("goal", goal), ("preferred", preferred)])
}

fn application(
    plan: Option<&'static str>,
    [family, given, family_kana, given_kana]: [&'static str; 4],
    [payer, payment]: [&'static str; 2],
) -> Deed {
    let mut fields = vec![
        ("family_name", family),
        ("given_name", given),
        ("family_kana", family_kana),
        ("given_kana", given_kana),
        ("payer", payer),
        ("payment", payment),
        ("terms", "yes"),
        ("law_notice", "yes"),
    ];
    fields.extend(plan.map(|plan| ("plan", plan)));
    Fill("application", fields)
}

fn survey() -> Deed {
    let comment = "話しながら考えが整理できました。ありがとうございました。";
    Fill("survey", vec![("satisfaction", "very-good"), ("comment", comment)])
}

fn step((when, deed): (When, Deed)) -> Step {
    Step { when, deed }
}

fn visitor(
    writes: When,
    form: [&'static str; 2],
    [name, address, message]: [&'static str; 3],
    steps: Vec<(When, Deed)>,
) -> Visitor {
    Visitor { writes, form, name, address, message, details: &[], steps: steps.into_iter().map(step).collect() }
}

/// Everybody.
pub(super) fn everybody() -> Vec<Visitor> {
    let mut all = on_the_way();
    all.extend(with_staff());
    all.extend(decided());
    all.extend(buying());
    all.extend(seminar());
    all.extend(english());
    all
}

/// Before the trial: the next word is the customer's.
fn on_the_way() -> Vec<Visitor> {
    vec![
        // She was reminded, and has not answered yet.
        visitor(Day(3, 10, 20), INQUIRY, ["髙橋 健", "ken@customer.example", "コーチングに興味があります。"], vec![]),
        visitor(
            Day(2, 11, 40),
            INQUIRY,
            ["中村 彩", "aya@customer.example", "無料体験を希望します。"],
            vec![(Day(1, 12, 10), needs("trial", "部下との関わり方", "土曜の午前"))],
        ),
        visitor(
            Ago(26, 0),
            INQUIRY,
            ["小林 直樹", "naoki@customer.example", "キャリアの相談をしたいです。コーチングは初めてです。"],
            vec![(Ago(20, 0), needs("trial", "これからのキャリア", "平日の夕方")), (Ago(3, 0), ChooseLast)],
        ),
        visitor(
            Day(2, 19, 30),
            INQUIRY,
            ["伊藤 真由", "mayu@customer.example", "体験セッションを申し込みたいです。"],
            vec![
                (Day(1, 8, 20), needs("trial", "育休明けの働き方", "平日の日中")),
                (Day(1, 8, 40), ChooseLast),
                (Day(1, 9, 10), AGREE),
                (
                    Day(1, 9, 40),
                    Fill(
                        "guide",
                        vec![("theme", "復職後の時間の使い方を整理したいです。"), ("questions", "録音はできますか。")],
                    ),
                ),
            ],
        ),
    ]
}

/// Finished, one way or the other.
fn decided() -> Vec<Visitor> {
    vec![
        visitor(
            Day(20, 13, 0),
            INQUIRY,
            [
                "広告プランニング株式会社",
                "sales@agency.example",
                "貴社のホームページを拝見し、SEO対策のご提案でご連絡しました。",
            ],
            vec![],
        ),
        visitor(
            Day(10, 16, 0),
            INQUIRY,
            ["山﨑 徹", "toru@customer.example", "相続のことで困っています。"],
            vec![(Day(10, 17, 20), Say("triage", "declined"))],
        ),
        visitor(
            Day(9, 10, 0),
            INQUIRY,
            ["山本 大輔", "daisuke@customer.example", "無料体験を申し込みたいです。"],
            vec![
                (Day(9, 12, 0), needs("trial", "転職するかどうか", "平日の夜")),
                (Day(9, 20, 0), Choose(7)),
                (Day(8, 8, 30), AGREE),
                (Ended, Say("trial-result", "left")),
            ],
        ),
        // A single session, from the inquiry to the survey.
        visitor(
            Day(14, 9, 0),
            INQUIRY,
            ["木村 拓", "taku@customer.example", "コーチングを一度受けたいです。目標の立て方を相談したいです。"],
            vec![
                (Day(14, 12, 0), needs("single", "来年の目標", "平日の午前")),
                (Day(13, 10, 0), application(Some("single"), ["木村", "拓", "きむら", "たく"], ["self", "card"])),
                (Day(13, 21, 0), PAID),
                (Day(12, 9, 0), Choose(10)),
                (Ended, HELD),
                (Day(8, 20, 30), survey()),
            ],
        ),
    ]
}

/// Applied, paying, in the middle of a programme.
fn buying() -> Vec<Visitor> {
    vec![
        misaki(),
        // The trial went well; the application is open.
        visitor(
            Day(5, 9, 15),
            INQUIRY,
            ["松本 綾香", "ayaka@customer.example", "6回のコーチングに申し込みたいです。まず体験を希望します。"],
            vec![
                (Day(4, 8, 2), needs("trial", "管理職としての自信をつけたい", "水曜の夜")),
                (Day(4, 8, 10), Choose(3)),
                (Day(4, 8, 30), AGREE),
                (Ended, SIGNED_UP),
            ],
        ),
        // Her employer pays.
        visitor(
            Day(4, 9, 0),
            INQUIRY,
            ["林 さくら", "sakura@customer.example", "単発のコーチングを申し込みたいです。"],
            vec![
                (Day(4, 12, 0), needs("single", "新しい部署での役割", "平日の午後")),
                (
                    Day(2, 10, 0),
                    application(Some("single"), ["林", "さくら", "はやし", "さくら"], ["other", "transfer"]),
                ),
                (
                    Day(2, 10, 30),
                    Fill(
                        "payer",
                        vec![("payer_name", "みらい商事株式会社 経理部"), ("payer_email", "keiri@mirai.example")],
                    ),
                ),
            ],
        ),
        // Past the due date: an operator looks for the payment.
        visitor(
            Day(12, 9, 0),
            INQUIRY,
            ["清水 健太", "kenta@customer.example", "コーチングの申し込みをしたいです。"],
            vec![
                (Day(12, 12, 0), needs("single", "独立のタイミング", "土曜")),
                (Day(11, 10, 0), application(Some("single"), ["清水", "健太", "しみず", "けんた"], ["self", "card"])),
                (Day(9, 19, 0), Pay(Outcome::Failed)),
            ],
        ),
        // Paid, and choosing the session.
        visitor(
            Day(3, 10, 0),
            INQUIRY,
            ["吉田 恵", "megumi@customer.example", "コーチングに申し込みます。以前お世話になりました。"],
            vec![
                (Day(3, 12, 0), needs("single", "仕事と家庭の両立", "平日の午前")),
                (Day(2, 11, 0), application(Some("single"), ["吉田", "恵", "よしだ", "めぐみ"], ["self", "card"])),
                (Day(1, 21, 10), PAID),
            ],
        ),
    ]
}

/// In the middle of six sessions; the next one is today.
fn misaki() -> Visitor {
    visitor(
        Day(24, 9, 0),
        INQUIRY,
        ["佐藤 美咲", "misaki@customer.example", "無料体験を希望します。転職について相談させてください。"],
        vec![
            (Day(24, 12, 30), needs("trial", "これからの働き方を整理したい", "平日の午前")),
            (Day(24, 20, 0), Choose(22)),
            (Day(23, 8, 10), AGREE),
            (
                Day(23, 20, 0),
                Fill("guide", vec![("theme", "転職するかどうか"), ("questions", "準備するものはありますか。")]),
            ),
            (Ended, SIGNED_UP),
            (Day(20, 10, 0), application(Some("programme"), ["佐藤", "美咲", "さとう", "みさき"], ["self", "card"])),
            (Day(19, 19, 0), PAID),
            (Day(17, 9, 30), Choose(15)),
            (Ended, HELD),
            (Day(13, 21, 0), survey()),
            (Day(12, 9, 30), Choose(9)),
            (Day(11, 19, 0), Fill("guide", vec![("theme", "面接で話す強みを言葉にしたいです。"), ("questions", "")])),
            (Ended, HELD),
            (Ago(26, 0), Choose(0)),
            (Ago(24, 30), Fill("guide", vec![("theme", "内定を受けるかどうか"), ("questions", "")])),
        ],
    )
}

/// A group seminar: its dates stand in the playbook, and once they are past the coach is asked for the next.
fn seminar() -> Vec<Visitor> {
    vec![
        visitor(
            Day(3, 12, 0),
            SEMINAR,
            ["岡田 翔", "sho@customer.example", "セミナーに参加したいです。"],
            vec![
                (Day(3, 18, 0), ChooseFirst),
                (Day(2, 12, 30), application(None, ["岡田", "翔", "おかだ", "しょう"], ["self", "card"])),
            ],
        ),
        visitor(
            Day(3, 8, 30),
            SEMINAR,
            ["前田 葵", "aoi@customer.example", "グループセミナーを申し込みます。"],
            vec![
                (Day(3, 9, 0), ChooseFirst),
                (Day(3, 9, 30), application(None, ["前田", "葵", "まえだ", "あおい"], ["self", "card"])),
                (Day(2, 9, 0), PAID),
            ],
        ),
    ]
}

/// English customers, and an English practice.
fn english() -> Vec<Visitor> {
    let application =
        Fill("application", vec![("payer", "self"), ("payment", "card"), ("terms", "yes"), ("law_notice", "yes")]);
    let mut oliver = visitor(
        Day(9, 19, 0),
        HARBOR,
        ["Oliver Reed", "oliver@customer.example", "I am looking for career coaching."],
        vec![(Day(9, 21, 0), ChooseFirst), (Ended, HELD), (Day(1, 20, 0), application)],
    );
    oliver.details = &[("plan", "programme"), ("goal", "A change of career"), ("preferred", "Tuesday evenings")];
    vec![
        visitor(
            Day(2, 10, 0),
            ENGLISH,
            ["Emma Clark", "emma@customer.example", "I would like to book a coaching trial."],
            vec![
                (Day(1, 9, 50), needs("trial", "Moving into a leadership role", "Weekday mornings")),
                (Day(1, 10, 0), ChooseLast),
                (Day(1, 10, 30), AGREE),
            ],
        ),
        oliver,
        visitor(
            Ago(30, 0),
            HARBOR,
            ["Sofia Marin", "sofia@customer.example", "Could you tell me about your coaching programme?"],
            vec![],
        ),
    ]
}
