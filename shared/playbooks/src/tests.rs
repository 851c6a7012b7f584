use super::*;

/// What is changed in the files of the first ready-made folder: file, text, what stands there instead.
type Changes<'a> = &'a [(&'a str, &'a str, &'a str)];

const FLOW: &str = "flows/inquiry.yaml";
const MAIN: &str = "playbook.yaml";
const ASKS: &str = "questions.yaml";
const JA: &str = "templates/declined.ja.md";
const EN: &str = "templates/declined.en.md";
const ASK: &str = "templates/missing-info.ja.md";
const DONE: &str = "templates/info-received.en.md";

/// Every kind of problem. What is said of each stands in `tests/problems.txt`.
const CASES: &[Changes<'_>] = &[
    &[(MAIN, "v: 1", "v: 9")],
    &[(MAIN, "zone: Asia/Tokyo", "zone: Asia/Tokio")],
    &[(MAIN, "zone: Asia/Tokyo", "zone: Asia/Tokyo\nzzone: x")],
    &[(MAIN, "zone: Asia/Tokyo", "zone: [")],
    &[(MAIN, "  operators:\n    - {", "  operators: []\n#   - {")],
    &[(MAIN, "kind: line, label: { ja: お名前", "kind: choice, label: { ja: お名前")],
    &[(MAIN, "preferred: preferred }", "preferred: preferred, prefered: x }")],
    &[(MAIN, "required: [name, email", "required: [name, e-mail, email")],
    &[(MAIN, "required: [name, email, message]", "required: [name, message]")],
    &[(MAIN, "language: ja", "language: jp")],
    &[(MAIN, "flow: inquiry", "flow: enquiry")],
    &[(MAIN, "acknowledge: acknowledge", "acknowledge: acknowlege")],
    &[(MAIN, "read: [message]", "read: [message, massage]")],
    &[(ASKS, "answers:\n    - { name: send", "answers: []\n#   - { name: send")],
    &[(ASKS, "Send } }", "Send } }\n    - { name: expired, label: { ja: 後, en: Later } }")],
    &[(ASKS, "  nudge: missing-info-again\n", "")],
    &[(ASKS, "shows: [name, message]", "shows: [name, massage]")],
    &[(ASKS, "template: missing-info", "template: missing-inf")],
    &[(ASKS, "nudge: missing-info-again", "nudge: missing-info-agin")],
    &[(JA, "approved_by: yamada\n", "")],
    &[(EN, "approved_by: yamada\n", "approved_by:\n")],
    &[(EN, "class: routine", "class: exception")],
    &[(EN, "effect: information", "effect: money")],
    &[(EN, "language: en", "language: ja")],
    &[(EN, "class: routine", "klass: routine")],
    &[(EN, "---\nlanguage", "language")],
    &[(EN, "approved_by: yamada\n---\n", "approved_by: yamada\n")],
    &[(FLOW, "start: classify", "start: clasify")],
    &[(FLOW, "declined: decline, expired", "declined: declin, expired")],
    &[(FLOW, "done: \"end:declined\"", "done: \"end:\"")],
    &[(FLOW, "action: classify-inquiry", "action: clasify-inquiry")],
    &[(FLOW, ", emergency: urgent", "")],
    &[(FLOW, "done: \"end:gave-up\"", "done: \"end:gave-up\", sent: decline")],
    &[(FLOW, "question: triage", "question: triag")],
    &[(FLOW, "question: triage", "question: missing-info")],
    &[(FLOW, "template: gave-up", "template: gaveup")],
    &[(FLOW, "    template: gave-up\n", "")],
    &[(FLOW, "question: triage", "question: triage\n    template: declined")],
    &[(FLOW, "facts: [menu, goal", "facts: [menu, gaol")],
    &[(FLOW, "expired: give-up", "expired: collect")],
    // Placeholders: names, and what the use of the template provides.
    &[(JA, "{{ facts.name }}", "{{ facts.nmae }}")],
    &[(JA, "{{ facts.name }}", "{{ name }}")],
    &[(JA, "{{ facts.name }}", "{{ nobody }}")],
    &[(JA, "{{ facts.name }}様", "{{ facts.name.kanji }}様 {{ number.long }}")],
    &[(JA, "{{ facts.name }}", "{{ facts }}")],
    &[(JA, "(受付番号 {{ number }})", "({{ deadline }})")],
    &[(JA, "subject: \"【", "subject: \"\\u3010"), (JA, "{{ number }}", "{{ numer }}")],
    &[(EN, "{% if again %}", "{% if aagain %}{{ link }}")],
    &[(ASK, "{% for item in asked %}", "{% for item in asks %}")],
    &[(ASK, "{{ link }}", "{{ link }} {{ reason }}")],
    &[(ASKS, "template: attend", "template: declined")],
    &[(DONE, "{{ facts.menu }}", "{{ facts.goal }}"), (FLOW, "facts: [menu, goal", "facts: [menu")],
    &[(DONE, "{{ facts.menu }}", "{{ facts.menu|uper }}")],
    &[(DONE, "{{ facts.menu }}", "{{ facts.menu }")],
    &[(DONE, "{% endif %}", "")],
    &[(EN, "(number {{ number }})", "(number {{ number )")],
    // A flow that goes round and round.
    &[(FLOW, "done: \"end:gave-up\"", "done: collect"), (FLOW, "done: \"end:complete\"", "done: collect")],
    // All at once, sorted, and none that only follows from another.
    &[
        (FLOW, "label: {", "lable: {"),
        (MAIN, "read: [message]", "read: [massage]"),
        ("templates/acknowledge.ja.md", "language: ja", "langage: ja"),
        ("templates/gave-up.ja.md", "approved_by: yamada\n", ""),
        (ASKS, "shows: [name, message]", "shows: [naem, massage]"),
    ],
];

fn problems(files: &Files) -> Vec<String> {
    load(files).err().unwrap_or_default().iter().map(ToString::to_string).collect()
}

fn changed(changes: Changes<'_>) -> Files {
    let mut files = embedded(&READY_MADE[0].1);
    for (file, from, to) in changes {
        let text = files.get_mut(*file).expect("file");
        assert!(text.contains(from), "{file} has {from:?}");
        *text = text.replacen(from, to, 1);
    }
    files
}

#[test]
fn every_kind_of_problem_with_its_place_and_the_way_out() {
    let mut said = String::new();
    for case in CASES {
        for (file, from, to) in *case {
            said += &format!("{file}: {from:?} -> {to:?}\n");
        }
        let found = problems(&changed(case));
        assert!(!found.is_empty(), "{case:?} has a problem");
        said.extend(found.iter().map(|problem| format!("    {problem}\n")));
    }
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/tests/problems.txt");
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(&golden, &said).expect("written");
    }
    let before = std::fs::read_to_string(&golden).unwrap_or_default();
    assert!(before == said, "{} differs; UPDATE=1 writes it anew. Now:\n{said}", golden.display());
}

#[test]
fn what_may_be_unknown_may_be_asked_for() {
    let asks = "{% if facts.menu is defined %}{{ facts.menu }}{% endif %}{% for n in range(2) %}{{ n }}{% endfor %}";
    assert_eq!(problems(&changed(&[(JA, "{{ facts.name }}", asks)])), [] as [&str; 0]);
}

#[test]
fn the_ready_made_ones_have_no_problem() {
    let folders = ready_made().unwrap_or_else(|problems| panic!("{problems:#?}"));
    assert_eq!(folders.iter().map(|f| f.playbook.client.as_str()).collect::<Vec<_>>(), ["yamada", "harbor"]);
}

#[test]
fn what_is_not_there() {
    let mut files = embedded(&READY_MADE[0].1);
    files.remove(EN);
    assert_eq!(problems(&files), ["templates/declined.ja.md:1:1: there is no English; add templates/declined.en.md"]);
    assert_eq!(problems(&Files::new()), ["playbook.yaml:1:1: is missing; a playbook needs it"]);
    let nowhere = read(Path::new("no/such/folder")).expect_err("nowhere");
    assert!(nowhere[0].to_string().starts_with("no/such/folder: can't be read: "), "{nowhere:?}");
}

/// A folder on disk that goes when the test ends.
struct Scratch(std::path::PathBuf);

impl Scratch {
    fn new(files: &Files) -> Self {
        let dir = Self(std::env::temp_dir().join(format!("banto-playbook-{}", std::process::id())));
        for (name, text) in files {
            let path = dir.0.join(name);
            std::fs::create_dir_all(path.parent().expect("a folder")).expect("made");
            std::fs::write(path, text).expect("written");
        }
        dir
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        std::fs::remove_dir_all(&self.0).unwrap_or_default();
    }
}

/// The blocks of the README that tell of a new flow: flow, question, form, mail.
fn readme() -> [String; 4] {
    let readme = include_str!("../README.md");
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
    assert_eq!(playbook.flows.keys().collect::<Vec<_>>(), ["help-desk", "inquiry", "unreadable"]);
    let drawn = diagram::mermaid(&playbook, "help-desk", "ja").expect("a flow");
    assert!(drawn.contains("node-look -->|\"回答しました\"| node-tell\n"), "{drawn}");
    assert!(drawn.contains("node-look -->|\"回答なし\"| node-look\n"), "{drawn}");
}
