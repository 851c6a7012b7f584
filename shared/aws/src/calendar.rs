//! Coaches' days in the table: what is taken, and how a seat is taken in the same transaction as the commit. Owns no rule
//! of when there is time; that is the domain's.

use std::collections::BTreeMap;

use banto_domain::calendar::{Day, Hours, NotFree, Search, Slot, Taken, slots};
use banto_domain::{CaseKey, Id, Playbook};
use jiff::ToSpan;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::ledger::Also;
use crate::{Env, Error, Result};

/// A coach, and the zone of their days.
#[derive(Debug, Clone, Copy)]
pub struct Coach<'a> {
    /// Short name.
    pub id: &'a str,
    /// The zone.
    pub zone: &'a TimeZone,
}

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

    /// The writes that take an interval of a coach's time, two when it goes over midnight. They hold only while nobody
    /// else changes the same days.
    ///
    /// # Errors
    /// When the store can't be reached.
    pub async fn take(
        &self,
        key: &CaseKey,
        coach: Coach<'_>,
        wanted: &Taken,
        capacity: u32,
    ) -> Result<std::result::Result<Vec<Also>, NotFree>> {
        let dates = wanted.days(coach.zone);
        let known = self.days_at(key, coach.id, &dates).await?;
        let mut also = Vec::new();
        for date in dates {
            let day = known.get(&(coach.id.to_owned(), date)).cloned().unwrap_or_default();
            match day.take(wanted.clone(), capacity, self.clock.now()) {
                Ok(day) => also.push(Also::Day { coach: coach.id.to_owned(), date, day }),
                Err(taken) => return Ok(Err(taken)),
            }
        }
        Ok(Ok(also))
    }

    /// The writes that give a booking's interval back to the days around its slot: none when it stands in no day.
    ///
    /// # Errors
    /// When the store can't be reached.
    pub async fn give_back(&self, key: &CaseKey, slot: &Slot, booking: &Id) -> Result<Vec<Also>> {
        let around = [-1, 0, 1].map(|n| slot.start.date().saturating_add(n.days()));
        let days = self.days_at(key, &slot.coach, &around).await?;
        let stands = |day: &Day| day.taken.iter().any(|t| t.booking == *booking);
        let given = |((coach, date), day): ((String, Date), Day)| Also::Day {
            coach,
            date,
            day: day.without(booking, self.clock.now()),
        };
        Ok(days.into_iter().filter(|(_, day)| stands(day)).map(given).collect())
    }

    /// The writes that open more hours on some days.
    ///
    /// # Errors
    /// When the store can't be reached.
    pub async fn open_hours(&self, key: &CaseKey, coach: &str, hours: &[(Date, Hours)]) -> Result<Vec<Also>> {
        let dates: Vec<Date> = hours.iter().map(|(date, _)| *date).collect();
        let mut days = self.days_at(key, coach, &dates).await?;
        for (date, hours) in hours {
            let day = days.entry((coach.to_owned(), *date)).or_default();
            let rev = day.rev;
            *day = day.opened(*hours);
            // Several lines for one day are one change.
            day.rev = rev;
        }
        let wanted = |date: &Date| dates.contains(date);
        let changed = days.into_iter().filter(|((_, date), _)| wanted(date));
        let also = |((coach, date), mut day): ((String, Date), Day)| {
            day.rev += 1;
            Also::Day { coach, date, day }
        };
        Ok(changed.map(also).collect())
    }

    async fn days_at(&self, key: &CaseKey, coach: &str, dates: &[Date]) -> Result<BTreeMap<(String, Date), Day>> {
        match (dates.iter().min(), dates.iter().max()) {
            (Some(first), Some(last)) => self.ledger.days(&key.client, coach, *first, *last).await,
            _ => Ok(BTreeMap::new()),
        }
    }
}
