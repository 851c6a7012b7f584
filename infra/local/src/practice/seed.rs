//! The practice that visitors find: about a dozen cases in every state, lived through on the moved clock by the real
//! functions, so that nothing in it is made up but the people. Owns the script; refuses to write any record itself.

use banto_aws::{Keys, PathParams, Reply, Request};
use banto_domain::CaseKey;
use bytes::Bytes;
use jiff::{SignedDuration, Timestamp};

use crate::host::{Host, HostError};

/// How long before the visitor's present the practice opens.
pub const LIVED: SignedDuration = SignedDuration::from_hours(9 * 24);

/// Somebody who writes to a practice.
struct Visitor {
    /// Hours after the practice opened.
    at: i64,
    /// Client and form.
    form: [&'static str; 2],
    name: &'static str,
    address: &'static str,
    message: &'static str,
    /// Menu, goal and preferred time, for those who say everything at once.
    details: Option<[&'static str; 3]>,
    /// What happens to their questions, in order: hours after the practice opened, and the answer.
    answers: &'static [(i64, Answer)],
}

/// An answer to the one open question of a case.
#[derive(Clone, Copy)]
enum Answer {
    /// Of an operator.
    Choice(&'static str),
    /// Of the customer: menu, goal, preferred time.
    Fields([&'static str; 3]),
}

const YAMADA: [&str; 2] = ["yamada", "inquiry"];
const TRIAL: [&str; 3] = ["trial", "これからの働き方を整理したい", "平日の19時以降"];

/// Everybody, in the order in which they write.
const VISITORS: [Visitor; 13] = [
    Visitor {
        at: 1,
        form: YAMADA,
        name: "佐藤 美咲",
        address: "misaki@customer.example",
        message: "無料体験を希望します。転職について相談させてください。",
        details: None,
        answers: &[(26, Answer::Fields(TRIAL))],
    },
    Visitor {
        at: 2,
        form: YAMADA,
        name: "髙橋 健",
        address: "ken@customer.example",
        message: "コーチングに興味があります。",
        details: None,
        answers: &[],
    },
    Visitor {
        at: 24,
        form: YAMADA,
        name: "広告プランニング株式会社",
        address: "sales@agency.example",
        message: "貴社のホームページを拝見し、SEO対策のご提案でご連絡しました。",
        details: None,
        answers: &[],
    },
    Visitor {
        at: 30,
        form: YAMADA,
        name: "中村 彩",
        address: "aya@customer.example",
        message: "少しお話を伺うことはできますか。",
        details: None,
        answers: &[
            (33, Answer::Choice("accepted")),
            (50, Answer::Fields(["single", "部下との関わり方", "土曜の午前"])),
        ],
    },
    Visitor {
        at: 52,
        form: YAMADA,
        name: "山﨑 徹",
        address: "toru@customer.example",
        message: "相続のことで困っています。",
        details: None,
        answers: &[(55, Answer::Choice("declined"))],
    },
    Visitor {
        at: 74,
        form: ["yamada", "inquiry-en"],
        name: "Emma Clark",
        address: "emma@customer.example",
        message: "I would like to book a coaching trial.",
        details: None,
        answers: &[(80, Answer::Fields(["trial", "Moving into a leadership role", "Weekday mornings"]))],
    },
    Visitor {
        at: 98,
        form: YAMADA,
        name: "小林 直樹",
        address: "naoki@customer.example",
        message: "キャリアの相談をしたいです。コーチングは初めてです。",
        details: None,
        answers: &[],
    },
    Visitor {
        at: 122,
        form: ["harbor", "inquiry"],
        name: "Oliver Reed",
        address: "oliver@customer.example",
        message: "I am looking for career coaching.",
        details: Some(["programme", "A change of career", "Tuesday evenings"]),
        answers: &[],
    },
    Visitor {
        at: 170,
        form: YAMADA,
        name: "伊藤 真由",
        address: "mayu@customer.example",
        message: "体験セッションを申し込みたいです。",
        details: None,
        answers: &[],
    },
    Visitor {
        at: 192,
        form: ["harbor", "inquiry"],
        name: "Sofia Marin",
        address: "sofia@customer.example",
        message: "Could you tell me about your coaching programme?",
        details: None,
        answers: &[],
    },
    Visitor {
        at: 215,
        form: YAMADA,
        name: "渡辺 陽子",
        address: "yoko@customer.example",
        message: "もう消えたいと思うことがあります。",
        details: None,
        answers: &[],
    },
    Visitor {
        at: 213,
        form: YAMADA,
        name: "加藤 亮",
        address: "ryo@customer.example",
        message: "どのような方が受けているのでしょうか。",
        details: None,
        answers: &[],
    },
    Visitor {
        at: 215,
        form: YAMADA,
        name: "松本 綾香",
        address: "ayaka@customer.example",
        message: "6回のコーチングに申し込みたいです。",
        details: Some(["programme", "管理職としての自信をつけたい", "水曜の夜"]),
        answers: &[],
    },
];

/// Something of the script, at its hour.
enum Scene<'a> {
    Writes(&'a Visitor),
    Answers(&'a Visitor, Answer),
}

/// Lives through the script from the house's present to `until`.
///
/// # Errors
/// When the house can't go on.
pub async fn live(host: &Host, keys: &Keys, until: Timestamp) -> Result<(), HostError> {
    let opened = host.now();
    let mut scenes: Vec<(i64, Scene<'_>)> = Vec::new();
    for visitor in &VISITORS {
        scenes.push((visitor.at, Scene::Writes(visitor)));
        scenes.extend(visitor.answers.iter().map(|(at, answer)| (*at, Scene::Answers(visitor, *answer))));
    }
    scenes.sort_by_key(|(at, _)| *at);
    for (at, scene) in scenes {
        let at = opened.checked_add(SignedDuration::from_hours(at)).unwrap_or(until);
        host.advance(at.min(until)).await?;
        match scene {
            Scene::Writes(visitor) => writes(host, visitor).await,
            Scene::Answers(visitor, answer) => answers(host, keys, visitor, answer).await?,
        }
        host.idle().await?;
    }
    host.advance(until).await
}

async fn writes(host: &Host, visitor: &Visitor) {
    let [client, form] = visitor.form;
    let mut fields = vec![("name", visitor.name), ("email", visitor.address), ("message", visitor.message)];
    if let Some([menu, goal, preferred]) = visitor.details {
        fields.extend([("menu", menu), ("goal", goal), ("preferred", preferred)]);
    }
    post(host, "receive-form", &[("client", client), ("form", form)], &fields).await;
}

/// Answers the question that is open in the visitor's case, as they would on its page.
async fn answers(host: &Host, keys: &Keys, visitor: &Visitor, answer: Answer) -> Result<(), HostError> {
    let Some((key, ask)) = open_ask(host, visitor).await? else { return Ok(()) };
    let token = keys.token(&key, &ask);
    let page = call(host, "answer-ask", &[("token", &token)], http::Request::get("/"), Bytes::new()).await;
    let page = page.map(|reply| String::from_utf8_lossy(reply.body()).into_owned()).unwrap_or_default();
    let shown =
        page.split("name=\"shown\" value=\"").nth(1).and_then(|rest| rest.split('"').next()).unwrap_or_default();
    let fields = match answer {
        Answer::Choice(choice) => vec![("answer", choice), ("shown", shown)],
        Answer::Fields([menu, goal, preferred]) => vec![
            ("answer", "send"),
            ("shown", shown),
            ("field.menu", menu),
            ("field.goal", goal),
            ("field.preferred", preferred),
        ],
    };
    post(host, "answer-ask", &[("token", &token)], &fields).await;
    Ok(())
}

async fn open_ask(host: &Host, visitor: &Visitor) -> Result<Option<(CaseKey, banto_domain::Id)>, HostError> {
    let ledger = &host.world().env.ledger;
    let failed = |e: banto_aws::Error| HostError::Bug(e.to_string());
    for key in ledger.cases().await.map_err(failed)? {
        let Some(loaded) = ledger.load(&key).await.map_err(failed)? else { continue };
        if loaded.personal.values.get("email").is_some_and(|address| address == visitor.address) {
            return Ok(loaded.case.asks().next().map(|(ask, _)| (key, ask.clone())));
        }
    }
    Ok(None)
}

async fn post(host: &Host, function: &str, params: &[(&str, &str)], fields: &[(&str, &str)]) {
    let request = http::Request::post("/").header("content-type", "application/x-www-form-urlencoded");
    let body = serde_urlencoded::to_string(fields).unwrap_or_default();
    let reply = call(host, function, params, request, Bytes::from(body)).await;
    if !reply.as_ref().is_some_and(|r| r.status().is_success()) {
        // The rest of the practice is still worth seeing.
        tracing::error!(function, status = reply.map(|r| r.status().as_u16()), "a scene of the practice failed");
    }
}

async fn call(
    host: &Host,
    function: &str,
    params: &[(&str, &str)],
    request: http::request::Builder,
    body: Bytes,
) -> Option<Reply> {
    let mut request: Request = request.body(body).ok()?;
    let params = params.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    request.extensions_mut().insert(PathParams(params));
    host.request(function, request).await
}
