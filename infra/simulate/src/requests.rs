//! Customers on their own page: they look, and some ask for another time, a cancellation, or anything else, at any time, also
//! twice, and also when what they read is no longer so. So do coaches on theirs: they wait for somebody, are late, or can't
//! make it; and operators, for whoever rang.

use banto_aws::Reply;
use jiff::{SignedDuration, ToSpan};

use super::Sabotage;
use super::fill::after;
use super::provider::Accepted;
use super::rng::Rng;
use super::visit::{Errand, Form};
use super::world::{Due, World};

/// Somebody on their own page of a case.
#[derive(Debug, Clone)]
pub(super) struct Own {
    pub(super) token: String,
    /// Which customer; somebody of the practice otherwise.
    pub(super) customer: Option<usize>,
    /// Which mail brought them here.
    pub(super) mail: String,
    pub(super) tries: u32,
}

impl Own {
    /// The case that it is about.
    pub(super) fn case(&self) -> &str {
        self.token.split('.').nth(1).unwrap_or_default()
    }

    /// For the transcript.
    pub(super) fn who(&self) -> String {
        self.customer.map_or("somebody of the practice".to_owned(), |customer| format!("customer {customer}"))
    }
}

/// The link to a customer's own page, if a mail has it.
fn link(mail: &Accepted) -> Option<&str> {
    mail.text.split("/my/").nth(1)?.split(|c: char| c.is_whitespace() || c == '>').next()
}

/// One of a list's choices, when the field is one.
fn one_of(form: &str, field: &str, rng: &mut Rng) -> Option<String> {
    let (before, rest) = form.split_once(&format!("name=\"field.{field}\""))?;
    let is_list = before.rsplit('<').next().is_some_and(|tag| tag.starts_with("select"));
    let list = rest.split("</select>").next().filter(|_| is_list)?;
    let all = after(list, "<option value=\"");
    all.get(rng.index(all.len().max(1))).map(|chosen| (*chosen).to_owned())
}

/// What they write; some ask for something else by it.
fn says(field: &str, marker: &str, rng: &mut Rng) -> String {
    let asks =
        ["キャンセルをお願いします", "日程変更をお願いします", "返金していただけますか", "プログラムを解約したいです"];
    let meant = ["wish", "complaint"].contains(&field) && rng.per_mille(500);
    let said = if meant { asks[rng.index(asks.len())] } else { "お願いします" };
    format!("{said} {marker}")
}

impl World {
    /// One in some mails makes its reader look at their own page, soon or days later.
    pub(super) fn looks_at_own_page(&mut self, customer: usize, mail: &Accepted) {
        let mut rng = Rng::of(self.seed, &["my", &mail.id]);
        let booked = ["booking-confirmed", "reminder-day-before", "booking-moved"].contains(&mail.tag("template"));
        let odds = if booked { 300 } else { 40 };
        let odds = if self.is_quitting() { 1_000 } else { odds };
        let Some(token) = link(mail).filter(|_| rng.per_mille(odds)) else { return };
        // Whatever they ask for takes the case another way than in a world where it is read earlier or later.
        self.people.untidy.insert(mail.tag("case").to_owned());
        let wait = match rng.below(3) {
            0 => SignedDuration::from_mins(rng.between(1, 60)),
            1 => SignedDuration::from_hours(rng.between(1, 48)),
            _ => SignedDuration::from_hours(rng.between(48, 240)),
        };
        let own = Own { token: token.to_owned(), customer: Some(customer), mail: mail.id.clone(), tries: 0 };
        self.later(wait, Due::Errand(Errand::Own(own)));
    }

    /// So does one in some mails to a coach, on the day of a session or well before it; and, now and then, one to an operator, to
    /// whom a customer talks.
    pub(super) fn staff_looks_at_own_page(&mut self, mail: &Accepted) {
        let mut rng = Rng::of(self.seed, &["my", &mail.id]);
        let on_the_day = mail.tag("template") == "coach-today";
        let Some(token) = link(mail).filter(|_| rng.per_mille(if on_the_day { 250 } else { 60 })) else { return };
        self.people.untidy.insert(mail.tag("case").to_owned());
        let hours = if on_the_day { 12 } else { 60 };
        let wait = SignedDuration::from_mins(rng.between(1, hours * 60));
        let own = Own { token: token.to_owned(), customer: None, mail: mail.id.clone(), tries: 0 };
        self.later(wait, Due::Errand(Errand::Own(own)));
    }

    /// The page is there: some only look.
    pub(super) fn own_page_opened(&mut self, own: Own, reply: Option<&Reply>) {
        let Some(reply) = reply else { return self.own_page_again(own) };
        let page = String::from_utf8_lossy(reply.body()).into_owned();
        let offered: Vec<&str> = page.split("<form").skip(1).collect();
        let mut rng = Rng::of(self.seed, &["wants", &own.mail, &own.tries.to_string()]);
        if reply.status().as_u16() != 200 || offered.is_empty() || rng.per_mille(150) {
            return;
        }
        // Days off are rare.
        let mut offered = offered;
        if self.is_quitting() && own.customer.is_some() {
            let ends = ["value=\"quit\"", "value=\"seminar-cancel\""];
            offered.retain(|form| ends.iter().any(|end| form.contains(end)));
            if offered.is_empty() {
                return;
            }
        }
        if own.customer.is_none() && !rng.per_mille(300) {
            offered.retain(|form| !form.contains("value=\"violation\""));
        }
        if !rng.per_mille(150) {
            offered.retain(|form| !form.contains("value=\"closure\""));
        }
        let moves: Vec<&str> = offered.iter().filter(|form| form.contains("value=\"reschedule")).copied().collect();
        let wanted = if moves.is_empty() || rng.per_mille(400) { offered } else { moves };
        let chosen = wanted.get(rng.index(wanted.len())).copied().unwrap_or_default();
        let one = |name: &str| after(chosen, name).first().copied().unwrap_or_default().to_owned();
        let mut form: Form = vec![
            ("shown".to_owned(), one("name=\"shown\" value=\"")),
            ("request".to_owned(), one("name=\"request\" value=\"")),
        ];
        if !rng.per_mille(120) {
            form.push(("confirm".to_owned(), "yes".to_owned()));
        }
        let marker = own.customer.map_or("", |customer| self.people.scripts[customer].marker.as_str());
        for field in after(chosen, "name=\"field.") {
            let written = one_of(chosen, field, &mut rng).or_else(|| self.day_off(field, &mut rng));
            let written = written.unwrap_or_else(|| says(field, marker, &mut rng));
            if !rng.per_mille(60) {
                form.push((format!("field.{field}"), written));
            }
        }
        // Some think for longer than what was shown counts.
        let think = if rng.per_mille(100) { rng.between(1_700, 4_000) } else { rng.between(5, 600) };
        self.later(SignedDuration::from_secs(think), Due::Errand(Errand::Wants(own.clone(), form.clone())));
        if rng.per_mille(150) {
            let again = SignedDuration::from_secs(think) + SignedDuration::from_millis(rng.between(0, 900));
            self.later(again, Due::Errand(Errand::Wants(own, form)));
        }
    }

    /// Where refunds go wrong on purpose, everybody wants one.
    fn is_quitting(&self) -> bool {
        self.cloud.net().sabotage == Some(Sabotage::RefundTwice)
    }

    /// A day for a field that wants one; now and then the last is before the first.
    fn day_off(&self, field: &str, rng: &mut Rng) -> Option<String> {
        let (from, to) = match field {
            "closed_from" => (0, 4),
            "closed_to" => (3, 9),
            _ => return None,
        };
        let today = self.now().to_zoned(jiff::tz::TimeZone::fixed(jiff::tz::offset(9))).date();
        Some(today.saturating_add(rng.between(from, to).days()).to_string())
    }

    /// What follows when something was asked for.
    pub(super) fn wanted(&mut self, own: Own, reply: Option<&Reply>) {
        match reply.map(|reply| reply.status().as_u16()) {
            None | Some(409 | 422) => self.own_page_again(own),
            Some(_) => {}
        }
    }

    fn own_page_again(&mut self, own: Own) {
        if own.tries < 3 {
            let wait = SignedDuration::from_secs(self.roll(|rng| rng.between(20, 900)));
            self.later(wait, Due::Errand(Errand::Own(Own { tries: own.tries + 1, ..own })));
        }
    }
}
