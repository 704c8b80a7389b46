import { describe, expect, it } from 'vitest';
import { xmlLimits } from './limits.js';
import { SeededRandom } from './random.js';
import {
  XmlError,
  attributeOf,
  childElements,
  escapeXml,
  escapeXmlAttribute,
  parseXml,
  qualifiedName,
  textContent,
  xmlNamespace,
} from './xml.js';

const sample = `<?xml version="1.0" encoding="UTF-8"?>
<?pi ignored?>
<r xmlns="urn:a" xmlns:b="urn:b" b:k="v" xml:lang="zh-CN" plain='1 &lt; 2'>
  <!-- comment -->
  <b:child
     a="1"/>text<![CDATA[ <raw> ]]>&amp; more 中文
</r>`;

function failure(text: string, options = {}): XmlError {
  try {
    parseXml(text, options);
  } catch (error) {
    if (error instanceof XmlError) return error;
    throw error;
  }
  throw new Error(`accepted: ${text.slice(0, 80)}`);
}

describe('parseXml', () => {
  it('resolves namespaces of elements and attributes and leaves the declarations out', () => {
    const root = parseXml(sample);
    expect(root).toMatchObject({ prefix: '', local: 'r', uri: 'urn:a', line: 3, column: 1 });
    expect(root.attributes).toHaveLength(3);
    expect(attributeOf(root, 'k', 'urn:b')).toBe('v');
    expect(attributeOf(root, 'lang', xmlNamespace)).toBe('zh-CN');
    expect(attributeOf(root, 'plain')).toBe('1 < 2');
    expect(attributeOf(root, 'k')).toBeNull();
  });

  it('keeps elements and text in order, with CDATA merged and comments left out', () => {
    const root = parseXml(sample);
    expect(root.children.map((node) => node.kind)).toEqual(['text', 'element', 'text']);
    expect(textContent(root).trim()).toBe('text <raw> & more 中文');
    const child = childElements(root, 'child')[0];
    expect(child).toMatchObject({ uri: 'urn:b', line: 5, column: 3 });
    expect(child && qualifiedName(child)).toBe('b:child');
  });

  it.each([
    ['a byte order mark is skipped', '\uFEFF<a/>', 'a'],
    ['CRLF line ends are read', '<?xml version="1.0"?>\r\n<b>\r\n</b>\r\n', 'b'],
    ['character references are resolved', '<c>&#x4F60;</c>', 'c'],
  ])('%s', (_name, text, local) => {
    expect(parseXml(text).local).toBe(local);
  });

  it.each([
    ['a DOCTYPE', '<!DOCTYPE a><a/>', /DOCTYPE/],
    ['an entity of the document', '<a>&x;</a>', /entity/],
    ['XML 1.1', '<?xml version="1.1"?><a/>', /XML 1\.0/],
    ['an undeclared prefix', '<x:a/>', /unbound namespace prefix/],
    ['two roots', '<a/><b/>', /.+/],
    ['text outside', 'hello', /.+/],
    ['nothing', '', /.+/],
    ['a wrong end tag', '<a>\n <b></a>', /.+/],
    ['a duplicate attribute', '<a x="1" x="2"/>', /duplicate attribute/],
    ['an illegal character reference', '<a>&#0;</a>', /.+/],
  ])('refuses %s', (_name, text, message) => {
    expect(failure(text).message).toMatch(message);
  });

  it('accepts a DOCTYPE without internal subset only where asked to', () => {
    const doctype =
      '<!DOCTYPE grammar PUBLIC "-//W3C//DTD GRAMMAR 1.0//EN" "http://example.com/grammar.dtd">';
    expect(parseXml(`${doctype}<grammar/>`, { externalDoctype: true }).local).toBe('grammar');
    const bomb = '<!DOCTYPE a [<!ENTITY x "yyyy">]><a>&x;</a>';
    expect(failure(bomb, { externalDoctype: true }).message).toMatch(/internal subset/);
  });

  it('says the line and the column', () => {
    expect(failure('<a>\n  <b></c>\n</a>')).toMatchObject({ line: 2 });
    expect(failure('<a>\n</a>\n<!-- x')).toMatchObject({ line: 3 });
  });

  it.each([
    ['depth', '<a>'.repeat(xmlLimits.depth + 1), /deeper than/],
    ['nodes', `<a>${'<b/>'.repeat(xmlLimits.nodes)}</a>`, /nodes/],
    [
      'attributes',
      `<a ${Array.from({ length: xmlLimits.attributesPerElement + 1 }, (_, i) => `x${i}=""`).join(' ')}/>`,
      /attributes/,
    ],
    ['bytes', `<a>${'中'.repeat(xmlLimits.bytes / 3)}</a>`, /larger than/],
  ])('bounds %s', (_name, text, message) => {
    expect(failure(text).message).toMatch(message);
  });

  it('reads up to the depth it promises', () => {
    const text = '<a>'.repeat(xmlLimits.depth) + '</a>'.repeat(xmlLimits.depth);
    expect(parseXml(text).local).toBe('a');
  });

  it('refuses a document cut anywhere with an XmlError that has a position', () => {
    for (let end = 0; end < sample.length; end++) {
      const error = failure(sample.slice(0, end));
      expect(error.line).toBeGreaterThan(0);
      expect(error.column).toBeGreaterThan(0);
    }
  });

  it('throws nothing but XmlError on mutated documents', () => {
    const random = new SeededRandom(7);
    for (let round = 0; round < 2_000; round++) {
      const at = random.integer(sample.length);
      const text =
        sample.slice(0, at) +
        String.fromCharCode(random.integer(0x180)) +
        sample.slice(at + random.integer(4));
      try {
        parseXml(text);
      } catch (error) {
        expect(error).toBeInstanceOf(XmlError);
      }
    }
  });
});

describe('escapeXml', () => {
  it.each([
    ['markup', `a<b>&"'`, 'a&lt;b&gt;&amp;&quot;&apos;'],
    ['carriage returns, XML 1.0 2.11', 'a\r\nb', 'a&#13;\nb'],
    ['illegal characters, XML 1.0 2.2', 'a\u0000\u0008\uFFFEb\uD800c\u{1F600}', 'abc\u{1F600}'],
  ])('handles %s', (_name, text, escaped) => {
    expect(escapeXml(text)).toBe(escaped);
  });

  it('round-trips through content and attributes', () => {
    const text = ` \t\r\n<>&"'中文\u{1F600} `;
    expect(textContent(parseXml(`<a>${escapeXml(text)}</a>`))).toBe(text);
    expect(attributeOf(parseXml(`<a b="${escapeXmlAttribute(text)}"/>`), 'b')).toBe(text);
  });
});
