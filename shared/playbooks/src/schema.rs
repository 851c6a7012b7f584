//! JSON Schemas of a folder's files, from the types that read them: editors check as one types. They are committed
//! (`schema/`), and this test fails when they differ; `UPDATE=1 cargo test -p banto-playbooks` writes them anew.

use std::collections::BTreeMap;
use std::path::Path;

use banto_domain::playbook::{Flow, Helpline, Question};
use schemars::{Schema, schema_for};
use serde_json::{Value, json};

use crate::folder::{Emergency, Front, Main};

fn schemas() -> Vec<(&'static str, Schema)> {
    vec![
        ("playbook", schema_for!(Main)),
        ("questions", schema_for!(BTreeMap<String, Question>)),
        ("flow", schema_for!(Flow)),
        ("front-matter", schema_for!(Front)),
        ("emergency", schema_for!(Emergency)),
        ("helplines", schema_for!(Vec<Helpline>)),
    ]
}

/// As it is committed: also with what the types leave to the checks.
fn written(name: &str, schema: Schema) -> String {
    let mut schema = schema.to_value();
    if name == "flow" {
        let actions: Vec<Value> = banto_domain::steps::nodes().map(|step| json!(step.name)).collect();
        schema["$defs"]["Node"]["properties"]["action"]["enum"] = actions.into();
    }
    if name == "questions" {
        schema["title"] = json!("Questions and their answers, by name");
    }
    format!("{schema:#}\n")
}

#[test]
fn committed_schemas_are_those_of_the_types() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for (name, schema) in schemas() {
        let (path, now) = (root.join(format!("schema/{name}.json")), written(name, schema));
        if std::env::var_os("UPDATE").is_some() {
            std::fs::write(&path, &now).expect("written");
        }
        let committed = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(committed == now, "{} differs; UPDATE=1 writes it anew", path.display());
    }
}

#[test]
fn ready_made_files_name_their_schema() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for dir in ["common", "yamada", "harbor", "sales", "helpdesk"] {
        let flows = std::fs::read_dir(root.join(dir).join("flows")).expect("flows");
        let flows = flows.map(|flow| (flow.expect("a file").path(), "flow"));
        let files = ["playbook", "questions"].map(|name| (root.join(dir).join(format!("{name}.yaml")), name));
        for (path, name) in files.into_iter().filter(|(path, _)| path.exists()).chain(flows) {
            let text = std::fs::read_to_string(&path).expect("text");
            let line = text.lines().next().and_then(|line| line.strip_prefix("# yaml-language-server: $schema="));
            let schema = path.parent().expect("a folder").join(line.expect("a first line with the schema"));
            let wanted = root.join(format!("schema/{name}.json"));
            assert_eq!(schema.canonicalize().ok(), wanted.canonicalize().ok(), "{}", path.display());
        }
    }
}
