//! The communication log of a meter, and what its metering core noticed, in words.

use crate::view::{EventRow, Text};
use metering::{EventKind, Stage};
use metering_core::Incident;
use simulation::meter::Meter;
use simulation::waveform_meter::Notice;

/// Events shown on a page.
const SHOWN: usize = 12;

/// The latest events, newest first.
pub(super) fn rows(meter: &Meter) -> Vec<EventRow> {
    let mut rows: Vec<EventRow> = meter
        .communication_log()
        .map(|entry| EventRow { at: entry.at, what: words(&format!("{:?}", entry.note)) })
        .collect();
    let noticed = meter.notices().filter_map(|(at, notice)| Some((*at, noticed(notice)?)));
    rows.extend(noticed.map(|(at, what)| EventRow { at, what }));
    rows.sort_by_key(|row| row.at);
    rows.reverse();
    rows.truncate(SHOWN);
    rows
}

/// What a metering core noticed; that a load is switched off is no event for people.
fn noticed(notice: &Notice) -> Option<Text> {
    Some(match notice {
        Notice::Line(event) => {
            let (zh, en) = match event.kind {
                EventKind::Dip => ("电压暂降", "voltage dip"),
                EventKind::Swell => ("电压暂升", "voltage swell"),
                EventKind::Interruption => ("电压中断", "voltage interruption"),
                EventKind::Overcurrent => ("过流", "overcurrent"),
                EventKind::NeutralMismatch => ("零线电流不符", "neutral current doesn’t match"),
                EventKind::ReversedSequence => ("逆相序", "phases in the wrong order"),
                EventKind::NoLoad => return None,
            };
            let conductor = ["A", "B", "C", "N"][event.conductor];
            let (begun_zh, begun_en) = match event.stage {
                Stage::Begin => ("开始", "begins"),
                Stage::End { .. } => ("结束", "ends"),
            };
            Text::new(
                format!("{conductor} {zh}{begun_zh}"),
                format!("{conductor}: {en} {begun_en}"),
            )
        }
        Notice::Board(incident) => {
            let zh = match incident {
                Incident::ChipReset => "计量芯片自行复位，已重新配置",
                Incident::ChipError { .. } => "计量芯片报错，已复位",
                Incident::ConfigurationChanged { .. } => "警报：计量芯片的配置被改动，已恢复",
                Incident::Overrun => "采样来不及读出，已丢弃",
            };
            Text::new(zh, incident.to_string())
        }
        Notice::Standstill(fault) => Text::new(
            format!("计量芯停止：{fault}"),
            format!("metering core stands still: {fault}"),
        ),
    })
}

/// A note by its name, such as `Sent(17)` or `Code(Accepted)`.
fn words(note: &str) -> Text {
    let (name, rest) = note.split_once('(').unwrap_or((note, ""));
    let value = rest.trim_end_matches(')');
    match name {
        "Sent" => Text::new(format!("发出第 {value} 号指令"), format!("order {value} sent")),
        "Receipt" => Text::new(
            format!("收到第 {value} 号指令的回执"),
            format!("receipt of order {value} came in"),
        ),
        "Gave" => Text::new(
            format!("交易芯交出第 {value} 号凭证"),
            format!("transaction core gave out entry {value}"),
        ),
        "Told" => Text::new("交易芯报告状态", "transaction core told its state"),
        "Damaged" => Text::new(
            format!("交易芯发现存储损坏：{value}"),
            format!("transaction core found its memory damaged: {value}"),
        ),
        "Code" => code(value),
        _ => Text::same(note),
    }
}

/// Result codes of the trusted world that a sound pilot knows; any other keeps its name.
const CODES: &[(&str, &str, &str)] = &[
    ("Accepted", "交易芯已执行", "transaction core carried it out"),
    ("AlreadyThere", "交易芯早已收到，未变", "transaction core had it already"),
    ("OrderBurnt", "指令被拒，款项重新结转", "order refused; its money is carried again"),
    ("NoSuchEntry", "交易芯无此凭证", "transaction core has no such entry"),
    ("NotOldest", "回执次序未到", "receipt is out of turn"),
    ("NotYetValid", "尚未生效", "not valid yet"),
    ("StaleFrame", "计量帧重复，已弃", "frame is a replay; dropped"),
    ("AlteredFrame", "计量帧被改动，已弃", "frame was altered; dropped"),
    ("Signature", "签名不符，已拒", "signature is wrong; refused"),
    ("StaleSequence", "序号不新，已拒", "number is not new; refused"),
    ("Expired", "已过有效期，已拒", "validity is over; refused"),
    ("Proof", "回执证明不符，已拒", "receipt doesn’t lead to its root; refused"),
    ("Fork", "警报：同号不同文", "alarm: two different things with one number"),
    ("RegisterBackwards", "警报：示数倒走", "alarm: register went backwards"),
    ("Implausible", "警报：电量超出合约上限", "alarm: more energy than the contract’s bound"),
    ("ContractFault", "警报：合约无法结算", "alarm: contract refused to settle"),
];

fn code(name: &str) -> Text {
    let found = CODES.iter().find(|(known, ..)| *known == name);
    found.map_or_else(
        || Text::new(format!("交易芯拒绝：{name}"), format!("transaction core refused: {name}")),
        |(_, zh, en)| Text::new(*zh, *en),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use metering::Event;
    use wire::tee::Code;

    #[test]
    fn the_codes_in_the_table_exist() {
        for (name, ..) in CODES {
            assert!(Code::ALL.iter().any(|code| format!("{code:?}") == *name), "{name}");
        }
        assert_eq!(words("Sent(17)").en, "order 17 sent");
        assert_eq!(words("Code(Fork)").zh, "警报：同号不同文");
    }

    #[test]
    fn what_a_metering_core_notices_is_told_without_switched_off_loads() {
        let line =
            |kind| Notice::Line(Event { kind, conductor: 1, sample: 9, stage: Stage::Begin });
        assert_eq!(noticed(&line(EventKind::NoLoad)), None);
        let dip = noticed(&line(EventKind::Dip)).unwrap();
        assert_eq!((dip.zh.as_str(), dip.en.as_str()), ("B 电压暂降开始", "B: voltage dip begins"));
        let changed = Incident::ConfigurationChanged { known: 1, found: 0xAB };
        assert!(noticed(&Notice::Board(changed)).unwrap().en.contains("0x00AB"));
    }
}
