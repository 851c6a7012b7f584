//! `banto import-customers`: the practice's list of customers comes into a house. What would become of each row is shown first;
//! with anything wrong in it nothing comes in. No rule of what a row means stands here.

use std::io::Write;
use std::path::{Path, PathBuf};

use banto_aws::import::{Fate, Found, Imported, Preview};
use banto_aws::{page::words, reading};
use banto_domain::playbook::{Import, Playbook, is_control};
use banto_domain::rules::import::{self, Fault, List, Record};
use banto_domain::{Actor, ClientId};

use super::{CliError, reach};

/// The longest file that is taken, in bytes.
const MOST: u64 = 8 * 1024 * 1024;

/// Flags of `banto import-customers`.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The list, as CSV: UTF-8, or Shift_JIS as Excel writes it
    pub(super) file: PathBuf,
    /// Whose customers they are
    #[arg(long, value_name = "CLIENT")]
    pub(super) client: String,
    /// Where the data lives [default: .banto]
    #[arg(long, value_name = "DIR")]
    pub(super) data: Option<PathBuf>,
    /// Only shows what would come in
    #[arg(long)]
    pub(super) dry_run: bool,
    /// Who lets them in, by short name: kept with each case
    #[arg(long, value_name = "PERSON")]
    pub(super) by: Option<String>,
}

pub(super) async fn run(arguments: Arguments) -> Result<(), CliError> {
    let mut out = std::io::stdout();
    bring_in(arguments, &mut out).await
}

/// Shows what would become of each row, and lets them in.
pub(super) async fn bring_in(arguments: Arguments, out: &mut impl Write) -> Result<(), CliError> {
    let Arguments { file, client, data, dry_run, by } = arguments;
    let (first, records) = read(&file)?;
    let house = reach::open(data, "then import, and start it again").await?;
    let env = house.env();
    let name = ClientId::parse(&client)
        .map_err(|e| CliError::input(format!("--client {client}: {e}"), "name the client as its playbook does"))?;
    let Some((_, playbook)) = env.playbooks.current(&name).await.map_err(failed)? else {
        return Err(CliError::input(
            format!("{client} has no playbook in this house"),
            "banto playbook publish DIR first",
        ));
    };
    let Some(import) = &playbook.import else {
        let what =
            format!("version {} of {client} has no import:, so nobody knows what a column says", playbook.version);
        return Err(CliError::input(what, "add import: to playbook.yaml (shared/playbooks/README.md), and publish it"));
    };
    let actor = match by {
        Some(person) if playbook.people.person(&person).is_none() => {
            return Err(CliError::input(
                format!("--by {person}: is nobody of {client}'s people"),
                "name one of people:",
            ));
        }
        Some(person) => Actor::Person { person },
        None => Actor::Operator,
    };
    let list = import::read(&playbook, import, &first, &records);
    let preview = env.preview_import(&playbook, import, &list).await.map_err(failed)?;
    show(out, &playbook, &list, &preview)?;
    if !preview.faults.is_empty() {
        return Err(refused(&file, &playbook, &preview.faults));
    }
    if dry_run {
        return Ok(());
    }
    let imported = env.import(&playbook, &preview, &actor).await.map_err(failed)?;
    tell(out, &playbook, (import, house.runs()), &imported)
}

/// The first line, and the records, with the lines on which they begin.
fn read(file: &Path) -> Result<(Vec<String>, Vec<Record>), CliError> {
    let shown = file.display();
    let bad = |what: String, way_out: &str| CliError::input(format!("{shown}: {what}"), way_out);
    let size =
        std::fs::metadata(file).map_err(|e| bad(format!("can't be read: {e}"), "name the file of the list"))?.len();
    if size > MOST {
        return Err(bad(format!("has {} MB", size / 1024 / 1024), "put it into files of at most 8 MB"));
    }
    let bytes = std::fs::read(file).map_err(|e| bad(format!("can't be read: {e}"), "name the file of the list"))?;
    let in_japan = reading::declared("text/csv; charset=shift_jis").ok().flatten();
    let text = reading::text(&bytes, None).or_else(|_| reading::text(&bytes, in_japan));
    let text = text.map_err(|_| {
        bad("is neither UTF-8 nor Shift_JIS".to_owned(), "save it as \"CSV UTF-8\" from the spreadsheet")
    })?;
    // The reader counts lines by their line feeds alone, and too late where there are two characters.
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(text.as_bytes());
    let (mut first, mut records) = (None, Vec::new());
    for record in reader.records() {
        let record = record.map_err(|e| bad(e.to_string(), "save it as CSV again"))?;
        let line = record.position().map_or(0, csv::Position::line);
        let cells: Vec<String> = record.iter().map(str::to_owned).collect();
        match &first {
            None => first = Some(cells),
            // A spreadsheet leaves empty lines at its end.
            Some(_) if cells.iter().all(|cell| cell.trim().is_empty()) => {}
            Some(_) => records.push(Record { line, cells }),
        }
    }
    let first = first.ok_or_else(|| bad("is empty".to_owned(), "its first line names the columns"))?;
    Ok((first, records))
}

/// What would become of each row.
fn show(out: &mut impl Write, playbook: &Playbook, list: &List, preview: &Preview) -> Result<(), CliError> {
    let say = |ja: &'static str, en: &'static str| words(&playbook.language, ja, en);
    for found in &preview.found {
        let (line, fate) = (found.row.line, fate(playbook, found));
        writeln!(out, "{line}  {fate}  {}", clean(&import::summary(playbook, &found.row)))?;
    }
    for (row, column) in import::urgent(playbook, list) {
        let line = row.line;
        match playbook.language.as_str() {
            "en" => writeln!(out, "line {line}: {}: may hold words of an emergency; read it", clean(column))?,
            _ => writeln!(
                out,
                "{line}行目: {}: 緊急性の高い言葉の可能性があります。内容をご確認ください",
                clean(column)
            )?,
        }
    }
    let left_out: Vec<&str> = list.header.left_out().collect();
    if !left_out.is_empty() {
        writeln!(out, "{}: {}", say("取り込まない列", "columns that stay out"), clean(&left_out.join(", ")))?;
    }
    let count = |wanted: fn(&Fate) -> bool| preview.found.iter().filter(|found| wanted(&found.fate)).count();
    let new = count(|fate| matches!(fate, Fate::New { .. }));
    let (here, differs) = (count(|fate| *fate == Fate::Here), count(|fate| *fate == Fate::Differs));
    let wrong = preview.faults.len();
    let totals = match playbook.language.as_str() {
        "en" => format!("{new} new, {here} already here, {differs} differ (not changed), {wrong} problems"),
        _ => format!("新規{new}件、取り込み済み{here}件、内容の相違{differs}件(変更しません)、誤り{wrong}件"),
    };
    Ok(writeln!(out, "{totals}")?)
}

fn fate(playbook: &Playbook, found: &Found) -> String {
    let say = |ja: &'static str, en: &'static str| words(&playbook.language, ja, en);
    match &found.fate {
        Fate::New { same_address } if same_address.is_empty() => say("新規", "new").to_owned(),
        Fate::New { same_address } => {
            let cases: Vec<&str> = same_address.iter().map(banto_domain::CaseId::as_str).collect();
            let cases = cases.join(" ");
            match playbook.language.as_str() {
                "en" => format!("new (same address as {cases})"),
                _ => format!("新規(同じアドレスの案件 {cases})"),
            }
        }
        Fate::Here => format!("{} {}", say("取り込み済み", "already here"), found.key.case),
        Fate::Differs => {
            format!("{} {}", say("取り込み済み・内容が違います(変更しません)", "differs: not changed"), found.key.case)
        }
    }
}

fn tell(
    out: &mut impl Write,
    playbook: &Playbook,
    (import, runs): (&Import, bool),
    imported: &Imported,
) -> Result<(), CliError> {
    let (opened, asked, flow) = (imported.opened, imported.asked, &import.flow);
    let flow = playbook.flows.get(flow).map_or(flow.as_str(), |flow| flow.label.get(&playbook.language));
    let said = match (&imported.asks, playbook.language.as_str()) {
        (None, "en") => "nothing to do".to_owned(),
        (None, _) => "取り込むものはありません".to_owned(),
        (Some(asks), "en") => format!(
            "{opened} came in ({flow}). Nobody gets a mail before the coach starts them; the coach is asked about {asked}{} \
             (number {})",
            if runs { "" } else { " once banto runs" },
            asks.case
        ),
        (Some(asks), _) => format!(
            "{opened}件を取り込みました({flow})。コーチが開始するまで、どなたにもメールは送られません。{}コーチに{asked}件の開始の\
             確認依頼が届きます(受付番号 {})",
            if runs { "" } else { "bantoを起動すると、" },
            asks.case
        ),
    };
    Ok(writeln!(out, "{said}")?)
}

fn refused(file: &Path, playbook: &Playbook, faults: &[Fault]) -> CliError {
    let line = |fault: &Fault| {
        let what = fault.what.get(&playbook.language);
        let column = if fault.column.is_empty() { String::new() } else { format!("{}: ", clean(&fault.column)) };
        format!("{}:{}: {column}{}", file.display(), fault.line, clean(what))
    };
    let lines: Vec<String> = faults.iter().map(line).collect();
    let count = faults.len();
    let way_out = match playbook.language.as_str() {
        "en" => format!("{count} problems: nothing came in; mend the list and import it again"),
        _ => format!("誤りが{count}件あるため、何も取り込んでいません。直してから、もう一度お試しください"),
    };
    CliError::Found(lines.join("\n"), way_out)
}

/// What stands in a list may not write on the terminal what it likes.
fn clean(text: &str) -> String {
    text.chars().map(|c| if is_control(c) { '\u{fffd}' } else { c }).collect()
}

fn failed(error: banto_aws::Error) -> CliError {
    CliError::Failed(error.to_string())
}

#[cfg(test)]
mod tests;
