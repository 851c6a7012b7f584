//! Those with whom the practice's own people have the next word.

use super::Deed::{Choose, Fill, Say, Write};
use super::When::{Ago, Day};
use super::{AGREE, INQUIRY, Visitor, needs, visitor};

/// The next word is a coach's or an operator's.
pub(super) fn with_staff() -> Vec<Visitor> {
    vec![
        // The trial was yesterday: the coach has the word.
        visitor(
            Day(3, 20, 10),
            INQUIRY,
            ["加藤 亮", "ryo@customer.example", "無料体験について相談させてください。"],
            vec![
                (Day(2, 8, 3), needs("trial", "チームづくり", "いつでも")),
                (Day(2, 8, 5), Choose(1)),
                (Day(2, 8, 50), AGREE),
                (Day(2, 9, 20), Fill("guide", vec![("theme", "チームの会議が静かなこと"), ("questions", "")])),
            ],
        ),
        // No time suits: the coach is asked to open some.
        visitor(
            Day(3, 14, 0),
            INQUIRY,
            ["井上 誠", "makoto@customer.example", "コーチングの体験を希望します。"],
            vec![
                (Day(2, 15, 0), needs("trial", "独立の準備", "日曜の朝")),
                (Ago(6, 0), Say("trial-slots", "none-fits")),
                (Ago(5, 0), Fill("other-times", vec![("preferred", "日曜の朝、または平日の早朝")])),
            ],
        ),
        // Nobody but a person can tell what this is.
        visitor(
            Ago(4, 0),
            INQUIRY,
            ["藤田 舞", "mai@customer.example", "どのような方が受けているのでしょうか。"],
            vec![],
        ),
        // The desk wrote back: a colleague looks at it before it leaves.
        visitor(
            Ago(5, 0),
            INQUIRY,
            ["石井 由美", "yumi@customer.example", "料金の分割払いはできますか。"],
            vec![(
                Ago(2, 0),
                Write(
                    "triage",
                    "replied",
                    vec![
                        ("subject", "お支払い方法についてのお問い合わせ"),
                        (
                            "text",
                            "お問い合わせをいただき、ありがとうございます。\nお支払いは、銀行振込またはクレジットカードの一括払いで承っております。\n分割払いは、あいにくお取り扱いがございません。\nご不明な点がございましたら、このメールにご返信ください。",
                        ),
                    ],
                ),
            )],
        ),
        visitor(
            Ago(1, 30),
            INQUIRY,
            ["渡辺 陽子", "yoko@customer.example", "もう消えたいと思うことがあります。"],
            vec![],
        ),
    ]
}
