//! Asks: a question to one person on a signed link, with a finite set of answers, a deadline, and a way on when nobody
//! answers. Silence never approves: the outcome of silence is always `expired`.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::Date;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::booking::Seat;
use crate::fact::Problem;
use crate::message::{self, Hold, Intent};
use crate::playbook::{ATTEND, EXPIRED, Means, Question, Role};
use crate::{Case, Draft, Entry, Id, Rejection, Track, billing, booking, emergency, flow};

/// How an ask is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum AskKind {
    /// One of its answers.
    Choice,
    /// Values for its fields.
    Fields,
    /// One of the slots that were offered, or one of its answers.
    Slot,
    /// Hours that a coach opens, or one of its answers but the first.
    Openings,
}

/// An open ask.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ask {
    /// Question of the playbook.
    pub question: String,
    /// How it is answered.
    pub kind: AskKind,
    /// Who must answer.
    pub to: Role,
    /// Function that draws the consequences.
    pub owner: String,
    /// Node it belongs to.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub node: String,
    /// Facts asked for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<String>,
    /// The finite set of answers.
    pub answers: Vec<String>,
    /// When it expires (UTC).
    pub deadline: Timestamp,
    /// The visit of its node that it belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub visit: Option<Id>,
    /// The step or message it is about, when it is a task for a person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub about: Option<Id>,
    /// Why it was opened, when it is a task for a person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// It is asked beside the flow: leaving its node doesn't withdraw it, and its silence moves nothing.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub beside: bool,
    /// What a slot is chosen for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub menu: Option<String>,
}

impl Ask {
    /// Whether it is a task: something that Banto can't settle.
    #[must_use]
    pub fn is_task(&self) -> bool {
        self.reason.is_some()
    }

    /// Whether it is a task about this.
    #[must_use]
    pub fn is_task_about(&self, id: &Id) -> bool {
        self.is_task() && self.about.as_ref() == Some(id)
    }
}

/// What an ask is for.
#[derive(Debug, Clone, Default)]
pub struct Opening<'a> {
    /// Question of the playbook.
    pub question: &'a str,
    /// Function that draws the consequences.
    pub owner: &'a str,
    /// Node it belongs to.
    pub node: &'a str,
    /// Facts asked for.
    pub fields: Vec<String>,
    /// The step or message it is about.
    pub about: Option<Id>,
    /// Why, when it is a task.
    pub reason: Option<String>,
    /// It is asked beside the flow.
    pub beside: bool,
    /// Slots that can be chosen, before the question's own answers.
    pub slots: Vec<String>,
    /// What a slot is chosen for.
    pub menu: Option<String>,
    /// It expires at the latest then (UTC).
    pub until: Option<Timestamp>,
}

/// Puts a question to a person: the ask, and the mail with its link.
///
/// # Errors
/// When the playbook has no such question.
pub fn open(draft: &mut Draft<'_>, opening: Opening<'_>) -> Result<Id, Rejection> {
    let playbook = draft.playbook;
    let question = playbook.questions.get(opening.question).ok_or_else(|| draft.lacks("question", opening.question))?;
    let ask = draft.new_id("ask", &draft.index());
    let now = draft.now;
    let deadline = playbook.after(now, question.deadline);
    let deadline = opening.until.map_or(deadline, |until| deadline.min(until));
    let own = question.answers.iter().map(|a| a.name.clone());
    draft.push(Entry::AskOpened {
        ask: ask.clone(),
        question: opening.question.to_owned(),
        kind: question.kind,
        to: question.to,
        owner: opening.owner.to_owned(),
        node: opening.node.to_owned(),
        fields: if opening.fields.is_empty() { question.fields.clone() } else { opening.fields },
        answers: opening.slots.into_iter().chain(own).collect(),
        deadline,
        nudges: question.nudges.iter().map(|n| playbook.after(now, *n)).filter(|at| *at < deadline).collect(),
        about: opening.about,
        reason: opening.reason,
        beside: opening.beside,
        menu: opening.menu,
    })?;
    mail(draft, &ask, &question.template, question.to, opening.node)?;
    Ok(ask)
}

/// The mail that carries the link of an ask; it leaves only while the ask is open.
fn mail(draft: &mut Draft<'_>, ask: &Id, template: &str, to: Role, origin: &str) -> Result<(), Rejection> {
    let intent =
        Intent { template, to, holds: vec![Hold::AskOpen { ask: ask.clone() }], about: Some(ask.clone()), origin };
    message::intend(draft, intent)
}

/// Makes a task for a person out of something that Banto can't settle: a step that never came, a message that was held.
///
/// # Errors
/// When the playbook lacks the question `attend`.
pub fn attend(draft: &mut Draft<'_>, about: &Id, reason: &str) -> Result<(), Rejection> {
    if draft.case()?.asks().any(|(_, a)| a.is_task_about(about)) {
        return Ok(());
    }
    let opening = Opening {
        question: emergency::question_for(draft.case()?, about, ATTEND),
        owner: "open-ask",
        node: "",
        about: Some(about.clone()),
        reason: Some(reason.to_owned()),
        ..Opening::default()
    };
    open(draft, opening).map(|_| ())
}

/// The consequences of a person's answer about a task: again, or dealt with in another way.
///
/// # Errors
/// When the playbook lacks something.
pub fn attended(draft: &mut Draft<'_>, about: &Id, again: bool) -> Result<(), Rejection> {
    let case = draft.case()?;
    if case.stopped.as_ref() == Some(about) {
        return emergency::hand_over(draft);
    }
    let entry = match (case.tracks.get(about), case.pending.get(about)) {
        (Some(Track::Message(_)), _) if again => {
            Entry::MessageReleased { message: about.clone(), action: "send-message".to_owned() }
        }
        (Some(Track::Message(_)), _) => Entry::MessageClosed { message: about.clone() },
        (_, Some(step)) if again => {
            Entry::StepRetried { cause: about.clone(), action: step.action.clone(), attempt: 0 }
        }
        (_, Some(_)) => Entry::StepSkipped { reason: "a person dealt with it".to_owned(), cause: Some(about.clone()) },
        (_, None) => Entry::StepSkipped { reason: "settled meanwhile".to_owned(), cause: None },
    };
    draft.push(entry)?;
    // What would have moved the token was dealt with by a person outside: nothing would ever move it again.
    if draft.is_stranded()? {
        flow::close(draft, "attended")?;
    }
    Ok(())
}

/// What an ask's owner does when its deadline or a nudge comes due, and is the same for every kind of ask: remind, or
/// expire and go on by `expired`. A task for a person never goes on by silence; it is asked again.
///
/// # Errors
/// When the playbook lacks something.
pub fn timer_fired(draft: &mut Draft<'_>, ask_id: &Id, timer: &str) -> Result<(), Rejection> {
    let Some(ask) = draft.case()?.ask(ask_id).cloned() else {
        return skip(draft, "the ask is no longer open");
    };
    let playbook = draft.playbook;
    if timer == "nudge" {
        let waits = |t: &Track| matches!(t, Track::Message(m) if m.about.as_ref() == Some(ask_id));
        if draft.case()?.tracks.values().any(waits) {
            return skip(draft, "an earlier mail about it hasn't left yet");
        }
        let question = playbook.questions.get(&ask.question).ok_or_else(|| draft.lacks("question", &ask.question))?;
        return match &question.nudge {
            Some(template) => mail(draft, ask_id, template, ask.to, &ask.node),
            None => skip(draft, "no reminder was agreed"),
        };
    }
    draft.push(Entry::AskExpired { ask: ask_id.clone() })?;
    match (&ask.about, &ask.reason) {
        (Some(about), Some(reason)) => attend(draft, about, reason),
        _ if ask.beside => Ok(()),
        _ => flow::advance(draft, EXPIRED),
    }
}

/// Withdraws the asks that are moot.
///
/// # Errors
/// As [`Draft::push`].
pub(crate) fn withdraw(draft: &mut Draft<'_>, moot: impl Fn(&Ask) -> bool) -> Result<(), Rejection> {
    let moot: Vec<Id> = draft.case()?.asks().filter(|(_, ask)| moot(ask)).map(|(id, _)| id.clone()).collect();
    moot.into_iter().try_for_each(|ask| draft.push(Entry::AskWithdrawn { ask }))
}

/// Questions about a track that were asked beside the flow are moot once it is over.
///
/// # Errors
/// As [`Draft::push`].
pub(crate) fn withdraw_beside(draft: &mut Draft<'_>, about: &Id) -> Result<(), Rejection> {
    withdraw(draft, |ask| ask.beside && !ask.is_task() && ask.about.as_ref() == Some(about))
}

/// Takes a step up without consequences.
///
/// # Errors
/// As [`Draft::push`].
pub fn skip(draft: &mut Draft<'_>, reason: &str) -> Result<(), Rejection> {
    draft.push(Entry::StepSkipped { reason: reason.to_owned(), cause: None })
}

/// What came in from the page.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Submission {
    /// The chosen answer.
    pub answer: String,
    /// Mark of what the person was shown.
    pub shown: String,
    /// Values by field.
    pub fields: BTreeMap<String, String>,
    /// The slot that was chosen, as it would be taken now.
    pub seat: Option<Chosen>,
    /// Hours that the coach opened: the coach and the days.
    pub opened: Option<(String, Vec<Date>)>,
}

/// A slot that was chosen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chosen {
    /// The booking, as it stands in the coach's day.
    pub booking: Id,
    /// When, with whom, how long.
    pub seat: Seat,
    /// When the hold ends (UTC).
    pub until: Timestamp,
}

/// Why an answer was not taken. Nothing was changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NotTaken {
    /// Answered, expired or withdrawn meanwhile.
    Over,
    /// What was shown is no longer what is asked.
    Replaced,
    /// Not one of the answers.
    NoSuchAnswer,
    /// The slot was taken meanwhile.
    Taken,
    /// Fields to be corrected.
    Fields(BTreeMap<String, Problem>),
    /// Our fault or the playbook's.
    Rejected(Rejection),
}

impl From<Rejection> for NotTaken {
    fn from(rejection: Rejection) -> Self {
        Self::Rejected(rejection)
    }
}

/// Decides an answer: pure, so the page can say at once whether it worked. Commits the answer; the ask's owner draws
/// the consequences.
///
/// `shown` is the mark of what is to be shown now; it must be what the person saw.
///
/// # Errors
/// Says why it was not taken.
pub fn decide_answer(draft: &mut Draft<'_>, id: &Id, submission: &Submission, shown: &str) -> Result<(), NotTaken> {
    let ask = draft.case()?.ask(id).cloned().ok_or(NotTaken::Over)?;
    if draft.now >= ask.deadline {
        return Err(NotTaken::Over);
    }
    if submission.shown != shown {
        return Err(NotTaken::Replaced);
    }
    if !ask.answers.contains(&submission.answer) {
        return Err(NotTaken::NoSuchAnswer);
    }
    if ask.kind == AskKind::Fields {
        let taken = take_fields(draft, &ask, &submission.fields)?;
        let matched = emergency::words_in(draft.playbook, &taken);
        draft.record(taken)?;
        if !matched.is_empty() {
            emergency::raise(draft, "answer", matched)?;
        }
    }
    match (&submission.seat, &submission.opened) {
        (Some(chosen), _) if ask.kind == AskKind::Slot => {
            let menu = ask.menu.clone().ok_or(Rejection::Misplaced("a slot for nothing"))?;
            booking::hold(draft, &menu, chosen)?;
        }
        (_, Some((coach, days))) if ask.kind == AskKind::Openings => {
            draft.push(Entry::SlotsOpened { coach: coach.clone(), days: days.clone() })?;
        }
        _ => {}
    }
    let means = draft.playbook.questions.get(&ask.question);
    let means = means.and_then(|q| q.answers.iter().find(|a| a.name == submission.answer)).and_then(|a| a.means);
    draft.push(Entry::AskAnswered {
        ask: id.clone(),
        question: ask.question,
        answer: submission.answer.clone(),
        shown: shown.to_owned(),
        action: ask.owner,
    })?;
    Ok(means.map_or(Ok(()), |means| follow(draft, id, means))?)
}

/// Records what follows from an answer by itself.
fn follow(draft: &mut Draft<'_>, ask: &Id, means: Means) -> Result<(), Rejection> {
    match means {
        Means::Held => booking::conclude(draft, true),
        Means::Missed => booking::conclude(draft, false),
        Means::Resume => emergency::resume(draft),
        Means::Paid => {
            let open = draft.case()?.invoice().filter(|(_, i)| !i.settled);
            let Some((invoice, open)) = open else { return Ok(()) };
            let payment = billing::Payment {
                id: ask.to_string(),
                invoice: invoice.clone(),
                provider: "transfer".to_owned(),
                amount: open.total - open.paid,
                currency: open.currency.clone(),
                occurred_at: draft.now,
            };
            billing::pay(draft, payment)
        }
    }
}

fn take_fields(
    draft: &Draft<'_>,
    ask: &Ask,
    given: &BTreeMap<String, String>,
) -> Result<BTreeMap<String, String>, NotTaken> {
    let mut taken = BTreeMap::new();
    let mut problems = BTreeMap::new();
    for name in &ask.fields {
        let spec = draft.playbook.facts.get(name).ok_or_else(|| draft.lacks("fact", name))?;
        match spec.take(given.get(name).map_or("", String::as_str)) {
            Err(Problem::Missing) if spec.optional => {}
            Ok(value) => drop(taken.insert(name.clone(), value)),
            Err(problem) => drop(problems.insert(name.clone(), problem)),
        }
    }
    if problems.is_empty() { Ok(taken) } else { Err(NotTaken::Fields(problems)) }
}

/// Exactly what an ask shows, as text; its mark goes into the receipt. Any change to it voids what was seen before.
#[must_use]
pub fn shown_text(id: &Id, ask: &Ask, question: &Question, values: &[(String, String)], language: &str) -> String {
    let mut lines = vec![
        id.to_string(),
        language.to_owned(),
        question.title.get(language).to_owned(),
        question.body.get(language).to_owned(),
        ask.reason.clone().unwrap_or_default(),
    ];
    lines.extend(values.iter().map(|(name, value)| format!("{name}={value}")));
    lines.extend(ask.fields.iter().map(|f| format!("?{f}")));
    let own = |name: &String| question.answers.iter().any(|a| a.name == *name);
    lines.extend(ask.answers.iter().filter(|name| !own(name)).map(|slot| format!("[{slot}]")));
    lines.extend(question.answers.iter().map(|a| format!("[{}] {}", a.name, a.label.get(language))));
    lines.join("\n")
}

/// Facts of a node that are not known yet: what 不足情報回収 asks for, and nothing else.
#[must_use]
pub fn missing(case: &Case, wanted: &[String]) -> Vec<String> {
    wanted.iter().filter(|name| !case.facts.contains_key(*name)).cloned().collect()
}

/// Why a task came to be, for people.
#[must_use]
pub fn reason_text(reason: &str, language: &str) -> String {
    let (code, detail) = reason.split_once(':').unwrap_or((reason, ""));
    let (ja, en) = match code {
        "uncertain" => ("送信結果が不明です", "it is unknown whether the mail was sent"),
        "suppressed" => ("送信停止先です", "mails to this address are stopped"),
        "no-address" => ("送信先がわかりません", "there is no address to send to"),
        "bounced" => ("メールが届きませんでした", "the mail came back"),
        "refused-by-provider" => ("メール事業者に受け付けられませんでした", "the mail provider refused it"),
        "template-unknown" | "template-not-approved" | "template-revoked" => {
            ("テンプレートが承認されていません", "the template is not approved")
        }
        "not-routine" | "not-allowed-here" => ("定型として送信できません", "it may not leave as routine"),
        "unfilled" => ("差し込み項目が埋まりません", "a placeholder is not filled"),
        "step-never-came" => ("処理が完了しませんでした", "a step was never done"),
        "emergency" => ("緊急性の高い言葉が含まれている可能性があります", "it may contain words of an emergency"),
        "payment-unexpected" => ("該当する請求のないご入金がありました", "a payment that no invoice asked for"),
        "paid-twice" => ("入金済みのご請求に再度ご入金がありました", "a settled invoice was paid once more"),
        "underpaid" => ("ご入金額が請求額に足りません", "less was paid than was asked for"),
        "overpaid" => ("ご入金額が請求額を超えています", "more was paid than was asked for"),
        "payment-in-other-currency" => ("ご入金の通貨が異なります", "the payment is in another currency"),
        "refunded" => ("返金がありました", "money went back to the payer"),
        "disputed" => ("支払いへの異議申し立てがありました", "the payer disputes a payment"),
        _ => ("確認が必要です", "somebody must look at it"),
    };
    let text = if language == "en" { en } else { ja };
    if detail.is_empty() { text.to_owned() } else { format!("{text} ({detail})") }
}
