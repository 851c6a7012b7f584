//! Where things stand: path → place, from one more pass over the same YAML, so that the types of the domain stay plain.

use std::collections::BTreeMap;

use serde_saphyr::granit_parser::{Event, Parser, Span};

/// Line and column, both from 1, in characters.
pub(crate) type At = (u64, u64);

/// The places of one YAML text.
#[derive(Debug, Default)]
pub(crate) struct Places(BTreeMap<Vec<String>, Place>);

#[derive(Debug, Clone, Copy)]
struct Place {
    key: At,
    value: At,
}

/// Which of the two places of an entry is meant.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Spot<'a> {
    /// Where its name stands.
    Key(&'a [&'a str]),
    /// Where what it holds begins.
    Value(&'a [&'a str]),
}

/// A mapping or list that is being read.
enum Open {
    Map { key: Option<(String, At)> },
    List { next: usize },
}

impl Places {
    /// Reads as far as the text is YAML; `lines_before` stand above it in its file.
    pub(crate) fn read(text: &str, lines_before: u64) -> Self {
        let mut reader = Reader { places: Self::default(), open: Vec::new(), path: Vec::new(), lines_before };
        for event in Parser::new_from_str(text) {
            let Ok((event, span)) = event else { break };
            reader.event(&event, span);
        }
        reader.places
    }

    /// Whether the text has this path.
    pub(crate) fn has(&self, path: &[&str]) -> bool {
        self.find(path).is_some()
    }

    /// Where it stands; what isn't there stands where the nearest thing around it does.
    pub(crate) fn at(&self, spot: Spot<'_>) -> Option<At> {
        let path = match spot {
            Spot::Key(path) | Spot::Value(path) => path,
        };
        if let Some(place) = self.find(path) {
            return Some(if matches!(spot, Spot::Key(_)) { place.key } else { place.value });
        }
        (0..path.len()).rev().find_map(|n| self.find(&path[..n])).map(|place| place.key)
    }

    fn find(&self, path: &[&str]) -> Option<Place> {
        let path: Vec<String> = path.iter().map(|&p| p.to_owned()).collect();
        self.0.get(&path).copied()
    }
}

struct Reader {
    places: Places,
    open: Vec<Open>,
    path: Vec<String>,
    lines_before: u64,
}

impl Reader {
    fn event(&mut self, event: &Event<'_>, span: Span) {
        let at = (self.lines_before + span.start.line() as u64, span.start.col() as u64 + 1);
        match event {
            Event::Scalar(text, ..) => self.value(at, Some(text)),
            Event::Alias(_) => self.value(at, None),
            Event::MappingStart(..) => self.begin(at, Open::Map { key: None }),
            Event::SequenceStart(..) => self.begin(at, Open::List { next: 0 }),
            Event::MappingEnd | Event::SequenceEnd => {
                self.open.pop();
                self.done();
            }
            _ => {}
        }
    }

    /// A scalar: a key when a mapping waits for one, else a value.
    fn value(&mut self, at: At, text: Option<&str>) {
        if let Some(Open::Map { key: key @ None }) = self.open.last_mut() {
            *key = Some((text.unwrap_or_default().to_owned(), at));
            return;
        }
        self.note(at);
        self.done();
    }

    fn begin(&mut self, at: At, open: Open) {
        self.note(at);
        self.open.push(open);
    }

    /// Notes the place of the value that begins here, and steps into it.
    fn note(&mut self, at: At) {
        let key = match self.open.last() {
            Some(Open::Map { key: Some((name, key)) }) => {
                self.path.push(name.clone());
                *key
            }
            Some(Open::List { next }) => {
                self.path.push(next.to_string());
                at
            }
            _ => at,
        };
        self.places.0.insert(self.path.clone(), Place { key, value: at });
    }

    /// Steps out of a value.
    fn done(&mut self) {
        match self.open.last_mut() {
            Some(Open::Map { key }) => *key = None,
            Some(Open::List { next }) => *next += 1,
            None => {}
        }
        self.path.pop();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_values_and_what_is_not_there() {
        let text = "a: { b: [x, 山, { c: 1 }] } # note\nd:\n  - e: |-\n      f\n    g: *h\n";
        let places = Places::read(text, 0);
        let key = |path: &[&str]| places.at(Spot::Key(path));
        let value = |path: &[&str]| places.at(Spot::Value(path));
        assert_eq!((key(&["a"]), value(&["a"])), (Some((1, 1)), Some((1, 4))));
        assert_eq!(value(&["a", "b", "1"]), Some((1, 13)));
        assert_eq!((key(&["a", "b", "2", "c"]), value(&["a", "b", "2", "c"])), (Some((1, 18)), Some((1, 21))));
        assert_eq!(key(&["d", "0", "e"]), Some((3, 5)));
        assert_eq!(value(&["a", "nothing", "at", "all"]), Some((1, 1)));
        assert_eq!(Places::read("v: 1\nw: [", 4).at(Spot::Value(&["v"])), Some((5, 4)));
    }
}
