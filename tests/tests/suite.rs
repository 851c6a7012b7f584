//! Everything that `cargo test` proves beside the crates' own tests and the simulator, in one binary.
#![expect(clippy::expect_used, clippy::panic, reason = "tests fail by panicking")]

mod suite {
    mod absences;
    mod approvals;
    mod asks;
    mod bad_input;
    mod bookings;
    mod brake;
    mod cancellations;
    mod closures;
    mod coach;
    mod contracts;
    mod day;
    mod discounts;
    mod dunning;
    mod emergencies;
    mod exceptions;
    mod expiry;
    mod flows;
    mod gate;
    mod golden;
    mod heard;
    mod house;
    mod imports;
    mod instalments;
    mod journal;
    mod journeys;
    mod ledger;
    mod malformed;
    mod new_flow;
    mod office;
    mod orders;
    mod payments;
    mod payments_early;
    mod payments_odd;
    mod people;
    mod proposals;
    mod provider;
    mod publishing;
    mod pure;
    mod receipts;
    mod refunds;
    mod requests;
    mod seats;
    mod shapes;
    mod stages;
    mod steps;
    mod strangers;
    mod trades;
    mod verify;
    mod versions;
    mod violations;
    mod waking;
    mod words;
    mod zones;
}
