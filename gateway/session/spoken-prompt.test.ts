import { describe, expect, test } from 'vitest';

import type { Prompt } from '../../dialog/action.js';
import { speakDocument, spokenPrompt } from './spoken-prompt.js';

const prompt = (more: Partial<Prompt> = {}): Prompt => ({
  voice: 'Hello',
  chat: 'Hi',
  bargeIn: true,
  ...more,
});

describe('what an engine is asked to say', () => {
  test('is the plain text, in the language of the prompt or else of the tree', () => {
    expect(spokenPrompt(prompt(), 'en-US').options).toEqual({ text: 'Hello', language: 'en-US' });
    expect(spokenPrompt(prompt({ language: 'zh-CN' }), 'en-US').options.language).toBe('zh-CN');
  });

  test('is the SSML where there is some: text, voice, speed and language of it', () => {
    const ssml =
      '<voice name="slt"><prosody rate="slow">Your code is <say-as interpret-as="characters">AB1</say-as></prosody></voice>';
    const { options, warnings } = spokenPrompt(prompt({ ssml }), 'en-US');
    expect(options).toMatchObject({ voice: 'slt', language: 'en-US' });
    expect(options.text).toMatch(/^Your code is A B (1|one)$/);
    expect(options.speed).toBeLessThan(1);
    expect(warnings).toEqual([]);
  });

  test('leaves out what it cannot do, and tells it', () => {
    const { options, warnings } = spokenPrompt(
      prompt({ ssml: 'Listen <audio src="https://a.test/x.wav"/> now' }),
      'en-US',
    );
    expect(options.text).toBe('Listen now');
    expect(warnings).toHaveLength(1);
  });

  test.each(['<break', 'a & b', '<p>open', '<!DOCTYPE x><speak/>'])(
    'is the plain text where the SSML %j cannot be read',
    (ssml) => {
      const { options, warnings } = spokenPrompt(prompt({ ssml }), 'en-US');
      expect(options).toEqual({ text: 'Hello', language: 'en-US' });
      expect(warnings).toHaveLength(1);
    },
  );
});

describe('a turn as one document', () => {
  test('has the SSML of each prompt, or its escaped text', () => {
    const document = speakDocument([prompt({ voice: 'R&D' }), prompt({ ssml: 'wait <break/>' })], 'en-US');
    expect(document).toBe(
      '<speak version="1.0" xmlns="http://www.w3.org/2001/10/synthesis" xml:lang="en-US">R&amp;D wait <break/></speak>',
    );
  });

  test('is nothing for a turn without words', () => {
    expect(speakDocument([prompt({ voice: '' })], 'en-US')).toBe('');
  });
});
