//! WAV files: integer samples are parts of full scale (−1 to 1), float samples are as they are.

use super::columns::{Columns, Heading};
use super::{Rate, Recording, Refusal, VALUES_MAX};
use hound::{SampleFormat, WavReader};

/// Reads a WAV file with integers of 8 to 32 bits or floats of 32 bits.
///
/// # Errors
/// A file that is cut or isn't PCM; a channel that doesn't exist; a rate that can't be measured.
pub fn read(bytes: &[u8], columns: &Columns) -> Result<Recording, Refusal> {
    if bytes.is_empty() {
        return Err(Refusal::new("the file is empty"));
    }
    let reader = WavReader::new(bytes)
        .map_err(|error| Refusal::new(format!("not a WAV file that can be read: {error}")))?;
    let (spec, announced) = (reader.spec(), reader.len());
    let channels = usize::from(spec.channels);
    if channels == 0 || !(8..=32).contains(&spec.bits_per_sample) {
        return Err(Refusal::new(format!(
            "{channels} channels of {} bits; 8 to 32 bits can be read",
            spec.bits_per_sample
        )));
    }
    if announced as usize > VALUES_MAX {
        return Err(Refusal::too_long());
    }
    let mut recording = Recording {
        rate: Some(Rate::from_hertz(spec.sample_rate.into())?),
        ..Recording::default()
    };
    let chosen = columns.choose(&Heading::unnamed(channels))?;
    let full_scale = f64::from(1_u32 << (spec.bits_per_sample - 1));
    let mut samples: Box<dyn Iterator<Item = hound::Result<f64>>> = match spec.sample_format {
        SampleFormat::Float => {
            Box::new(reader.into_samples::<f32>().map(|sample| sample.map(f64::from)))
        }
        SampleFormat::Int => Box::new(
            reader.into_samples::<i32>().map(move |code| Ok(f64::from(code?) / full_scale)),
        ),
    };
    let mut row = vec![0.0; channels];
    for frame in 0..announced as usize / channels {
        for value in &mut row {
            let sample = samples.next().unwrap_or(Err(hound::Error::UnfinishedSample));
            *value = sample.map_err(|_| cut(frame, announced as usize / channels))?;
        }
        for one in &chosen {
            let value = row[one.column];
            if !value.is_finite() {
                let place = one.place();
                return Err(Refusal::new(format!("frame {}, {place}: {value}", frame + 1)));
            }
            if let Some(channel) = recording.channels.get_mut(one.role.index()) {
                channel.push(value);
            }
        }
    }
    if recording.is_empty() {
        return Err(Refusal::new("the WAV file holds no samples"));
    }
    recording.sources =
        chosen.iter().map(|one| (one.role, format!("channel {}", one.column + 1))).collect();
    Ok(recording)
}

fn cut(frame: usize, announced: usize) -> Refusal {
    Refusal::new(format!(
        "the WAV file is cut: it announces {announced} frames and ends after {frame}"
    ))
}
