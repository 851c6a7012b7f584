//! Files that are never read: what stands beside what is read, under a name that nobody looks for.

use super::Check;

/// What a folder's own files may be called, beside flows and templates.
const READ: [&str; 4] = ["playbook.yaml", "questions.yaml", "helplines.yaml", "demo-secrets.yaml"];

impl Check<'_> {
    pub(super) fn files(&mut self) {
        let own: Vec<String> = self.sources.own().map(str::to_owned).collect();
        for file in own {
            if let Some(way_out) = never_read(&file) {
                self.say_at(&file, None, format!("is never read: {way_out}"));
            }
        }
        self.folders();
    }

    /// A folder that isn't there, once, rather than each thing that would stand in it.
    fn folders(&mut self) {
        let Some(main) = &self.parts.main else { return };
        if !self.has_folder("flows/") && !main.forms.is_empty() {
            let what = "there is no folder flows/ beside it, so no form leads anywhere; add flows/NAME.yaml".to_owned();
            self.say_at(super::MAIN, None, what);
        }
        if !self.has_folder("templates/") && self.writes() {
            let what = "there is no folder templates/ beside it, so nothing can be mailed; add templates/NAME.ja.md and .en.md";
            self.say_at(super::MAIN, None, what.to_owned());
        }
    }

    /// Whether the folder has anything of its own there.
    pub(super) fn has_folder(&self, folder: &str) -> bool {
        self.sources.own().any(|file| file.starts_with(folder))
    }

    /// Whether the practice's own files name a template that isn't there.
    fn writes(&self) -> bool {
        let forms = self.parts.main.iter().flat_map(|main| main.forms.values()).filter_map(|f| f.acknowledge.as_ref());
        let nodes = self.parts.flows.values().flatten().flat_map(|flow| flow.nodes.values());
        let named = nodes.filter_map(|node| node.template.as_ref()).chain(forms);
        let asked = self.parts.questions.iter().flatten().map(|(_, question)| &question.template);
        named.chain(asked).any(|name| !self.parts.templates.contains_key(name))
    }
}

/// Where to put a file that is never read; `None` when it is read, or plainly for people.
fn never_read(file: &str) -> Option<String> {
    let (folder, name) = file.rsplit_once('/').unwrap_or(("", file));
    let is_yaml = name.ends_with(".yaml");
    if let Some(stem) = name.strip_suffix(".yml") {
        return Some(format!("call it {stem}.yaml"));
    }
    match folder {
        "flows" if is_yaml && name.len() > ".yaml".len() => None,
        "flows" => Some("here are only flows; move it, or call it NAME.yaml".to_owned()),
        "templates" if [".ja.md", ".en.md"].iter().any(|end| name.ends_with(end)) => None,
        "templates" => Some("here are only templates; call it NAME.ja.md or NAME.en.md".to_owned()),
        "" if READ.contains(&name) => None,
        _ if is_yaml && name.contains("secret") => Some(
            "secrets don't belong inside the playbook's folder; move it elsewhere, and publish with --secrets FILE"
                .to_owned(),
        ),
        _ if is_yaml => Some("flows stand in flows/NAME.yaml, all else in playbook.yaml and questions.yaml".to_owned()),
        _ if [".ja.md", ".en.md"].iter().any(|end| name.ends_with(end)) => {
            Some(format!("templates stand in templates/; move it to templates/{name}"))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_read_and_what_is_for_people_is_let_be() {
        for good in ["playbook.yaml", "flows/a.yaml", "templates/a.en.md", "README.md", "FLOWS.md", "notes/idea.md"] {
            assert_eq!(never_read(good), None, "{good}");
        }
        for bad in [
            "playbook.yml",
            "flows/a.yml",
            "flow/a.yaml",
            "flows/old/a.yaml",
            "flows/a.md",
            "templates/a.md",
            "templates/x/a.ja.md",
            "template/a.ja.md",
            "secrets.yaml",
            "Questions.yaml",
            "flows/.yaml",
        ] {
            assert!(never_read(bad).is_some(), "{bad}");
        }
    }
}
