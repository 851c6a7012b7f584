//! Mail through the real SES client: the mailbox, and what the provider tells about it.

use aws_sdk_sesv2::error::ProvideErrorMetadata as _;
use aws_sdk_sesv2::primitives::Blob;
use aws_sdk_sesv2::types::{Body, Content, Destination, EmailContent, Message, MessageTag, RawMessage};

use super::{Cast, house};
use crate::host::Host;

const RAW: &str = "From: =?UTF-8?B?5bGx55Sw?= <office@example.jp>\r\nTo: Sato <sato@example.jp>\r\nReply-To: office@example.jp\r\n\
Message-ID: <mine@example.jp>\r\nSubject: Hello\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nGood morning.\r\n";

fn tag(name: &str, value: &str) -> MessageTag {
    MessageTag::builder().name(name).value(value).build().expect("complete")
}

async fn send(host: &Host, to: &str, tags: Vec<MessageTag>) -> Result<String, aws_sdk_sesv2::Error> {
    let raw = RawMessage::builder().data(Blob::new(RAW)).build().expect("complete");
    let call = host.clients().ses.send_email().from_email_address("office@example.jp");
    let call = call
        .destination(Destination::builder().to_addresses(to).build())
        .content(EmailContent::builder().raw(raw).build());
    let out = call.configuration_set_name("banto").set_email_tags(Some(tags)).send().await?;
    Ok(out.message_id().unwrap_or_default().to_owned())
}

#[tokio::test]
async fn a_mail_is_in_the_mailbox_as_it_left() {
    let host = house(&Cast::default()).await;
    let tags =
        [("client", "yamada"), ("case", "Y-1"), ("template", "receipt"), ("class", "information"), ("intent", "i1")];
    let id = send(&host, "sato@example.jp", tags.map(|(n, v)| tag(n, v)).to_vec()).await.expect("sent");
    let mails = host.mails().await.expect("read");
    let mail = serde_json::to_value(&mails[0]).expect("json");
    assert_eq!(mail["id"], id.as_str());
    assert_eq!(mail["to"], "sato@example.jp");
    assert_eq!(mail["from"], "山田 <office@example.jp>");
    assert_eq!(mail["reply_to"], "office@example.jp");
    assert_eq!((&mail["subject"], mail["text"].as_str().map(str::trim)), (&"Hello".into(), Some("Good morning.")));
    assert_eq!((&mail["html"], &mail["attachments"]), (&serde_json::Value::Null, &serde_json::json!([])));
    assert_eq!((&mail["client"], &mail["case"]), (&"yamada".into(), &"Y-1".into()));
    assert_eq!((&mail["template"], &mail["class"]), (&"receipt".into(), &"information".into()));
    assert_eq!(mail["sent_at"], "2026-12-01T00:00:00Z");
    let (_, raw) = host.mail(&id).await.expect("read").expect("there");
    let raw = String::from_utf8(raw).expect("text");
    assert!(raw.contains(&format!("Message-ID: <{id}@")) && !raw.contains("mine@"), "the provider's own: {raw}");
}

#[tokio::test]
async fn the_provider_tells_what_became_of_it() {
    let cast = Cast::default();
    let host = house(&cast).await;
    let id = send(&host, "sato@example.jp", vec![tag("intent", "i1")]).await.expect("sent");
    send(&host, "bounce@simulator.amazonses.com", vec![]).await.expect("sent");
    host.idle().await.expect("idle");
    let heard: Vec<_> = cast.heard("record-delivery").into_iter().map(|(_, event)| event).collect();
    let mut kinds: Vec<_> = heard.iter().map(|e| e["detail"]["eventType"].as_str().unwrap_or_default()).collect();
    kinds.sort_unstable();
    assert_eq!(kinds, ["Bounce", "Delivery", "Send", "Send"]);
    let delivery = heard.iter().find(|e| e["detail-type"] == "Email Delivered").expect("delivered");
    assert_eq!(delivery["source"], "aws.ses");
    assert_eq!(delivery["detail"]["mail"]["messageId"], id.as_str());
    assert_eq!(delivery["detail"]["mail"]["tags"]["intent"][0], "i1");
    assert_eq!(delivery["detail"]["mail"]["destination"][0], "sato@example.jp");
}

#[tokio::test]
async fn simple_mails_are_composed_here() {
    let host = house(&Cast::default()).await;
    let text = |data: &str| Content::builder().data(data).build().expect("complete");
    let body = Body::builder().text(text("本文")).html(text("<p>本文</p>")).build();
    let message = Message::builder().subject(text("件名")).body(body).build();
    let call = host.clients().ses.send_email().from_email_address("\"事務局\" <office@example.jp>");
    let call = call.destination(Destination::builder().to_addresses("sato@example.jp").build());
    call.content(EmailContent::builder().simple(message).build()).send().await.expect("sent");
    let mail = &host.mails().await.expect("read")[0];
    assert_eq!((mail.subject.as_str(), mail.text.trim()), ("件名", "本文"));
    assert_eq!((mail.from.as_str(), mail.html.as_deref()), ("事務局 <office@example.jp>", Some("<p>本文</p>")));
}

#[tokio::test]
async fn what_ses_would_refuse_is_refused() {
    let host = house(&Cast::default()).await;
    let bad_tag = send(&host, "sato@example.jp", vec![tag("case", "Y 1")]).await.expect_err("a space in a tag");
    assert_eq!(bad_tag.code(), Some("BadRequestException"));
    assert!(send(&host, "nobody", vec![]).await.is_err());
    assert!(host.mails().await.expect("read").is_empty());
}
