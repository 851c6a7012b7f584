//! Waits: for a span of time, until a day, or until something happens. It also starts the flows that start by the clock.

use banto_aws::Function;
use banto_domain::rules::wait;
use banto_domain::steps::WAIT;

/// Takes up `node.entered`, and the `timer.fired` of waits and schedules.
#[must_use]
pub fn function() -> Function {
    Function::step(WAIT, wait::take_up)
}
