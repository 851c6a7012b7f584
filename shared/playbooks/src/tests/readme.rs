//! What the README tells is true: its blocks are files that can be checked.

use super::*;

/// The blocks of the README that tell of a new flow: flow, question, form, mail.
fn readme() -> [String; 4] {
    let readme = include_str!("../../README.md");
    let (_, flow) = readme.split_once("## A flow\n").expect("a chapter");
    let blocks = flow
        .split("```")
        .skip(1)
        .step_by(2)
        .take(4)
        .map(|block| block.split_once('\n').expect("a language, then the block").1.to_owned());
    blocks.collect::<Vec<_>>().try_into().expect("four blocks")
}

#[test]
fn a_new_flow_is_data_as_the_readme_tells() {
    let [flow, question, form, mail] = readme();
    assert!(flow.lines().count() <= 10, "{flow}");
    let mut files = embedded(&READY_MADE[0].1);
    files.insert("flows/help-desk.yaml".to_owned(), flow);
    *files.get_mut(ASKS).expect("questions") += &question;
    let main = files.get_mut(MAIN).expect("main");
    *main = main.replacen("\nforms:\n", &format!("\nforms:\n{form}"), 1);
    let english = mail.replace("language: ja", "language: en");
    files.insert("templates/help-answered.ja.md".to_owned(), mail);
    let folder = Scratch::new(&files);
    let lacking = read(&folder.0).expect_err("one language");
    let said = "templates/help-answered.ja.md:1:1: there is no English; add templates/help-answered.en.md";
    assert_eq!(lacking.iter().map(ToString::to_string).collect::<Vec<_>>(), [said]);

    // As an editor elsewhere may save it.
    let english = format!("\u{feff}{}", english.replace('\n', "\r\n"));
    std::fs::write(folder.0.join("templates/help-answered.en.md"), english).expect("written");
    let playbook = read(&folder.0).unwrap_or_else(|problems| panic!("{problems:#?}")).playbook;
    assert_eq!(
        playbook.flows.keys().collect::<Vec<_>>(),
        [
            "absent",
            "cancel",
            "closure",
            "coach-cannot",
            "coach-late",
            "coach-quit",
            "complaint",
            "digest",
            "discount",
            "expiry",
            "going-live",
            "help-desk",
            "imported",
            "incident",
            "inquiry",
            "instalment",
            "late",
            "payment",
            "propose-playbook",
            "proposed",
            "quit",
            "receipt-again",
            "refund",
            "refund-talk",
            "reschedule",
            "seminar",
            "seminar-away",
            "seminar-cancel",
            "session",
            "start-imported",
            "trouble",
            "unpaid-move",
            "unreadable",
            "violation",
            "wish"
        ]
    );
    let drawn = diagram::mermaid(&playbook, "help-desk", "ja").expect("a flow");
    assert!(drawn.contains("node-look -->|\"回答しました\"| node-tell\n"), "{drawn}");
    assert!(drawn.contains("node-look -->|\"回答なし\"| node-look\n"), "{drawn}");
}

/// The files of the smallest playbook, as the README has them: each block is the file that is named before it.
fn smallest() -> Files {
    let readme = include_str!("../../README.md");
    let (_, chapter) = readme.split_once("## The smallest that runs\n").expect("a chapter");
    let (chapter, _) = chapter.split_once("\n## ").expect("another after it");
    let parts: Vec<&str> = chapter.split("```").collect();
    let file = |pair: &[&str]| {
        let name = pair[0].rsplit('`').nth(1).expect("a name").to_owned();
        (name, pair[1].split_once('\n').expect("a language, then the block").1.to_owned())
    };
    parts.chunks_exact(2).map(file).collect()
}

#[test]
fn the_smallest_that_runs_is_as_the_readme_tells() {
    let files = smallest();
    assert_eq!(files.len(), 7, "{:?}", files.keys());
    let folder = load(&files).unwrap_or_else(|problems| panic!("{problems:#?}"));
    assert_eq!(folder.warnings, []);
    assert_eq!(
        folder.playbook.flows.keys().collect::<Vec<_>>(),
        ["digest", "going-live", "imported", "propose-playbook", "question", "start-imported", "unreadable"]
    );
}
