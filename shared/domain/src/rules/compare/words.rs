//! What sections and keys of a playbook are called. What isn't here is called as it stands in the folder.

use serde_json::Value;

/// The sections, in the order in which people read them.
const SECTIONS: [(&str, &str, &str); 29] = [
    ("menus", "メニュー・料金", "Menu and prices"),
    ("billing", "お支払い", "Payment"),
    ("policies", "判断の基準", "Policies"),
    ("requests", "お客様からのお申し出", "What customers may ask for"),
    ("approvals", "承認", "Approvals"),
    ("controls", "承認の体制", "Who controls"),
    ("templates", "メールのひな形", "Mails"),
    ("questions", "質問・確認依頼", "Questions"),
    ("flows", "業務フロー", "Flows"),
    ("people", "担当者", "People"),
    ("calendar", "日程・空き枠", "Calendar"),
    ("reminders", "リマインド", "Reminders"),
    ("ladders", "お支払いのご案内(督促)", "Payment reminders"),
    ("forms", "フォーム", "Forms"),
    ("facts", "項目", "What is known of a case"),
    ("classification", "受付・分類", "Sorting inquiries"),
    ("gate", "送信前チェック", "Checks before a mail leaves"),
    ("going_live", "自動で送る範囲", "What leaves by itself"),
    ("import", "お客様の取り込み", "Import of customers"),
    ("emergency", "緊急時のご案内", "The note in an emergency"),
    ("helplines", "相談窓口", "Helplines"),
    ("sender", "差出人", "Sender"),
    ("quiet", "送信しない時間帯", "Quiet hours"),
    ("name", "基本", "The practice"),
    ("client", "基本", "The practice"),
    ("language", "基本", "The practice"),
    ("zone", "基本", "The practice"),
    ("honorific", "基本", "The practice"),
    ("v", "基本", "The practice"),
];

/// Keys whose value is a map of things with names of people's own.
const MAPS: [&str; 19] = [
    "menus",
    "policies",
    "requests",
    "says",
    "approvals",
    "templates",
    "questions",
    "flows",
    "nodes",
    "next",
    "reminders",
    "ladders",
    "forms",
    "facts",
    "fields",
    "sets",
    "categories",
    "columns",
    "groups",
];

const KEYS: [(&str, &str, &str); 142] = [
    ("ja", "日本語", "Japanese"),
    ("en", "英語", "English"),
    ("label", "名称", "name"),
    ("name", "名前", "name"),
    ("price", "料金", "price"),
    ("prices", "料金の表示", "prices"),
    ("tax", "税率", "tax"),
    ("currency", "通貨", "currency"),
    ("minutes", "時間(分)", "minutes"),
    ("sessions", "回数", "sessions"),
    ("valid", "有効期間", "valid for"),
    ("before", "開始前の余裕・時期", "before"),
    ("after", "終了後の余裕・時期", "after"),
    ("coaches", "コーチ", "coaches"),
    ("operators", "事務局", "operators"),
    ("others", "そのほかの担当者", "others"),
    ("groups", "グループ", "groups"),
    ("deputies", "代理", "deputies"),
    ("shifts", "当番", "shifts"),
    ("address", "メールアドレス", "address"),
    ("meeting", "オンラインの接続先", "meeting link"),
    ("backup", "予備の接続先", "backup link"),
    ("during", "当日に承る時間", "on the day"),
    ("zone", "時間帯", "time zone"),
    ("quiet", "送信しない時間帯", "quiet hours"),
    ("subject", "件名", "subject"),
    ("body", "本文", "text"),
    ("class", "区分", "class"),
    ("effect", "効果", "effect"),
    ("hours", "送信する時間帯", "when it may leave"),
    ("topic", "話題", "topic"),
    ("attach", "添付", "attached"),
    ("approved_by", "承認者", "approved by"),
    ("title", "見出し", "title"),
    ("kind", "種類", "kind"),
    ("to", "宛先・終わり", "to"),
    ("with", "同時にお知らせする方", "with"),
    ("then", "その場合・次の方", "then"),
    ("answers", "回答", "answers"),
    ("shows", "表示する項目", "shows"),
    ("asks", "入力する項目", "asks for"),
    ("fields", "項目", "fields"),
    ("facts", "項目", "facts"),
    ("deadline", "回答期限", "deadline"),
    ("nudge", "再度のお願いのひな形", "nudge"),
    ("nudges", "再度のお願いの時期", "nudges"),
    ("confirm", "確認の選択", "confirmation"),
    ("code", "確認コード", "code"),
    ("means", "意味", "means"),
    ("request", "お申し出", "request"),
    ("proposes", "お手続きの提案", "proposes"),
    ("template", "ひな形", "template"),
    ("question", "質問", "question"),
    ("prepares", "申請できる方", "who may want it"),
    ("approves", "承認する方", "who must agree"),
    ("by", "担当", "by"),
    ("when", "条件", "when"),
    ("tells", "結果をお知らせする方", "who is told"),
    ("about", "対象", "about"),
    ("says", "結果の説明", "what follows"),
    ("circumstances", "事情を伝える", "circumstances"),
    ("moves", "ご予約の変更", "moves the booking"),
    ("counts", "1回分の実施", "counts as held"),
    ("undo", "取り消せる時間", "time to take it back"),
    ("approval", "承認", "approval"),
    ("nodes", "工程", "steps"),
    ("next", "次の工程", "next"),
    ("action", "処理", "action"),
    ("start", "始まり", "begins at"),
    ("starts", "始まるきっかけ", "starts"),
    ("suspends", "止めるもの", "stops"),
    ("stage", "段階", "stage"),
    ("menu", "メニュー", "menu"),
    ("menu_from", "メニューを決める項目", "menu by"),
    ("policy", "判断の基準", "policy"),
    ("rules", "ルール", "rules"),
    ("bands", "段階", "bands"),
    ("otherwise", "それ以外", "otherwise"),
    ("for", "待つ時間", "for"),
    ("from", "始まり", "from"),
    ("days", "曜日・日数", "days"),
    ("events", "待つ出来事", "events"),
    ("on", "きっかけ", "on"),
    ("open", "空き枠", "open slots"),
    ("weekly", "毎週の枠", "weekly"),
    ("exceptions", "例外の日", "exceptions"),
    ("breaks", "休業期間", "breaks"),
    ("holidays", "祝日", "holidays"),
    ("hold", "仮押さえ", "hold"),
    ("due", "支払期日", "due"),
    ("bank", "振込先", "bank account"),
    ("providers", "決済サービス", "payment services"),
    ("registration", "登録番号", "registration"),
    ("signature", "署名", "signature"),
    ("required", "必須の項目", "required"),
    ("acknowledge", "受付のご連絡", "acknowledged by"),
    ("flow", "業務フロー", "flow"),
    ("keywords", "キーワード", "keywords"),
    ("at_least", "必要な点数", "at least"),
    ("optional", "任意", "optional"),
    ("heard", "お申し出の言葉を探す", "heard"),
    ("choices", "選択肢", "choices"),
    ("per_day", "1日の上限", "per day"),
    ("contact", "連絡先", "contact"),
    ("language", "言語", "language"),
    ("honorific", "敬称", "after names"),
    ("client", "ご契約先", "client"),
    ("v", "形式", "shape"),
    ("until", "いつまで", "until"),
    ("own_words", "ご本人の言葉で送れる方", "may write in their own words"),
    ("harmless", "担当者の文面(承認不要)", "words that need no approval"),
    ("unless", "承認が必要な言葉", "unless one of these stands in it"),
    ("parts", "メールの種類", "parts"),
    ("begins", "はじめの段階", "begins at"),
    ("steps", "ご案内の順序", "steps"),
    ("day", "期日からの日数", "days from the last day to pay on"),
    ("grace", "最後のご案内からの日数", "days after the last mail"),
    ("tolerance", "全額とみなす不足", "may fall short by"),
    ("quit", "中途解約の精算", "ending early"),
    ("plans", "分割の支払い方", "payment in parts"),
    ("every", "支払いの間隔", "how often"),
    ("first", "初回の支払い額", "first payment"),
    ("cancel", "キャンセル料", "cancellation charge"),
    ("percent", "割合(%)", "percent"),
    ("unit", "1回あたりの金額", "price of one"),
    ("plan_from", "支払い方を示す項目", "who pays in parts"),
    ("closing", "月末締めの支払い", "month-end closing"),
    ("months", "何か月後か", "months later"),
    ("settles", "精算をともなう", "settles"),
    ("next_part", "次回分のご請求", "next part"),
    ("expires", "有効期限", "expiry"),
    ("receipt", "領収書", "receipt"),
    ("whole", "全額の返金", "all of it goes back"),
    ("zone_from", "お支払者の地域を示す項目", "the payer's zone"),
    ("fee", "振込手数料", "the bank's fee"),
    ("withholding", "源泉徴収", "withheld tax"),
    ("ladder", "ご案内の段階", "ladder"),
    ("anew", "前回の回答を使わない", "asked anew"),
    ("supersedes", "代わりに終わるお申し出", "takes the place of"),
    ("shown", "お客様のページでの表示", "shown to the customer"),
    ("closes", "休業にする日", "closes"),
    ("raises", "ご予約ごとの手続き", "asks for each booking"),
];

/// Values that stand for something, by key.
const VALUES: [(&str, &str, &str, &str); 12] = [
    ("class", "routine", "定型", "routine"),
    ("class", "exception", "例外(要判断)", "exception"),
    ("controls", "two", "二重チェック", "two people"),
    ("controls", "solo", "お一人での運営", "one person"),
    ("hours", "any", "いつでも", "at any hour"),
    ("hours", "day", "日中", "by day"),
    ("prices", "included", "税込", "with tax"),
    ("prices", "excluded", "税抜", "without tax"),
    ("begins", "sample", "見本のみ", "samples only"),
    ("begins", "approved", "全件承認", "each approved"),
    ("begins", "routine", "定型のみ自動", "routine alone"),
    ("begins", "all", "全体", "everything"),
];

fn of(ja: &'static str, en: &'static str, language: &str) -> &'static str {
    if language == "en" { en } else { ja }
}

/// Where a section stands among the others; what is unknown comes last.
pub(super) fn place(section: &str) -> (usize, String) {
    let known = SECTIONS.iter().position(|(key, ..)| *key == section);
    (known.unwrap_or(SECTIONS.len()), section.to_owned())
}

pub(super) fn section(section: &str, language: &str) -> String {
    let known = SECTIONS.iter().find(|(key, ..)| *key == section);
    known.map_or(section, |(_, ja, en)| of(ja, en, language)).to_owned()
}

/// Whether it stands under one title with others.
pub(super) fn is_basic(key: &str) -> bool {
    ["name", "client", "language", "zone", "honorific", "v"].contains(&key)
}

pub(super) fn is_map(key: &str) -> bool {
    MAPS.contains(&key)
}

pub(super) fn key(key: &str, language: &str) -> String {
    let known = KEYS.iter().find(|(known, ..)| *known == key);
    known.map_or(key, |(_, ja, en)| of(ja, en, language)).to_owned()
}

pub(super) fn value(key: &str, value: &str, language: &str) -> String {
    let known = VALUES.iter().find(|(of, known, ..)| *of == key && *known == value);
    known.map_or(value, |(.., ja, en)| of(ja, en, language)).to_owned()
}

/// What people call a thing with a name, with that name behind it.
pub(super) fn called(name: &str, thing: Option<&Value>, language: &str) -> String {
    let in_language = |text: &Value| match text {
        Value::String(text) => Some(text.clone()),
        text => text[of("ja", "en", language)].as_str().map(str::to_owned),
    };
    let label = thing
        .and_then(|thing| ["label", "title", "name", "subject"].into_iter().find_map(|key| in_language(&thing[key])));
    match label.filter(|label| label != name) {
        Some(label) if language == "en" => format!("{label} ({name})"),
        Some(label) => format!("{label}({name})"),
        None => name.to_owned(),
    }
}

pub(super) fn nth(n: usize, language: &str) -> String {
    match language {
        "en" => format!("no. {n}"),
        _ => format!("{n}番目"),
    }
}

pub(super) fn order(language: &str) -> &'static str {
    of("順序", "order", language)
}

/// What a section is called that is one thing.
pub(super) fn own(language: &str) -> &'static str {
    of("内容", "what it says", language)
}

pub(super) fn yes_or_no(is: bool, language: &str) -> &'static str {
    match is {
        true => of("はい", "yes", language),
        false => of("いいえ", "no", language),
    }
}
