/** The voices inside flite.wasm. */
export type FliteVoice = 'slt' | 'rms' | 'awb' | 'kal';

/** Native rate, and the arguments that move the pitch (1 is normal): the two kinds of voice have different ones. */
export const fliteVoices: Readonly<
  Record<FliteVoice, { readonly sampleRateHz: number; pitchFeature(pitch: number): string }>
> = {
  slt: { sampleRateHz: 16_000, pitchFeature: shift },
  // Measured: this voice takes the argument and stays as it is.
  rms: { sampleRateHz: 16_000, pitchFeature: shift },
  awb: { sampleRateHz: 16_000, pitchFeature: shift },
  // A diphone voice with a mean of 95 Hz.
  kal: { sampleRateHz: 8_000, pitchFeature: (pitch) => `int_f0_target_mean=${(95 * pitch).toFixed(1)}` },
};

function shift(pitch: number): string {
  return `f0_shift=${pitch.toFixed(3)}`;
}
