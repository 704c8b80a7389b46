import { execFile, execFileSync } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { connect } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SystemClock } from '../../config/clock.js';
import { MemoryLogger } from '../../config/logger.js';
import { projectPath } from '../../config/paths.js';
import { systemRandom } from '../../config/random.js';
import { TestApp, TestCaller } from './test-user-agents.js';
import { UserAgent, type UserAgentOptions } from './user-agent.js';
import type { Invitation } from './user-agent-api.js';

/** Rings, and answers unless told to let it ring. */
class Bot extends TestApp {
  answers = true;
  override decide = (invitation: Invitation): void => {
    invitation.ringing();
    if (this.answers) this.session = invitation.accept('v=0\r\n', this);
  };

  count(event: string): number {
    return this.events.filter((found) => found === event).length;
  }
}

let bot: Bot;
let agent: UserAgent;

function createAgent(delegate: TestApp, options: Partial<UserAgentOptions> = {}): UserAgent {
  const bind = (['udp', 'tcp'] as const).map((transport) => ({ transport, address: '127.0.0.1', port: 0 }));
  const sessionTimer = { sessionExpiresSeconds: 600, minSeSeconds: 4 };
  return new UserAgent(
    { bind, userAgentName: 'parley-test', sessionTimer, ...options },
    { clock: new SystemClock(), random: systemRandom, logger: new MemoryLogger(), delegate },
  );
}

function portOf(of: UserAgent, transport: 'udp' | 'tcp'): number {
  return of.boundPorts.find((binding) => binding.transport === transport)?.port ?? 0;
}

beforeEach(async () => {
  bot = new Bot();
  agent = createAgent(bot);
  await agent.start();
});

afterEach(() => agent.close());

function findSipp(): string {
  try {
    return execFileSync('which', ['sipp'], { encoding: 'utf8' }).trim();
  } catch {
    throw new Error('SIPp is needed for these tests: install the package sip-tester');
  }
}

interface SippRun {
  readonly transport?: 'udp' | 'tcp';
  readonly calls?: number;
  readonly rate?: number;
}

/** A port that was free a moment ago, for UDP and most likely for TCP as well. */
function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const socket = createSocket('udp4');
    socket.bind(0, '127.0.0.1', () => {
      const { port } = socket.address();
      socket.close(() => resolve(port));
    });
  });
}

/** Runs a scenario to its end; rejects with what SIPp printed when a call fails. */
async function runSipp(
  scenario: string,
  { transport = 'udp', calls = 20, rate = 20 }: SippRun = {},
): Promise<void> {
  const file = projectPath('gateway/sip/testdata/sipp', `${scenario}.xml`);
  const target = `127.0.0.1:${portOf(agent, transport)}`;
  const load = ['-m', String(calls), '-r', String(rate), '-nostdin', '-timeout', '30s', '-timeout_error'];
  const port = String(await freePort());
  const local = ['-i', '127.0.0.1', '-p', port, '-t', transport === 'udp' ? 'u1' : 't1'];
  return new Promise((resolve, reject) => {
    execFile(findSipp(), [target, '-sf', file, ...local, ...load], (error, stdout, stderr) => {
      if (!error) resolve();
      else reject(new Error(`SIPp ${scenario} failed: ${stderr.slice(0, 2_000)}${stdout.slice(-1_500)}`));
    });
  });
}

async function eventually(check: () => boolean, stepMs = 20): Promise<void> {
  for (let tries = 0; tries < 200 && !check(); tries++)
    await new Promise((resolve) => setTimeout(resolve, stepMs));
  expect(check()).toBe(true);
}

describe('SIPp calls us', () => {
  it.each(['udp', 'tcp'] as const)('100 calls at 50 a second over %s', async (transport) => {
    await runSipp('call', { transport, calls: 100, rate: 50 });
    expect([bot.invitations.length, bot.count('confirmed -'), bot.count('ended remote-bye')]).toEqual([
      100, 100, 100,
    ]);
    expect(agent.stats()).toMatchObject({ dialogs: 0, parseErrors: 0 });
  });

  it('CANCEL before the answer', async () => {
    bot.answers = false;
    await runSipp('cancel');
    expect([bot.count('cancelled'), agent.stats().dialogs]).toEqual([20, 0]);
  });

  it.each(['late-ack', 'lost-200', 'hold'])('%s', async (scenario) => {
    await runSipp(scenario);
    expect([bot.count('confirmed -'), bot.count('ended remote-bye')]).toEqual([20, 20]);
    expect(bot.events.filter((event) => event.startsWith('reinvite')).length).toBe(
      scenario === 'hold' ? 40 : 0,
    );
    expect(agent.stats().dialogs).toBe(0);
  });

  it('without ACK we hang up after 64*T1', async () => {
    await agent.close();
    agent = createAgent(bot, { t1Ms: 40 });
    await agent.start();
    await runSipp('no-ack', { calls: 5 });
    expect([bot.count('ended no-ack'), agent.stats().dialogs]).toEqual([5, 0]);
  });

  it('a repeated INVITE is one call', async () => {
    await runSipp('repeated-invite');
    expect([bot.invitations.length, bot.count('ended remote-bye')]).toEqual([20, 20]);
  });

  it.each(['options', 'refused'])('%s', async (scenario) => {
    await runSipp(scenario);
    expect([bot.invitations.length, agent.stats().dialogs]).toEqual([0, 0]);
  });

  it.each([
    ['refresh-by-caller', 'ended remote-bye'],
    ['refresh-by-server', 'ended remote-bye'],
    ['timer-expires', 'ended session-timer'],
  ])('session timer: %s', async (scenario, end) => {
    await runSipp(scenario, { calls: 5 });
    expect(bot.count(end)).toBe(5);
    expect(agent.stats().dialogs).toBe(0);
  });
});

describe('two user agents over real sockets', () => {
  it.each(['udp', 'tcp'] as const)('call, re-INVITE and hang up over %s', async (transport) => {
    const caller = new TestCaller();
    const calling = createAgent(caller);
    await calling.start();
    try {
      const target = `sip:bot@localhost:${portOf(agent, transport)};transport=${transport}`;
      const session = calling.invite(target, 'v=0\r\n', caller);
      await eventually(() => caller.events.includes('confirmed -') && bot.count('confirmed -') === 1);
      expect(await session.reinvite('v=0\r\n')).toBe('new answer');
      await eventually(() => agent.stats().dialogs === 1);
      bot.session?.end();
      await eventually(() => caller.events.includes('ended remote-bye') && agent.stats().dialogs === 0);
    } finally {
      await calling.close();
    }
    expect(calling.stats()).toMatchObject({ dialogs: 0, transactions: 0, tcpConnections: 0 });
  });

  it('a TCP target where nobody listens is a rejection', async () => {
    const caller = new TestCaller();
    const calling = createAgent(caller);
    await calling.start();
    calling.invite('sip:127.0.0.1:9;transport=tcp', 'v=0\r\n', caller);
    await eventually(() => caller.events.includes('rejected transport'));
    await calling.close();
  });
});

describe('floods', () => {
  it('10,000 bad datagrams and 300 bad connections leave counters only', async () => {
    const socket = createSocket('udp4');
    const port = portOf(agent, 'udp');
    // In small batches, each awaited: the kernel drops what its buffer cannot hold.
    for (let sent = 0; sent < 10_000; sent += 50) {
      for (let i = 0; i < 50; i++) socket.send(`INVITE garbage ${sent + i}\r\n\r\n`, port, '127.0.0.1');
      await eventually(() => agent.stats().parseErrors === sent + 50, 1);
    }
    for (let i = 0; i < 300; i++) await sendAndWaitForClose('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
    await eventually(() => agent.stats().tcpConnections === 0);
    socket.close();
    expect(agent.stats()).toMatchObject({
      parseErrors: 10_300,
      transactions: 0,
      dialogs: 0,
      tcpConnections: 0,
      messagesOut: 0,
    });
    await runSipp('options');
  });

  function sendAndWaitForClose(bytes: string): Promise<void> {
    return new Promise((resolve, reject) => {
      const socket = connect(portOf(agent, 'tcp'), '127.0.0.1', () => socket.write(bytes));
      socket.on('error', reject);
      socket.on('close', () => resolve());
      socket.resume();
    });
  }
});

describe('starting', () => {
  it('an address in use is an error that names it', async () => {
    const second = new UserAgent(
      { bind: [{ transport: 'tcp', address: '127.0.0.1', port: portOf(agent, 'tcp') }], userAgentName: 'x' },
      { clock: new SystemClock(), random: systemRandom, logger: new MemoryLogger(), delegate: bot },
    );
    await expect(second.start()).rejects.toThrow(
      `Cannot listen on tcp 127.0.0.1 port ${portOf(agent, 'tcp')}`,
    );
    await second.close();
  });
});
