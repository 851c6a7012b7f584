//! `banto playbook propose`: a folder is stored as what may become the next version, and whoever may approve it gets a link in
//! a mail. It becomes live by their word, also while the house runs; nothing does by this command alone.

use std::io::Write;
use std::path::PathBuf;

use banto_aws::Asked;
use banto_aws::page::words;
use banto_domain::rules::compare::{Kind, Section, Sign, compare};

use super::{CliError, reach, read};

/// Flags of `banto playbook propose`.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Propose {
    /// The folder with its playbook.yaml
    pub(super) dir: PathBuf,
    /// Who wants it, by short name: they can't approve it
    #[arg(long, value_name = "PERSON")]
    pub(super) by: String,
    /// Where the data lives [default: .banto]
    #[arg(long, value_name = "DIR")]
    pub(super) data: Option<PathBuf>,
}

pub(super) async fn run(flags: Propose) -> Result<(), CliError> {
    let mut out = std::io::stdout();
    propose(flags, &mut out).await
}

/// Proposes it, and tells what it changes and who decides.
pub(super) async fn propose(flags: Propose, out: &mut impl Write) -> Result<(), CliError> {
    let playbook = read(&flags.dir)?.playbook;
    let house = reach::open(flags.data, "then propose, and start it again").await?;
    let asked = house.env().propose(&playbook, flags.by.trim()).await.map_err(|e| CliError::Failed(e.to_string()))?;
    let asked =
        asked.map_err(|refused| CliError::input(format!("{}: {refused}", flags.dir.display()), refused.way_out()))?;
    let language = asked.against.language.as_str();
    show(out, &compare(&asked.against, &playbook, language), language)?;
    tell(out, &asked, house.runs(), language)
}

fn show(out: &mut impl Write, sections: &[Section], language: &str) -> Result<(), CliError> {
    for section in sections {
        writeln!(out, "{}", section.title)?;
        for change in &section.changes {
            let kind = match change.kind {
                Kind::Changed => "",
                Kind::Added => words(language, "【追加】", " (new)"),
                Kind::Removed => words(language, "【削除】", " (removed)"),
            };
            writeln!(out, "  {}{kind}", change.what)?;
            for line in &change.lines {
                let sign = match line.sign {
                    Sign::Same => ' ',
                    Sign::Old => '-',
                    Sign::New => '+',
                };
                writeln!(out, "    {sign} {}", line.text)?;
            }
        }
    }
    Ok(())
}

fn tell(out: &mut impl Write, asked: &Asked, runs: bool, language: &str) -> Result<(), CliError> {
    let (client, version, case) = (&asked.key.client, asked.proposed.version, &asked.key.case);
    let said = match (language, asked.before, runs) {
        ("en", true, _) => {
            format!("{client}: version {version} was proposed before, and waits for an answer (number {case})")
        }
        ("en", false, runs) => format!(
            "{client}: version {version} is proposed (number {case}). Whoever may approve it gets a mail{}; it becomes live \
             once it is approved",
            if runs { "" } else { " once banto runs" }
        ),
        (_, true, _) => format!("{client}: 第{version}版はすでに提案され、回答をお待ちしています(受付番号 {case})"),
        (_, false, runs) => format!(
            "{client}: 第{version}版を提案しました(受付番号 {case})。{}承認する方にメールが届きます。承認されると公開されます",
            if runs { "" } else { "bantoを起動すると、" }
        ),
    };
    Ok(writeln!(out, "{said}")?)
}
