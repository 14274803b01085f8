//! The fleet and the page of one meter.

use super::board::Board;
use super::{events, holds, words};
use crate::view::{
    ContractView, FreezeRow, MeterPage, MeterRow, PaymentRow, PhaseView, RegisterRow, SignalRow,
    Text, WalletView,
};
use bank::OrderedLog;
use contract::{Direction, SignalId};
use management::{FreezeKind, RATES, RateRegisters};
use quantity::{Energy, Fen, Power};
use simulation::founding::Place;
use simulation::meter::Meter;
use wire::MeterId;
use wire::reading::PhaseReading;
use wire::tee::{Status, WalletStatus};

const HOURLY: usize = 24;
const DAILY: usize = 31;
const SETTLEMENTS: usize = 12;
const DIRECTIONS: [Direction; 2] = [Direction::Import, Direction::Export];

impl<L: OrderedLog> Board<L> {
    pub(super) fn meters(&mut self) -> Vec<MeterRow> {
        let statuses = self.statuses();
        let all = self.world.meters().iter().zip(&statuses).enumerate();
        let mut rows: Vec<MeterRow> =
            all.map(|(number, (meter, status))| self.row(number, meter, status)).collect();
        rows.sort_by(|one, other| one.id.cmp(&other.id));
        rows
    }

    fn statuses(&mut self) -> Vec<Status> {
        let now = self.world.now();
        let (meters, verifier) = self.world.meters_mut();
        meters.iter_mut().map(|meter| meter.status(now, verifier)).collect()
    }

    pub(super) fn status(&mut self, number: usize) -> Option<Status> {
        let now = self.world.now();
        let (meters, verifier) = self.world.meters_mut();
        Some(meters.get_mut(number)?.status(now, verifier))
    }

    fn row(&self, number: usize, meter: &Meter, status: &Status) -> MeterRow {
        let hold = holds::at_work(meter, status);
        let contract = self.contract_of(meter, status);
        let (import, export) = self.energy_today(meter);
        MeterRow {
            id: meter.plan.id.to_string(),
            name: self.name(meter),
            class: words::class(meter.plan.class),
            state: holds::state(meter, hold),
            power: meter.live().map_or(Power::ZERO, |reading| reading.active),
            import_today: import,
            export_today: export,
            paid_today: self.history.paid_today(number),
            balance: spendable(main_wallet(meter, status)),
            contract: contract
                .map_or_else(String::new, |view| format!("{} {}", view.name, view.version)),
            hold: holds::view(hold, status),
        }
    }

    pub(super) fn name(&self, meter: &Meter) -> Text {
        words::meter_name(&meter.plan, &self.world.fixed().scenario)
    }

    /// The contract in force for what the meter mostly does.
    fn contract_of(&self, meter: &Meter, status: &Status) -> Option<&ContractView> {
        let usual = usual_direction(meter);
        let sides = DIRECTIONS.iter().zip(&status.directions);
        let digest = sides
            .filter(|(direction, _)| **direction == usual)
            .map(|(_, side)| side.contracts.active);
        digest.into_iter().find_map(|digest| self.contract(digest))
    }

    /// Energy since midnight, or since the meter was switched on if that was later.
    fn energy_today(&self, meter: &Meter) -> (Energy, Energy) {
        let management = meter.management();
        let registers = management.registers();
        let midnight = management
            .freeze_back(FreezeKind::Daily, 1)
            .filter(|freeze| freeze.boundary >= self.history.day());
        let report = management.energy_report();
        let start = match (midnight, report) {
            (Some(freeze), _) => (freeze.registers.import.total, freeze.registers.export.total),
            (None, Some(report)) => (report.import_month_start, report.export_month_start),
            (None, None) => return (Energy::ZERO, Energy::ZERO),
        };
        (registers.import.total - start.0, registers.export.total - start.1)
    }

    pub(super) fn meter(&mut self, id: &str) -> Option<MeterPage> {
        let number = self.history.number(parse_id(id)?)?;
        let status = self.status(number)?;
        let meter = self.world.meters().get(number)?;
        let row = self.row(number, meter, &status);
        let contract = self.contract_of(meter, &status).cloned().unwrap_or_default();
        let live = meter.live();
        Some(MeterPage {
            at: live.map_or(self.world.now(), |reading| reading.at),
            phases: phases(meter),
            frequency_millihertz: live.map_or(0, |reading| i64::from(reading.frequency_millihertz)),
            registers: registers(meter),
            hourly: freezes(meter, FreezeKind::Hourly, HOURLY),
            daily: freezes(meter, FreezeKind::Daily, DAILY),
            load: self.history.meter_load(number),
            wallet: wallet(meter, &status, &row),
            contract,
            signals: self.signals_of(meter, &status),
            settlements: self.settlements_of(meter, SETTLEMENTS),
            events: events::rows(meter),
            row,
        })
    }

    /// The signals that the meter took last: with the network cut, older ones than others have.
    fn signals_of(&self, meter: &Meter, status: &Status) -> Vec<SignalRow> {
        let class = meter.plan.class;
        let sides = DIRECTIONS.iter().zip(&status.directions);
        let held = sides.filter_map(|(direction, side)| {
            self.history.signal(class.byte(), direction.byte(), side.signal_sequence)
        });
        let rows = held.flat_map(|signal| {
            let body = &signal.body;
            body.values.iter().filter_map(|value| {
                Some(SignalRow {
                    component: words::signal(SignalId::from_byte(value.signal)?),
                    price: value.price,
                    from: body.from,
                    until: body.until,
                    sequence: body.sequence,
                })
            })
        });
        rows.collect()
    }

    fn settlements_of(&self, meter: &Meter, limit: usize) -> Vec<PaymentRow> {
        let name = self.name(meter);
        let own = self.history.settlements().filter(|kept| kept.record.meter == meter.plan.id);
        own.take(limit)
            .map(|evidence| super::parties::row(evidence, meter.plan.class, &name))
            .collect()
    }
}

/// A number of a meter in its full 12 digits.
pub(super) fn parse_id(id: &str) -> Option<MeterId> {
    let digits = id.len() == 12 && id.bytes().all(|byte| byte.is_ascii_digit());
    if digits { id.parse().ok().and_then(MeterId::new) } else { None }
}

const fn usual_direction(meter: &Meter) -> Direction {
    match (meter.plan.place, meter.plan.trades.import) {
        (Place::Customer(_), true) => Direction::Import,
        (Place::Customer(_), false) | (Place::Plant(_), _) => Direction::Export,
    }
}

/// The wallet that pays for what the meter mostly does.
fn main_wallet(meter: &Meter, status: &Status) -> WalletStatus {
    let wanted = match usual_direction(meter) {
        Direction::Import => meter.plan.bill_wallet(),
        Direction::Export => meter.plan.purchase_wallet(),
    };
    let found = status.wallets.iter().find(|wallet| wallet.wallet == wanted);
    found.copied().unwrap_or(WalletStatus { wallet: wanted, ..WalletStatus::default() })
}

/// What own orders without a receipt claim can't be spent again.
fn spendable(wallet: WalletStatus) -> Fen {
    wallet.balance - wallet.claimed
}

fn wallet(meter: &Meter, status: &Status, row: &MeterRow) -> WalletView {
    WalletView {
        id: main_wallet(meter, status).wallet.to_string(),
        balance: row.balance,
        limit_payment: status.limits.per_payment,
        limit_day: status.limits.per_day,
        paid_today: status.paid_today,
        carried: status.directions.iter().map(|side| side.carried).sum(),
        waiting: status.sequence - status.acknowledged,
        sequence: status.sequence,
        hold: row.hold.clone(),
    }
}

/// The phases that carry voltage; a meter with one has no letter for it.
fn phases(meter: &Meter) -> Vec<PhaseView> {
    let Some(reading) = meter.live() else { return Vec::new() };
    let is_wired = |phase: &&PhaseReading| phase.voltage_millivolts > 0;
    let names: &[&str] = match reading.phases.iter().filter(is_wired).count() {
        0 | 1 => &["L"],
        _ => &["A", "B", "C"],
    };
    let phases = names.iter().zip(&reading.phases).map(|(name, phase)| PhaseView {
        name,
        voltage_millivolts: i64::from(phase.voltage_millivolts),
        current_milliamperes: i64::from(phase.current_microamperes / 1000),
        active: phase.active,
        reactive_millivar: phase.reactive_milli_vars,
        power_factor: i64::from(phase.power_factor_thousandths) * 10,
    });
    phases.collect()
}

const RATE_NAMES: [(&str, &str); RATES] =
    [("尖", "critical peak"), ("峰", "peak"), ("平", "flat"), ("谷", "valley")];
const IMPORT: [&str; RATES + 1] = ["1.8.0", "1.8.1", "1.8.2", "1.8.3", "1.8.4"];
const EXPORT: [&str; RATES + 1] = ["2.8.0", "2.8.1", "2.8.2", "2.8.3", "2.8.4"];

fn registers(meter: &Meter) -> Vec<RegisterRow> {
    let registers = meter.management().registers();
    let import = direction_rows(IMPORT, ("正向有功", "import"), &registers.import);
    let export = direction_rows(EXPORT, ("反向有功", "export"), &registers.export);
    import.chain(export).collect()
}

fn direction_rows(
    codes: [&'static str; RATES + 1],
    (zh, en): (&'static str, &'static str),
    registers: &RateRegisters,
) -> impl Iterator<Item = RegisterRow> {
    let total = [("总", "total")].into_iter().zip([registers.total]);
    let rates = RATE_NAMES.into_iter().zip(registers.rates);
    codes.into_iter().zip(total.chain(rates)).map(move |(code, (rate, value))| RegisterRow {
        code,
        name: Text::new(format!("{zh}{}", rate.0), format!("{en}, {}", rate.1)),
        value,
    })
}

fn freezes(meter: &Meter, kind: FreezeKind, count: usize) -> Vec<FreezeRow> {
    let management = meter.management();
    let backs = (1..=u8::MAX).map_while(|back| management.freeze_back(kind, back));
    let row = |freeze: management::Freeze| FreezeRow {
        at: freeze.boundary,
        import: freeze.registers.import.total,
        export: freeze.registers.export.total,
    };
    backs.take(count).map(row).collect()
}
