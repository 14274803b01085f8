//! The grid company's log: setups, meters, contracts, recalls, new keys, decisions and signals.

use super::failure::Failure;
use super::logs::Log;
use super::signatures::PreparedKeys;
use contract::{Header, Program};
use crypto::Verify;
use grid::publishing::{self, Publisher};
use grid::{Decision, Grid, Setup};
use simulation::ledger::{GridEntry, MeterEntry};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use tee::Signers;
use wire::package::{ContractPackage, Recall, Rotation, SignedPackage};
use wire::signal::PriceSignal;
use wire::{Digest, KeyId, MeterId, PublicKey, Role};

/// Whom an auditor trusts: the keys in the manifest.
#[derive(Clone, Copy)]
pub(super) struct Anchors {
    pub(super) authority: PublicKey,
    pub(super) signers: Signers,
}

/// A contract that settlements can be repeated with.
pub(super) struct Runnable<'a> {
    pub(super) package: &'a ContractPackage,
    pub(super) program: Program<'a>,
    pub(super) header: Header,
}

/// What the log holds, once it was checked.
#[derive(Default)]
pub(super) struct Market {
    setup: Option<Setup>,
    pub(super) meters: BTreeMap<MeterId, MeterEntry>,
    pub(super) meters_by_key: BTreeMap<KeyId, MeterId>,
    pub(super) contracts: BTreeMap<Digest, ContractPackage>,
    publisher: Publisher,
    pub(super) recalls: Vec<Recall>,
    /// Number and digest of the last rotation of keys.
    rotation: (u64, Digest),
    pub(super) signals: BTreeMap<(u8, u8, u64), PriceSignal>,
    decisions: BTreeSet<Digest>,
    last: Option<Decision>,
    /// Signals that the last decision leads to and that didn't come yet.
    awaited: VecDeque<PriceSignal>,
}

/// Decodes all entries.
pub(super) fn decode(log: &Log) -> Result<Vec<GridEntry>, Failure> {
    log.decoded(|_, bytes| GridEntry::from_bytes(bytes))
}

/// Whom to trust at each entry: from a rotation on, the keys that it brought.
pub(super) fn anchors_through(entries: &[GridEntry], first: Anchors) -> Vec<Anchors> {
    let mut anchors = first;
    let step = |entry: &GridEntry| {
        let here = anchors;
        if let GridEntry::Rotation(signed) = entry {
            let Rotation { regulator, grid_company, .. } = signed.rotation;
            anchors.signers = Signers { regulator, grid_company };
        }
        here
    };
    entries.iter().map(step).collect()
}

/// Checks the signatures of one entry.
pub(super) fn check_signatures(
    entry: &GridEntry,
    anchors: &Anchors,
    keys: &PreparedKeys,
) -> Result<(), String> {
    match entry {
        GridEntry::Setup(_) | GridEntry::Decision(_) => Ok(()),
        GridEntry::Meter(meter) => {
            let certificate = &meter.certificate;
            let good = keys.verify(&anchors.authority, &certificate.body, &certificate.signature);
            require(good, || {
                format!("the certificate of meter {} isn't signed by the authority", meter.meter)
            })
        }
        GridEntry::Contract(signed, _) => {
            let by = |key, signature| keys.verify(key, &signed.package, signature);
            require(by(&anchors.signers.regulator, &signed.regulator), || {
                "the contract package isn't signed by the regulator".to_owned()
            })?;
            require(by(&anchors.signers.grid_company, &signed.grid_company), || {
                "the contract package isn't signed by the grid company".to_owned()
            })
        }
        GridEntry::Recall(recall) => {
            let key = &anchors.signers.regulator;
            let good = keys.verify(key, &recall.body, &recall.signature);
            require(good, || "the recall isn't signed by the regulator".to_owned())
        }
        GridEntry::Rotation(signed) => {
            let rotated = anchors.signers.rotated(keys, signed);
            rotated.map(|_| ()).map_err(|code| format!("the new keys don't count: {code}"))
        }
        GridEntry::Signal(signal) => {
            let good = keys.verify(&anchors.signers.grid_company, &signal.body, &signal.signature);
            require(good, || "the signal isn't signed by the grid company".to_owned())
        }
    }
}

impl Market {
    /// Checks what the entries say, in their order.
    pub(super) fn check(
        entries: &[GridEntry],
        log: &Log,
        anchors: &Anchors,
    ) -> Result<Self, Failure> {
        let mut market = Self::default();
        for (number, entry) in entries.iter().enumerate() {
            market.take(entry, anchors).map_err(|what| log.fault(number, what))?;
        }
        Ok(market)
    }

    /// Signals of the last decision that aren't there.
    pub(super) fn missing_signals(&self) -> usize {
        self.awaited.len()
    }

    /// Whether a decision is in the log.
    pub(super) fn has_decided(&self, decision: Digest) -> bool {
        self.decisions.contains(&decision)
    }

    /// Number of decisions.
    pub(super) fn decisions(&self) -> usize {
        self.decisions.len()
    }

    /// All contracts, ready to run.
    pub(super) fn runnable(&self) -> BTreeMap<Digest, Runnable<'_>> {
        self.contracts
            .iter()
            .filter_map(|(digest, package)| {
                let program = Program::load(&package.program).ok()?;
                Some((*digest, Runnable { package, header: program.header(), program }))
            })
            .collect()
    }

    fn take(&mut self, entry: &GridEntry, anchors: &Anchors) -> Result<(), String> {
        if let (Some(missing), false) =
            (self.awaited.front(), matches!(entry, GridEntry::Signal(_)))
        {
            return Err(format!(
                "a signal for class {} should stand here: decision {} leads to it",
                missing.class, missing.sequence
            ));
        }
        match entry {
            GridEntry::Setup(setup) => self.take_setup(setup),
            GridEntry::Meter(meter) => self.take_meter(meter, anchors),
            GridEntry::Contract(signed, source) => self.take_contract(signed, source),
            GridEntry::Recall(recall) => self.take_recall(&recall.body),
            GridEntry::Rotation(signed) => self.take_rotation(&signed.rotation),
            GridEntry::Decision(decision) => self.take_decision(decision),
            GridEntry::Signal(signal) => self.take_signal(&signal.body),
        }
    }

    fn take_setup(&mut self, setup: &Setup) -> Result<(), String> {
        Grid::new(setup.clone()).map_err(|error| format!("the market can't be run: {error}"))?;
        self.setup = Some(setup.clone());
        Ok(())
    }

    fn take_meter(&mut self, meter: &MeterEntry, anchors: &Anchors) -> Result<(), String> {
        let body = &meter.certificate.body;
        let key = crypto::key_id(&body.public_key);
        let fits = body.role == Role::Meter && body.issuer == crypto::key_id(&anchors.authority);
        require(fits, || format!("the certificate of meter {} isn't a meter's", meter.meter))?;
        let mut roles: Vec<_> = meter.wallets.iter().map(|(role, _)| *role).collect();
        roles.sort_unstable();
        let doubled = roles.windows(2).any(|pair| pair[0] == pair[1]);
        require(!doubled, || format!("meter {} has two wallets for one role", meter.meter))?;
        let is_new = !self.meters.contains_key(&meter.meter)
            && self.meters_by_key.insert(key, meter.meter).is_none();
        require(is_new, || format!("meter {} or its key stands in the log twice", meter.meter))?;
        self.meters.insert(meter.meter, meter.clone());
        Ok(())
    }

    fn take_contract(&mut self, signed: &SignedPackage, source: &str) -> Result<(), String> {
        let package = &signed.package;
        self.publisher
            .admit(package)
            .map_err(|fault| format!("the contract package doesn't follow: {fault}"))?;
        require(package.source == crypto::sm3(source.as_bytes()), || {
            "the source text isn't the one whose digest was signed".to_owned()
        })?;
        let built = contract::build(source).map_err(|diagnostics| {
            format!("the source isn't a contract: {} fault(s)", diagnostics.len())
        })?;
        require(built.bytecode[..] == package.program[..], || {
            "compiling the source gives another byte code than the signed one".to_owned()
        })?;
        let declared = (built.class.byte(), built.direction.byte(), built.version);
        require(declared == (package.class, package.direction, package.version), || {
            "class, direction or version differ between source and package".to_owned()
        })?;
        self.contracts.insert(crypto::digest(package), package.clone());
        Ok(())
    }

    /// A recall may name only what both signers signed for the same meters.
    fn take_recall(&mut self, recall: &Recall) -> Result<(), String> {
        self.publisher
            .admit_recall(recall)
            .map_err(|fault| format!("the recall doesn't follow: {fault}"))?;
        let target = self.contracts.get(&recall.target);
        let target = target.ok_or("the recall names a contract that was never published")?;
        let fits = (target.class, target.direction) == (recall.class, recall.direction);
        require(fits, || "the recall names a contract of another class or direction".to_owned())?;
        self.recalls.push(*recall);
        Ok(())
    }

    fn take_rotation(&mut self, rotation: &Rotation) -> Result<(), String> {
        let (last, digest) = self.rotation;
        require(last.checked_add(1) == Some(rotation.sequence), || {
            format!("rotation {} of keys stands behind rotation {last}", rotation.sequence)
        })?;
        require(rotation.previous == digest, || {
            format!("rotation {} of keys doesn't name the one before it", rotation.sequence)
        })?;
        self.rotation = (rotation.sequence, crypto::digest(rotation));
        Ok(())
    }

    fn take_decision(&mut self, decision: &Decision) -> Result<(), String> {
        let setup = self.setup.as_ref().ok_or("a decision before the market was set up")?;
        let (number, previous) = match &self.last {
            Some(last) => (last.number.saturating_add(1), last.digest()),
            None => (1, Digest::default()),
        };
        require(decision.number == number, || {
            format!("decision {} stands where number {number} should", decision.number)
        })?;
        require(decision.previous == previous, || {
            format!("decision {number} doesn't name the decision before it")
        })?;
        let goes_on = self.last.as_ref().is_none_or(|last| decision.from > last.from);
        require(goes_on, || format!("decision {number} is of an interval that was decided"))?;
        grid::check_against(decision, setup)
            .map_err(|violation| format!("decision {number} doesn't hold: {violation}"))?;
        self.awaited = publishing::signals(decision, setup).into();
        self.decisions.insert(decision.digest());
        self.last = Some(decision.clone());
        Ok(())
    }

    fn take_signal(&mut self, signal: &PriceSignal) -> Result<(), String> {
        let awaited = self.awaited.pop_front();
        let awaited = awaited.ok_or("a signal that no decision leads to")?;
        require(*signal == awaited, || {
            format!(
                "the signal isn't the one that decision {} leads to for class {}",
                awaited.sequence, awaited.class
            )
        })?;
        let key = (signal.class, signal.direction, signal.sequence);
        self.signals.insert(key, signal.clone());
        Ok(())
    }
}

/// `Err` with a text if something doesn't hold.
pub(super) fn require(holds: bool, what: impl FnOnce() -> String) -> Result<(), String> {
    if holds { Ok(()) } else { Err(what()) }
}
