//! What a process keeps of playbooks, so that it reads a version once: the least recently used go when there are too many.
//! A team works for hundreds of clients, and a process lives for hours.

use std::collections::HashMap;
use std::hash::Hash;

/// A map that holds at most so much, by weight.
#[derive(Debug)]
pub(super) struct Lru<K, V> {
    most: usize,
    weight: usize,
    /// Counts the uses.
    clock: u64,
    kept: HashMap<K, Kept<V>>,
}

#[derive(Debug)]
struct Kept<V> {
    value: V,
    weight: usize,
    used: u64,
}

impl<K: Eq + Hash + Clone, V: Clone> Lru<K, V> {
    /// An empty one that holds at most `most` of weight, or one value that is heavier.
    pub(super) fn new(most: usize) -> Self {
        Self { most, weight: 0, clock: 0, kept: HashMap::new() }
    }

    pub(super) fn get(&mut self, key: &K) -> Option<V> {
        self.clock += 1;
        let kept = self.kept.get_mut(key)?;
        kept.used = self.clock;
        Some(kept.value.clone())
    }

    pub(super) fn insert(&mut self, key: K, value: V, weight: usize) {
        self.remove(&key);
        while !self.kept.is_empty() && self.weight.saturating_add(weight) > self.most {
            let Some(oldest) = self.kept.iter().min_by_key(|(_, kept)| kept.used).map(|(key, _)| key.clone()) else {
                break;
            };
            self.remove(&oldest);
        }
        self.clock += 1;
        self.weight += weight;
        self.kept.insert(key, Kept { value, weight, used: self.clock });
    }

    pub(super) fn remove(&mut self, key: &K) {
        if let Some(gone) = self.kept.remove(key) {
            self.weight -= gone.weight;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Lru;

    #[test]
    fn what_was_used_longest_ago_goes_first() {
        let mut cache = Lru::new(10);
        cache.insert("a", 1, 4);
        cache.insert("b", 2, 4);
        assert_eq!(cache.get(&"a"), Some(1));
        cache.insert("c", 3, 4);
        assert_eq!((cache.get(&"a"), cache.get(&"b"), cache.get(&"c")), (Some(1), None, Some(3)));
        cache.insert("d", 4, 99);
        assert_eq!((cache.get(&"a"), cache.get(&"c"), cache.get(&"d")), (None, None, Some(4)), "one may be heavier");
        cache.insert("e", 5, 1);
        assert_eq!((cache.get(&"d"), cache.weight), (None, 1));
        cache.insert("e", 6, 2);
        assert_eq!((cache.get(&"e"), cache.weight), (Some(6), 2), "in the place of what it was");
    }
}
