//! What templates may say. A placeholder that isn't here makes the gate hold the mail.

use std::collections::BTreeMap;

use banto_domain::playbook::{Helpline, OF_APPROVAL, OF_CODE, Person};
use banto_domain::rules::{approval, billing, instalment, name, people, receipt, refund};
use banto_domain::state::{Booking, Invoice, Line, Message, Party, Refund};
use banto_domain::{Case, Id, Playbook};
use minijinja::Value;

use crate::ledger::Loaded;
use crate::render::{self, day, link, session, when};
use crate::{Env, ical};

/// One mail, in one language: what the case kept, and what is today's.
pub(super) struct Page<'a> {
    pub(super) env: &'a Env,
    pub(super) loaded: &'a Loaded,
    /// The playbook that the case keeps.
    pub(super) pinned: &'a Playbook,
    /// People, links and accounts are today's.
    pub(super) today: &'a Playbook,
    pub(super) language: &'a str,
}

type Values = BTreeMap<String, Value>;

impl Page<'_> {
    /// What fills the placeholders of a message.
    pub(super) fn values_of(&self, id: &Id, message: &Message) -> Values {
        let case = &self.loaded.case;
        let mut values = Values::new();
        self.of_approval(id, message, &mut values);
        let mut put = |name: &str, value: Value| drop(values.insert(name.to_owned(), value));
        put("practice", self.pinned.name.get(self.language).into());
        put("number", case.key.case.as_str().into());
        put("customer", self.customer().into());
        let payer = self.value("payer_name").map(|name| self.honoured(name));
        put("payer", payer.unwrap_or_else(|| self.customer()).into());
        // Counts the calls that the provider may have taken, also those before it was busy.
        put("again", (message.attempts > 0).into());
        // What a customer wrote goes to the customer and to the coach who will meet them, nobody else.
        put("facts", self.facts(&message.to).into());
        if message.is_of_emergency() {
            put("helplines", self.helplines().into());
        }
        if let Some((id, ask)) = message.about.as_ref().and_then(|id| Some((id, case.ask(id)?))) {
            let label = |name: &String| self.pinned.facts.get(name).map(|s| s.label.get(self.language).to_owned());
            put(
                "link",
                link(&format!("{}/a/{}", self.env.public_url, self.env.keys.token(&case.key, id, message.reader()))),
            );
            put("deadline", when(ask.deadline, &self.pinned.zone, self.language).into());
            put("asked", ask.fields.iter().filter_map(label).collect::<Vec<_>>().into());
            if let Some(question) = self.pinned.questions.get(&ask.question) {
                put("question", question.title.get(self.language).into());
            }
            if let Some(reason) = &ask.reason {
                put("reason", crate::words::reason_text(reason, self.language).into());
            }
        }
        if let Some(owner) = case.owner.as_ref().and_then(|id| self.today.people.person(id)) {
            put("owner", owner.name.as_str().into());
        }
        if let Some(coach) = self.coach(message) {
            put("coach", coach.name.as_str().into());
        }
        if let Some((id, booking)) = case.booking_in(&message.tracks) {
            self.of_booking((id, booking), message, &mut values);
        }
        if let Some((id, invoice)) = case.invoice_in(&message.tracks) {
            self.of_invoice(id, invoice, &mut values);
        }
        if let Some((_, invoice)) = case.invoice_in(&message.tracks).filter(|(_, invoice)| invoice.receipts > 0) {
            values.insert("receipt_number".to_owned(), receipt::number(invoice).into());
            values.insert("reissued".to_owned(), (message.copy > 0).into());
        }
        if let Some(billing) = &self.pinned.billing {
            let today = self.env.clock.now().to_zoned(self.pinned.time_zone()).date();
            let overdue = billing::show(instalment::overdue(case, today), &billing.currency, self.language);
            values.insert("overdue".to_owned(), overdue.into());
        }
        let proposed = case.proposed.keys().filter_map(|kind| self.pinned.requests.get(kind));
        let proposed: Vec<String> = proposed.map(|wanted| wanted.label.get(self.language).to_owned()).collect();
        values.insert("proposed".to_owned(), proposed.into());
        self.of_refunds(message, &mut values);
        self.of_package(case, &mut values);
        values
    }

    /// What a person wrote, a code, and what came of an approval.
    fn of_approval(&self, id: &Id, message: &Message, values: &mut Values) {
        let mut put = |name: &str, value: Value| drop(values.insert(name.to_owned(), value));
        if let Some((subject, text)) = self.written(id) {
            put("subject", subject.into());
            put("text", render::parts(&text));
        }
        let asked = message.about.as_ref().and_then(|ask| Some((ask, self.loaded.case.ask(ask)?)));
        let mailed = message.to.person().zip(asked).and_then(|(who, (ask, a))| Some((who, ask, a.codes.get(who)?)));
        if let Some((who, ask, code)) = mailed.filter(|_| message.origin == OF_CODE) {
            put("code", self.env.keys.code(&self.loaded.case.key, ask, who, code.n).into());
            put("code_until", when(code.until, &self.pinned.zone, self.language).into());
        }
        let sought = asked.and_then(|(_, a)| Some(a.seeks.as_ref()?.approval.as_str()));
        let (result, ask) = match message.origin.strip_prefix(OF_APPROVAL) {
            Some(of) => of.split_once(':').map_or((Some(of), None), |(name, ask)| (Some(name), Some(ask))),
            None => (None, None),
        };
        if let Some(approval) = sought.or(result).and_then(|name| self.pinned.approvals.get(name)) {
            put("approval", approval.label.get(self.language).into());
        }
        let note = ask.and_then(|ask| self.loaded.personal.values.get(&format!("{}{ask}", approval::NOTE)));
        put("note", note.map_or("", String::as_str).into());
    }

    /// Today's: numbers change.
    fn helplines(&self) -> Vec<String> {
        let line = |line: &Helpline| {
            let (name, hours) = (line.name.get(self.language), line.hours.get(self.language));
            if self.language == "en" {
                format!("{name}: {} ({hours})", line.number)
            } else {
                format!("{name}: {}({hours})", line.number)
            }
        };
        self.today.helplines.iter().map(line).collect()
    }

    fn of_booking(&self, (id, booking): (&Id, &Booking), message: &Message, values: &mut Values) {
        let mut put = |name: &str, value: Value| drop(values.insert(name.to_owned(), value));
        let (seat, language) = (&booking.seat, self.language);
        put("session", session(seat.begins(), seat.ends(), &seat.zone, language).into());
        put("menu", self.menu(&booking.menu).into());
        if let Some(meeting) = self.meeting(id, message) {
            put("meeting", link(&meeting));
        }
        if let Some(backup) = self.today.people.backup(&seat.coach, id) {
            put("backup", link(&backup));
        }
        if let Some(until) = booking.until {
            put("hold_until", when(until, &self.pinned.zone, language).into());
        }
    }

    fn of_invoice(&self, id: &Id, invoice: &Invoice, values: &mut Values) {
        let mut put = |name: &str, value: Value| drop(values.insert(name.to_owned(), value));
        let amount = |minor: i64| Value::from(billing::show(minor, &invoice.currency, self.language));
        put("invoice_number", invoice.number.as_str().into());
        put("amount", amount(invoice.total));
        // What is still open: not the whole, once a part was paid.
        put("open", amount(invoice.open()));
        put("reduced", amount(invoice.reduced));
        put("was_reduced", (invoice.reduced > 0).into());
        put("paid_so_far", amount(invoice.paid));
        put("partly_paid", (invoice.paid > 0).into());
        put("net", amount(invoice.taxes.iter().map(|t| t.net).sum()));
        put("tax", amount(invoice.taxes.iter().map(|t| t.tax).sum()));
        put("tax_rate", invoice.taxes.iter().map(|t| t.rate.to_string()).collect::<Vec<_>>().join("・").into());
        put("due_on", day(invoice.due_on, self.language).into());
        let bought = |l: &Line| crate::words::bought(&self.menu(&l.menu), invoice.part.as_ref(), self.language);
        put("bought", invoice.lines.iter().map(bought).collect::<Vec<_>>().join("、").into());
        let parts = instalment::schedule(self.pinned, invoice).into_iter().map(|part| {
            let (amount, due) =
                (billing::show(part.amount, &invoice.currency, self.language), day(part.due_on, self.language));
            if self.language == "en" {
                format!("{}: {amount}, due {due}", part.n)
            } else {
                format!("{}回目: {amount}(お支払期日 {due})", part.n)
            }
        });
        put("schedule", parts.collect::<Vec<_>>().into());
        let by_card = invoice.payments.values().any(|paid| !paid.provider.is_empty() && paid.provider != "transfer");
        put("by_card", by_card.into());
        put("method", self.value("payment").unwrap_or("card").into());
        if let Some(paid_at) = invoice.paid_at {
            put("paid_on", self.dated(paid_at).into());
        }
        if let Some(today) = &self.today.billing {
            put("bank", today.bank.get(self.language).into());
            put("pay_link", link(&self.env.pay_link(&self.loaded.case.key, &today.link, id)));
            if let Some(registration) = &today.registration {
                put("registration", registration.as_str().into());
            }
        }
    }

    /// What is to go back, with its arithmetic, and what went back.
    fn of_refunds(&self, message: &Message, values: &mut Values) {
        let (case, language) = (&self.loaded.case, self.language);
        let mut put = |name: &str, value: Value| drop(values.insert(name.to_owned(), value));
        let request = case.request_in(&message.tracks).map(|(_, request)| request);
        let settled = request.and_then(|request| request.settled.as_ref());
        let settled = settled.or_else(|| case.settlement_in(&message.tracks).map(|(_, settled)| settled));
        let amount = request.and_then(|request| request.amount).or(settled.map(|settled| settled.refund));
        if let Some((amount, billing)) = amount.zip(self.pinned.billing.as_ref()) {
            put("request_amount", billing::show(amount, &billing.currency, language).into());
            put("settlement", settled.map(|s| crate::words::settlement(s, language)).unwrap_or_default().into());
        }
        let made: Vec<&Refund> =
            message.tracks.iter().filter_map(|id| case.refund(id)).filter(|refund| refund.is_made()).collect();
        let Some(last) = made.last() else { return };
        let show = |minor: i64| Value::from(billing::show(minor, &last.currency, language));
        let total: i64 = made.iter().map(|refund| refund.amount).sum();
        let tax: i64 = made.iter().map(|refund| refund::tax(case, refund)).sum();
        put("refund_amount", show(total));
        put("refund_number", made.iter().map(|r| r.number.as_str()).collect::<Vec<_>>().join("、").into());
        put("refund_net", show(total - tax));
        put("refund_tax", show(tax));
        if let Some(at) = last.made_at {
            put("refunded_on", self.dated(at).into());
        }
        let registration = self.today.billing.as_ref().and_then(|billing| billing.registration.as_deref());
        put("credit_note", (registration.is_some() && total >= refund::CREDIT_NOTE_FROM).into());
        if let Some(registration) = registration {
            put("registration", registration.into());
        }
    }

    /// A day on what is kept for years: with the year.
    fn dated(&self, at: jiff::Timestamp) -> String {
        let form = if self.language == "en" { "%-d %B %Y" } else { "%Y年%-m月%-d日" };
        at.to_zoned(self.pinned.time_zone()).strftime(form).to_string()
    }

    fn of_package(&self, case: &Case, values: &mut Values) {
        let Some(package) = &case.package else { return };
        let today = self.env.clock.now().to_zoned(self.pinned.time_zone()).date();
        values.insert("sessions_left".to_owned(), package.left(today).into());
        values.entry("menu".to_owned()).or_insert_with(|| self.menu(&package.menu).into());
        if let Some(last) = package.expires_on {
            values.insert("expires_on".to_owned(), day(last, self.language).into());
        }
    }

    /// The customer as one writes to them: 姓 and 名 once they are known, with 様.
    fn customer(&self) -> String {
        let given = |name| self.value(name).filter(|v| !v.is_empty());
        let full = given("family_name").zip(given("given_name"));
        let full = full.map(|(family, given)| match self.language {
            "en" => format!("{given} {family}"),
            _ => format!("{family} {given}"),
        });
        self.honoured(&full.unwrap_or_else(|| self.value("name").unwrap_or_default().to_owned()))
    }

    /// With 様. Who calls themselves what is no name is a customer.
    fn honoured(&self, name: &str) -> String {
        if !name::looks_like_one(name) {
            return if self.language == "en" { "Customer" } else { "お客様" }.to_owned();
        }
        if self.language == "en" { name.to_owned() } else { format!("{name} {}", self.pinned.honorific) }
    }

    fn value(&self, fact: &str) -> Option<&str> {
        self.loaded.personal.value(&self.loaded.case.facts, fact)
    }

    /// What a customer wrote goes to the customer and to the coach who will meet them, nobody else; of what is plain the
    /// practice's people may know.
    fn facts(&self, to: &Party) -> BTreeMap<String, String> {
        let is_coach = |id: &str| self.today.people.coach(id).is_some();
        let all = matches!(to, Party::Customer | Party::Coach) || to.person().is_some_and(is_coach);
        let shown = |name: &String| {
            let value = self.value(name).filter(|value| !value.is_empty())?;
            let spec = self.pinned.facts.get(name)?;
            let may = all || (to.person().is_some() && !spec.kind.is_personal());
            may.then(|| (name.clone(), render::fact((self.pinned, self.today), spec, value, self.language)))
        };
        self.loaded.case.facts.keys().filter_map(shown).collect()
    }

    /// The coach of what a message is about, or of the case; with only one in the practice, that one.
    fn coach(&self, message: &Message) -> Option<&Person> {
        let (all, case) = (&self.today.people.coaches, &self.loaded.case);
        let concerned = people::coach(case, &message.tracks);
        all.iter().find(|p| Some(p.id.as_str()) == concerned).or_else(|| all.first())
    }

    fn menu(&self, name: &str) -> String {
        self.pinned.menus.get(name).map_or(name, |menu| menu.label.get(self.language)).to_owned()
    }

    fn meeting(&self, booking: &Id, message: &Message) -> Option<String> {
        self.coach(message)?.meeting.as_ref().map(|link| link.replace("{booking}", booking.as_str()))
    }

    /// The booking that a message is about as iCalendar.
    pub(super) fn calendar(&self, message: &Message) -> Option<String> {
        let (id, booking) = self.loaded.case.booking_in(&message.tracks)?;
        let domain = self.today.sender.address.rsplit('@').next().unwrap_or_default();
        let meeting = self.meeting(id, message);
        let practice = self.pinned.name.get(self.language);
        let session = ical::Session {
            uid: format!("{id}@{domain}"),
            sequence: booking.version,
            title: format!("{} ({practice})", self.menu(&booking.menu)),
            description: self.pinned.sender.contact.get(self.language).to_owned(),
            location: meeting.as_deref(),
            from: booking.seat.begins(),
            minutes: booking.seat.minutes,
            written: self.env.clock.now(),
            cancelled: booking.cancelled,
        };
        Some(ical::text(practice, &[session]))
    }
}
