//! The console over a real pilot: a small fleet, minutes of a day, an outage.

use super::{Board, Live};
use crate::pilot::{self, Journal, Options, ScenarioChoice};
use crate::store::{BankLog, DataDirectory};
use crate::view::{Console, Mark, MeterState, PaymentState};
use quantity::{Energy, Fen, Instant, Money, Power};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

/// The first meter loses its network in minutes 6 to 15.
const OUTAGE: &str =
    "\n[[outages]]\nfirst_customer = 0\ncustomers = 1\nfrom_minute = 6\nminutes = 10\n";

struct Scratch(PathBuf);

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

struct Run {
    board: Arc<Mutex<Board<BankLog>>>,
    journal: Journal,
    live: Live<BankLog>,
    _directory: DataDirectory,
    _scratch: Scratch,
}

impl Run {
    fn new(name: &str, customers: u32) -> Self {
        let path =
            std::env::temp_dir().join(format!("jidian-console-{name}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&path);
        let scratch = Scratch(path);
        let text = format!("{}{OUTAGE}", pilot::builtin::SCENARIOS[0].1);
        let options = Options::new(ScenarioChoice::Text(&text), Some(customers), 7).unwrap();
        let directory = DataDirectory::open(&scratch.0).unwrap();
        let pilot = pilot::found(&directory, &options).unwrap();
        let board = Arc::new(Mutex::new(Board::new(pilot.world, pilot.sources, 60)));
        let live = Live::new(Arc::clone(&board));
        Self { board, journal: pilot.journal, live, _directory: directory, _scratch: scratch }
    }

    fn minutes(&mut self, count: u32) {
        for _ in 0..count {
            let mut board = self.board.lock().unwrap();
            let outcome = self.journal.step(&mut board.world).unwrap();
            board.minute(&outcome.metered, &outcome.settled);
        }
    }
}

fn serialises(value: &impl serde::Serialize) -> String {
    serde_json::to_string(value).unwrap()
}

/// All views of a console, each as JSON; returns how many payments could be traced.
fn every_view(live: &Live<BankLog>) -> usize {
    serialises(&live.overview());
    serialises(&live.day());
    serialises(&live.price());
    serialises(&live.analysis());
    for row in live.meters() {
        let page = live.meter(&row.id).unwrap();
        assert_eq!(page.row, row);
        serialises(&page);
    }
    let payments = live.payments(usize::MAX);
    for payment in payments.iter().take(50) {
        serialises(&live.trace(&payment.id).unwrap());
    }
    payments.len()
}

#[test]
fn a_pilot_before_its_first_minute_can_be_looked_at() {
    let run = Run::new("young", 5);
    assert_eq!(every_view(&run.live), 0);
    let overview = run.live.overview();
    assert_eq!(overview.power.fed_in(), Power::ZERO);
    assert!(overview.summary.conservation.holds());
    assert_eq!(overview.price.now.components.len(), 9, "the paper's seven, tier and surcharge");
    for wrong in ["", "1", "41010000000１", "410100000001-1", "999999999999", "-10100000001"] {
        assert!(run.live.meter(wrong).is_none() && run.live.trace(wrong).is_none(), "{wrong}");
    }
}

/// The analysis centre sees what the ledger moved, and nothing that tells whose it is.
#[test]
fn the_analysis_centre_sees_all_movements_under_pseudonyms() {
    let mut run = Run::new("analysis", 10);
    run.minutes(61);
    let told = run.live.analysis();
    let board = run.board.lock().unwrap();
    let day: u64 = told.days.iter().map(|day| day.movements).sum();
    let hours: u64 = told.hours.iter().map(|hour| hour.movements).sum();
    assert!(day > 0 && day == hours, "{told:?}");
    let sum = |rows: &[crate::view::SumsRow]| rows.iter().map(|row| row.amount).sum::<Fen>();
    assert_eq!(sum(&told.days), sum(&told.hours));
    let text = serialises(&told);
    for wallet in board.world.bank().registration().wallets() {
        assert!(!text.contains(&wallet.id.to_string()), "{} in {text}", wallet.id);
    }
    for meter in board.world.meters() {
        assert!(!text.contains(&meter.plan.owner), "{} in {text}", meter.plan.owner);
    }
}

#[test]
fn power_and_money_add_up_in_each_minute() {
    let mut run = Run::new("sums", 20);
    let mut version = run.live.version();
    for _ in 0..30 {
        run.minutes(1);
        assert!(run.live.version() > version);
        version = run.live.version();
        let overview = run.live.overview();
        assert_eq!(overview.power.fed_in(), overview.power.taken_out());
        assert!(!overview.power.losses.is_negative() && overview.power.fed_in() > Power::ZERO);
        let sum =
            |flows: &[crate::view::MoneyFlow]| flows.iter().map(|flow| flow.amount).sum::<Fen>();
        assert_eq!(sum(&overview.money.paid), sum(&overview.money.received));
        assert!(overview.summary.conservation.holds());
        assert_eq!(overview.summary.conservation.checks, run.live.day().load.len() as u64);
        assert_eq!(
            overview.price.now.total,
            overview.price.now.components.iter().map(|one| one.price).sum()
        );
    }
    assert!(every_view(&run.live) > 20);
}

#[test]
fn sums_of_the_day_are_those_of_the_payments_listed() {
    let mut run = Run::new("day", 20);
    run.minutes(30);
    let (payments, summary) = (run.live.payments(usize::MAX), run.live.overview().summary);
    assert!(payments.iter().all(|payment| payment.state == PaymentState::Final));
    assert_eq!(payments.iter().map(|payment| payment.paid).sum::<Fen>(), summary.paid);
    assert_eq!(payments.iter().map(|payment| payment.energy).sum::<Energy>(), summary.energy);
    let moved = payments.iter().filter(|payment| payment.paid > Fen::ZERO).count();
    assert!(moved > 0 && moved as u64 <= summary.payments);
    for row in run.live.meters() {
        let own = payments.iter().filter(|payment| payment.meter == row.id);
        let paid: Fen = own
            .clone()
            .map(|one| if one.charged < Money::ZERO { -one.paid } else { one.paid })
            .sum();
        assert!(row.paid_today == paid || row.class.code == "solar", "{row:?}: {paid:?}");
        let settled: Energy = own.map(|one| one.energy).sum();
        assert!(settled <= row.import_today + row.export_today, "{row:?}");
    }
}

#[test]
fn a_payment_is_traced_to_its_last_signature() {
    let mut run = Run::new("trace", 8);
    run.minutes(12);
    let payments = run.live.payments(usize::MAX);
    assert!(!payments.is_empty());
    for payment in payments {
        let trace = run.live.trace(&payment.id).unwrap();
        for step in &trace.steps {
            assert_eq!(step.mark, Mark::Good, "{}: {step:?}", payment.id);
        }
    }
}

#[test]
fn a_meter_without_network_waits_and_catches_up() {
    let mut run = Run::new("offline", 8);
    run.minutes(14);
    let summary = run.live.overview().summary;
    assert_eq!(summary.meters_offline, 1);
    assert!(summary.waiting > 0);
    let rows = run.live.meters();
    assert_eq!(rows[0].state, MeterState::Offline);
    let page = run.live.meter(&rows[0].id).unwrap();
    assert_eq!(page.wallet.waiting, summary.waiting);
    // An order is sent again after a quarter of an hour at the latest.
    run.minutes(40);
    let summary = run.live.overview().summary;
    assert_eq!((summary.meters_offline, summary.waiting), (0, 0));
}

#[test]
fn a_page_shows_what_the_meter_holds() {
    let mut run = Run::new("page", 8);
    run.minutes(61);
    let rows = run.live.meters();
    for row in &rows {
        let page = run.live.meter(&row.id).unwrap();
        assert!(!page.phases.is_empty() && !page.events.is_empty() && !page.load.is_empty());
        let live: Power = page.phases.iter().map(|phase| phase.active).sum();
        let rounding = (live - row.power).abs();
        assert!(rounding <= Power::from_milliwatts(2), "{live:?} of {row:?}");
        assert_eq!(page.registers[0].code, "1.8.0");
        assert_eq!(page.registers.len(), 10);
        assert!(!page.hourly.is_empty(), "{row:?}");
        assert!(!page.contract.sentences.is_empty() && !page.contract.source.is_empty());
        assert!(page.contract.signers.iter().all(|signer| signer.mark == Mark::Good));
        assert!(!page.wallet.hold.active, "{:?}", page.wallet.hold);
        assert!(page.signals.iter().all(|signal| signal.until > Instant::EPOCH));
    }
    let price = run.live.price();
    let decision = price.decision.unwrap();
    assert!(decision.checks.iter().all(|check| check.mark == Mark::Good), "{decision:?}");
    assert!(decision.signers.iter().all(|signer| signer.mark == Mark::Good));
    for curve in &price.curves {
        assert!(curve.steps.windows(2).all(|pair| pair[0].until == pair[1].from), "{curve:?}");
    }
}

#[test]
fn history_stays_bounded_and_a_new_day_begins_empty() {
    let mut run = Run::new("midnight", 3);
    run.minutes(24 * 60 + 5);
    let day = run.live.day();
    assert_eq!(day.load.len(), 5, "only the new day");
    let rows = run.live.meters();
    assert!(rows.iter().all(|row| row.import_today < Energy::from_kwh(10)), "{rows:?}");
    assert!(run.live.payments(usize::MAX).len() <= super::PAYMENTS_KEPT);
    let page = run.live.meter(&rows[0].id).unwrap();
    assert_eq!(page.daily.len(), 2);
}
