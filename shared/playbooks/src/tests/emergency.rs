//! The emergency words that every practice has, against what people write.

use banto_domain::rules::emergency::words_in;

use crate::{Folder, ready_made};

const CORPUS: &str = include_str!("emergency.txt");

/// `\u{200B}` as the character.
fn unescaped(text: &str) -> String {
    let mut parts = text.split("\\u{");
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (code, rest) = part.split_once('}').expect("a closed escape");
        out.push(u32::from_str_radix(code, 16).ok().and_then(char::from_u32).expect("a character"));
        out.push_str(rest);
    }
    out.replace("\\n", "\n")
}

fn yamada() -> Folder {
    ready_made().expect("the ready-made ones").remove(0)
}

#[test]
fn cries_are_heard_however_they_are_written_and_what_only_looks_alike_is_not() {
    let playbook = yamada().playbook;
    let (mut cries, mut others, mut wrong) = (0, 0, Vec::new());
    for line in CORPUS.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        let (kind, text) = line.split_once(' ').expect("a kind and a text");
        let found = words_in(&playbook, [&unescaped(text)]);
        let named: Vec<&str> = found.iter().map(|n| playbook.classification.emergency[*n as usize].as_str()).collect();
        match kind {
            "+" | "~" => cries += 1,
            "-" => others += 1,
            other => panic!("no kind: {other}"),
        }
        if (kind == "-") != named.is_empty() {
            wrong.push(format!("{line}   {named:?}"));
        }
    }
    assert!(wrong.is_empty(), "{} of {} are wrong:\n{}", wrong.len(), cries + others, wrong.join("\n"));
    assert!(cries >= 120 && others >= 120, "{cries} cries, {others} others");
}

#[test]
fn the_numbers_by_which_journals_name_words_stay() {
    let words = yamada().playbook.classification.emergency;
    assert_eq!(
        (words[0].as_str(), words[3].as_str(), words[15].as_str(), words[19].as_str()),
        ("死にたい", "消えたい", "want to die", "harm myself")
    );
}

#[test]
fn no_harmless_phrase_hides_a_word_and_no_word_stands_twice() {
    let rules = yamada().playbook.classification;
    for phrase in &rules.harmless {
        for word in &rules.emergency {
            assert!(!banto_domain::rules::emergency::hides(phrase, word), "{phrase} hides {word}");
        }
    }
    let mut all = rules.emergency.clone();
    all.sort();
    all.dedup();
    assert_eq!(all.len(), rules.emergency.len());
}

#[test]
fn a_flood_of_what_almost_is_a_word_is_read_in_time() {
    let playbook = yamada().playbook;
    for unit in ["し", "死に", "もう疲れました。死にし", "s ", "want to ", "suicidaaaa", "死・", "ⅷﾞ"]
    {
        let text = unit.repeat(200_000 / unit.len());
        let began = std::time::Instant::now();
        assert!(words_in(&playbook, [&text]).is_empty(), "{unit}");
        assert!(began.elapsed().as_secs() < 30, "{unit}: {:?}", began.elapsed());
    }
}
