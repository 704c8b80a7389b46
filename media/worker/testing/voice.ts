/**
 * A sound that detectors take for speech: a buzz of 120 Hz shaped by two formants, in syllables of 200 ms.
 *
 * `seconds` long at `rateHz`; peaks near 12,000.
 */
export function syntheticVoice(seconds: number, rateHz = 8_000): Int16Array {
  const pitchHz = 120;
  const harmonics = Array.from({ length: 28 }, (_, i) => {
    const frequencyHz = pitchHz * (i + 1);
    const near = (formantHz: number) => 1 / (1 + ((frequencyHz - formantHz) / 150) ** 2);
    return { frequencyHz, gain: near(600) + 0.6 * near(1_300) + 0.2 * near(2_500) + 0.02 };
  });
  return Int16Array.from({ length: Math.round(seconds * rateHz) }, (_, n) => {
    const t = n / rateHz;
    const syllable = 0.35 + 0.65 * Math.abs(Math.sin(Math.PI * 2.5 * t));
    const wave = harmonics.reduce((sum, h) => sum + h.gain * Math.sin(2 * Math.PI * h.frequencyHz * t), 0);
    return Math.round(2_600 * syllable * wave);
  });
}
