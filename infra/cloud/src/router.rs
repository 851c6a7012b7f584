//! Which function or queue an event goes to: pure, from the template's rules. Owns the way from one bus to the next;
//! refuses to deliver anything.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::pattern::Patterns;
use crate::template::{StreamMapping, Target, Template, TemplateError};

/// The rules, ready to match.
#[derive(Debug)]
pub struct Router {
    buses: BTreeMap<String, Patterns>,
    targets: Vec<(String, Target)>,
    stream: Option<Patterns>,
}

/// One rule that matched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Routed {
    /// The rule's place in the template.
    pub rule: String,
    /// A function or a queue, never a bus.
    pub target: Target,
}

impl Router {
    /// Compiles the rules of a template.
    ///
    /// # Errors
    /// When a pattern can't be compiled.
    pub fn new(template: &Template) -> Result<Self, TemplateError> {
        let mut by_bus: BTreeMap<String, Vec<usize>> = BTreeMap::from([("default".to_owned(), Vec::new())]);
        by_bus.entry(template.bus.clone()).or_default();
        for (number, rule) in template.rules.iter().enumerate() {
            let known = by_bus.get_mut(&rule.bus);
            known
                .ok_or_else(|| TemplateError::refused(&rule.name, format!("there is no bus {}", rule.bus)))?
                .push(number);
        }
        let compile = |numbers: Vec<usize>| {
            Patterns::new(numbers.into_iter().map(|n| (n, &template.rules[n].pattern)))
                .map_err(|e| TemplateError::refused("rules", e))
        };
        Ok(Self {
            buses: by_bus.into_iter().map(|(bus, numbers)| Ok((bus, compile(numbers)?))).collect::<Result<_, _>>()?,
            targets: template.rules.iter().map(|r| (r.name.clone(), r.target.clone())).collect(),
            stream: filter(&template.stream)?,
        })
    }

    /// Whether there is such a bus.
    #[must_use]
    pub fn has_bus(&self, bus: &str) -> bool {
        self.buses.contains_key(bus)
    }

    /// Where `event`, put on `bus`, goes. An event passes each bus once at most.
    #[must_use]
    pub fn route(&self, bus: &str, event: &Value) -> Vec<Routed> {
        let (mut found, mut waiting, mut passed) = (Vec::new(), vec![bus.to_owned()], Vec::new());
        while let Some(bus) = waiting.pop() {
            let Some(patterns) = self.buses.get(&bus).filter(|_| !passed.contains(&bus)) else { continue };
            for number in patterns.matching(event) {
                let (rule, target) = &self.targets[number];
                match target {
                    Target::Bus(next) => waiting.push(next.clone()),
                    target => found.push(Routed { rule: rule.clone(), target: target.clone() }),
                }
            }
            passed.push(bus);
        }
        found
    }

    /// Whether a record of the table's stream is meant for the function that reads it.
    #[must_use]
    pub fn wants_record(&self, record: &Value) -> bool {
        self.stream.as_ref().is_none_or(|patterns| !patterns.matching(record).is_empty())
    }
}

fn filter(stream: &StreamMapping) -> Result<Option<Patterns>, TemplateError> {
    if stream.filters.is_empty() {
        return Ok(None);
    }
    Patterns::new(stream.filters.iter().enumerate()).map(Some).map_err(|e| TemplateError::refused("FilterCriteria", e))
}
