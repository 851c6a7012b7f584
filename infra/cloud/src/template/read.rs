//! From the document to the model, one resource after the other.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

use super::names::{Named, Names, STACK};
use super::resources as shape;
use super::{
    FunctionSpec, Index, MailEvents, Queue, QueueMapping, Route, Rule, Schedule, StreamMapping, Table, Target,
    Template, TemplateError,
};
use crate::schedule::When;

type Read<T> = Result<T, TemplateError>;

/// What has been read so far.
#[derive(Default)]
struct Parts {
    functions: BTreeMap<String, FunctionSpec>,
    routes: Vec<Route>,
    rules: Vec<Rule>,
    queues: BTreeMap<String, Queue>,
    queue_mappings: Vec<QueueMapping>,
    streams: Vec<StreamMapping>,
    schedules: Vec<Schedule>,
    tables: Vec<Table>,
    buses: Vec<String>,
    mail_events: Option<MailEvents>,
}

pub(super) fn template(document: &Value) -> Read<Template> {
    let empty = Map::new();
    let section = |name: &str| document[name].as_object().unwrap_or(&empty);
    let names = Names::collect(section("Parameters"), section("Resources"));
    let globals = globals(&document["Globals"])?;
    let mut parts = Parts::default();
    for (id, value) in section("Resources") {
        let place = format!("Resources.{id}");
        let resource: shape::Resource = take(&place, value)?;
        parts.resource(&names, &globals, id, &format!("{place}.Properties"), &resource)?;
    }
    parts.finish()
}

/// What all functions have in common, merged into each as SAM does for the keys we permit.
fn globals(value: &Value) -> Read<Value> {
    for key in value.as_object().into_iter().flat_map(Map::keys) {
        if key != "Function" {
            return Err(TemplateError::refused(format!("Globals.{key}"), "only Globals.Function is understood"));
        }
    }
    Ok(value["Function"].clone())
}

fn merged(globals: &Value, own: &Value) -> Value {
    match (globals, own) {
        (Value::Object(base), Value::Object(over)) => {
            let mut all = base.clone();
            for (key, value) in over {
                let value = merged(base.get(key).unwrap_or(&Value::Null), value);
                all.insert(key.clone(), value);
            }
            Value::Object(all)
        }
        (base, Value::Null) => base.clone(),
        (_, own) => own.clone(),
    }
}

fn take<T: DeserializeOwned>(place: &str, value: &Value) -> Read<T> {
    serde_json::from_value(value.clone()).map_err(|e| TemplateError::refused(place, e.to_string()))
}

impl Parts {
    fn resource(
        &mut self,
        names: &Names,
        globals: &Value,
        id: &str,
        place: &str,
        resource: &shape::Resource,
    ) -> Read<()> {
        let properties = &resource.properties;
        let kind = resource.kind.as_str();
        if shape::IGNORED.iter().any(|(ignored, _)| *ignored == kind) {
            return Ok(());
        }
        if resource.condition.is_some() {
            return Err(TemplateError::refused(
                place,
                format!("a {kind} must not depend on a condition: both hosts run the same house"),
            ));
        }
        match kind {
            "AWS::Serverless::Function" => self.function(names, place, &merged(globals, properties)),
            "AWS::Events::Rule" => self.rule(names, id, place, &take(place, properties)?),
            "AWS::Events::EventBus" => {
                let shape::Bus { .. } = take(place, properties)?;
                self.buses.push(named(names, place, &json!({ "Ref": id }))?.name.clone());
                Ok(())
            }
            "AWS::SQS::Queue" => self.queue(names, id, place, take(place, properties)?),
            "AWS::Lambda::EventSourceMapping" => self.mapping(names, place, take(place, properties)?),
            "AWS::DynamoDB::Table" => self.table(place, properties),
            "AWS::SES::ConfigurationSetEventDestination" => self.mail_events(names, place, take(place, properties)?),
            other => Err(TemplateError::refused(
                place,
                format!("{other} is not a resource type that this host carries out or ignores"),
            )),
        }
    }

    fn function(&mut self, names: &Names, place: &str, properties: &Value) -> Read<()> {
        let read: shape::Function = take(place, properties)?;
        let full = text(names, place, &read.name)?;
        let name = full.strip_prefix(&format!("{STACK}-")).unwrap_or(&full).to_owned();
        for (event, spec) in &read.events {
            self.event(names, &format!("{place}.Events.{event}"), &name, spec)?;
        }
        let dead_letter_queue = read.dead_letter_queue.map(|d| queue_name(names, place, &d.arn)).transpose()?;
        let mut environment = BTreeMap::new();
        for (key, value) in &read.environment.variables {
            if let Some(text) = names.text(value).map_err(|e| TemplateError::refused(place, e))? {
                environment.insert(key.clone(), text);
            }
        }
        let spec = FunctionSpec {
            name: name.clone(),
            timeout: Duration::from_secs(read.timeout.unwrap_or(3)),
            memory: read.memory.unwrap_or(128),
            retries: read.invoke.and_then(|i| i.retries).unwrap_or(2),
            dead_letter_queue,
            environment,
        };
        self.functions.insert(name, spec);
        Ok(())
    }

    fn event(&mut self, names: &Names, place: &str, function: &str, event: &shape::Event) -> Read<()> {
        match event.kind.as_str() {
            "HttpApi" => {
                let read: shape::HttpEvent = take(place, &event.properties)?;
                let method = read.method.to_uppercase();
                if !matches!(method.as_str(), "GET" | "POST") {
                    return Err(TemplateError::refused(place, "a route is GET or POST"));
                }
                self.routes.push(Route { method, path: read.path, function: function.to_owned() });
            }
            "EventBridgeRule" => {
                let read: shape::RuleEvent = take(place, &event.properties)?;
                let target = Target::Function(function.to_owned());
                self.push_rule(names, place, &read.bus, &read.pattern, target)?;
            }
            "ScheduleV2" => self.schedule(names, place, function, take(place, &event.properties)?)?,
            other => {
                let hint = "permitted are HttpApi, EventBridgeRule and ScheduleV2; queues and streams take an AWS::Lambda::EventSourceMapping";
                return Err(TemplateError::refused(place, format!("{other} events are not carried out here: {hint}")));
            }
        }
        Ok(())
    }

    fn schedule(&mut self, names: &Names, place: &str, function: &str, read: shape::ScheduleEvent) -> Read<()> {
        let when = When::parse(&read.expression, read.zone.as_deref()).map_err(|e| TemplateError::refused(place, e))?;
        let name = if read.name.is_null() { function.to_owned() } else { text(names, place, &read.name)? };
        let parse = |input: &String| {
            serde_json::from_str(input).map_err(|e| TemplateError::refused(place, format!("Input: {e}")))
        };
        let input = read.input.as_ref().map(parse).transpose()?;
        self.schedules.push(Schedule { name, function: function.to_owned(), when, input });
        Ok(())
    }

    fn rule(&mut self, names: &Names, id: &str, place: &str, read: &shape::Rule) -> Read<()> {
        for target in &read.targets {
            let named = named(names, place, &target.arn)?;
            let to = match named.kind.as_str() {
                "AWS::SQS::Queue" => Target::Queue(named.name.clone()),
                "AWS::Events::EventBus" => Target::Bus(named.name.clone()),
                other => return Err(TemplateError::refused(place, format!("a rule can't lead to a {other} here"))),
            };
            self.push_rule(names, &format!("Resources.{id}"), &read.bus, &read.pattern, to)?;
        }
        Ok(())
    }

    fn push_rule(&mut self, names: &Names, place: &str, bus: &Value, pattern: &Value, target: Target) -> Read<()> {
        let bus = if bus.is_null() { "default".to_owned() } else { text(names, place, bus)? };
        let pattern = names.resolve(place, pattern)?;
        crate::pattern::check(&pattern).map_err(|e| TemplateError::refused(place, e))?;
        self.rules.push(Rule { name: place.to_owned(), bus, pattern, target });
        Ok(())
    }

    fn queue(&mut self, names: &Names, id: &str, place: &str, read: shape::Queue) -> Read<()> {
        let name = named(names, place, &json!({ "Ref": id }))?.name.clone();
        let redrive = match read.redrive {
            Some(redrive) => Some((redrive.count, queue_name(names, place, &redrive.queue)?)),
            None => None,
        };
        let visibility = Duration::from_secs(read.visibility.unwrap_or(30));
        self.queues.insert(name.clone(), Queue { name, visibility, redrive });
        Ok(())
    }

    fn mapping(&mut self, names: &Names, place: &str, read: shape::Mapping) -> Read<()> {
        let full = &named(names, place, &read.function)?.name;
        let function = full.strip_prefix(&format!("{STACK}-")).unwrap_or(full).to_owned();
        let partial = match read.responses.as_slice() {
            [] => false,
            [one] if one == "ReportBatchItemFailures" => true,
            _ => return Err(TemplateError::refused(place, "FunctionResponseTypes: only ReportBatchItemFailures")),
        };
        let source = named(names, place, &read.source)?;
        match source.kind.as_str() {
            "AWS::SQS::Queue" => self.queue_mapping(place, source, function, partial, &read),
            "AWS::DynamoDB::Table" => self.stream_mapping(names, place, function, partial, &read),
            other => Err(TemplateError::refused(place, format!("a mapping can't read from a {other} here"))),
        }
    }

    fn queue_mapping(
        &mut self,
        place: &str,
        source: &Named,
        function: String,
        partial: bool,
        read: &shape::Mapping,
    ) -> Read<()> {
        if read.filters.is_some()
            || read.start.is_some()
            || read.bisect
            || read.retries.is_some()
            || read.destination.is_some()
        {
            return Err(TemplateError::refused(
                place,
                "a queue's mapping has BatchSize, FunctionResponseTypes and ScalingConfig only",
            ));
        }
        self.queue_mappings.push(QueueMapping {
            queue: source.name.clone(),
            function,
            batch: read.batch.unwrap_or(10).clamp(1, 10),
            concurrency: read.scaling.as_ref().and_then(|s| s.concurrency).unwrap_or(2).max(1),
            partial,
        });
        Ok(())
    }

    fn stream_mapping(
        &mut self,
        names: &Names,
        place: &str,
        function: String,
        partial: bool,
        read: &shape::Mapping,
    ) -> Read<()> {
        if read.start.as_deref() != Some("TRIM_HORIZON") {
            return Err(TemplateError::refused(
                place,
                "StartingPosition must be TRIM_HORIZON: anything else loses what was written before",
            ));
        }
        let mut filters = Vec::new();
        for filter in read.filters.iter().flat_map(|f| &f.filters) {
            let pattern: Value = serde_json::from_str(&filter.pattern)
                .map_err(|e| TemplateError::refused(place, format!("a filter is not JSON: {e}")))?;
            crate::pattern::check(&pattern).map_err(|e| TemplateError::refused(place, e))?;
            filters.push(pattern);
        }
        let failure = read.destination.as_ref().and_then(|d| d.failure.as_ref());
        self.streams.push(StreamMapping {
            function,
            filters,
            batch: read.batch.unwrap_or(100).clamp(1, 1000),
            retries: read.retries.and_then(|n| u32::try_from(n).ok()),
            bisect: read.bisect,
            partial,
            dead_letter_queue: failure.map(|f| queue_name(names, place, &f.destination)).transpose()?,
        });
        Ok(())
    }

    fn table(&mut self, place: &str, properties: &Value) -> Read<()> {
        let read: shape::Table = take(place, properties)?;
        let stream = read.stream.ok_or_else(|| TemplateError::refused(place, "the journal needs a stream"))?;
        let mut create = json!({
            "AttributeDefinitions": read.attributes, "KeySchema": read.keys, "BillingMode": read.billing,
            "StreamSpecification": { "StreamEnabled": true, "StreamViewType": stream.view },
        });
        let mut indexes = Vec::new();
        for value in &read.indexes {
            let index: shape::Index = take(place, value)?;
            let key =
                |kind: &str| index.keys.iter().find(|k| k.kind == kind).map(|k| k.name.clone()).unwrap_or_default();
            indexes.push(Index { name: index.name.clone(), hash: key("HASH"), range: key("RANGE") });
        }
        if !indexes.is_empty() {
            create["GlobalSecondaryIndexes"] = json!(read.indexes);
        }
        self.tables.push(Table {
            name: STACK.to_owned(),
            create,
            keys: read.keys.into_iter().map(|k| k.name).collect(),
            indexes,
            expires: read.expiry.filter(|e| e.enabled).map(|e| e.attribute),
        });
        Ok(())
    }

    fn mail_events(&mut self, names: &Names, place: &str, read: shape::EventDestination) -> Read<()> {
        let bus = read.to.bus.as_ref().and_then(|b| names.text(&b.arn).ok().flatten()).unwrap_or_default();
        if !bus.ends_with(":event-bus/default") {
            return Err(TemplateError::refused(place, "SES tells its events to the default bus only"));
        }
        if read.to.enabled {
            self.mail_events = Some(MailEvents {
                configuration_set: text(names, place, &read.set)?,
                types: read.to.types.iter().map(|t| t.to_uppercase()).collect(),
            });
        }
        Ok(())
    }

    fn finish(self) -> Read<Template> {
        let one = |what: &str, n: usize| {
            if n == 1 {
                Ok(())
            } else {
                Err(TemplateError::refused("Resources", format!("expected one {what}, found {n}")))
            }
        };
        one("AWS::DynamoDB::Table", self.tables.len())?;
        one("AWS::Events::EventBus", self.buses.len())?;
        one("mapping of the table's stream", self.streams.len())?;
        let missing = || TemplateError::refused("Resources", "incomplete");
        let template = Template {
            functions: self.functions,
            routes: self.routes,
            rules: self.rules,
            queues: self.queues,
            queue_mappings: self.queue_mappings,
            stream: self.streams.into_iter().next().ok_or_else(missing)?,
            schedules: self.schedules,
            table: self.tables.into_iter().next().ok_or_else(missing)?,
            bus: self.buses.into_iter().next().ok_or_else(missing)?,
            mail_events: self.mail_events,
        };
        unread_queues_are_dead_letters(&template)?;
        Ok(template)
    }
}

/// A queue that nothing reads must be where something failed goes; otherwise what lands there would be forgotten.
fn unread_queues_are_dead_letters(template: &Template) -> Read<()> {
    for rule in &template.rules {
        if let Target::Queue(queue) = &rule.target
            && !template.queue_mappings.iter().any(|m| &m.queue == queue)
        {
            return Err(TemplateError::refused(
                &rule.name,
                format!("leads to the queue {queue}, which no function reads"),
            ));
        }
    }
    Ok(())
}

fn text(names: &Names, place: &str, value: &Value) -> Read<String> {
    names
        .text(value)
        .map_err(|e| TemplateError::refused(place, e))?
        .ok_or_else(|| TemplateError::refused(place, "depends on a parameter without a default"))
}

fn named<'a>(names: &'a Names, place: &str, value: &Value) -> Read<&'a Named> {
    names
        .target(value)
        .ok_or_else(|| TemplateError::refused(place, format!("{value} does not lead to a resource of this template")))
}

fn queue_name(names: &Names, place: &str, value: &Value) -> Read<String> {
    let named = named(names, place, value)?;
    if named.kind == "AWS::SQS::Queue" {
        return Ok(named.name.clone());
    }
    Err(TemplateError::refused(place, format!("{} is a {}, not a queue", named.name, named.kind)))
}
