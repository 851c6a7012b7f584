//! Answers: open questions of every kind, asked for and answered with what is nearly right.

use std::collections::BTreeMap;
use std::path::Path;

use banto_domain::state::Party;
use banto_domain::{CaseKey, Id};
use serde_json::Value;

use super::form::all_folders;
use super::heard;
use super::house::House;
use super::payment::replace;
use super::request::Request;
use super::run::Way;

/// A question that is put to somebody, with their link.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    token: String,
    /// Its answers, and slots.
    choices: Vec<String>,
}

/// Whom it is put to.
pub(crate) fn party(ask: &Value) -> Party {
    ask["people"][0].as_str().map_or(Party::Customer, |id| Party::Person(id.to_owned()))
}

impl Asked {
    pub(crate) fn new(house: &House, key: &CaseKey, ask: &Value, whose: &Party) -> Self {
        let id: Id = serde_json::from_value(ask["id"].clone()).expect("an id");
        let choices = ask["answers"].as_array().into_iter().flatten();
        let choices = choices.filter_map(|a| Some(a.as_str()?.to_owned())).collect();
        Self { token: house.host.world().env.keys.token(key, &id, whose), choices }
    }

    /// What the page shows now, as it is sent back.
    async fn shown(&self, house: &House) -> String {
        let look = Request::parse(format!("GET /a/{}\naccept: application/json\n\n", self.token).as_bytes());
        let answer = house.ask(&look).await.expect("a page");
        answer.json()["shown"].as_str().unwrap_or_default().to_owned()
    }

    /// Answers it, as it ought to be.
    pub(crate) async fn answer(&self, house: &House, form: &str) {
        let (token, shown) = (&self.token, self.shown(house).await);
        let post = format!("POST /a/{token}\ncontent-type: application/x-www-form-urlencoded\n\n{form}&shown={shown}");
        let answer = house.ask(&Request::parse(post.as_bytes())).await.expect("an answer");
        assert_eq!(answer.status, 200, "{form}: {}", String::from_utf8_lossy(&answer.body));
        house.settle().await.expect("settled");
    }
}

pub(crate) struct Answers {
    house: House,
    cases: Vec<CaseKey>,
    /// By question.
    open: BTreeMap<String, Asked>,
}

const TRIAL: &str = r#"{"name": "奈緒", "email": "NAO", "message": "コーチングの無料体験を希望します。", "menu": "trial",
    "goal": "x", "preferred": "y"}"#;
const PLAIN: &str = r#"{"name": "綾香", "email": "AYAKA", "message": "コーチング希望"}"#;

impl Answers {
    async fn submit(house: &House, form: &str, n: usize, body: &str) -> CaseKey {
        let body =
            body.replace("NAO", &format!("n{n}@customer.example")).replace("AYAKA", &format!("a{n}@customer.example"));
        let post = format!("POST /hooks/forms/{form}\ncontent-type: application/json\n\n{body}");
        let answer = house.ask(&Request::parse(post.as_bytes())).await.expect("an answer");
        house.settle().await.expect("settled");
        let answer = answer.json();
        let client = form.split('/').next().unwrap_or_default();
        House::key(client, answer["case"].as_str().unwrap_or_else(|| panic!("{form}: {answer}")))
    }

    /// The open questions of all cases, each kind once.
    async fn look(&mut self) {
        self.open.clear();
        for key in &self.cases {
            let shown = self.house.case(key).await.expect("a case");
            for ask in shown["tracks"].as_array().into_iter().flatten() {
                let Some(question) = ask["question"].as_str() else { continue };
                self.open.entry(question.to_owned()).or_insert(Asked::new(&self.house, key, ask, &party(ask)));
            }
        }
    }

    /// An input names questions: `{trial-slots}` is the link, `{trial-slots/0}` its first answer, `{shown}` what the page
    /// of the first that is named shows.
    async fn fill(&self, input: &[u8]) -> Vec<u8> {
        let mut input = input.to_vec();
        let first = String::from_utf8_lossy(&input).into_owned();
        let first = first.split(['{', '}']).nth(1).and_then(|name| self.open.get(name)).cloned();
        if let Some(asked) = first {
            input = replace(&input, b"{shown}", asked.shown(&self.house).await.as_bytes());
        }
        for (question, asked) in &self.open {
            input = replace(&input, format!("{{{question}}}").as_bytes(), asked.token.as_bytes());
            for (n, choice) in asked.choices.iter().enumerate().take(3) {
                let choice = choice.replace('+', "%2B");
                input = replace(&input, format!("{{{question}/{n}}}").as_bytes(), choice.as_bytes());
            }
        }
        input
    }
}

impl Way for Answers {
    const NAME: &'static str = "answer";
    const ODD: &'static [&'static str] = &[
        "GET",
        "PUT",
        "HEAD",
        "answer=",
        "shown=",
        "&field.goal=",
        "&field.terms=no",
        "field.price=",
        "field.date1=2026-12-32",
        "field.from1=25:00",
        "field.to1=09:00",
        "{deal}",
        "{details}",
        "{trial-slots}",
        "{trial-slots/1}",
        "{trial-info}",
        "{seminar-dates/0}",
        "{application}",
        "{openings}",
        "{missing-info}",
        "{shown}",
        "&_charset_=shift_jis",
        "; charset=utf-16be",
        "none-fits",
        "%2F",
        "..",
    ];
    const CHANGES: usize = 4;
    const ROUND: usize = 100;

    async fn open() -> Self {
        let mut folders = all_folders();
        let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("playbooks/asks");
        folders.push(banto_playbooks::read(&dir).unwrap_or_else(|problems| panic!("{problems:#?}")));
        let house = House::open(&folders).await;
        let mut cases = Vec::new();
        for (n, (form, body)) in [
            ("asks/inquiry", PLAIN),
            ("asks/inquiry", PLAIN),
            ("yamada/inquiry", TRIAL),
            ("yamada/inquiry", TRIAL),
            ("yamada/inquiry", TRIAL),
            ("yamada/inquiry", TRIAL),
            ("yamada/inquiry", PLAIN),
            ("yamada/seminar", PLAIN),
            ("yamada/seminar", PLAIN),
            ("helpdesk/help", PLAIN),
        ]
        .into_iter()
        .enumerate()
        {
            cases.push(Self::submit(&house, form, n, body).await);
        }
        let mut way = Self { house, cases, open: BTreeMap::new() };
        // Some have gone on already.
        for (case, question, answer) in [
            (0, "deal", "answer=take&field.price=16500&field.at=19:30"),
            (2, "trial-slots", "answer=none-fits"),
            (2, "other-times", "answer=send&field.preferred=x"),
            (3, "trial-slots", "answer={slot}"),
            (7, "seminar-dates", "answer={slot}"),
        ] {
            let shown = way.house.case(&way.cases[case]).await.expect("a case");
            let ask = shown["tracks"].as_array().and_then(|t| t.iter().find(|t| t["question"] == question));
            let ask = ask.unwrap_or_else(|| panic!("{question}: {shown:#}"));
            let asked = Asked::new(&way.house, &way.cases[case], ask, &party(ask));
            let slot = asked.choices.first().cloned().unwrap_or_default().replace('+', "%2B");
            asked.answer(&way.house, &answer.replace("{slot}", &slot)).await;
        }
        way.look().await;
        way
    }

    async fn play(&mut self, input: &[u8]) -> Result<(), String> {
        const MAY: [u16; 9] = [200, 400, 403, 404, 405, 409, 410, 413, 422];
        let request = Request::parse(&self.fill(input).await);
        if !request.path.starts_with("/a/") {
            return Ok(());
        }
        let Some(answer) = self.house.ask(&request).await else { return Ok(()) };
        heard::panicked()?;
        heard::expects(answer.status, &MAY)?;
        if request.method == "POST" && answer.status == 200 {
            self.house.settle().await?;
            self.look().await;
        }
        Ok(())
    }

    async fn close(self) -> Result<(), String> {
        self.house.wait(6 * 60).await?;
        self.house.is_in_order().await
    }
}
