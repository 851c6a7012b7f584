//! Where there are no Unix sockets there is no door.

use std::path::Path;

use banto_aws::Env;

use super::{NoDoor, at};
use crate::engine::Place;
use crate::host::{Host, HostConfig, HostError};
use crate::store::DeadLetter;

/// No door.
#[derive(Debug)]
pub enum Door {}

impl Door {
    /// There is none.
    #[must_use]
    pub fn open(_: &Host, _: &Place) -> Option<Self> {
        None
    }

    /// There is none.
    pub async fn close(self) {
        match self {}
    }
}

/// Nobody can visit.
#[derive(Debug)]
pub enum Visit {}

impl Visit {
    /// There is no door.
    ///
    /// # Errors
    /// Always.
    pub async fn to(_: &HostConfig, dir: &Path) -> Result<Self, NoDoor> {
        Err(NoDoor::Nobody(at(dir)))
    }

    /// Nobody's.
    #[must_use]
    pub fn env(&self) -> &Env {
        match *self {}
    }

    /// Nobody's.
    ///
    /// # Errors
    /// Never.
    pub async fn dead_letters(&self) -> Result<Vec<DeadLetter>, NoDoor> {
        match *self {}
    }

    /// Nobody's.
    ///
    /// # Errors
    /// Never.
    pub async fn redrive(&self, _: &str) -> Result<(), HostError> {
        match *self {}
    }
}
