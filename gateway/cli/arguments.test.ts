import { describe, expect, test } from 'vitest';

import { parseArguments } from './arguments.js';

const words = (line: string) => line.split(' ').filter((word) => word !== '');

describe('verbs and their options', () => {
  const nowhere = { configFile: null, node: null, key: null };
  const call = {
    verb: 'call',
    configFile: null,
    uri: 'sip:bot@127.0.0.1:5060',
    say: [],
    dtmf: '',
    seconds: 60,
  };
  test.each([
    ['serve', { verb: 'serve', configFile: null }],
    ['serve --config p.yaml', { verb: 'serve', configFile: 'p.yaml' }],
    ['serve -c p.yaml', { verb: 'serve', configFile: 'p.yaml' }],
    ['serve --config=p.yaml', { verb: 'serve', configFile: 'p.yaml' }],
    ['check', { verb: 'check', configFile: null, treeFile: null, json: false, strict: false }],
    ['check --json --strict', { verb: 'check', configFile: null, treeFile: null, json: true, strict: true }],
    [
      'check --tree t.yaml -c p.yaml',
      { verb: 'check', configFile: 'p.yaml', treeFile: 't.yaml', json: false, strict: false },
    ],
    ['chat -t t.yaml', { verb: 'chat', configFile: null, treeFile: 't.yaml', json: false }],
    ['call sip:bot@127.0.0.1:5060', call],
    ['call sip:bot@127.0.0.1:5060 --say yes --say bye', { ...call, say: ['yes', 'bye'] }],
    ['call --dtmf 12*#A --seconds 5 sip:bot@127.0.0.1:5060', { ...call, dtmf: '12*#A', seconds: 5 }],
    ['deploy d.yaml', { verb: 'deploy', ...nowhere, file: 'd.yaml', tree: null, canary: null }],
    [
      'deploy d.yaml --tree desk --canary 10 --node http://10.0.0.1:8080 --key k',
      {
        verb: 'deploy',
        configFile: null,
        node: 'http://10.0.0.1:8080',
        key: 'k',
        file: 'd.yaml',
        tree: 'desk',
        canary: 10,
      },
    ],
    ['promote desk', { verb: 'promote', ...nowhere, tree: 'desk', version: null }],
    ['promote desk --version 4', { verb: 'promote', ...nowhere, tree: 'desk', version: 4 }],
    ['rollback desk', { verb: 'rollback', ...nowhere, tree: 'desk' }],
    ['versions', { verb: 'versions', ...nowhere, tree: null }],
    ['versions desk -c p.yaml', { verb: 'versions', ...nowhere, configFile: 'p.yaml', tree: 'desk' }],
    [
      'replay a.yaml b.yaml turns --json',
      {
        verb: 'replay',
        oldFile: 'a.yaml',
        newFile: 'b.yaml',
        logs: ['turns'],
        json: true,
        failOnChange: false,
      },
    ],
    [
      'replay a b c d --fail-on-change',
      { verb: 'replay', oldFile: 'a', newFile: 'b', logs: ['c', 'd'], json: false, failOnChange: true },
    ],
    ['suggest -t t.yaml a b', { verb: 'suggest', treeFile: 't.yaml', logs: ['a', 'b'], outFile: null }],
    [
      'suggest -t t.yaml a --out s.yaml',
      { verb: 'suggest', treeFile: 't.yaml', logs: ['a'], outFile: 's.yaml' },
    ],
    ['suggest -t t.yaml --accept s.yaml', { verb: 'accept', treeFile: 't.yaml', suggestionsFile: 's.yaml' }],
    ['version', { verb: 'version' }],
    ['--version', { verb: 'version' }],
    ['-v', { verb: 'version' }],
  ])('parley %s', (line, command) => {
    expect(parseArguments(words(line))).toEqual({ ok: true, command });
  });
});

describe('help', () => {
  test.each(['', '--help', '-h', 'help'])('parley %s lists the verbs', (line) => {
    const parsed = parseArguments(words(line));
    expect(parsed).toMatchObject({ ok: true, command: { verb: 'help' } });
    const text = parsed.ok && parsed.command.verb === 'help' ? parsed.command.text : '';
    for (const verb of ['serve', 'check', 'chat', 'call', 'version'])
      expect(text).toMatch(new RegExp(`^  ${verb} `, 'm'));
  });

  test.each(['help call', 'call --help', 'call -h sip:x'])('parley %s tells of its options', (line) => {
    const parsed = parseArguments(words(line));
    const text = parsed.ok && parsed.command.verb === 'help' ? parsed.command.text : '';
    expect(text).toMatch(/^Usage: parley call SIP-URI/);
    expect(text).toMatch(/--dtmf DIGITS/);
  });
});

describe('mistakes are explained', () => {
  test.each([
    ['srve', 'unknown verb "srve"', 'did you mean "serve"?'],
    ['dance', 'unknown verb "dance"', /^use one of: serve, check, chat, test, graph, call, .*version$/],
    ['--config x', 'the first word is a verb, not "--config"', /use one of/],
    ['test --noise 2', '--noise is no list of rates', 'write up to ten, such as 0.1,0.3'],
    ['test --seed x', '--seed is no number', 'write a whole number'],
    ['test --min-nodes 101', 'a coverage is not a percentage', 'write a number from 0 to 100'],
    ['deploy', 'an argument is missing', /^usage: parley deploy FILE/],
    ['deploy d.yaml --canary 100', '--canary is not a percentage', 'write a whole number from 1 to 99'],
    ['deploy d.yaml --canary 0', '--canary is not a percentage', 'write a whole number from 1 to 99'],
    ['promote desk --version x', '--version is not a version number', 'write a whole number'],
    ['versions --node 8080', '--node is not the URL of a node', 'write http://127.0.0.1:8080'],
    ['serve --confg x', 'unknown option "--confg"', 'did you mean --config?'],
    ['serve --zzz', 'unknown option "--zzz"', 'usage: parley serve [--config FILE]'],
    ['serve -x', 'unknown option "-x"', 'usage: parley serve [--config FILE]'],
    ['serve --config', /--config/, 'usage: parley serve [--config FILE]'],
    ['serve now', 'unexpected argument "now"', 'usage: parley serve [--config FILE]'],
    ['call', 'an argument is missing', /^usage: parley call SIP-URI/],
    ['call sip:a sip:b', 'unexpected argument "sip:b"', /^usage: parley call/],
    ['call bot@host', '"bot@host" is not a SIP URI', 'write sip:bot@127.0.0.1:5060'],
    ['call sip:a --dtmf 1x', '--dtmf has a key that no telephone has', 'use 0-9, *, # and A-D'],
    ['call sip:a --seconds soon', '--seconds is not a number of seconds', /1 to 3600/],
    ['call sip:a --seconds 0', '--seconds is not a number of seconds', /1 to 3600/],
    ['replay a.yaml b.yaml', 'an argument is missing', /^usage: parley replay OLD-TREE/],
    ['suggest a', 'the tree is missing (--tree FILE)', /^usage: parley suggest/],
    ['suggest -t t.yaml', 'the turn logs are missing', /^usage: parley suggest/],
    ['suggest -t t.yaml a --accept s.yaml', /--accept takes neither/, /^usage: parley suggest/],
    ['help srve', 'unknown verb "srve"', 'did you mean "serve"?'],
    ['constructor', 'unknown verb "constructor"', /use one of/],
  ])('parley %s', (line, message, fix) => {
    const parsed = parseArguments(words(line));
    expect(parsed.ok).toBe(false);
    if (parsed.ok) return;
    if (typeof message === 'string') expect(parsed.message).toContain(message);
    else expect(parsed.message).toMatch(message);
    expect(parsed.fix).toMatch(fix);
  });
});
