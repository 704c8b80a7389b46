import { describe, expect, it } from 'vitest';
import { examineSets } from './examine.js';
import type { CandidateSet } from './scoring.js';
import { defaultThresholds } from './tree.js';

const clear: CandidateSet = {
  setId: 'clear',
  candidates: [
    {
      id: 'parcel',
      examples: ['where is my parcel', 'track my parcel', 'my parcel is late', 'parcel status'],
    },
    {
      id: 'password',
      examples: ['reset my password', 'forgot my password', 'new password', 'password lost'],
    },
  ],
};

describe('examineSets', () => {
  it('finds nothing wrong with branches that have nothing in common', () => {
    const { measured, confusions, rejectedExamples } = examineSets([clear], () => defaultThresholds);
    expect({ measured, confusions, rejectedExamples }).toEqual({
      measured: true,
      confusions: [],
      rejectedExamples: [],
    });
  });

  it('names the example that would go to another branch of its node', () => {
    const [parcel, password] = clear.candidates;
    if (!parcel || !password) throw new Error('no candidates');
    const mixed = {
      ...clear,
      candidates: [{ ...parcel, examples: [...parcel.examples, 'i forgot my password again'] }, password],
    };
    expect(examineSets([mixed], () => defaultThresholds).confusions).toMatchObject([
      {
        setId: 'clear',
        branchId: 'parcel',
        example: 'i forgot my password again',
        takenBranchId: 'password',
      },
    ]);
  });

  it('does not call it a confusion when both branches lead to the same place', () => {
    const [parcel, password] = clear.candidates;
    if (!parcel || !password) throw new Error('no candidates');
    const same = {
      ...clear,
      candidates: [
        { ...parcel, outcome: 'go desk', examples: [...parcel.examples, 'i forgot my password again'] },
        { ...password, outcome: 'go desk' },
      ],
    };
    expect(examineSets([same], () => defaultThresholds).confusions).toEqual([]);
  });

  it('names the example that its node would not understand, with the score it missed', () => {
    const [parcel, password] = clear.candidates;
    if (!parcel || !password) throw new Error('no candidates');
    const odd = {
      ...clear,
      candidates: [{ ...parcel, examples: [...parcel.examples, 'quite another thing'] }, password],
    };
    const { rejectedExamples } = examineSets([odd], () => defaultThresholds);
    expect(rejectedExamples).toMatchObject([
      { branchId: 'parcel', example: 'quite another thing', threshold: 0.2 },
    ]);
    expect(rejectedExamples[0]?.score).toBeLessThan(0.2);
  });

  it('says so when a tree is too large to measure', () => {
    const examples = Array.from({ length: 6_000 }, (_, i) => `example ${i}`);
    const large = { setId: 'large', candidates: [{ id: 'a', examples }] };
    expect(examineSets([large], () => defaultThresholds)).toMatchObject({ measured: false, confusions: [] });
  });
});
