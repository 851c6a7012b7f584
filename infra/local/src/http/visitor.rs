//! Who looks at a page of practice mode: their language and the case they are with. Both are remembered in a cookie, so
//! that a plain link is enough to switch.

use std::convert::Infallible;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use banto_domain::CaseId;
use jiff::Timestamp;

use crate::pages::{Lang, Sheet};

const LANG: &str = "banto-lang";
const CASE: &str = "banto-case";

/// A visitor.
#[derive(Debug, Clone, Default)]
pub(super) struct Visitor {
    pub(super) headers: HeaderMap,
    pub(super) lang: Lang,
    path: String,
    /// The case that the address names, or `latest`.
    pub(super) case: Option<String>,
    /// The case that they looked at last.
    pub(super) last: Option<String>,
    chosen: bool,
}

impl<S: Send + Sync> FromRequestParts<S> for Visitor {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let asked = |name: &str| {
            let pairs = parts.uri.query().and_then(|q| serde_urlencoded::from_str::<Vec<(String, String)>>(q).ok());
            pairs.into_iter().flatten().find(|(n, _)| n == name).map(|(_, value)| value)
        };
        let chosen = asked("lang").and_then(|name| Lang::parse(&name));
        Ok(Self {
            lang: chosen.unwrap_or_else(|| language(&parts.headers)),
            path: parts.uri.path().to_owned(),
            case: asked("case"),
            last: cookie(&parts.headers, CASE).filter(|id| CaseId::parse(id).is_ok()),
            chosen: chosen.is_some(),
            headers: parts.headers.clone(),
        })
    }
}

/// The language that a visitor chose; Japanese until they do.
pub(super) fn language(headers: &HeaderMap) -> Lang {
    cookie(headers, LANG).and_then(|name| Lang::parse(&name)).unwrap_or_default()
}

fn cookie(headers: &HeaderMap, name: &str) -> Option<String> {
    let all = headers.get_all(header::COOKIE).into_iter().filter_map(|v| v.to_str().ok());
    let mut pairs = all.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(n, _)| *n == name).map(|(_, value)| value.to_owned())
}

impl Visitor {
    /// What a page needs to know of them.
    pub(super) fn sheet(&self, now: Timestamp) -> Sheet {
        Sheet { lang: self.lang, now, path: self.path.clone(), case: self.case.clone() }
    }

    /// What their browser is asked to remember.
    pub(super) fn cookies(&self) -> Vec<(HeaderName, HeaderValue)> {
        let lang = self.chosen.then(|| (LANG, self.lang.name()));
        let case = self.case.as_deref().filter(|id| CaseId::parse(id).is_ok()).map(|id| (CASE, id));
        let kept = [lang, case].into_iter().flatten().map(|(name, value)| {
            let text = format!("{name}={value}; Path=/; Max-Age=31536000; SameSite=Strict; HttpOnly");
            Some((header::SET_COOKIE, text.parse().ok()?))
        });
        kept.flatten().collect()
    }
}
