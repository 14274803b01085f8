//! What class 0.2S of IEC 62053-22 allows at a balanced load. **From memory**: check it against the
//! standard before relying on it.

/// Limits of the error of active power in per cent, below these parts of the nominal current; none
/// below the first one.
struct Limits {
    /// Part of the nominal current, and the limit from there on.
    steps: [(f64, f64); 2],
}

/// At unity power factor.
const UNITY: Limits = Limits { steps: [(0.05, 0.2), (0.01, 0.4)] };

/// At a power factor of 0.5 lagging.
const HALF_LAG: Limits = Limits { steps: [(0.1, 0.3), (0.02, 0.5)] };

/// The limit in per cent at a part of the nominal current, at unity and at 0.5 lagging; none where
/// the class has none.
#[must_use]
pub fn class_02s(part: f64) -> [Option<f64>; 2] {
    [UNITY, HALF_LAG].map(|limits| {
        // A nanoampere less than a hundredth is a hundredth.
        let step = limits.steps.into_iter().find(|(from, _)| part >= from * (1.0 - 1e-6));
        step.map(|(_, limit)| limit)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_begin_where_the_class_says() {
        for (part, expected) in [
            (0.009, [None, None]),
            (0.01, [Some(0.4), None]),
            (0.02, [Some(0.4), Some(0.5)]),
            (0.05, [Some(0.2), Some(0.5)]),
            (0.1, [Some(0.2), Some(0.3)]),
            (4.0, [Some(0.2), Some(0.3)]),
        ] {
            assert_eq!(class_02s(part), expected, "{part}");
        }
    }
}
