/** Speech stands out from the background by at least this. */
const marginDb = 7;
/** Nothing below this is speech, however quiet the line (dB under full scale). */
const minSpeechDb = -50;
/** Where the floor may lie: below, digital silence would make a whisper of noise speech; above, nothing would be. */
const lowestFloorDb = -70;
const highestFloorDb = -30;
/** The floor follows a falling level fast and a rising one slowly, so that speech hardly lifts it. */
const fallPart = 0.3;
const riseDbPerFrame = 0.08;

/** Mean power of a frame in dB under full scale (0 for a full-scale square wave); -96 for digital silence. */
export function powerDb(samples: Int16Array): number {
  let sum = 0;
  for (let i = 0; i < samples.length; i++) sum += (samples[i] as number) * (samples[i] as number);
  const mean = sum / Math.max(1, samples.length) / (32_768 * 32_768);
  return mean < 2.5e-10 ? -96 : 10 * Math.log10(mean);
}

/** Tracks the background level of a line and says which frames rise above it. */
export class EnergyFloor {
  #floorDb = lowestFloorDb + 10;

  /** The background level as it is believed now, in dB under full scale. */
  get floorDb(): number {
    return this.#floorDb;
  }

  /** Takes the next frame; true when it is louder than the background by the margin. */
  isAbove(samples: Int16Array): boolean {
    const level = powerDb(samples);
    const above = level > Math.max(this.#floorDb + marginDb, minSpeechDb);
    const moved =
      level < this.#floorDb
        ? this.#floorDb + (level - this.#floorDb) * fallPart
        : Math.min(level, this.#floorDb + riseDbPerFrame);
    this.#floorDb = Math.max(lowestFloorDb, Math.min(highestFloorDb, moved));
    return above;
  }
}
