//! Clients take turns: whoever has much that is due doesn't keep those waiting who have little.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use banto_aws::ledger::Due;

/// What is due, one of each client after the other; a client's own in the order in which they are due.
#[derive(Debug, Default)]
pub(crate) struct Turns {
    of_clients: VecDeque<VecDeque<Due>>,
}

impl Turns {
    /// Of what the index gave. It may give a case twice.
    pub(crate) fn of(rows: Vec<Due>) -> Self {
        let (mut seen, mut of_clients) = (BTreeSet::new(), BTreeMap::<String, VecDeque<Due>>::new());
        for due in rows {
            if seen.insert(due.name().to_owned()) {
                of_clients.entry(due.client().to_owned()).or_default().push_back(due);
            }
        }
        Self { of_clients: of_clients.into_values().collect() }
    }

    pub(crate) fn len(&self) -> usize {
        self.of_clients.iter().map(VecDeque::len).sum()
    }
}

impl Iterator for Turns {
    type Item = Due;

    fn next(&mut self) -> Option<Due> {
        let mut of_client = self.of_clients.pop_front()?;
        let due = of_client.pop_front();
        if !of_client.is_empty() {
            self.of_clients.push_back(of_client);
        }
        due
    }
}

#[cfg(test)]
mod tests {
    use banto_domain::{CaseId, CaseKey, ClientId};

    use super::*;

    fn due(client: &str, n: u32) -> Due {
        let case = CaseId::derive(&["due", &n.to_string()]);
        let at = jiff::Timestamp::from_second(i64::from(n)).expect("an instant");
        Due::of(&CaseKey { client: ClientId::parse(client).expect("a name"), case }, at)
    }

    #[test]
    fn who_has_one_case_due_does_not_wait_for_who_has_many() {
        let mut rows: Vec<Due> = (0..1_000).map(|n| due("busy", n)).collect();
        rows.push(due("calm", 1_000));
        // The index lags, and may show one twice.
        rows.push(due("busy", 7));
        let turns = Turns::of(rows);
        assert_eq!(turns.len(), 1_001);
        let order: Vec<Due> = turns.collect();
        assert_eq!(order.len(), 1_001);
        assert_eq!(order[..4], [due("busy", 0), due("calm", 1_000), due("busy", 1), due("busy", 2)]);
    }
}
