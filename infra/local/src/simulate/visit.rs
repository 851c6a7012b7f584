//! What people do over HTTP: submit a form, look at a page, answer it as a browser would, and try again when there was
//! no answer.

use std::collections::BTreeMap;

use banto_aws::{Handler, PathParams, Reply, Request};
use bytes::Bytes;
use http::Method;
use jiff::SignedDuration;

use super::forms;
use super::rng::Rng;
use super::task::{Ended, Purpose, Work};
use super::world::{Due, World};

/// Something that somebody does over HTTP.
#[derive(Debug, Clone)]
pub(super) enum Errand {
    /// A customer's submission; `resent` when it is once more what was sent before.
    Submit { script: usize, attempt: u32, resent: bool },
    /// A submission that must leave no trace.
    Bad { which: usize, script: usize },
    /// A mail scanner looks at a link.
    Show { token: String, method: Method },
    /// Somebody alters a token.
    Altered { token: String },
    /// A person opens a page, to answer it.
    Open(Visit),
    /// A person answers it.
    Answer(Visit, Form),
}

/// A person at a page.
#[derive(Debug, Clone)]
pub(super) struct Visit {
    token: String,
    /// The customer; none when an operator.
    customer: Option<usize>,
    /// 0 for the first visit, 1 for somebody who answers again, otherwise.
    nth: u32,
    tries: u32,
    corrected: bool,
}

/// What is sent: name and value.
type Form = Vec<(String, String)>;

impl Errand {
    pub(super) fn open(token: &str, customer: Option<usize>, nth: u32) -> Self {
        Self::Open(Visit { token: token.to_owned(), customer, nth, tries: 0, corrected: false })
    }
}

/// The values of an attribute that follows `before` in a page.
fn after<'a>(page: &'a str, before: &str) -> Vec<&'a str> {
    page.split(before).skip(1).filter_map(|rest| rest.split('"').next()).collect()
}

impl World {
    /// Starts an errand.
    pub(super) fn go(&mut self, errand: Errand) {
        let (function, request, read_only) = match &errand {
            Errand::Submit { script, .. } => {
                let n = self.cloud.net().number();
                ("receive-form", forms::request(&self.people.scripts[*script], self.now(), n), false)
            }
            Errand::Bad { which, script } => {
                ("receive-form", forms::bad(*which, &self.people.scripts[*script], self.now()).0, true)
            }
            Errand::Show { token, method } => ("answer-ask", page(method.clone(), token, Bytes::new()), true),
            Errand::Altered { token } => ("answer-ask", page(Method::POST, token, "answer=accepted".into()), true),
            Errand::Open(visit) => ("answer-ask", page(Method::GET, &visit.token, Bytes::new()), true),
            Errand::Answer(visit, form) => {
                let ask = visit.token.split('.').nth(2).unwrap_or_default().to_owned();
                let answer = form.iter().find(|(name, _)| name == "answer").map(|(_, v)| v.clone()).unwrap_or_default();
                if self.cloud.net().sabotage != Some(super::Sabotage::SilentAnswer) {
                    self.people.posted.insert((ask, answer));
                }
                let body = serde_urlencoded::to_string(form).unwrap_or_default();
                ("answer-ask", page(Method::POST, &visit.token, body.into()), false)
            }
        };
        let Some(Handler::Http(handle)) = self.plan.function(function).map(|f| f.handler.clone()) else { return };
        let read_only = read_only || self.cloud.net().sabotage == Some(super::Sabotage::WriteOnShow);
        let work = Work::Http(handle(self.inside.clone(), request));
        self.spawn(format!("{function} for {}", who(&errand)), work, Purpose::Errand(errand), read_only);
    }

    /// What follows from an answer, or from none.
    pub(super) fn errand_ended(&mut self, errand: Errand, ended: Ended) {
        let reply = match ended {
            Ended::Replied(reply) => Some(reply),
            _ => None,
        };
        let status = reply.as_ref().map(|r| r.status().as_u16());
        if let Some(status) = status {
            *self.people.statuses.entry(status).or_default() += 1;
        }
        self.say(format!("{}: {}", who(&errand), status.map_or("no answer".to_owned(), |s| s.to_string())));
        match errand {
            Errand::Submit { script, attempt, resent } => self.submitted(script, attempt, resent, reply.as_ref()),
            Errand::Bad { which, script } => {
                let (_, wanted, what) = forms::bad(which, &self.people.scripts[script], self.now());
                if status.is_some_and(|s| s != wanted) {
                    self.breaks(format!("1: {what} was answered {status:?}, not {wanted}"));
                }
            }
            Errand::Altered { token } => {
                if status.is_some_and(|s| s != 404) {
                    self.breaks(format!("10: the altered token {token} was answered {status:?}"));
                }
            }
            Errand::Show { .. } => {}
            Errand::Open(visit) => self.opened(visit, reply.as_ref()),
            Errand::Answer(visit, form) => self.answered(visit, form, reply.as_ref()),
        }
    }

    fn submitted(&mut self, n: usize, attempt: u32, resent: bool, reply: Option<&Reply>) {
        let status = reply.map(|r| r.status().as_u16());
        if status == Some(202) {
            let body: serde_json::Value = reply.and_then(|r| serde_json::from_slice(r.body()).ok()).unwrap_or_default();
            let case = body["case"].as_str().unwrap_or_default().to_owned();
            let known = self.people.cases.entry(n).or_insert_with(|| case.clone());
            if *known != case {
                let what = format!("2: submission {n} became case {known}, and {case} when it came again");
                self.breaks(what);
            }
            return;
        }
        if status.is_some_and(|s| s < 500) {
            self.breaks(format!("1: submission {n} was answered {status:?}"));
            return;
        }
        let signed = self.people.scripts[n].channel.is_signed();
        if resent || attempt >= if signed { 14 } else { 6 } {
            return;
        }
        let wait = match signed {
            true => SignedDuration::from_secs(20 << attempt.min(12)),
            false => SignedDuration::from_secs(self.roll(|rng| rng.between(20, 400))),
        };
        self.later(wait, Due::Errand(Errand::Submit { script: n, attempt: attempt + 1, resent }));
    }

    fn opened(&mut self, visit: Visit, reply: Option<&Reply>) {
        let Some(reply) = reply else { return self.once_more(visit) };
        // A receipt, or closed: nothing to answer. (A receipt has no form.)
        let text = String::from_utf8_lossy(reply.body()).into_owned();
        if reply.status().as_u16() != 200 || !text.contains("<form") {
            return;
        }
        let form = self.fill(&visit, &text);
        let think = if visit.nth > 0 {
            SignedDuration::ZERO
        } else {
            SignedDuration::from_secs(self.roll(|rng| rng.between(1, 240)))
        };
        self.later(think, Due::Errand(Errand::Answer(visit, form)));
    }

    fn once_more(&mut self, visit: Visit) {
        if visit.tries < 6 {
            let wait = SignedDuration::from_secs(self.roll(|rng| rng.between(5, 900)));
            self.later(wait, Due::Errand(Errand::Open(Visit { tries: visit.tries + 1, ..visit })));
        } else {
            let case = visit.token.split('.').nth(1).unwrap_or_default().to_owned();
            self.say(format!("somebody gives up on {case}"));
            self.people.gave_up.insert(case);
        }
    }

    fn answered(&mut self, visit: Visit, form: Form, reply: Option<&Reply>) {
        let Some(reply) = reply else {
            // Some press the button again, some start over.
            if visit.tries < 6 && self.roll(|rng| rng.per_mille(500)) {
                let again = Visit { tries: visit.tries + 1, ..visit };
                return self.later(SignedDuration::from_secs(20), Due::Errand(Errand::Answer(again, form)));
            }
            return self.once_more(visit);
        };
        match reply.status().as_u16() {
            200 => drop(self.people.receipts.insert(visit.token)),
            422 => {
                let text = String::from_utf8_lossy(reply.body()).into_owned();
                // Having been answered at all, one has patience again.
                let (corrected, tries) = (true, if visit.corrected { visit.tries + 1 } else { 0 });
                let visit = Visit { corrected, tries, ..visit };
                if visit.tries < 6 {
                    let form = self.fill(&visit, &text);
                    self.later(SignedDuration::from_secs(90), Due::Errand(Errand::Answer(visit, form)));
                }
            }
            409 => self.once_more(visit),
            _ => {}
        }
    }

    /// Fills a page in, as its reader would.
    fn fill(&self, visit: &Visit, page: &str) -> Form {
        let shown = after(page, "name=\"shown\" value=\"").first().copied().unwrap_or_default();
        let mut form = vec![("shown".to_owned(), shown.to_owned())];
        let choices = after(page, "name=\"answer\" value=\"");
        let mut rng = Rng::of(
            self.seed,
            &[
                "answers",
                visit.token.split('.').nth(1).unwrap_or_default(),
                choices.first().copied().unwrap_or_default(),
            ],
        );
        let first = rng.index(choices.len().max(1));
        // The second one decides otherwise, where one can; about a task, "again" is tried twice at most.
        let at = match choices.first() {
            Some(&"again") => {
                usize::from(self.people.receipts.iter().filter(|t| same_case(t, &visit.token)).count() > 2)
            }
            _ => first + usize::try_from(visit.nth).unwrap_or(0),
        };
        let answer = choices.get(at % choices.len().max(1)).copied().unwrap_or_default();
        form.push(("answer".to_owned(), answer.to_owned()));
        if let Some(script) = visit.customer.map(|c| &self.people.scripts[c]) {
            let nonsense = script.nonsense_first && !visit.corrected;
            let fields: BTreeMap<&str, ()> = after(page, "name=\"field.").into_iter().map(|f| (f, ())).collect();
            for field in fields.into_keys() {
                let value = match field {
                    _ if nonsense => " ".to_owned(),
                    "menu" => if visit.nth == 0 { "single" } else { "programme" }.to_owned(),
                    other => format!("{other} {} {}", visit.nth, script.marker),
                };
                form.push((format!("field.{field}"), value));
            }
        }
        form
    }
}

fn same_case(one: &str, other: &str) -> bool {
    let case = |token: &str| token.split('.').nth(1).unwrap_or_default().to_owned();
    case(one) == case(other)
}

/// Who, for the transcript.
fn who(errand: &Errand) -> String {
    let of = |visit: &Visit| visit.customer.map_or("operator".to_owned(), |c| format!("customer {c}"));
    let ask = |token: &str| token.split('.').nth(2).unwrap_or_default().to_owned();
    match errand {
        Errand::Submit { script, resent, .. } => {
            format!("customer {script} {}", if *resent { "submits again" } else { "submits" })
        }
        Errand::Bad { which, .. } => format!("somebody submits something bad ({which})"),
        Errand::Show { token, method } => format!("a mail scanner's {method} of ask {}", ask(token)),
        Errand::Altered { token } => format!("somebody alters the token of ask {}", ask(token)),
        Errand::Open(visit) => format!("{} opens ask {}", of(visit), ask(&visit.token)),
        Errand::Answer(visit, form) => {
            let answer = form.iter().find(|(name, _)| name == "answer").map_or("", |(_, v)| v);
            format!("{} answers {answer:?} to ask {}", of(visit), ask(&visit.token))
        }
    }
}

fn page(method: Method, token: &str, body: Bytes) -> Request {
    let mut request = http::Request::new(body);
    *request.method_mut() = method;
    request.extensions_mut().insert(PathParams([("token".to_owned(), token.to_owned())].into_iter().collect()));
    request
}
