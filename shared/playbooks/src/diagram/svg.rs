//! The picture as SVG, without anything that would have to be fetched.

use banto_domain::Playbook;

use super::layout::{Arrow, Point, Size, layout};
use super::{Graph, Kind, Shape, graph, quoted};

const FONT: f64 = 14.0;
const SMALL: f64 = 11.0;
const LINE: f64 = 20.0;
/// A line of a box breaks after so many full-width characters.
const WRAP: f64 = 13.0;
const MARGIN: f64 = 24.0;
/// How far the sides of a policy's box lean.
const SLANT: f64 = 16.0;

/// A flow of a checked playbook as SVG; `None` when there is no such flow.
#[must_use]
pub fn svg(playbook: &Playbook, flow: &str, language: &str) -> Option<String> {
    Some(draw(&graph(playbook, flow, language)?, language))
}

fn draw(graph: &Graph, language: &str) -> String {
    let lines: Vec<Vec<String>> = graph.shapes.iter().map(|shape| wrapped(&shape.label)).collect();
    let (loops, straight): (Vec<_>, Vec<_>) = graph.edges.iter().partition(|edge| edge.from == edge.to);
    let mut sizes: Vec<Size> = graph.shapes.iter().zip(&lines).map(|(shape, lines)| size(shape, lines)).collect();
    let bodies = sizes.clone();
    for edge in &loops {
        sizes[edge.from].right += 44.0 + width(&edge.label, SMALL);
    }
    let arrows: Vec<Arrow> = straight
        .iter()
        .map(|edge| {
            let half = width(&edge.label, SMALL) / 2.0;
            Arrow { from: edge.from, to: edge.to, label: Size { left: half, right: half, height: 18.0 } }
        })
        .collect();
    let plan = layout(&sizes, &arrows);
    let (wide, high) = (plan.size.0.max(width(&graph.title, 18.0)) + 2.0 * MARGIN, plan.size.1 + 2.0 * MARGIN + 36.0);
    let mut out = head(graph, wide, high, language);
    for way in &plan.ways {
        out += &arrow(&way.points);
    }
    for edge in &loops {
        let ((x, y), half) = (plan.boxes[edge.from], bodies[edge.from].right);
        let right = x + half;
        out += &format!(
            "<path d=\"M{right:.1} {:.1} C{:.1} {:.1} {:.1} {:.1} {right:.1} {:.1}\" marker-end=\"url(#tip)\"/>\n",
            y - 9.0,
            right + 40.0,
            y - 22.0,
            right + 40.0,
            y + 22.0,
            y + 9.0
        );
        out += &text(right + 36.0, y + 4.0, SMALL, "start", &edge.label);
    }
    for (way, edge) in plan.ways.iter().zip(&straight) {
        out += &text(way.label.0, way.label.1 + 4.0, SMALL, "middle", &edge.label);
    }
    for (n, shape) in graph.shapes.iter().enumerate() {
        out += &body(shape, &lines[n], bodies[n], plan.boxes[n], n == graph.start);
    }
    out + "</g>\n</svg>\n"
}

fn head(graph: &Graph, wide: f64, high: f64, language: &str) -> String {
    let title = quoted(&graph.title);
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" xml:lang=\"{language}\" width=\"{wide:.0}\" height=\"{high:.0}\" \
         viewBox=\"0 0 {wide:.0} {high:.0}\" font-family=\"'Noto Sans CJK JP','Noto Sans JP','Hiragino Sans','Yu Gothic',sans-serif\">\n\
         <title>{title}</title>\n\
         <style>path{{fill:none;stroke:#667;stroke-width:1.4}} .label{{paint-order:stroke;stroke:#fff;stroke-width:5px}}</style>\n\
         <defs><marker id=\"tip\" viewBox=\"0 0 8 8\" refX=\"7\" refY=\"4\" markerWidth=\"7\" markerHeight=\"7\" orient=\"auto\">\
         <path d=\"M0 0L8 4L0 8z\" style=\"fill:#667;stroke:none\"/></marker></defs>\n\
         <rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n\
         <text x=\"{MARGIN}\" y=\"{:.0}\" font-size=\"18\" fill=\"#223\">{title}</text>\n\
         <g transform=\"translate({MARGIN} {:.0})\">\n",
        MARGIN + 14.0,
        MARGIN + 36.0
    )
}

/// A way along points, smooth where it goes from one layer to the next.
fn arrow(points: &[Point]) -> String {
    let mut path = String::new();
    for pair in points.windows(2) {
        let [(x, y), (to_x, to_y)] = pair else { continue };
        if path.is_empty() {
            path = format!("M{x:.1} {y:.1}");
        }
        let half = f64::midpoint(*y, *to_y);
        path += &format!(" C{x:.1} {half:.1} {to_x:.1} {half:.1} {to_x:.1} {to_y:.1}");
    }
    format!("<path d=\"{path}\" marker-end=\"url(#tip)\"/>\n")
}

fn body(shape: &Shape, lines: &[String], size: Size, (x, y): Point, start: bool) -> String {
    let (fill, stroke) = match shape.kind {
        Kind::Step => ("#eaf2fb", "#5b87b5"),
        Kind::Ask => ("#fff6e0", "#c29431"),
        Kind::Policy => ("#f1ebfa", "#8a6bb8"),
        Kind::End => ("#f2f2f4", "#889"),
    };
    let round = if shape.kind == Kind::End { size.height / 2.0 } else { 6.0 };
    let thick = if start { 2.6 } else { 1.3 };
    let (left, top, wide, high) = (x - size.left, y - size.height / 2.0, size.left + size.right, size.height);
    let paint = format!("fill=\"{fill}\" stroke=\"{stroke}\" stroke-width=\"{thick}\"");
    let mut out = match shape.kind {
        Kind::Policy => {
            let (right, bottom) = (left + wide, top + high);
            format!(
                "<polygon points=\"{left:.1},{y:.1} {:.1},{top:.1} {:.1},{top:.1} {right:.1},{y:.1} {:.1},{bottom:.1} \
                 {:.1},{bottom:.1}\" {paint}/>\n",
                left + SLANT,
                right - SLANT,
                right - SLANT,
                left + SLANT
            )
        }
        _ => format!(
            "<rect x=\"{left:.1}\" y=\"{top:.1}\" width=\"{wide:.1}\" height=\"{high:.1}\" rx=\"{round:.1}\" {paint}/>\n"
        ),
    };
    for (n, line) in lines.iter().enumerate() {
        let y = top + 9.0 + LINE * n as f64 + FONT;
        out += &format!(
            "<text x=\"{x:.1}\" y=\"{y:.1}\" font-size=\"{FONT}\" text-anchor=\"middle\" fill=\"#223\">{}</text>\n",
            quoted(line)
        );
    }
    if shape.kind != Kind::End {
        let y = top + high - 9.0;
        out += &format!(
            "<text x=\"{x:.1}\" y=\"{y:.1}\" font-size=\"{SMALL}\" text-anchor=\"middle\" fill=\"#778\">{}</text>\n",
            quoted(&shape.name)
        );
    }
    out
}

fn text(x: f64, y: f64, font: f64, anchor: &str, label: &str) -> String {
    format!(
        "<text class=\"label\" x=\"{x:.1}\" y=\"{y:.1}\" font-size=\"{font}\" text-anchor=\"{anchor}\" fill=\"#445\">{}</text>\n",
        quoted(label)
    )
}

fn size(shape: &Shape, lines: &[String]) -> Size {
    let named = if shape.kind == Kind::End { 0.0 } else { 16.0 };
    let widest = lines.iter().map(|line| width(line, FONT)).fold(width(&shape.name, SMALL), f64::max);
    let slant = if shape.kind == Kind::Policy { SLANT } else { 0.0 };
    let half = (widest / 2.0 + 14.0 + slant).max(48.0);
    Size { left: half, right: half, height: 18.0 + LINE * lines.len() as f64 + named - 2.0 }
}

/// About how wide a text is: full-width characters are as wide as they are high.
fn width(text: &str, font: f64) -> f64 {
    text.chars().map(|c| if c.is_ascii() { 0.56 } else { 1.0 }).sum::<f64>() * font
}

/// Breaks a label into lines of about the same length: at spaces, or where a Japanese word ends.
fn wrapped(label: &str) -> Vec<String> {
    label.lines().flat_map(evenly).collect()
}

fn evenly(label: &str) -> Vec<String> {
    let all = width(label, 1.0);
    let limit = (all / (all / WRAP).ceil() + 1.0).min(WRAP);
    let mut lines: Vec<String> = Vec::new();
    for word in words(label) {
        match lines.last_mut() {
            Some(line) if width(line, 1.0) + width(word, 1.0) <= limit => line.push_str(word),
            _ => lines.push(word.trim_start().to_owned()),
        }
    }
    lines
}

/// Where a line may break: before a space, and between the kana that end a word and what is none.
fn words(label: &str) -> Vec<&str> {
    let is_kana = |c: char| ('ぁ'..='ん').contains(&c) || matches!(c, '、' | '。' | '」' | ')');
    let mut from = 0;
    let mut words = Vec::new();
    for ((_, before), (at, c)) in label.char_indices().zip(label.char_indices().skip(1)) {
        let ends = is_kana(before) && !is_kana(c) && !matches!(c, 'ー' | '・' | '」' | ')');
        let polite = matches!(c, 'お' | 'ご') && matches!(before, 'を' | 'に' | 'で' | 'は' | 'が');
        if c == ' ' || (ends && !matches!(before, 'お' | 'ご')) || polite {
            words.extend(label.get(from..at));
            from = at;
        }
    }
    words.extend(label.get(from..));
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_break_where_words_end() {
        assert_eq!(
            wrapped("担当者へ\nお問い合わせの分類をお願いします"),
            ["担当者へ", "お問い合わせの", "分類をお願いします"]
        );
        assert_eq!(
            wrapped("To the customer\nThank you for your answers"),
            ["To the customer", "Thank you for", "your answers"]
        );
    }
}
