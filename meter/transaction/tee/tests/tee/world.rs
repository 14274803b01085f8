//! A meter with its surroundings: keys, contracts, a link, a bank, and a memory that loses power.

use crate::bank::Bank;
use crypto::{LinkSender, Sign, SigningKey, Sm2Verifier, digest};
use quantity::{Duration, Energy, Fen, Instant, Price};
use tee::{Access, Anchors, Binding, Personalisation, Signers, Tee};
use wire::evidence::SettlementRecord;
use wire::identity::{Certificate, Role};
use wire::link::EnergyReport;
use wire::memory::Memory;
use wire::order::PaymentOrder;
use wire::package::{
    ContractPackage, PROGRAM_BYTES_MAX, PackageKind, Recall, Rotation, SignedPackage,
    SignedRotation,
};
use wire::receipt::Receipt;
use wire::signal::{Component, PriceSignal};
use wire::tee::{Code, Command, Entry, Limits, Reply, Status, Which};
use wire::{Digest, MeterId, Signature, Signed, WalletId, Wire};

/// 2026-11-20 10:00 legal time.
pub const START: Instant = Instant::from_unix_seconds(1_795_140_000);
pub const CLASS: u8 = contract::CustomerClass::Prosumer.byte();
const LINK_KEY: [u8; 32] = [9; 32];

/// Memory that loses power after `fuel` bytes.
#[derive(Clone, Debug)]
pub struct Fram {
    pub bytes: Vec<u8>,
    pub fuel: usize,
    pub written: usize,
}

impl Fram {
    pub fn blank(capacity: u32) -> Self {
        Self { bytes: vec![0; capacity as usize], fuel: usize::MAX, written: 0 }
    }
}

impl Memory for Fram {
    fn capacity(&self) -> u32 {
        u32::try_from(self.bytes.len()).unwrap()
    }

    fn read(&self, address: u32, bytes: &mut [u8]) {
        let address = address as usize;
        bytes.copy_from_slice(&self.bytes[address..address + bytes.len()]);
    }

    fn write(&mut self, address: u32, bytes: &[u8]) {
        let written = bytes.len().min(self.fuel);
        let address = address as usize;
        self.bytes[address..address + written].copy_from_slice(&bytes[..written]);
        self.fuel -= written;
        self.written += written;
    }
}

pub fn key(seed: u8) -> SigningKey {
    SigningKey::from_bytes(&[seed; 32]).unwrap()
}

pub fn regulator() -> SigningKey {
    key(1)
}
pub fn grid_company() -> SigningKey {
    key(2)
}
pub fn centre() -> SigningKey {
    key(3)
}
pub fn operator() -> SigningKey {
    key(4)
}
pub fn meter_key() -> SigningKey {
    key(5)
}

pub fn wallet(serial: u64) -> WalletId {
    WalletId::new(1, serial).unwrap()
}

pub fn limits() -> Limits {
    Limits {
        key: meter_key().id(),
        sequence: 1,
        from: START,
        document: Digest::default(),
        per_payment: Fen::from_yuan(500),
        per_day: Fen::from_yuan(2000),
        offline_orders: 1000,
        offline_amount: Fen::from_yuan(5000),
    }
}

pub fn personalisation() -> Personalisation {
    use contract::Role::{CustomerBill, GeneratorIncome, GovernmentFund, GridIncome, GridPurchase};
    let bind = |role, serial, access| Binding { role, wallet: wallet(serial), access };
    let debit = Access::Debit(Fen::from_yuan(1000));
    let bindings = [
        bind(CustomerBill, 1, debit),
        bind(GridIncome, 2, Access::Credit),
        bind(GridPurchase, 3, debit),
        bind(GeneratorIncome, 1, Access::Credit),
        bind(GovernmentFund, 5, Access::Credit),
    ];
    let certificate = Certificate {
        serial: 1,
        role: Role::Meter,
        public_key: meter_key().public_key(),
        valid_from: START,
        valid_until: START + Duration::from_days(3650),
        issuer: key(6).id(),
    };
    Personalisation {
        secret: [5; 32],
        certificate: key(6).seal(certificate),
        meter: MeterId::new(100_000_000_001).unwrap(),
        class: CLASS,
        anchors: Anchors {
            signers: Signers {
                regulator: regulator().public_key(),
                grid_company: grid_company().public_key(),
            },
            registration_centre: centre().public_key(),
            operator: operator().public_key(),
        },
        link_key: LINK_KEY,
        bindings: bindings.into_iter().collect(),
        limits: limits(),
    }
}

/// 0.60 yuan from 8 h on, half of it before; 0.0272 yuan for the fund or for the grid company.
pub fn import_program(minutes: u32, flat: &str, second_payee: &str) -> Vec<u8> {
    let months = "1 2 3 4 5 6 7 8 9 10 11 12";
    let source = format!(
        r#"合约 "test-import" 第 1 版
  标题 "测试" "Test"
  适用 产消者，正向
  结算 每 {minutes} 分钟，至多 500 千瓦时
  限价 -1.0 元/千瓦时 至 3.0 元/千瓦时
依据 "测试" "电费" {{
  支付 电费: 客户缴费 -> 电网收入
  日历 {months} 月 {{ 00:00 谷; 08:00 平 }}
  分时表 购电 {months} 月 {{ 平 {flat} 元/千瓦时; 谷 50 % }}
  价格 基准 = 分时表 购电 记入 电费
}}
依据 "测试" "激励" {{
  信号 激励 限于 -0.9 元/千瓦时 至 0.9 元/千瓦时，超过 15 分钟 取 0 元/千瓦时
  价格 激励 = 信号 激励 记入 电费
}}
依据 "测试" "附加" {{
  支付 附加费: 客户缴费 -> {second_payee}
  价格 附加 = 0.0272 元/千瓦时 记入 附加费
}}
示例 {{
  2026-04-01 12:00 用电 10 千瓦时 => 电费 {}.0 元，附加费 0.272 元
}}
"#,
        flat.parse::<f64>().unwrap() * 10.0
    );
    build(&source)
}

pub fn export_program() -> Vec<u8> {
    build(
        r#"合约 "test-export" 第 1 版
  标题 "测试" "Test"
  适用 产消者，反向
  结算 每 1 分钟，至多 500 千瓦时
  限价 0.0 元/千瓦时 至 1.0 元/千瓦时
依据 "测试" "购电" {
  支付 购电: 电网购电 -> 发电收入
  价格 基准 = 0.3779 元/千瓦时 记入 购电
}
示例 {
  2026-04-01 12:00 上网 10 千瓦时 => 购电 3.779 元
}
"#,
    )
}

/// What holds when nothing else does: 0.70 yuan for import, 0.30 yuan for export.
pub fn default_program(direction: u8) -> Vec<u8> {
    let (word, leg, price, moved) = match direction {
        1 => ("正向", "支付 电费: 客户缴费 -> 电网收入", "0.70", "用电 10 千瓦时 => 电费 7.0 元"),
        _ => ("反向", "支付 购电: 电网购电 -> 发电收入", "0.30", "上网 10 千瓦时 => 购电 3.0 元"),
    };
    let name = if direction == 1 { "电费" } else { "购电" };
    build(&format!(
        "合约 \"test-default\" 第 1 版\n 标题 \"保底\" \"Default\"\n 适用 产消者，{word}\n \
         结算 每 1 分钟，至多 500 千瓦时\n 限价 0.0 元/千瓦时 至 1.0 元/千瓦时\n\
         依据 \"测试\" \"保底\" {{ {leg}\n 价格 基准 = {price} 元/千瓦时 记入 {name} }}\n\
         示例 {{ 2026-04-01 12:00 {moved} }}\n"
    ))
}

/// The default package of a direction.
pub fn default_package(direction: u8) -> ContractPackage {
    ContractPackage {
        kind: PackageKind::Default,
        on_expiry: Digest::default(),
        valid_until: START + Duration::from_days(36_500),
        ..package_of(direction, 1, &default_program(direction), Digest::default())
    }
}

pub fn build(source: &str) -> Vec<u8> {
    contract::build(source).unwrap_or_else(|faults| panic!("{faults:?}")).bytecode
}

/// An ordinary package that names the default one.
pub fn package(direction: u8, sequence: u64, program: &[u8]) -> ContractPackage {
    package_of(direction, sequence, program, digest(&default_package(direction)))
}

fn package_of(direction: u8, sequence: u64, program: &[u8], on_expiry: Digest) -> ContractPackage {
    ContractPackage {
        class: CLASS,
        direction,
        kind: PackageKind::Ordinary,
        sequence,
        version: 1,
        supersedes: Digest::default(),
        on_expiry,
        valid_from: START - Duration::from_days(1),
        valid_until: START + Duration::from_days(365),
        active_from: START,
        source: Digest::default(),
        program: wire_program(program),
    }
}

pub fn wire_program(program: &[u8]) -> heapless::Vec<u8, PROGRAM_BYTES_MAX> {
    program.iter().copied().collect()
}

pub fn sign_package(package: ContractPackage) -> SignedPackage {
    let regulator = regulator().sign(&package);
    let grid_company = grid_company().sign(&package);
    SignedPackage { package, regulator, grid_company }
}

/// Private keys of regulator and grid company.
pub fn keys() -> [SigningKey; 2] {
    [regulator(), grid_company()]
}

/// A recall of contracts for import, signed at `START`.
pub fn recall(sequence: u64, target: Digest) -> Signed<Recall> {
    let (issued, reason) = (START, Digest([9; 32]));
    regulator().seal(Recall { class: CLASS, direction: 1, sequence, target, issued, reason })
}

/// A rotation with all signatures that it needs.
pub fn rotation(
    sequence: u64,
    previous: Digest,
    old: &[SigningKey; 2],
    new: &[SigningKey; 2],
) -> SignedRotation {
    let [regulator, grid_company] = new.each_ref().map(SigningKey::public_key);
    let rotation = Rotation { sequence, previous, issued: START, regulator, grid_company };
    let by_new = |role: usize| match old[role].public_key() == new[role].public_key() {
        true => Signature::default(),
        false => new[role].sign(&rotation),
    };
    SignedRotation {
        rotation,
        old_regulator: old[0].sign(&rotation),
        old_grid_company: old[1].sign(&rotation),
        new_regulator: by_new(0),
        new_grid_company: by_new(1),
    }
}

pub fn signal(sequence: u64, from: Instant, minutes: i64, price: i64) -> Signed<PriceSignal> {
    let value = Component {
        signal: contract::SignalId::Incentive.byte(),
        price: Price::from_micro_yuan_per_kwh(price),
    };
    grid_company().seal(PriceSignal {
        class: CLASS,
        direction: 1,
        sequence,
        from,
        until: from + Duration::from_minutes(minutes),
        decision: Digest::default(),
        values: [value].into_iter().collect(),
    })
}

/// The meter under test with what it talks to.
pub struct World {
    pub tee: Tee<Fram>,
    pub link: LinkSender,
    pub bank: Bank,
    pub now: Instant,
    pub import: i64,
    pub export: i64,
}

impl World {
    /// Personalised, without a contract.
    pub fn bare(capacity: u32) -> Self {
        let tee = Tee::personalise(Fram::blank(capacity), &personalisation()).unwrap();
        let link = LinkSender::new(&LINK_KEY, 0);
        Self { tee, link, bank: Bank::new(), now: START, import: 1_000_000, export: 500_000 }
    }

    /// With a contract for import that settles each minute, and a first report.
    pub fn trading() -> Self {
        let mut world = Self::bare(tee::CAPACITY_USUAL);
        let program = import_program(1, "0.60", "政府基金");
        world.begin(package(1, 1, &program));
        assert_eq!(world.report(), (Code::Accepted, 0));
        world
    }

    pub fn invoke(&mut self, command: Command) -> Reply {
        self.tee.invoke(self.now, &Sm2Verifier, command)
    }

    pub fn code(&mut self, command: Command) -> Code {
        match self.invoke(command) {
            Reply::Done { code, .. } => code,
            other => panic!("{other:?}"),
        }
    }

    /// Loads the first packages of a direction: the default one and an ordinary one.
    pub fn begin(&mut self, package: ContractPackage) {
        assert_eq!(self.load(default_package(package.direction)), Code::Accepted);
        assert_eq!(self.load(package), Code::Accepted);
    }

    pub fn load(&mut self, package: ContractPackage) -> Code {
        self.code(Command::Load(sign_package(package)))
    }

    pub fn report_of(&self) -> EnergyReport {
        EnergyReport {
            at: self.now,
            import: Energy::from_milliwatt_hours(self.import),
            export: Energy::from_milliwatt_hours(self.export),
            ..EnergyReport::default()
        }
    }

    pub fn frame(&mut self) -> Command {
        let report = self.report_of();
        Command::Deliver(self.link.seal(&report.encode::<128>().unwrap()))
    }

    pub fn report(&mut self) -> (Code, u8) {
        let frame = self.frame();
        match self.invoke(frame) {
            Reply::Done { code, sealed } => (code, sealed),
            other => panic!("{other:?}"),
        }
    }

    /// Lets time go by and energy flow, and reports.
    pub fn after(&mut self, minutes: i64, import: i64) -> (Code, u8) {
        self.now = self.now + Duration::from_minutes(minutes);
        self.import += import;
        self.report()
    }

    pub fn status(&mut self) -> Status {
        match self.invoke(Command::Status) {
            Reply::Status(status) => status,
            other => panic!("{other:?}"),
        }
    }

    pub fn fetch(&mut self, which: Which) -> Option<Entry> {
        match self.invoke(Command::Fetch(which)) {
            Reply::Entry(entry) => Some(entry),
            Reply::Done { code: Code::NoSuchEntry, .. } => None,
            other => panic!("{other:?}"),
        }
    }

    pub fn last(&mut self) -> (PaymentOrder, SettlementRecord) {
        let sequence = self.status().sequence;
        open(&self.fetch(Which::Sequence(sequence)).unwrap())
    }

    /// Brings all entries without a receipt to the bank, one after the other.
    pub fn sync(&mut self) {
        while let Some(entry) = self.fetch(Which::Oldest) {
            let receipt = self.bank.take(&entry, self.now);
            assert!(self.code(Command::Receipt(receipt)).is_success());
        }
    }

    pub fn receipt_of_oldest(&mut self) -> Receipt {
        let entry = self.fetch(Which::Oldest).unwrap();
        self.bank.take(&entry, self.now)
    }

    /// Power away and back.
    pub fn reboot(&mut self) {
        let mut memory = self.tee.memory().clone();
        memory.fuel = usize::MAX;
        self.tee = Tee::boot(memory).unwrap();
    }
}

pub fn open(entry: &Entry) -> (PaymentOrder, SettlementRecord) {
    let order = Signed::<PaymentOrder>::decode(&entry.order).unwrap().body;
    let record = SettlementRecord::decode(&entry.evidence).unwrap();
    assert_eq!(order.evidence, digest(&record));
    (order, record)
}
