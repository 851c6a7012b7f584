//! `FLOWS.md` beside each ready-made playbook draws what its flows say.

use std::path::Path;

use crate::diagram::mermaid;

#[test]
fn the_pictures_of_the_flows_are_true() {
    let [practices, trades] = [crate::ready_made(), crate::trades()];
    for folder in practices.expect("no problems").iter().chain(&trades.expect("no problems")) {
        let (playbook, language) = (&folder.playbook, folder.playbook.language.as_str());
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(playbook.client.as_str()).join("FLOWS.md");
        let mut pictures = format!("# {}\n", playbook.name.get(language));
        for (name, flow) in &playbook.flows {
            let drawn = mermaid(playbook, name, language).expect("a flow");
            pictures += &format!("\n## {} (`{name}`)\n\n```mermaid\n{drawn}```\n", flow.label.get(language));
        }
        if std::env::var_os("UPDATE").is_some() {
            std::fs::write(&path, &pictures).expect("written");
        }
        let written = std::fs::read_to_string(&path).expect("a file");
        assert!(written == pictures, "{} is not what the flows say; UPDATE=1 draws it anew", path.display());
    }
}
