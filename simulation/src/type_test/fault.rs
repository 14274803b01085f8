//! Faults that are planted to see that the type test finds them.

/// What is wrong with a meter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The voltages are read 0.1 % too high.
    Gain,
    /// The currents are read three minutes of arc too late.
    Phase,
    /// The phase of the current transformers isn't corrected.
    Compensation,
    /// Nothing is registered below half of 0.007 In.
    Threshold,
    /// The voltage reaches the current channels at −60 dB.
    Crosstalk,
    /// 19,999 pulses per kilowatt-hour, where the name plate says 20,000.
    PulseConstant,
}

impl Fault {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::Gain,
        Self::Phase,
        Self::Compensation,
        Self::Threshold,
        Self::Crosstalk,
        Self::PulseConstant,
    ];

    /// For the command line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Gain => "gain",
            Self::Phase => "phase",
            Self::Compensation => "compensation",
            Self::Threshold => "threshold",
            Self::Crosstalk => "crosstalk",
            Self::PulseConstant => "pulse-constant",
        }
    }
}
