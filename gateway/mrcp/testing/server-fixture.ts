import { FakeClock } from '../../../config/clock.js';
import { MemoryLogger } from '../../../config/logger.js';
import { SeededRandom } from '../../../config/random.js';
import type { MrcpSession } from '../mrcp-session.js';
import { MrcpServer } from '../server.js';
import type { MrcpServerOptions } from '../server.js';
import { FakeRecogBackend, FakeSynthBackend, fakeCompiler } from './fake-backends.js';
import { InMemoryPeer } from './in-memory-peer.js';

/** One session with both channels and what the SIP side was told. */
export interface OpenedSession {
  readonly session: MrcpSession;
  readonly synth: FakeSynthBackend;
  readonly synthId: string;
  readonly recog: FakeRecogBackend;
  readonly recogId: string;
  readonly told: string[];
}

/** A server on fake time with fake backends, and peers without a network. */
export class ServerFixture {
  readonly clock = new FakeClock();
  readonly logger = new MemoryLogger();
  readonly server: MrcpServer;

  constructor(options: Partial<MrcpServerOptions> = {}) {
    this.server = new MrcpServer(
      { address: '127.0.0.1', port: 0, ...options },
      {
        clock: this.clock,
        random: new SeededRandom(6787),
        logger: this.logger,
        compileGrammar: fakeCompiler,
      },
    );
  }

  openSession(): OpenedSession {
    const told: string[] = [];
    const session = this.server.openSession({
      onConnectionLost: () => void told.push('connection lost'),
      onInactive: () => void told.push('inactive'),
    });
    const synth = new FakeSynthBackend();
    const recog = new FakeRecogBackend();
    return {
      session,
      synth,
      synthId: session.addSynth(synth),
      recog,
      recogId: session.addRecog(recog),
      told,
    };
  }

  connect(): InMemoryPeer {
    return new InMemoryPeer(this.server);
  }
}
