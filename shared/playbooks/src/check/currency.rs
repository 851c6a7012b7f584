//! Currencies (ISO 4217), as far as Banto can write their amounts: with two decimals, and yen.

/// ISO 4217, list one, of 2026: those with two decimals, and JPY.
const CURRENCIES: &str = "\
    AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CNY COP CRC CUP CVE \
    CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR IRR JMD JPY KES KGS \
    KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD \
    PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TOP \
    TRY TTD TWD TZS UAH USD UYU UZS VED VES WST XCD XCG YER ZAR ZMW ZWG";
/// Those without decimals, or with three or four: their amounts would be written wrongly.
const OTHERS: &str = "\
    BHD BIF CLF CLP DJF GNF IQD ISK JOD KMF KRW KWD LYD OMR PYG RWF TND UGX UYI UYW VND VUV XAF XOF XPF";

/// What is wrong with a currency, and the way out.
pub(super) fn flaw(currency: &str) -> Option<String> {
    let among = |list: &str| list.split(' ').any(|code| code == currency);
    match () {
        () if among(CURRENCIES) => None,
        () if among(OTHERS) => Some(format!(
            "amounts in {currency} don't have two decimals, and Banto can't write them yet; write JPY, or one with two"
        )),
        () => Some(format!("{currency} is no currency; write three capital letters (ISO 4217), e.g. JPY")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_amounts_that_can_be_written() {
        for good in ["JPY", "GBP", "EUR", "USD"] {
            assert_eq!(flaw(good), None, "{good}");
        }
        for (bad, says) in
            [("YEN", "no currency"), ("jpy", "no currency"), ("", "no currency"), ("KRW", "two decimals")]
        {
            assert!(flaw(bad).is_some_and(|what| what.contains(says)), "{bad}");
        }
        assert!(CURRENCIES.split(' ').chain(OTHERS.split(' ')).all(|code| code.len() == 3));
    }
}
