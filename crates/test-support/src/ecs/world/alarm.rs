//! Alarms of Amazon CloudWatch.

use super::World;
use super::deployment::Breaker;
use crate::ecs::wire::Fields as _;

/// The state of an alarm.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AlarmState {
    /// All is well.
    Ok,
    /// It is on.
    Alarm,
    /// Too little is measured to say.
    InsufficientData,
}

impl AlarmState {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Ok => "OK",
            Self::Alarm => "ALARM",
            Self::InsufficientData => "INSUFFICIENT_DATA",
        }
    }
}

/// What an alarm goes by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Metric,
    /// Other alarms.
    Composite,
}

impl Kind {
    /// As a call asks for it.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Metric => "MetricAlarm",
            Self::Composite => "CompositeAlarm",
        }
    }
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Alarm {
    pub(crate) kind: Kind,
    pub(crate) state: AlarmState,
}

impl World {
    /// It is there from now on if it was not, and in this state. Deployments that are watched by it heed it.
    pub(crate) fn set_alarm(&mut self, name: &str, alarm: Alarm) {
        self.alarms.insert(name.to_owned(), alarm);
        if alarm.state != AlarmState::Alarm {
            return;
        }
        for one in &mut self.service_deployments {
            let names = one.configuration["alarms"].texts("alarmNames");
            if one.alarms == Breaker::Monitoring && !one.status.is_over() && names.contains(&name) {
                one.alarms = Breaker::Triggered;
            }
        }
    }

    /// Whether any of these is on.
    pub(crate) fn any_is_on(&self, names: &[&str]) -> bool {
        let mut alarms = names.iter().filter_map(|name| self.alarms.get(*name));
        alarms.any(|one| one.state == AlarmState::Alarm)
    }
}
