//! The closed word lists of the language. Bytes are part of the byte code: never renumber.

/// Defines a closed list with its bytes and its Chinese and English words.
macro_rules! vocabulary {
    ($(#[$doc:meta])* $name:ident {
        $($(#[$line:meta])* $variant:ident = $byte:literal, $code:literal, $en:literal, $zh:literal;)+
    }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(u8)]
        pub enum $name {
            $($(#[$line])* $variant = $byte,)+
        }

        impl $name {
            /// Every value, in the order of the bytes.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The value of a byte of the byte code; `None` for a byte that has no meaning.
            #[must_use]
            pub const fn from_byte(byte: u8) -> Option<Self> {
                match byte {
                    $($byte => Some(Self::$variant),)+
                    _ => None,
                }
            }

            /// The byte that stands for it in byte code and frames.
            #[must_use]
            pub const fn byte(self) -> u8 {
                self as u8
            }

            /// The English word of the source language; also the stable name in files.
            #[must_use]
            pub const fn code(self) -> &'static str {
                match self {
                    $(Self::$variant => $code,)+
                }
            }

            /// English name for people.
            #[must_use]
            pub const fn name_en(self) -> &'static str {
                match self {
                    $(Self::$variant => $en,)+
                }
            }

            /// Chinese name for people; also the Chinese word of the source language.
            #[must_use]
            pub const fn name_zh(self) -> &'static str {
                match self {
                    $(Self::$variant => $zh,)+
                }
            }

            /// The value that a word of the source names, in either language.
            #[must_use]
            pub fn from_word(word: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|value| value.code() == word || value.name_zh() == word)
            }
        }
    };
}

vocabulary! {
    /// Why money moves: one line of a bill. The first seven are the components of the paper.
    Item {
        /// Regulated base price 基准价.
        Benchmark = 1, "benchmark", "benchmark price", "基准";
        /// Floats with the market 浮动价.
        Floating = 2, "floating", "floating price", "浮动";
        /// Paid by the government 政府补贴.
        Subsidy = 3, "subsidy", "government subsidy", "补贴";
        /// Desulfurisation, denitrification, dust removal 环保电价.
        Environmental = 4, "environmental", "environmental price", "环保";
        /// What the hour adds or takes off 分时电价.
        TimeOfUse = 5, "time-of-use", "time-of-use price", "分时";
        /// Reward of ultra-low emission 超低排放电价.
        UltraLowEmission = 6, "ultra-low-emission", "ultra-low-emission price", "超低排放";
        /// The grid company's incentive in real time 激励电价.
        Incentive = 7, "incentive", "incentive price", "激励";
        /// Depends on the energy of the month or the year 阶梯电价.
        Tier = 8, "tier", "tiered price", "阶梯";
        /// Loss between generator and customer 上网环节线损.
        LineLoss = 9, "line-loss", "line loss", "线损";
        /// Transmission and distribution 输配电价.
        NetworkCharge = 10, "network-charge", "network charge", "输配";
        /// System operation fee 系统运行费.
        SystemOperation = 11, "system-operation", "system operation fee", "系统运行";
        /// Government funds and surcharges 政府性基金及附加.
        Surcharge = 12, "surcharge", "government surcharge", "附加";
        /// Adder for energy-intensive industries 差别电价.
        Differential = 13, "differential", "differential price", "差别";
        /// What a poor or good power factor adds or takes off 力调电费.
        PowerFactor = 14, "power-factor", "power-factor adjustment", "力调";
        /// Capacity or demand charge 容（需）量电费.
        Capacity = 15, "capacity", "capacity charge", "容量";
        /// Penalty of a deviation from what was agreed 偏差考核.
        Deviation = 16, "deviation", "deviation penalty", "偏差";
        /// Energy fed in that is set against energy taken 净计量抵扣.
        Netting = 17, "netting", "netting", "抵扣";
        /// Difference to the price of the mechanism 机制电价差价.
        Mechanism = 18, "mechanism", "mechanism difference", "机制";
        /// Energy traded between two customers 隔墙售电.
        Trade = 19, "trade", "peer-to-peer trade", "交易";
    }
}

vocabulary! {
    /// A wallet between which a leg moves money; the meter binds each role to a real wallet.
    Role {
        /// The customer's bill-payment wallet.
        CustomerBill = 1, "customer-bill", "customer's bill wallet", "客户缴费";
        /// The grid company's income wallet.
        GridIncome = 2, "grid-income", "grid company's income wallet", "电网收入";
        /// The grid company's purchase-payment wallet.
        GridPurchase = 3, "grid-purchase", "grid company's purchase wallet", "电网购电";
        /// The generator's income wallet.
        GeneratorIncome = 4, "generator-income", "generator's income wallet", "发电收入";
        /// The wallet out of which the government subsidises.
        Fiscal = 5, "fiscal", "fiscal subsidy wallet", "财政补贴";
        /// The provincial treasury.
        Treasury = 6, "treasury", "provincial treasury", "国库";
        /// Government funds and surcharges.
        GovernmentFund = 7, "government-fund", "government fund", "政府基金";
        /// The wallet of the other party of a trade.
        PeerIncome = 8, "peer-income", "trading peer's income wallet", "对方收入";
        /// The account that pays for and earns from deviations.
        Balancing = 9, "balancing", "balancing account", "平衡账户";
    }
}

vocabulary! {
    /// Which movement of the register a contract settles, seen from the grid's customer or plant.
    Direction {
        /// Energy taken from the grid.
        Import = 1, "import", "energy taken from the grid", "正向";
        /// Energy fed into the grid.
        Export = 2, "export", "energy fed into the grid", "反向";
    }
}

vocabulary! {
    /// Meters that a contract is written for; a signal fans out by class, never by meter.
    CustomerClass {
        /// Households.
        Residential = 1, "residential", "residential", "居民";
        /// General commerce and industry 工商业.
        Commercial = 2, "commercial", "commercial and industrial", "工商业";
        /// Farming.
        Agricultural = 3, "agricultural", "agricultural", "农业";
        /// Households with a heat pump.
        HeatPump = 4, "heat-pump", "residential heat pump", "热泵";
        /// Charging of electric vehicles.
        Ev = 5, "ev", "EV charging", "电动汽车";
        /// A distribution grid that buys as one customer 区域电网.
        RegionalGrid = 6, "regional-grid", "regional grid", "区域电网";
        /// Energy-intensive industry under differential prices.
        Industrial = 7, "industrial", "energy-intensive industry", "高耗能工业";
        /// Coal-fired plant.
        Coal = 16, "coal", "coal power", "煤电";
        /// Hydro power plant.
        Hydro = 17, "hydro", "hydro power", "水电";
        /// Wind farm.
        Wind = 18, "wind", "wind power", "风电";
        /// Solar plant.
        Solar = 19, "solar", "solar power", "光伏";
        /// Nuclear plant.
        Nuclear = 20, "nuclear", "nuclear power", "核电";
        /// Battery storage.
        Battery = 21, "battery", "battery storage", "电池储能";
        /// Pumped storage.
        PumpedStorage = 22, "pumped-storage", "pumped storage", "抽水蓄能";
        /// Vehicles that also feed back.
        EvFleet = 23, "ev-fleet", "EV fleet", "电动车队";
        /// A customer who feeds in what the roof makes beyond the own use.
        Prosumer = 24, "prosumer", "prosumer", "产消者";
    }
}

vocabulary! {
    /// Component values that a price signal may carry, one number each. From `HighTemperature` on
    /// they are events: 0 is off, 1 is on.
    SignalId {
        /// Benchmark in real time, where the rule lets it move.
        Benchmark = 1, "benchmark", "benchmark price", "基准";
        /// Floating part, such as the result of dispatch.
        Floating = 2, "floating", "floating price", "浮动";
        /// Subsidy in real time.
        Subsidy = 3, "subsidy", "government subsidy", "补贴";
        /// Environmental part, withheld while an emission is above its limit.
        Environmental = 4, "environmental", "environmental price", "环保";
        /// Correction of the hour's price.
        TimeOfUse = 5, "time-of-use", "time-of-use price", "分时";
        /// Ultra-low-emission part, withheld while an emission is above its limit.
        UltraLowEmission = 6, "ultra-low-emission", "ultra-low-emission price", "超低排放";
        /// Incentive of the grid company.
        Incentive = 7, "incentive", "incentive price", "激励";
        /// System operation fee, announced each month.
        SystemOperation = 8, "system-operation", "system operation fee", "系统运行";
        /// Price of the electricity market.
        MarketPrice = 9, "market-price", "market price", "市场价";
        /// Average price of the electricity market, the reference of the mechanism.
        MarketAverage = 10, "market-average", "average market price", "市场均价";
        /// Event: so hot that the critical band of hot days holds.
        HighTemperature = 11, "high-temperature", "high temperature", "高温";
        /// Event: a day with a critical peak.
        CriticalDay = 12, "critical-day", "critical-peak day", "尖峰日";
        /// Event: the grid company asks for less load.
        DemandResponse = 13, "demand-response", "demand response", "需求响应";
        /// Event: sulphur dioxide is above its limit.
        SulphurOverLimit = 14, "sulphur-over-limit", "sulphur above its limit", "硫超标";
        /// Event: nitrogen oxides are above their limit.
        NitrogenOverLimit = 15, "nitrogen-over-limit", "nitrogen above its limit", "硝超标";
        /// Event: dust is above its limit.
        DustOverLimit = 16, "dust-over-limit", "dust above its limit", "尘超标";
    }
}

vocabulary! {
    /// Part of the legal day; the number is that of the rate (费率) in meter protocols.
    Band {
        /// 尖: the dearest hours.
        Critical = 1, "critical", "critical peak", "尖";
        /// 峰.
        Peak = 2, "peak", "peak", "峰";
        /// 平: also the only band of a contract without a calendar.
        Flat = 3, "flat", "flat", "平";
        /// 谷.
        Valley = 4, "valley", "valley", "谷";
        /// 深谷: the cheapest hours.
        Deep = 5, "deep", "deep valley", "深谷";
    }
}

vocabulary! {
    /// Which register decides about the tier.
    TierBasis {
        /// Energy since the first of the month.
        Month = 1, "month", "energy this month", "本月";
        /// Energy since the first of January.
        Year = 2, "year", "energy this year", "本年";
    }
}

vocabulary! {
    /// What a price is multiplied with. A quantity travels as an integer: milliwatt-hours,
    /// milliwatts (milli-volt-amperes), micro-yuan, or parts per million for the power factor.
    Quantity {
        /// The movement of the register itself.
        Energy = 0, "energy", "energy", "电量";
        /// Energy below what was agreed.
        Shortfall = 1, "shortfall", "shortfall", "欠量";
        /// Energy above what was agreed.
        Surplus = 2, "surplus", "surplus", "余量";
        /// Largest distance from the agreed power.
        DeviationPower = 3, "deviation-power", "largest deviation of power", "最大偏差功率";
        /// Sum of all changes of that distance.
        DeviationMileage = 4, "deviation-mileage", "mileage of the deviation", "偏差里程";
        /// Energy agreed in a trade.
        TradedEnergy = 5, "traded-energy", "traded energy", "交易电量";
        /// Power agreed in a trade.
        TradedPower = 6, "traded-power", "traded power", "交易功率";
        /// Largest mean power of the month.
        MaximumDemand = 7, "maximum-demand", "maximum demand of the month", "最大需量";
        /// Capacity of the transformer, or the agreed one.
        Capacity = 8, "capacity", "capacity", "容量";
        /// Energy of the month.
        MonthEnergy = 9, "month-energy", "energy of the month", "月电量";
        /// Energy of the month that feed-in is set against.
        NettedEnergy = 10, "netted-energy", "netted energy of the month", "抵扣电量";
        /// What the month's bill says so far.
        Billed = 11, "billed", "amount billed in the month", "计费额";
        /// Power factor of the month; only a steps table reads it.
        PowerFactor = 12, "power-factor", "power factor of the month", "功率因数";
    }
}

vocabulary! {
    /// What a legal day counts as; the numbers are bits, so that a set of kinds is their sum.
    DayKind {
        /// 工作日.
        Workday = 1, "workday", "workday", "工作日";
        /// 休息日.
        RestDay = 2, "rest-day", "rest day", "休息日";
        /// 节假日.
        Holiday = 4, "holiday", "public holiday", "节假日";
    }
}

vocabulary! {
    /// What the money of a leg may be spent on.
    Purpose {
        /// Anything.
        None = 0, "none", "any purpose", "不限";
        /// 采暖.
        Heating = 1, "heating", "heating", "采暖";
        /// 农灌.
        Irrigation = 2, "irrigation", "irrigation", "农灌";
        /// 低收入.
        LowIncome = 3, "low-income", "low-income households", "低收入";
        /// 充电.
        Charging = 4, "charging", "charging of vehicles", "充电";
    }
}

/// The unit of a price: what it is multiplied with. Always held in millionths.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Unit {
    /// Micro-yuan per kilowatt-hour.
    PerKwh = 0,
    /// Micro-yuan per kilowatt or kilovolt-ampere.
    PerKw = 1,
    /// Parts per million.
    Ratio = 2,
}

impl Unit {
    /// The unit of a byte of the byte code; `None` for a byte that has no meaning.
    #[must_use]
    pub const fn from_byte(byte: u8) -> Option<Self> {
        match byte {
            0 => Some(Self::PerKwh),
            1 => Some(Self::PerKw),
            2 => Some(Self::Ratio),
            _ => None,
        }
    }

    /// The byte that stands for it in byte code.
    #[must_use]
    pub const fn byte(self) -> u8 {
        self as u8
    }
}

impl Quantity {
    /// How many there are.
    pub(crate) const COUNT: usize = 13;

    /// The unit of the prices that it is multiplied with; `None` for what is only looked up.
    #[must_use]
    pub const fn unit(self) -> Option<Unit> {
        match self {
            Self::Energy
            | Self::Shortfall
            | Self::Surplus
            | Self::TradedEnergy
            | Self::MonthEnergy
            | Self::NettedEnergy => Some(Unit::PerKwh),
            Self::DeviationPower
            | Self::DeviationMileage
            | Self::TradedPower
            | Self::MaximumDemand
            | Self::Capacity => Some(Unit::PerKw),
            Self::Billed => Some(Unit::Ratio),
            Self::PowerFactor => None,
        }
    }

    /// Whether it exists only in the settlement that ends with a month.
    #[must_use]
    pub const fn is_monthly(self) -> bool {
        self.byte() >= Self::MaximumDemand.byte()
    }
}

impl Band {
    /// The band's bit in a set of bands.
    pub(crate) const fn bit(self) -> u8 {
        match self {
            Self::Critical => 1,
            Self::Peak => 2,
            Self::Flat => 4,
            Self::Valley => 8,
            Self::Deep => 16,
        }
    }
}

impl SignalId {
    /// Whether it is an event: on (1) or off (0) instead of a price.
    #[must_use]
    pub const fn is_event(self) -> bool {
        self.byte() >= Self::HighTemperature.byte()
    }

    /// Position in arrays of signals, below [`crate::SIGNALS_MAX`].
    pub(crate) fn index(self) -> usize {
        usize::from(self.byte()).saturating_sub(1)
    }

    /// The event's bit in a set of events; 0 for a price.
    pub(crate) fn event_bit(self) -> u8 {
        let number = self.byte().checked_sub(Self::HighTemperature.byte());
        number.map_or(0, |number| 1_u8.checked_shl(u32::from(number)).unwrap_or_default())
    }
}
