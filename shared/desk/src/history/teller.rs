//! An entry as a sentence, with what earlier entries named.

use std::collections::BTreeMap;

use banto_aws::render::day;
use banto_aws::words::stage_text;
use banto_domain::playbook::AskKind;
use banto_domain::rules::stages;
use banto_domain::state::Party;
use banto_domain::{Entry, Id, TokenId};

use crate::{Inside, Lang, Side, Story, words};

/// Remembers what ids stand for, as the journal names them.
pub(super) struct Teller<'a> {
    story: &'a Story,
    inside: &'a Inside,
    pub(super) lang: Lang,
    pub(super) named: BTreeMap<Id, String>,
    /// The flow of each token beside the main one.
    flows: BTreeMap<TokenId, String>,
}

impl<'a> Teller<'a> {
    /// Of the practice: ISO 4217.
    pub(super) fn currency(&self) -> &'a str {
        self.inside.playbook.billing.as_ref().map_or("", |billing| &billing.currency)
    }

    pub(super) fn new(story: &'a Story, inside: &'a Inside, lang: Lang) -> Self {
        Self { story, inside, lang, named: BTreeMap::new(), flows: BTreeMap::new() }
    }

    pub(super) fn name(&self, id: &Id) -> &str {
        self.named.get(id).map_or("–", String::as_str)
    }

    pub(super) fn say(&self, ja: String, en: String) -> Option<String> {
        Some(if self.lang == Lang::Ja { ja } else { en })
    }

    /// A sentence; `None` for what only machines read.
    pub(super) fn tell(&mut self, entry: &Entry) -> Option<String> {
        let lang = self.lang;
        match entry {
            Entry::CaseOpened { same_address, .. } => {
                let flow = self.story.flow(lang);
                let known = if same_address.is_empty() {
                    ""
                } else {
                    lang.of("(同じメールアドレスの案件があります)", " (there are cases with the same address)")
                };
                self.say(format!("受付「{flow}」{known}"), format!("Received: {flow}{known}"))
            }
            Entry::InboundUnreadable { .. } => {
                self.plain("受信内容を読み取れませんでした", "What came in could not be understood")
            }
            Entry::ImportListed { cases, .. } => {
                self.say(format!("既存のお客様の取り込み: {cases}件"), format!("Existing customers imported: {cases}"))
            }
            Entry::DaysClosed { coach, from, to, sessions, .. } => {
                let coach = self.inside.person(coach).to_string();
                self.say(
                    format!("休業: {coach} {from}〜{to}(ご予約{sessions}件)"),
                    format!("Closed: {coach}, {from} to {to} (bookings: {sessions})"),
                )
            }
            Entry::VersionProposed { version, .. } => self
                .say(format!("運用ルール第{version}版の提案"), format!("Version {version} of the playbook proposed")),
            Entry::VersionPublished { version, approved_by, .. } => {
                let names: Vec<String> = approved_by.iter().map(|id| self.inside.person(id).to_string()).collect();
                let names = names.join(lang.of("、", ", "));
                self.say(
                    format!("運用ルール第{version}版を公開(承認: {names})"),
                    format!("Version {version} of the playbook is live, approved by {names}"),
                )
            }
            Entry::FactsRecorded { facts } => {
                let label = |name: &String| {
                    self.inside.playbook.facts.get(name).map_or(name.as_str(), |f| f.label.get(lang.name())).to_owned()
                };
                // What staff wrote into a mail is told with the mail.
                let known = facts.keys().filter(|name| !name.contains(':'));
                let all = known.map(label).collect::<Vec<_>>().join(lang.of("、", ", "));
                if all.is_empty() {
                    None
                } else {
                    self.say(format!("記録した項目: {all}"), format!("Recorded: {all}"))
                }
            }
            _ => self
                .tell_course(entry)
                .or_else(|| self.tell_ask(entry))
                .or_else(|| self.tell_range(entry))
                .or_else(|| self.tell_mail(entry))
                .or_else(|| self.tell_booking(entry))
                .or_else(|| self.tell_money(entry)),
        }
    }

    /// The way through the flow.
    fn tell_course(&mut self, entry: &Entry) -> Option<String> {
        let lang = self.lang;
        match entry {
            Entry::NodeEntered { node, token, .. } => {
                let (flow, node) = self.place(token, node);
                self.say(format!("{flow}工程「{node}」へ"), format!("{flow}To the step “{node}”"))
            }
            Entry::TokenStarted { token, flow, .. } => {
                self.flows.insert(token.clone(), flow.clone());
                let flow = self.flow(flow);
                self.say(format!("業務フロー「{flow}」を開始"), format!("Started beside it: {flow}"))
            }
            Entry::TokenEnded { token, .. } => {
                let flow = self.flows.get(token).map(|flow| self.flow(flow)).unwrap_or_default();
                self.say(format!("業務フロー「{flow}」が完了"), format!("Done: {flow}"))
            }
            Entry::TokenParked { .. } => self.plain(
                "繰り返しが多いため停止し、事務局が確認します",
                "It ran too often: stopped, and the office looks at it",
            ),
            Entry::FormReceived { .. } => self.plain("フォームからの追加のご連絡", "Another form came in"),
            Entry::RequestRaised { kind, .. } => {
                let kind = self.inside.request(kind, lang);
                self.say(format!("お申し出: {kind}"), format!("Wanted: {kind}"))
            }
            Entry::RequestProposed { kinds, .. } => {
                let kinds: Vec<String> = kinds.iter().map(|kind| self.inside.request(kind, lang)).collect();
                let kinds = kinds.join(lang.of("、", ", "));
                self.say(format!("お手続きをご提案: {kinds}"), format!("Proposed: {kinds}"))
            }
            Entry::RequestClosed { .. } => self.plain("お申し出への対応が完了", "What was wanted is dealt with"),
            Entry::AutomationSuspended { .. } => {
                self.plain("自動のご案内を一部停止", "Some automatic mails are stopped")
            }
            Entry::InquiryClassified { category, .. } => {
                let label = category.as_ref().and_then(|c| self.inside.playbook.classification.categories.get(c));
                match label.map(|c| c.label.get(lang.name())) {
                    Some(label) => self.say(format!("分類:「{label}」"), format!("Sorted: {label}")),
                    None => self.plain("分類できず、事務局が判断します", "Not sure: the office decides"),
                }
            }
            Entry::PolicyDecided { policy, .. } => {
                let label =
                    self.inside.playbook.policies.get(policy).map_or(policy.as_str(), |p| p.label.get(lang.name()));
                self.say(format!("運用ルール「{label}」で判断"), format!("Decided by the rule “{label}”"))
            }
            Entry::OwnerAssigned { owner } => {
                let name = self.inside.person(owner);
                self.say(format!("担当: {name}"), format!("Looked after by {name}"))
            }
            Entry::CaseClosed { outcome } => {
                let how = words::outcome(outcome, lang);
                self.say(format!("案件を終了({how})"), format!("Closed: {how}"))
            }
            Entry::PlaybookMigrated { to, .. } => {
                self.say(format!("運用ルール第{to}版へ移行"), format!("Goes on under version {to} of the playbook"))
            }
            _ => None,
        }
    }

    fn flow(&self, name: &str) -> String {
        self.inside.playbook.flows.get(name).map_or(name, |f| f.label.get(self.lang.name())).to_owned()
    }

    /// What stands before a step of a side flow, and what the step is called.
    fn place(&self, token: &TokenId, node: &str) -> (String, String) {
        let Some(flow) = self.flows.get(token) else { return (String::new(), self.story.node(node, self.lang)) };
        let label = self.inside.playbook.node(flow, node).and_then(|n| n.label.as_ref());
        let label = label.map_or(node, |l| l.get(self.lang.name())).to_owned();
        (format!("{} ", self.flow(flow)), label)
    }

    /// Somebody by name, or by their side.
    fn party(&self, party: &Party) -> String {
        match party.person() {
            Some(id) => self.inside.person(id),
            None => words::side(Side::of(party, &self.inside.playbook), self.lang).to_owned(),
        }
    }

    pub(super) fn plain(&self, ja: &str, en: &str) -> Option<String> {
        Some(self.lang.of(ja, en).to_owned())
    }

    fn tell_ask(&mut self, entry: &Entry) -> Option<String> {
        let lang = self.lang;
        match entry {
            Entry::AskOpened { ask, question, to, people, .. } => {
                let title = self.inside.question(question, lang);
                let named: Vec<String> = people.iter().map(|id| self.inside.person(id)).collect();
                let to = if named.is_empty() { words::to(to, lang) } else { named.join(lang.of("・", ", ")) };
                self.named.insert(ask.clone(), title.clone());
                self.say(format!("{to}への確認依頼「{title}」"), format!("Asked {to}: “{title}”"))
            }
            Entry::AskAnswered { question, answer, .. } => {
                let (title, answer) =
                    (self.inside.question(question, lang), self.inside.answer(question, answer, lang));
                let known = self.inside.playbook.questions.get(question);
                if known.is_some_and(|q| q.kind == AskKind::Fields) {
                    return self.say(format!("回答:「{title}」"), format!("Answered “{title}”"));
                }
                self.say(format!("回答:「{title}」→ {answer}"), format!("Answered “{title}”: {answer}"))
            }
            Entry::ApprovalGiven { person, approval, solo, .. } => {
                let (name, label) = (self.inside.person(person), self.approval(approval));
                let alone = if *solo { lang.of("(お一人での承認)", " (who works alone)") } else { "" };
                self.say(format!("承認: {label} {name}{alone}"), format!("Approved: {label}, by {name}{alone}"))
            }
            Entry::CodeMailed { person, .. } => {
                let name = self.inside.person(person);
                self.say(format!("確認コードを{name}へ送信"), format!("A code was mailed to {name}"))
            }
            Entry::CodeRefused { person, .. } => {
                let name = self.inside.person(person);
                self.say(format!("確認コードの誤り: {name}"), format!("A wrong code, given by {name}"))
            }
            Entry::AskExpired { ask } => {
                let title = self.name(ask).to_owned();
                self.say(format!("回答期限が過ぎました「{title}」"), format!("Nobody answered “{title}” in time"))
            }
            Entry::AskWithdrawn { ask } => {
                let title = self.name(ask).to_owned();
                self.say(format!("確認依頼を取り下げ「{title}」"), format!("No longer asked: “{title}”"))
            }
            Entry::EmergencyRaised { .. } => self.plain(
                "緊急性の高い言葉の可能性: 自動のご案内をすべて停止",
                "Words of an emergency: all automatic mails stopped",
            ),
            Entry::AutomationResumed { .. } => self.plain("自動のご案内を再開", "Automatic mails resumed"),
            Entry::StepParked { .. } => {
                self.plain("処理が完了せず、事務局が確認します", "A step was never done: the office looks at it")
            }
            Entry::StepRetried { .. } => self.plain("処理をもう一度実行", "A step was asked for again"),
            _ => None,
        }
    }

    /// What leaves by itself, and what doesn't any more.
    fn tell_range(&self, entry: &Entry) -> Option<String> {
        let lang = self.lang;
        match entry {
            Entry::PromotionStopped { to, .. } => {
                let who = self.party(to);
                self.say(format!("ご案内メールの停止: {who}"), format!("No more promotional mails to {who}"))
            }
            Entry::StageMoved { part, from, to } => {
                let [from, to] = [from, to].map(|stage| stage_text(*stage, lang.name()));
                let part = stages::label(&self.inside.playbook, part, lang.name());
                self.say(format!("{part}: {from} → {to}"), format!("{part}: from “{from}” to “{to}”"))
            }
            _ => None,
        }
    }

    fn approval(&self, name: &str) -> String {
        self.inside.playbook.approvals.get(name).map_or(name, |a| a.label.get(self.lang.name())).to_owned()
    }

    fn tell_mail(&mut self, entry: &Entry) -> Option<String> {
        let lang = self.lang;
        match entry {
            Entry::MessageIntended { message, template, to, .. } => {
                let (name, to) = (self.inside.template(template, lang), self.party(to));
                let named =
                    if lang == Lang::Ja { format!("{to}へ「{name}」") } else { format!("to {to}: “{name}”") };
                self.named.insert(message.clone(), named);
                None
            }
            Entry::MessageWritten { message, author, version } => {
                let (name, mail) = (self.inside.person(author), self.name(message).to_owned());
                let version = if *version > 1 { format!("({version})") } else { String::new() };
                self.say(format!("{name}が作成{version}: {mail}"), format!("Written by {name}{version}, {mail}"))
            }
            Entry::MessageApproved { message, .. } => self.mail(message, "送信を承認", "Approved to leave"),
            Entry::MessageSampled { message, .. } => {
                let sample = lang.of("見本(コーチへ): ", "a sample for the coach: ");
                let named = format!("{sample}{}", self.name(message));
                self.named.insert(message.clone(), named);
                None
            }
            Entry::MessageSent { message, .. } => self.mail(message, "メール送信", "Mail"),
            Entry::MessageDeferred { message, .. } => self.mail(message, "送信は後ほど", "Leaves later"),
            Entry::MessageDropped { message, .. } => self.mail(message, "送信を取りやめ", "Not sent any more"),
            Entry::MessageHeld { message, .. } => self.mail(message, "送信前チェックで保留", "Held by the gate"),
            Entry::MessageUncertain { message } => self.mail(message, "送信結果が不明", "Its fate is unknown"),
            Entry::MessageClosed { message } => {
                self.mail(message, "保留のメールは別の方法で対応", "Dealt with in another way")
            }
            Entry::MessageReleased { message, .. } => self.mail(message, "保留を解除", "Released"),
            Entry::MessageBounced { message, .. } => self.mail(message, "不達", "Came back"),
            _ => None,
        }
    }

    fn mail(&self, id: &Id, ja: &str, en: &str) -> Option<String> {
        let name = self.name(id);
        self.say(format!("{ja}: {name}"), format!("{en}, {name}"))
    }

    fn tell_booking(&mut self, entry: &Entry) -> Option<String> {
        let lang = self.lang;
        match entry {
            Entry::BookingHeld { booking, seat, .. } => {
                let at = banto_aws::render::session(seat.begins(), seat.ends(), &seat.zone, lang.name());
                let coach = self.inside.coach(&seat.coach);
                self.named.insert(booking.clone(), at.clone());
                self.say(format!("仮押さえ: {at} {coach}コーチ"), format!("Held: {at}, {coach}"))
            }
            Entry::BookingConfirmed { booking, .. } => {
                let at = self.name(booking).to_owned();
                self.say(format!("予約確定: {at}"), format!("Booked: {at}"))
            }
            Entry::BookingMoved { booking, seat, .. } => {
                let at = banto_aws::render::session(seat.begins(), seat.ends(), &seat.zone, lang.name());
                let before = self.named.insert(booking.clone(), at.clone()).unwrap_or_default();
                self.say(format!("予約を変更: {before} → {at}"), format!("Moved from {before} to {at}"))
            }
            Entry::BookingCancelled { booking, counts, .. } => {
                let at = self.name(booking).to_owned();
                let counts = if *counts { lang.of("(1回分の実施)", ", counted as held") } else { "" };
                self.say(format!("予約をキャンセル: {at}{counts}"), format!("Cancelled: {at}{counts}"))
            }
            Entry::BookingReleased { booking, .. } => {
                let at = self.name(booking).to_owned();
                self.say(format!("枠を解放: {at}"), format!("Given up: {at}"))
            }
            Entry::SlotsOpened { coach, days } => {
                let days = days.iter().map(|d| day(*d, lang.name())).collect::<Vec<_>>().join(lang.of("、", "; "));
                let coach = self.inside.coach(coach);
                self.say(format!("{coach}コーチが空き枠を追加: {days}"), format!("{coach} opened slots on {days}"))
            }
            Entry::SessionHeld { booking } => {
                let at = self.name(booking).to_owned();
                self.say(format!("セッション実施: {at}"), format!("Session held: {at}"))
            }
            Entry::SessionMissed { booking, counts } => {
                let at = self.name(booking).to_owned();
                let (ja, en) =
                    if *counts { ("", "") } else { ("・回数は消化しない", ", and it uses up nothing") };
                self.say(format!("欠席(連絡なし{ja}): {at}"), format!("Did not come{en}: {at}"))
            }
            Entry::PackageStarted { menu, sessions, .. } => {
                let menu = self.inside.menu(menu, lang);
                self.say(format!("ご利用開始: {menu}(全{sessions}回)"), format!("Started: {menu} ({sessions})"))
            }
            Entry::PackageExtended { menu, expires_on } => {
                let (menu, day) = (self.inside.menu(menu, lang), banto_aws::render::day(*expires_on, lang.name()));
                self.say(format!("有効期限を延長: {menu}({day}まで)"), format!("More time: {menu}, until {day}"))
            }
            _ => None,
        }
    }
}
