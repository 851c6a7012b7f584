//! How a practice is paid.

use jiff::Span;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Text;

/// How the practice is paid.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Billing {
    /// ISO 4217: `JPY`.
    pub currency: String,
    /// Whether prices have the tax in them (総額表示).
    pub prices: Prices,
    /// Percent.
    pub tax: u32,
    /// How long there is to pay; the day rolls forward over weekends, holidays and breaks.
    pub due: Span,
    /// Registration number of a qualified invoice issuer (適格請求書発行事業者の登録番号).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub registration: Option<String>,
    /// Whose webhooks tell of payments; the first is where customers pay by link.
    #[serde(alias = "provider", deserialize_with = "one_or_more")]
    pub providers: Vec<Provider>,
    /// Where customers pay: `{public_url}`, `{client}`, `{invoice}` and `{reference}` are filled in. A Stripe Payment Link
    /// takes `?client_reference_id={reference}` (Stripe: "Track payments with URL parameters").
    pub link: String,
    /// The account for transfers. Always today's.
    pub bank: Text,
    /// What a transfer may fall short by and still be all that was asked for.
    #[serde(default, skip_serializing_if = "Tolerance::is_none")]
    pub tolerance: Tolerance,
    /// The fact that says in which IANA zone the payer lives: the last day to pay on, and what is written about it, are of
    /// that zone. Without it, and while it isn't known, of the practice's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub zone_from: Option<String>,
    /// The fact that says by which of its menu's `plans:` something is paid; any other value is none of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plan_from: Option<String>,
    /// For whom a month is closed (月末締め): they pay at the end of a later month.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub closing: Option<Closing>,
}

/// Who pays what was asked for in a month at the end of a later one: 月末締め翌月末払い.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Closing {
    /// Whose it is (CEL, as in a policy): `payer_kind == 'company'`.
    pub when: String,
    /// How many months after that in which it was asked for: 1 is 翌月末. The last day of that month, or the working day after.
    pub months: u32,
}

/// What a transfer may fall short by.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Tolerance {
    /// The fee that the payer's bank took off, in minor units: no more than this.
    #[serde(default)]
    pub fee: i64,
    /// The income tax that a company withholds (源泉徴収: Income Tax Act art. 204, 205, with the special tax for
    /// reconstruction): 10.21 % up to 1,000,000 yen, 20.42 % of what is above.
    #[serde(default)]
    pub withholding: bool,
}

impl Tolerance {
    fn is_none(&self) -> bool {
        *self == Self::default()
    }
}

/// Whether prices have the tax in them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Prices {
    /// 税込.
    Included,
    /// 税抜.
    Excluded,
}

/// A payment provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Provider {
    /// Stripe, with its own signature scheme.
    Stripe,
    /// Any other that speaks Standard Webhooks.
    Generic,
}

impl Provider {
    /// As it stands in addresses.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Stripe => "stripe",
            Self::Generic => "generic",
        }
    }
}

/// One provider, as most practices write it, or several.
fn one_or_more<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Vec<Provider>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged, expecting = "stripe or generic, or a list of them")]
    enum Providers {
        One(Provider),
        More(Vec<Provider>),
    }
    Ok(match Providers::deserialize(deserializer)? {
        Providers::One(provider) => vec![provider],
        Providers::More(providers) => providers,
    })
}
