//! A request's body: read to its end within its bounds, before anybody looks at the request. What is too long is answered
//! at once, and a bounded rest of it is still read, so that whoever is sending it can read the answer.

use std::time::Duration;

use axum::body::{Body, HttpBody as _};
use axum::extract::{Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::Response;
use bytes::BytesMut;

use super::{Limits, MAX_BODY, answer};

/// How much of what is too long is read all the same.
const MAX_REST: usize = 4 * MAX_BODY;

/// Why there is no body.
enum Refused {
    TooLong(Body),
    TooSlow,
    Broken,
}

/// Lets a request through with its whole body.
pub(super) async fn whole(State(limits): State<Limits>, request: Request, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    let announced = parts.headers.get(header::CONTENT_LENGTH).and_then(|v| v.to_str().ok()?.parse::<usize>().ok());
    let read = async {
        if announced.is_some_and(|n| n > MAX_BODY) {
            return Err(Refused::TooLong(body));
        }
        tokio::time::timeout(limits.body, read(body)).await.unwrap_or(Err(Refused::TooSlow))
    };
    let (status, message) = match read.await {
        Ok(body) => return next.run(Request::from_parts(parts, body)).await,
        Err(Refused::TooLong(rest)) => {
            tokio::spawn(drain(rest, limits.rest));
            (StatusCode::PAYLOAD_TOO_LARGE, "Request Entity Too Large")
        }
        Err(Refused::TooSlow) => (StatusCode::REQUEST_TIMEOUT, "Request Timeout"),
        Err(Refused::Broken) => (StatusCode::BAD_REQUEST, "Bad Request"),
    };
    let mut response = answer(status, message);
    // What was not read must not be taken for the next request.
    response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    response
}

async fn read(mut body: Body) -> Result<Body, Refused> {
    let mut all = BytesMut::new();
    while let Some(piece) = next(&mut body).await {
        all.extend_from_slice(&piece.map_err(|_| Refused::Broken)?);
        if all.len() > MAX_BODY {
            return Err(Refused::TooLong(body));
        }
    }
    Ok(Body::from(all.freeze()))
}

async fn drain(mut rest: Body, within: Duration) {
    let read = async {
        let mut left = MAX_REST;
        while let Some(Ok(piece)) = next(&mut rest).await {
            left = left.saturating_sub(piece.len());
            if left == 0 {
                break;
            }
        }
    };
    // Whoever takes longer has had the answer long since.
    tokio::time::timeout(within, read).await.unwrap_or_default();
}

/// The next piece of a body; what isn't content is passed over.
async fn next(body: &mut Body) -> Option<Result<bytes::Bytes, axum::Error>> {
    loop {
        let frame = std::future::poll_fn(|cx| std::pin::Pin::new(&mut *body).poll_frame(cx)).await?;
        match frame.map(|frame| frame.into_data().ok()) {
            Ok(Some(piece)) => return Some(Ok(piece)),
            Ok(None) => {}
            Err(error) => return Some(Err(error)),
        }
    }
}
