//! `banto show`: what happened in a case, in sentences; of one approval who decided what, when, about exactly what, held
//! against the chain. Also of a house that is running, by a copy of it.

use std::io::Write as _;
use std::path::PathBuf;

use banto_aws::Env;
use banto_desk::{Lang, Story, evidence, lines};
use banto_domain::rules::request;
use banto_domain::state::{Party, verify};
use banto_domain::{CaseKey, Id};

use super::{CliError, examine};

/// Flags of `banto show`.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The case, by its reference number
    #[arg(value_name = "CASE")]
    case: String,
    /// One of an approval's questions, or the mail that was approved: who decided what, with which mark
    #[arg(long, value_name = "ID")]
    approval: Option<String>,
    /// The link to the page of this case that a coach or an operator has, by short name: where what a customer said by
    /// telephone is entered
    #[arg(long, value_name = "PERSON", conflicts_with = "approval")]
    page_of: Option<String>,
    /// ja or en
    #[arg(long, value_name = "LANGUAGE", default_value = "ja")]
    language: String,
    /// Where the data lives [default: .banto]
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
}

pub(super) async fn run(arguments: Arguments) -> Result<(), CliError> {
    let input = |what: String, way_out: &str| CliError::Input(what, way_out.to_owned());
    let lang = Lang::parse(&arguments.language).ok_or_else(|| {
        input(format!("--language {}: is no language of Banto's", arguments.language), "write ja or en")
    })?;
    let looked = examine::look(arguments.data).await?;
    let env = &looked.host.world().env;
    let failed = |e: banto_aws::Error| CliError::Failed(e.to_string());
    let keys = env.ledger.cases().await.map_err(failed)?;
    let is_meant = |key: &&CaseKey| key.case.as_str() == arguments.case || key.to_string() == arguments.case;
    let key = keys.iter().find(is_meant).ok_or_else(|| {
        input(format!("there is no case {}", arguments.case), "write its reference number, as it stands in mails")
    })?;
    if let Some(person) = &arguments.page_of {
        return page_of(env, key, person).await;
    }
    let journal = env.ledger.journal(key).await.map_err(failed)?;
    let shown = env.ledger.show(key, false).await.map_err(failed)?.unwrap_or_default();
    let story = Story::of(env, shown).await.map_err(failed)?;
    let mut out = std::io::stdout();
    match &arguments.approval {
        None => {
            for line in lines(&story, lang) {
                let at = line.at.map(|at| banto_desk::long(at, lang)).unwrap_or_default();
                writeln!(out, "{at}  {}  {}", line.actor, line.text)?;
            }
        }
        Some(id) => {
            let told = Id::parse(id).ok().map(|id| evidence(&story, &id, lang)).filter(|told| !told.is_empty());
            let told = told.ok_or_else(|| {
                let way_out = "write the id of one of its questions, or of the mail, as the journal names it";
                input(format!("case {} has no approval {id}", key.case), way_out)
            })?;
            for (seq, line, mark) in told {
                let hash = journal.iter().find(|stored| stored.seq == seq).map_or("", |stored| stored.hash.as_str());
                let at = line.at.map(|at| banto_desk::long(at, lang)).unwrap_or_default();
                let mark = mark.map(|mark| format!("  [{mark}]")).unwrap_or_default();
                writeln!(out, "#{seq} {hash:.12}  {at}  {}  {}{mark}", line.actor, line.text)?;
            }
        }
    }
    match verify::journal(&journal) {
        Ok(_) => Ok(writeln!(
            out,
            "{}",
            lang.of(
                &format!("記録の連鎖を確認しました: {}件すべて、前の記録に正しく続いています。", journal.len()),
                &format!("the chain holds: {} commits, each continues the one before", journal.len())
            )
        )?),
        Err(broken) => Err(CliError::Failed(format!("{key}: {broken}; run banto verify"))),
    }
}

/// The link to the page of a case that somebody of the practice has.
async fn page_of(env: &Env, key: &CaseKey, person: &str) -> Result<(), CliError> {
    let today = env.today(key).await.map_err(|e| CliError::Failed(e.to_string()))?;
    if request::Reader::of_person(&today, person).is_none() {
        let what = format!("--page-of {person}: is no coach and no operator of {}", key.client);
        return Err(CliError::Input(what, "write a short name of the playbook's people:".to_owned()));
    }
    let link = env.page_link(key, &Party::Person(person.to_owned()));
    Ok(writeln!(std::io::stdout(), "{link}")?)
}
