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
    /// Component values that a price signal may carry, one number each.
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
    /// Position in arrays of signals, below [`crate::SIGNALS_MAX`].
    pub(crate) const fn index(self) -> usize {
        match self {
            Self::Benchmark => 0,
            Self::Floating => 1,
            Self::Subsidy => 2,
            Self::Environmental => 3,
            Self::TimeOfUse => 4,
            Self::UltraLowEmission => 5,
            Self::Incentive => 6,
            Self::SystemOperation => 7,
        }
    }
}
