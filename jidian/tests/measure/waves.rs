//! Waves, what they are worth in closed form, and files of them in each format.
#![allow(unreachable_pub, reason = "a module of one test")]

use core::f64::consts::{SQRT_2, TAU};
use core::fmt::Write;
use jidian::measure::Measurement;

pub const VOLTS: f64 = 230.0;
pub const AMPERES: f64 = 5.0;

/// Equal phases 120° apart; the current lags and has its own fifth harmonic.
#[derive(Clone, Copy, Debug)]
pub struct Wave {
    pub frequency: f64,
    pub rate: f64,
    pub seconds: f64,
    pub phases: usize,
    pub lag: f64,
    /// Fifth harmonics: parts of the fundamental voltage and current.
    pub fifth: (f64, f64),
    /// Constant parts in volts and amperes.
    pub offset: (f64, f64),
}

impl Wave {
    pub const PLAIN: Self = Self {
        frequency: 50.0,
        rate: 8_000.0,
        seconds: 1.0,
        phases: 1,
        lag: 0.6,
        fifth: (0.0, 0.0),
        offset: (0.0, 0.0),
    };

    pub const DISTORTED: Self = Self { fifth: (0.1, 0.4), ..Self::PLAIN };

    pub fn samples(&self) -> usize {
        (self.seconds * self.rate).round() as usize
    }

    /// Voltages and then currents of sample `n`, without their constant part.
    fn alternating(&self, n: usize) -> Vec<f64> {
        let turn = TAU * (self.frequency * n as f64 / self.rate).fract() + 0.4;
        let angle = |phase: usize| turn - TAU * phase as f64 / 3.0;
        let voltages = (0..self.phases).map(|phase| {
            let angle = angle(phase);
            VOLTS * SQRT_2 * (angle.sin() + self.fifth.0 * (5.0 * angle + 0.9).sin())
        });
        let currents = (0..self.phases).map(|phase| {
            let angle = angle(phase);
            let fifth = self.fifth.1 * (5.0 * angle + 0.5).sin();
            AMPERES * SQRT_2 * ((angle - self.lag).sin() + fifth)
        });
        voltages.chain(currents).collect()
    }

    pub fn row(&self, n: usize) -> Vec<f64> {
        let offset = |at: usize| if at < self.phases { self.offset.0 } else { self.offset.1 };
        let row = self.alternating(n).into_iter().enumerate();
        row.map(|(at, value)| value + offset(at)).collect()
    }

    pub fn rows(&self) -> impl Iterator<Item = Vec<f64>> {
        (0..self.samples()).map(|n| self.row(n))
    }

    /// Energy of all samples: their sum, without the constant parts.
    pub fn joules(&self) -> f64 {
        self.joules_of(self.samples())
    }

    fn joules_of(&self, samples: usize) -> f64 {
        let product = |row: Vec<f64>| -> f64 {
            (0..self.phases).map(|phase| row[phase] * row[self.phases + phase]).sum()
        };
        (0..samples).map(|n| product(self.alternating(n))).sum::<f64>() / self.rate
    }

    pub fn volts(&self) -> f64 {
        VOLTS * self.fifth.0.hypot(1.0)
    }

    pub fn amperes(&self) -> f64 {
        AMPERES * self.fifth.1.hypot(1.0)
    }

    pub fn watts(&self) -> f64 {
        let fifth = self.fifth.0 * self.fifth.1 * (0.9_f64 - 0.5).cos();
        VOLTS * AMPERES * (self.lag.cos() + fifth)
    }

    pub fn vars(&self) -> f64 {
        VOLTS * AMPERES * self.lag.sin()
    }

    pub fn names(&self) -> Vec<String> {
        let phases = &["a", "b", "c"][..self.phases];
        let of =
            |quantity: &'static str| phases.iter().map(move |phase| format!("{quantity}{phase}"));
        of("u").chain(of("i")).collect()
    }

    /// Holds every value against the truth.
    #[track_caller]
    pub fn check(&self, measurement: &Measurement, limit_ppm: f64) {
        let near = |what: &str, value: f64, exact: f64, full: f64| {
            let ppm = (value - exact).abs() / full * 1e6;
            assert!(ppm <= limit_ppm, "{self:?}: {what} {value} for {exact}: {ppm:.3} ppm");
            ppm
        };
        let full = VOLTS * AMPERES;
        let mut worst = 0.0_f64;
        for phase in &measurement.mean.phases[..self.phases] {
            for (what, value, exact, full) in [
                ("U", phase.u_rms_v, self.volts(), VOLTS),
                ("I", phase.i_rms_a, self.amperes(), AMPERES),
                ("P", phase.powers.p_w, self.watts(), full),
                ("Q", phase.powers.q_var, self.vars(), full),
                ("S", phase.powers.s_va, self.volts() * self.amperes(), full),
                ("PF", phase.powers.pf(), self.watts() / self.volts() / self.amperes(), 1.0),
            ] {
                worst = worst.max(near(what, value, exact, full));
            }
            for (what, value, exact) in
                [("THD U", phase.thd_u, self.fifth.0), ("THD I", phase.thd_i, self.fifth.1)]
            {
                // Rounding of 49 orders adds up to less than 100 ppm where there is no distortion.
                let full = if exact == 0.0 { 100.0 / limit_ppm } else { 1.0 };
                near(what, value, exact, full);
            }
        }
        worst = worst.max(near("f", measurement.mean.frequency_hz, self.frequency, self.frequency));
        let energy =
            measurement.energy.total.import_joules - measurement.energy.total.export_joules;
        let full = full * self.phases as f64 * self.seconds;
        let joules = near("energy", energy, self.joules_of(measurement.samples), full);
        println!(
            "{:>6} Hz {:>7} S/s {} phases, fifth {:?}: worst {worst:.3} ppm, energy {joules:.3} ppm",
            self.frequency, self.rate, self.phases, self.fifth
        );
    }

    pub fn csv(&self, delimiter: char) -> Vec<u8> {
        let mut text = self.names().join(&delimiter.to_string()) + "\n";
        for row in self.rows() {
            let fields: Vec<String> = row.iter().map(ToString::to_string).collect();
            text += &fields.join(&delimiter.to_string());
            text.push('\n');
        }
        text.into_bytes()
    }

    /// Full scale is 400 V and 20 A.
    pub fn wav(&self, bits: u16, sample_format: hound::SampleFormat) -> Vec<u8> {
        let spec = hound::WavSpec {
            channels: 2 * self.phases as u16,
            sample_rate: self.rate as u32,
            bits_per_sample: bits,
            sample_format,
        };
        let mut file = std::io::Cursor::new(Vec::new());
        let mut writer = hound::WavWriter::new(&mut file, spec).unwrap();
        for row in self.rows() {
            for (at, value) in row.into_iter().enumerate() {
                let part = value / if at < self.phases { 400.0 } else { 20.0 };
                if sample_format == hound::SampleFormat::Float {
                    writer.write_sample(part as f32).unwrap();
                } else {
                    let code = (part * f64::from(1_u32 << (bits - 1))).round();
                    writer.write_sample(code as i32).unwrap();
                }
            }
        }
        writer.finalize().unwrap();
        file.into_inner()
    }

    /// Configuration and data; `format` as the standard names it, currents in milliamperes.
    pub fn comtrade(&self, format: &str, revision: &str) -> (Vec<u8>, Vec<u8>) {
        let scale: f64 = match format {
            "BINARY" => 30_000.0,
            "FLOAT32" => 1.0,
            _ => 1e9,
        };
        let factor = |at: usize| if at < self.phases { 400.0 } else { 20_000.0 } / scale;
        let channels = 2 * self.phases;
        let mut cfg = format!("Station,Device,{revision}\r\n{},{channels}A,1D\r\n", channels + 1);
        for (at, name) in self.names().iter().enumerate() {
            let (unit, phase) = (if at < self.phases { "V" } else { "mA" }, &name[1..]);
            let _ = write!(
                cfg,
                "{},Line {name},{},,{unit},{:e},0,0,-32767,32767,1,1,P\r\n",
                at + 1,
                phase.to_uppercase(),
                factor(at)
            );
        }
        cfg += "1,Trip,,,0\r\n50\r\n1\r\n";
        let _ = write!(cfg, "{},{}\r\n", self.rate, self.samples());
        cfg += "01/01/2026,00:00:00.000000\r\n01/01/2026,00:00:00.000000\r\n";
        let _ = write!(cfg, "{format}\r\n1\r\n");
        let mut dat = Vec::new();
        for (n, row) in (0_u32..).zip(self.rows()) {
            let micro = (f64::from(n) / self.rate * 1e6) as u32;
            let milli = |at: usize| if at < self.phases { 1.0 } else { 1e3 };
            let codes = row.iter().enumerate().map(|(at, value)| value * milli(at) / factor(at));
            if format == "ASCII" {
                let codes: Vec<String> = codes.map(|code| code.round().to_string()).collect();
                dat.extend(format!("{},{micro},{},0\r\n", n + 1, codes.join(",")).into_bytes());
                continue;
            }
            dat.extend((n + 1).to_le_bytes());
            dat.extend(micro.to_le_bytes());
            for code in codes {
                match format {
                    "BINARY" => dat.extend((code.round() as i16).to_le_bytes()),
                    "BINARY32" => dat.extend((code.round() as i32).to_le_bytes()),
                    _ => dat.extend((code as f32).to_le_bytes()),
                }
            }
            dat.extend([0, 0]);
        }
        (cfg.into_bytes(), dat)
    }
}
