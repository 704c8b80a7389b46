import { describe, expect, it } from 'vitest';
import { SeededRandom } from '../../config/random.js';
import { asteriskResultBytes, buildNlsml, heardInput, parseNlsml } from './nlsml.js';
import type { NlsmlResult } from './nlsml.js';

const result: NlsmlResult = {
  grammar: 'session:request1@form-level',
  interpretations: [
    {
      grammar: null,
      confidence: 0.41,
      instance: 'no',
      input: heardInput('speech', 'no', { confidence: 0.4 }),
    },
    {
      grammar: 'builtin:grammar/boolean',
      confidence: 0.974,
      instance: [
        { name: 'answer', value: '是 & <yes>' },
        { name: '2nd field', value: '' },
      ],
      input: heardInput('speech', '是的', { startedAtMs: 1_700_000_000_000, endedAtMs: 1_700_000_000_500 }),
    },
  ],
};

function read(text: string): NlsmlResult {
  const reading = parseNlsml(text);
  if (!reading.ok) throw new Error(reading.reason);
  return reading.result;
}

describe('buildNlsml', () => {
  it('writes the form of RFC 6787 6.3.1, the best interpretation first', () => {
    expect(buildNlsml(result)).toBe(
      '<?xml version="1.0"?>\n' +
        '<result xmlns="urn:ietf:params:xml:ns:mrcpv2" grammar="session:request1@form-level">' +
        '<interpretation grammar="builtin:grammar/boolean" confidence="0.97"><instance>' +
        '<answer>是 &amp; &lt;yes&gt;</answer><_2nd_field></_2nd_field></instance>' +
        '<input mode="speech" timestamp-start="2023-11-14T22:13:20.000Z" timestamp-end="2023-11-14T22:13:20.500Z">' +
        '是的</input></interpretation>' +
        '<interpretation confidence="0.41"><instance>no</instance>' +
        '<input mode="speech" confidence="0.4">no</input></interpretation></result>\n',
    );
  });

  it.each([
    ['nomatch', '', '<input mode="speech"><nomatch/></input>'],
    ['nomatch', 'mumble', '<input mode="speech"><nomatch>mumble</nomatch></input>'],
    ['noinput', '', '<input mode="speech"><noinput/></input>'],
  ] as const)('writes %s with %j (RFC 6787 9.6.3.4)', (kind, text, xml) => {
    const interpretations = [
      { grammar: null, confidence: null, instance: '', input: heardInput('speech', text, { kind }) },
    ];
    const document = buildNlsml({ grammar: null, interpretations });
    expect(document).toContain(`<interpretation><instance></instance>${xml}</interpretation>`);
    expect(read(document)).toEqual({ grammar: null, interpretations });
  });

  it('leaves out the least confident interpretations for a client that truncates, never the best', () => {
    const interpretations = Array.from({ length: 10 }, (_, i) => ({
      grammar: null,
      confidence: i / 10,
      instance: '选项'.repeat(100),
      input: heardInput('speech', String(i)),
    }));
    const document = buildNlsml({ grammar: null, interpretations }, asteriskResultBytes);
    expect(Buffer.byteLength(document)).toBeLessThanOrEqual(asteriskResultBytes);
    expect(read(document).interpretations.map((one) => one.input.text)).toEqual(['9', '8']);
    expect(read(buildNlsml({ grammar: null, interpretations }, 10)).interpretations).toHaveLength(1);
  });

  it.each([
    [1.7, '1'],
    [-1, '0'],
    [0.999, '1'],
    [0.5, '0.5'],
  ])('writes confidence %d as %s (RFC 6787 9.6.3.2: 0.0 to 1.0)', (confidence, text) => {
    const interpretations = [{ grammar: null, confidence, instance: '', input: heardInput('dtmf', '1') }];
    expect(buildNlsml({ grammar: null, interpretations })).toContain(`<interpretation confidence="${text}">`);
  });
});

describe('parseNlsml', () => {
  it('reads back what is written', () => {
    const [no, yes] = result.interpretations;
    const expected = [
      {
        ...yes,
        confidence: 0.97,
        instance: [
          { name: 'answer', value: '是 & <yes>' },
          { name: '_2nd_field', value: '' },
        ],
      },
      no,
    ];
    expect(read(buildNlsml(result))).toEqual({ grammar: result.grammar, interpretations: expected });
  });

  it('reads the result of the reference server: no namespace, white space, 0 to 1', () => {
    const text = `<?xml version="1.0"?>
<result>
  <interpretation grammar="session:request1@form-level.store" confidence="0.97">
    <instance>one</instance>
    <input mode="speech">one</input>
  </interpretation>
</result>`;
    expect(read(text).interpretations).toEqual([
      {
        grammar: 'session:request1@form-level.store',
        confidence: 0.97,
        instance: 'one',
        input: heardInput('speech', 'one'),
      },
    ]);
  });

  it.each([
    ['97', 0.97],
    ['100', 1],
    ['1', 1],
    ['0.5', 0.5],
    ['250', 1],
    ['high', null],
  ])('reads confidence %s as %s', (text, confidence) => {
    expect(
      read(`<result><interpretation confidence="${text}"/></result>`).interpretations[0]?.confidence,
    ).toBe(confidence);
  });

  it.each(['<nlsml/>', '<result>', '', 'x'])('refuses %j with a reason', (text) => {
    expect(parseNlsml(text)).toMatchObject({ ok: false });
  });

  it('survives every cut and mutations', () => {
    const text = buildNlsml(result);
    const random = new SeededRandom(2);
    for (let end = 0; end < text.length - 1; end++) expect(parseNlsml(text.slice(0, end)).ok).toBe(false);
    let accepted = 0;
    for (let round = 0; round < 1_000; round++) {
      const at = random.integer(text.length);
      const reading = parseNlsml(
        text.slice(0, at) + String.fromCharCode(random.integer(256)) + text.slice(at + 1),
      );
      if (!reading.ok) expect(reading.reason).not.toBe('');
      else accepted++;
    }
    expect(accepted).toBeGreaterThan(0);
  });
});
