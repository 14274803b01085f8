//! Words and names that people see beside the vocabulary of the contract language.

use crate::view::{Text, Word};
use contract::{Band, CustomerClass, Item, Role, SignalId};
use simulation::founding::{MeterPlan, Place};
use simulation::scenario::Scenario;

/// Makes a [`Word`] of a value of the contract language's vocabulary.
macro_rules! word {
    ($value:expr) => {{
        let value = $value;
        Word { code: value.code(), zh: value.name_zh(), en: value.name_en() }
    }};
}

pub(super) const fn class(class: CustomerClass) -> Word {
    word!(class)
}

pub(super) const fn item(item: Item) -> Word {
    word!(item)
}

pub(super) const fn signal(signal: SignalId) -> Word {
    word!(signal)
}

pub(super) const fn band(band: Band) -> Word {
    word!(band)
}

pub(super) const fn role(role: Role) -> Word {
    word!(role)
}

/// The name of a meter's place: the plant's own, or the customer's kind and number. No name of a
/// person is known here.
pub(super) fn meter_name(plan: &MeterPlan, scenario: &Scenario) -> Text {
    match plan.place {
        Place::Customer(index) => {
            let (zh, en) = customer_noun(plan.class);
            let number = index + 1;
            Text::new(format!("{zh} {number} 号"), format!("{en} {number}"))
        }
        Place::Plant(index) => scenario
            .plants
            .get(index as usize)
            .map_or_else(Text::default, |plant| Text::new(&plant.name_zh, &plant.name_en)),
    }
}

const fn customer_noun(class: CustomerClass) -> (&'static str, &'static str) {
    match class {
        CustomerClass::Residential => ("居民户", "Household"),
        CustomerClass::Commercial => ("商户", "Business"),
        CustomerClass::Agricultural => ("农户", "Farm"),
        CustomerClass::HeatPump => ("热泵户", "Heat-pump home"),
        CustomerClass::Ev => ("充电桩", "Charger"),
        CustomerClass::RegionalGrid => ("区域电网", "Regional grid"),
        CustomerClass::Industrial => ("工厂", "Works"),
        CustomerClass::Prosumer => ("产消户", "Prosumer"),
        CustomerClass::Coal
        | CustomerClass::Hydro
        | CustomerClass::Wind
        | CustomerClass::Solar
        | CustomerClass::Nuclear
        | CustomerClass::Battery
        | CustomerClass::PumpedStorage
        | CustomerClass::EvFleet => (class.name_zh(), class.name_en()),
    }
}
