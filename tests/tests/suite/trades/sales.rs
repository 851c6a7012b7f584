//! The sales pipeline: three ways in, one of them typed in by staff; a team that assigns; won or lost.

use std::collections::BTreeMap;

use banto::practice;
use banto_aws::Changed;
use banto_domain::rules::migrate::obstacles;
use banto_domain::{Actor, Case, Entry, Id, Rejection};
use data_encoding::HEXLOWER;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;

use super::{Tale, folder};
use crate::suite::steps::body;

fn hmac(secret: &[u8], content: &str) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret).expect("any length");
    mac.update(content.as_bytes());
    mac.finalize().into_bytes().to_vec()
}

/// The site's form service asks for documents; its signature is of its own kind.
async fn asks_for_documents(tale: &mut Tale, title: &'static str, fields: Value) -> String {
    let content = fields.to_string();
    let signature = HEXLOWER.encode(&hmac(b"demo-sales-documents-secret", &content));
    let request = http::Request::post("/").header("content-type", "application/json");
    let request = request.header("x-form-signature", signature);
    let params = [("client", "sales"), ("form", "documents")];
    let reply = tale.house.http("receive-form", &params, request, &content).await;
    assert_eq!(reply.status(), 202, "{}", body(&reply));
    let answer: Value = serde_json::from_slice(reply.body()).expect("JSON");
    tale.opened(title, "documents", answer["case"].as_str().expect("a case").to_owned())
}

/// Another system tells of an opportunity, by Standard Webhooks.
async fn tells_of_an_opportunity(tale: &mut Tale, title: &'static str, id: &str, opportunity: Value) -> String {
    let content = json!({ "opportunity": opportunity }).to_string();
    let at = tale.house.host.now().as_second().to_string();
    let signature = hmac(b"demo-sales-notice-demo-sales!!", &format!("{id}.{at}.{content}"));
    let signature = format!("v1,{}", data_encoding::BASE64.encode(&signature));
    let request = http::Request::post("/").header("content-type", "application/json").header("webhook-id", id);
    let request = request.header("webhook-timestamp", at).header("webhook-signature", signature);
    let params = [("client", "sales"), ("form", "notice")];
    let reply = tale.house.http("receive-form", &params, request, &content).await;
    assert_eq!(reply.status(), 202, "{}", body(&reply));
    let answer: Value = serde_json::from_slice(reply.body()).expect("JSON");
    tale.opened(title, "notice", answer["case"].as_str().expect("a case").to_owned())
}

/// How many open cases there are by stage (パイプライン).
async fn pipeline(tale: &Tale) -> BTreeMap<String, usize> {
    let env = &tale.house.host.world().env;
    let mut counts = BTreeMap::new();
    for key in env.ledger.cases().await.expect("cases") {
        let case = env.ledger.load(&key).await.expect("the store").expect("a case").case;
        let playbook = env.playbooks.get(&key.client, case.playbook_version).await.expect("a playbook");
        let node = case.main().and_then(|token| playbook.node(&case.flow, &token.node));
        if let Some(stage) = node.and_then(|node| node.stage.clone()) {
            *counts.entry(stage).or_default() += 1;
        }
    }
    counts
}

const ISHII: &str = "ishii@aoba-systems.example";
const KOBAYASHI: &str = "kobayashi@aoba-systems.example";
const SATO: &str = "sato@aoba-systems.example";
const SUZUKI: &str = "suzuki@aoba-systems.example";
const TAKAHASHI: &str = "takahashi@aoba-systems.example";
const ENDO: &str = "endo@aoba-systems.example";

/// Before each proposal the engineers are asked for help: what the sales team wanted once it saw where it lost.
fn with_engineers(files: &mut banto_playbooks::Files) {
    let mut replace = |file: &str, from: &str, to: &str| {
        let text = files.get_mut(file).expect("a file");
        assert_eq!(text.matches(from).count(), 1, "{file}: {from}");
        *text = text.replace(from, to);
    };
    let endo = format!("  others:\n    - {{ id: endo, name: 遠藤 修, address: {ENDO} }}\n");
    replace("playbook.yaml", "  others:\n", &endo);
    replace("playbook.yaml", "  groups:\n", "  groups:\n    engineers: [endo]\n");
    let advice = "facts:\n  advice: { kind: text, label: { ja: 技術部隊の助言, en: The engineers' advice } }\n";
    replace("playbook.yaml", "facts:\n", advice);
    let support = "  support:\n    label: { ja: 技術部隊の支援, en: The engineers help }\n    stage: アプローチ\n    \
                   action: open-ask\n    question: support\n    next: { supported: tell-proposal, expired: support }\n";
    replace("flows/pipeline.yaml", "  # 提案\n", support);
    replace("flows/pipeline.yaml", "next: { proposal: tell-proposal,", "next: { proposal: support,");
    let question = "support:\n  kind: choice\n  to: group:engineers\n  title: { ja: 提案への支援をお願いします, en: Please help with a proposal }\n  \
                    body: { ja: 提案を行います。内容をご確認のうえ、助言をご記入ください。, en: A proposal is due. Please read it and give your advice. }\n  \
                    answers:\n    - { name: supported, asks: [advice], label: { ja: 助言する, en: Give advice } }\n  \
                    shows: [company, message, progress]\n  template: task\n  deadline: P7D\nproposal:\n";
    replace("questions.yaml", "\nproposal:\n", &format!("\n{question}"));
}

/// Moves all running cases that can to the version that is live; says how many.
async fn migrate(tale: &mut Tale) -> usize {
    let env = tale.house.host.world().env.clone();
    let mut moved = Vec::new();
    for key in env.ledger.cases().await.expect("cases") {
        let (_, live) = env.playbooks.current(&key.client).await.expect("the store").expect("a playbook");
        let from = env.ledger.load(&key).await.expect("the store").expect("a case").case.playbook_version;
        let plan = banto_aws::Plan { key: &key, function: "playbook-migrate", actor: Actor::Operator };
        let cause = |case: &Case| Some(Id::derive(&["migrate", case.key.case.as_str()]));
        let changed = env.change(&plan, None, cause, |draft| {
            if !obstacles(draft.case()?, draft.playbook, &live, &BTreeMap::new()).is_empty() {
                return Ok::<_, Rejection>(None);
            }
            draft.push(Entry::PlaybookMigrated { from, to: live.version, nodes: BTreeMap::new() })?;
            Ok(Some(()))
        });
        if matches!(changed.await.expect("the store"), Changed::Mine(..)) {
            moved.push(key.case.to_string());
        }
    }
    for case in &moved {
        tale.did(case, "the case goes on under the second version");
    }
    moved.len()
}

/// The cases of the story.
struct Cases {
    won: String,
    unneeded: String,
    nobody: String,
    lost: String,
    stopped: String,
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sales_pipeline_from_three_entries_to_won_or_lost() {
    let mut tale = Tale::begin("sales", "2026-12-01T09:30").await;
    let cases = three_ways_in(&mut tale).await;
    the_team_assigns(&mut tale, &cases).await;
    a_step_is_added_to_running_cases(&mut tale, &cases).await;
    won_or_lost(&mut tale, &cases).await;
    tale.ends().await;
}

async fn three_ways_in(tale: &mut Tale) -> Cases {
    // A request for documents: acknowledged at once, looked at by the office, assigned by the team.
    let documents = json!({ "submission": "d-1", "company": "みなと物流株式会社", "contact": "松本 恵子",
        "email": "matsumoto@minato.example", "documents": "導入事例集", "message": "在庫管理の入れ替えを検討しています。" });
    let won = asks_for_documents(tale, "資料請求から受注まで", documents).await;
    assert_eq!(tale.mails(&won, "matsumoto@", "acknowledge").await, 1);
    let idle = json!({ "submission": "d-2", "company": "個人", "contact": "学生", "email": "student@univ.example",
        "message": "レポートの参考にします。" });
    let unneeded = asks_for_documents(tale, "資料請求、営業対応は不要", idle).await;
    // What somebody was told on the telephone, and what another system tells: no 受付のご連絡, no triage.
    let heard = [
        ("name", "岡田 浩"),
        ("company", "北斗建設株式会社"),
        ("message", "展示会で名刺交換。見積希望。"),
        ("received_by", "suzuki"),
    ];
    let nobody = tale.inquires("引き合い、担当営業は不要", "inquiry", &heard).await;
    let opportunity = json!({ "id": "op-7", "company": "さくら食品株式会社", "contact": "森田 真理",
        "email": "morita@sakura.example", "summary": "保守契約の更新時期。増設の相談あり。" });
    let lost =
        tells_of_an_opportunity(tale, "他システムからの通知、技術部隊の支援を経て失注", "op-7", opportunity).await;
    let opportunity =
        json!({ "id": "op-8", "company": "山手不動産", "contact": "堀 誠", "summary": "問い合わせ履歴あり。" });
    let stopped = tells_of_an_opportunity(tale, "連絡がつかず、対応終了", "op-8", opportunity).await;
    for case in [&nobody, &lost, &stopped] {
        tale.stands(case, "open assign -").await;
    }
    assert_eq!(tale.mails(&lost, "morita@", "acknowledge").await, 0, "nobody outside hears of it");
    assert_eq!(pipeline(tale).await, [("受付".to_owned(), 5)].into());
    Cases { won, unneeded, nobody, lost, stopped }
}

async fn the_team_assigns(tale: &mut Tale, Cases { won, unneeded, nobody, lost, stopped }: &Cases) {
    tale.on("2026-12-01T10:00").await.answers(won, KOBAYASHI, "needed", &[]).await;
    tale.answers(unneeded, KOBAYASHI, "not-needed", &[]).await.stands(unneeded, "closed - no-need").await;
    // All of the team are asked; whoever answers first decides, and nobody who doesn't work here can be named.
    let link = tale.house.open_link(ISHII, won).await;
    let unknown = tale.house.answer(&link, "assigned", &[("salesperson", "tanaka")]).await;
    assert_eq!(unknown.status(), 422, "there is no such salesperson");
    let second = tale.house.open_link(KOBAYASHI, won).await;
    let named = [("salesperson", "sato"), ("assign_note", "物流の経験が長い佐藤さんにお願いします。")];
    tale.on("2026-12-01T11:00").await.answers(won, ISHII, "assigned", &named).await;
    tale.house.answer(&second, "nobody", &[]).await;
    tale.stands(won, "open approach -").await;
    tale.answers(nobody, KOBAYASHI, "nobody", &[]).await.stands(nobody, "closed - not-assigned").await;
    tale.answers(lost, KOBAYASHI, "assigned", &[("salesperson", "suzuki")]).await;
    tale.answers(stopped, ISHII, "assigned", &[("salesperson", "takahashi")]).await;
    for person in [ISHII, SATO, SUZUKI, TAKAHASHI] {
        assert_eq!(tale.mails(won, person, "stage-approach").await, 1, "{person} is told");
    }
    assert_eq!(pipeline(tale).await, [("アプローチ".to_owned(), 3)].into());
}

async fn a_step_is_added_to_running_cases(tale: &mut Tale, Cases { won, lost, stopped, .. }: &Cases) {
    tale.on("2026-12-07T15:00").await.answers(won, SATO, "proposal", &[("progress", "訪問済み。要件を確認。")]).await;
    let counts = [("アプローチ".to_owned(), 2), ("提案".to_owned(), 1)].into();
    assert_eq!(pipeline(tale).await, counts);
    // The team wants the engineers' help before each proposal: a new version, and the running cases go on under it.
    let second = folder("sales", with_engineers);
    practice::publish(tale.house.host.world(), &[second], true).await.expect("published");
    tale.on("2026-12-08T10:00").await;
    assert_eq!(migrate(tale).await, 3, "all that are open");
    tale.answers(lost, SUZUKI, "proposal", &[("progress", "増設は来期予算とのこと。")]).await;
    tale.stands(lost, "open support -").await;
    tale.on("2026-12-09T10:00")
        .await
        .answers(lost, ENDO, "supported", &[("advice", "段階導入の構成を推奨します。")])
        .await;
    tale.stands(lost, "open proposal -").await;
    // The approach that nobody hears of: a reminder, then the manager, then it is stopped.
    tale.on("2026-12-15T11:30").await;
    assert_eq!(tale.mails(stopped, ISHII, "late").await, 1);
    let why = [("stop_reason", "unreachable"), ("progress", "三度お電話したが、ご不在。")];
    tale.on("2026-12-16T09:00").await.answers(stopped, TAKAHASHI, "stop", &why).await;
    tale.stands(stopped, "closed - stopped").await;
}

async fn won_or_lost(tale: &mut Tale, Cases { won, lost, .. }: &Cases) {
    // Nobody stops a negotiation: it is won or lost.
    tale.on("2026-12-17T14:00").await.answers(won, SATO, "negotiation", &[("progress", "")]).await;
    tale.answers(lost, SUZUKI, "negotiation", &[("progress", "")]).await;
    let link = tale.house.open_link(SATO, won).await;
    tale.house.answer(&link, "stop", &[("stop_reason", "budget")]).await;
    tale.stands(won, "open negotiation -").await;
    tale.on("2026-12-22T16:00").await.answers(won, SATO, "concluded", &[]).await;
    tale.answers(won, SATO, "won", &[("amount", "1,200,000"), ("won_reason", "support")]).await;
    tale.stands(won, "closed - won").await;
    tale.answers(lost, SUZUKI, "concluded", &[]).await;
    tale.answers(lost, SUZUKI, "lost", &[("lost_reason", "timing"), ("competitor", "")]).await;
    tale.stands(lost, "closed - lost").await;
    assert_eq!(pipeline(tale).await, BTreeMap::new());
}
