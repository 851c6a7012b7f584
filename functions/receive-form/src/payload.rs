//! Reads a submission: JSON or form-encoded, mapped as the playbook says.

use std::collections::BTreeMap;

use banto_aws::Request;
use banto_aws::words::readable;
use banto_domain::playbook::{Answers, Form};
use serde_json::Value;

/// A submission, still unchecked.
#[derive(Debug, Default)]
pub(crate) struct Submitted {
    /// The provider's id of it, or the hash of its content.
    pub(crate) id: String,
    /// Values by fact.
    pub(crate) values: BTreeMap<String, String>,
    /// Everything that was said, also in fields that the form doesn't name, or in what can't be read: an emergency word is
    /// looked for in all of it.
    pub(crate) heard: Vec<String>,
    /// What is broken about its syntax.
    pub(crate) broken: Option<String>,
}

/// Reads a submission.
pub(crate) fn read(form: &Form, request: &Request) -> Submitted {
    match understand(form, request) {
        Ok(submitted) => submitted,
        Err(why) => {
            let text = String::from_utf8_lossy(request.body());
            let id = banto_domain::state::commit::hash(&text);
            let heard = vec![readable(request.body()), text.into_owned()];
            Submitted { id, heard, broken: Some(why), ..Submitted::default() }
        }
    }
}

fn understand(form: &Form, request: &Request) -> Result<Submitted, String> {
    let kind = request.headers().get(http::header::CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or("");
    let kind = kind.split(';').next().unwrap_or("").trim().to_ascii_lowercase();
    let content =
        std::str::from_utf8(request.body()).map_err(|e| format!("not UTF-8 after byte {}", e.valid_up_to()))?;
    let found = match kind.as_str() {
        "application/json" => from_json(form, content)?,
        "application/x-www-form-urlencoded" => from_pairs(content)?,
        _ => return Err("expected application/json or application/x-www-form-urlencoded".to_owned()),
    };
    let id = found.id.clone().unwrap_or_else(|| banto_domain::state::commit::hash(content));
    let value = |(fact, field): (&String, &String)| Some((fact.clone(), found.get(field)?));
    let values: BTreeMap<String, String> = form.fields.iter().filter_map(value).collect();
    let heard = values.values().chain(found.named.values()).cloned().chain(found.rest(form)).collect();
    Ok(Submitted { id, values, heard, broken: None })
}

/// What a body says, before the mapping.
struct Found {
    id: Option<String>,
    json: Value,
    named: BTreeMap<String, String>,
}

impl Found {
    fn get(&self, field: &str) -> Option<String> {
        if field.starts_with('/') { self.json.pointer(field).and_then(scalar) } else { self.named.get(field).cloned() }
    }

    /// What stands anywhere in a JSON body. A provider that lists answers sends its questions, too: those nobody said.
    fn rest(&self, form: &Form) -> Vec<String> {
        let mut all = Vec::new();
        if form.answers.is_none() {
            scalars(&self.json, &mut all);
        }
        all
    }
}

fn from_json(form: &Form, content: &str) -> Result<Found, String> {
    let json: Value = serde_json::from_str(content)
        .map_err(|e| format!("broken JSON in line {}, column {}", e.line(), e.column()))?;
    let id = form.id.as_deref().and_then(|at| json.pointer(at)).and_then(scalar);
    let named = match &form.answers {
        Some(answers) => listed(answers, &json),
        None => json.as_object().into_iter().flatten().filter_map(|(k, v)| Some((k.clone(), scalar(v)?))).collect(),
    };
    Ok(Found { id, json, named })
}

fn from_pairs(content: &str) -> Result<Found, String> {
    let pairs: Vec<(String, String)> =
        serde_urlencoded::from_str(content).map_err(|e| format!("broken form encoding: {e}"))?;
    Ok(Found { id: None, json: Value::Null, named: pairs.into_iter().collect() })
}

fn listed(answers: &Answers, json: &Value) -> BTreeMap<String, String> {
    let list = json.pointer(&answers.list).and_then(Value::as_array);
    let one = |answer: &Value| {
        let key = answer.pointer(&answers.key)?.as_str()?.to_owned();
        Some((key, answers.value.iter().find_map(|at| answer.pointer(at).and_then(scalar))?))
    };
    list.into_iter().flatten().filter_map(one).collect()
}

/// serde_json reads no deeper than 128.
fn scalars(value: &Value, all: &mut Vec<String>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| scalars(item, all)),
        Value::Object(fields) => fields.values().for_each(|field| scalars(field, all)),
        one => all.extend(scalar(one)),
    }
}

fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(yes) => Some(yes.to_string()),
        _ => None,
    }
}
