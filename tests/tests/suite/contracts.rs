//! What must agree: folders, template, registry; rules and the events that they wait for; permissions and what the code
//! does; the catalogue of events and the entries.

mod samples;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use banto::plan::Plan;
use banto::registry::functions;
use banto::router::Router;
use banto::template::{BUILT_IN, Target, Template};
use banto_domain::state::Event;
use banto_domain::state::commit::VERSION;
use banto_domain::{Actor, CaseId, ClientId, Commit, Entry, Stamped, StoredCommit};
use serde_json::{Value, json};

use self::samples::{id, samples};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn read(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).unwrap_or_else(|e| panic!("{path}: {e}"))
}

fn folders() -> BTreeSet<String> {
    let entries = std::fs::read_dir(root().join("functions")).expect("functions/");
    entries.map(|e| e.expect("an entry").file_name().into_string().expect("UTF-8")).collect()
}

fn template() -> Template {
    Template::built_in().expect("the template")
}

#[test]
fn folder_package_binary_template_and_registry_have_the_same_names() {
    let registered: BTreeSet<String> = functions().iter().map(|f| f.name.to_owned()).collect();
    let in_template: BTreeSet<String> = template().functions.into_keys().collect();
    assert_eq!(folders(), registered);
    assert_eq!(folders(), in_template);
    for name in folders() {
        let manifest = read(&format!("functions/{name}/Cargo.toml"));
        assert_eq!(manifest.matches(&format!("name = \"{name}\"")).count(), 2, "{name}: package and binary");
        assert!(BUILT_IN.contains(&format!("target/lambda/{name}/")), "{name}: the template deploys its binary");
    }
    Plan::new(template(), functions()).expect("they fit together");
}

#[test]
fn a_binary_is_wiring_only() {
    for name in folders() {
        let main = read(&format!("functions/{name}/src/main.rs"));
        assert!(main.lines().count() <= 12, "{name}: main.rs has {} lines", main.lines().count());
        assert!(main.contains(&format!("`{name}`")), "{name}: main.rs names it");
    }
}

#[test]
fn layers_can_not_be_skipped() {
    for name in folders() {
        let manifest = read(&format!("functions/{name}/Cargo.toml"));
        for forbidden in ["aws-sdk", "aws-smithy", "lambda_", "axum", "rusqlite"] {
            assert!(!manifest.contains(forbidden), "{name} depends on {forbidden}");
        }
    }
    let domain = read("shared/domain/Cargo.toml");
    for forbidden in ["tokio", "aws", "http", "rand", "getrandom", "tracing", "async"] {
        assert!(!domain.contains(forbidden), "the domain depends on {forbidden}");
    }
}

/// The `Policies` of each function, as the template writes them.
fn statements() -> Vec<(String, Value)> {
    let template: Value = serde_saphyr::from_str(BUILT_IN).expect("YAML");
    let resources = template["Resources"].as_object().expect("resources");
    let functions = resources.values().filter(|r| r["Type"] == "AWS::Serverless::Function");
    let mut all = Vec::new();
    for function in functions {
        let name = function["Properties"]["FunctionName"]["Fn::Sub"].as_str().expect("a name");
        let name = name.trim_start_matches("${AWS::StackName}-").to_owned();
        for policy in function["Properties"]["Policies"].as_array().expect("policies") {
            for statement in policy["Statement"].as_array().expect("statements") {
                all.push((name.clone(), statement.clone()));
            }
        }
    }
    all
}

fn allowed(action: &str) -> BTreeSet<String> {
    let names = |statement: &Value| match &statement["Action"] {
        Value::String(one) => one.starts_with(action),
        many => many.as_array().into_iter().flatten().any(|a| a.as_str().is_some_and(|a| a.starts_with(action))),
    };
    statements().into_iter().filter(|(_, s)| names(s)).map(|(name, _)| name).collect()
}

/// All sources below a folder.
fn code_in(dir: &std::path::Path) -> String {
    let paths = std::fs::read_dir(dir).expect("sources").map(|entry| entry.expect("an entry").path());
    paths
        .map(|path| if path.is_dir() { code_in(&path) } else { std::fs::read_to_string(path).expect("UTF-8") })
        .collect()
}

#[test]
fn only_send_message_may_send_and_only_publish_journal_may_publish() {
    assert_eq!(allowed("ses:"), BTreeSet::from(["send-message".to_owned()]));
    assert_eq!(allowed("events:"), BTreeSet::from(["publish-journal".to_owned()]));
    for name in folders() {
        let code = code_in(&root().join(format!("functions/{name}/src")));
        assert_eq!(code.contains("Mailer"), name == "send-message", "{name}");
        assert_eq!(code.contains("Publisher"), name == "publish-journal", "{name}");
    }
}

#[test]
fn no_permission_is_wider_than_named_resources_and_actions() {
    assert!(!statements().is_empty());
    for (name, statement) in statements() {
        let text = statement.to_string();
        assert!(!text.contains("\"*\"") && !text.contains(":*\""), "{name}: {text}");
        assert!(!text.contains("dynamodb:Scan"), "{name}: {text}");
        // Nothing is ever deleted but the stop of an address, by the person who lifts it.
        let may_delete = name == "answer-ask" && text.contains("STOPPED#");
        assert!(!text.contains("dynamodb:Delete") || may_delete, "{name}: {text}");
    }
}

fn event(entry: Entry) -> Event {
    let cause = match &entry {
        Entry::StepRetried { cause, .. } => cause.clone(),
        _ => id("entry"),
    };
    Event {
        v: VERSION,
        client: ClientId::parse("yamada").expect("a name"),
        case: CaseId::derive(&["sample"]),
        seq: 2,
        index: 0,
        action: entry.action().map(str::to_owned),
        cause,
        at: "2026-12-01T00:00:00Z".parse().expect("an instant"),
        entry: Stamped { id: id("entry"), v: VERSION, entry },
    }
}

/// The event as EventBridge hands it to a rule.
fn on_the_bus(event: &Event) -> Value {
    json!({ "source": banto_aws::SOURCE, "detail-type": event.entry.entry.kind(), "detail": event })
}

#[test]
fn the_catalogue_is_what_leaves_and_reads_back() {
    // `UPDATE=1 cargo test -p banto-tests` writes the samples anew.
    let update = std::env::var("UPDATE").is_ok();
    for entry in samples() {
        let name = format!("events/samples/{}.json", entry.kind());
        let fresh = serde_json::to_string_pretty(&on_the_bus(&event(entry.clone()))).expect("JSON") + "\n";
        if update {
            std::fs::write(root().join(&name), &fresh).expect("written");
        }
        assert_eq!(read(&name), fresh, "{name}; write it anew with UPDATE=1");
        let stored: Value = serde_json::from_str(&fresh).expect("JSON");
        let back: Event = serde_json::from_value(stored["detail"].clone()).expect("an event");
        assert_eq!(back.entry.entry, entry);
    }
    let files = std::fs::read_dir(root().join("events/samples")).expect("samples").count();
    assert_eq!(files, samples().len(), "a sample of a type that is no more");
}

#[test]
fn the_schema_of_events_is_that_of_the_types() {
    let schema = schemars::schema_for!(Event);
    let fresh = format!("{:#}\n", schema.to_value());
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(root().join("events/schema.json"), &fresh).expect("written");
    }
    assert!(read("events/schema.json") == fresh, "events/schema.json differs; UPDATE=1 writes it anew");
}

/// A journal in which every entry occurs, in today's shape: added when a version is new, and never changed once it is
/// released.
#[test]
fn todays_version_has_a_journal_of_every_entry() {
    let path = format!("events/golden/v{VERSION}.jsonl");
    let mut prev = String::new();
    let mut lines = String::new();
    for (n, entry) in samples().into_iter().enumerate() {
        let commit = Commit {
            v: VERSION,
            client: ClientId::parse("yamada").expect("a name"),
            case: CaseId::derive(&["sample"]),
            seq: n as u64 + 1,
            prev: prev.clone(),
            cause: id("entry"),
            function: "receive-form".to_owned(),
            actor: Actor::Person { person: "sato".to_owned() },
            recorded_at: "2026-12-01T00:00:00Z".parse().expect("an instant"),
            entries: vec![Stamped { id: id("entry"), v: VERSION, entry }],
        };
        let sealed = commit.seal().expect("sealed");
        prev = sealed.hash;
        lines += &format!("{}\n", sealed.body);
    }
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(root().join(&path), &lines).expect("written");
    }
    assert!(read(&path) == lines, "{path} is another; while this version isn't released, UPDATE=1 writes it anew");
}

#[test]
fn every_released_journal_can_still_be_read() {
    let mut kinds = BTreeSet::new();
    for file in std::fs::read_dir(root().join("events/golden")).expect("a corpus") {
        let path = file.expect("a file").path();
        if path.extension().is_none_or(|ending| ending != "jsonl") {
            continue;
        }
        let corpus = std::fs::read_to_string(path).expect("text");
        assert!(corpus.lines().count() > 0);
        for line in corpus.lines() {
            let stored = StoredCommit { claim: id("x"), seq: 0, hash: String::new(), body: line.to_owned() };
            let commit = stored.open().unwrap_or_else(|e| panic!("{e}: {line}"));
            let value: Value = serde_json::from_str(line).expect("JSON");
            assert_eq!(serde_json::to_value(&commit).expect("JSON"), value, "nothing is lost in reading");
            kinds.extend(commit.entries.iter().map(|e| e.entry.kind()));
        }
    }
    let all: BTreeSet<&str> = samples().iter().map(Entry::kind).collect();
    let missing: Vec<&&str> = all.difference(&kinds).collect();
    assert!(missing.is_empty(), "not in the corpus, so nobody would notice a change of shape: {missing:?}");
}

#[test]
fn every_rule_is_hit_by_a_sample_and_every_step_finds_its_function() {
    let template = template();
    let router = Router::new(&template).expect("rules");
    let mut hit = BTreeSet::new();
    let by_queue = |target: &Target| match target {
        Target::Function(name) => name.clone(),
        Target::Queue(queue) => {
            let mapping = template.queue_mappings.iter().find(|m| m.queue == *queue);
            mapping.map(|m| m.function.clone()).expect("a function reads the queue")
        }
        Target::Bus(_) => unreachable!("a route ends at a function or a queue"),
    };
    let every_action = folders().into_iter().map(|action| Entry::TimerFired {
        timer: id("timer"),
        name: "nudge".to_owned(),
        action,
        about: None,
    });
    for entry in samples().into_iter().chain(every_action) {
        let routed = router.route(&template.bus, &on_the_bus(&event(entry.clone())));
        let reached: Vec<String> = routed.iter().map(|r| by_queue(&r.target)).collect();
        hit.extend(routed.into_iter().map(|r| r.rule));
        let takes_steps = |a: &str| template.rules.iter().any(|r| r.pattern["detail"]["action"][0] == a);
        let wanted: Vec<String> = entry.action().filter(|a| takes_steps(a)).map(str::to_owned).into_iter().collect();
        assert_eq!(reached, wanted, "{}", entry.kind());
    }
    let mail = json!({ "source": "aws.ses", "detail-type": "Email Sent", "detail": {
        "eventType": "Send", "mail": { "messageId": "x", "tags": { "ses:configuration-set": configuration_sets(&template) } } } });
    hit.extend(router.route("default", &mail).into_iter().map(|r| r.rule));
    let all: BTreeSet<String> =
        template.rules.iter().filter(|r| !matches!(r.target, Target::Bus(_))).map(|r| r.name.clone()).collect();
    assert_eq!(hit, all);
}

fn configuration_sets(template: &Template) -> Vec<String> {
    template.mail_events.iter().map(|m| m.configuration_set.clone()).collect()
}

#[test]
fn the_readme_tells_of_every_function_as_its_contract_does() {
    let readme = read("README.md");
    let contracts = banto_domain::steps::all();
    let named: BTreeSet<String> = contracts.iter().map(|step| step.name.to_owned()).collect();
    assert_eq!(named, folders(), "each function has a contract");
    for step in contracts {
        let row = format!("| `{}` | {} |", step.name, step.does);
        assert!(readme.contains(&row), "README.md lacks the row: {row}");
    }
}
