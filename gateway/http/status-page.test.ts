import { createHash } from 'node:crypto';
import { Script } from 'node:vm';
import { expect, test } from 'vitest';

import { statusPage } from './status-page.js';

const { html, contentSecurityPolicy } = statusPage;

function between(open: string, close: string): string {
  const from = html.indexOf(open) + open.length;
  return html.slice(from, html.indexOf(close, from));
}

test.each([
  ['style', between('<style>', '</style>')],
  ['script', between('<script>', '</script>')],
])('the policy admits exactly the %s that the page carries', (kind, text) => {
  const hash = createHash('sha256').update(text).digest('base64');
  expect(text.length).toBeGreaterThan(100);
  expect(contentSecurityPolicy).toContain(`${kind}-src 'sha256-${hash}'`);
});

test('nothing is loaded from elsewhere, and no inline handler or markup injection is used', () => {
  expect(html).not.toMatch(/https?:\/\//);
  expect(html).not.toMatch(/\son\w+=/);
  expect(html).not.toMatch(/innerHTML|insertAdjacentHTML|document\.write/);
});

test('the script is JavaScript', () => {
  expect(() => new Script(between('<script>', '</script>'))).not.toThrow();
});
