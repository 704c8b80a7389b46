import { parseColour } from './colour.js';

/** What the address of the page asks for; the site that shows it writes it, so that all of it is checked. */
export interface PageOptions {
  readonly embedded: boolean;
  readonly title: string | null;
  readonly tree: string | null;
  readonly colour: string | null;
  /** The site gives tokens. */
  readonly siteTokens: boolean;
}

const titleCharacters = 60;

export function readPageOptions(search: string): PageOptions {
  const query = new URLSearchParams(search);
  const title = query.get('title')?.trim().slice(0, titleCharacters) ?? '';
  const tree = query.get('tree') ?? '';
  return {
    embedded: query.get('embed') === '1',
    title: title === '' ? null : title,
    tree: /^[A-Za-z0-9][\w.-]{0,63}$/.test(tree) ? tree : null,
    colour: parseColour(query.get('colour')),
    siteTokens: query.get('token') === '1',
  };
}
