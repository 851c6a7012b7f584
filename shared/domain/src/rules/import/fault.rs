//! What is wrong with a list of customers: where, what, and the way out, for people.

use crate::playbook::{Problem, Text};

/// Something wrong, at a line of the list and a column.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Fault {
    /// The line of the file, from 1.
    pub line: u64,
    /// The column's header; empty when it is about the whole line.
    pub column: String,
    /// What is wrong, and the way out. It never repeats the value.
    pub what: Text,
}

impl Fault {
    /// At a column of a line.
    pub(super) fn new(line: u64, column: &str, what: Text) -> Self {
        Self { line, column: column.to_owned(), what }
    }
}

/// Words in both languages.
pub(super) fn both(ja: impl Into<String>, en: impl Into<String>) -> Text {
    Text { ja: ja.into(), en: en.into() }
}

/// What is wrong with a value of a fact.
pub(super) fn of_problem(problem: Problem) -> Text {
    match problem {
        Problem::Missing => both("空欄です。ご記入ください", "is empty; fill it in"),
        Problem::TooLong => both("長すぎます。短くしてください", "is too long; shorten it"),
        Problem::Control => {
            both("改行などの制御文字があります。取り除いてください", "has control characters; remove them")
        }
        Problem::Form => both("書き方が違います。形式をご確認ください", "is not of the expected form; correct it"),
        Problem::TooEarly => both("本日より後の日付ではありません", "is not a day that is ahead"),
        Problem::TooMuch => both("金額が大きすぎます", "is too much"),
        Problem::Choice => both(
            "選択肢にありません。運用ルールの名前で書いてください",
            "is none of the choices; write one of the playbook's",
        ),
        Problem::Ours => both(
            "事務局側のアドレスです。お客様のものにしてください",
            "is an address of the practice's own; write the customer's",
        ),
    }
}
