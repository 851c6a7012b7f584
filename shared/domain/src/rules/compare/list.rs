//! Lists: of things that have a name, each is compared with itself; of rules and the like, which one goes, comes or says
//! something else, by its place; of words, which come and go.

use serde_json::Value;
use similar::{Algorithm, DiffOp, capture_diff_slices};

use super::{Change, Kind, Walk, text, words};

/// So many words stand beside each other; more are compared line by line.
const FEW: usize = 6;

impl Walk<'_> {
    pub(super) fn lists(&mut self, trail: &[String], key: &str, (before, after): (&[Value], &[Value])) {
        if !text::is_nested(before) && !text::is_nested(after) {
            return self.words(trail, key, (before, after));
        }
        match ["id", "name"].into_iter().find(|name| is_named_by(before, name) && is_named_by(after, name)) {
            Some(name) => self.named_things(trail, (before, after), name),
            None => self.in_order(trail, (before, after)),
        }
    }

    fn words(&mut self, trail: &[String], key: &str, (before, after): (&[Value], &[Value])) {
        let one = |value: &Value| text::written(key, value, self.language);
        let joined = |list: &[Value]| {
            let between = match before.len().max(after.len()) > FEW {
                true => "\n",
                false if self.language == "en" => ", ",
                false => "、",
            };
            list.iter().map(one).collect::<Vec<_>>().join(between)
        };
        let lines = text::lines(&joined(before), &joined(after));
        self.changes.push(Change { what: self.named(trail), kind: Kind::Changed, lines });
    }

    fn named_things(&mut self, trail: &[String], (before, after): (&[Value], &[Value]), name: &str) {
        let find = |list: &'_ [Value], id: &Value| list.iter().position(|value| value[name] == *id);
        let ids = before.iter().chain(after.iter().filter(|value| find(before, &value[name]).is_none()));
        for id in ids.map(|value| &value[name]) {
            let pair = (find(before, id).map(|n| &before[n]), find(after, id).map(|n| &after[n]));
            let called = words::called(id.as_str().unwrap_or_default(), pair.1.or(pair.0), self.language);
            self.pair(&[trail, &[called]].concat(), "", pair);
        }
        let common = |list: &[Value], other: &[Value]| {
            let there = list.iter().filter(|value| find(other, &value[name]).is_some());
            there.map(|value| value[name].clone()).collect::<Vec<_>>()
        };
        let orders = (common(before, after), common(after, before));
        if orders.0 != orders.1 {
            let trail = [trail, &[words::order(self.language).to_owned()]].concat();
            self.words(&trail, "", (&orders.0, &orders.1));
        }
    }

    fn in_order(&mut self, trail: &[String], (before, after): (&[Value], &[Value])) {
        let bytes = |list: &[Value]| list.iter().map(ToString::to_string).collect::<Vec<_>>();
        let place = |n: usize| [trail, &[words::nth(n + 1, self.language)]].concat();
        let mut found = Vec::new();
        for op in capture_diff_slices(Algorithm::Myers, &bytes(before), &bytes(after)) {
            let (old, new) = match op {
                DiffOp::Equal { .. } => continue,
                DiffOp::Delete { old_index, old_len, .. } => (old_index..old_index + old_len, 0..0),
                DiffOp::Insert { new_index, new_len, .. } => (0..0, new_index..new_index + new_len),
                DiffOp::Replace { old_index, old_len, new_index, new_len } => {
                    (old_index..old_index + old_len, new_index..new_index + new_len)
                }
            };
            for n in 0..old.len().max(new.len()) {
                let at = |range: &std::ops::Range<usize>| (n < range.len()).then(|| range.start + n);
                let (old, new) = (at(&old), at(&new));
                found.push((place(new.or(old).unwrap_or_default()), old, new));
            }
        }
        for (trail, old, new) in found {
            self.pair(&trail, "", (old.and_then(|n| before.get(n)), new.and_then(|n| after.get(n))));
        }
    }
}

/// Whether each thing of a list has a name of its own.
fn is_named_by(list: &[Value], name: &str) -> bool {
    let mut seen = Vec::new();
    list.iter().all(|value| match value[name].as_str() {
        Some(id) if !seen.contains(&id) => {
            seen.push(id);
            true
        }
        _ => false,
    })
}
