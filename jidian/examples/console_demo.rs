//! The console over invented values, for work on its looks: `cargo run --example console_demo`.
//! It prints the line `console: http://127.0.0.1:PORT/` like `jidian run` does.
#![allow(
    clippy::disallowed_methods,
    clippy::print_stdout,
    clippy::cast_possible_truncation,
    clippy::unwrap_used,
    reason = "an example over invented values"
)]

use jidian::view::*;
use quantity::{Duration, Energy, Fen, Instant, Money, Power, Price};
use std::sync::Arc;
use std::time;

const MIDNIGHT: i64 = 1_795_276_800; // 2026-11-22 00:00 in UTC+8

macro_rules! word {
    ($code:literal, $zh:literal, $en:literal) => {
        Word { code: $code, zh: $zh, en: $en }
    };
}

const CLASSES: [(Word, i64, i64); 8] = [
    (word!("residential", "居民", "residential"), 61_204_311, 588_300),
    (word!("commercial", "工商业", "commercial and industrial"), 94_817_046, 772_150),
    (word!("ev", "电动汽车", "EV charging"), 22_400_129, 655_020),
    (word!("agricultural", "农业", "agricultural"), 8_014_200, 431_000),
    (word!("coal", "煤电", "coal power"), -88_120_422, 391_400),
    (word!("hydro", "水电", "hydro power"), -41_000_380, 318_700),
    (word!("wind", "风电", "wind power"), -38_917_003, 352_200),
    (word!("solar", "光伏", "solar power"), -22_305_551, 364_100),
];

const ITEMS: [(Word, i64); 9] = [
    (word!("benchmark", "基准", "benchmark price"), 391_000),
    (word!("floating", "浮动", "floating price"), 42_137),
    (word!("subsidy", "补贴", "government subsidy"), -15_000),
    (word!("environmental", "环保", "environmental price"), 27_000),
    (word!("time-of-use", "分时", "time-of-use price"), 120_000),
    (word!("ultra-low-emission", "超低排放", "ultra-low-emission price"), 0),
    (word!("incentive", "激励", "incentive price"), -8_412),
    (word!("network-charge", "输配", "network charge"), 128_500),
    (word!("surcharge", "附加", "government surcharge"), 27_075),
];

struct Demo {
    start: time::Instant,
}

impl Demo {
    fn tick(&self) -> i64 {
        i64::try_from(self.start.elapsed().as_millis() / 500).unwrap()
    }

    fn now(&self) -> Instant {
        Instant::from_unix_seconds(MIDNIGHT + 52_000 + self.tick() * 30)
    }
}

fn wave(index: i64, amplitude: i64) -> i64 {
    let phase = (index * 37 + 11) % 200;
    amplitude * (100 - (phase - 100).abs()) / 100 - amplitude / 2
}

fn swing(minute: i64) -> i64 {
    let morning = 1000 - (minute - 600).abs().min(1000);
    let evening = 1400 - (minute - 1170).abs().min(1400) * 3 / 2;
    morning.max(evening).max(150)
}

fn step(index: i64) -> PriceStep {
    let minute = index * 15;
    let peak = (540..720).contains(&minute) || (1020..1260).contains(&minute);
    let band = match (peak, minute < 420) {
        (true, _) => word!("peak", "峰", "peak"),
        (_, true) => word!("valley", "谷", "valley"),
        _ => word!("flat", "平", "flat"),
    };
    let components: Vec<PriceComponent> = ITEMS
        .iter()
        .map(|(item, base)| {
            let value = match item.code {
                "floating" => base + wave(index, 60_000),
                "incentive" => base + wave(index + 3, 24_000),
                "time-of-use" if peak => *base,
                "time-of-use" if minute < 420 => -180_000,
                "time-of-use" => 0,
                _ => *base,
            };
            PriceComponent { item: *item, price: Price::from_micro_yuan_per_kwh(value) }
        })
        .collect();
    let from = Instant::from_unix_seconds(MIDNIGHT + index * 900);
    PriceStep {
        from,
        until: from + Duration::from_minutes(15),
        total: components.iter().map(|part| part.price).sum(),
        components,
        band: Some(band),
    }
}

fn class_of(number: i64) -> (Word, i64, i64) {
    let places = [0, 0, 0, 1, 0, 2, 0, 3, 0, 1, 4, 0, 5, 6, 0, 7];
    CLASSES[places[usize::try_from(number).unwrap() % places.len()]]
}

fn hold(active: bool) -> HoldView {
    HoldView {
        rule: Text::new("保电", "keep supply"),
        active,
        why: if active {
            Text::new(
                "余额已用尽，欠款记入结转；保电名单内的用户不拉闸。",
                "The balance is used up: what is owed is carried, and a customer on the protected list is never cut off.",
            )
        } else {
            Text::new(
                "余额低于 0 元时，电费记入结转，供电不中断。",
                "Below 0 yuan the charge is carried and supply goes on.",
            )
        },
    }
}

impl Demo {
    fn row(&self, number: i64) -> MeterRow {
        let (class, power, _) = class_of(number);
        let power = power / 12 + wave(number + self.tick(), 1_900_000);
        let state = match number % 23 {
            7 => MeterState::Offline,
            11 => MeterState::Held,
            _ => MeterState::Trading,
        };
        let (import, export) = if power > 0 { (power * 9, 0) } else { (0, -power * 9) };
        MeterRow {
            id: format!("{number:012}"),
            name: Text::new(
                format!("{} {number} 号", class.zh),
                format!("{} no. {number}", class.en),
            ),
            class,
            state,
            power: Power::from_milliwatts(power),
            import_today: Energy::from_milliwatt_hours(import),
            export_today: Energy::from_milliwatt_hours(export),
            paid_today: Fen::from_fen(power * 9 / 18_000),
            balance: Fen::from_fen(if number % 23 == 11 {
                0
            } else {
                12_000 + number * 317 % 90_000
            }),
            contract: format!("{}-tou 3", class.code),
            hold: hold(number % 23 == 11),
        }
    }

    fn payment(&self, meter: i64, sequence: i64, age: i64) -> PaymentRow {
        let (class, power, price) = class_of(meter);
        let energy = power.abs() / 12 / 60 + meter * 17;
        let charged = energy * price / 1_000_000;
        let at = self.now() - Duration::from_seconds(age * 7);
        let buys = power > 0;
        let grid = Text::new("电网收入钱包", "grid company’s income wallet");
        let own = Text::new(format!("{}钱包", class.zh), format!("{} wallet", class.en));
        PaymentRow {
            id: format!("{meter:012}-{sequence}"),
            meter: format!("{meter:012}"),
            sequence: u64::try_from(sequence).unwrap(),
            class,
            at,
            from: at - Duration::from_seconds(60),
            until: at,
            energy: Energy::from_milliwatt_hours(energy),
            charged: Money::from_micro_yuan(if buys { charged } else { -charged }),
            paid: Fen::from_fen(charged / 10_000),
            carried: Money::from_micro_yuan(charged % 10_000),
            payer: if buys {
                own.clone()
            } else {
                Text::new("电网购电钱包", "grid company’s purchase wallet")
            },
            payee: if buys { grid } else { own },
            state: if age < 2 { PaymentState::Waiting } else { PaymentState::Final },
        }
    }

    fn summary(&self) -> Summary {
        let paid = 1_284_113 + self.tick() * 731;
        Summary {
            scenario: Text::new("园区试点", "Campus pilot"),
            at: self.now(),
            speed: 60,
            meters: 60,
            meters_offline: 2,
            payments: u64::try_from(48_213 + self.tick() * 9).unwrap(),
            paid: Fen::from_fen(paid),
            waiting: u64::try_from(2 + self.tick() % 5).unwrap(),
            energy: Energy::from_milliwatt_hours(2_104_557_031 + self.tick() * 1_244_017),
            conservation: Conservation {
                issued: Fen::from_yuan(1_000_000),
                wallets: Fen::from_yuan(1_000_000),
                checks: 48_000,
                failures: 0,
            },
        }
    }

    fn power(&self) -> PowerBalance {
        let flow = |(class, power, price): &(Word, i64, i64)| {
            let power = power.abs() + wave(self.tick() + price, 900_000);
            PowerFlow {
                class: *class,
                meters: 7,
                power: Power::from_milliwatts(power),
                price: Price::from_micro_yuan_per_kwh(*price),
                money_per_hour: Money::from_micro_yuan(power / 1000 * price / 1000),
            }
        };
        let sinks: Vec<PowerFlow> = CLASSES[..4].iter().map(flow).collect();
        let mut sources: Vec<PowerFlow> = CLASSES[4..].iter().map(flow).collect();
        let losses = Power::from_milliwatts(3_907_211);
        let balance = PowerBalance { sources: sources.clone(), sinks: sinks.clone(), losses };
        sources[0].power += balance.taken_out() - balance.fed_in();
        PowerBalance { sources, sinks, losses }
    }

    fn money(&self) -> MoneyBalance {
        let flow = |party: Word, amount: i64| MoneyFlow { party, amount: Fen::from_fen(amount) };
        let more = self.tick() * 731;
        MoneyBalance {
            paid: vec![
                flow(CLASSES[1].0, 803_000 + more),
                flow(CLASSES[0].0, 361_113),
                flow(CLASSES[2].0, 88_000),
                flow(word!("fiscal", "财政补贴", "fiscal subsidy wallet"), 32_000),
            ],
            received: vec![
                flow(CLASSES[4].0, 512_000),
                flow(CLASSES[5].0, 203_400),
                flow(CLASSES[6].0, 188_713),
                flow(
                    word!("grid-income", "电网收入", "grid company’s income wallet"),
                    310_000 + more,
                ),
                flow(word!("government-fund", "政府基金", "government fund"), 70_000),
            ],
        }
    }
}

fn load(now: Instant, scale: i64) -> Vec<LoadPoint> {
    (0..288)
        .map(|index| LoadPoint {
            at: Instant::from_unix_seconds(MIDNIGHT + index * 300),
            import: Power::from_milliwatts(swing(index * 5) * scale + wave(index, scale * 40)),
            export: Power::from_milliwatts((900 - (index * 5 - 760).abs() * 2).max(0) * scale / 4),
        })
        .take_while(|point| point.at <= now)
        .collect()
}

fn freezes(seconds: i64, count: i64) -> Vec<FreezeRow> {
    let freeze = |back: i64| FreezeRow {
        at: Instant::from_unix_seconds(MIDNIGHT + 50_400 - back * seconds),
        import: Energy::from_milliwatt_hours(8_412_993_104 - back * seconds * 1311),
        export: Energy::ZERO,
    };
    (0..count).map(freeze).collect()
}

fn contract(class: Word) -> ContractView {
    ContractView {
        name: format!("{}-tou", class.code),
        version: 3,
        from: Some(Instant::from_unix_seconds(MIDNIGHT - 86_400 * 40)),
        until: None,
        digest: "8d1f".repeat(16),
        signers: vec![
            SignerView { who: Text::new("价格主管部门", "price regulator"), key: "03ab".repeat(16), mark: Mark::Good },
            SignerView { who: Text::new("电网企业", "grid company"), key: "02cd".repeat(16), mark: Mark::Good },
        ],
        sentences: vec![
            Text::new(
                "按正向有功电量结算，每 60 秒一次；不足一分的余数结转下次。",
                "Energy taken is settled every 60 seconds; what is below one fen is carried.",
            ),
            Text::new(
                "激励分量由电价信号给出，限于 −0.10 至 0.10 元/kWh；信号过期按 0 计。",
                "The incentive comes from the price signal, within −0.10 to 0.10 yuan/kWh; without a valid signal it is 0.",
            ),
        ],
        tables: vec![TableView {
            title: Text::new("分时电价", "Price by time of day"),
            head: vec![Text::new("时段", "Band"), Text::new("自", "From"), Text::new("元/kWh", "yuan/kWh")],
            rows: [("谷", "valley", "00:00", "0.3080"), ("平", "flat", "07:00", "0.4880"), ("峰", "peak", "09:00", "0.6080")]
                .map(|(zh, en, from, price)| vec![Text::new(zh, en), Text::same(from), Text::same(price)])
                .to_vec(),
        }],
        source: "contract residential-tou 3\n  for residential, import\n  benchmark 0.3910 yuan/kWh\n  incentive signal within -0.10 .. 0.10 default 0\n".into(),
    }
}

fn traced(
    title: (&str, &str),
    text: (&str, &str),
    mark: Mark,
    facts: &[(&str, &str, &str)],
) -> TraceStep {
    TraceStep {
        title: Text::new(title.0, title.1),
        text: Text::new(text.0, text.1),
        mark,
        facts: facts
            .iter()
            .map(|(zh, en, value)| Fact { name: Text::new(*zh, *en), value: Text::same(*value) })
            .collect(),
        table: None,
        details: vec![HexView {
            name: Text::new("SM3 摘要", "SM3 digest"),
            hex: "5c0e91".repeat(11),
        }],
    }
}

fn bill() -> TraceStep {
    let mut charge = traced(
        ("按条款计费", "Charged by the clauses"),
        (
            "电量乘以各分量之和；余数以名结转。",
            "Energy times the sum of the components; the rest is carried by name.",
        ),
        Mark::Good,
        &[("结转前", "carried before", "0.003118"), ("结转后", "carried after", "0.007412")],
    );
    charge.table = Some(TableView {
        title: Text::new("电价明细", "Lines of the bill"),
        head: vec![
            Text::new("分量", "Item"),
            Text::new("元/kWh", "yuan/kWh"),
            Text::new("元", "yuan"),
        ],
        rows: ITEMS
            .iter()
            .map(|(item, price)| {
                let price = format!("{:#}", Price::from_micro_yuan_per_kwh(*price));
                vec![Text::from(*item), Text::same(price), Text::same("0.004412")]
            })
            .collect(),
    });
    charge
}

impl Console for Demo {
    fn version(&self) -> u64 {
        u64::try_from(self.tick()).unwrap()
    }

    fn overview(&self) -> Overview {
        let index = (self.now().unix_milliseconds() / 1000 - MIDNIGHT) / 900;
        let price = PriceNow { class: CLASSES[0].0, now: step(index), next: Some(step(index + 1)) };
        let (power, money) = (self.power(), self.money());
        Overview { summary: self.summary(), power, money, price, payments: self.payments(8) }
    }

    fn day(&self) -> DayView {
        let price = (0..96).map(step).map(|step| PricePoint { from: step.from, total: step.total });
        DayView { load: load(self.now(), 180_000), price: price.collect() }
    }

    fn meters(&self) -> Vec<MeterRow> {
        (1..=60).map(|number| self.row(number)).collect()
    }

    fn meter(&self, id: &str) -> Option<MeterPage> {
        let number: i64 =
            id.parse().ok().filter(|number| (1..=60).contains(number) && id.len() == 12)?;
        let row = self.row(number);
        let phase = |name, share: i64| PhaseView {
            name,
            voltage_millivolts: 230_417 + wave(self.tick() + share, 2400),
            current_milliamperes: row.power.milliwatts().abs() / 690 + share * 7,
            active: Power::from_milliwatts(row.power.milliwatts() / 3),
            reactive_millivar: row.power.milliwatts() / 14,
            power_factor: 9731 - share,
        };
        let register = |code, zh: &str, en: &str, value| RegisterRow {
            code,
            name: Text::new(zh, en),
            value: Energy::from_milliwatt_hours(value),
        };
        Some(MeterPage {
            at: self.now(),
            phases: vec![phase("A", 0), phase("B", 40), phase("C", 90)],
            frequency_millihertz: 49_983 + wave(self.tick(), 30),
            registers: vec![
                register(
                    "1.8.0",
                    "正向有功总",
                    "import, total",
                    8_412_993_104 + self.tick() * 1311,
                ),
                register("1.8.2", "正向有功峰", "import, peak", 3_104_220_018),
                register("2.8.0", "反向有功总", "export, total", 0),
            ],
            hourly: freezes(3600, 24),
            daily: freezes(86_400, 31),
            load: load(self.now(), row.power.milliwatts().abs() / 900),
            wallet: WalletView {
                id: "6217 0042 0000 1187".into(),
                balance: row.balance,
                limit_payment: Fen::from_yuan(500),
                limit_day: Fen::from_yuan(2000),
                paid_today: row.paid_today,
                carried: Money::from_micro_yuan(7_412),
                waiting: 1,
                sequence: 843,
                hold: row.hold.clone(),
            },
            contract: contract(row.class),
            signals: [1, 6]
                .map(|place: usize| SignalRow {
                    component: ITEMS[place].0,
                    price: Price::from_micro_yuan_per_kwh(ITEMS[place].1),
                    from: self.now().floor_to(Duration::from_minutes(15)),
                    until: self.now().floor_to(Duration::from_minutes(15))
                        + Duration::from_minutes(15),
                    sequence: 218,
                })
                .to_vec(),
            settlements: (0..6).map(|age| self.payment(number, 843 - age, age)).collect(),
            events: vec![EventRow {
                at: self.now(),
                what: Text::new("合约版本 3 生效", "contract version 3 took effect"),
            }],
            row,
        })
    }

    fn payments(&self, limit: usize) -> Vec<PaymentRow> {
        (0..40)
            .map(|age| self.payment(1 + (age * 7 + self.tick()) % 60, 843 - age, age))
            .take(limit)
            .collect()
    }

    fn trace(&self, id: &str) -> Option<TraceView> {
        let (meter, sequence) = id.split_once('-')?;
        let payment = self.payment(meter.parse().ok()?, sequence.parse().ok()?, 9);
        let steps = vec![
            traced(
                ("示数走过", "The register moved"),
                (
                    "计量芯的正向有功寄存器在结算区间内增加。",
                    "The import register of the metering core rose during the interval.",
                ),
                Mark::Good,
                &[("起", "before", "8412.913104 kWh"), ("止", "after", "8412.998117 kWh")],
            ),
            traced(
                ("生效合约", "The contract in force"),
                (
                    "电表执行的合约由两方签名，摘要与凭证一致。",
                    "The contract that the meter ran is signed by two parties and matches the evidence.",
                ),
                Mark::Good,
                &[("合约", "contract", "residential-tou 3")],
            ),
            bill(),
            traced(
                ("签名指令", "The signed order"),
                (
                    "交易芯以 SM2 签名，序号无缺。",
                    "The transaction core signed with SM2; no sequence number is missing.",
                ),
                Mark::Good,
                &[("序号", "sequence", sequence)],
            ),
            traced(
                ("终局回执", "The final receipt"),
                (
                    "登记中心在批次根下给出 Merkle 证明。",
                    "The registration centre proves it under the signed root of a batch.",
                ),
                Mark::Good,
                &[("批次", "batch", "10443"), ("位置", "index", "17")],
            ),
            traced(
                ("守恒核对", "Conservation"),
                ("下一批次的守恒核对尚未到来。", "The next check of all wallets has not come yet."),
                Mark::Open,
                &[],
            ),
        ];
        Some(TraceView { payment, steps })
    }

    fn price(&self) -> PriceView {
        let curve = |class: Word| PriceCurve { class, steps: (0..96).map(step).collect() };
        let check = |zh: &str, en: &str, value: &str| CheckView {
            name: Text::new(zh, en),
            value: Text::same(value),
            mark: Mark::Good,
        };
        PriceView {
            at: self.now(),
            curves: CLASSES.iter().map(|(class, ..)| curve(*class)).collect(),
            decision: Some(DecisionView {
                digest: "77aa01bc".repeat(8),
                at: self.now().floor_to(Duration::from_minutes(15)),
                from: self.now().floor_to(Duration::from_minutes(15)),
                until: self.now().floor_to(Duration::from_minutes(15)) + Duration::from_minutes(15),
                text: Text::new(
                    "按直流潮流出清，弹性需求下总福利最大；激励收支为零。",
                    "Cleared over the DC network with elastic demand at the greatest welfare; the incentive purse closes to zero.",
                ),
                facts: vec![Fact {
                    name: Text::new("预测负荷", "Forecast demand"),
                    value: Text::same("186.435 kW"),
                }],
                checks: vec![
                    check("功率平衡", "Power balances at each bus", "0 mW"),
                    check("对偶间隙", "Duality gap", "0.000000"),
                    check("激励收支", "Purse of the incentive", "0.000000"),
                ],
                signers: contract(CLASSES[0].0).signers,
            }),
        }
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> std::io::Result<()> {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    println!("console: http://{}/", listener.local_addr()?);
    let console = Arc::new(Demo { start: time::Instant::now() });
    jidian::web::serve(listener, console, core::future::pending()).await
}
