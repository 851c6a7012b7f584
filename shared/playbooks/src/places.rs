//! Where things stand: path → place, from one more pass over the same YAML, so that the types of the domain stay plain.

use std::collections::BTreeMap;

use serde_saphyr::granit_parser::{Event, Parser, Span, StructureStyle};

/// Line and column, both from 1, in characters.
pub(crate) type At = (u64, u64);

/// The places of one YAML text.
#[derive(Debug, Default)]
pub(crate) struct Places {
    by_path: BTreeMap<Vec<String>, Place>,
    /// Where a key stands again, and where it stood first.
    again: BTreeMap<At, At>,
    /// Where the text stops being YAML: the bracket that is still open, `[` or `{`, and where it stands.
    unclosed: Option<(char, At)>,
    /// Where a second document begins.
    second: Option<At>,
}

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
struct Open {
    what: What,
    /// Where its bracket stands, when it has one.
    bracket: Option<At>,
}

enum What {
    Map { key: Option<(String, At)> },
    List { next: usize },
}

impl Places {
    /// Reads as far as the text is YAML; `lines_before` stand above it in its file.
    pub(crate) fn read(text: &str, lines_before: u64) -> Self {
        let mut reader = Reader { places: Self::default(), open: Vec::new(), path: Vec::new(), lines_before };
        for event in Parser::new_from_str(text) {
            let Ok((event, span)) = event else {
                let outermost = reader.open.iter().find_map(|open| open.bracket);
                reader.places.unclosed = outermost.and_then(|at| unclosed(text, at, lines_before));
                break;
            };
            reader.event(&event, span);
        }
        reader.places
    }

    /// Where the key that stands at this place stood before.
    pub(crate) fn first(&self, again: At) -> Option<At> {
        self.again.get(&again).copied()
    }

    /// The innermost bracket that was never closed.
    pub(crate) fn unclosed(&self) -> Option<(char, At)> {
        self.unclosed
    }

    /// Where a second document begins.
    pub(crate) fn second(&self) -> Option<At> {
        self.second
    }

    /// What stands at this place, by its path without the numbers of lists: `billing: tax`.
    pub(crate) fn name_at(&self, at: At) -> Option<String> {
        let here = self.by_path.iter().find(|(path, place)| !path.is_empty() && place.value == at)?;
        let is_name = |part: &&String| !part.bytes().all(|b| b.is_ascii_digit());
        Some(here.0.iter().filter(is_name).map(String::as_str).collect::<Vec<_>>().join(": "))
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
        self.by_path.get(&path).copied()
    }
}

struct Reader {
    places: Places,
    open: Vec<Open>,
    path: Vec<String>,
    lines_before: u64,
}

/// The bracket within those that open here that is never closed, or closed by one of the other kind.
fn unclosed(text: &str, (line, column): At, lines_before: u64) -> Option<(char, At)> {
    let mut open: Vec<(char, At)> = Vec::new();
    let (mut quote, mut before) = (None, ' ');
    let lines = (1..).zip(text.lines()).skip_while(|(n, _)| n + lines_before < line);
    for (n, text) in lines {
        let n = n + lines_before;
        for (c, column) in text.chars().zip(1..).skip_while(|(_, c)| n == line && *c < column) {
            let begins = before.is_whitespace() || "[{,:".contains(before);
            match (c, quote) {
                (c, Some(q)) => quote = (c != q || before == '\\').then_some(q),
                ('"' | '\'', None) if begins => quote = Some(c),
                ('#', None) if before.is_whitespace() => break,
                ('[' | '{', None) => open.push((c, (n, column))),
                (']' | '}', None) => {
                    let (bracket, at) = open.pop()?;
                    if (bracket == '[') != (c == ']') {
                        return Some((bracket, at));
                    }
                    if open.is_empty() {
                        return None;
                    }
                }
                _ => {}
            }
            before = c;
        }
        before = '\n';
    }
    open.pop()
}

impl Reader {
    fn event(&mut self, event: &Event<'_>, span: Span) {
        let at = (self.lines_before + span.start.line() as u64, span.start.col() as u64 + 1);
        match event {
            Event::DocumentStart(..) if !self.places.by_path.is_empty() => {
                self.places.second = self.places.second.or(Some(at));
            }
            Event::Scalar(text, ..) => self.value(at, Some(text)),
            Event::Alias(_) => self.value(at, None),
            Event::MappingStart(style, ..) => {
                let bracket = (*style == StructureStyle::Flow).then_some(at);
                self.begin(at, Open { what: What::Map { key: None }, bracket });
            }
            Event::SequenceStart(style, ..) => {
                let bracket = (*style == StructureStyle::Flow).then_some(at);
                self.begin(at, Open { what: What::List { next: 0 }, bracket });
            }
            Event::MappingEnd | Event::SequenceEnd => {
                self.open.pop();
                self.done();
            }
            _ => {}
        }
    }

    /// A scalar: a key when a mapping waits for one, else a value.
    fn value(&mut self, at: At, text: Option<&str>) {
        if let Some(What::Map { key: key @ None }) = self.open.last_mut().map(|open| &mut open.what) {
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
        let key = match self.open.last().map(|open| &open.what) {
            Some(What::Map { key: Some((name, key)) }) => {
                self.path.push(name.clone());
                *key
            }
            Some(What::List { next }) => {
                self.path.push(next.to_string());
                at
            }
            _ => at,
        };
        let before = self.places.by_path.insert(self.path.clone(), Place { key, value: at });
        if let Some(before) = before {
            self.places.again.insert(key, before.key);
        }
    }

    /// Steps out of a value.
    fn done(&mut self) {
        match self.open.last_mut().map(|open| &mut open.what) {
            Some(What::Map { key }) => *key = None,
            Some(What::List { next }) => *next += 1,
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

    #[test]
    fn what_stands_twice_and_what_is_never_closed() {
        let twice = Places::read("a: 1\nb: { c: 1, c: 2 }\na: 3\n", 0);
        assert_eq!(
            (twice.first((3, 1)), twice.first((2, 12)), twice.first((1, 1))),
            (Some((1, 1)), Some((2, 6)), None)
        );
        assert_eq!(twice.name_at((2, 15)).as_deref(), Some("b: c"));
        assert_eq!(Places::read("a: [1, { b: 2 ]\nc: 3\n", 0).unclosed(), Some(('{', (1, 8))));
        assert_eq!(Places::read("a: [1, { b: 2 }]\n", 0).unclosed(), None);
        assert_eq!(Places::read("a: [1, '[', # [\n  \"]\"\nc: { d: 1 }\n", 2).unclosed(), Some(('[', (3, 4))));
    }
}
