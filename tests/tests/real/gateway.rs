//! The HTTP API in front of the functions: a request becomes a payload of format 2.0, as API Gateway writes it, and the
//! function's answer becomes a page again.

use std::collections::BTreeMap;

use banto::template::{Route, Template};
use data_encoding::BASE64;
use jiff::Timestamp;
use serde_json::{Value, json};

/// A request from outside.
#[derive(Debug, Clone, Default)]
pub(crate) struct Request<'a> {
    pub(crate) method: &'a str,
    pub(crate) path: &'a str,
    pub(crate) headers: Vec<(&'a str, &'a str)>,
    pub(crate) body: &'a str,
}

/// What comes back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Page {
    pub(crate) status: u16,
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) body: String,
}

impl Request<'_> {
    /// The function that answers, and the payload it is called with. (Amazon API Gateway developer guide, "Working with
    /// AWS Lambda proxy integrations for HTTP APIs".)
    pub(crate) fn payload(&self, template: &Template) -> (String, Value) {
        let found = template.routes.iter().find_map(|route| Some((route, parameters(route, self)?)));
        let (route, parameters) = found.unwrap_or_else(|| panic!("no route for {} {}", self.method, self.path));
        let route_key = format!("{} {}", route.method, route.path);
        let headers: BTreeMap<_, _> = [("host", "banto.example")].into_iter().chain(self.headers.clone()).collect();
        // Only what is text by its type stays text; a form is not, says API Gateway.
        let kind = headers.get("content-type").copied().unwrap_or_default();
        let binary = !kind.starts_with("text/") && kind != "application/json" && !self.body.is_empty();
        let body = if binary { BASE64.encode(self.body.as_bytes()) } else { self.body.to_owned() };
        let now = Timestamp::now();
        let mut payload = json!({
            "version": "2.0", "routeKey": route_key, "rawPath": self.path, "rawQueryString": "", "headers": headers,
            "pathParameters": parameters, "isBase64Encoded": binary,
            "requestContext": {
                "accountId": "000000000000", "apiId": "api", "domainName": "banto.example", "domainPrefix": "banto",
                "http": {
                    "method": self.method, "path": self.path, "protocol": "HTTP/1.1", "sourceIp": "192.0.2.1",
                    "userAgent": "a browser",
                },
                "requestId": "JKJaXmPLvHcESHA=", "routeKey": route_key, "stage": "$default",
                "time": now.strftime("%d/%b/%Y:%H:%M:%S +0000").to_string(), "timeEpoch": now.as_millisecond(),
            },
        });
        if !body.is_empty() {
            payload["body"] = json!(body);
        }
        (route.function.clone(), payload)
    }
}

/// The values of a route's braces, if it is the request's route.
fn parameters(route: &Route, request: &Request<'_>) -> Option<BTreeMap<String, String>> {
    let (wanted, given): (Vec<_>, Vec<_>) = (route.path.split('/').collect(), request.path.split('/').collect());
    if route.method != request.method || wanted.len() != given.len() {
        return None;
    }
    let mut found = BTreeMap::new();
    for (wanted, given) in wanted.into_iter().zip(given) {
        match wanted.strip_prefix('{').and_then(|name| name.strip_suffix('}')) {
            Some(name) => drop(found.insert(name.to_owned(), given.to_owned())),
            None if wanted == given => {}
            None => return None,
        }
    }
    Some(found)
}

impl Page {
    /// From the function's answer.
    pub(crate) fn read(answer: &Value) -> Self {
        let headers = answer["headers"].as_object().into_iter().flatten();
        let body = answer["body"].as_str().unwrap_or_default();
        let body = if answer["isBase64Encoded"] == true {
            String::from_utf8(BASE64.decode(body.as_bytes()).expect("base64")).expect("text")
        } else {
            body.to_owned()
        };
        Self {
            status: answer["statusCode"].as_u64().and_then(|s| u16::try_from(s).ok()).expect("a status"),
            headers: headers.map(|(n, v)| (n.clone(), v.as_str().expect("a text").to_owned())).collect(),
            body,
        }
    }

    /// What stands between two pieces of the page.
    pub(crate) fn between(&self, before: &str, after: &str) -> &str {
        let found = self.body.split_once(before).and_then(|(_, rest)| rest.split_once(after));
        found.unwrap_or_else(|| panic!("{before}…{after} is not on the page: {}", self.body)).0
    }

    pub(crate) fn says(&self, words: &str) {
        assert!(self.body.contains(words), "{words} is not on the page: {}", self.body);
    }

    /// The mark of what the page shows; an answer sends it back.
    pub(crate) fn shown(&self) -> &str {
        self.between("name=\"shown\" value=\"", "\"")
    }

    /// The slots that can be chosen on it.
    pub(crate) fn slots(&self) -> Vec<String> {
        let choices = self.body.split("<input type=\"radio\"").skip(1).filter_map(|rest| rest.split('>').next());
        let free = choices.filter(|choice| !choice.ends_with(" disabled"));
        let named = free.filter_map(|c| Some(c.split_once("value=\"")?.1.split_once('"')?.0.to_owned()));
        named.filter(|name| name.contains('/')).collect()
    }
}

/// Fields as a browser posts them.
pub(crate) fn form(fields: &[(&str, &str)]) -> String {
    let percent = |text: &str| text.bytes().map(|b| format!("%{b:02X}")).collect::<String>();
    fields.iter().map(|(n, v)| format!("{}={}", percent(n), percent(v))).collect::<Vec<_>>().join("&")
}
