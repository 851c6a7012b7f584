//! `/` and `/_local/…`: what visitors and tests see of a house in practice mode. Each answers a page, or JSON to those
//! who ask for it.

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use banto_desk::Story;
use jiff::{Span, Timestamp, tz::TimeZone};
use maud::Markup;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::visitor::Visitor;
use super::{App, Practice, scan};
use crate::host::{Host, HostError};
use crate::{pages, pay};

/// How far the clock may be moved at once.
const FURTHEST_YEARS: i64 = 5;

pub(super) fn routes() -> Router<App> {
    Router::new()
        .route("/", get(welcome))
        .route("/_local/mail", get(mails).post(mail_in))
        .route("/_local/mail/{id}", get(mail))
        .route("/_local/mail/{id}/scan", post(scan))
        .route("/_local/cases", get(cases))
        .route("/_local/cases/{id}", get(case))
        .route("/_local/clock", get(clock).post(move_clock))
        .route("/_local/idle", post(idle))
        .route("/_local/meter", get(meter))
        .route("/_local/pay/{invoice}", get(pay_page).post(pay))
        .route("/_local/dead-letters", get(dead_letters))
        .route("/_local/dead-letters/{id}/redrive", post(redrive))
}

/// An answer that is not the one hoped for.
#[derive(Debug, Clone)]
struct Failure(StatusCode, String);

type Answer = Result<Response, Failure>;

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let mut response = (self.0, axum::Json(json!({ "error": self.1 }))).into_response();
        response.extensions_mut().insert(self);
        response
    }
}

/// Whoever looks with a browser reads a page also when something can't be shown.
pub(super) async fn for_people(State(app): State<App>, visitor: Visitor, request: Request, next: Next) -> Response {
    let response = next.run(request).await;
    let accepts = visitor.headers.get(header::ACCEPT).and_then(|v| v.to_str().ok()).unwrap_or_default();
    match response.extensions().get::<Failure>() {
        Some(Failure(status, reason)) if accepts.contains("text/html") => {
            let page = pages::sorry(&visitor.sheet(app.host.now()), *status, reason);
            (*status, html(&visitor, page)).into_response()
        }
        _ => response,
    }
}

/// What no route answers.
pub(super) async fn nothing() -> impl IntoResponse {
    not_found("page")
}

impl From<HostError> for Failure {
    fn from(error: HostError) -> Self {
        let status = match &error {
            HostError::NotManual | HostError::Backwards { .. } => StatusCode::BAD_REQUEST,
            HostError::NoSuchDeadLetter(_) => StatusCode::NOT_FOUND,
            HostError::Redrive(_) => StatusCode::CONFLICT,
            other => {
                tracing::error!(error = %other, "practice mode could not answer");
                StatusCode::INTERNAL_SERVER_ERROR
            }
        };
        Self(status, error.to_string())
    }
}

impl From<banto_aws::Error> for Failure {
    fn from(error: banto_aws::Error) -> Self {
        tracing::error!(%error, "a case can't be read");
        Self(StatusCode::INTERNAL_SERVER_ERROR, error.to_string())
    }
}

fn not_found(what: &str) -> Failure {
    Failure(StatusCode::NOT_FOUND, format!("there is no such {what}"))
}

fn practice(app: &App) -> Result<&Practice, Failure> {
    app.practice.as_ref().ok_or_else(|| not_found("page"))
}

fn wants_json(headers: &HeaderMap) -> bool {
    headers.get(header::ACCEPT).and_then(|v| v.to_str().ok()).is_some_and(|accept| accept.contains("application/json"))
}

/// JSON to those who ask for it, else the page.
fn either<T: Serialize>(visitor: &Visitor, data: &T, page: impl FnOnce(&T) -> Markup) -> Response {
    if wants_json(&visitor.headers) { axum::Json(data).into_response() } else { html(visitor, page(data)) }
}

fn html(visitor: &Visitor, page: Markup) -> Response {
    let policy = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; form-action 'self'; frame-src 'self'; base-uri 'none'; frame-ancestors 'none'";
    let headers = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::CACHE_CONTROL, "no-store"),
        (header::CONTENT_SECURITY_POLICY, policy),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "same-origin"),
    ];
    let mut response = (headers, page.into_string()).into_response();
    for (name, value) in visitor.cookies() {
        response.headers_mut().append(name, value);
    }
    response
}

async fn story(app: &App, shown: Value) -> Result<Story, Failure> {
    Ok(Story::of(&app.host.world().env, shown).await?)
}

async fn stories(app: &App) -> Result<Vec<Story>, Failure> {
    let mut stories = Vec::new();
    for shown in practice(app)?.cases.list().await? {
        stories.push(story(app, shown).await?);
    }
    Ok(stories)
}

/// The tour, of the whole practice or of one case.
async fn welcome(State(app): State<App>, visitor: Visitor) -> Answer {
    // What the visitor just did has its consequences before they look.
    app.host.idle().await?;
    match visitor.case.as_deref() {
        Some("latest") => latest(&app).await,
        Some(id) => focus(&app, &visitor, id).await,
        None => tour(&app, &visitor).await,
    }
}

async fn tour(app: &App, visitor: &Visitor) -> Answer {
    let stories = stories(app).await?;
    let (mails, dead) = (app.host.mails().await?, app.host.dead_letters().await?.len());
    let last = visitor.last.as_deref();
    let scene = pages::welcome::Scene { mails: &mails, stories: &stories, dead, last };
    Ok(html(visitor, pages::welcome::page(&visitor.sheet(app.host.now()), &practice(app)?.welcome, &scene)))
}

async fn focus(app: &App, visitor: &Visitor, id: &str) -> Answer {
    let shown = practice(app)?.cases.get(id).await?.ok_or_else(|| not_found("case"))?;
    let story = story(app, shown).await?;
    let mut mails = app.host.mails().await?;
    mails.retain(|mail| mail.case.as_deref() == Some(id));
    let sheet = visitor.sheet(app.host.now());
    Ok(html(visitor, pages::focus::page(&sheet, &practice(app)?.welcome, &story, &mails)))
}

/// The case that was opened last: what a visitor has just sent.
async fn latest(app: &App) -> Answer {
    let cases = practice(app)?.cases.list().await?;
    // Several may have come in one instant of a clock that stands: then it is the one that was written last.
    let when = |case: &&Value| [&case["opened_at"], &case["recorded_at"]].map(|at| at.as_str().map(str::to_owned));
    let newest = cases.iter().max_by_key(when).and_then(|case| case["id"].as_str());
    Ok(Redirect::to(&newest.map_or_else(|| "/".to_owned(), |id| format!("/?case={id}"))).into_response())
}

async fn mails(State(app): State<App>, visitor: Visitor) -> Answer {
    let mails = app.host.mails().await?;
    Ok(either(&visitor, &mails, |mails| pages::mail::list(&visitor.sheet(app.host.now()), mails)))
}

async fn mail(State(app): State<App>, Path(id): Path<String>, visitor: Visitor) -> Answer {
    if let Some(id) = id.strip_suffix(".eml") {
        let (_, raw) = app.host.mail(id).await?.ok_or_else(|| not_found("mail"))?;
        let name = format!("attachment; filename=\"{id}.eml\"");
        let headers = [(header::CONTENT_TYPE, "message/rfc822".to_owned()), (header::CONTENT_DISPOSITION, name)];
        return Ok((headers, raw).into_response());
    }
    let (mail, _) = app.host.mail(&id).await?.ok_or_else(|| not_found("mail"))?;
    Ok(either(&visitor, &mail, |mail| pages::mail::one(&visitor.sheet(app.host.now()), mail)))
}

/// Sends a scanner at a mail, and shows what it could not do.
async fn scan(State(app): State<App>, Path(id): Path<String>, visitor: Visitor) -> Answer {
    let (mail, _) = app.host.mail(&id).await?.ok_or_else(|| not_found("mail"))?;
    let cases = &practice(&app)?.cases;
    let before = cases.get(mail.case.as_deref().unwrap_or_default()).await?;
    let tried = scan::run(&app.host, &mail).await;
    app.host.idle().await?;
    let after = cases.get(mail.case.as_deref().unwrap_or_default()).await?;
    let length = |case: &Option<Value>| case.as_ref().and_then(|c| c["journal"].as_array().map(Vec::len));
    let unchanged = length(&before) == length(&after);
    let data = json!({ "tried": tried, "unchanged": unchanged });
    Ok(either(&visitor, &data, |_| pages::mail::scanned(&visitor.sheet(app.host.now()), &mail, &tried, unchanged)))
}

async fn mail_in() -> Failure {
    Failure(
        StatusCode::NOT_IMPLEMENTED,
        "this version does not take mail in yet; answer by the link in the mail".to_owned(),
    )
}

async fn cases(State(app): State<App>, visitor: Visitor) -> Answer {
    if wants_json(&visitor.headers) {
        return Ok(axum::Json(practice(&app)?.cases.list().await?).into_response());
    }
    app.host.idle().await?;
    Ok(html(&visitor, pages::case::list(&visitor.sheet(app.host.now()), &stories(&app).await?)))
}

async fn case(State(app): State<App>, Path(id): Path<String>, visitor: Visitor) -> Answer {
    if !wants_json(&visitor.headers) {
        app.host.idle().await?;
    }
    let case = practice(&app)?.cases.get(&id).await?.ok_or_else(|| not_found("case"))?;
    if wants_json(&visitor.headers) {
        return Ok(axum::Json(case).into_response());
    }
    Ok(html(&visitor, pages::case::one(&visitor.sheet(app.host.now()), &story(&app, case).await?)))
}

async fn pay_page(State(app): State<App>, Path(invoice): Path<String>, visitor: Visitor) -> Answer {
    let payable = pay::find(app.host.world(), &invoice).await?.ok_or_else(|| not_found("invoice"))?;
    if wants_json(&visitor.headers) {
        return Ok(axum::Json(payable.invoice).into_response());
    }
    Ok(html(&visitor, pages::pay::page(&visitor.sheet(app.host.now()), &payable)))
}

#[derive(Debug, Deserialize)]
struct Pay {
    result: String,
}

/// The visitor pays, or lets it fail; the webhook goes through the same route as the provider's.
async fn pay(State(app): State<App>, Path(invoice): Path<String>, headers: HeaderMap, body: Bytes) -> Answer {
    let payable = pay::find(app.host.world(), &invoice).await?.ok_or_else(|| not_found("invoice"))?;
    let is_json = body.starts_with(b"{");
    let said: Option<Pay> =
        if is_json { serde_json::from_slice(&body).ok() } else { serde_urlencoded::from_bytes(&body).ok() };
    let outcome = match said.as_ref().map(|pay| pay.result.as_str()) {
        Some("paid") => pay::Outcome::Paid,
        Some("failed") => pay::Outcome::Failed,
        _ => return Err(Failure(StatusCode::BAD_REQUEST, "say result=paid or result=failed".to_owned())),
    };
    let reply = pay::send(&app.host, &payable, outcome).await?;
    let status = reply.map_or(500, |r| r.status().as_u16());
    if status != 202 {
        return Err(Failure(StatusCode::BAD_GATEWAY, format!("the webhook was answered with {status}")));
    }
    app.host.idle().await?;
    let done = json!({ "webhook": status });
    Ok(if wants_json(&headers) || is_json {
        axum::Json(done).into_response()
    } else {
        Redirect::to(&format!("/_local/pay/{invoice}")).into_response()
    })
}

fn shows(host: &Host) -> Value {
    json!({ "now": host.now().to_string() })
}

async fn clock(State(app): State<App>) -> axum::Json<Value> {
    axum::Json(shows(&app.host))
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Move {
    advance: Option<String>,
    set: Option<String>,
}

async fn move_clock(State(app): State<App>, headers: HeaderMap, body: Bytes) -> Answer {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or_default();
    // Many clients call everything a form unless they are told otherwise; JSON is known by its first character.
    let is_form = kind.starts_with("application/x-www-form-urlencoded") && !body.starts_with(b"{");
    let wanted: Result<Move, String> = if is_form {
        serde_urlencoded::from_bytes(&body).map_err(|e| e.to_string())
    } else {
        serde_json::from_slice(&body).map_err(|e| e.to_string())
    };
    let wanted = wanted.map_err(|reason| Failure(StatusCode::BAD_REQUEST, reason))?;
    // A button that was shown before the clock moved on asks for nothing more.
    if is_form && is_past(&wanted, app.host.now()) {
        return Ok(Redirect::to(&back(&headers)).into_response());
    }
    let to = target(&wanted, app.host.now()).map_err(|reason| Failure(StatusCode::BAD_REQUEST, reason))?;
    app.host.advance(to).await?;
    // A form belongs to a page: back to it.
    Ok(if is_form {
        Redirect::to(&back(&headers)).into_response()
    } else {
        axum::Json(shows(&app.host)).into_response()
    })
}

fn is_past(wanted: &Move, now: Timestamp) -> bool {
    let at = wanted.set.as_deref().and_then(|at| at.parse::<Timestamp>().ok());
    wanted.advance.is_none() && at.is_some_and(|at| at < now)
}

/// The page a form was on, as an address of ours.
fn back(headers: &HeaderMap) -> String {
    let referer =
        headers.get(header::REFERER).and_then(|v| v.to_str().ok()).and_then(|v| v.parse::<axum::http::Uri>().ok());
    let address = referer.and_then(|uri| uri.path_and_query().map(|p| p.as_str().to_owned()));
    let path = address.filter(|p| p.starts_with('/') && !p.starts_with("//"));
    path.unwrap_or_else(|| "/".to_owned())
}

/// The instant that is asked for, or in words why it makes no sense.
fn target(wanted: &Move, now: Timestamp) -> Result<Timestamp, String> {
    let to = match (&wanted.advance, &wanted.set) {
        (Some(span), None) => {
            let span: Span = span.parse().map_err(|e| format!("advance: expected a duration such as PT26H: {e}"))?;
            let then = now.to_zoned(TimeZone::UTC).checked_add(span).map_err(|e| format!("advance: {e}"))?;
            then.timestamp()
        }
        (None, Some(at)) => {
            at.parse().map_err(|e| format!("set: expected an instant such as 2026-12-01T09:00:00+09:00: {e}"))?
        }
        _ => return Err("say either {\"advance\":\"PT26H\"} or {\"set\":\"2026-12-01T09:00:00+09:00\"}".to_owned()),
    };
    if to < now {
        return Err(format!("the clock shows {now}; it can't go back to {to}"));
    }
    let seconds = to.as_second().saturating_sub(now.as_second());
    if seconds > FURTHEST_YEARS * 366 * 86_400 {
        return Err(format!("the clock moves at most {FURTHEST_YEARS} years at once"));
    }
    Ok(to)
}

async fn idle(State(app): State<App>) -> Answer {
    app.host.idle().await?;
    Ok(axum::Json(shows(&app.host)).into_response())
}

async fn meter(State(app): State<App>) -> axum::Json<Value> {
    axum::Json(app.host.meter())
}

async fn dead_letters(State(app): State<App>, visitor: Visitor) -> Answer {
    let letters = app.host.dead_letters().await?;
    Ok(either(&visitor, &letters, |letters| pages::dead::list(&visitor.sheet(app.host.now()), letters)))
}

async fn redrive(State(app): State<App>, Path(id): Path<String>, headers: HeaderMap) -> Answer {
    app.host.redrive(&id).await?;
    let from_page = headers.get(header::ACCEPT).and_then(|v| v.to_str().ok()).is_some_and(|a| a.contains("text/html"));
    Ok(if from_page {
        Redirect::to("/_local/dead-letters").into_response()
    } else {
        axum::Json(json!({ "redriven": id })).into_response()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nonsense_is_refused_with_a_reason() {
        let now: Timestamp = "2026-12-01T00:00:00Z".parse().expect("instant");
        let ask = |advance: Option<&str>, set: Option<&str>| {
            target(&Move { advance: advance.map(str::to_owned), set: set.map(str::to_owned) }, now)
        };
        assert_eq!(ask(Some("PT26H"), None).expect("forward").to_string(), "2026-12-02T02:00:00Z");
        assert_eq!(ask(None, Some("2026-12-01T10:00:00+09:00")).expect("forward").to_string(), "2026-12-01T01:00:00Z");
        for (advance, set, says) in [
            (Some("tomorrow"), None, "PT26H"),
            (Some("-PT1H"), None, "can't go back"),
            (Some("P90Y"), None, "at most 5 years"),
            (None, Some("2026-11-30T00:00:00Z"), "can't go back"),
            (None, Some("2026-12-02 09:00"), "expected an instant"),
            (Some("PT1H"), Some("2026-12-02T00:00:00Z"), "say either"),
            (None, None, "say either"),
        ] {
            let error = ask(advance, set).expect_err("nonsense");
            assert!(error.contains(says), "{advance:?} {set:?}: {error}");
        }
    }
}
