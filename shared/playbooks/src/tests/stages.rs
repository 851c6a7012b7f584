//! What is wrong with `going_live:`. What is said of each case stands in `stages.txt`.

use super::{Changes, MAIN, golden, told};

/// Nobody says who approves.
const LIVE: &str = "going_live: { to: coach, approval: everything, parts: [{ name: rest, label: { ja: 全般, en: All }, begins: approved }] }\nv: 1\n";

const CASES: &[Changes<'_>] = &[
    &[(
        MAIN,
        "v: 1\n",
        "going_live: { to: customer, parts: [{ name: rest, label: { ja: 全般, en: All }, begins: approved }] }\nv: 1\n",
    )],
    &[(MAIN, "v: 1\n", LIVE)],
    &[(MAIN, "v: 1\n", "going_live: { to: coach, parts: [] }\nv: 1\n")],
    &[(
        MAIN,
        "v: 1\n",
        "going_live: { to: coach, parts: [{ name: \"a#b\", label: { ja: 一, en: One }, flows: [inqiry], begins: sample }, { name: \
         \"a#b\", label: { ja: 二, en: Two }, begins: live }] }\nv: 1\n",
    )],
    &[(
        MAIN,
        "v: 1\n",
        "going_live: { to: coach, parts: [{ name: \"a#b\", label: { ja: 一, en: One }, flows: [inqiry], begins: sample }, { name: \
         \"a#b\", label: { ja: 二, en: Two }, begins: all }, { name: rest, label: { ja: 残り, en: Rest }, begins: all }] }\nv: 1\n",
    )],
];

#[test]
fn every_kind_of_problem_of_going_live() {
    golden("stages.txt", CASES, told);
}
