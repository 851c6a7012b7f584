//! The host's HTTP side: the template's routes to their functions, and the routes of practice mode. Owns what API
//! Gateway owns on AWS (paths, sizes, failures); refuses to answer for any function.
//!
//! ```text
//! http/body.rs     a request's body: all of it, within its bounds, before anybody looks at it
//! http/connections.rs  how many there are, and how long each may take
//! http/guard.rs    practice mode is for people at this machine only
//! http/local.rs    /_local/…: mail, cases, clock, meter, dead letters
//! http/scan.rs     a mail scanner, for visitors to see what it can't do
//! http/visitor.rs  a visitor's language, and the case they are with
//! ```

mod body;
mod connections;
mod guard;
mod local;
mod scan;
mod visitor;

use std::collections::HashMap;
use std::future::Future;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::Arc;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Path, Request, State};
use axum::http::{Method, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{MethodFilter, on};
use banto_aws::{PathParams, Reply, Source};
use bytes::Bytes;
use serde_json::{Value, json};

use crate::host::Host;
use crate::http::connections::Peer;
use crate::pages::{self, Welcome};
use crate::template::Route;

pub use connections::{Limits, serve, serve_within};
pub(crate) use scan::Tried;

/// The largest request body. The functions look for themselves too.
pub const MAX_BODY: usize = 1024 * 1024;

/// The future of a [`CaseReader`].
pub type Reading<'a, T> = Pin<Box<dyn Future<Output = banto_aws::Result<T>> + Send + 'a>>;

/// Reads cases for practice mode's pages, in the shape `{id, client, customer, flow, …, journal}`.
pub trait CaseReader: Send + Sync {
    /// All cases, the latest first; without their journals if that is cheaper.
    fn list(&self) -> Reading<'_, Vec<Value>>;
    /// One case.
    fn get<'a>(&'a self, id: &'a str) -> Reading<'a, Option<Value>>;
}

/// What a server shows besides the functions.
#[derive(Clone)]
pub struct Practice {
    /// Reads cases.
    pub cases: Arc<dyn CaseReader>,
    /// What the entry page offers.
    pub welcome: Arc<Welcome>,
}

#[derive(Clone)]
struct App {
    host: Host,
    practice: Option<Practice>,
}

/// The whole HTTP service. With `practice`, also `/` and `/_local/…`, for people at this machine only.
pub fn router(host: Host, practice: Option<Practice>) -> Router {
    let app = App { host, practice };
    let mut router: Router<App> = Router::new();
    for route in app.host.plan().template.routes.clone() {
        let filter = if route.method == "GET" { MethodFilter::GET } else { MethodFilter::POST };
        let path = route.path.clone();
        router = router.route(&path, on(filter, move |state, params, request| function(state, params, request, route)));
    }
    if app.practice.is_some() {
        let for_people = axum::middleware::from_fn_with_state(app.clone(), local::for_people);
        let local = local::routes().fallback(local::nothing).layer(for_people);
        router = router.merge(local).layer(axum::middleware::from_fn(guard::only_people_here));
    }
    router.with_state(app)
}

/// A route of the template. The log holds the route, never the path: a path may hold a token.
async fn function(
    State(app): State<App>,
    Path(params): Path<HashMap<String, String>>,
    request: Request,
    route: Route,
) -> Response {
    let (parts, body) = request.into_parts();
    // It is all there: see `body.rs`.
    let Ok(body) = to_bytes(body, MAX_BODY).await else {
        return answer(StatusCode::BAD_REQUEST, "Bad Request");
    };
    let mut request = banto_aws::Request::from_parts(parts, body);
    let source = source(&request);
    // Only what API Gateway would hand on.
    *request.extensions_mut() = axum::http::Extensions::new();
    let (lang, back) = (visitor::language(request.headers()), way_back(&params));
    request.extensions_mut().insert(PathParams(params));
    if let Some(source) = source {
        request.extensions_mut().insert(source);
    }
    let reply = app.host.request(&route.function, request).await;
    let status = reply.as_ref().map_or(500, |r| r.status().as_u16());
    tracing::info!(function = route.function, method = route.method, route = route.path, status, "answered");
    match reply {
        Some(reply) if app.practice.is_some() => {
            with_bar(reply, &pages::bar(lang, &back).into_string()).map(Body::from)
        }
        Some(reply) => reply.map(Body::from),
        None => answer(StatusCode::INTERNAL_SERVER_ERROR, "Internal Server Error"),
    }
}

/// Where a request comes from: over the network from its peer; from this machine from whom the proxy names, which adds the
/// address that it saw itself at the end. People at this machine are nobody's visitors.
fn source(request: &banto_aws::Request) -> Option<Source> {
    let Peer(peer) = *request.extensions().get::<Peer>()?;
    if !peer.to_canonical().is_loopback() {
        return Some(Source(peer.to_canonical().to_string()));
    }
    let named = request.headers().get_all("x-forwarded-for").iter().next_back()?.to_str().ok()?;
    let last: IpAddr = named.rsplit(',').next()?.trim().parse().ok()?;
    Some(Source(last.to_canonical().to_string()))
}

/// Where a visitor of practice mode goes on from a page that a function made: to the case of the link, or to what they
/// have just sent.
fn way_back(params: &HashMap<String, String>) -> String {
    let case = params.get("token").and_then(|token| token.split('.').nth(1)).map(banto_domain::CaseId::parse);
    case.and_then(Result::ok).map_or_else(|| "/?case=latest".to_owned(), |case| format!("/?case={case}"))
}

/// A function's page with practice mode's bar on top.
fn with_bar(reply: Reply, bar: &str) -> Reply {
    let is_page =
        reply.headers().get(header::CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(b"text/html"));
    let at = is_page.then(|| std::str::from_utf8(reply.body()).ok()?.find("<body>")).flatten();
    let Some(at) = at.map(|at| at + "<body>".len()) else { return reply };
    reply.map(|page| Bytes::from([&page[..at], bar.as_bytes(), &page[at..]].concat()))
}

/// API Gateway's own answers.
fn answer(status: StatusCode, message: &str) -> Response {
    (status, axum::Json(json!({ "message": message }))).into_response()
}

/// Whether a request may change something.
fn is_safe(method: &Method) -> bool {
    matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_comes_from_its_peer_or_from_whom_the_proxy_saw() {
        let from = |peer: &str, named: &[&str]| {
            let mut request = banto_aws::Request::new(Bytes::new());
            request.extensions_mut().insert(Peer(peer.parse().expect("an address")));
            for value in named {
                request.headers_mut().append("x-forwarded-for", value.parse().expect("a value"));
            }
            source(&request).map(|Source(address)| address)
        };
        assert_eq!(from("127.0.0.1", &[]), None, "somebody at this machine");
        assert_eq!(from("::ffff:127.0.0.1", &[]), None);
        assert_eq!(
            from("192.0.2.7", &["198.51.100.9"]).as_deref(),
            Some("192.0.2.7"),
            "what a stranger says of themselves"
        );
        let named = ["203.0.113.1", "203.0.113.2, 198.51.100.9"];
        assert_eq!(from("127.0.0.1", &named).as_deref(), Some("198.51.100.9"), "what the proxy itself saw");
        assert_eq!(from("::1", &["2001:db8::1"]).as_deref(), Some("2001:db8::1"));
        assert_eq!(from("127.0.0.1", &["unknown"]), None);
    }
}
