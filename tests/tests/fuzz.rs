//! The four ways in (a form, a payment, an answer, a playbook), fed with what was made of a corpus of seeds by cutting,
//! repeating and mixing it: no panic, no failure of ours, and the house stays in order.
//!
//! `tests/fuzz/corpus/WAY/` holds the seeds; what was found once is one of them. `BANTO_FUZZ_SECONDS` is how long each way
//! is tried (20), `BANTO_SEED` repeats a run, `BANTO_FUZZ_INPUT=FILE` plays one input and tells what the house logged.
#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "tests fail by panicking and print what they counted"
)]

mod fuzz {
    mod answer;
    mod form;
    mod heard;
    mod house;
    mod mutate;
    mod payment;
    mod playbook;
    mod request;
    mod run;
    mod sign;

    /// One after the other: each would take the other's panics for its own.
    static TURN: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());

    #[tokio::test(flavor = "multi_thread")]
    #[ignore = "as long as one likes"]
    async fn form() {
        let _turn = TURN.lock().await;
        run::run::<form::Forms>().await;
    }

    #[tokio::test(flavor = "multi_thread")]
    #[ignore = "as long as one likes"]
    async fn payment() {
        let _turn = TURN.lock().await;
        run::run::<payment::Payments>().await;
    }

    #[tokio::test(flavor = "multi_thread")]
    #[ignore = "as long as one likes"]
    async fn answer() {
        let _turn = TURN.lock().await;
        run::run::<answer::Answers>().await;
    }

    #[tokio::test(flavor = "multi_thread")]
    #[ignore = "as long as one likes"]
    async fn playbook() {
        let _turn = TURN.lock().await;
        run::run::<playbook::Playbooks>().await;
    }
}
