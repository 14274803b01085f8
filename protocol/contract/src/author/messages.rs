//! All messages of the checker. A code never changes its meaning; `{0}` is the first argument.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use super::near::nearest;

/// Characters of the source that a message repeats at most.
const FOUND_MAX: usize = 40;

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
    pub(super) arguments: Vec<Both>,
}

/// A text in English and in Chinese.
#[derive(Clone, Debug)]
pub(super) struct Both {
    pub(super) en: String,
    pub(super) zh: String,
}

/// Both halves of `English|中文`; a text without a bar is the same in both languages.
pub(super) fn both(text: &str) -> Both {
    let (en, zh) = text.split_once('|').unwrap_or((text, text));
    Both { en: en.to_string(), zh: zh.to_string() }
}

/// A word of a closed list.
pub(super) fn word(en: &str, zh: &str) -> Both {
    Both { en: en.to_string(), zh: zh.to_string() }
}

/// What was found in the source, in quotation marks and not longer than a line.
pub(super) fn quoted(found: &str) -> Both {
    let short: String = found.chars().take(FOUND_MAX).collect();
    let more = if short.len() < found.len() { "…" } else { "" };
    Both { en: format!("`{short}{more}`"), zh: format!("“{short}{more}”") }
}

/// What to do about a word: the one that may have been meant, else nothing.
pub(super) fn meant<'w>(written: &str, known: impl IntoIterator<Item = &'w str>) -> Both {
    nearest(written, known).map_or_else(
        || both(""),
        |word| Both {
            en: format!("did you mean `{word}`? "), zh: format!("是否想写“{word}”？")
        },
    )
}

/// What can stand in a message.
pub(super) trait Said {
    fn said(&self) -> Both;
}

impl Said for Both {
    fn said(&self) -> Both {
        self.clone()
    }
}

impl<T: ToString> Said for T {
    fn said(&self) -> Both {
        Both { en: self.to_string(), zh: self.to_string() }
    }
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
            arguments: alloc::vec![$($crate::author::messages::Said::said(&$argument)),*],
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
        "expected {0}, found {1}" "此处应为 {0}，却是{1}"
        "{2}write {3} here; words are separated by spaces" "{2}在此写 {3}；词与词之间用空格分开";
    NUMBER "JD-C004"
        "the number `{0}` can't be held: {1}" "数“{0}”无法表示：{1}"
        "write at most 6 digits after the point, and 4 in a percentage" "小数点后至多 6 位，百分数至多 4 位";
    WORD "JD-C005"
        "`{0}` is no {1}" "“{0}”不是{2}"
        "{4}choose one of: {3}" "{4}可用的词：{3}";
    UNIT "JD-C006"
        "a number stands without a unit that fits" "数字后缺少合适的单位"
        "{1}write the unit behind the number: {0}" "{1}在数字后写单位：{0}";
    DATE "JD-C007"
        "`{0}` is no date or time of day" "“{0}”不是日期或时刻"
        "write dates as 2026-01-31 and times as 00:00 to 23:59; a row of the calendar holds until the next one, only a window ends at 24:00" "日期写作 2026-01-31，时刻写作 00:00 至 23:59；日历的每一行持续到下一行，只有时段可写到 24:00";
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
        "the table needs two rows or more, of which the last is open: `above`" "表须至少两档，最后一档必须是“以上”"
        "end the table with `above PRICE`" "用“以上 价格”结束";
    UNKNOWN "JD-C017"
        "no {1} is called `{0}`" "没有名为“{0}”的{2}"
        "{3}{4}declare it: {5}" "{3}{4}声明它：{5}";
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
        "the price on `{3}` can reach {0}, outside the limits {1} to {2}" "按“{4}”计的价格可达 {0}，超出限价 {1} 至 {2}"
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
        "merge the two into one sum; where the second holds only at times, write `exception price {0} = ... when ...`" "合并为一个和；若后者只在某些时候适用，写“例外 价格 {0} = … 当 …”";
    EXAMPLE_REFUSED "JD-C033"
        "the example can't be settled: {0}" "算例无法结算：{0}"
        "{1}" "{1}";
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
        "the price {0} is beyond 1000 of its unit" "价格 {0} 超出其单位的 1000 倍"
        "check the unit and the decimal point" "检查单位和小数点";
    TABLE_SAME "JD-C038"
        "two entries of `{0}` say the same" "“{0}”有两处内容相同"
        "merge them: list the months of both, or drop the tier that changes nothing" "合并：把月份写在一起，或删去没有变化的一档";
    RATIO_BASE "JD-C039"
        "`{0}` is a share of `{1}`, whose price doesn't stand before it" "“{0}”按“{1}”的比例计，但前面没有“{1}”的价格"
        "state the price of `{1}` first, in the same braces; a share without a band refers to `flat`" "先在同一括号内写出“{1}”的价格；% 后不写时段即指“平”";
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
    UNIT_MIX "JD-C044"
        "{0} and {1} can't be added, subtracted or compared" "{0} 与 {1} 不能相加减或比较"
        "give both the same unit" "两者须用同一单位";
    UNIT_CHARGE "JD-C045"
        "a price in {0} doesn't fit `{1}`, which is priced in {2}" "单位为 {3} 的价格不适用于“{4}”，其单价单位为 {5}"
        "state the price in {2}, or charge it `on` a quantity that fits" "把价格写成 {5}，或改为“按”合适的量计";
    UNDECLARED "JD-C046"
        "the quantity `{0}` is used but not declared" "量“{1}”未声明"
        "add a line to the header: `quantity {0} at most AMOUNT, price within A to B`" "在合约头部加一行：“量 {1} 至多 数量，限价 下限 至 上限”";
    NO_LIMITS "JD-C047"
        "prices are charged on `{0}`, but it has no price limits" "按“{1}”计价，却没有限价"
        "add `, price within A to B` behind its bound" "在其上限后加“，限价 下限 至 上限”";
    NEEDLESS_LIMITS "JD-C048"
        "no price is charged on `{0}`, so its price limits mean nothing" "没有按“{1}”计的价格，限价无意义"
        "delete the limits, or charge a price on it" "删去限价，或按该量计价";
    LOOKUP_ONLY "JD-C049"
        "nothing can be charged on `{0}`" "不能按“{1}”计价"
        "use it in `steps NAME on {0}`, and charge the result on `billed`" "用“级差表 名称 按 {1}”查出比例，再按“计费额”计";
    NO_REST "JD-C050"
        "a price that is split must name who takes the rest, last" "分摊的价格须在最后写明谁得其余"
        "write `into A 90 %, B rest`" "写作“记入 甲 90 %，乙 其余”";
    NO_ROUNDING "JD-C051"
        "a share of a price must say how it is rounded" "价格的比例须写明如何取整"
        "add `rounded down` or `rounded half-up`, and `to 0.0001 yuan/kWh` if you like" "加上“向下取整”或“四舍五入”，需要时再写“到 0.0001 元/千瓦时”";
    SHARE_OF "JD-C052"
        "only a percentage above zero can be taken of a price" "只能取价格的正百分比"
        "write it as `95 % of ( ... ) rounded down`" "写作“95 % × ( … ) 向下取整”";
    NEGATIVE "JD-C053"
        "a share can't be negative" "比例不能为负"
        "write a percentage from 0 on; subtract with `-` in front of the price" "写不小于 0 的百分比；要减去请在价格前用“-”";
    TIERS_PLAIN "JD-C054"
        "a tier table can't be split, replaced by an exception, or charged on another quantity" "阶梯表不能分摊、不能有例外、也不能按其他量计"
        "charge it into one leg on the energy, and put the other part into a price of its own" "把它记入一个分项，其余部分另写一条价格";
    EXCEPTION_ALONE "JD-C055"
        "no earlier price `{0}` into the same payees is there to replace" "前面没有记入相同收款方的“{1}”价格可供替换"
        "write the general price first, with the same item and payees" "先写一般价格，项目和收款方须相同";
    EXCEPTION_ALWAYS "JD-C056"
        "an exception must say when it holds" "例外须写明何时适用"
        "add `when` and a condition, or change the general price" "加上“当 条件”，或直接改一般价格";
    EXCEPTION_DIFFERS "JD-C057"
        "the exception is charged on another quantity or shared otherwise than the price that it replaces" "例外所按的量或分摊与被替换的价格不同"
        "write `into` and `on` as in the general price" "“记入”和“按”须与一般价格相同";
    GENERAL_WHEN "JD-C058"
        "a price with exceptions can't have a condition of its own" "有例外的价格自身不能再有条件"
        "drop its `when`, and state an exception of 0 for the other times" "删去它的“当”，其余时间写成价格为 0 的例外";
    EXCEPTION_NEVER "JD-C059"
        "this exception is never reached: an earlier one holds whenever it does" "该例外永远轮不到：前面的例外总是先适用"
        "put the narrower exception first" "把条件较窄的例外写在前面";
    DAY_NEVER "JD-C060"
        "this row of the calendar is never reached: earlier rows cover all its days" "日历的这一行永远轮不到：前面各行已覆盖其全部日期"
        "put the narrower row first, or delete it" "把条件较窄的一行写在前面，或删去";
    NO_SPECIAL_DAYS "JD-C061"
        "rules ask for the kind of the day, but no year is listed" "规则用到日期类型，却没有列出任何年份"
        "add `special-days 2026 { holiday DATE to DATE; workday DATE }`" "加上“特殊日 2026 年 { 节假日 日期 至 日期; 工作日 日期 }”";
    SPECIAL_YEAR "JD-C062"
        "the dates don't lie in {0} in rising order" "日期不在 {0} 年内，或先后颠倒"
        "write both dates of the span with the year {0}, the earlier one first" "起止日期都须在 {0} 年，先写较早的";
    SPECIAL_TWICE "JD-C063"
        "a date of this span is already listed" "该段中有日期已列出"
        "keep each date in one span only" "每个日期只列一处";
    SPECIAL_SAME "JD-C064"
        "the listed dates are {0} anyway" "所列日期本来就是{1}"
        "delete the entry, or check the dates: Saturday and Sunday are rest days, the others workdays" "删去该项，或核对日期：周六、周日是休息日，其余为工作日";
    SPECIAL_GAP "JD-C065"
        "the year {0} doesn't follow the year before it in the list" "{0} 年与前一个所列年份不相连"
        "list each year once, in rising order without a gap" "逐年列出，每年一次，不得跳过";
    SPECIAL_UNUSED "JD-C066"
        "special days are listed, but no rule asks for the kind of the day" "列出了特殊日，却没有规则用到日期类型"
        "use `on holiday` in a calendar or a condition, or delete the list" "在日历或条件中用“逢 节假日”，或删去该表";
    WINDOW_FLAT "JD-C067"
        "flat is what no window covers" "“平”就是没有被覆盖的时间"
        "delete this window, or name the band that wins here" "删去该时段，或写真正适用的时段";
    WINDOW_EMPTY "JD-C068"
        "the window begins and ends at the same time" "该时段起止相同"
        "write 00:00 to 24:00 for the whole day" "全天写作 00:00 至 24:00";
    WINDOW_HIDDEN "JD-C069"
        "this window is never seen: windows of a higher priority cover it" "该时段被优先级更高的时段完全覆盖"
        "delete it, or correct its times; the order is critical, deep, peak, valley" "删去它或改正时间；优先次序为尖、深谷、峰、谷";
    MONTHLY "JD-C070"
        "`{0}` is known only when a month ends, but the price is charged in each settlement" "“{1}”只在月末才有，价格却每次结算都计"
        "charge the price on a monthly quantity, such as `on billed`" "把价格改为按月度的量计，例如“按 计费额”";
    BEYOND "JD-C071"
        "`{0}` can't be measured against `{1}`" "“{2}”不能与“{3}”相比"
        "compare energy with energy and power with power, and name two different quantities" "电量与电量比、功率与功率比，且须是两个不同的量";
    PREPAID "JD-C072"
        "the amounts or days of the prepaid hold don't make sense" "预付冻结的金额或天数不合理"
        "hold an amount above zero, again below an amount that isn't negative or larger, and release after 1 to 400 days" "冻结金额须大于零，“低于”的金额不为负且不大于它，释放时间为 1 至 400 天";
    EXPIRY_DAYS "JD-C073"
        "the money of a leg expires after whole days, from 1 to 36500" "分项的失效期须为 1 至 36500 的整天数"
        "write for example `expires after 120 days`" "例如写“120 天 后 失效”";
    EXAMPLE_HOLD "JD-C074"
        "the example says that {0} is put on hold, the contract gives {1}" "算例写冻结 {0}，合约算得 {1}"
        "correct the rule or the example; without `hold` in the results it says 0" "改正规则或算例；结果中不写“冻结”即为 0";
    BOUND "JD-C075"
        "the bound of `{0}` must be above zero" "“{1}”的上限必须大于零"
        "state the most that can occur" "写出可能的最大值";
    ROUND_TO "JD-C076"
        "a price is rounded to an amount above zero in its own unit" "取整的单位须大于零，且与价格单位相同"
        "write for example `rounded half-up to 0.0001 yuan/kWh`" "例如写“四舍五入 到 0.0001 元/千瓦时”";
    EXPIRY_SELF "JD-C077"
        "the contract names itself as the one that follows it" "到期后改用的合约就是它自己"
        "name the default contract of this class" "写本类别的缺省合约";
    DATES "JD-C078"
        "the first date is behind the last one" "起始日期晚于结束日期"
        "write the earlier date first" "先写较早的日期";
    ENERGY_DECLARED "JD-C079"
        "the energy is declared by `settle every` and `price within` already" "电量已由“结算 每 … 至多”和“限价”声明"
        "delete this line" "删去这一行";
    SHARES "JD-C080"
        "the shares leave nothing for the rest, or one of them is 0 %" "各份合计不小于 100 %，或某份为 0 %"
        "let the shares be above 0 % and sum to less than 100 %" "各份须大于 0 %，合计小于 100 %";
    ALL_DAYS "JD-C081"
        "workdays, rest days and holidays together are all days" "工作日、休息日、节假日合起来就是每一天"
        "drop `on …`, or name only some of the three" "删去“逢 …”，或只写其中一两种";
    STEP_BOUND "JD-C082"
        "this limit is above the bound of `{0}`, so the row behind it is never reached" "该档上限高于“{1}”的上限，其后的一档永远用不到"
        "lower the limit, or raise the bound in the header" "降低该档上限，或提高合约头部的上限";
    SPLIT_BEYOND "JD-C083"
        "a price on what is beyond a share can't be split" "按超出部分计的价格不能分摊"
        "charge it into one leg" "把它记入一个分项";
    SHARE_SIZE "JD-C084"
        "the share must lie between 0.0001 % and 1000 %" "比例须在 0.0001 % 至 1000 % 之间"
        "correct the percentage" "改正百分比";
    LOADER "JD-C099"
        "the byte code is refused: {0}" "字节码被拒绝：{0}"
        "simplify the contract; this message should not occur, please report it" "请简化合约；本不应出现此信息，请报告";
}
