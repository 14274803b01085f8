//! A whole meter: metering, management and transaction core, each on its own memory.

use crate::founding::MeterPlan;
use crate::fram::{Fram, Tap, Write, written_parts};
use crate::instrument::{Instrument, InstrumentPlan};
use crate::population::Demand;
use crate::waveform_meter::Notice;
use crypto::Verify;
use management::{Management, Settings};
use quantity::{Duration, Instant};
use ree::{Event, Message, Ree, Request, Retry};
use tee::{Personalisation, Tee};
use wire::reading::Reading;
use wire::receipt::Receipt;
use wire::tee::{Command, Reply, Status};

/// Chips with a memory of their own, in the order of their bytes in a log.
pub const CHIPS: usize = 3;
/// How often an order without a receipt is sent again.
const RETRY: Retry =
    Retry { first: Duration::from_minutes(1), longest: Duration::from_minutes(15) };

/// A meter with its three chips.
pub struct Meter {
    /// Who it is.
    pub plan: MeterPlan,
    /// Whether the network reaches it.
    pub online: bool,
    /// Power of this minute.
    pub demand: Demand,
    instrument: Instrument,
    management: Management<Fram>,
    tee: Tee<Fram>,
    ree: Ree,
    taps: [Tap; CHIPS],
    outbound: Vec<Message>,
}

/// Why a meter can't be made or doesn't start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MeterFault {
    /// The meter.
    pub meter: wire::MeterId,
    /// What is wrong.
    pub reason: String,
}

impl core::fmt::Display for MeterFault {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "meter {}: {}", self.meter, self.reason)
    }
}

impl core::error::Error for MeterFault {}

/// What the factory gives a meter.
pub struct Factory {
    /// Metering front end.
    pub instrument: InstrumentPlan,
    /// Settings of the management core.
    pub settings: Settings,
    /// What is written into the transaction core.
    pub personalisation: Personalisation,
}

impl Meter {
    /// Makes a new meter.
    ///
    /// # Errors
    /// [`MeterFault`] if a chip refuses what it is given.
    pub fn make(plan: MeterPlan, factory: Factory) -> Result<Self, MeterFault> {
        let fault = fault_of(&plan);
        let management =
            Management::personalise(Fram::new(Fram::MB85RC512T_BYTES), &factory.settings)
                .map_err(|error| fault(&error))?;
        let tee = Tee::personalise(Fram::new(tee::CAPACITY_USUAL), &factory.personalisation)
            .map_err(|error| fault(&error))?;
        let registers = Fram::new(Fram::MB85RC512T_BYTES);
        let memories = [registers, management.into_memory(), tee.into_memory()];
        Self::boot(plan, factory.instrument, memories)
    }

    /// Starts a meter on the memories that it had.
    ///
    /// # Errors
    /// [`MeterFault`] if a memory is damaged.
    pub fn boot(
        plan: MeterPlan,
        instrument: InstrumentPlan,
        memories: [Fram; CHIPS],
    ) -> Result<Self, MeterFault> {
        let fault = fault_of(&plan);
        let mut memories = memories;
        let taps = memories.each_mut().map(Fram::tap);
        let [registers, management, transaction] = memories;
        Ok(Self {
            online: true,
            demand: Demand::default(),
            instrument: Instrument::start(instrument, registers).map_err(|why| fault(&why))?,
            management: Management::boot(management).map_err(|error| fault(&error))?,
            tee: Tee::boot(transaction).map_err(|error| fault(&error))?,
            ree: Ree::boot(RETRY, plan.id.number()),
            taps,
            outbound: Vec::new(),
            plan,
        })
    }

    /// The first report of a new meter: from these registers on, energy is settled.
    pub fn switch_on(&mut self, now: Instant, verifier: &impl Verify) {
        self.report(self.instrument.registers(now), now, verifier);
    }

    /// One minute passes: the instrument measures, the management core reports, the transaction
    /// core settles.
    pub fn minute(&mut self, end: Instant, verifier: &impl Verify) {
        let reading = self.instrument.minute(self.demand, end);
        self.report(reading, end, verifier);
    }

    fn report(&mut self, reading: Reading, now: Instant, verifier: &impl Verify) {
        if let Some(frame) = self.management.receive(&reading).report {
            self.event(now, verifier, Event::Frame(frame));
        }
    }

    /// Something reaches the meter over the network.
    pub fn downlink(&mut self, now: Instant, verifier: &impl Verify, command: Command) {
        self.event(now, verifier, Event::Downlink(command));
    }

    /// The receipt of an order reaches the meter.
    pub fn receipt(
        &mut self,
        now: Instant,
        verifier: &impl Verify,
        sequence: u64,
        receipt: Receipt,
    ) {
        self.event(now, verifier, Event::Receipt { sequence, receipt });
    }

    /// Lets the rich world send what is due, and takes what left the meter: nothing while the
    /// network is cut.
    pub fn uplink(&mut self, now: Instant, verifier: &impl Verify) -> Vec<Message> {
        self.pump(now, verifier);
        let sent = core::mem::take(&mut self.outbound);
        if self.online { sent } else { Vec::new() }
    }

    /// What the transaction core tells of itself.
    ///
    /// # Panics
    /// If its memory is damaged while it runs: nothing in the simulation does that.
    pub fn status(&mut self, now: Instant, verifier: &impl Verify) -> Status {
        let reply = self.tee.invoke(now, verifier, Command::Status);
        let Reply::Status(status) = reply else { panic!("the status was asked, not {reply:?}") };
        status
    }

    /// The management core, to read.
    #[must_use]
    pub const fn management(&self) -> &Management<Fram> {
        &self.management
    }

    /// The last reading since power came back.
    #[must_use]
    pub const fn live(&self) -> Option<&Reading> {
        self.management.live()
    }

    /// What happened on the lines of the rich world, oldest first.
    pub fn communication_log(&self) -> impl Iterator<Item = &ree::LogEntry> {
        self.ree.log()
    }

    /// What the metering core noticed on the line and on its board since it got its supply, oldest
    /// first; at most the last 64.
    pub fn notices(&self) -> impl Iterator<Item = &(Instant, Notice)> {
        self.instrument.notices()
    }

    /// Whether it samples waveforms.
    #[must_use]
    pub const fn samples_waveforms(&self) -> bool {
        self.instrument.is_waveform()
    }

    /// What was written to the memories since the last call.
    #[must_use]
    pub fn take_writes(&self) -> [Vec<Write>; CHIPS] {
        self.taps.each_ref().map(Tap::take)
    }

    /// The parts of the memories that aren't blank.
    #[must_use]
    pub fn written(&self) -> [Vec<Write>; CHIPS] {
        let registers = self.instrument.memory().bus();
        let images =
            [registers.cells().image(), self.management.memory().image(), self.transaction_image()];
        images.map(|image| written_parts(image).collect())
    }

    /// The memory of the transaction core as it is.
    #[must_use]
    pub fn transaction_image(&self) -> &[u8] {
        self.tee.memory().image()
    }

    fn event(&mut self, now: Instant, verifier: &impl Verify, event: Event) {
        let taken = self.ree.handle(now, event);
        assert!(taken.is_ok(), "the rich world is emptied after each event");
        self.pump(now, verifier);
    }

    fn pump(&mut self, now: Instant, verifier: &impl Verify) {
        while let Some(request) = self.ree.poll(now) {
            match request {
                Request::Invoke(command) => {
                    let reply = self.tee.invoke(now, verifier, command);
                    let taken = self.ree.handle(now, Event::Replied(reply));
                    assert!(taken.is_ok(), "a reply that was asked for is always taken");
                }
                Request::Send(message) => self.outbound.push(message),
                // No reader is near a meter of the simulation.
                Request::AnswerNfc(_) => {}
            }
        }
    }
}

fn fault_of(plan: &MeterPlan) -> impl Fn(&dyn core::fmt::Display) -> MeterFault + use<> {
    let meter = plan.id;
    move |reason| MeterFault { meter, reason: reason.to_string() }
}
