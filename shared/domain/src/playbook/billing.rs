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
