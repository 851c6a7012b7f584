//! Payments: what is rightly signed is taken, and no sum is below nothing or goes back twice.

use banto_domain::CaseKey;
use banto_playbooks::Folder;

use super::answer::{Asked, party};
use super::heard;
use super::house::House;
use super::request::{Request, Sign};
use super::run::Way;
use super::sign;

pub(crate) struct Payments {
    house: House,
    folder: Folder,
    /// Each with an invoice.
    cases: Vec<(CaseKey, String)>,
}

const GENERIC: &str = "whsec_ZGVtby1oYXJib3ItcGF5bWVudHMtZGVtbyEh";
const APPLICATION: &str = "field.family_name=a&field.given_name=b&field.family_kana=a&field.given_kana=b&field.payer=self\
                           &field.payment=card&field.terms=yes&field.law_notice=yes";

/// 山田コーチング, with both kinds of providers.
fn folder() -> Folder {
    let mut files = banto_playbooks::files_of("yamada").expect("a ready-made playbook");
    let main = files.get_mut("playbook.yaml").expect("a playbook");
    *main = main.replace("  provider: stripe", "  provider: [stripe, generic]");
    files.entry("demo-secrets.yaml".to_owned()).or_default().push_str(&format!("\"payment:generic\": {GENERIC}\n"));
    banto_playbooks::load(&files).unwrap_or_else(|problems| panic!("{problems:#?}"))
}

impl Payments {
    /// Somebody applies, and is sent an invoice.
    async fn invoiced(house: &House, n: usize) -> (CaseKey, String) {
        let form = format!(
            "POST /hooks/forms/yamada/seminar\ncontent-type: application/json\n\n\
             {{\"name\": \"綾香\", \"email\": \"c{n}@customer.example\", \"message\": \"a\"}}"
        );
        let opened = house.ask(&Request::parse(form.as_bytes())).await.expect("an answer").json();
        let key = House::key("yamada", opened["case"].as_str().expect("a case"));
        house.settle().await.expect("settled");
        for question in ["seminar-dates", "application"] {
            let shown = house.case(&key).await.expect("a case");
            let tracks = shown["tracks"].as_array().expect("tracks");
            let ask =
                tracks.iter().find(|t| t["question"] == question).unwrap_or_else(|| panic!("{question}: {shown:#}"));
            let asked = Asked::new(house, &key, ask, &party(ask));
            let answer = match question {
                "application" => format!("answer=send&{APPLICATION}"),
                _ => format!("answer={}", ask["answers"][0].as_str().expect("a slot").replace('+', "%2B")),
            };
            asked.answer(house, &answer).await;
        }
        let shown = house.case(&key).await.expect("a case");
        let tracks = shown["tracks"].as_array().expect("tracks");
        let invoice = tracks.iter().find(|t| t["kind"] == "invoice").unwrap_or_else(|| panic!("an invoice: {shown:#}"));
        (key, invoice["id"].as_str().expect("an id").to_owned())
    }

    /// An input names the cases and invoices of this house by numbers.
    fn fill(&self, input: &[u8]) -> Vec<u8> {
        let mut input = input.to_vec();
        let now = self.house.host.now().as_second().to_string();
        let mut names = vec![("{now}".to_owned(), now)];
        for (n, (key, invoice)) in self.cases.iter().enumerate() {
            names.push((format!("{{case{n}}}"), key.case.to_string()));
            names.push((format!("{{invoice{n}}}"), invoice.clone()));
        }
        for (name, value) in names {
            input = replace(&input, name.as_bytes(), value.as_bytes());
        }
        input
    }

    async fn adds_up(&self) -> Result<(), String> {
        for (key, _) in &self.cases {
            let case = self.house.host.world().env.ledger.load(key).await.expect("the store").expect("a case").case;
            for (_, invoice) in case.invoices() {
                if invoice.paid < 0 || invoice.total < 0 {
                    return Err(format!("{key}: below nothing: {invoice:?}"));
                }
                for (id, received) in &invoice.payments {
                    let may = 0..=received.amount;
                    if received.amount <= 0 || !may.contains(&received.refunded) || !may.contains(&received.disputed) {
                        return Err(format!("{key}: {id} doesn't add up: {received:?}"));
                    }
                }
            }
        }
        Ok(())
    }
}

pub(crate) fn replace(text: &[u8], name: &[u8], value: &[u8]) -> Vec<u8> {
    let mut made = Vec::with_capacity(text.len());
    let mut at = 0;
    while at < text.len() {
        if text[at..].starts_with(name) {
            made.extend_from_slice(value);
            at += name.len();
        } else {
            made.push(text[at]);
            at += 1;
        }
    }
    made
}

impl Way for Payments {
    const NAME: &'static str = "payment";
    const ODD: &'static [&'static str] = &[
        "usd",
        "JPY",
        "-5500",
        "5501",
        "5500.0",
        "99999999999999",
        "payment.refunded",
        "payment.succeeded",
        "charge.refunded",
        "charge.dispute.created",
        "checkout.session.async_payment_failed",
        "checkout.session.expired",
        "{case0}-{invoice0}",
        "{case1}-{invoice0}",
        "{case2}-",
        "pi_1",
        "pi_2",
        "山田 花子",
        "sign: wrong",
        "sign: no",
    ];
    const CHANGES: usize = 5;
    const ROUND: usize = 150;

    async fn open() -> Self {
        let folder = folder();
        let house = House::open(std::slice::from_ref(&folder)).await;
        let mut cases = Vec::new();
        for n in 0..3 {
            cases.push(Self::invoiced(&house, n).await);
        }
        Self { house, folder, cases }
    }

    async fn play(&mut self, input: &[u8]) -> Result<(), String> {
        let mut request = Request::parse(&self.fill(input));
        let now = self.house.host.now();
        let may: &[u16] = match request.path.as_str() {
            "/hooks/payments/yamada/stripe" => {
                sign::stripe(&mut request, &self.folder.demo_secrets["payment:stripe"], now);
                &[202]
            }
            "/hooks/payments/yamada/generic" => {
                sign::standard(&mut request, GENERIC, now);
                &[202]
            }
            _ => &[202, 400, 401, 404, 405, 413],
        };
        let may = match request.sign {
            _ if request.method != "POST" => &[404, 405],
            _ if request.body.len() > 1024 * 1024 => &[400, 413],
            Sign::Rightly => may,
            Sign::Wrongly | Sign::Not => &[401, 404],
        };
        if request.sign == Sign::Not {
            request.headers.remove("stripe-signature");
            request.headers.remove("webhook-signature");
        }
        let Some(answer) = self.house.ask(&request).await else { return Ok(()) };
        heard::panicked()?;
        heard::expects(answer.status, may)?;
        self.adds_up().await
    }

    async fn close(self) -> Result<(), String> {
        self.house.settle().await?;
        self.adds_up().await?;
        // Longer than a refund waits for its payment.
        self.house.wait(6 * 60).await?;
        self.adds_up().await?;
        self.house.is_in_order().await
    }
}
