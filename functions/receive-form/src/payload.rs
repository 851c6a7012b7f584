//! Reads a submission: JSON or form-encoded, in the charset that it declares, mapped as the playbook says.

use std::borrow::Cow;
use std::collections::BTreeMap;

use banto_aws::Request;
use banto_aws::reading::{self, Unread};
use banto_domain::playbook::{Answers, Form};
use serde_json::Value;

/// A submission, still unchecked.
#[derive(Debug, Default)]
pub(crate) struct Submitted {
    /// The provider's id of it, where it has one that can tell two apart.
    pub(crate) id: Option<String>,
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
    let kind = request.headers().get(http::header::CONTENT_TYPE).map(|v| String::from_utf8_lossy(v.as_bytes()));
    let kind = kind.unwrap_or(Cow::Borrowed(""));
    understand(form, &kind, request.body()).unwrap_or_else(|why| {
        let charset = reading::declared(&kind).ok().flatten();
        Submitted { heard: reading::readings(request.body(), charset), broken: Some(why), ..Submitted::default() }
    })
}

fn understand(form: &Form, kind: &str, body: &[u8]) -> Result<Submitted, String> {
    let charset = reading::declared(kind).map_err(|e| e.to_string())?;
    let found = match kind.split(';').next().unwrap_or("").trim().to_ascii_lowercase().as_str() {
        "application/json" => from_json(form, &reading::text(body, charset).map_err(|e| e.to_string())?)?,
        "application/x-www-form-urlencoded" => {
            from_pairs(reading::form(body, charset).map_err(|e: Unread| e.to_string())?)
        }
        _ => return Err("expected application/json or application/x-www-form-urlencoded".to_owned()),
    };
    let value = |(fact, field): (&String, &String)| Some((fact.clone(), found.get(field)?));
    let values: BTreeMap<String, String> = form.fields.iter().filter_map(value).collect();
    let all = values.values().chain(found.named.values()).cloned().chain(found.rest(form));
    let heard = all.flat_map(|text| [reading::meant(&text), Some(text)]).flatten().collect();
    let id = found.id.filter(|id| !id.trim().is_empty());
    Ok(Submitted { id, values, heard, broken: None })
}

/// What a body says, before the mapping.
struct Found {
    id: Option<String>,
    json: Value,
    named: BTreeMap<String, String>,
    /// What else stands in fields of the same name.
    again: Vec<String>,
}

impl Found {
    fn get(&self, field: &str) -> Option<String> {
        if field.starts_with('/') { self.json.pointer(field).and_then(scalar) } else { self.named.get(field).cloned() }
    }

    /// What stands anywhere in a JSON body. A provider that lists answers sends its questions, too: those nobody said.
    fn rest(&self, form: &Form) -> Vec<String> {
        let mut all = self.again.clone();
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
    Ok(Found { id, json, named, again: Vec::new() })
}

fn from_pairs(pairs: Vec<(String, String)>) -> Found {
    let (mut named, mut again) = (BTreeMap::new(), Vec::new());
    for (name, value) in pairs {
        again.extend(named.insert(name, value));
    }
    Found { id: None, json: Value::Null, named, again }
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
