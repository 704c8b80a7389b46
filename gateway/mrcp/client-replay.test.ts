import { describe, expect, it } from 'vitest';
import { clientMessages } from './testing/fixtures.js';
import type { ClientRun } from './testing/fixtures.js';
import { ServerFixture } from './testing/server-fixture.js';
import type { StrictMessage } from './testing/strict-message.js';

/** Replays what the reference client sent in one run, on a channel of ours, and gives the answers. */
function replay(run: ClientRun) {
  const fixture = new ServerFixture();
  const opened = fixture.openSession();
  const peer = fixture.connect();
  const answers: StrictMessage[] = [];
  for (const octets of clientMessages(run)) {
    const sent = octets.toString('utf8');
    const [, method = '', id = ''] = /^MRCP\/2\.0 \d+ ([A-Z-]+) (\d+)\r\n/.exec(sent) ?? [];
    const channelId = (/Channel-Identifier: (\S+)/.exec(sent)?.[1] ?? '').replace(
      /^[^@]*/,
      opened.session.id,
    );
    // The identifier has as many octets as the captured one, so message-length stays right.
    peer.sendRaw(sent.replace(/Channel-Identifier: \S+/, `Channel-Identifier: ${channelId}`));
    peer.expect(method, Number(id), channelId);
    answers.push(...peer.take());
  }
  return { ...opened, fixture, peer, answers };
}

function summary(answers: readonly StrictMessage[]): string[] {
  return answers.map(({ requestId, status, state }) => `${requestId} ${status} ${state}`);
}

describe("replay of UniMRCP's client", () => {
  it('SPEAK of application/synthesis+ssml', () => {
    const { answers, synth, peer } = replay('synth');
    expect(summary(answers)).toEqual(['1 200 IN-PROGRESS']);
    expect(synth.find(1).request).toMatchObject({ contentType: 'application/synthesis+ssml' });
    expect(synth.find(1).request.body).toContain('<s>Welcome to Uni MRCP.</s>');
    synth.find(1).listener.onComplete('normal');
    expect(peer.takeLines()).toEqual(['SPEAK-COMPLETE 1 COMPLETE 000 normal']);
  });

  it('DEFINE-GRAMMAR and RECOGNIZE by session: reference', () => {
    const { answers, recog } = replay('recog');
    expect(summary(answers)).toEqual(['1 200 COMPLETE', '2 200 IN-PROGRESS']);
    expect(answers[0]?.headers.get('completion-cause')).toBe('000 success');
    expect(recog.find(2).request).toMatchObject({
      confidenceThreshold: 0.5,
      noInputTimeoutMs: 5_000,
      startInputTimers: true,
    });
    expect(recog.find(2).request.grammars[0]?.uri).toBe('session:request1@form-level');
  });

  it('RECOGNIZE of builtin:dtmf/digits with a Content-Id', () => {
    const { answers, recog } = replay('dtmf');
    expect(summary(answers)).toEqual(['1 200 IN-PROGRESS']);
    expect(recog.find(1).request.grammars[0]?.uri).toBe('builtin:dtmf/digits');
  });

  it('SET-PARAMS and GET-PARAMS give back what was set', () => {
    const { answers } = replay('params');
    expect(summary(answers)).toEqual([1, 2, 3, 4, 5, 6].map((id) => `${id} 200 COMPLETE`));
    const value = (answer: number, name: string) => answers[answer]?.headers.get(name);
    expect(value(1, 'sensitivity-level')).toBe('0.531');
    expect(value(1, 'no-input-timeout')).toBe('5000');
    expect(value(3, 'dtmf-interdigit-timeout')).toBe('3000');
    expect(value(5, 'vendor-specific-parameters')).toBe(
      'confidencelevel=500;sensitivity=0.500;speedvsaccuracy=0.789;timeout=1000;swirec_application_name=UniMRCP;swirec_phoneme_lookahead_beam=-50',
    );
    expect(value(5, 'set-cookie2')).toBe('');
  });

  it('RECORD on a resource we do not have is answered 405 (RFC 6787 5.4)', () => {
    expect(summary(replay('rec').answers)).toEqual(['1 405 COMPLETE']);
  });
});
