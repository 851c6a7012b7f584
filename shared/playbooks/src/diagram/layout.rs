//! Boxes in layers, from above to below, after Sugiyama: ranks, order, places. Owns no look; every label of an arrow is a
//! small box of its own, so that nothing lies upon anything.

use std::collections::BTreeMap;

/// What takes room: how far it reaches to the left and right of its middle, and its height.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Size {
    pub(super) left: f64,
    pub(super) right: f64,
    pub(super) height: f64,
}

/// An arrow between boxes that differ, with the size of its label.
pub(super) struct Arrow {
    pub(super) from: usize,
    pub(super) to: usize,
    pub(super) label: Size,
}

pub(super) type Point = (f64, f64);

/// Where an arrow goes, from its beginning to its tip.
pub(super) struct Way {
    /// Middle of its label.
    pub(super) label: Point,
    pub(super) points: Vec<Point>,
}

/// Where everything is.
pub(super) struct Layout {
    /// Middle of each box.
    pub(super) boxes: Vec<Point>,
    /// Each arrow.
    pub(super) ways: Vec<Way>,
    /// The whole.
    pub(super) size: Point,
}

const BESIDE: f64 = 24.0;
const BELOW: f64 = 20.0;
/// How often everything moves toward its neighbours on one side, before it moves toward those on both.
const SWEEPS: usize = 30;

/// Lays out boxes and arrows; the first box is where all begins.
pub(super) fn layout(boxes: &[Size], arrows: &[Arrow]) -> Layout {
    let upward = upward(boxes.len(), arrows);
    let down: Vec<(usize, usize)> =
        arrows.iter().zip(&upward).map(|(a, up)| if *up { (a.to, a.from) } else { (a.from, a.to) }).collect();
    let ranks = ranks(boxes.len(), &down);
    let mut grid = Grid { sizes: boxes.to_vec(), ranks, chains: Vec::new(), layers: Vec::new(), x: Vec::new() };
    for ((from, to), (arrow, up)) in down.into_iter().zip(arrows.iter().zip(&upward)) {
        grid.chain(from, to, arrow.label, *up);
    }
    grid.order();
    grid.place();
    grid.done(boxes.len(), &upward)
}

/// Arrows that close a circle point up.
fn upward(boxes: usize, arrows: &[Arrow]) -> Vec<bool> {
    fn visit(here: usize, arrows: &[Arrow], seen: &mut [u8], upward: &mut [bool]) {
        seen[here] = 1;
        for (n, arrow) in arrows.iter().enumerate().filter(|(_, arrow)| arrow.from == here) {
            upward[n] = seen[arrow.to] == 1;
            if seen[arrow.to] == 0 {
                visit(arrow.to, arrows, seen, upward);
            }
        }
        seen[here] = 2;
    }
    let (mut seen, mut upward) = (vec![0; boxes], vec![false; arrows.len()]);
    for start in 0..boxes {
        if seen[start] == 0 {
            visit(start, arrows, &mut seen, &mut upward);
        }
    }
    upward
}

/// The longest way from above; odd ranks are left for labels.
fn ranks(boxes: usize, down: &[(usize, usize)]) -> Vec<usize> {
    let mut ranks = vec![0; boxes];
    for _ in 0..boxes {
        for &(from, to) in down {
            ranks[to] = ranks[to].max(ranks[from] + 2);
        }
    }
    ranks
}

struct Grid {
    sizes: Vec<Size>,
    ranks: Vec<usize>,
    /// Of each arrow: its boxes from above to below, and which of them is the label.
    chains: Vec<(Vec<usize>, usize)>,
    layers: Vec<Vec<usize>>,
    x: Vec<f64>,
}

impl Grid {
    /// An arrow becomes a chain with one small box in each rank between; the label is next to where it comes from.
    fn chain(&mut self, from: usize, to: usize, label: Size, up: bool) {
        let (first, last) = (self.ranks[from] + 1, self.ranks[to]);
        let mut chain = vec![from];
        for rank in first..last {
            let here = if up { rank == last - 1 } else { rank == first };
            chain.push(self.sizes.len());
            self.sizes.push(if here { label } else { Size::default() });
            self.ranks.push(rank);
        }
        chain.push(to);
        let at = if up { chain.len() - 2 } else { 1 };
        self.chains.push((chain, at));
    }

    /// The neighbours of each box, above or below.
    fn neighbours(&self, above: bool) -> Vec<Vec<usize>> {
        let mut found = vec![Vec::new(); self.sizes.len()];
        for pair in self.chains.iter().flat_map(|(chain, _)| chain.windows(2)) {
            if above { found[pair[1]].push(pair[0]) } else { found[pair[0]].push(pair[1]) }
        }
        found
    }

    /// Orders each layer by where its neighbours are, back and forth, and keeps the order with the fewest crossings.
    fn order(&mut self) {
        let mut layers = vec![Vec::new(); self.ranks.iter().max().map_or(0, |max| max + 1)];
        for (item, rank) in self.ranks.iter().enumerate() {
            layers[*rank].push(item);
        }
        let mut best = (usize::MAX, layers.clone());
        for sweep in 0..16 {
            let above = sweep % 2 == 0;
            let neighbours = self.neighbours(above);
            let last = layers.len();
            for n in 0..last {
                let n = if above { n } else { last - 1 - n };
                let at = positions(&layers);
                let middle = |item: &usize| mean(neighbours[*item].iter().map(|other| at[other])).unwrap_or(at[item]);
                layers[n].sort_by(|a, b| middle(a).total_cmp(&middle(b)));
            }
            let crossings = self.crossings(&layers);
            if crossings < best.0 {
                best = (crossings, layers.clone());
            }
        }
        self.layers = best.1;
    }

    fn crossings(&self, layers: &[Vec<usize>]) -> usize {
        let at = positions(layers);
        let pairs: Vec<(usize, f64, f64)> = self
            .chains
            .iter()
            .flat_map(|(chain, _)| chain.windows(2))
            .map(|p| (self.ranks[p[0]], at[&p[0]], at[&p[1]]))
            .collect();
        let crosses = |a: &(usize, f64, f64), b: &(usize, f64, f64)| a.0 == b.0 && a.1 < b.1 && a.2 > b.2;
        pairs.iter().map(|a| pairs.iter().filter(|b| crosses(a, b)).count()).sum()
    }

    /// Moves each box toward the middle of its neighbours, as far as those beside it allow.
    fn place(&mut self) {
        let (above, below) = (self.neighbours(true), self.neighbours(false));
        self.x = vec![0.0; self.sizes.len()];
        for sweep in 0..SWEEPS + 10 {
            for n in 0..self.layers.len() {
                let n = if sweep % 2 == 0 { n } else { self.layers.len() - 1 - n };
                let wished = |item: &usize| {
                    let (above, below) = (&above[*item], &below[*item]);
                    let near = match (sweep, above.as_slice()) {
                        // Where there is one way only, it is straight.
                        (SWEEPS.., [only]) if self.alone(*only) => vec![*only],
                        (SWEEPS.., _) => [above.as_slice(), below].concat(),
                        (_, _) if sweep % 2 == 0 => above.clone(),
                        _ => below.clone(),
                    };
                    mean(near.iter().map(|other| self.x[*other])).unwrap_or(self.x[*item])
                };
                let layer = &self.layers[n];
                let wished: Vec<f64> = layer.iter().map(wished).collect();
                for (item, x) in layer.clone().into_iter().zip(self.apart(layer, &wished)) {
                    self.x[item] = x;
                }
            }
        }
    }

    fn alone(&self, item: usize) -> bool {
        self.chains.iter().flat_map(|(chain, _)| chain.windows(2)).filter(|pair| pair[0] == item).count() == 1
    }

    /// The places nearest to those wished for that keep everything apart (isotonic regression: neighbours that would
    /// overlap form a block around their common middle).
    fn apart(&self, layer: &[usize], wished: &[f64]) -> Vec<f64> {
        let mut offset = 0.0;
        let mut blocks: Vec<(f64, usize)> = Vec::new();
        let mut offsets = Vec::new();
        for (n, item) in layer.iter().enumerate() {
            if let Some(before) = n.checked_sub(1).and_then(|n| layer.get(n)) {
                offset += self.sizes[*before].right + BESIDE + self.sizes[*item].left;
            }
            offsets.push(offset);
            blocks.push((wished[n] - offset, 1));
            while let [.., (a, n), (b, m)] = blocks[..]
                && a > b
            {
                blocks.truncate(blocks.len() - 2);
                blocks.push(((a * n as f64 + b * m as f64) / (n + m) as f64, n + m));
            }
        }
        let bases = blocks.iter().flat_map(|(base, n)| std::iter::repeat_n(*base, *n));
        bases.zip(offsets).map(|(base, offset)| base + offset).collect()
    }

    fn done(&self, boxes: usize, upward: &[bool]) -> Layout {
        let tall = |layer: &Vec<usize>| layer.iter().map(|item| self.sizes[*item].height).fold(0.0, f64::max);
        let mut bands = Vec::new();
        let mut y = 0.0;
        for layer in &self.layers {
            bands.push((y, y + tall(layer)));
            y += tall(layer) + BELOW;
        }
        let reach = |f: &dyn Fn(f64, Size) -> f64| {
            self.x.iter().zip(&self.sizes).map(|(x, size)| f(*x, *size)).collect::<Vec<_>>()
        };
        let left = reach(&|x, size| x - size.left).into_iter().fold(f64::INFINITY, f64::min);
        let right = reach(&|x, size| x + size.right).into_iter().fold(f64::NEG_INFINITY, f64::max);
        let middle = |item: usize| {
            let (top, bottom) = bands[self.ranks[item]];
            (self.x[item] - left, f64::midpoint(top, bottom))
        };
        let way = |((chain, label), up): (&(Vec<usize>, usize), &bool)| {
            let last = chain.len() - 1;
            let points = chain.iter().enumerate().flat_map(|(n, item)| {
                let ((x, y), half) = (middle(*item), self.sizes[*item].height / 2.0);
                let ((top, bottom), real) = (bands[self.ranks[*item]], *item < boxes);
                let (top, bottom) = if real { (y - half, y + half) } else { (top, bottom) };
                let top = (n > 0).then_some((x, top));
                top.into_iter().chain((n < last).then_some((x, bottom)))
            });
            let mut points: Vec<Point> = points.collect();
            if *up {
                points.reverse();
            }
            Way { label: middle(chain[*label]), points }
        };
        Layout {
            boxes: (0..boxes).map(middle).collect(),
            ways: self.chains.iter().zip(upward).map(way).collect(),
            size: (right - left, y - BELOW),
        }
    }
}

fn positions(layers: &[Vec<usize>]) -> BTreeMap<usize, f64> {
    layers.iter().flat_map(|layer| layer.iter().enumerate().map(|(n, item)| (*item, n as f64))).collect()
}

fn mean(values: impl Iterator<Item = f64>) -> Option<f64> {
    let (sum, count) = values.fold((0.0, 0.0), |(sum, count), value| (sum + value, count + 1.0));
    (count > 0.0).then(|| sum / count)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn apart(a: (Point, Size), b: (Point, Size)) -> bool {
        let beside = a.0.0 + a.1.right < b.0.0 - b.1.left + 0.1 || b.0.0 + b.1.right < a.0.0 - a.1.left + 0.1;
        beside || (a.0.1 - b.0.1).abs() + 0.1 >= f64::midpoint(a.1.height, b.1.height)
    }

    #[test]
    fn nothing_lies_upon_anything_whatever_the_flow() {
        let size = |half: usize, height| Size { left: half as f64, right: 2.0 * half as f64, height };
        for seed in 1..60_usize {
            let boxes: Vec<Size> = (0..2 + seed % 9).map(|n| size(20 + n * seed % 70, 50.0)).collect();
            let any = |n: usize| (n * 7919 + seed * 104_729) / 7 % boxes.len();
            let arrows = (0..seed % 17).map(|n| (any(n), any(n + 31)));
            let arrows: Vec<Arrow> = arrows
                .filter(|(from, to)| from != to)
                .map(|(from, to)| Arrow { from, to, label: size(30, 18.0) })
                .collect();
            let plan = layout(&boxes, &arrows);
            let mut all: Vec<(Point, Size)> = plan.boxes.into_iter().zip(boxes).collect();
            all.extend(plan.ways.iter().zip(&arrows).map(|(way, arrow)| (way.label, arrow.label)));
            for (n, a) in all.iter().enumerate() {
                assert!(a.0.0 - a.1.left > -0.1 && a.0.0 + a.1.right < plan.size.0 + 0.1, "{seed}: {n} is outside");
                assert!(a.0.1 + a.1.height / 2.0 < plan.size.1 + 0.1, "{seed}: {n} is below");
                assert!(all[..n].iter().all(|b| apart(*a, *b)), "{seed}: {n} lies upon another");
            }
        }
    }
}
