//! Practice mode is open to whoever sits at this machine and to nobody else: a web page elsewhere must neither read it
//! under a name of its own (DNS rebinding) nor post into it.

use std::net::IpAddr;

use axum::extract::Request;
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};

/// Lets a request through if it was meant for this machine and, where it may change something, comes from our pages.
pub(super) async fn only_people_here(request: Request, next: Next) -> Response {
    let host = host(&request);
    if !host.as_deref().is_some_and(is_loopback) {
        let text = "practice mode answers to localhost and 127.0.0.1 only\n";
        return (StatusCode::MISDIRECTED_REQUEST, text).into_response();
    }
    if !super::is_safe(request.method()) && !from_here(request.headers(), host.as_deref().unwrap_or_default()) {
        let text = "practice mode takes no posts from other sites\n";
        return (StatusCode::FORBIDDEN, text).into_response();
    }
    next.run(request).await
}

fn host(request: &Request) -> Option<String> {
    let header = request.headers().get(header::HOST).and_then(|v| v.to_str().ok());
    header.or_else(|| request.uri().authority().map(axum::http::uri::Authority::as_str)).map(str::to_lowercase)
}

/// Whether `host`, with or without a port, names this machine from inside.
pub(crate) fn is_loopback(host: &str) -> bool {
    let name = match host.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None => host
            .rsplit_once(':')
            .filter(|(_, port)| port.bytes().all(|b| b.is_ascii_digit()))
            .map_or(host, |(name, _)| name),
    };
    name == "localhost" || name.ends_with(".localhost") || name.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

/// Whether a post comes from a page of ours, or from a program that is no browser.
fn from_here(headers: &HeaderMap, host: &str) -> bool {
    let text = |name: &str| headers.get(name).map(|v| v.to_str().unwrap_or("?").to_lowercase());
    if let Some(site) = text("sec-fetch-site") {
        // The browser's own word. It stands also where a page asks for no referrer and its Origin is therefore "null".
        return site == "same-origin" || site == "none";
    }
    // Practice mode speaks plain HTTP.
    text("origin").is_none_or(|origin| origin.strip_prefix("http://") == Some(host))
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    #[test]
    fn only_names_of_this_machine_pass() {
        for good in ["localhost", "localhost:8080", "127.0.0.1:1", "[::1]:8080", "banto.localhost", "127.1.2.3"] {
            assert!(is_loopback(good), "{good}");
        }
        for bad in ["example.org", "127.0.0.1.example.org", "localhost.example.org:80", "192.168.0.1", "", "[::2]"] {
            assert!(!is_loopback(bad), "{bad}");
        }
    }

    #[test]
    fn posts_come_from_our_own_pages() {
        let with = |pairs: &[(&'static str, &'static str)]| {
            pairs.iter().map(|(k, v)| (k.parse().expect("name"), HeaderValue::from_static(v))).collect::<HeaderMap>()
        };
        let here = "127.0.0.1:8080";
        assert!(from_here(&with(&[]), here), "a program");
        assert!(from_here(&with(&[("origin", "http://127.0.0.1:8080")]), here));
        assert!(from_here(&with(&[("origin", "null"), ("sec-fetch-site", "same-origin")]), here), "no-referrer");
        assert!(!from_here(&with(&[("origin", "null")]), here), "a sandboxed frame");
        assert!(!from_here(&with(&[("origin", "https://example.org")]), here));
        assert!(!from_here(&with(&[("origin", "https://127.0.0.1:8080")]), here), "of another scheme");
        assert!(!from_here(&with(&[("origin", "http://127.0.0.1:9090"), ("sec-fetch-site", "same-site")]), here));
    }
}
