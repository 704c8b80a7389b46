import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { MemoryLogger } from '../config/logger.js';
import { TemplateStore, loadTemplates } from './loader.js';
import { render } from './render.js';
import { emptyVariables } from './schema.js';
import type { TemplateVariables } from './schema.js';

describe('the bundled templates', () => {
  const { templates, problems } = loadTemplates([]);

  it('load without a problem', () => {
    expect(problems).toEqual([]);
    expect([...templates.keys()].sort()).toEqual([
      'genesys-nlsml',
      'nlsml',
      'nlsml-dialogue',
      'vxml-field',
      'vxml-form',
    ]);
  });

  const fixtures = [...templates.values()].flatMap((template) =>
    readdirSync(dirname(template.file))
      .filter((name) => name.endsWith('.fixture.json'))
      .map((name) => [basename(name, '.fixture.json'), template] as const),
  );

  it('have two fixtures each', () => {
    expect(fixtures).toHaveLength(2 * templates.size);
  });

  it.each(fixtures)('render %s as expected', (name, template) => {
    const directory = dirname(template.file);
    const given = JSON.parse(
      readFileSync(join(directory, `${name}.fixture.json`), 'utf8'),
    ) as Partial<TemplateVariables>;
    const expected = readFileSync(join(directory, `${name}.expected.xml`), 'utf8');
    expect(render(template, { ...emptyVariables, ...given })).toBe(expected);
  });
});

describe('TemplateStore', () => {
  let directory = '';
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'parley-templates-'));
  });
  afterEach(() => rmSync(directory, { recursive: true }));

  const write = (name: string, text: string): void => writeFileSync(join(directory, name), text);
  const say = (store: TemplateStore, id: string): string | null => {
    const template = store.get(id);
    return template === null ? null : render(template, { ...emptyVariables, reply: 'hi' });
  };

  it('loads a directory and its folders, and replaces bundled templates by id', () => {
    mkdirSync(join(directory, 'inner'));
    write('inner/mine.xml', '<a>{{reply}}</a>');
    write('nlsml.xml', '<mine/>');
    write('mine.expected.xml', '<not-a-template');
    write('notes.txt', 'x');
    const store = TemplateStore.load([directory], new MemoryLogger());
    expect(store.problems).toEqual([]);
    expect(say(store, 'mine')).toBe('<a>hi</a>');
    expect(say(store, 'nlsml')).toBe('<mine/>');
    expect(store.ids).toContain('vxml-form');
    expect(store.get('other')).toBeNull();
  });

  it('keeps the old template when the new one is bad, and says what is wrong', () => {
    write('mine.xml', '<a>{{reply}}</a>');
    const logger = new MemoryLogger();
    const store = TemplateStore.load([directory], logger);
    write('mine.xml', '<a>{{replay}}</a>');
    expect(store.reload()).toMatchObject([{ file: join(directory, 'mine.xml'), line: 1, column: 4 }]);
    expect(say(store, 'mine')).toBe('<a>hi</a>');
    expect(store.problems).toHaveLength(1);
    expect(logger.lines.filter((line) => line.level === 'warn')).toHaveLength(1);
    write('mine.xml', '<b>{{reply}}</b>');
    expect(store.reload()).toEqual([]);
    expect(say(store, 'mine')).toBe('<b>hi</b>');
  });

  it('forgets a template whose file is gone', () => {
    write('mine.xml', '<a/>');
    const store = TemplateStore.load([directory], new MemoryLogger());
    rmSync(join(directory, 'mine.xml'));
    store.reload();
    expect(store.get('mine')).toBeNull();
  });

  it('names two files of one id, and leaves out what is bad from the start', () => {
    write('a.xml', '<!-- parley: id=same -->\n<a/>');
    write('b.xml', '<!-- parley: id=same -->\n<b/>');
    write('c.xml', '<c>');
    const store = TemplateStore.load([directory], new MemoryLogger());
    expect(say(store, 'same')).toBe('<a/>');
    expect(store.get('c')).toBeNull();
    expect(store.problems.map((problem) => basename(problem.file)).sort()).toEqual(['b.xml', 'c.xml']);
  });

  it('names a directory that is not there', () => {
    const store = TemplateStore.load([join(directory, 'none')], new MemoryLogger());
    expect(store.problems).toMatchObject([{ file: join(directory, 'none') }]);
    expect(store.get('nlsml')).not.toBeNull();
  });
});
