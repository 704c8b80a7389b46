import { expect, it } from 'vitest';
import { FliteEngine } from './flite-engine.js';
import { fliteVoices, type FliteVoice } from './voices.js';

it('every voice speaks, faster when told, and the same each time', async () => {
  const engine = await FliteEngine.load();
  for (const voice of Object.keys(fliteVoices) as FliteVoice[]) {
    const normal = engine.speak('Hello there', { voice, speed: 1, pitch: 1 });
    const seconds = normal.length / fliteVoices[voice].sampleRateHz;
    expect(seconds).toBeGreaterThan(0.5);
    expect(seconds).toBeLessThan(2);
    expect(engine.speak('Hello there', { voice, speed: 2, pitch: 1 }).length / normal.length).toBeCloseTo(
      0.5,
      0,
    );
    expect(engine.speak('Hello there', { voice, speed: 1, pitch: 1 })).toEqual(normal);
    const higher = engine.speak('Hello there', { voice, speed: 1, pitch: 1.4 });
    if (voice !== 'rms') expect(higher).not.toEqual(normal);
  }
});
