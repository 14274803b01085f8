//! The message catalogue: every word of the pages, in Chinese and in English.
//!
//! One line holds one message in both languages, so none can be missing in one of them; a page that
//! names a message that isn't here doesn't compile.

macro_rules! words {
    ($($key:ident: $zh:literal, $en:literal;)+) => {
        /// Every word of the pages in one language.
        #[derive(Debug)]
        pub(super) struct Words {
            $(pub(super) $key: &'static str,)+
        }

        /// The Chinese words.
        pub(super) static ZH: Words = Words { $($key: $zh,)+ };
        /// The English words.
        pub(super) static EN: Words = Words { $($key: $en,)+ };

        #[cfg(test)]
        const CATALOGUE: &[(&str, &str, &str)] = &[$((stringify!($key), $zh, $en),)+];
    };
}

words! {
    brand: "即电", "Jidian";
    tagline: "即计量，即交易，即结算", "Metered, traded and settled in the same instant";
    skip: "跳到正文", "Skip to content";
    sections: "栏目", "Sections";
    nav_overview: "总览", "Overview";
    nav_meters: "电表", "Meters";
    nav_payments: "支付", "Payments";
    nav_price: "电价", "Price";
    nav_analysis: "分析", "Analysis";
    other_language: "English", "中文";
    theme: "外观", "Appearance";
    theme_auto: "自动", "Auto";
    theme_light: "浅色", "Light";
    theme_dark: "深色", "Dark";
    live: "实时", "Live";
    live_lost: "连接中断，正在重连", "Connection lost, trying again";
    clock: "仿真时钟", "Simulated time";
    speed_max: "全速", "full speed";
    json: "本页 JSON", "This page as JSON";
    sandbox: "沙箱：非真实数字人民币", "Sandbox: not real e-CNY";

    settled: "已结算", "Settled";
    payments_final: "终局支付", "Final payments";
    energy_settled: "结算电量", "Energy settled";
    waiting: "待回执", "Waiting for receipt";
    offline_meters: "离线电表", "Meters offline";
    conservation: "资金守恒", "Conservation of money";
    conserved: "分毫不差", "To the last fen";
    not_conserved: "不平，请立即检查", "Doesn’t add up: look at once";
    issued: "已发行", "Issued";
    in_wallets: "钱包合计", "all wallets";
    of_meters: "块电表", "meters";
    awaiting: "笔", "orders";

    power_now: "此刻的电与钱", "Power and money now";
    power_now_note: "上排为电源，下排为用电与损耗，两排之和相等；钱沿同一条线反向流动。",
        "Sources above, use and losses below: both sum to the same number. Money flows back along the same lines.";
    sources: "电源", "Sources";
    sinks: "用电", "Use";
    losses: "网损", "Losses";
    total: "合计", "Total";
    grid_wallets: "电网企业钱包", "Grid company’s wallets";
    kept: "输配、基金与结余", "Network, funds, balance";
    col_class: "类别", "Class";
    col_power: "功率", "Power";
    col_price: "电价", "Price";
    col_money_hour: "资金流", "Money flow";
    balance_chart: "电力平衡图", "Power balance";

    money_today: "今日资金", "Money today";
    paid_by: "支出方", "Paid by";
    received_by: "收入方", "Received by";
    col_amount: "金额", "Amount";

    price_now: "当前电价", "Price now";
    price_next: "下一时段", "Next";
    next_unknown: "尚未决定", "not decided yet";
    now: "当前", "Now";
    component: "分量", "Component";
    components: "电价分量", "Components of the price";
    from: "自", "From";
    until: "至", "Until";
    band: "时段", "Band";

    day_load: "今日负荷", "Load today";
    day_price: "今日电价", "Price today";
    data_table: "数据表", "Data table";
    time: "时间", "Time";
    lowest: "最低", "Lowest";
    highest: "最高", "Highest";
    import_power: "用电功率", "Taken";
    export_power: "上网功率", "Fed in";
    no_data: "暂无数据", "Nothing yet";

    latest_payments: "最新支付", "Latest payments";
    all_payments: "全部支付", "All payments";
    col_id: "编号", "Number";
    col_time: "时间", "Time";
    col_energy: "电量", "Energy";
    col_charged: "应付", "Charged";
    col_paid: "实付", "Paid";
    col_carried: "结转", "Carried";
    col_payee: "收款方", "Payee";
    col_state: "状态", "State";
    payments_note: "最新在前；点编号可追溯到条款、示数、签名与证明。",
        "Newest first. A number leads back to clause, register, signatures and proof.";
    pay_waiting: "待回执", "Waiting";
    pay_final: "终局", "Final";
    pay_refused: "被拒", "Refused";

    meters: "电表", "Meters";
    col_meter: "表号", "Meter";
    col_name: "名称", "Name";
    col_energy_today: "今日电量", "Energy today";
    col_paid_today: "今日支付", "Paid today";
    col_balance: "余额", "Balance";
    col_contract: "合约", "Contract";
    col_hold: "欠费规则", "Hold rule";
    search: "表号或名称", "Number or name";
    any_class: "全部类别", "All classes";
    any_state: "全部状态", "All states";
    apply: "筛选", "Filter";
    clear: "清除", "Clear";
    shown: "显示", "Shown";
    previous: "上一页", "Previous";
    next_page: "下一页", "Next";
    pages: "分页", "Pages";
    filter: "筛选电表", "Filter meters";
    none_match: "没有符合条件的电表。", "No meter matches.";
    st_trading: "交易中", "Trading";
    st_offline: "离线", "Offline";
    st_held: "暂停扣款", "Held";
    st_disconnected: "已拉闸", "Disconnected";
    st_sealed: "已封锁", "Sealed";

    meter: "电表", "Meter";
    live_values: "实时量", "Live values";
    phase: "相", "Phase";
    voltage: "电压 U", "Voltage U";
    current: "电流 I", "Current I";
    active: "有功 P", "Active P";
    reactive: "无功 Q", "Reactive Q";
    power_factor: "功率因数", "Power factor";
    frequency: "频率 f", "Frequency f";
    registers: "示数", "Registers";
    obis: "代码", "Code";
    reading: "读数", "Reading";
    quantity: "量", "Quantity";
    hourly_freezes: "整点冻结", "Hourly freezes";
    daily_freezes: "日冻结", "Daily freezes";
    frozen_at: "冻结时刻", "Frozen at";
    reg_import: "正向有功 (+A)", "Import (+A)";
    reg_export: "反向有功 (−A)", "Export (−A)";
    wallet: "硬钱包", "Hardware wallet";
    wallet_id: "钱包编号", "Wallet";
    limit_payment: "单笔限额", "Limit per payment";
    limit_day: "日限额", "Limit per day";
    used_today: "今日已用", "Used today";
    carried: "结转（不足一分与欠款）", "Carried (below one fen, and arrears)";
    orders_waiting: "待回执指令", "Orders waiting";
    last_sequence: "最后序号", "Last sequence";
    hold_rule: "欠费规则", "Hold rule";
    hold_active: "生效中", "At work now";
    hold_idle: "未触发", "Not at work";
    contract: "生效合约", "Contract in force";
    version: "版本", "Version";
    valid: "有效期", "Valid";
    open_end: "无期限", "no end";
    digest: "摘要", "Digest";
    signatures: "签名", "Signatures";
    source: "合约原文", "Source";
    in_words: "用白话说", "In plain words";
    signals: "电价信号", "Price signals";
    sequence: "序号", "Sequence";
    settlements: "最近结算", "Latest settlements";
    events: "事件", "Events";
    event: "事件", "Event";
    power_day: "今日功率", "Power today";

    trace: "支付追溯", "Trace of a payment";
    trace_good: "每一步都已核对", "Every step checks";
    trace_open: "尚有步骤待核对", "A step is still open";
    trace_bad: "有步骤未通过核对", "A step fails its check";
    trace_note: "从电表示数到终局回执，逐步可查。",
        "From the register to the final receipt, each step open to anyone.";
    mark_good: "通过", "Checked";
    mark_open: "待定", "Open";
    mark_bad: "不符", "Failed";
    bytes: "原始字节", "Bytes";

    price: "电价", "Price";
    class: "类别", "Class";
    curve: "电价曲线", "Price curve";
    steps: "分时段明细", "Every interval";
    decision: "电价决策", "Price decision";
    decided_at: "决策时刻", "Decided at";
    decides: "适用区间", "Decides";
    certificate: "最优性证书", "Certificate of optimality";
    condition: "条件", "Condition";
    result: "结果", "Result";
    no_decision: "尚无电价决策。", "No price is decided yet.";

    analysis: "大数据分析中心", "Analysis centre";
    analysis_note: "只见假名下的资金流动，不见密钥、姓名与钱包编号。只判断个人钱包。自本进程启动以来：",
        "Sees movements under pseudonyms: never a key, a name or a wallet’s number. Only wallets of persons are judged. Since this process began:";
    alarms: "告警", "Alarms";
    no_alarms: "没有告警。", "No alarms.";
    large_from: "个人单笔大额自", "A person’s payment is large from";
    pseudonym: "钱包假名", "Pseudonym";
    suspicion: "可疑情形", "Suspicion";
    by_day: "按日", "By day";
    by_hour: "按小时（最近 24 个）", "By hour (the last 24)";
    movements: "笔数", "Movements";
    anonymous: "其中匿名", "Of it anonymous";

    not_found: "没有这一页", "There is no such page";
    not_found_note: "编号可能有误，或仿真重新开始后已不存在。",
        "The number may be wrong, or belong to an earlier run.";
    back_home: "回到总览", "Back to the overview";

    unit_yuan: "元", "yuan";
    unit_yuan_kwh: "元/kWh", "yuan/kWh";
    unit_yuan_hour: "元/h", "yuan/h";
    colon: "：", ": ";
}

#[cfg(test)]
mod tests {
    use super::CATALOGUE;

    fn is_han(letter: char) -> bool {
        ('\u{4e00}'..='\u{9fff}').contains(&letter)
    }

    #[test]
    fn no_message_is_missing_in_either_language() {
        for (key, zh, en) in CATALOGUE {
            assert!(!zh.trim().is_empty(), "{key} has no Chinese");
            assert!(!en.trim().is_empty(), "{key} has no English");
        }
    }

    #[test]
    fn only_the_name_of_the_other_language_is_in_the_other_script() {
        for (key, zh, en) in CATALOGUE.iter().filter(|line| line.0 != "other_language") {
            assert!(!en.chars().any(is_han), "{key}: {en}");
            let latin = zh.chars().any(|letter| letter.is_ascii_alphabetic());
            assert!(zh.chars().any(is_han) || latin || *key == "colon", "{key}: {zh}");
        }
    }

    #[test]
    fn han_and_latin_stand_apart() {
        for (key, zh, _) in CATALOGUE.iter().filter(|line| !line.0.starts_with("unit_")) {
            for (left, right) in zh.chars().zip(zh.chars().skip(1)) {
                let touch = is_han(left) && right.is_ascii_alphanumeric()
                    || left.is_ascii_alphanumeric() && is_han(right);
                assert!(!touch, "{key}: {zh}");
            }
        }
    }
}
