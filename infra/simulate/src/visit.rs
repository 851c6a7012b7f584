//! What people do over HTTP: submit a form, look at a page, answer it as a browser would, and try again when there was
//! no answer.

use banto_aws::{Handler, PathParams, Reply, Request};
use banto_domain::playbook::{UNDO, UNSEND};
use bytes::Bytes;
use http::Method;
use jiff::SignedDuration;

use super::forms;
use super::payments::Notice;
use super::requests::Own;
use super::rng::Rng;
use super::staff::About;
use super::task::{Ended, Purpose, Work};
use super::world::{Due, World};

/// Something that somebody does over HTTP.
#[derive(Debug, Clone)]
pub(super) enum Errand {
    /// A customer's submission; `resent` when it is once more what was sent before.
    Submit { script: usize, attempt: u32, resent: bool },
    /// Somebody fills in a form in a customer's name, once more.
    Flood { script: usize, n: u64 },
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
    /// A customer writes about a case that there is.
    About(About),
    /// A customer opens their own page.
    Own(Own),
    /// A customer asks for something there.
    Wants(Own, Form),
    /// A payment provider tells something, or somebody pretends to be one.
    Pay(Notice),
}

/// Who reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reader {
    /// A customer, by number.
    Customer(usize),
    /// A coach of the practice.
    Coach,
    /// The desk.
    Operator,
    /// Somebody by name, as the link says.
    Staff,
}

/// A person at a page.
#[derive(Debug, Clone)]
pub(super) struct Visit {
    pub(super) token: String,
    pub(super) reader: Reader,
    /// 0 for the first visit, 1 for somebody who answers again, otherwise.
    pub(super) nth: u32,
    /// How often the case had been asked the same before.
    pub(super) round: usize,
    pub(super) tries: u32,
    pub(super) corrected: bool,
}

impl Visit {
    /// The case that it is about.
    pub(super) fn case(&self) -> &str {
        self.token.split('.').nth(1).unwrap_or_default()
    }

    /// Whose link it is, when somebody's of the practice.
    pub(super) fn person(&self) -> Option<&str> {
        self.token.split('.').nth(3)?.strip_prefix('-')
    }
}

/// What is sent: name and value.
pub(super) type Form = Vec<(String, String)>;

impl Errand {
    pub(super) fn open(token: &str, reader: Reader, nth: u32, round: usize) -> Self {
        Self::Open(Visit { token: token.to_owned(), reader, nth, round, tries: 0, corrected: false })
    }
}

impl World {
    /// Starts an errand.
    pub(super) fn go(&mut self, errand: Errand) {
        let (function, request, read_only) = match &errand {
            Errand::Submit { script, .. } => {
                let n = self.cloud.net().number();
                ("receive-form", forms::request(&self.people.scripts[*script], self.now(), n), false)
            }
            Errand::Flood { script, n } => ("receive-form", forms::flood(&self.people.scripts[*script], *n), false),
            Errand::Bad { which, script } => (
                "receive-form",
                forms::bad(*which, &self.people.scripts[*script], self.now()).0,
                *which != forms::SIGNED,
            ),
            Errand::Show { token, method } => ("answer-ask", page(method.clone(), token, Bytes::new()), true),
            Errand::Altered { token } => ("answer-ask", page(Method::POST, token, "answer=accepted".into()), true),
            Errand::Open(visit) => ("answer-ask", page(Method::GET, &visit.token, Bytes::new()), true),
            Errand::About(about) => match self.about(about) {
                Some(request) => ("receive-form", request, false),
                None => return,
            },
            Errand::Own(own) => ("handle-request", page(Method::GET, &own.token, Bytes::new()), true),
            Errand::Wants(own, form) => {
                let shown = form.iter().find(|(name, _)| name == "shown").map(|(_, v)| v.clone()).unwrap_or_default();
                self.people.wanted.insert((own.case().to_owned(), shown));
                let body = serde_urlencoded::to_string(form).unwrap_or_default();
                ("handle-request", page(Method::POST, &own.token, body.into()), false)
            }
            Errand::Pay(notice) => ("receive-payment", notice.request(self.now()), notice.leaves_no_trace()),
            Errand::Answer(visit, form) => {
                let ask = visit.token.split('.').nth(2).unwrap_or_default().to_owned();
                let answer = form.iter().find(|(name, _)| name == "answer").map(|(_, v)| v.clone()).unwrap_or_default();
                if self.cloud.net().sabotage != Some(super::Sabotage::SilentAnswer) {
                    let wrong = self.cloud.net().sabotage == Some(super::Sabotage::WrongName);
                    if let Some(person) = visit.person().map(|person| if wrong { "somebody-else" } else { person }) {
                        self.people.posted_by.insert((ask.clone(), answer.clone(), person.to_owned()));
                    }
                    self.people.posted.insert((ask, answer));
                }
                let body = serde_urlencoded::to_string(form).unwrap_or_default();
                ("answer-ask", page(Method::POST, &visit.token, body.into()), false)
            }
        };
        let Some(Handler::Http(handle)) = self.plan.function(function).map(|f| f.handler.clone()) else { return };
        self.people.count(what(&errand));
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
            Errand::Flood { .. } => {
                if status.is_some_and(|s| s < 500 && ![202, 429].contains(&s)) {
                    self.breaks(format!("16: a stranger's form was answered {status:?}"));
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
            Errand::About(about) => self.said_about(about, reply.as_ref()),
            Errand::Own(own) => self.own_page_opened(own, reply.as_ref()),
            Errand::Wants(own, _) => self.wanted(own, reply.as_ref()),
            Errand::Pay(notice) => self.told_of_payment(notice, reply.as_ref()),
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
        // Few take back what they agreed to.
        let may_undo = [UNDO, UNSEND].iter().any(|undo| text.contains(&format!("name=\"answer\" value=\"{undo}\"")));
        if may_undo && !Rng::of(self.seed, &["undoes", &visit.token]).per_mille(120) {
            return;
        }
        self.sees_a_mail(&visit, &text);
        let form = self.fill(&visit, &text);
        let chooses = form.iter().any(|(name, value)| name == "answer" && value.contains('/'));
        let think = match visit.reader {
            Reader::Customer(c) if chooses && self.people.scripts[c].on_the_hour => {
                self.until_the_hour(self.people.scripts[c].crowd)
            }
            // Two of a group press at the same instant.
            Reader::Staff if visit.nth > 0 => SignedDuration::from_millis(self.roll(|rng| rng.between(0, 120))),
            _ if visit.nth > 0 => SignedDuration::ZERO,
            _ => SignedDuration::from_secs(self.roll(|rng| rng.between(1, 240))),
        };
        self.later(think, Due::Errand(Errand::Answer(visit, form)));
    }

    /// Somebody is shown a mail that waits: exactly this may leave.
    fn sees_a_mail(&mut self, visit: &Visit, page: &str) {
        let Some(section) = page.split("<section class=\"mail\"").nth(1) else { return };
        let text = section.split("<pre>").nth(1).and_then(|rest| rest.split("</pre>").next()).unwrap_or_default();
        let shown = page.split("name=\"shown\" value=\"").nth(1).and_then(|rest| rest.split('"').next());
        let ask = visit.token.split('.').nth(2).unwrap_or_default().to_owned();
        self.people.approvable.insert((ask, shown.unwrap_or_default().to_owned()), as_read(text));
    }

    /// Until the next full hour; a crowd until noon (UTC) of every third day: then all press at once.
    fn until_the_hour(&self, crowd: bool) -> SignedDuration {
        let (noon, days) = if crowd { (12 * 3_600, 72 * 3_600) } else { (0, 3_600) };
        let left = days - (self.now().as_second() - noon).rem_euclid(days);
        SignedDuration::from_secs(left) + SignedDuration::from_millis(self.roll(|rng| rng.between(0, 120)))
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
            409 => {
                if reply.body().windows(12).any(|w| w == b"role=\"alert\"") {
                    self.people.count("a slot was taken meanwhile, and the page said so");
                }
                self.once_more(visit);
            }
            // Nothing that was offered.
            400 if !visit.corrected => self.once_more(Visit { corrected: true, ..visit }),
            _ => {}
        }
    }
}

/// What a reader sees of HTML: what was left out isn't there.
fn as_read(html: &str) -> String {
    let mut text = String::new();
    for (n, part) in html.split("<del>").enumerate() {
        text.push_str(if n == 0 { part } else { part.split_once("</del>").map_or("", |(_, rest)| rest) });
    }
    let text = text.replace("<mark>", "").replace("</mark>", "");
    text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&amp;", "&")
}

/// Who, for the transcript.
fn who(errand: &Errand) -> String {
    let of = |visit: &Visit| match visit.reader {
        Reader::Customer(c) => format!("customer {c}"),
        Reader::Coach => "coach".to_owned(),
        Reader::Operator => "operator".to_owned(),
        Reader::Staff => visit.person().unwrap_or("somebody").to_owned(),
    };
    let ask = |token: &str| token.split('.').nth(2).unwrap_or_default().to_owned();
    match errand {
        Errand::Submit { script, resent, .. } => {
            format!("customer {script} {}", if *resent { "submits again" } else { "submits" })
        }
        Errand::Flood { script, n } => format!("a stranger fills in a form as customer {script} ({n})"),
        Errand::Bad { which, .. } => format!("somebody submits something bad ({which})"),
        Errand::Show { token, method } => format!("a mail scanner's {method} of ask {}", ask(token)),
        Errand::Altered { token } => format!("somebody alters the token of ask {}", ask(token)),
        Errand::Open(visit) => format!("{} opens ask {}", of(visit), ask(&visit.token)),
        Errand::Answer(visit, form) => {
            let answer = form.iter().find(|(name, _)| name == "answer").map_or("", |(_, v)| v);
            format!("{} answers {answer:?} to ask {}", of(visit), ask(&visit.token))
        }
        Errand::About(about) => about.to_string(),
        Errand::Own(own) => format!("{} opens their own page of {}", own.who(), own.case()),
        Errand::Wants(own, form) => {
            let wants = form.iter().find(|(name, _)| name == "request").map_or("", |(_, v)| v);
            format!("{} wants {wants:?} in {}", own.who(), own.case())
        }
        Errand::Pay(notice) => notice.to_string(),
    }
}

/// What, for the count of moves.
fn what(errand: &Errand) -> String {
    let by = |visit: &Visit| match visit.reader {
        Reader::Customer(_) => "a customer",
        Reader::Coach => "a coach",
        Reader::Operator => "an operator",
        Reader::Staff => "somebody of a group",
    };
    match errand {
        Errand::Submit { .. } => "a customer submits a form".to_owned(),
        Errand::Flood { .. } => "a stranger fills in a form in a customer's name".to_owned(),
        Errand::Bad { .. } => "somebody submits something bad".to_owned(),
        Errand::Show { .. } => "a mail scanner looks".to_owned(),
        Errand::Altered { .. } => "somebody alters a token".to_owned(),
        Errand::Open(visit) => format!("{} opens a page", by(visit)),
        Errand::Answer(visit, form) => {
            let answer = form.iter().find(|(name, _)| name == "answer").map_or("", |(_, v)| v);
            format!("{} answers {}", by(visit), if answer.contains('/') { "with a slot" } else { answer })
        }
        Errand::About(about) => about.what(),
        Errand::Own(own) if own.customer.is_none() => "a coach opens their own page".to_owned(),
        Errand::Own(_) => "a customer opens their own page".to_owned(),
        Errand::Wants(own, form) => {
            let wants = form.iter().find(|(name, _)| name == "request").map_or("", |(_, v)| v);
            let whose = if own.customer.is_some() { "customer" } else { "coach" };
            format!("a {whose} wants {}", wants.replace(|c: char| c.is_ascii_digit(), ""))
        }
        Errand::Pay(notice) => notice.what().to_owned(),
    }
}

fn page(method: Method, token: &str, body: Bytes) -> Request {
    let mut request = http::Request::new(body);
    *request.method_mut() = method;
    request.extensions_mut().insert(PathParams([("token".to_owned(), token.to_owned())].into_iter().collect()));
    request
}
