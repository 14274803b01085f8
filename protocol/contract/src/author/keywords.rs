//! The keywords and units of both languages; the first spelling is the one that is printed.

/// A keyword: its spellings in each language, each a sequence of words.
#[derive(Clone, Copy, Debug)]
pub(super) struct Keyword {
    pub(super) en: &'static [&'static str],
    pub(super) zh: &'static [&'static str],
}

macro_rules! keywords {
    ($($name:ident $($en:literal)|+ , $($zh:literal)|+ ;)+) => {
        $(pub(super) const $name: Keyword = Keyword { en: &[$($en),+], zh: &[$($zh),+] };)+
    };
}

keywords! {
    CONTRACT "contract", "合约";
    VERSION "version", "第";
    TITLE "title", "标题";
    FOR "for", "适用";
    SETTLE "settle every", "结算 每";
    AT_MOST "at most", "至多";
    LIMITS "price within", "限价";
    TO "to", "至";
    QUANTITY "quantity", "量";
    EXPIRY "on expiry use", "到期后 改用";
    PREPAID "prepaid", "预付";
    HOLD "hold", "冻结";
    UNDER "under", "依据";
    LEG "leg", "支付";
    PURPOSE "for", "用于";
    SIGNAL "signal", "信号";
    WITHIN "within", "限于";
    OLDER_THAN "older than", "超过";
    TAKE "take", "取";
    EVENT "event", "事件";
    ON "on", "是";
    OFF "off", "否";
    SPECIAL_DAYS "special-days", "特殊日";
    CALENDAR "calendar", "日历";
    WINDOWS "windows", "时段";
    ON_DAYS "on", "逢";
    WHILE "while", "当";
    WITHOUT "without", "无";
    FROM "from", "自";
    ALL_YEAR "all-year", "全年";
    MONTHS "months" | "month", "月";
    BANDS "bands", "分时表";
    TIERS "tiers", "阶梯表";
    THIS_MONTH "on energy this month", "本月用电";
    THIS_YEAR "on energy this year", "本年用电";
    UP_TO "up to", "至";
    ABOVE "above", "以上";
    STEPS "steps", "级差表";
    ON_QUANTITY "on", "按";
    BELOW "below", "低于";
    EXCEPTION "exception", "例外";
    PRICE "price", "价格";
    INTO "into", "记入";
    REST "rest", "其余";
    BEYOND "beyond", "超出";
    WHEN "when", "当";
    LESSER "min", "较小";
    GREATER "max", "较大";
    ROUNDED_DOWN "rounded down", "向下取整";
    ROUNDED_HALF_UP "rounded half-up", "四舍五入";
    ROUNDED_TO "to", "到";
    EXAMPLES "examples", "示例";
    MONTH_BEFORE "month", "本月";
    YEAR_BEFORE "year", "本年";
    ENERGY "energy", "用电" | "上网";
    AGED "aged", "已";
    HELD "held", "已冻结";
    CARRY "carry", "余";
    // What only one language says, or both say at different places.
    EDITION "", "版";
    YEAR "", "年";
    AGAIN_BELOW "again below", "低于";
    AGAIN "", "再冻结";
    RELEASE_AFTER "release after", "";
    RELEASED "", "后 释放";
    EXPIRES_AFTER "expires after", "";
    EXPIRED "", "后 失效";
    MONTHS_BEHIND "", "月";
    OF "of", "×";
    OF_QUANTITY "of", "";
}

impl Keyword {
    /// Both spellings, for messages.
    pub(super) fn both(self) -> alloc::string::String {
        let said = |all: &[&'static str]| all.first().copied().unwrap_or_default();
        match (said(self.en), said(self.zh)) {
            ("", zh) => alloc::format!("“{zh}”"),
            (en, "") => alloc::format!("`{en}`"),
            (en, zh) => alloc::format!("`{en}` ({zh})|“{zh}”（{en}）"),
        }
    }
}

/// A unit: its spellings, and the integer of the quantity per 10^-6 of it as a fraction.
#[derive(Clone, Copy, Debug)]
pub(super) struct UnitWord {
    pub(super) word: Keyword,
    pub(super) factor: i64,
    pub(super) divisor: i64,
}

macro_rules! units {
    ($($(#[$doc:meta])* $name:ident { $($($en:literal)|+ , $zh:literal = $factor:literal / $divisor:literal;)+ })+) => {
        $($(#[$doc])* pub(super) const $name: &[UnitWord] = &[$(UnitWord {
            word: Keyword { en: &[$($en),+], zh: &[$zh] },
            factor: $factor,
            divisor: $divisor,
        }),+];)+
    };
}

units! {
    PER_KWH {
        "yuan/kWh", "元/千瓦时" = 1 / 1;
        "fen/kWh", "分/千瓦时" = 1 / 100;
        "yuan/MWh", "元/兆瓦时" = 1 / 1000;
    }
    PER_KW {
        "yuan/kW", "元/千瓦" = 1 / 1;
        "yuan/kVA", "元/千伏安" = 1 / 1;
    }
    RATIO {
        "%", "%" = 1 / 100;
    }
    ENERGIES {
        "kWh", "千瓦时" = 1 / 1;
        "MWh", "兆瓦时" = 1000 / 1;
        "Wh", "瓦时" = 1 / 1000;
    }
    POWERS {
        "kW", "千瓦" = 1 / 1;
        "MW", "兆瓦" = 1000 / 1;
        "W", "瓦" = 1 / 1000;
    }
    CAPACITIES {
        "kVA", "千伏安" = 1 / 1;
        "MVA", "兆伏安" = 1000 / 1;
        "kW", "千瓦" = 1 / 1;
        "MW", "兆瓦" = 1000 / 1;
    }
    TIMES {
        "seconds" | "second", "秒" = 1 / 1000;
        "minutes" | "minute", "分钟" = 60 / 1000;
        "hours" | "hour", "小时" = 3600 / 1000;
        "days" | "day", "天" = 86400 / 1000;
    }
    MONIES {
        "yuan", "元" = 1 / 1;
    }
    RESTS {
        "micro-yuan", "微元" = 1 / 1;
    }
}
