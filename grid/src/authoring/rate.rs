//! One rate of a URDB file, and what is told about it.

use super::decimal::{Decimal, Rounding};
use super::json::Json;
use super::{ImportError, Options, Remark, refuse};
use contract::CustomerClass;
use quantity::Instant;
use std::collections::BTreeSet;

/// Months of a year.
pub(super) const MONTHS: usize = 12;

/// Remarks in the order in which they came, each once. Looked up in a tree: a file may give reason
/// for a remark in each of its bytes.
#[derive(Default)]
pub(super) struct Remarks {
    pub(super) list: Vec<Remark>,
    known: BTreeSet<Remark>,
}

/// A rate, with the remarks that gather while it is read.
pub(super) struct Rate<'j> {
    json: &'j Json,
    pub(super) name: String,
    pub(super) utility: String,
    pub(super) label: String,
    pub(super) class: CustomerClass,
    pub(super) left_out: Remarks,
    pub(super) notes: Remarks,
    yuan_per_dollar: Option<Decimal>,
    rounding: Rounding,
}

/// Members that are read, or that say how another one is to be read.
const READ: [&str; 12] = [
    "energyratestructure",
    "energyweekdayschedule",
    "energyweekendschedule",
    "fueladjustmentsmonthly",
    "flatdemandstructure",
    "flatdemandmonths",
    "flatdemandunit",
    "demandratestructure",
    "demandweekdayschedule",
    "demandweekendschedule",
    "demandrateunit",
    "peakkwcapacitymax",
];

/// Members that only describe the rate, or the unit of another member.
const DESCRIPTION: [&str; 27] = [
    "label",
    "utility",
    "name",
    "uri",
    "eiaid",
    "sector",
    "country",
    "description",
    "source",
    "sourceparent",
    "approved",
    "is_default",
    "supersedes",
    "revisions",
    "latest_update",
    "fixedchargeunits",
    "minchargeunits",
    "demandunits",
    "flatdemandunits",
    "version",
    "rateid",
    "servicetype",
    "utilityname",
    "ratename",
    "basicinformationcomments",
    "rate_name",
    "startdatetime",
];

/// Members that no contract can say, each with the reason.
const CANNOT: [(&str, &str, &str); 19] = [
    (
        "fixedchargefirstmeter",
        "a fixed charge: a contract charges quantities, not months",
        "固定费用：合约按量计费，不按月收取固定额",
    ),
    (
        "fixedchargeeaaddl",
        "a fixed charge: a contract charges quantities, not months",
        "固定费用：合约按量计费，不按月收取固定额",
    ),
    (
        "fixedmonthlycharge",
        "a fixed charge: a contract charges quantities, not months",
        "固定费用：合约按量计费，不按月收取固定额",
    ),
    (
        "mincharge",
        "a minimum charge: a contract has no lower bound for a bill",
        "最低收费：合约没有账单下限",
    ),
    (
        "minmonthlycharge",
        "a minimum charge: a contract has no lower bound for a bill",
        "最低收费：合约没有账单下限",
    ),
    (
        "annualmincharge",
        "a minimum charge: a contract has no lower bound for a bill",
        "最低收费：合约没有账单下限",
    ),
    (
        "demandratchetpercentage",
        "a ratchet looks at earlier months; a contract sees this one",
        "需量棘轮涉及以往月份；合约只看当月",
    ),
    ("demandwindow", "demand is that of the meter: 15 minutes", "需量以电表 15 分钟为准"),
    (
        "demandreactivepowercharge",
        "reactive power is charged by the power factor only",
        "无功只按功率因数计费",
    ),
    (
        "coincidentratestructure",
        "coincident peaks of the whole system are unknown to a meter",
        "系统同时峰值为电表所不知",
    ),
    (
        "coincidentrateschedule",
        "coincident peaks of the whole system are unknown to a meter",
        "系统同时峰值为电表所不知",
    ),
    (
        "lookbackpercent",
        "looks at earlier months; a contract sees this one",
        "涉及以往月份；合约只看当月",
    ),
    (
        "lookbackmonths",
        "looks at earlier months; a contract sees this one",
        "涉及以往月份；合约只看当月",
    ),
    (
        "lookbackrange",
        "looks at earlier months; a contract sees this one",
        "涉及以往月份；合约只看当月",
    ),
    ("dgrules", "feed-in needs a contract for the export register", "上网电量需要另一份反向合约"),
    (
        "usenetmetering",
        "net metering needs a contract for the export register",
        "净计量需要另一份反向合约",
    ),
    ("energycomments", "text for people", "说明文字"),
    ("demandcomments", "text for people", "说明文字"),
    ("energyattrs", "free attributes, not defined by the form", "自由属性，格式未定义"),
];

/// Members that say who may have the rate.
const CONDITIONS: [&str; 9] = [
    "peakkwcapacitymin",
    "peakkwcapacityhistory",
    "peakkwhusagemin",
    "peakkwhusagemax",
    "peakkwhusagehistory",
    "voltageminimum",
    "voltagemaximum",
    "voltagecategory",
    "phasewiring",
];

impl<'j> Rate<'j> {
    /// Chooses the rate of a file and reads what describes it.
    pub(super) fn read(json: &'j Json, options: &Options) -> Result<Self, ImportError> {
        let json = choose(json, options.label.as_deref())?;
        let text = |name: &str| json.get(name).and_then(Json::text).unwrap_or_default().to_owned();
        let (class, sector) = class_of(&text("sector"));
        let mut rate = Self {
            json,
            name: text("name"),
            utility: text("utility"),
            label: text("label"),
            class: options.class.unwrap_or(class),
            left_out: Remarks::default(),
            notes: Remarks::default(),
            yuan_per_dollar: options.yuan_per_dollar,
            rounding: options.rounding,
        };
        if options.class.is_none() {
            let name = rate.class;
            let (en, zh) = (name.code(), name.name_zh());
            rate.note("sector", format!("{sector}: class {en}"), format!("{sector}：类别{zh}"));
        }
        rate.tell_currency();
        rate.tell_rest();
        Ok(rate)
    }

    fn tell_currency(&mut self) {
        let (en, zh) = match self.yuan_per_dollar {
            Some(yuan) => (
                format!("prices were multiplied by {yuan} yuan per dollar"),
                format!("价格按每美元 {yuan} 元折算"),
            ),
            None => (
                "THE NUMBERS ARE TAKEN AS YUAN, though a URDB rate is in dollars; \
                 give --yuan-per-dollar to convert"
                    .to_owned(),
                "数字直接当作元，而 URDB 以美元计；折算请用 --yuan-per-dollar".to_owned(),
            ),
        };
        self.note("currency", en, zh);
        self.note(
            "energyweekdayschedule",
            "hours are taken as legal time (UTC+8), without daylight saving",
            "时段按法定时间（UTC+8）理解，无夏令时",
        );
    }

    /// Everything in the rate that isn't read is named.
    fn tell_rest(&mut self) {
        let Json::Object(members) = self.json else { return };
        for (name, value) in members {
            let silent = READ.contains(&name.as_str()) || DESCRIPTION.contains(&name.as_str());
            if silent || value.is_nothing() {
                continue;
            }
            if let Some((_, en, zh)) = CANNOT.iter().find(|(known, ..)| known == name) {
                self.leave_out(name, *en, *zh);
            } else if CONDITIONS.contains(&name.as_str()) {
                self.leave_out(
                    name,
                    "who may have the rate is decided when a meter gets its contract",
                    "适用条件在电表绑定合约时确定",
                );
            } else if name == "startdate" || name == "enddate" {
                let day = day_of(value);
                self.leave_out(
                    name,
                    format!("validity stands in the signed package: {day}"),
                    format!("有效期写在签名包里：{day}"),
                );
            } else {
                self.leave_out(name, "unknown to this importer", "本导入程序不认识");
            }
        }
    }

    pub(super) fn note(&mut self, path: &str, en: impl Into<String>, zh: impl Into<String>) {
        self.notes.push(Remark::new(path, en, zh));
    }

    pub(super) fn leave_out(&mut self, path: &str, en: impl Into<String>, zh: impl Into<String>) {
        self.left_out.push(Remark::new(path, en, zh));
    }

    pub(super) fn member(&self, name: &str) -> Option<&'j Json> {
        self.json.get(name).filter(|value| **value != Json::Null)
    }

    /// Twelve rows of 24 periods, each below `periods`.
    pub(super) fn schedule(
        &self,
        name: &str,
        periods: usize,
    ) -> Result<Option<Vec<Vec<usize>>>, ImportError> {
        let Some(value) = self.member(name) else { return Ok(None) };
        let months = value.list().filter(|months| months.len() == MONTHS);
        let Some(months) = months else {
            return refuse(name, "twelve months are expected", "此处应为十二个月");
        };
        let mut schedule = Vec::new();
        for (month, hours) in months.iter().enumerate() {
            let path = format!("{name}[{month}]");
            let Some(hours) = hours.list().filter(|hours| hours.len() == 24) else {
                return refuse(path, "24 hours are expected", "此处应为 24 小时");
            };
            let read =
                |(hour, value): (usize, &Json)| index(value, periods, &format!("{path}[{hour}]"));
            schedule.push(hours.iter().enumerate().map(read).collect::<Result<Vec<_>, _>>()?);
        }
        Ok(Some(schedule))
    }

    /// A number that may be absent.
    pub(super) fn number(&self, value: Option<&Json>, path: &str) -> Result<Decimal, ImportError> {
        let Some(value) = value.filter(|value| **value != Json::Null) else {
            return Ok(Decimal::ZERO);
        };
        match value.digits().and_then(Decimal::parse) {
            Some(number) => Ok(number),
            None => refuse(path, "a number of ordinary size is expected", "此处应为大小正常的数字"),
        }
    }

    /// A price in micro-yuan: converted and then rounded, once.
    pub(super) fn micro_yuan(&mut self, dollars: Decimal, path: &str) -> Result<i64, ImportError> {
        const PRICE_MAX: i64 = 1_000_000_000;
        let yuan = match self.yuan_per_dollar {
            Some(rate) => dollars.times(rate),
            None => Some(dollars),
        };
        let rounded = yuan.and_then(|yuan| yuan.millionths(self.rounding));
        let Some(rounded) = rounded.filter(|one| one.value.abs() <= PRICE_MAX) else {
            return refuse(path, "the price is too large or too fine", "价格过大或过细");
        };
        if rounded.exact {
            return Ok(rounded.value);
        }
        let price = super::decimal::text(rounded.value);
        match self.rounding {
            Rounding::Refuse => refuse(
                path,
                "the price is finer than a micro-yuan; ask for a rounding",
                "价格细于一微元；请指定取整方式",
            ),
            Rounding::HalfUp | Rounding::Down => {
                self.note(
                    path,
                    format!("{dollars} is finer than a micro-yuan: rounded to {price} yuan"),
                    format!("{dollars} 细于一微元：取整为 {price} 元"),
                );
                Ok(rounded.value)
            }
        }
    }
}

impl Remarks {
    fn push(&mut self, remark: Remark) {
        if self.known.insert(remark.clone()) {
            self.list.push(remark);
        }
    }
}

/// The rate of a file: the file itself, or one of its `items`.
fn choose<'j>(json: &'j Json, label: Option<&str>) -> Result<&'j Json, ImportError> {
    let rates: Vec<&Json> = match (json.get("items").and_then(Json::list), json.list()) {
        (Some(items), _) | (None, Some(items)) => items.iter().collect(),
        (None, None) => vec![json],
    };
    let named = |rate: &&Json| {
        label.is_none_or(|label| rate.get("label").and_then(Json::text) == Some(label))
    };
    let found: Vec<&Json> = rates.iter().copied().filter(named).collect();
    match found.as_slice() {
        [rate] => Ok(rate),
        [] if rates.is_empty() => refuse("items", "the file holds no rate", "文件中没有电价"),
        [] => refuse("items", "no rate with this label", "没有这个标签的电价"),
        several => {
            let labels = several.iter().filter_map(|rate| rate.get("label").and_then(Json::text));
            let labels = labels.take(8).collect::<Vec<_>>().join(", ");
            refuse(
                "items",
                format!("{} rates; choose one by --label ({labels})", several.len()),
                format!("有 {} 个电价；请用 --label 选择（{labels}）", several.len()),
            )
        }
    }
}

/// The class of a sector, and the sector as it is told.
fn class_of(sector: &str) -> (CustomerClass, String) {
    let class = match sector {
        "Residential" => CustomerClass::Residential,
        _ => CustomerClass::Commercial,
    };
    (class, if sector.is_empty() { "no sector".to_owned() } else { format!("'{sector}'") })
}

fn index(value: &Json, below: usize, path: &str) -> Result<usize, ImportError> {
    let number = value.digits().and_then(|digits| digits.parse::<usize>().ok());
    match number.filter(|number| *number < below) {
        Some(number) => Ok(number),
        None => refuse(
            path,
            format!("a period from 0 to {} is expected", below.saturating_sub(1)),
            format!("此处应为 0 到 {} 的时段编号", below.saturating_sub(1)),
        ),
    }
}

/// The legal day of a Unix time.
fn day_of(value: &Json) -> String {
    const SECONDS_MAX: i64 = 253_402_300_799;
    let seconds = value.digits().and_then(|digits| digits.parse::<i64>().ok());
    match seconds.filter(|seconds| (0..=SECONDS_MAX).contains(seconds)) {
        Some(seconds) => Instant::from_unix_seconds(seconds).civil().date.to_string(),
        None => value.text().unwrap_or("?").chars().take(20).collect(),
    }
}

/// Reads `structure[period][tier]` with `read`, which gets the tier and its path.
pub(super) fn periods<T>(
    value: &Json,
    name: &str,
    mut read: impl FnMut(&Json, &str) -> Result<T, ImportError>,
) -> Result<Vec<Vec<T>>, ImportError> {
    let Some(periods) = value.list().filter(|periods| !periods.is_empty()) else {
        return refuse(name, "a list of periods is expected", "此处应为时段列表");
    };
    let mut all = Vec::new();
    for (period, tiers) in periods.iter().enumerate() {
        let path = format!("{name}[{period}]");
        let Some(tiers) = tiers.list().filter(|tiers| !tiers.is_empty()) else {
            return refuse(path, "a list of tiers is expected", "此处应为档次列表");
        };
        let tiers = tiers.iter().enumerate();
        let tiers = tiers.map(|(tier, value)| read(value, &format!("{path}[{tier}]")));
        all.push(tiers.collect::<Result<Vec<T>, _>>()?);
    }
    Ok(all)
}
