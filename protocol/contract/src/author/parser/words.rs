//! The closed word lists as the grammar needs them.

use alloc::string::String;
use alloc::vec::Vec;

use crate::{Band, CustomerClass, DayKind, Direction, Item, Purpose, Quantity, Role, SignalId};

/// A closed list of words and what it is called.
pub(super) struct List<T> {
    pub(super) en: &'static str,
    pub(super) zh: &'static str,
    pub(super) find: fn(&str) -> Option<T>,
    /// The English and the Chinese word of a value.
    pub(super) names: fn(T) -> (&'static str, &'static str),
    /// All of them, for a message.
    pub(super) words: fn() -> String,
}

macro_rules! lists {
    ($($name:ident $type:ident $en:literal $zh:literal $holds:expr;)+) => {
        $(pub(super) const $name: List<$type> = List {
            en: $en,
            zh: $zh,
            find: |word| $type::from_word(word).filter(|one| $holds(*one)),
            names: |one| (one.code(), one.name_zh()),
            words: || words($type::ALL.iter().copied().filter(|one| $holds(*one)), |one| {
                (one.code(), one.name_zh())
            }),
        };)+
    };
}

lists! {
    CLASSES CustomerClass "meter class" "电表类别" |_| true;
    DIRECTIONS Direction "direction" "方向" |_| true;
    ROLES Role "role" "角色" |_| true;
    ITEMS Item "price item" "价格项目" |_| true;
    SIGNALS SignalId "signal" "信号" |id: SignalId| !id.is_event();
    EVENTS SignalId "event" "事件" SignalId::is_event;
    BANDS Band "band" "时段" |_| true;
    DAY_KINDS DayKind "day kind" "日期类型" |_| true;
    PURPOSES Purpose "purpose" "用途" |purpose| purpose != Purpose::None;
    QUANTITIES Quantity "quantity" "量" |_| true;
}

fn words<T: Copy>(
    all: impl Iterator<Item = T>,
    names: impl Fn(T) -> (&'static str, &'static str),
) -> String {
    let texts: Vec<String> = all
        .map(|one| {
            let (en, zh) = names(one);
            alloc::format!("{en} {zh}")
        })
        .collect();
    texts.join(", ")
}
