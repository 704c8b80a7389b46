import { describe, expect, it } from 'vitest';
import { templateLimits } from '../config/limits.js';
import { SeededRandom } from '../config/random.js';
import { parseXml, textContent } from '../config/xml.js';
import { TemplateOutputError } from './errors.js';
import { readTemplate } from './read-template.js';
import { render } from './render.js';
import { emptyVariables } from './schema.js';
import type { ResponseTemplate, TemplateProblem, TemplateVariables } from './schema.js';

function template(text: string): ResponseTemplate {
  const reading = readTemplate('/t/test.xml', text);
  if (!reading.ok)
    throw new Error(`${reading.problem.line}:${reading.problem.column} ${reading.problem.message}`);
  return reading.template;
}

function rendered(text: string, variables: Partial<TemplateVariables> = {}): string {
  return render(template(text), { ...emptyVariables, ...variables });
}

function problem(text: string): TemplateProblem {
  const reading = readTemplate('/t/test.xml', text);
  if (reading.ok) throw new Error('accepted');
  return reading.problem;
}

describe('render', () => {
  it.each([
    ['text', '<a>{{reply}}</a>', { reply: `<b>&"'` }, '<a>&lt;b&gt;&amp;&quot;&apos;</a>'],
    ['attributes', '<a b="{{ reply }}"/>', { reply: '"\n' }, '<a b="&quot;&#10;"/>'],
    ['CDATA', '<a><![CDATA[{{reply}}]]></a>', { reply: '<]]>&' }, '<a><![CDATA[<]]]]><![CDATA[>&]]></a>'],
    ['text after CDATA', '<a><![CDATA[x]]>{{reply}}</a>', { reply: '<' }, '<a><![CDATA[x]]>&lt;</a>'],
    [
      'text after a comment',
      '<a><!-- <![CDATA[ -->{{reply}}</a>',
      { reply: '<' },
      '<a><!-- <![CDATA[ -->&lt;</a>',
    ],
    ['illegal characters', '<a>{{reply}}</a>', { reply: 'a\u0000\uD800b' }, '<a>ab</a>'],
    [
      'scripts',
      `<a b="x='{{js reply}}'"/>`,
      { reply: `'";\\</a>\n` },
      `<a b="x='\\u0027\\u0022;\\u005c\\u003c/a\\u003e\\u000a'"/>`,
    ],
    ['confidence', '<a>{{confidence}} {{confidencePercent}}</a>', { confidence: 0.9149 }, '<a>0.91 91</a>'],
    ['a score', '<a>{{score}}</a>', { score: 0 }, '<a>0</a>'],
    ['no score', '<a>{{score}}</a>', { score: null }, '<a></a>'],
    ['tags', '<a>{{tags}}</a>', { tags: ['x', 'y'] }, '<a>x,y</a>'],
    ['a slot', '<a>{{slots.phone}}</a>', { slots: { phone: '1' } }, '<a>1</a>'],
    ['a variable of the tree', '<a>{{vars.账单}}</a>', { vars: { 账单: '12' } }, '<a>12</a>'],
    ['a missing slot, names of Object included', '<a>{{slots.constructor}}</a>', {}, '<a></a>'],
  ])('fills in %s', (_name, text, variables, output) => {
    expect(rendered(text, variables)).toBe(output);
  });

  it.each([
    ['a set variable', '<a>{{#if reply}}x{{/if}}</a>', { reply: 'y' }, '<a>x</a>'],
    ['an empty variable', '<a>{{#if reply}}x{{/if}}{{#unless reply}}z{{/unless}}</a>', {}, '<a>z</a>'],
    ['a score of 0, which is set', '<a>{{#if score}}x{{/if}}</a>', { score: 0 }, '<a>x</a>'],
    ['a value', '<a>{{#if action=transfer}}x{{/if}}</a>', { action: 'transfer' }, '<a>x</a>'],
    ['another value', `<a>{{#if action='transfer'}}x{{/if}}</a>`, { action: 'hangup' }, '<a></a>'],
    ['not a value', '<a>{{#unless action="hangup"}}x{{/unless}}</a>', { action: 'hangup' }, '<a></a>'],
    ['slots at all', '<a>{{#if slots}}x{{/if}}</a>', { slots: { a: '' } }, '<a>x</a>'],
    ['no slots', '<a>{{#if slots}}x{{/if}}</a>', {}, '<a></a>'],
    [
      'each slot',
      '<a>{{#each slots}}<s k="{{key}}">{{value}}</s>{{/each}}</a>',
      { slots: { p: '1', q: '<' } },
      '<a><s k="p">1</s><s k="q">&lt;</s></a>',
    ],
    [
      'slots as elements',
      '<a>{{#each slots}}<{{key}}>{{value}}</{{key}}>{{/each}}</a>',
      { slots: { 'my slot': '1', '2': 'x' } },
      '<a><_2>x</_2><my_slot>1</my_slot></a>',
    ],
    [
      'each tag, some only',
      '<a>{{#each tags}}{{#if value=x}}{{key}}{{/if}}{{/each}}</a>',
      { tags: ['y', 'x'] },
      '<a>1</a>',
    ],
  ] as const)('decides on %s', (_name, text, variables, output) => {
    expect(rendered(text, variables)).toBe(output);
  });

  it('leaves no line behind for sections that fill theirs', () => {
    const text =
      '<a>\n  {{#if reply}}<r/>{{/if}}\n  {{#unless reply}}\n  <n/>\n  {{/unless}}\n  {{#each tags}}<t/>{{/each}}\n  {{#if reply}}x{{/if}} y\n</a>\n';
    expect(rendered(text, { tags: ['1', '2'] })).toBe('<a>\n  <n/>\n  <t/>\n  <t/>\n   y\n</a>\n');
    expect(rendered(text, { reply: 'x' })).toBe('<a>\n  <r/>\n  x y\n</a>\n');
  });

  const speak = '<?xml version="1.0"?>\n<speak version="1.0">Hi <break/></speak>\n';
  it.each([
    [
      'SSML as it is, without its declaration',
      '{{{replySsml}}}',
      speak,
      '<a><speak version="1.0">Hi <break/></speak></a>',
    ],
    ['what is inside', '{{{replyMarkup}}}', speak, '<a>Hi <break/></a>'],
    ['the escaped reply where there is no SSML', '{{{replyMarkup}}}', '', '<a>R&amp;D</a>'],
    ['the escaped reply where the SSML is broken', '{{{replySsml}}}', '<speak>', '<a>R&amp;D</a>'],
    ['escaped SSML in double braces', '{{replySsml}}', '<speak/>', '<a>&lt;speak/&gt;</a>'],
  ])('inserts %s', (_name, tag, replySsml, output) => {
    expect(rendered(`<a>${tag}</a>`, { reply: 'R&D', replySsml })).toBe(output);
  });

  it('takes the header out, before or behind the XML declaration', () => {
    const header = `<!-- parley: id=my-id contentType="text/xml; charset=utf-8" description='Two words' -->`;
    const declaration = '<?xml version="1.0"?>\n';
    for (const text of [`${header}\n${declaration}<a/>`, `\uFEFF${declaration}${header}\n<a/>`]) {
      const parsed = template(text);
      expect(parsed).toMatchObject({
        id: 'my-id',
        contentType: 'text/xml; charset=utf-8',
        description: 'Two words',
      });
      expect(render(parsed, emptyVariables)).toBe(`${declaration}<a/>`);
    }
  });

  it('takes the id from the file and NLSML as the type where there is no header', () => {
    expect(template('<a/>')).toMatchObject({
      id: 'test',
      contentType: 'application/nlsml+xml',
      file: '/t/test.xml',
    });
  });

  it('bounds the output', () => {
    const long = template('<a>{{reply}}</a>');
    expect(() =>
      render(long, { ...emptyVariables, reply: '&'.repeat(templateLimits.outputBytes / 4) }),
    ).toThrow(TemplateOutputError);
  });

  it('stays well-formed and loses nothing whatever the values are', () => {
    const random = new SeededRandom(6);
    const parsed = template(
      '<a x="{{reply}}"><t>{{transcript}}</t><![CDATA[{{reply}}]]>{{#each slots}}<{{key}} s="{{js value}}"/>{{/each}}{{{replySsml}}}</a>',
    );
    const noise = (): string =>
      Array.from(
        { length: 8 },
        () => String.fromCharCode(random.integer(0x3000)) + `<>&'"]-{}\\`.charAt(random.integer(11)),
      ).join('');
    for (let round = 0; round < 300; round++) {
      const transcript = noise();
      const root = parseXml(
        render(parsed, {
          ...emptyVariables,
          reply: noise(),
          transcript,
          replySsml: noise(),
          slots: { [noise()]: noise() },
        }),
      );
      const [child] = root.children;
      if (child?.kind !== 'element') throw new Error('lost <t>');
      expect(textContent(child)).toBe(transcript.replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f]/g, ''));
    }
  });
});

describe('readTemplate refuses', () => {
  it.each([
    ['an unknown variable, with the nearest name', '<a>\n  {{replay}}</a>', 2, 3, /"replay"/, /"reply"/],
    ['an unknown member', '<a>{{slot.phone}}</a>', 1, 4, /"slot\.phone"/, /"slots\.phone"/],
    ['a loop variable outside', '<a>{{key}}</a>', 1, 4, /"key"/, /known are/],
    ['a record as text', '<a>{{slots}}</a>', 1, 4, /many values/, /each slots/],
    ['raw text', '<a>{{{reply}}}</a>', 1, 4, /not XML/, /\{\{reply\}\}/],
    ['a variable in a comment', '<a><!-- {{reply}} --></a>', 1, 9, /comment/, /out of/],
    ['an open section', '<a>\n{{#if reply}}</a>', 2, 1, /never closed/, /\{\{\/if\}\}/],
    ['a wrong end', '<a>{{#if reply}}{{/unless}}</a>', 1, 17, /\{\{#if\}\} is open/, /\{\{\/if\}\}/],
    ['an end too many', '<a>{{/if}}</a>', 1, 4, /closes nothing/, /remove/],
    ['an unknown section', '<a>{{#when x}}{{/when}}</a>', 1, 4, /no section/, /#if/],
    ['each over text', '<a>{{#each reply}}{{/each}}</a>', 1, 4, /nothing to go through/, /slots/],
    [
      'each inside each',
      '<a>{{#each slots}}{{#each tags}}{{/each}}{{/each}}</a>',
      1,
      19,
      /inside another/,
      /close/,
    ],
    ['an open tag', '<a>{{reply</a>', 1, 4, /not closed/, /\}\}/],
    ['an unknown key', '<!-- parley: id=x content=y -->\n<a/>', 1, 19, /"content"/, /contentType/],
    ['junk in the header', '<!-- parley: id=x "y" -->\n<a/>', 1, 19, /not understood/, /key=value/],
    ['a bad id', '<!-- parley: id=a/b -->\n<a/>', 1, 1, /no id/, /letters/],
    ['a bad type', '<!-- parley: contentType=xml -->\n<a/>', 1, 1, /media type/, /contentType=/],
    [
      'markup that is not well-formed',
      '<!-- parley: id=x -->\n<a>\n  <b>{{reply}}</c></a>',
      3,
      18,
      /not well-formed/,
      /close every tag/,
    ],
    [
      'markup only sometimes well-formed',
      '<a>\n{{#if reply}}</a>{{/if}}',
      1,
      4,
      /with no variable set/,
      /section/,
    ],
    ['an unquoted attribute', '<a b={{reply}}/>', 1, 6, /not well-formed/, /quote/],
    ['a DOCTYPE', '<!DOCTYPE a><a/>', 1, 12, /DOCTYPE/, /.+/],
    ['too much', ' '.repeat(templateLimits.bytes + 1), 1, 1, /larger/, /shorten/],
  ])('%s', (_name, text, line, column, message, fix) => {
    const found = problem(text);
    expect(found.message).toMatch(message);
    expect(found.fix).toMatch(fix);
    expect([found.line, found.column]).toEqual([line, column]);
    expect(found.file).toBe('/t/test.xml');
  });

  it('a template cut anywhere, or finds it whole', () => {
    const text =
      '<!-- parley: id=x -->\n<a>{{#if reply}}<b>{{{replySsml}}}</b>{{/if}}{{#each slots}}{{key}}{{/each}}</a>';
    for (let end = 0; end < text.length; end++)
      expect(readTemplate('f.xml', text.slice(0, end)).ok).toBe(false);
    expect(readTemplate('f.xml', text).ok).toBe(true);
  });
});
