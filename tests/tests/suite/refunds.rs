//! Money that goes back: once, to the yen, the way it came, under whatever a provider does; and ending a programme early by
//! the agreed arithmetic.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock, Mutex};

use banto::pay::Outcome as Pays;
use banto::wire::{Answering, Backend, Call, Service};
use banto_cloud::stripe::refused;
use banto_domain::rules::billing::{self, Payment};
use banto_domain::rules::refund::{self, Ordered, Outcome};
use banto_domain::state::{Refund, Turn};
use banto_domain::{Entry, Id, TokenId};
use banto_playbooks::Folder;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::house::House;
use super::payments::{post, tasks};
use super::pure::{Pure, yamada};
use super::requests::{MONDAY, NAO, named};
use super::steps::{body, shown};

/// What the provider does with each request for a refund, in turn; then it works.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Does {
    /// It makes the refund, and the answer is lost.
    LoseAnswer,
    /// The request never arrives.
    LoseRequest,
    /// It is too busy.
    Busy,
    /// It won't.
    Refuse,
}

#[derive(Debug)]
struct Provider {
    all: Arc<dyn Backend>,
    says: Arc<Says>,
}

#[derive(Debug, Default)]
struct Says {
    next: Mutex<Vec<Does>>,
    asked: AtomicUsize,
}

impl Backend for Provider {
    fn call(&self, call: Call) -> Answering<'_> {
        if call.service != Service::Payments {
            return self.all.call(call);
        }
        self.says.asked.fetch_add(1, Ordering::SeqCst);
        let mut next = self.says.next.lock().expect("no panic");
        let does = if next.is_empty() { None } else { Some(next.remove(0)) };
        let lost = || aws_smithy_runtime_api::client::result::ConnectorError::timeout("no answer".into());
        match does {
            None => self.all.call(call),
            Some(Does::LoseRequest) => Box::pin(async move { Err(lost()) }),
            Some(Does::LoseAnswer) => Box::pin(async move {
                self.all.call(call).await?;
                Err(lost())
            }),
            Some(Does::Busy) => Box::pin(async move { Ok(refused(429, "rate_limit")) }),
            Some(Does::Refuse) => Box::pin(async move { Ok(refused(400, "charge_disputed")) }),
        }
    }
}

/// A house in which somebody bought a programme, paid, and had one session; the case, and what the provider is to do.
async fn bought(payment: &str, does: &[Does]) -> (House, String, Arc<Says>) {
    let says = Arc::new(Says { next: Mutex::new(does.to_vec()), ..Says::default() });
    let kept = Arc::clone(&says);
    let layer = Arc::new(move |all: Arc<dyn Backend>| {
        let provider: Arc<dyn Backend> = Arc::new(Provider { all, says: Arc::clone(&kept) });
        provider
    });
    let house = House::open_behind(MONDAY, layer).await;
    let case = applied(&house, payment, &[]).await;
    if payment == "card" {
        assert_eq!(house.pay(&case, Pays::Paid).await, 202);
    } else {
        let link = house.open_link("desk@", &case).await;
        assert_eq!(house.answer(&link, "paid", &[]).await.status(), 200);
    }
    assert_eq!(house.stands(&case).await, "open offer -");
    (house, case, says)
}

/// Somebody had the first session of a programme, and applied for it; the case.
pub(crate) async fn applied(house: &House, payment: &str, more: &[(&str, &str)]) -> String {
    let mut inquiry = NAO;
    inquiry[3] = ("plan", "programme");
    let (case, _) = house.booked(&inquiry, 0).await;
    let ends = house.booking(&case).await["ends"].as_str().expect("an instant").to_owned();
    house.until(&ends).await;
    let coach = if house.booking(&case).await["coach"] == "mori" { "ichiro@" } else { "hanako@" };
    let link = house.open_link(coach, &case).await;
    assert_eq!(house.answer(&link, "held", &[]).await.status(), 200);
    let link = house.open_link("nao@", &case).await;
    let application = [
        ("family_name", "佐々木"),
        ("given_name", "奈緒"),
        ("family_kana", "ささき"),
        ("given_kana", "なお"),
        ("payer", "self"),
        ("payment", payment),
        ("terms", "yes"),
        ("law_notice", "yes"),
    ];
    let application: Vec<(&str, &str)> =
        more.iter().chain(application.iter().filter(|(n, _)| more.iter().all(|(m, _)| m != n))).copied().collect();
    assert_eq!(house.answer(&link, "send", &application).await.status(), 200);
    case
}

/// The customer ends the programme early, on their page.
async fn quits(house: &House, case: &str, request: &str, fields: &[(&str, &str)]) -> Value {
    let token = house.my("nao@", case).await;
    let page = house.my_page(&token).await;
    let offer = named(&page, request).unwrap_or_else(|| panic!("it may be asked for: {page:#}")).clone();
    let (status, receipt) = house.want(&token, request, fields).await;
    assert_eq!(status, 200, "{receipt:#}");
    offer
}

/// The coach whom the case has.
async fn coach(house: &House, case: &str) -> &'static str {
    let journal = house.case(case).await["journal"].to_string();
    if journal.contains("\"coach\":\"mori\"") { "ichiro@" } else { "hanako@" }
}

/// Somebody agrees to a refund, with the code that is mailed to them.
async fn agrees(house: &House, who: &str, case: &str) {
    let link = house.open_link(who, case).await;
    let page = body(&house.look(&link).await);
    let press = |code: &str| {
        let fields = [("answer", "approve"), ("shown", shown(&page)), ("confirm", "yes"), ("code", code)];
        fields.map(|(name, value)| (name.to_owned(), value.to_owned()))
    };
    let send = async |code: &str| {
        let fields = press(code);
        let fields: Vec<(&str, &str)> = fields.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
        house.press(&link, &fields).await
    };
    let (status, text) = send("").await;
    if status == 200 {
        return;
    }
    let mails = house.mails().await;
    let code = mails.iter().find(|m| m.to.contains(who) && m.template.as_deref() == Some("approval-code"));
    let subject = &code.unwrap_or_else(|| panic!("a code: {status} {text}")).subject;
    let code: String = subject.chars().filter(char::is_ascii_digit).take(6).collect();
    let (status, text) = send(&code).await;
    assert_eq!(status, 200, "{text}");
}

/// The customer tells why they end it, and the coach agrees.
async fn agreed(house: &House, case: &str) {
    quits(house, case, "quit.tell", &[("field.circumstances", "引っ越します")]).await;
    let coach = coach(house, case).await;
    agrees(house, coach, case).await;
}

async fn mail(house: &House, template: &str) -> String {
    let mails = house.mails().await;
    let mail = mails.iter().find(|m| m.template.as_deref() == Some(template));
    mail.unwrap_or_else(|| panic!("no {template}: {:#?}", mails.iter().map(|m| &m.template).collect::<Vec<_>>()))
        .text
        .clone()
}

async fn ordered(house: &House, case: &str) -> [usize; 4] {
    let mut counts = [0; 4];
    for (n, kind) in ["refund.ordered", "refund.sending", "refund.made", "refund.refused"].into_iter().enumerate() {
        counts[n] = house.happened(case, kind).await;
    }
    counts
}

#[tokio::test(flavor = "multi_thread")]
async fn ending_early_pays_back_what_the_page_said_line_by_line() {
    let (house, case, says) = bought("card", &[]).await;
    let offer = quits(&house, &case, "quit", &[("field.quit_reason", "転勤になりました")]).await;
    let lines = offer["consequence"].to_string();
    // 88,000 for six: 14,666 for one. 88,000 − 14,666 − 5,000 = 68,334.
    for line in ["88,000円", "1回あたり14,666円", "5,000円", "ご返金額: 68,334円", "担当コーチが確認"]
    {
        assert!(lines.contains(line), "{line}: {lines}");
    }
    assert!(mail(&house, "quit-received").await.contains("ご返金額: 68,334円"));
    assert_eq!(ordered(&house, &case).await, [0, 0, 0, 0], "nothing goes back before the coach agreed");
    let coach = coach(&house, &case).await;
    let link = house.open_link(coach, &case).await;
    let page = body(&house.look(&link).await);
    assert!(page.contains("68,334円") && page.contains("転勤になりました") && page.contains("14,666円"), "{page}");
    agrees(&house, coach, &case).await;
    house.host.idle().await.expect("idle");
    assert_eq!(ordered(&house, &case).await, [1, 1, 1, 0]);
    assert_eq!(says.asked.load(Ordering::SeqCst), 1);
    assert_eq!(house.stands(&case).await, "closed - quit");
    let note = mail(&house, "refund-made").await;
    // Of 68,334 with 10 % in it: 8,000 of 88,000 in proportion, rounded down once.
    for line in ["適格返還請求書", "68,334円(税込)", "税抜 62,122円、消費税 6,212円", "-1-C1", "T1234567890123"]
    {
        assert!(note.contains(line), "{line}: {note}");
    }
    assert!(mail(&house, "quit-done").await.contains("68,334円"));
    house.is_in_order().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_is_lost_never_makes_a_second_refund() {
    for does in [
        vec![Does::LoseAnswer],
        vec![Does::LoseRequest, Does::Busy, Does::LoseAnswer, Does::Busy],
        vec![Does::Busy, Does::LoseAnswer, Does::LoseAnswer, Does::LoseRequest],
    ] {
        let (house, case, says) = bought("card", &does).await;
        agreed(&house, &case).await;
        let later = house.host.now().checked_add(jiff::SignedDuration::from_hours(3)).expect("an instant");
        house.until(&later.to_string()).await;
        assert_eq!(ordered(&house, &case).await, [1, does.len() + 1, 1, 0], "{does:?}");
        assert_eq!(says.asked.load(Ordering::SeqCst), does.len() + 1, "each time under the same key");
        assert_eq!(house.stands(&case).await, "closed - quit", "{does:?}");
        assert_eq!(house.sent("nao@", "refund-made").await, 1);
        house.is_in_order().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_provider_tells_first_is_no_task_and_no_second_refund() {
    let (house, case, says) = bought("card", &[Does::LoseAnswer]).await;
    agreed(&house, &case).await;
    assert_eq!(ordered(&house, &case).await, [1, 1, 0, 0], "nobody knows yet");
    let journal = house.case(&case).await["journal"].clone();
    let of = |kind: &str| {
        let mut entries = journal.as_array().expect("entries").iter();
        entries.find(|e| e["type"] == kind).expect("there").clone()
    };
    let payment = of("refund.ordered")["detail"]["payment"].as_str().expect("an id").to_owned();
    let told = json!({
        "id": "evt_r", "type": "charge.refunded", "created": house.host.now().as_second(),
        "data": { "object": { "id": "ch_1", "payment_intent": payment, "amount_refunded": 68_334 } },
    });
    assert_eq!(post(&house, &told).await, 202);
    assert_eq!(ordered(&house, &case).await, [1, 1, 1, 0]);
    assert_eq!(house.stands(&case).await, "closed - quit");
    let later = house.host.now().checked_add(jiff::SignedDuration::from_hours(3)).expect("an instant");
    house.until(&later.to_string()).await;
    assert_eq!((says.asked.load(Ordering::SeqCst), tasks(&house.case(&case).await)), (1, vec![]));
    house.is_in_order().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_provider_refuses_a_person_sends_and_nobody_is_told_before() {
    let (house, case, _) = bought("card", &[Does::Refuse]).await;
    agreed(&house, &case).await;
    assert_eq!((ordered(&house, &case).await, house.sent("nao@", "refund-made").await), ([1, 1, 0, 1], 0));
    let link = house.open_link("nao@", &case).await;
    let reply = house.answer(&link, "send", &[("refund_account", "練習銀行 本店 普通 1234567 ササキ ナオ")]).await;
    assert_eq!(reply.status(), 200, "{}", body(&reply));
    let link = house.open_link("kaneko@", &case).await;
    let page = body(&house.look(&link).await);
    assert!(page.contains("練習銀行") && page.contains("68,334円"), "{page}");
    assert_eq!(house.answer(&link, "done", &[]).await.status(), 200);
    assert_eq!((ordered(&house, &case).await, house.sent("nao@", "refund-made").await), ([1, 1, 1, 1], 1));
    assert_eq!(house.stands(&case).await, "closed - quit");
    house.is_in_order().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_transfer_goes_back_by_hand_and_what_an_operator_wants_a_coach_agrees_to() {
    let (house, case, says) = bought("transfer", &[]).await;
    quits(&house, &case, "refund-talk", &[("field.refund_reason", "二重に振り込みました")]).await;
    let link = house.open_link("desk@", &case).await;
    let reply = house.answer(&link, "refund", &[("refund_amount", "20000")]).await;
    assert_eq!(reply.status(), 200, "{}", body(&reply));
    assert_eq!(ordered(&house, &case).await, [0, 0, 0, 0], "an operator alone moves nothing");
    let link = house.open_link("hanako@", &case).await;
    assert!(body(&house.look(&link).await).contains("20,000円"));
    agrees(&house, "hanako@", &case).await;
    let later = house.host.now().checked_add(jiff::SignedDuration::from_mins(11)).expect("an instant");
    house.until(&later.to_string()).await;
    let link = house.open_link("nao@", &case).await;
    house.answer(&link, "send", &[("refund_account", "練習銀行 本店 普通 1234567 ササキ ナオ")]).await;
    let link = house.open_link("kaneko@", &case).await;
    assert_eq!(house.answer(&link, "done", &[]).await.status(), 200);
    assert_eq!((ordered(&house, &case).await, says.asked.load(Ordering::SeqCst)), ([1, 0, 1, 0], 0));
    assert!(mail(&house, "refund-made").await.contains("20,000円(税込)"));
    assert_eq!(house.stands(&case).await, "open offer -", "the programme goes on");
    // What is left to go back is less by it.
    let token = house.my("nao@", &case).await;
    let page = house.my_page(&token).await;
    assert!(named(&page, "quit").expect("offered").to_string().contains("ご返金額: 48,334円"), "{page:#}");
    house.is_in_order().await;
}

/// One thing that may happen to money.
#[derive(Debug, Clone)]
enum Move {
    Pays(i64),
    Orders(i64),
    /// The provider answers the oldest refund that is under way.
    Makes,
    Refuses,
    /// Somebody refunds so much of a payment at the provider's own page.
    Elsewhere(usize, i64),
    Disputes(usize, i64),
}

fn moves() -> impl Strategy<Value = Vec<Move>> {
    let one = prop_oneof![
        (1_i64..90_000).prop_map(Move::Pays),
        (1_i64..120_000).prop_map(Move::Orders),
        (1_i64..30_000).prop_map(Move::Orders),
        Just(Move::Makes),
        Just(Move::Makes),
        Just(Move::Refuses),
        (0_usize..4, 1_i64..40_000).prop_map(|(n, amount)| Move::Elsewhere(n, amount)),
        (0_usize..4, 1_i64..40_000).prop_map(|(n, amount)| Move::Disputes(n, amount)),
    ];
    proptest::collection::vec(one, 1..14)
}

/// The exact account, kept by itself: by payment what came in, went back, is on its way back, and is disputed.
#[derive(Debug, Default, Clone)]
struct Account {
    came: i64,
    back: i64,
    under_way: i64,
    disputed: i64,
}

impl Account {
    fn left(&self) -> i64 {
        (self.came - self.back - self.under_way - self.disputed).max(0)
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 160, ..ProptestConfig::default() })]

    /// Whatever is paid, ordered, made, refused and told, in whatever order: no more goes back than came in, what is ordered is
    /// exactly what was wanted, and what is left is what an account of its own says.
    #[test]
    fn refunds_over_partial_and_repeated_orders_are_exact(moves in moves()) {
        static YAMADA: LazyLock<Folder> = LazyLock::new(|| yamada(|_| {}));
        let mut case = Pure::open(&YAMADA.playbook, "unreadable");
        case.run();
        let invoice = case.commit(|draft| billing::issue(draft, &TokenId::default(), "programme"));
        let mut accounts: BTreeMap<String, Account> = BTreeMap::new();
        let mut n = 0;
        for one in moves {
            match one {
                Move::Pays(amount) => {
                    n += 1;
                    let id = format!("pi_{n}");
                    accounts.insert(id.clone(), Account { came: amount, ..Account::default() });
                    let (invoice, currency) = (invoice.clone(), "JPY".to_owned());
                    case.commit(|draft| {
                        let (provider, occurred_at) = ("stripe".to_owned(), draft.now);
                        billing::pay(draft, Payment { id, invoice, provider, amount, currency, occurred_at })
                    });
                }
                Move::Orders(amount) => {
                    let most: i64 = accounts.values().map(Account::left).sum();
                    prop_assert_eq!(refund::most(&case.case), most);
                    let before: Vec<Id> = case.case.refunds().map(|(id, _)| id.clone()).collect();
                    let ordered = case.commit(|draft| {
                        let ordered = refund::order(draft, &TokenId::default(), amount)?;
                        if ordered == Ordered::Exceeds {
                            draft.push(Entry::StepSkipped { reason: "nothing".to_owned(), cause: None })?;
                        }
                        Ok(ordered)
                    });
                    prop_assert_eq!(ordered, if amount > most { Ordered::Exceeds } else { Ordered::UnderWay });
                    let new: Vec<Refund> =
                        case.case.refunds().filter(|(id, _)| !before.contains(id)).map(|(_, r)| r.clone()).collect();
                    let sum: i64 = new.iter().map(|r| r.amount).sum();
                    prop_assert_eq!(sum, if amount > most { 0 } else { amount });
                    for part in new {
                        let account = accounts.get_mut(&part.payment).expect("a payment");
                        prop_assert!(0 < part.amount && part.amount <= account.left());
                        account.under_way += part.amount;
                    }
                }
                Move::Makes | Move::Refuses => {
                    let Some((id, asked)) = case.case.refunds().find(|(_, r)| r.is_under_way()).map(|(id, r)| (id.clone(), r.clone()))
                    else {
                        continue;
                    };
                    case.commit(|draft| refund::take_up(draft, &id));
                    let account = accounts.get_mut(&asked.payment).expect("a payment");
                    let leased = case.case.refund(&id).is_some_and(Refund::is_under_way);
                    let right = account.came - account.back >= asked.amount && account.disputed == 0;
                    prop_assert_eq!(leased, right, "what became wrong meanwhile isn't sent: {:?} {:?}", asked, account);
                    if !leased || matches!(one, Move::Refuses) {
                        if leased {
                            let refused = Outcome::Refused("other".to_owned());
                            case.commit(|draft| refund::settle(draft, &id, &refused));
                        }
                        prop_assert!(case.case.refund(&id).is_some_and(Refund::is_held));
                        continue;
                    }
                    let made = Outcome::Made { provider_id: "re_1".to_owned() };
                    case.commit(|draft| refund::settle(draft, &id, &made));
                    account.under_way -= asked.amount;
                    account.back = (account.back + asked.amount).min(account.came);
                }
                Move::Elsewhere(which, amount) => {
                    let Some((payment, account)) = accounts.iter_mut().nth(which) else { continue };
                    // As a provider does: a sum, and no more than came in.
                    let told = (account.back + amount).min(account.came);
                    if told > account.back {
                        account.back = told;
                        case.commit(|draft| billing::turn(draft, payment, Turn::Refunded(told)));
                    }
                }
                Move::Disputes(which, amount) => {
                    let Some((payment, account)) = accounts.iter_mut().nth(which) else { continue };
                    let amount = amount.min(account.came);
                    if amount > account.disputed {
                        account.disputed = amount;
                        case.commit(|draft| billing::turn(draft, payment, Turn::Disputed(amount)));
                    }
                }
            }
            let known = case.case.invoice(&invoice).expect("an invoice");
            for (payment, account) in &accounts {
                let received = &known.payments[payment];
                prop_assert_eq!(received.refunded, account.back, "{}", payment);
                prop_assert!(received.refunded <= received.amount);
                prop_assert_eq!(refund::left(&case.case, payment, received), account.left());
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_settled_while_a_session_that_began_is_still_to_be_judged() {
    let (house, case, _) = bought("card", &[]).await;
    let slots = house.slots(&case).await;
    let link = house.open_link("nao@", &case).await;
    assert_eq!(house.answer(&link, &slots[0], &[]).await.status(), 200);
    let my = house.my("nao@", &case).await;
    assert!(named(&house.my_page(&my).await, "quit").is_some(), "the session is ahead");
    house.until(&super::requests::before(&house.booking(&case).await, -10)).await;
    assert!(named(&house.my_page(&my).await, "quit").is_none(), "it runs, and nobody has said what became of it");
    house.until(&super::requests::before(&house.booking(&case).await, -70)).await;
    let link = house.open_link(coach(&house, &case).await, &case).await;
    assert_eq!(house.answer(&link, "held", &[]).await.status(), 200);
    let offer = named(&house.my_page(&my).await, "quit").expect("now it is counted").clone();
    assert!(offer["consequence"].to_string().contains("実施済みの2回分"), "{offer:#}");
    house.is_in_order().await;
}
