//! Coaches' days in the table, as they stand. Owns no rule of when there is time, and takes nothing: that is the domain's.

use std::collections::BTreeMap;

use banto_domain::rules::calendar::{Search, slots};
use banto_domain::state::Personal;
use banto_domain::state::{Day, Room, Seat, Slot, Taken};
use banto_domain::{Case, CaseKey, Playbook};
use jiff::ToSpan;
use jiff::civil::Date;

use crate::{Env, Error, Result};

impl Env {
    /// What can be offered of a menu now, by today's calendar: one Query for each coach who holds it.
    ///
    /// # Errors
    /// When the store can't be reached, or the playbook has no such menu or no calendar.
    pub async fn open_slots(&self, key: &CaseKey, menu: &str) -> Result<Vec<Slot>> {
        let today = self.today(key).await?;
        let (calendar, spec) = today
            .calendar
            .as_ref()
            .zip(today.menus.get(menu))
            .ok_or_else(|| Error::Refused(format!("{} has no calendar, or no menu {menu}", key.client)))?;
        let (zones, now) = (today.zones(), self.clock.now());
        let mut days = BTreeMap::new();
        for (coach, zone) in zones.iter().filter(|(coach, _)| spec.is_held_by(coach)) {
            let first = now.to_zoned(zone.clone());
            let last = first.checked_add(calendar.horizon).map_or(first.date(), |z| z.date());
            // A group session may be later than the horizon; an interval may begin the day before.
            let of_coach = calendar.sessions.iter().filter(|s| s.coach == *coach).map(|s| s.at.date());
            let last = of_coach.chain([last]).max().unwrap_or(last).saturating_add(1.day());
            days.extend(self.ledger.days(&key.client, coach, first.date(), last).await?);
        }
        Ok(slots(Search { calendar, menu: (menu, spec), zones: &zones, days: &days, now }))
    }

    /// How many may share a slot, of one customer too, by today's calendar and menu.
    #[must_use]
    pub fn room(&self, today: &Playbook, menu: &str, group: Option<&str>) -> Room {
        let capacity = today.calendar.as_ref().map_or(1, |calendar| calendar.capacity(group));
        Room { capacity, each: today.menus.get(menu).map_or(1, |menu| menu.seats_per_customer) }
    }

    /// The mark of whose seat of a group session it is: of the customer's address, as long as it is known.
    #[must_use]
    pub fn holder(&self, case: &Case, personal: &Personal, group: Option<&str>) -> Option<String> {
        let address = personal.value(&case.facts, "email")?;
        Some(self.keys.seat(&case.key.client, group?, address))
    }

    /// The playbook as it is today.
    ///
    /// # Errors
    /// When the store can't be reached, or there is no such client.
    pub async fn today(&self, key: &CaseKey) -> Result<std::sync::Arc<Playbook>> {
        let current = self.playbooks.current(&key.client).await?;
        current
            .map(|(_, playbook)| playbook)
            .ok_or_else(|| Error::Refused(format!("there is no client {}", key.client)))
    }

    /// A coach's days that an interval touches, as they stand.
    ///
    /// # Errors
    /// When the store can't be reached.
    pub async fn days_of(&self, key: &CaseKey, seat: &Seat, wanted: &Taken) -> Result<BTreeMap<Date, Day>> {
        self.days_at(key, &seat.coach, &wanted.days(&seat.time_zone())).await
    }

    /// A coach's days around a slot.
    ///
    /// # Errors
    /// When the store can't be reached.
    pub async fn days_around(&self, key: &CaseKey, slot: &Slot) -> Result<BTreeMap<Date, Day>> {
        let around = [-1, 0, 1].map(|n| slot.start.date().saturating_add(n.days()));
        self.days_at(key, &slot.coach, &around).await
    }

    /// Some of a coach's days, as far as anything is known of them.
    ///
    /// # Errors
    /// When the store can't be reached.
    pub async fn days_at(&self, key: &CaseKey, coach: &str, dates: &[Date]) -> Result<BTreeMap<Date, Day>> {
        let (Some(first), Some(last)) = (dates.iter().min(), dates.iter().max()) else { return Ok(BTreeMap::new()) };
        let days = self.ledger.days(&key.client, coach, *first, *last).await?;
        Ok(days.into_iter().map(|((_, date), day)| (date, day)).collect())
    }
}
