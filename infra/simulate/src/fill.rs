//! Pages, filled in as their readers would: customers with their tastes and tempers, coaches with their results and
//! hours, operators with decisions.

use jiff::ToSpan;
use jiff::civil::Date;

use super::people::{Channel, Script, Taste};
use super::provider::Accepted;
use super::rng::Rng;
use super::visit::{Form, Reader, Visit};
use super::world::World;
use banto_domain::playbook::{APPROVAL_CODE, UNDO, UNSEND};
use banto_domain::rules::approval::YES as APPROVE;

/// A button.
struct Choice<'a> {
    name: &'a str,
    /// It can be pressed.
    free: bool,
}

/// The values of an attribute that follows `before` in a page.
pub(super) fn after<'a>(page: &'a str, before: &str) -> Vec<&'a str> {
    page.split(before).skip(1).filter_map(|rest| rest.split('"').next()).collect()
}

fn choices(page: &str) -> Vec<Choice<'_>> {
    let choice = |rest: &'_ str| -> Option<(usize, bool)> {
        let end = rest.find('"')?;
        let tag = rest.get(end..end + rest.get(end..)?.find('>')?)?;
        Some((end, !tag.contains("disabled")))
    };
    let buttons = page.split("name=\"answer\" value=\"").skip(1);
    buttons.filter_map(|rest| choice(rest).map(|(end, free)| Choice { name: &rest[..end], free })).collect()
}

impl World {
    /// Fills a page in, as its reader would.
    pub(super) fn fill(&self, visit: &Visit, page: &str) -> Form {
        let shown = after(page, "name=\"shown\" value=\"").first().copied().unwrap_or_default();
        let choices = choices(page);
        let first = choices.last().map_or("", |c| c.name);
        let mut rng = Rng::of(self.seed, &["answers", visit.case(), first, &visit.round.to_string()]);
        let approves = choices.iter().any(|c| matches!(c.name, APPROVE | UNDO | UNSEND));
        let answer = match visit.reader {
            _ if approves => approver_decides(self.seed, visit, &choices),
            Reader::Customer(customer) => customer_chooses(&self.people.scripts[customer], visit, &choices, &mut rng),
            Reader::Coach => result(visit, &choices, &mut rng),
            Reader::Operator => operator_decides(visit, &choices, &mut rng),
            Reader::Staff => staff_decides(self.seed, visit, &choices),
        };
        let mut form = vec![("shown".to_owned(), shown.to_owned()), ("answer".to_owned(), answer.to_owned())];
        let mut fields: Vec<&str> = after(page, "name=\"field.");
        fields.dedup();
        for field in fields {
            let value = match visit.reader {
                Reader::Customer(customer) => {
                    let today = self.now().to_zoned(jiff::tz::TimeZone::UTC).date();
                    Some(value(&self.people.scripts[customer], (visit, today), field, &mut rng))
                }
                Reader::Coach => self.hours(visit, page, field),
                Reader::Staff if page.contains("value=\"moved\"") => option(page, field, &mut rng),
                Reader::Operator | Reader::Staff => None,
            };
            form.extend(value.map(|value| (format!("field.{field}"), value)));
        }
        if !matches!(visit.reader, Reader::Customer(_)) {
            form.extend(self.staff_writes(visit, page));
            let known: Vec<String> = form.iter().map(|(name, _)| name.clone()).collect();
            let left = after(page, "name=\"field.").into_iter().map(|field| (field, format!("field.{field}")));
            let left = left.filter(|(_, name)| !known.contains(name));
            let written = left.filter_map(|(field, name)| Some((name, self.staff_fills(visit, page, field)?)));
            let written: Form = written.collect();
            form.extend(written);
        }
        form
    }

    /// What somebody of the practice writes into any other field of what they choose: a letter, a reason, an amount, which some
    /// take for too much at first.
    fn staff_fills(&self, visit: &Visit, page: &str, field: &str) -> Option<String> {
        let mut rng = Rng::of(self.seed, &["fills", visit.case(), field, &visit.round.to_string()]);
        let tag = page.split(&format!("name=\"field.{field}\"")).nth(1)?.split('>').next()?;
        if tag.contains("inputmode=\"numeric\"") {
            let too_much = rng.per_mille(150) && !visit.corrected;
            return Some(if too_much { "99999999" } else { "1,000" }.to_owned());
        }
        if tag.contains("type=\"date\"") {
            let today = self.now().to_zoned(jiff::tz::TimeZone::UTC).date();
            return Some(today.saturating_add(rng.between(-2, 90).days()).to_string());
        }
        let is_words = tag.contains("type=\"text\"") || !tag.contains("type=");
        is_words.then(|| format!("確認のうえ、次のとおり対応いたします。({field})"))
    }

    /// Whatever an answer of somebody of the practice asks for: words, an amount, a confirmation (which some forget), a code
    /// (which some mistype).
    fn staff_writes(&self, visit: &Visit, page: &str) -> Form {
        let person = visit.person().unwrap_or_default();
        let mut rng = Rng::of(self.seed, &["writes", visit.case(), person, &visit.round.to_string()]);
        let amount = if rng.per_mille(500) { "700" } else { "1100" };
        let forgets = rng.per_mille(150) && !visit.corrected;
        let mistypes = rng.per_mille(150) && visit.tries < 2;
        let mut form: Form =
            [("note", "確認のうえ対応しました。"), ("subject", "ご連絡"), ("text", "確認いたしました。\n{{ number }}")]
                .map(|(name, value)| (format!("field.{name}"), value.to_owned()))
                .into();
        if visit.reader == Reader::Staff {
            form.push(("field.amount".to_owned(), amount.to_owned()));
        }
        if page.contains("field.arrived_amount") || page.contains("field.wait_until") {
            form.extend(self.staff_tells_of_money(page, &mut rng));
        }
        if page.contains("name=\"confirm\"") && !forgets {
            form.push(("confirm".to_owned(), "yes".to_owned()));
        }
        if page.contains("name=\"code\"") {
            let code = self.mailed_code(visit.case(), person).filter(|_| !mistypes);
            form.push(("code".to_owned(), code.unwrap_or_else(|| "12345".to_owned())));
        }
        form
    }

    /// What came in by transfer: all of it, less a fee or the tax that was withheld, or a part; or until when one waits.
    fn staff_tells_of_money(&self, page: &str, rng: &mut Rng) -> Form {
        let today = self.now().to_zoned(jiff::tz::TimeZone::UTC).date();
        let asked: i64 = amount_on(page).unwrap_or(5_500);
        let (drawn, days) = (rng.below(100), rng.between(1, 12));
        let amount = match drawn {
            0..=54 => asked,
            55..=69 => asked - 330,
            70..=79 => asked - asked * 10 / 11 * 1_021 / 10_000,
            80..=94 => asked / 2,
            _ => asked + 1_000,
        };
        let told = [("arrived_amount", amount.to_string()), ("arrived_on", today.to_string())];
        let told = told.into_iter().chain([("arrived_name", "フリコミ".to_owned())]);
        let told = told.chain([("wait_until", today.saturating_add(days.days()).to_string())]);
        told.map(|(name, value)| (format!("field.{name}"), value)).collect()
    }

    /// The code that somebody got last about a case.
    fn mailed_code(&self, case: &str, person: &str) -> Option<String> {
        let net = self.cloud.net();
        let mut mails = net.accepted.iter().rev();
        let mine = |mail: &&Accepted| {
            mail.tag("template") == APPROVAL_CODE && mail.tag("case") == case && mail.tag("person") == person
        };
        let subject = &mails.find(mine)?.subject;
        let from = subject.find(['】', ']'])?;
        Some(subject[from..].chars().filter(char::is_ascii_digit).take(6).collect())
    }

    /// What a coach writes for one field of a page that asks for hours: nonsense, at first, in some.
    fn hours(&self, visit: &Visit, page: &str, field: &str) -> Option<String> {
        let mut rng = Rng::of(self.seed, &["hours", visit.case(), &visit.round.to_string()]);
        let nonsense = rng.per_mille(200) && !visit.corrected;
        let days = rng.between(3, 12);
        let lines = rng.between(1, 3);
        let coach = rng.next();
        let (name, n) = field.split_at(field.len().saturating_sub(1));
        if field == "coach" {
            let list = page.split("name=\"field.coach\"").nth(1)?.split("</select>").next()?;
            let coaches = after(list, "<option value=\"");
            let n = usize::try_from(coach % coaches.len().max(1) as u64).unwrap_or(0);
            return coaches.get(n).map(|c| (*c).to_owned());
        }
        let line: i64 = n.parse().ok()?;
        if line > lines {
            return Some(String::new());
        }
        let date = self.now().to_zoned(jiff::tz::TimeZone::UTC).date().saturating_add((days + line).days());
        Some(match name {
            "date" if nonsense => "some day".to_owned(),
            "date" => date.to_string(),
            "from" => "10:00".to_owned(),
            "to" if nonsense && line == 2 => "09:00".to_owned(),
            "to" => "12:30".to_owned(),
            _ => return None,
        })
    }
}

/// The first amount that a page shows, in yen.
fn amount_on(page: &str) -> Option<i64> {
    let shown = page.split("<dd>").skip(1).filter_map(|rest| rest.split('<').next());
    let is_amount = |text: &&str| text.ends_with('円') || text.starts_with('¥');
    let digits: String = shown.into_iter().find(is_amount)?.chars().filter(char::is_ascii_digit).collect();
    digits.parse().ok()
}

/// One of a field's choices, or none of them.
fn option(page: &str, field: &str, rng: &mut Rng) -> Option<String> {
    let list = page.split(&format!("name=\"field.{field}\"")).nth(1)?.split("</select>").next()?;
    let all = after(list, "<option value=\"");
    let chosen = all.get(rng.index(all.len().max(1)))?;
    (field == "beside" || chosen.is_empty() || *chosen == "all").then(|| (*chosen).to_owned())
}

/// Most agree; some write a mail anew, some don't, and a few take back what they agreed to.
fn approver_decides<'a>(seed: u64, visit: &Visit, choices: &[Choice<'a>]) -> &'a str {
    let person = visit.person().unwrap_or_default();
    let turn = format!("{}-{}", visit.round, visit.nth);
    let mut rng = Rng::of(seed, &["approves", visit.case(), person, &turn]);
    let n = if rng.per_mille(600) { 0 } else { rng.index(choices.len().max(1)) };
    choices.get(n).map_or("", |c| c.name)
}

/// Two decide differently, where one can. Nothing is tried again for ever.
fn operator_decides<'a>(visit: &Visit, choices: &[Choice<'a>], rng: &mut Rng) -> &'a str {
    let drawn = match choices.first().map(|c| c.name) {
        Some("signed-up" | "held" | "counted") => return result(visit, choices, rng),
        Some("again") => usize::from(rng.per_mille(600)),
        Some("accepted") => usize::from(rng.per_mille(200)),
        _ => rng.index(choices.len().max(1)),
    };
    let n = drawn + usize::try_from(visit.nth).unwrap_or(0);
    choices.get(n % choices.len().max(1)).map_or("", |c| c.name)
}

/// Everybody decides by themselves, so that two of a group often decide differently.
fn staff_decides<'a>(seed: u64, visit: &Visit, choices: &[Choice<'a>]) -> &'a str {
    let first = choices.first().map_or("", |c| c.name);
    let person = visit.person().unwrap_or_default();
    let mut rng = Rng::of(seed, &["decides", visit.case(), first, person, &visit.round.to_string()]);
    let n = match first {
        "again" => usize::from(rng.per_mille(500)),
        "take" => usize::from(rng.per_mille(200)),
        _ => rng.index(choices.len().max(1)),
    };
    choices.get(n).map_or("", |c| c.name)
}

/// How a session went, or which hours there are.
fn result<'a>(visit: &Visit, choices: &[Choice<'a>], rng: &mut Rng) -> &'a str {
    let drawn = rng.below(100);
    let n = match (choices.first().map(|c| c.name), drawn) {
        (Some("signed-up"), 0..=64) | (Some("held"), 0..=81) => 0,
        (Some("signed-up"), 65..=81) => 1,
        (Some("signed-up"), _) => 2,
        // An absence counts, doesn't, or was none.
        (Some("counted"), 0..=49) => 0,
        (Some("counted"), 95..) => 2,
        (Some("opened"), 0..=79) | (Some("again"), _) if visit.round < 2 => 0,
        _ => 1,
    };
    choices.get(n).or_else(|| choices.first()).map_or("", |c| c.name)
}

fn customer_chooses<'a>(script: &Script, visit: &Visit, choices: &[Choice<'a>], rng: &mut Rng) -> &'a str {
    let nth = usize::try_from(visit.nth).unwrap_or(0);
    let offered: Vec<&Choice<'a>> = choices.iter().filter(|c| c.name.contains('/')).collect();
    if offered.is_empty() {
        let n = match (choices.first().map(|c| c.name), rng.below(100)) {
            (Some("agree"), 0..=79) => nth,
            (Some("agree"), 80..=91) if visit.round < 2 => 1 + nth,
            (Some("agree"), _) => 2 + nth,
            (Some("transferred"), drawn) => usize::try_from(drawn).unwrap_or(0) + nth,
            _ => 0,
        };
        return choices.get(n % choices.len().max(1)).map_or("", |c| c.name);
    }
    let none_fits = choices.last().map_or("", |c| c.name);
    let free: Vec<&str> = offered.iter().filter(|c| c.free).map(|c| c.name).collect();
    let any = rng.index(free.len().max(1));
    let taken = offered.iter().find(|c| !c.free).map(|c| c.name);
    if script.nonsense_first && !visit.corrected && visit.tries == 0 {
        return "nobody/2026-02-30T25:00";
    }
    match (script.taste, taken) {
        (Taste::NoneFits, _) if visit.round == 0 => none_fits,
        (Taste::Taken, Some(taken)) if visit.tries == 0 => taken,
        (Taste::Any, _) => free.get((any + nth) % free.len().max(1)).copied().unwrap_or(none_fits),
        _ => free.get(nth).or_else(|| free.first()).copied().unwrap_or(none_fits),
    }
}

/// What a customer writes into a field.
fn value(script: &Script, (visit, today): (&Visit, Date), field: &str, rng: &mut Rng) -> String {
    let drawn = rng.below(100);
    let own = format!("{field} {} {}", visit.nth, script.marker);
    let single = if visit.nth == 0 { drawn < 75 } else { drawn >= 75 };
    match field {
        _ if script.nonsense_first && !visit.corrected => " ".to_owned(),
        _ if script.outcry == Some(field) => outcry(script),
        "menu" => if drawn < 15 { "single" } else { "trial" }.to_owned(),
        "plan" => if single { "single" } else { "programme" }.to_owned(),
        "payer" => if script.other_pays { "other" } else { "self" }.to_owned(),
        "payer_email" => format!("{}-pays@example.com", script.marker),
        "pay_in" => ["once", "twice", "deposit"][usize::try_from(drawn % 3).unwrap_or(0)].to_owned(),
        "payer_kind" => if drawn < 50 { "company" } else { "private" }.to_owned(),
        "payment" => if drawn < 80 { "card" } else { "transfer" }.to_owned(),
        "terms" | "law_notice" => "yes".to_owned(),
        // Some promise a day that is over, or one that never comes.
        "promised_on" if drawn < 5 => "2099-01-01".to_owned(),
        "promised_on" => today.saturating_add((i64::try_from(drawn % 12).unwrap_or(0) - 1).days()).to_string(),
        "says_paid_on" => today.saturating_sub(i64::try_from(drawn % 4).unwrap_or(0).days()).to_string(),
        "satisfaction" if script.channel == Channel::Minato && drawn < 50 => "poor".to_owned(),
        "satisfaction" => "good".to_owned(),
        "theme" | "questions" | "comment" | "absence" if drawn < 30 => String::new(),
        _ => own,
    }
}

/// Words that stop everything.
fn outcry(script: &Script) -> String {
    let english = script.channel.is_english() && script.channel != Channel::Website;
    let words = if english { "Honestly, I feel suicidal." } else { "もう消 えたいです。" };
    format!("{words} {}", script.marker)
}
