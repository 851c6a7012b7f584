//! The frame of every page that a customer, coach or operator sees: whose practice it is, and how to reach it. No page
//! needs JavaScript.

use banto_domain::Playbook;
use bytes::Bytes;
use http::{StatusCode, header};
use maud::{DOCTYPE, Markup, PreEscaped, html};

use crate::Reply;

const CSS: &str = "
*{box-sizing:border-box}body{margin:0;background:#f6f4ef;color:#222;font:16px/1.8 'Hiragino Sans','Noto Sans JP','Noto Sans CJK JP','Yu Gothic',Meiryo,system-ui,sans-serif;line-break:strict;overflow-wrap:anywhere}
h1,button{word-break:auto-phrase}
header{background:#24435c;color:#fff;padding:.9rem 1.2rem}header b{font-size:1.1rem}
main{max-width:40rem;margin:1.2rem auto;background:#fff;padding:1.2rem 1.4rem;border-radius:.5rem;box-shadow:0 1px 3px #0002}
h1{font-size:1.35rem;line-height:1.5;margin:.2rem 0 1rem}footer{max-width:40rem;margin:0 auto 2rem;padding:0 1.4rem;color:#555;font-size:.9rem;white-space:pre-line}
label{display:block;font-weight:600;margin:1.1rem 0 .3rem}small{color:#666;font-weight:400;display:block}
input,textarea,select{width:100%;padding:.6rem;font:inherit;border:1px solid #999;border-radius:.3rem;background:#fff;color:inherit}
label.check{display:flex;gap:.7rem;align-items:flex-start;cursor:pointer}label.check input{width:1.25rem;height:1.25rem;margin:.3rem 0 0;flex:none}
textarea{min-height:8rem}.bad{color:#a3150b;font-weight:600}.bad+input,.bad+textarea,.bad+select{border-color:#a3150b}
button{font:inherit;font-weight:600;padding:.7rem 1.4rem;border:0;border-radius:.4rem;background:#24435c;color:#fff;margin:1rem .6rem 0 0;cursor:pointer}
label.choice{display:flex;gap:.7rem;align-items:flex-start;cursor:pointer;padding:.6rem .9rem;border:1px solid #24435c;border-radius:.4rem;margin:.6rem 0 0}label.choice input{width:1.2rem;height:1.2rem;margin:.3rem 0 0;flex:none}label.choice span span{white-space:nowrap}label.choice:has(:checked){background:#eaf1f6}label.choice:has(:disabled){color:#777;border-color:#ccc;cursor:default}
.row{display:grid;grid-template-columns:2fr 1fr 1fr;gap:.6rem}.row label{margin:.6rem 0 .2rem}@media(max-width:30rem){.row{grid-template-columns:1fr 1fr}.row>:first-child{grid-column:1/-1}}
fieldset{border:1px solid #bbb;border-radius:.4rem;margin:1.4rem 0 0;padding:.2rem 1rem 1rem}legend{font-weight:600;padding:0 .4rem}
dl{margin:0}dt{font-size:.85rem;color:#555;margin-top:.7rem}dd{margin:0;white-space:pre-wrap;overflow-wrap:anywhere}.say{white-space:pre-line}pre{white-space:pre-wrap;overflow-wrap:anywhere;background:#f6f4ef;padding:.8rem;font-size:.85rem;max-height:24rem;overflow:auto}
";

/// A page of a practice.
#[must_use]
pub fn page(status: StatusCode, playbook: Option<&Playbook>, language: &str, title: &str, body: &Markup) -> Reply {
    let name = playbook.map_or("Banto", |p| p.name.get(language));
    let markup = html! {
        (DOCTYPE)
        html lang=(language) {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="robots" content="noindex";
                title { (title) " – " (name) }
                style { (PreEscaped(CSS)) }
            }
            body {
                header { b { (name) } }
                main { h1 { (title) } (body) }
                @if let Some(p) = playbook {
                    footer { (p.sender.name.get(language)) "\n" (p.sender.contact.get(language)) }
                }
            }
        }
    };
    reply(status, "text/html; charset=utf-8", markup.into_string())
}

/// Words in Japanese, or in English.
#[must_use]
pub fn words<'a>(language: &str, ja: &'a str, en: &'a str) -> &'a str {
    if language == "en" { en } else { ja }
}

/// A JSON answer.
#[must_use]
pub fn json(status: StatusCode, body: &serde_json::Value) -> Reply {
    reply(status, "application/json", body.to_string())
}

/// An address that leads nowhere.
#[must_use]
pub fn not_found() -> Reply {
    reply(StatusCode::NOT_FOUND, "text/plain; charset=utf-8", "not found\n".to_owned())
}

/// A calendar (RFC 5545).
#[must_use]
pub fn calendar(body: String) -> Reply {
    reply(StatusCode::OK, "text/calendar; charset=utf-8", body)
}

/// Any answer. A page may hold a token in its address: nothing of it is kept, sent on or framed.
fn reply(status: StatusCode, kind: &'static str, body: String) -> Reply {
    let mut reply = http::Response::new(Bytes::from(body));
    *reply.status_mut() = status;
    let fixed = [
        (header::CONTENT_TYPE, kind),
        (header::CACHE_CONTROL, "no-store"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (
            header::CONTENT_SECURITY_POLICY,
            "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
        ),
    ];
    for (name, value) in fixed {
        reply.headers_mut().insert(name, http::HeaderValue::from_static(value));
    }
    reply
}
