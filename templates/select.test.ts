import { describe, expect, it } from 'vitest';
import { selectTemplate } from './select.js';
import type { TemplateConditions, TemplateFacts } from './select.js';

const facts: TemplateFacts = {
  sourceAddress: '10.1.2.3',
  fromUser: '+15551234',
  toUser: 'support',
  headers: [
    { name: 'User-Agent', value: 'FreeSWITCH-mod_sofia/1.10' },
    { name: 'X-Tenant', value: 'acme' },
  ],
  vendorParameters: new Map([['platform', 'genesys']]),
};

describe('selectTemplate', () => {
  it.each<[string, TemplateConditions, Partial<TemplateFacts>, boolean]>([
    ['no condition', {}, {}, true],
    ['a block', { source: '10.1.0.0/16' }, {}, true],
    ['another block', { source: '10.2.0.0/16' }, {}, false],
    ['an address', { source: '10.1.2.3' }, {}, true],
    ['every IPv4 address', { source: '0.0.0.0/0' }, {}, true],
    ['an IPv4-mapped address', { source: '10.1.2.0/24' }, { sourceAddress: '::ffff:10.1.2.3' }, true],
    ['an IPv6 block', { source: '2001:db8::/32' }, { sourceAddress: '2001:db8::5' }, true],
    ['an IPv6 address with its zone', { source: 'fe80::/10' }, { sourceAddress: 'fe80::1%eth0' }, true],
    ['the other family', { source: '2001:db8::/32' }, {}, false],
    ['a block that is none', { source: '10.1.2.3/99' }, {}, false],
    ['words for a block', { source: 'here' }, {}, false],
    ['the caller', { fromUser: '+1555*' }, {}, true],
    ['another caller', { fromUser: '+1556*' }, {}, false],
    ['the called', { toUser: 'support' }, {}, true],
    ['a part of the called only', { toUser: 'supp' }, {}, false],
    ['a header in any case', { callHeader: { name: 'user-agent', value: 'FreeSWITCH*' } }, {}, true],
    ['several stars', { callHeader: { name: 'User-Agent', value: '*SWITCH*sofia*' } }, {}, true],
    ['stars that would overlap', { toUser: 'supp*pport' }, {}, false],
    ['stars out of order', { callHeader: { name: 'User-Agent', value: '*sofia*SWITCH*' } }, {}, false],
    ['a missing header', { callHeader: { name: 'X-None', value: '*' } }, {}, false],
    ['a vendor parameter', { vendorParameter: { name: 'platform', value: 'genesys' } }, {}, true],
    ['another vendor parameter', { vendorParameter: { name: 'tenant', value: '*' } }, {}, false],
    ['all of several conditions', { source: '10.0.0.0/8', toUser: 'support' }, {}, true],
    ['all but one', { source: '10.0.0.0/8', toUser: 'sales' }, {}, false],
  ])('%s', (_name, when, more, selected) => {
    expect(selectTemplate([{ template: 'x', when }], { ...facts, ...more })).toBe(selected ? 'x' : null);
  });

  it('takes the first rule that holds', () => {
    const rules = [
      { template: 'a', when: { toUser: 'sales' } },
      { template: 'b', when: { toUser: 's*' } },
      { template: 'c', when: {} },
    ];
    expect(selectTemplate(rules, facts)).toBe('b');
    expect(selectTemplate([], facts)).toBeNull();
  });
});
