//! Promise 16: no stranger can make Banto write mail after mail, to anybody, or in words of their own.

use super::house::House;
use super::steps::{body, encode};

const FORMS: [&str; 3] = ["inquiry", "session", "seminar"];

fn inquiry<'a>(name: &'a str, address: &'a str, message: &'a str) -> [(&'a str, &'a str); 3] {
    [("name", name), ("email", address), ("message", message)]
}

async fn mails_to(house: &House, address: &str) -> usize {
    house.mails().await.iter().filter(|m| m.to.contains(address)).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_can_bomb_an_address_that_never_answered() {
    let house = House::open("2026-12-01T09:00:00+09:00").await;
    for n in 0..45 {
        let message = format!("コーチングの無料体験を希望します。{n}");
        house.inquire(["yamada", FORMS[n % 3]], &inquiry("渡辺 陽子", "victim@customer.example", &message)).await;
    }
    assert_eq!(mails_to(&house, "victim@").await, 2, "{:?}", house.post().await);
    // One case, one task for what came beside it.
    let cases = house.case_numbers().await;
    assert_eq!(cases.len(), 1, "{cases:?}");
    let office: Vec<String> =
        house.mails().await.iter().filter(|m| m.to.contains("desk@")).map(|m| m.text.clone()).collect();
    assert_eq!(office.len(), 1, "{office:?}");
    let page = body(&house.look(&house.open_link("desk@", &cases[0]).await).await);
    assert!(page.contains("同じ宛先から") && page.contains("message: コーチングの無料体験を希望します。44"), "{page}");
    // In thirty days, whatever else comes: two reminders and an end.
    for day in ["2026-12-03", "2026-12-10", "2026-12-17", "2026-12-24", "2026-12-29"] {
        house.until(&format!("{day}T09:00:00+09:00")).await;
        house.inquire(["yamada", "inquiry"], &inquiry("渡辺 陽子", "victim@customer.example", day)).await;
    }
    let all = mails_to(&house, "victim@").await;
    assert!(all <= 5, "{all}: {:?}", house.post().await);
    house.is_in_order().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn more_than_a_stranger_may_is_refused_and_others_are_served() {
    let house = House::open("2026-12-01T09:00:00+09:00").await;
    let post = |n: usize, address: &'static str| {
        let (house, message) = (&house, format!("コーチングの無料体験を希望します。{n}"));
        async move { house.submit(["yamada", "inquiry"], &inquiry("x", address, &message)).await.status().as_u16() }
    };
    let mut refused = 0;
    for n in 0..60 {
        refused += usize::from(post(n, "victim@customer.example").await == 429);
    }
    assert_eq!(refused, 9, "one case, fifty with it");
    assert_eq!(post(61, "nao@customer.example").await, 202);
    assert_eq!(mails_to(&house, "nao@").await, 2, "acknowledged and asked");
    house.is_in_order().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_source_closes_the_form_for_nobody_else() {
    let house = House::open("2026-12-01T09:00:00+09:00").await;
    let post = |n: usize, source: &'static str| {
        let (house, address) = (&house, format!("someone{n}@customer.example"));
        async move {
            let fields = inquiry("佐々木 奈緒", &address, "コーチングの無料体験を希望します。");
            let request = http::Request::post("/")
                .header("content-type", "application/x-www-form-urlencoded")
                .extension(banto_aws::Source(source.to_owned()));
            let params = [("client", "yamada"), ("form", "inquiry")];
            house.http("receive-form", &params, request, &encode(&fields)).await.status().as_u16()
        }
    };
    for n in 0..50 {
        assert_eq!(post(n, "192.0.2.7").await, 202, "stored, all of them");
    }
    let mailed = mails_to(&house, "someone").await;
    assert_eq!(mailed, 60, "thirty were acknowledged and asked; the others are one task of the office");
    assert_eq!(house.case_numbers().await.len(), 31);
    assert_eq!(post(99, "198.51.100.9").await, 202);
    assert_eq!(mails_to(&house, "someone99@").await, 2, "somebody else is served as ever");
    house.until("2026-12-01T09:10:01+09:00").await;
    assert_eq!(post(100, "192.0.2.7").await, 202);
    assert_eq!(mails_to(&house, "someone100@").await, 2, "and so are they, later");
    house.is_in_order().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_a_customer_at_an_address_of_the_practice() {
    let house = House::open("2026-12-01T09:00:00+09:00").await;
    for ours in ["office@yamada-coaching.example", "Desk@banto-office.example", "hanako@yamada-coaching.example"] {
        let reply = house.submit(["yamada", "inquiry"], &inquiry("佐々木 奈緒", ours, "無料体験を希望します。")).await;
        assert_eq!(reply.status(), 400, "{ours}");
        assert!(body(&reply).contains("email"), "{}", body(&reply));
    }
    assert_eq!(house.mails().await.len(), 0);
    // Dots as some carriers gave them out: in quotes, where a mail wants them.
    let old = inquiry("佐々木 奈緒", "a..b.@docomo.example", "無料体験を希望します。");
    assert_eq!(house.submit(["yamada", "inquiry"], &old).await.status(), 202);
    assert_eq!(mails_to(&house, "\"a..b.\"@docomo.example").await, 2, "{:?}", house.post().await);
    house.is_in_order().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_answers_is_no_stranger() {
    let house = House::open("2026-12-01T09:00:00+09:00").await;
    let first = house
        .inquire(["yamada", "inquiry"], &inquiry("佐々木 奈緒", "nao@customer.example", "無料体験を希望します。"))
        .await;
    let link = house.open_link("nao@", &first).await;
    let fields = [("menu", "trial"), ("goal", "転職"), ("preferred", "平日")];
    let reply = house.answer(&link, "send", &fields).await;
    assert_eq!(reply.status(), 200, "{}", body(&reply));
    for n in 0..4 {
        let message = format!("別の件です {n}");
        let number =
            house.inquire(["yamada", "inquiry"], &inquiry("佐々木 奈緒", "nao@customer.example", &message)).await;
        assert!(house.case_numbers().await.contains(&number), "a matter of its own");
    }
    assert!(mails_to(&house, "nao@").await > 5);
    house.is_in_order().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_that_a_stranger_wrote_stands_in_a_greeting_or_a_subject() {
    let house = House::open("2026-12-01T09:00:00+09:00").await;
    for (n, name) in
        ["https://evil.example/prize", "evil.example を見て", "当選★クリック", "a\u{202e}b"].iter().enumerate()
    {
        let address = format!("victim{n}@customer.example");
        let reply = house.submit(["yamada", "inquiry"], &inquiry(name, &address, "無料体験を希望します。")).await;
        assert!([202, 400].contains(&reply.status().as_u16()), "{}", body(&reply));
    }
    let mails = house.mails().await;
    assert!(mails.iter().any(|m| m.text.starts_with("お客様\n")), "{:?}", mails.first().map(|m| &m.text));
    for mail in mails {
        let all = format!("{} {} {} {:?}", mail.to, mail.subject, mail.text, mail.html);
        assert!(!["evil", "クリック", "\u{202e}"].iter().any(|word| all.contains(word)), "{all}");
    }
    house.is_in_order().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_can_open_case_after_case_in_a_customers_name() {
    let house = House::open("2026-12-01T09:00:00+09:00").await;
    let first = house
        .inquire(["yamada", "inquiry"], &inquiry("佐々木 奈緒", "nao@customer.example", "無料体験を希望します。"))
        .await;
    let link = house.open_link("nao@", &first).await;
    house.answer(&link, "send", &[("menu", "trial"), ("goal", "転職"), ("preferred", "平日")]).await;
    for n in 0..40 {
        let message = format!("コーチングの無料体験を希望します。{n}");
        house.inquire(["yamada", FORMS[n % 3]], &inquiry("佐々木 奈緒", "nao@customer.example", &message)).await;
    }
    let cases = house.case_numbers().await.len();
    assert_eq!(cases, 5, "hers, and four more");
    assert!(mails_to(&house, "nao@").await <= 3 + 2 * 4);
    house.is_in_order().await;
}
