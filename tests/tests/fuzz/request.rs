//! An input that is a request: a line with method and path, headers, an empty line, the body. Whatever can't be one is
//! left out: what no server would hand on is no input.

use axum::body::Body;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Uri};

#[derive(Debug)]
pub(crate) struct Request {
    pub(crate) method: Method,
    pub(crate) path: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
    /// How it is signed: as its header `sign` says, which isn't sent.
    pub(crate) sign: Sign,
}

/// How a request is signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sign {
    Rightly,
    Wrongly,
    Not,
}

impl Request {
    pub(crate) fn parse(input: &[u8]) -> Self {
        let at = input.windows(2).position(|two| two == b"\n\n");
        let (head, body) = at.map_or((input, [].as_slice()), |at| (&input[..at], &input[at + 2..]));
        let mut lines = head.split(|b| *b == b'\n');
        let first = String::from_utf8_lossy(lines.next().unwrap_or_default()).into_owned();
        let (method, path) = first.split_once(' ').unwrap_or(("POST", &first));
        let mut headers = HeaderMap::new();
        let mut sign = Sign::Rightly;
        for line in lines {
            let Some(colon) = line.iter().position(|b| *b == b':') else { continue };
            let (name, value) = (&line[..colon], line[colon + 1..].trim_ascii());
            match (name, value) {
                (b"sign", b"no") => sign = Sign::Not,
                (b"sign", b"wrong") => sign = Sign::Wrongly,
                _ => {
                    let pair = HeaderName::from_bytes(name).ok().zip(HeaderValue::from_bytes(value).ok());
                    headers.extend(pair);
                }
            }
        }
        let method = Method::from_bytes(method.as_bytes()).unwrap_or(Method::POST);
        Self { method, path: path.to_owned(), headers, body: body.to_vec(), sign }
    }

    pub(crate) fn text(&self, header: &str) -> Option<&str> {
        self.headers.get(header)?.to_str().ok()
    }

    pub(crate) fn set(&mut self, header: &str, value: &str) {
        let name = HeaderName::from_bytes(header.as_bytes()).expect("a name");
        self.headers.insert(name, HeaderValue::from_str(value).expect("visible"));
    }

    /// As it is sent; `None` when its path is none.
    pub(crate) fn build(&self) -> Option<axum::extract::Request> {
        let uri: Uri = self.path.parse().ok().filter(|uri: &Uri| uri.path().starts_with('/'))?;
        let mut request = http::Request::new(Body::from(self.body.clone()));
        *request.method_mut() = self.method.clone();
        *request.uri_mut() = uri;
        *request.headers_mut() = self.headers.clone();
        Some(request)
    }
}
