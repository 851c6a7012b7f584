//! Calls functions one by one, without a host: what a test needs to count what each of them asks of the store.

use banto::registry::functions;
use banto_aws::{Handler, PathParams, Reply, Request, World};
use banto_domain::{Case, CaseKey, ClientId};
use banto_tests::TestWorld;
use bytes::Bytes;
use serde_json::{Value, json};

/// Calls a function with an event.
pub(crate) async fn event(world: &World, name: &str, event: Value) -> banto_aws::Result<Value> {
    let function = functions().into_iter().find(|f| f.name == name).expect("a function");
    match function.handler {
        Handler::Event(handle) => handle(world.clone(), event).await,
        Handler::Http(_) => panic!("{name} takes requests"),
    }
}

/// Calls a function with a request.
pub(crate) async fn http(
    world: &World,
    name: &str,
    params: &[(&str, &str)],
    request: http::request::Builder,
    body: impl AsRef<[u8]>,
) -> Reply {
    let function = functions().into_iter().find(|f| f.name == name).expect("a function");
    let mut request: Request = request.body(Bytes::copy_from_slice(body.as_ref())).expect("a request");
    let params = params.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
    request.extensions_mut().insert(PathParams(params));
    match function.handler {
        Handler::Http(handle) => handle(world.clone(), request).await.expect("an answer"),
        Handler::Event(_) => panic!("{name} takes events"),
    }
}

/// A plain form, as a browser posts it.
pub(crate) async fn form(world: &World, client: &str, form: &str, fields: &[(&str, &str)]) -> Reply {
    let request = http::Request::post("/").header("content-type", "application/x-www-form-urlencoded");
    http(world, "receive-form", &[("client", client), ("form", form)], request, &encode(fields)).await
}

pub(crate) fn encode(fields: &[(&str, &str)]) -> String {
    let percent = |text: &str| text.bytes().map(|b| format!("%{b:02X}")).collect::<String>();
    fields.iter().map(|(n, v)| format!("{}={}", percent(n), percent(v))).collect::<Vec<_>>().join("&")
}

/// The mark of what an ask's page shows, which an answer sends back; empty when the page asks nothing.
pub(crate) fn shown(page: &str) -> &str {
    page.split("name=\"shown\" value=\"").nth(1).and_then(|rest| rest.split('"').next()).unwrap_or_default()
}

pub(crate) fn body(reply: &Reply) -> String {
    String::from_utf8_lossy(reply.body()).into_owned()
}

/// An inquiry to 山田コーチング that lacks what is asked for later.
pub(crate) const INQUIRY: [(&str, &str); 3] =
    [("name", "佐々木 奈緒"), ("email", "nao@customer.example"), ("message", "コーチングの無料体験を希望します。")];

/// Posts [`INQUIRY`] and gives the case.
pub(crate) async fn inquire(t: &TestWorld) -> CaseKey {
    let reply = form(&t.world, "yamada", "inquiry", &INQUIRY).await;
    assert_eq!(reply.status(), 202, "{}", body(&reply));
    let answer: Value = serde_json::from_slice(reply.body()).expect("JSON");
    let client = ClientId::parse("yamada").expect("a name");
    CaseKey { client, case: serde_json::from_value(answer["case"].clone()).expect("a case") }
}

pub(crate) async fn case(t: &TestWorld, key: &CaseKey) -> Case {
    t.world.env.ledger.load(key).await.expect("the store").expect("a case").case
}

/// The event that asks `action` to take up its step, from what is pending.
pub(crate) fn poke(case: &Case, action: &str) -> Option<Value> {
    let (cause, _) = case.pending.iter().find(|(_, p)| p.action == action)?;
    Some(json!({ "source": "banto", "detail": { "client": case.key.client, "case": case.key.case, "cause": cause } }))
}

/// Takes up one step of `action`.
pub(crate) async fn take_up(t: &TestWorld, key: &CaseKey, action: &str) -> banto_aws::Result<Value> {
    let poke = poke(&case(t, key).await, action).expect("a pending step");
    event(&t.world, action, poke).await
}
