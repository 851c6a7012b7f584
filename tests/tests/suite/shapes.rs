//! A changed shape without a new version is noticed. While a release is rolled out, processes of two versions share the
//! table: each reads what the other wrote, and goes by its version. So a shape that was released under a version is that
//! version's for ever; `events/shapes.txt` keeps a fingerprint of each.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use banto_domain::Case;
use banto_domain::state::{Event, Personal, VERSION, commit};
use serde_json::Value;

fn file() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../events/shapes.txt")
}

/// A schema without what is only said to people.
fn bare(schema: Value) -> Value {
    match schema {
        Value::Object(map) => {
            let kept = map.into_iter().filter(|(name, value)| !(name == "description" && value.is_string()));
            Value::Object(kept.map(|(name, value)| (name, bare(value))).collect())
        }
        Value::Array(list) => Value::Array(list.into_iter().map(bare).collect()),
        other => other,
    }
}

fn fingerprint(schemas: &[schemars::Schema]) -> String {
    let bare: Vec<String> = schemas.iter().map(|schema| bare(schema.clone().to_value()).to_string()).collect();
    commit::hash(&bare.join("\n")).chars().take(32).collect()
}

/// Today's shapes, as lines of the file: what, which version, its fingerprint.
fn today() -> BTreeMap<String, String> {
    let entries = [schemars::schema_for!(Event)];
    let snapshot = [schemars::schema_for!(Case), schemars::schema_for!(Personal)];
    BTreeMap::from([
        (format!("entries v{}", commit::VERSION), fingerprint(&entries)),
        (format!("snapshot v{}", VERSION), fingerprint(&snapshot)),
    ])
}

fn kept(text: &str) -> BTreeMap<String, String> {
    let line = |line: &str| line.rsplit_once(' ').map(|(what, hash)| (what.to_owned(), hash.to_owned()));
    text.lines().filter(|l| !l.starts_with('#')).filter_map(line).collect()
}

#[test]
fn a_changed_shape_has_a_new_version() {
    let text = std::fs::read_to_string(file()).expect("events/shapes.txt");
    let (mut kept, today) = (kept(&text), today());
    let wrong: Vec<&String> = today.iter().filter(|(what, hash)| kept.get(*what) != Some(*hash)).map(|t| t.0).collect();
    if std::env::var_os("UPDATE").is_some() {
        let head: String = text.lines().filter(|l| l.starts_with('#')).map(|l| format!("{l}\n")).collect();
        kept.extend(today);
        let lines: String = kept.iter().map(|(what, hash)| format!("{what} {hash}\n")).collect();
        std::fs::write(file(), head + &lines).expect("written");
        return;
    }
    assert!(
        wrong.is_empty(),
        "another shape than the one that is kept for {wrong:?}.\n\
         - Was that version released? Then raise VERSION (shared/domain: commit.rs for entries, case.rs for the snapshot); \
         for entries, append an upcaster and take the golden corpus of the version before (events/README.md).\n\
         - Is it not released yet? Then it may still change.\n\
         Either way: UPDATE=1 cargo test -p banto-tests shapes, and read the diff of events/shapes.txt."
    );
}

#[test]
fn words_for_people_are_no_shape_and_a_field_is() {
    let schema = |text: &str| bare(serde_json::from_str(text).expect("JSON"));
    let before = schema(r#"{ "description": "x", "properties": { "description": { "type": "string" } } }"#);
    let said = schema(r#"{ "description": "y", "properties": { "description": { "type": "string" } } }"#);
    let field = schema(r#"{ "description": "x", "properties": { "descriptions": { "type": "string" } } }"#);
    assert!(before == said && before != field);
}
