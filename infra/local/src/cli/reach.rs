//! The house that a command works on: opened by the command itself, and so kept from others meanwhile; or, where it runs,
//! reached by its door. What a command does is the same.

use std::path::PathBuf;

use banto_aws::Env;

use super::{CliError, place};
use crate::clock::ClockMode;
use crate::door::Visit;
use crate::engine::Place;
use crate::host::{Host, HostConfig, HostError};
use crate::house;
use crate::store::{DeadLetter, StoreError};

/// A house that a command works on.
#[derive(Debug)]
pub(super) enum Reached {
    /// It doesn't run, and nothing in it moves.
    Still(Host),
    /// It runs.
    Running(Box<Visit>),
}

impl Reached {
    /// What every function is given.
    pub(super) fn env(&self) -> &Env {
        match self {
            Self::Still(host) => &host.world().env,
            Self::Running(visit) => visit.env(),
        }
    }

    /// Whether what is written is taken up now, and not only once it runs.
    pub(super) fn runs(&self) -> bool {
        matches!(self, Self::Running(_))
    }

    /// What failed for good, newest first.
    pub(super) async fn dead_letters(&self) -> Result<Vec<DeadLetter>, CliError> {
        match self {
            Self::Still(host) => Ok(host.dead_letters().await?),
            Self::Running(visit) => visit.dead_letters().await.map_err(|e| CliError::Failed(e.to_string())),
        }
    }

    /// Puts a dead letter back to where it came from.
    pub(super) async fn redrive(&self, id: &str) -> Result<(), CliError> {
        match self {
            Self::Still(host) => Ok(host.redrive(id).await?),
            Self::Running(visit) => Ok(visit.redrive(id).await?),
        }
    }
}

/// Reaches a house that must be there already. `then` says what to do once it is stopped, if it runs and has no door.
pub(super) async fn open(data: Option<PathBuf>, then: &str) -> Result<Reached, CliError> {
    let place = place(data);
    let config = config(&place)?;
    match (Host::open(config.clone()).await, place) {
        (Err(HostError::Store(StoreError::InUse)), Place::Dir(dir)) => match Visit::to(&config, &dir).await {
            Ok(visit) => Ok(Reached::Running(Box::new(visit))),
            Err(none) => Err(CliError::input(format!("{}: {none}", StoreError::InUse), then)),
        },
        (host, _) => Ok(Reached::Still(host?)),
    }
}

/// How a house is opened that must be there already.
pub(super) fn config(place: &Place) -> Result<HostConfig, CliError> {
    if let Place::Dir(dir) = place
        && !house::is_lived_in(dir)
    {
        return Err(CliError::input(
            format!("{}: no house of banto's is here", dir.display()),
            "name it with --data DIR",
        ));
    }
    let keys = house::key(place).map_err(HostError::from)?;
    Ok(HostConfig::new(place.clone(), ClockMode::AsLeft, String::new(), keys)?)
}

#[cfg(test)]
#[cfg(unix)]
mod tests;
