//! A house that is opened: its two stores, once they belong together; its clock, as it was left; and what the functions
//! find in their environment.

use std::sync::Arc;

use banto_aws::{Keys, Settings};
use banto_cloud::Pulse;
use jiff::{Timestamp, Unit};

use super::{Beginning, HostConfig, HostError, time};
use crate::clock::{ClockMode, HostClock, ManualClock};
use crate::engine::{Engine, Place};
use crate::house::{self, Known};
use crate::store::Store;
use crate::template::Template;

/// Until it is gone, the past of this house is still to be lived: nobody saw it yet.
pub(super) const UNLIVED: &str = "unlived";

/// Both stores of a house.
pub(super) struct Stores {
    pub(super) store: Store,
    pub(super) engine: Engine,
    /// Its past is still to be lived.
    pub(super) past: bool,
}

/// Opens both stores, once it is sure that they belong together.
pub(super) async fn stores(config: &HostConfig, pulse: &Pulse) -> Result<Stores, HostError> {
    let (place, table) = (&config.place, &config.template.table);
    let dir = match place {
        Place::Dir(dir) => Some(dir),
        Place::Memory => None,
    };
    if let Some(dir) = dir {
        house::folder(dir)?;
        house::before_opening(dir)?;
    }
    // First the host's: it is the one that a second process is kept out of.
    let store = Store::open(place, config.mode, pulse.clone())?;
    let known = match dir {
        Some(dir) => Some((dir, Known::read(dir, &store).await?)),
        None => None,
    };
    let engine = Engine::open_with(place, config.mode, pulse.clone())?;
    if let Some((dir, known)) = &known {
        known.belongs(dir, &engine, &table.name, &config.keys)?;
    }
    if config.beginning == Beginning::Looked {
        return Ok(Stores { store, engine, past: false });
    }
    let past = begin(config.beginning, &store, &engine, &table.name).await?;
    if let Some((_, known)) = &known {
        known.mark(&store, &engine, &config.keys).await?;
    }
    engine.ensure_table(&table.name, table)?;
    Ok(Stores { store, engine, past })
}

/// What a house begins with; whether its past is still to be lived. What a process left that died before anybody saw the
/// house is forgotten: in the host's store first, since that one knows that it is so.
async fn begin(beginning: Beginning, store: &Store, engine: &Engine, table: &str) -> Result<bool, HostError> {
    let (clock, unlived) = store.read(|tx| Ok((tx.meta(time::CLOCK)?, tx.meta(UNLIVED)?))).await?;
    let is_new = clock.is_none() && engine.extent(table)?.is_none();
    if !is_new && unlived.is_none() {
        return Ok(false);
    }
    let from = match beginning {
        Beginning::Past(from) => Some(from),
        _ => None,
    };
    let left = unlived.is_some();
    let begun = store.change(move |tx| {
        if left {
            tx.forget_all()?;
        }
        from.map_or(Ok(()), |from| {
            tx.set_meta(time::CLOCK, &from.to_string())?;
            tx.set_meta(UNLIVED, "")
        })
    });
    begun.await?;
    if left {
        engine.forget_table(table)?;
    }
    if left && from.is_none() {
        store.change(|tx| tx.forget_meta(UNLIVED)).await?;
    }
    Ok(from.is_some())
}

/// What the functions find in their environment on AWS, from the same template.
pub(crate) fn settings(template: &Template, public_url: String, keys: Keys) -> Settings {
    let undelivered = template.variable(&template.stream.function, "BANTO_UNDELIVERED_QUEUE_URL");
    Settings {
        table: template.table.name.clone(),
        bus: template.bus.clone(),
        public_url,
        undelivered_queue_url: undelivered.unwrap_or_default().to_owned(),
        stripe_url: banto_aws::refunds::STRIPE.to_owned(),
        configuration_set: template.mail_events.as_ref().map(|m| m.configuration_set.clone()),
        keys,
    }
}

/// The clock as it was left, else as asked for.
pub(super) async fn clock(mode: ClockMode, store: &Store) -> Result<HostClock, HostError> {
    let left = store.read(|tx| tx.meta(time::CLOCK)).await?.and_then(|t| t.parse::<Timestamp>().ok());
    let wanted = match mode {
        ClockMode::System => return Ok(HostClock::System),
        // Nothing is written: it may be looked at only.
        ClockMode::AsLeft => {
            return Ok(left.map_or(HostClock::System, |at| HostClock::Manual(Arc::new(ManualClock::new(at)))));
        }
        ClockMode::Manual(wanted) => wanted,
    };
    let now = Timestamp::now().round(Unit::Second).unwrap_or_default();
    let at = left.or(wanted).unwrap_or(now);
    store.change(move |tx| tx.set_meta(time::CLOCK, &at.to_string())).await?;
    Ok(HostClock::Manual(Arc::new(ManualClock::new(at))))
}
