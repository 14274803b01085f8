//! All messages of the checker. A code never changes its meaning; `{0}` is the first argument.

use alloc::string::String;
use alloc::vec::Vec;

/// Bytes of the source.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Span {
    pub(super) start: usize,
    pub(super) end: usize,
}

/// A broken rule at a place.
#[derive(Clone, Debug)]
pub(super) struct Fault {
    pub(super) message: &'static Message,
    pub(super) span: Span,
    pub(super) arguments: Vec<String>,
}

/// The words of a broken rule.
#[derive(Debug)]
pub(super) struct Message {
    pub(super) code: &'static str,
    pub(super) en: &'static str,
    pub(super) zh: &'static str,
    pub(super) help_en: &'static str,
    pub(super) help_zh: &'static str,
}

/// A fault with its arguments as text.
macro_rules! fault {
    ($message:ident, $span:expr $(, $argument:expr)* $(,)?) => {
        $crate::author::messages::Fault {
            message: &$crate::author::messages::$message,
            span: $span,
            arguments: alloc::vec![$(alloc::string::ToString::to_string(&$argument)),*],
        }
    };
}
pub(super) use fault;

macro_rules! messages {
    ($($name:ident $code:literal
        $en:literal $zh:literal
        $help_en:literal $help_zh:literal;)+) => {
        $(pub(super) const $name: Message = Message {
            code: $code, en: $en, zh: $zh, help_en: $help_en, help_zh: $help_zh,
        };)+
    };
}

messages! {
    CHARACTER "JD-C001"
        "the character `{0}` has no meaning here" "此处不能使用字符“{0}”"
        "remove it, or put text in quotation marks" "删去它，或把文字放进引号";
    OPEN_TEXT "JD-C002"
        "the quotation mark is never closed" "引号没有结束"
        "close it with a quotation mark on the same line" "在同一行用引号结束";
    EXPECTED "JD-C003"
        "expected {0}, found `{1}`" "此处应为 {0}，却是“{1}”"
        "write {0} here; words are separated by spaces" "在此写 {0}；词与词之间用空格分开";
    NUMBER "JD-C004"
        "the number `{0}` can't be held: {1}" "数“{0}”无法表示：{1}"
        "write at most 6 digits after the point, in kWh or yuan/kWh" "小数点后至多 6 位，单位千瓦时或元/千瓦时";
    WORD "JD-C005"
        "`{0}` is no {1}" "“{0}”不是{2}"
        "choose one of: {3}" "可用的词：{3}";
    UNIT "JD-C006"
        "a number stands without a unit that fits" "数字后缺少合适的单位"
        "write the unit behind the number: {0}" "在数字后写单位：{0}";
    DATE "JD-C007"
        "`{0}` is no date or time of day" "“{0}”不是日期或时刻"
        "write dates as 2026-01-31 and times as 00:00 to 23:59" "日期写作 2026-01-31，时刻写作 00:00 至 23:59";
    DAY_START "JD-C010"
        "the day begins at {0}, so nothing holds from 00:00 on" "一日从 {0} 开始，00:00 起无时段"
        "let the first entry start at 00:00" "第一个时段从 00:00 开始";
    DAY_ORDER "JD-C011"
        "the start {0} doesn't come after the one before, or repeats its band" "时段起点 {0} 不晚于前一个，或时段与前一个相同"
        "list the starts in rising order and name a band only where it changes" "按时间先后列出，只在时段变化处写";
    INEXACT "JD-C012"
        "{0} % of {1} isn't exact to a micro-yuan per kWh" "{1} 的 {0} % 不能精确到微元/千瓦时"
        "state the price instead: {2} or {3}" "请直接写价格：{2} 或 {3}";
    MONTH_TWICE "JD-C013"
        "month {0} is given twice" "{0} 月重复"
        "name each month in one entry only" "每个月只写在一处";
    MONTH_MISSING "JD-C014"
        "month {0} is missing" "缺少 {0} 月"
        "add an entry for it, or write `all-year`" "补上该月，或写“全年”";
    TIER_ORDER "JD-C015"
        "this limit isn't above the one before" "该档上限不高于前一档"
        "list the limits in rising order, above zero" "按从小到大列出各档上限";
    TIER_LAST "JD-C016"
        "the last tier must be open: `above`" "最后一档必须是“以上”"
        "end the table with `above PRICE`" "用“以上 价格”结束";
    UNKNOWN "JD-C017"
        "no {1} is called `{0}`" "没有名为“{0}”的{2}"
        "declare it, or choose one of: {3}" "先声明它，或改用：{3}";
    TWICE "JD-C018"
        "`{0}` is declared twice" "“{0}”重复声明"
        "keep one of the two" "只保留一处";
    UNUSED "JD-C019"
        "`{0}` is declared but never used" "“{0}”声明后未使用"
        "use it in a price, or delete it" "在价格中使用它，或删去";
    CLAMP "JD-C020"
        "the clamp from {0} to {1} doesn't hold the default {2}" "限幅 {0} 至 {1} 不含缺省值 {2}"
        "let the smaller limit come first and the default lie between them" "下限在前，缺省值须在限幅之内";
    AGE "JD-C021"
        "the age limit must lie between 1 second and 400 days" "时限须在 1 秒至 400 天之间"
        "state how old a signal may be, such as 15 minutes" "写明信号最久可用多长时间，例如 15 分钟";
    LIMITS "JD-C022"
        "the price can reach {0}, outside the limits {1} to {2}" "价格可达 {0}，超出限价 {1} 至 {2}"
        "tighten the clamps and prices, or widen `price within`" "收紧限幅或价格，或放宽“限价”";
    RANGE "JD-C023"
        "an amount can leave 64 bits" "金额可能超出 64 位"
        "lower the energy per settlement (`at most`)" "降低每次结算的最大电量（“至多”）";
    NO_EXAMPLE "JD-C024"
        "there is no worked example" "没有算例"
        "add `examples { ... }` with results worked out by hand" "补上“示例 { … }”，结果须手工算出";
    EXAMPLE "JD-C025"
        "the example says {1}, the contract gives {2} in leg `{0}`" "分项“{0}”：算例写 {1}，合约算得 {2}"
        "correct the rule or the example, whichever is wrong" "改正规则或算例";
    BOUNDARY "JD-C026"
        "the start {0} doesn't fall on a settlement boundary" "起点 {0} 不在结算边界上"
        "choose starts that are multiples of the settlement interval" "起点须是结算间隔的整数倍";
    INTERVAL "JD-C027"
        "this settlement interval doesn't divide the day" "该结算间隔不能整分一日"
        "choose 1, 5, 15, 30 or 60 minutes" "可选 1、5、15、30 或 60 分钟";
    BANDS "JD-C028"
        "table `{0}` lacks a price for the band `{1}` in month {2}" "表“{0}”缺少 {2} 月“{1}”的价格"
        "add the band's price" "补上该时段的价格";
    BAND_NEVER "JD-C029"
        "the band `{1}` never occurs in these months, but table `{0}` prices it" "这些月份没有“{1}”时段，表“{0}”却给了价格"
        "delete the price, or add the band to the calendar" "删去该价格，或在日历中加入该时段";
    TOO_MANY "JD-C030"
        "too many {0}: at most {1}" "{0} 过多：至多 {1}"
        "merge or remove some" "合并或删去一些";
    LEG "JD-C031"
        "the leg `{0}` pays itself, or another leg moves between the same wallets" "分项“{0}”收付为同一钱包，或与另一分项相同"
        "name two different roles; let items share one leg" "写两个不同的角色；多个价格可共用一个分项";
    ITEM_TWICE "JD-C032"
        "the item `{0}` is charged twice into one leg" "“{0}”在同一分项中计了两次"
        "merge the two into one sum" "合并为一个和";
    EXAMPLE_REFUSED "JD-C033"
        "the example can't be settled: {0}" "算例无法结算：{0}"
        "state a movement that the meter could report" "请给出电表可能上报的电量";
    EXAMPLE_LEGS "JD-C034"
        "the example must name each leg once; `{0}` is missing or doubled" "算例须列出每个分项一次；“{0}”缺少或重复"
        "list all legs with their results" "列出所有分项及结果";
    NO_PRICE "JD-C035"
        "the contract charges nothing" "合约没有任何价格"
        "add at least one `price ITEM = ... into LEG`" "至少写一条“价格 … = … 记入 …”";
    NEVER "JD-C036"
        "this condition never holds in the calendar" "该条件在日历中永不成立"
        "name a band and a month in which it occurs" "写出确会出现的时段和月份";
    PRICE_SIZE "JD-C037"
        "the price {0} is beyond 1000 yuan/kWh" "价格 {0} 超出 1000 元/千瓦时"
        "check the unit and the decimal point" "检查单位和小数点";
    TABLE_SAME "JD-C038"
        "two entries of `{0}` say the same" "“{0}”有两处内容相同"
        "merge them: list the months of both, or drop the tier that changes nothing" "合并：把月份写在一起，或删去没有变化的一档";
    RATIO_BASE "JD-C039"
        "the share of `{0}` has no stated price to refer to" "“{0}”的比例没有可依据的价格"
        "state the price of `flat` (or of the band named behind %) in the same entry" "在同一处写出“平”（或 % 后所写时段）的价格";
    CALENDAR "JD-C040"
        "there is a calendar, but no price depends on the hour" "有日历，却没有随时段变化的价格"
        "delete the calendar, or use a band table" "删去日历，或使用分时表";
    ENERGY "JD-C041"
        "the energy per settlement must be above zero" "每次结算的最大电量必须大于零"
        "state the most that the meter can move in one interval" "写出电表一个间隔内的最大电量";
    DEEP "JD-C042"
        "the expression holds more than 8 prices at once" "表达式嵌套过深，同时超过 8 个价格"
        "split it into two items" "拆成两条价格";
    FLOOR "JD-C043"
        "the floor {0} is above the cap {1}" "价格下限 {0} 高于上限 {1}"
        "write the smaller price first" "先写较低的价格";
    LOADER "JD-C099"
        "the byte code is refused: {0}" "字节码被拒绝：{0}"
        "simplify the contract; this message should not occur, please report it" "请简化合约；本不应出现此信息，请报告";
}
