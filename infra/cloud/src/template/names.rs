//! What references come to on this machine: names, ARNs and URLs in the form AWS gives them. Refuses short-form tags
//! and every intrinsic that isn't needed.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::TemplateError;
use crate::wire::{ACCOUNT, REGION};

/// The stack's name on this machine; names that the template leaves open come from it.
pub(super) const STACK: &str = "banto";

/// The URL of a queue.
pub(super) fn queue_url(name: &str) -> String {
    format!("https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/{name}")
}

/// What a logical id stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Named {
    /// The resource's type.
    pub(super) kind: String,
    /// Its name on this machine.
    pub(super) name: String,
}

/// All that can be referred to.
#[derive(Debug, Default)]
pub(super) struct Names {
    resources: BTreeMap<String, Named>,
    parameters: BTreeMap<String, Option<String>>,
}

impl Names {
    /// Looks through parameters and resources.
    pub(super) fn collect(parameters: &Map<String, Value>, resources: &Map<String, Value>) -> Self {
        let default = |p: &Value| p["Default"].as_str().map(str::to_owned);
        let mut names = Self {
            parameters: parameters.iter().map(|(k, p)| (k.clone(), default(p))).collect(),
            resources: BTreeMap::new(),
        };
        for (id, resource) in resources {
            let named = names.name(id, resource);
            names.resources.insert(id.clone(), named);
        }
        names
    }

    /// A resource's name: as the template says, else the stack's for what there is one of, else its logical id.
    fn name(&self, id: &str, resource: &Value) -> Named {
        let kind = resource["Type"].as_str().unwrap_or_default().to_owned();
        let properties = &resource["Properties"];
        let said = ["FunctionName", "QueueName", "TableName", "Name"]
            .iter()
            .find_map(|key| self.text(&properties[*key]).ok().flatten())
            .filter(|_| !kind.ends_with("EventSourceMapping"));
        let own = if kind == "AWS::DynamoDB::Table" { STACK } else { id };
        Named { name: said.unwrap_or_else(|| own.to_owned()), kind }
    }

    /// The resource behind `Ref`, `Fn::GetAtt` or an ARN already resolved.
    pub(super) fn target(&self, value: &Value) -> Option<&Named> {
        if let Some(id) = value["Ref"].as_str() {
            return self.resources.get(id);
        }
        let (id, _) = attribute(value)?;
        self.resources.get(&id)
    }

    /// A text with its references resolved. `None` if it depends on a parameter without a default.
    pub(super) fn text(&self, value: &Value) -> Result<Option<String>, String> {
        match value {
            Value::String(text) => Ok(Some(text.clone())),
            Value::Number(number) => Ok(Some(number.to_string())),
            Value::Object(_) => {
                if let Some(id) = value["Ref"].as_str() {
                    self.reference(id)
                } else if let Some((id, attribute)) = attribute(value) {
                    self.attribute(&id, &attribute).map(Some)
                } else if let Some(template) = value["Fn::Sub"].as_str() {
                    self.substitute(template)
                } else {
                    Err("only Ref, Fn::GetAtt and Fn::Sub (with a text) are understood here".to_owned())
                }
            }
            _ => Err("expected a text or a reference".to_owned()),
        }
    }

    fn reference(&self, id: &str) -> Result<Option<String>, String> {
        if let Some(pseudo) = pseudo(id) {
            return Ok(Some(pseudo.to_owned()));
        }
        if let Some(default) = self.parameters.get(id) {
            return Ok(default.clone());
        }
        let named = self.resources.get(id).ok_or_else(|| format!("{id} is neither a parameter nor a resource"))?;
        Ok(Some(if named.kind == "AWS::SQS::Queue" { queue_url(&named.name) } else { named.name.clone() }))
    }

    fn attribute(&self, id: &str, attribute: &str) -> Result<String, String> {
        let named = self.resources.get(id).ok_or_else(|| format!("{id} is not a resource"))?;
        if attribute == "QueueName" {
            return Ok(named.name.clone());
        }
        let service = named.kind.split("::").nth(1).unwrap_or_default().to_lowercase();
        Ok(format!("arn:aws:{service}:{REGION}:{ACCOUNT}:{}", named.name))
    }

    fn substitute(&self, template: &str) -> Result<Option<String>, String> {
        let (mut out, mut rest) = (String::new(), template);
        while let Some(at) = rest.find("${") {
            let end = rest[at..].find('}').ok_or("a ${ without its }")? + at;
            let id = &rest[at + 2..end];
            out.push_str(&rest[..at]);
            let value = match id.split_once('.') {
                Some((id, attribute)) => Some(self.attribute(id, attribute)?),
                None => self.reference(id)?,
            };
            match value {
                Some(value) => out.push_str(&value),
                None => return Ok(None),
            }
            rest = &rest[end + 1..];
        }
        out.push_str(rest);
        Ok(Some(out))
    }

    /// Every reference inside `value` resolved: for event patterns.
    pub(super) fn resolve(&self, place: &str, value: &Value) -> Result<Value, TemplateError> {
        match value {
            Value::Object(map) if map.keys().any(|k| k == "Ref" || k.starts_with("Fn::")) => {
                let text = self.text(value).map_err(|e| TemplateError::refused(place, e))?;
                text.map(Value::String)
                    .ok_or_else(|| TemplateError::refused(place, "depends on a parameter without a default"))
            }
            Value::Object(map) => map
                .iter()
                .map(|(k, v)| Ok((k.clone(), self.resolve(place, v)?)))
                .collect::<Result<_, _>>()
                .map(Value::Object),
            Value::Array(list) => {
                list.iter().map(|v| self.resolve(place, v)).collect::<Result<_, _>>().map(Value::Array)
            }
            other => Ok(other.clone()),
        }
    }
}

/// `Fn::GetAtt` in either of its long forms.
fn attribute(value: &Value) -> Option<(String, String)> {
    match &value["Fn::GetAtt"] {
        Value::Array(parts) => Some((parts.first()?.as_str()?.to_owned(), parts.get(1)?.as_str()?.to_owned())),
        Value::String(text) => text.split_once('.').map(|(a, b)| (a.to_owned(), b.to_owned())),
        _ => None,
    }
}

fn pseudo(id: &str) -> Option<&'static str> {
    Some(match id {
        "AWS::StackName" => STACK,
        "AWS::Region" => REGION,
        "AWS::AccountId" => ACCOUNT,
        "AWS::Partition" => "aws",
        _ => return None,
    })
}
