//! The list of cases.

use maud::{Markup, html};

use crate::{Reader, Story};

/// The list, each case with a link to where `href` says that it is shown.
#[must_use]
pub fn table(stories: &[Story], reader: &Reader, href: impl Fn(&Story) -> String) -> Markup {
    let heads = [
        reader.of("受付番号", "Reference number"),
        reader.of("ご契約先", "Client"),
        reader.of("受講者", "Customer"),
        reader.of("工程", "Step"),
        reader.of("状態", "Status"),
        reader.of("次回確認予定", "Due"),
    ];
    html! {
        table.stack {
            thead { tr { @for head in heads { th { (head) } } } }
            tbody {
                @for story in stories {
                    tr {
                        td { a href=(href(story)) { (story.id()) } }
                        td data-name=(heads[1]) { (story.practice(reader.lang)) }
                        td data-name=(heads[2]) { (story.name()) }
                        td data-name=(heads[3]) { (story.stands(reader.lang)) }
                        td data-name=(heads[4]) { (story.status(reader.lang)) }
                        td.when data-name=(heads[5]) { (story.due(reader)) }
                    }
                }
            }
        }
    }
}
