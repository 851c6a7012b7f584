//! The promises, in small worlds where everything goes wrong. A seed that breaks one prints what happened.

#![expect(clippy::expect_used, reason = "tests fail by panicking")]

use banto::simulate::{Options, Report, Sabotage, run};

fn simulate(options: Options) -> Report {
    run(&options).expect("worlds open")
}

#[test]
fn every_promise_is_kept_whatever_goes_wrong() {
    let report = simulate(Options { cases: 96, seed: 20_261_201, ..Options::default() });
    assert!(report.broken.is_empty(), "{report}");
    // The dice must have struck, or nothing was shown.
    for fault in [
        "dynamodb: timeout after it was done",
        "ses: timeout after it was done",
        "eventbridge: some entries failed",
        "handler dropped",
        "race for a coach's day lost",
    ] {
        assert!(report.faults.get(fault).is_some_and(|n| *n > 0), "no {fault}: {report}");
    }
    for (check, least) in [
        ("2 same story as without faults", 5),
        ("4 a reminder speaks of a session that is ahead", 50),
        ("4 nobody is asked for what was paid", 10),
        ("5 every answer was posted", 100),
        ("7 nothing is held where something stands", 3),
        ("7 every confirmed booking stands in the coach's day", 30),
        ("8 a payment counts once", 20),
        ("8 an invoice is settled once, and starts one package", 20),
        ("9 reminders are at their civil time", 30),
        ("9 only open hours are offered", 100),
        ("9 the .ics shows the instant of its session", 30),
        ("14 an operator is asked", 3),
        ("14 nobody writes to whom an emergency stopped", 100),
    ] {
        assert!(report.checks.get(check).is_some_and(|n| *n >= least), "hardly any {check}: {report}");
    }
}

#[test]
fn the_same_seed_is_the_same_run() {
    let options = Options { cases: 16, seed: 7, ..Options::default() };
    assert_eq!(simulate(options).fingerprint, simulate(options).fingerprint);
    assert_ne!(simulate(options).fingerprint, simulate(Options { seed: 8, ..options }).fingerprint);
}

/// Each check can fail: what is broken on purpose is noticed, and by the check that is there for it.
#[test]
fn what_is_broken_on_purpose_is_noticed() {
    let noticed_by = |sabotage: Sabotage| match sabotage {
        Sabotage::NoWatchdog => "13 nothing is overdue",
        Sabotage::NoConditions => "11 the chain verifies",
        Sabotage::LoseWrites => "1 every receipt is in the journal",
        Sabotage::NoLease => "3 every mail had its lease",
        Sabotage::MailTwice => "2 the provider is asked once",
        Sabotage::StaleGate => "3 the template is not revoked",
        Sabotage::WrongSender => "10 the sender",
        Sabotage::ForgetDue => "13 the item says",
        Sabotage::SilentAnswer => "5 every answer was posted",
        Sabotage::WriteOnShow => "6: a request that only shows",
        Sabotage::Tamper => "11 the chain verifies",
        Sabotage::Leak => "nothing personal",
        Sabotage::DoubleBooking => "7 ",
        Sabotage::DeafToEmergency => "14 nobody writes",
        Sabotage::BlindReminder => "4 a reminder speaks",
        Sabotage::PaymentTwice => "8 a payment counts once",
        Sabotage::SettleUnpaid => "8 an invoice is settled only when",
    };
    let unnoticed = |(name, sabotage): (&str, Sabotage)| {
        let cases = match sabotage {
            Sabotage::StaleGate => 192,
            Sabotage::DoubleBooking | Sabotage::BlindReminder | Sabotage::SettleUnpaid => 64,
            _ => 32,
        };
        let report = simulate(Options { cases, seed: 3, sabotage: Some(sabotage), ..Options::default() });
        let broken: Vec<&String> = report.broken.iter().flat_map(|w| &w.broken).collect();
        let wanted = noticed_by(sabotage);
        let noticed = broken.iter().any(|b| b.starts_with(wanted));
        (!noticed).then(|| format!("{name} by {wanted:?}, but {:#?}", broken.iter().take(5).collect::<Vec<_>>()))
    };
    let unnoticed: Vec<String> = Sabotage::ALL.into_iter().filter_map(unnoticed).collect();
    assert!(unnoticed.is_empty(), "not noticed: {}", unnoticed.join("\n"));
}
