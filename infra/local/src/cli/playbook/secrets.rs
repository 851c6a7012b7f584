//! The secrets of a house: from a file that is nobody else's business, into the table, sealed. They are never printed.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use banto_domain::Playbook;
use banto_domain::playbook::Provider;
use banto_domain::playbook::Signature;
use banto_playbooks::Folder;

use super::CliError;

/// Secrets by name: `form:inquiry`, `payment:stripe`.
pub(super) type Secrets = BTreeMap<String, String>;

/// The secrets that a playbook needs.
pub(super) fn needed(playbook: &Playbook) -> BTreeSet<String> {
    let signed = playbook.forms.iter().filter(|(_, form)| !matches!(form.signature, Signature::None { .. }));
    let providers = playbook.billing.iter().flat_map(|billing| &billing.providers);
    let payment = providers.map(|provider| format!("payment:{}", provider.name()));
    signed.map(|(name, _)| format!("form:{name}")).chain(payment).collect()
}

/// Those of which the provider gives a key in base64: the library that checks signatures must be able to read it.
fn is_standard_webhooks(playbook: &Playbook, name: &str) -> bool {
    let form = name.strip_prefix("form:").and_then(|form| playbook.forms.get(form));
    form.is_some_and(|form| matches!(form.signature, Signature::StandardWebhooks))
        || name.strip_prefix("payment:") == Some(Provider::Generic.name())
}

/// Reads a file of secrets for a playbook's folder.
pub(super) fn read(file: &Path, dir: &Path, folder: &Folder) -> Result<Secrets, CliError> {
    let shown = file.display();
    let inside = match (file.canonicalize(), dir.canonicalize()) {
        (Ok(file), Ok(dir)) => file.starts_with(dir),
        _ => false,
    };
    if inside {
        let what = format!("{shown} is inside the playbook's folder, which others read");
        return Err(CliError::input(what, "keep secrets in a file elsewhere that only you can read"));
    }
    let text = std::fs::read_to_string(file)
        .map_err(|e| CliError::input(format!("{shown}: can't be read: {e}"), "name another with --secrets FILE"))?;
    let secrets: Secrets = serde_saphyr::from_str(&text).map_err(|e| {
        // What the parser says may quote the line.
        let at = e.location().map(|at| format!(":{}:{}", at.line(), at.column())).unwrap_or_default();
        let way_out = "write one a line: \"form:NAME\": SECRET".to_owned();
        CliError::Found(format!("{shown}{at}: is no list of secrets"), way_out)
    })?;
    let [ready_made, trades] =
        [banto_playbooks::ready_made(), banto_playbooks::trades()].map(Result::unwrap_or_default);
    let known: BTreeSet<&String> = ready_made
        .iter()
        .chain(&trades)
        .flat_map(|made| made.demo_secrets.values())
        .chain(folder.demo_secrets.values())
        .collect();
    for (name, secret) in &secrets {
        let bad = |what: &str, way_out: String| {
            let line = text.lines().position(|line| line.trim_start_matches(['"', '\'', ' ']).starts_with(name));
            Err(CliError::Found(format!("{shown}:{}:1: {name} {what}", line.map_or(1, |n| n + 1)), way_out))
        };
        let needed = needed(&folder.playbook);
        if !needed.contains(name) {
            let there: Vec<&str> = needed.iter().map(String::as_str).collect();
            return bad("is nothing that this playbook uses", format!("there are {}", there.join(", ")));
        }
        if secret.trim().is_empty() {
            return bad("is empty", "write the secret that the provider gave you".to_owned());
        }
        if known.contains(secret) {
            return bad(
                "is a demo's, which everybody can read",
                "write the secret that the provider gave you".to_owned(),
            );
        }
        if is_standard_webhooks(&folder.playbook, name) && standardwebhooks::Webhook::new(secret).is_err() {
            return bad("is no secret of Standard Webhooks", "it looks like whsec_ and base64".to_owned());
        }
    }
    Ok(secrets)
}
