import { describe, expect, it } from 'vitest';
import { mrcpLimits } from '../../config/limits.js';
import { recogFields, synthFields } from './header-fields.js';
import { SessionParams, checkRequestFields } from './params.js';
import type { HeaderField } from './message.js';

function fields(lines: Readonly<Record<string, string>>): HeaderField[] {
  return Object.entries(lines).map(([name, value]) => ({ name, value }));
}

function synthParams(): SessionParams {
  return new SessionParams(synthFields, new Map());
}

describe('header field values', () => {
  const legal: [string, string, string[]][] = [
    ['speechsynth', 'Voice-Age', ['0', '25', '99']],
    ['speechsynth', 'Voice-Gender', ['male', 'Female', 'neutral']],
    ['speechsynth', 'Prosody-Rate', ['slow', '+10%', '-5%', '1.2', 'default']],
    ['speechsynth', 'Prosody-Volume', ['loud', '50', '+6dB', '-10%']],
    ['speechsynth', 'Kill-On-Barge-In', ['true', 'FALSE']],
    ['speechsynth', 'Speech-Language', ['zh-CN', 'en', 'cmn-Hans-CN']],
    ['speechsynth', 'Active-Request-Id-List', ['1', '1,2, 3']],
    ['speechrecog', 'Confidence-Threshold', ['0', '0.5', '1', '.4', '100']],
    ['speechrecog', 'No-Input-Timeout', ['0', '5000', '86400000']],
    ['speechrecog', 'DTMF-Term-Char', ['#', '*', '9', '']],
    ['speechrecog', 'N-Best-List-Length', ['1', '5', '1000']],
    ['speechrecog', 'Recognition-Mode', ['normal']],
    ['speechrecog', 'Content-Type', ['text/uri-list', 'multipart/mixed; boundary="x"']],
    ['speechrecog', 'Logging-Tag', ['', 'call-17']],
  ];
  const illegal: [string, string, string[]][] = [
    ['speechsynth', 'Voice-Age', ['abc', '-1', '', '2.5']],
    ['speechsynth', 'Voice-Gender', ['robot', '']],
    ['speechsynth', 'Voice-Variant', ['0', 'x']],
    ['speechsynth', 'Prosody-Rate', ['quickly', '%']],
    ['speechsynth', 'Kill-On-Barge-In', ['yes', '1']],
    ['speechsynth', 'Speech-Language', ['zh_CN', '']],
    ['speechsynth', 'Active-Request-Id-List', ['', '1,,2', 'one']],
    ['speechsynth', 'Fetch-Timeout', ['5s', '12345678901234567890']],
    ['speechrecog', 'Confidence-Threshold', ['-0.5', '101', 'high', '']],
    ['speechrecog', 'Sensitivity-Level', ['0,5']],
    ['speechrecog', 'No-Input-Timeout', ['5s', '-1', '']],
    ['speechrecog', 'DTMF-Term-Char', ['##', 'x']],
    ['speechrecog', 'N-Best-List-Length', ['0', '-1']],
    ['speechrecog', 'Cancel-If-Queue', ['maybe', '']],
    ['speechrecog', 'Content-Type', ['grammar', '']],
    ['speechrecog', 'Vendor-Specific-Parameters', ['=x', 'a="']],
  ];
  const unsupported: [string, string, string[]][] = [
    ['speechsynth', 'Content-Encoding', ['gzip']],
    ['speechsynth', 'Voice-Name', ['x'.repeat(mrcpLimits.parameterBytes + 1)]],
    ['speechrecog', 'Recognition-Mode', ['hotword']],
    ['speechrecog', 'Ver-Buffer-Utterance', ['true']],
    ['speechrecog', 'No-Input-Timeout', ['86400001', '9999999999999999999']],
    ['speechrecog', 'Active-Request-Id-List', [Array.from({ length: 65 }, (_, i) => i).join(',')]],
  ];
  const tables = { speechsynth: synthFields, speechrecog: recogFields };
  const statusOf = (resource: string, name: string, value: string) =>
    checkRequestFields(resource === 'speechsynth' ? tables.speechsynth : tables.speechrecog, [
      { name, value },
    ]);

  it.each(legal)('%s takes %s', (resource, name, values) => {
    for (const value of values) expect(statusOf(resource, name, value), value).toBeNull();
  });

  it.each(illegal)('%s answers 404 to an illegal %s (RFC 6787 5.4)', (resource, name, values) => {
    for (const value of values)
      expect(statusOf(resource, name, value), value).toEqual({ status: 404, headers: [{ name, value }] });
  });

  it.each(unsupported)(
    '%s answers 409 to a legal %s beyond its means (RFC 6787 5.4)',
    (resource, name, values) => {
      for (const value of values)
        expect(statusOf(resource, name, value), value).toEqual({ status: 409, headers: [{ name, value }] });
    },
  );

  it('ignores unknown fields of ordinary requests', () => {
    expect(checkRequestFields(synthFields, fields({ 'X-Foo': 'bar' }))).toBeNull();
  });
});

describe('SET-PARAMS (RFC 6787 6.1.1)', () => {
  it('sets, and request fields override for that request alone', () => {
    const params = synthParams();
    expect(params.set(fields({ 'Voice-Gender': 'female', 'Voice-Age': '25' })).status).toBe(200);
    expect(params.inForce('voice-age', [])).toBe('25');
    expect(params.inForce('Voice-Age', fields({ 'voice-age': '60' }))).toBe('60');
    expect(params.inForce('Voice-Age', [])).toBe('25');
  });

  it('answers 403 to a field the resource does not have, as it came, and sets nothing', () => {
    const params = synthParams();
    const verdict = params.set(fields({ 'Voice-Age': '25', 'X-Foo': ' Bar' }));
    expect(verdict).toEqual({ status: 403, headers: [{ name: 'X-Foo', value: ' Bar' }] });
    expect(params.inForce('Voice-Age', [])).toBeNull();
  });

  it('answers 403 to fields that belong to one request only', () => {
    expect(synthParams().set(fields({ 'Active-Request-Id-List': '1' })).status).toBe(403);
  });

  it('tells 404 alone when 403 and 409 hold as well, and 403 before 409', () => {
    const params = new SessionParams(recogFields, new Map());
    const bad = { 'Recognition-Mode': 'hotword', 'X-Foo': 'x', 'No-Input-Timeout': 'soon' };
    expect(params.set(fields(bad))).toEqual({
      status: 404,
      headers: [{ name: 'No-Input-Timeout', value: 'soon' }],
    });
    const { 'No-Input-Timeout': _, ...rest } = bad;
    expect(params.set(fields(rest))).toEqual({ status: 403, headers: [{ name: 'X-Foo', value: 'x' }] });
    expect(params.set(fields({ 'Recognition-Mode': 'hotword' })).status).toBe(409);
  });

  it('merges vendor parameters by name and keeps their number bounded (RFC 6787 6.2.16)', () => {
    const params = synthParams();
    const vendor = (value: string) => params.set(fields({ 'Vendor-Specific-Parameters': value })).status;
    expect(vendor('a=1;b=2')).toBe(200);
    expect(vendor('b=3')).toBe(200);
    expect(Object.fromEntries(params.vendorParameters([]))).toEqual({ a: '1', b: '3' });
    const more = Array.from({ length: mrcpLimits.vendorParameters - 1 }, (_, i) => `p${i}=1`).join(';');
    expect(vendor(more)).toBe(409);
    expect(params.vendorParameters([]).size).toBe(2);
    const request = fields({ 'Vendor-Specific-Parameters': 'a=9;c=4' });
    expect(Object.fromEntries(params.vendorParameters(request))).toEqual({ a: '9', b: '3', c: '4' });
  });
});

describe('GET-PARAMS (RFC 6787 6.1.2)', () => {
  it('gives the named parameters in the order and case they were asked in, empty when never set', () => {
    const params = new SessionParams(recogFields, new Map([['no-input-timeout', '5000']]));
    params.set(fields({ 'Confidence-Threshold': '0.4' }));
    const asked = fields({ 'no-input-TIMEOUT': '', 'Confidence-Threshold': '', 'Logging-Tag': '' });
    expect(params.get(asked)).toEqual({
      status: 200,
      headers: [
        { name: 'no-input-TIMEOUT', value: '5000' },
        { name: 'Confidence-Threshold', value: '0.4' },
        { name: 'Logging-Tag', value: '' },
      ],
    });
  });

  it.each([
    ['speechsynth', synthFields],
    ['speechrecog', recogFields],
  ])('gives every settable parameter of %s when none is named', (_, table) => {
    const params = new SessionParams(table, new Map());
    params.set(fields({ 'Logging-Tag': 'x' }));
    const { status, headers } = params.get(fields({ 'Channel-Identifier': 'a@b' }));
    const settable = [...table.values()].filter((spec) => spec.settable).map((spec) => spec.name);
    expect(status).toBe(200);
    expect(headers.map(({ name }) => name)).toEqual(settable);
    expect(headers).toContainEqual({ name: 'Logging-Tag', value: 'x' });
    expect(settable.length).toBeGreaterThan(15);
  });

  it('answers 403 with the unknown names', () => {
    expect(synthParams().get(fields({ 'Voice-Age': '', 'X-Foo': '' }))).toEqual({
      status: 403,
      headers: [{ name: 'X-Foo', value: '' }],
    });
  });

  it('gives the vendor parameters that are named, or all (RFC 6787 6.2.16)', () => {
    const params = synthParams();
    params.set(fields({ 'Vendor-Specific-Parameters': 'a=1;b="2;3"' }));
    const get = (value: string) =>
      params.get(fields({ 'Vendor-Specific-Parameters': value })).headers[0]?.value;
    expect(get('')).toBe('a=1;b="2;3"');
    expect(get('a;zz')).toBe('a=1;zz=');
  });
});
