//! Mails that are hardly meant as they stand: HTML, links that lead nowhere from a mail, one language twice.

use std::collections::BTreeMap;

use banto_domain::playbook::To;

use crate::check::known::{Known, State};
use crate::check::template::names_in;
use crate::check::uses::{Origin, Use};
use crate::check::{Check, MAIN};
use crate::folder::{Main, Written};
use crate::places::Spot;

impl Check<'_> {
    pub(super) fn texts(&mut self, uses: &BTreeMap<&str, Vec<Use<'_>>>) {
        if let Some(main) = &self.parts.main {
            self.nameless(main, uses);
        }
        for (name, pair) in &self.parts.templates {
            for (language, written) in [("ja", &pair.ja), ("en", &pair.en)] {
                if let Some(written) = written {
                    self.mail(&format!("templates/{name}.{language}.md"), written);
                }
            }
            if let (Some(ja), Some(en)) = (&pair.ja, &pair.en)
                && ja.body.trim() == en.body.trim()
                && !ja.body.trim().is_empty()
            {
                let file = format!("templates/{name}.en.md");
                let what = format!("is word for word templates/{name}.ja.md; write it in English");
                self.warn_at(&file, self.of_body(&file, en, 0), what);
            }
        }
    }

    fn mail(&mut self, file: &str, written: &Written) {
        if let Some(byte) = html(&written.body) {
            let what = "HTML isn't shown as such in a mail; write Markdown".to_owned();
            self.warn_at(file, self.of_body(file, written, byte), what);
        }
        for (byte, target) in links(&written.body) {
            let what =
                format!("a link to {target}: there is nothing beside a mail; write a link in full, with https://");
            self.warn_at(file, self.of_body(file, written, byte), what);
        }
    }

    /// Mails that address the customer by a name that may not be there: said once of each form.
    fn nameless(&mut self, main: &Main, uses: &BTreeMap<&str, Vec<Use<'_>>>) {
        let has_name =
            |state: &State<'_>| ["name", "family_name"].iter().any(|fact| state.contains(&Known::Fact(fact)));
        let addresses = |written: &Written| {
            [&written.body, &written.front.subject]
                .into_iter()
                .filter_map(|text| names_in(text))
                .any(|names| names.contains("customer"))
        };
        for (name, form) in main.forms.iter().filter(|(_, form)| !form.required.iter().any(|fact| fact == "name")) {
            let sends = |used: &Use<'_>| match used.from {
                Origin::Form(other) => other == name,
                Origin::Node(flow, _) => flow == form.flow,
                Origin::Question(_) | Origin::Reminder(_) | Origin::Emergency => false,
                Origin::Digest | Origin::Own(_) => false,
            };
            let wanting =
                |used: &Use<'_>| used.to == To::Customer && !used.any_fact && !has_name(&used.known) && sends(used);
            let names = uses.iter().filter(|(_, uses)| uses.iter().any(wanting)).map(|(template, _)| *template);
            let written = |template: &&str| self.parts.templates.get(*template).and_then(|pair| pair.ja.as_ref());
            let names: Vec<&str> = names.filter(|template| written(template).is_some_and(addresses)).collect();
            if let Some(first) = names.first() {
                let others = if names.len() > 1 { format!(" and {} more", names.len() - 1) } else { String::new() };
                let what = format!(
                    "form {name}: the fact name isn't required, and without it {{{{ customer }}}} is empty in {first}{others}; \
                     require it, or leave {{{{ customer }}}} out there"
                );
                self.warn(MAIN, Spot::Key(&["forms", name, "required"]), what);
            }
        }
    }
}

/// Where a tag of HTML begins; `<https://…>` and `<office@…>` are links of Markdown.
fn html(body: &str) -> Option<usize> {
    let is_tag = |rest: &str| {
        let inside = rest.split('>').next().unwrap_or(rest).trim_start_matches('/');
        let name: String = inside.chars().take_while(char::is_ascii_alphanumeric).collect();
        let after = inside[name.len()..].chars().next();
        let begins = name.chars().next().is_some_and(|c| c.is_ascii_alphabetic());
        rest.starts_with("!--") || begins && matches!(after, None | Some(' ' | '/' | '\n')) && rest.contains('>')
    };
    body.match_indices('<').map(|(byte, _)| byte).find(|byte| is_tag(&body[byte + 1..]))
}

/// Links of Markdown to what isn't on the web: `[terms](terms.pdf)`.
fn links(body: &str) -> impl Iterator<Item = (usize, &str)> {
    const LEADS: [&str; 5] = ["https://", "http://", "mailto:", "tel:", "{{"];
    let target = |(byte, _): (usize, &str)| {
        let rest = &body[byte + 2..];
        let target = rest.split([')', '\n']).next().unwrap_or(rest).trim();
        (byte + 2, target.trim_matches(['<', '>']))
    };
    body.match_indices("](").map(target).filter(|(_, target)| !LEADS.iter().any(|lead| target.starts_with(lead)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn html_and_links_are_told_from_markdown() {
        for fine in ["<https://example.com>", "<office@example.com>", "1 < 2 > 0", "a <- b", "<山田>"] {
            assert_eq!(html(fine), None, "{fine}");
        }
        for tag in ["<b>x</b>", "x<br>", "<a href=\"x\">", "</p>", "<!-- x -->", "<br/>"] {
            assert!(html(tag).is_some(), "{tag}");
        }
        let body = "[a](https://x.example) [b](terms.pdf) [c]({{ link }}) ![d](/logo.png)";
        let found: Vec<&str> = links(body).map(|(_, target)| target).collect();
        assert_eq!(found, ["terms.pdf", "/logo.png"]);
    }
}
