//! The types of entries as they stand on the bus, and who must take an entry up.

use super::Entry;

/// The types of all entries, as they stand on the bus.
pub const ENTRY_TYPES: &[&str] = &[
    "case.opened",
    "inbound.unreadable",
    "import.listed",
    "version.proposed",
    "version.published",
    "facts.recorded",
    "node.entered",
    "node.left",
    "token.started",
    "token.ended",
    "token.parked",
    "wait.started",
    "schedule.set",
    "form.received",
    "request.raised",
    "request.closed",
    "inquiry.classified",
    "ask.opened",
    "code.mailed",
    "code.refused",
    "approval.given",
    "ask.answered",
    "ask.expired",
    "ask.withdrawn",
    "message.intended",
    "message.written",
    "message.approved",
    "message.sampled",
    "message.sending",
    "message.sent",
    "message.deferred",
    "message.dropped",
    "message.held",
    "message.uncertain",
    "message.closed",
    "message.released",
    "message.delivered",
    "message.bounced",
    "promotion.stopped",
    "stage.moved",
    "timer.fired",
    "step.retried",
    "step.parked",
    "step.skipped",
    "policy.decided",
    "owner.assigned",
    "booking.held",
    "booking.confirmed",
    "booking.released",
    "slots.opened",
    "session.held",
    "session.missed",
    "package.started",
    "invoice.issued",
    "invoice.extended",
    "invoice.checked",
    "invoice.settled",
    "invoice.withdrawn",
    "payment.recorded",
    "payment.failed",
    "payment.refunded",
    "payment.disputed",
    "emergency.raised",
    "automation.suspended",
    "automation.resumed",
    "playbook.migrated",
    "case.closed",
];

impl Entry {
    /// The entry's type as it stands on the bus: `node.entered`.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::CaseOpened { .. } => "case.opened",
            Self::InboundUnreadable { .. } => "inbound.unreadable",
            Self::ImportListed { .. } => "import.listed",
            Self::VersionProposed { .. } => "version.proposed",
            Self::VersionPublished { .. } => "version.published",
            Self::FactsRecorded { .. } => "facts.recorded",
            Self::NodeEntered { .. } => "node.entered",
            Self::NodeLeft { .. } => "node.left",
            Self::TokenStarted { .. } => "token.started",
            Self::TokenEnded { .. } => "token.ended",
            Self::TokenParked { .. } => "token.parked",
            Self::WaitStarted { .. } => "wait.started",
            Self::ScheduleSet { .. } => "schedule.set",
            Self::FormReceived { .. } => "form.received",
            Self::RequestRaised { .. } => "request.raised",
            Self::RequestClosed { .. } => "request.closed",
            Self::InquiryClassified { .. } => "inquiry.classified",
            Self::AskOpened { .. } => "ask.opened",
            Self::CodeMailed { .. } => "code.mailed",
            Self::CodeRefused { .. } => "code.refused",
            Self::ApprovalGiven { .. } => "approval.given",
            Self::AskAnswered { .. } => "ask.answered",
            Self::AskExpired { .. } => "ask.expired",
            Self::AskWithdrawn { .. } => "ask.withdrawn",
            Self::MessageIntended { .. } => "message.intended",
            Self::MessageWritten { .. } => "message.written",
            Self::MessageApproved { .. } => "message.approved",
            Self::MessageSampled { .. } => "message.sampled",
            Self::MessageSending { .. } => "message.sending",
            Self::MessageSent { .. } => "message.sent",
            Self::MessageDeferred { .. } => "message.deferred",
            Self::MessageDropped { .. } => "message.dropped",
            Self::MessageHeld { .. } => "message.held",
            Self::MessageUncertain { .. } => "message.uncertain",
            Self::MessageClosed { .. } => "message.closed",
            Self::MessageReleased { .. } => "message.released",
            Self::MessageDelivered { .. } => "message.delivered",
            Self::MessageBounced { .. } => "message.bounced",
            Self::PromotionStopped { .. } => "promotion.stopped",
            Self::StageMoved { .. } => "stage.moved",
            Self::TimerFired { .. } => "timer.fired",
            Self::StepRetried { .. } => "step.retried",
            Self::StepParked { .. } => "step.parked",
            Self::StepSkipped { .. } => "step.skipped",
            Self::PolicyDecided { .. } => "policy.decided",
            Self::OwnerAssigned { .. } => "owner.assigned",
            Self::BookingHeld { .. } => "booking.held",
            Self::BookingConfirmed { .. } => "booking.confirmed",
            Self::BookingReleased { .. } => "booking.released",
            Self::SlotsOpened { .. } => "slots.opened",
            Self::SessionHeld { .. } => "session.held",
            Self::SessionMissed { .. } => "session.missed",
            Self::PackageStarted { .. } => "package.started",
            Self::InvoiceIssued { .. } => "invoice.issued",
            Self::InvoiceExtended { .. } => "invoice.extended",
            Self::InvoiceChecked { .. } => "invoice.checked",
            Self::InvoiceSettled { .. } => "invoice.settled",
            Self::InvoiceWithdrawn { .. } => "invoice.withdrawn",
            Self::PaymentRecorded { .. } => "payment.recorded",
            Self::PaymentFailed { .. } => "payment.failed",
            Self::PaymentRefunded { .. } => "payment.refunded",
            Self::PaymentDisputed { .. } => "payment.disputed",
            Self::EmergencyRaised { .. } => "emergency.raised",
            Self::AutomationSuspended { .. } => "automation.suspended",
            Self::AutomationResumed { .. } => "automation.resumed",
            Self::PlaybookMigrated { .. } => "playbook.migrated",
            Self::CaseClosed { .. } => "case.closed",
        }
    }

    /// The function that must take this entry up, if it expects a step.
    #[must_use]
    pub fn action(&self) -> Option<&str> {
        match self {
            Self::NodeEntered { action, .. }
            | Self::AskAnswered { action, .. }
            | Self::MessageIntended { action, .. }
            | Self::MessageReleased { action, .. }
            | Self::MessageSampled { action, .. }
            | Self::TimerFired { action, .. }
            | Self::BookingReleased { action, .. }
            | Self::InvoiceSettled { action, .. }
            | Self::PaymentFailed { action, .. }
            | Self::EmergencyRaised { action, .. }
            | Self::StepRetried { action, .. } => Some(action),
            _ => None,
        }
    }
}
