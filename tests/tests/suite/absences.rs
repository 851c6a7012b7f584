//! A no-show is heard before it is judged: nothing is used up by silence, and what was told once is about that session alone.

use banto_domain::Entry;

use super::house::House;
use super::imports::{bring_in, rows};
use super::requests::{MONDAY, NAO, before, begins};
use super::steps::body;

const COACH: &str = "hanako@yamada";

impl House {
    /// Whether each session that was missed counts, in order.
    async fn missed(&self, case: &str) -> Vec<bool> {
        let journal = self.journal(case).await;
        let entries = journal.iter().flat_map(|commit| &commit.entries);
        entries
            .filter_map(|e| if let Entry::SessionMissed { counts, .. } = e.entry { Some(counts) } else { None })
            .collect()
    }

    async fn left(&self, case: &str) -> u32 {
        let keys = self.host.world().env.ledger.cases().await.expect("cases");
        let key = keys.into_iter().find(|key| key.case.as_str() == case).expect("a case");
        let loaded = self.host.world().env.ledger.load(&key).await.expect("the store").expect("a case");
        loaded.case.package.expect("a package").left(jiff::civil::date(2026, 12, 10))
    }

    /// The coach says that the customer did not come.
    async fn did_not_come(&self, case: &str) {
        let booking = self.booking(case).await;
        self.until(&before(&booking, -75)).await;
        let link = self.open_link(COACH, case).await;
        assert_eq!(self.answer(&link, "missed", &[]).await.status(), 200);
    }

    /// The customer chooses the first time that is offered.
    async fn chooses(&self, to: &str, case: &str) {
        let slot = self.slots(case).await[0].clone();
        let link = self.open_link(to, case).await;
        assert_eq!(self.answer(&link, &slot, &[]).await.status(), 200);
    }
}

/// A customer with a package, of whom a session stands on Tuesday at ten.
async fn with_package(house: &House, left: u32) -> String {
    let row = format!(
        "C-1,田中 花,hana@customer.example,6回プログラム,{left},2027-03-31,2026-12-08 10:00,山田 花子,,,,2025-04-01,"
    );
    let imported = bring_in(house, &rows(&[&row])).await;
    let asks = imported.asks.expect("a question").case.to_string();
    let link = house.open_link("hanako@yamada-coaching.example", &asks).await;
    assert_eq!(house.answer(&link, "start", &[]).await.status(), 200);
    let cases = house.case_numbers().await;
    cases.into_iter().find(|case| *case != asks).expect("a case")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_is_used_up_by_the_coachs_decision_alone() {
    let house = House::open(MONDAY).await;
    let case = with_package(&house, 4).await;
    house.did_not_come(&case).await;
    // The customer is asked, without a word of what will be; nothing is used up.
    let asked = house.mails().await.into_iter().find(|m| m.template.as_deref() == Some("absence")).expect("a mail");
    assert!(asked.to.contains("hana@") && asked.text.contains("ご入室を確認できませんでした"), "{}", asked.text);
    assert!(!asked.text.contains("1回分"), "{}", asked.text);
    assert_eq!((house.missed(&case).await, house.left(&case).await), (vec![], 4));
    // Nobody answers: not the customer, not the coach. An operator asks her, and again, and nothing is used up by it.
    house.until("2026-12-10T12:00:00+09:00").await;
    assert_eq!(house.stands(&case).await, "open judge -");
    house.until("2026-12-11T12:00:00+09:00").await;
    assert_eq!(house.stands(&case).await, "open judge-unclear -");
    house.until("2026-12-16T12:00:00+09:00").await;
    assert_eq!(house.stands(&case).await, "open judge-unclear -");
    assert_eq!((house.missed(&case).await, house.left(&case).await), (vec![], 4));
    assert_eq!(house.sent("hana@", "absence-counted").await, 0);
    let link = house.open_link("desk@", &case).await;
    assert_eq!(house.answer(&link, "counted", &[]).await.status(), 200);
    assert_eq!((house.missed(&case).await, house.left(&case).await), (vec![true], 3));
    let told = house.mails().await.into_iter().find(|m| m.template.as_deref() == Some("absence-counted"));
    assert!(told.expect("a mail").text.contains("残りの回数は3回です"));
    assert_eq!(house.stands(&case).await, "open offer -");
    house.is_in_order().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_told_of_one_absence_excuses_no_other() {
    let house = House::open(MONDAY).await;
    let case = with_package(&house, 4).await;
    house.did_not_come(&case).await;
    let link = house.open_link("hana@", &case).await;
    assert_eq!(house.answer(&link, "send", &[("absence", "電車が止まりました")]).await.status(), 200);
    // The coach reads it in the mail and on the page; a single press doesn't decide.
    let told = house.mails().await.into_iter().find(|m| m.template.as_deref() == Some("absence-decision"));
    assert!(told.expect("a mail").text.contains("電車が止まりました"));
    let link = house.open_link(COACH, &case).await;
    let page = body(&house.look(&link).await);
    assert!(page.contains("電車が止まりました") && !page.contains(" checked"), "{page}");
    let shown = super::steps::shown(&page);
    assert_eq!(house.press(&link, &[("answer", "excused"), ("shown", shown)]).await.0, 422);
    assert_eq!(house.answer(&link, "excused", &[]).await.status(), 200);
    assert_eq!((house.missed(&case).await, house.left(&case).await), (vec![false], 4));
    assert_eq!(house.sent("hana@", "absence-excused").await, 1);
    // The next session is missed as well: it is asked anew, and nothing of the first stands there.
    house.chooses("hana@", &case).await;
    house.did_not_come(&case).await;
    assert_eq!(house.sent("hana@", "absence").await, 2);
    let link = house.open_link("hana@", &case).await;
    assert_eq!(house.answer(&link, "send", &[]).await.status(), 200);
    let told = house.mails().await.into_iter().find(|m| m.template.as_deref() == Some("absence-decision"));
    let told = told.expect("a mail").text;
    assert!(!told.contains("電車") && told.contains("ご連絡はありませんでした"), "{told}");
    let link = house.open_link(COACH, &case).await;
    let page = body(&house.look(&link).await);
    assert!(!page.contains("電車"), "{page}");
    assert_eq!(house.answer(&link, "counted", &[]).await.status(), 200);
    assert_eq!((house.missed(&case).await, house.left(&case).await), (vec![false, true], 3));
    house.is_in_order().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_coach_who_was_wrong_says_so_and_the_session_was_held() {
    let house = House::open(MONDAY).await;
    let case = with_package(&house, 4).await;
    house.did_not_come(&case).await;
    let link = house.open_link("hana@", &case).await;
    assert_eq!(house.answer(&link, "send", &[("absence", "予備のリンクに入っていました")]).await.status(), 200);
    let link = house.open_link(COACH, &case).await;
    assert_eq!(house.answer(&link, "held", &[]).await.status(), 200);
    assert_eq!((house.missed(&case).await, house.happened(&case, "session.held").await), (vec![], 1));
    house.is_in_order().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_missed_trial_is_offered_once_more_and_no_more() {
    let house = House::open(MONDAY).await;
    let mut inquiry = NAO.to_vec();
    inquiry[3] = ("menu", "trial");
    let case = house.inquire(["yamada", "inquiry"], &inquiry).await;
    for (nth, stands) in [(1, "open offer-trial -"), (2, "closed - left")] {
        house.chooses("nao@", &case).await;
        let link = house.open_link("nao@", &case).await;
        assert_eq!(house.answer(&link, "agree", &[]).await.status(), 200);
        let booking = house.booking(&case).await;
        house
            .until(&begins(&booking).saturating_add(jiff::SignedDuration::from_mins(60)).expect("later").to_string())
            .await;
        let link = house.open_link("@yamada-coaching.example", &case).await;
        assert_eq!(house.answer(&link, "missed", &[]).await.status(), 200);
        assert_eq!(house.stands(&case).await, stands, "{nth}");
    }
    assert_eq!((house.sent("nao@", "missed").await, house.sent("nao@", "trial-missed-again").await), (1, 1));
    house.is_in_order().await;
}
