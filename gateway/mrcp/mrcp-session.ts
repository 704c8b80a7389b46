import type { Clock, Timer } from '../../config/clock.js';
import { mrcpLimits } from '../../config/limits.js';
import type { Logger } from '../../config/logger.js';
import type { Random } from '../../config/random.js';
import type { RecogBackend, SynthBackend } from './backend.js';
import type { GrammarCompiler } from './grammar-compiler.js';
import type { MrcpRequest } from './message.js';
import { MrcpChannel } from './mrcp-channel.js';
import type { ChannelConnection, ChannelOwner } from './mrcp-channel.js';
import type { RecogDefaults } from './recog-parameters.js';
import { RecogResource } from './recog-resource.js';
import { failure } from './resource.js';
import type { MrcpResource, ResourceName } from './resource.js';
import { status } from './status.js';
import { SynthResource } from './synth-resource.js';

/** The SIP side of an MRCP session: one of these calls comes at most, once, and none after `close`. */
export interface MrcpSessionDelegate {
  /** The client's TCP connection is gone and did not come back in time: send BYE (RFC 6787 4.6). */
  onConnectionLost(): void;
  /** The client did not connect in `connectDeadlineMs`, or no message went either way for `inactivityMs`. */
  onInactive(): void;
}

export interface MrcpSessionOptions {
  readonly requestIdPolicy: 'strict' | 'lenient';
  readonly connectDeadlineMs: number;
  readonly inactivityMs: number;
  readonly connectionLostGraceMs: number;
  readonly strictBuiltins: boolean;
  readonly strictCancelIfQueue: boolean;
  readonly recogDefaults: RecogDefaults;
}

export interface MrcpSessionDeps {
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly compileGrammar: GrammarCompiler;
  /** True when a connection may be this session's although nothing was said on it yet. */
  mayBeConnected(session: MrcpSession): boolean;
  onSessionClosed(session: MrcpSession): void;
}

/**
 * The control channels of one SIP dialog (RFC 6787 4.2, 6.2.1): one speechsynth and one speechrecog at most.
 *
 * The owner of the SIP dialog opens it, adds channels as SDP asks for them and closes it; closing closes the backends.
 */
export class MrcpSession implements ChannelOwner {
  /** 16 hex digits that cannot be guessed; the first part of every channel identifier. */
  readonly id: string;
  readonly #delegate: MrcpSessionDelegate;
  readonly #options: MrcpSessionOptions;
  readonly #deps: MrcpSessionDeps;
  readonly #logger: Logger;
  readonly #channels = new Map<ResourceName, MrcpChannel>();
  /** On the server's clock. */
  readonly openedAtMs: number;
  #sharesConnection = false;
  #lastActivityMs: number;
  #heard = false;
  #watch: Timer | null = null;
  #grace: Timer | null = null;
  #warnedOfRequestIds = false;
  /** The delegate was told to end the session. */
  #ending = false;
  #closed = false;

  constructor(id: string, delegate: MrcpSessionDelegate, options: MrcpSessionOptions, deps: MrcpSessionDeps) {
    this.id = id;
    this.#delegate = delegate;
    this.#options = options;
    this.#deps = deps;
    this.#logger = deps.logger.child({ mrcpSession: id });
    this.openedAtMs = deps.clock.nowMs();
    this.#lastActivityMs = this.openedAtMs;
    this.#watchFor(options.connectDeadlineMs);
  }

  get channelCount(): number {
    return this.#channels.size;
  }

  /** The client said that its channels will come on a connection it has (`a=connection:existing`, RFC 6787 4.2). */
  expectExistingConnection(): void {
    this.#sharesConnection = true;
  }

  get sharesConnection(): boolean {
    return this.#sharesConnection;
  }

  /** True while no channel of it has been heard from at all. */
  get silent(): boolean {
    return !this.#heard && !this.#ending && !this.#closed;
  }

  /** True while one of its channels has not been heard from. */
  get awaitsChannel(): boolean {
    if (this.#ending) return false;
    for (const channel of this.#channels.values()) {
      if (channel.lastRequestId < 0) return true;
    }
    return false;
  }

  /** Adds the speechsynth channel and gives its identifier; throws when there is one or the session is closed. */
  addSynth(backend: SynthBackend): string {
    return this.#add(
      'speechsynth',
      (channel) =>
        new SynthResource(backend, { clock: this.#deps.clock, logger: this.#logger, events: channel }),
    );
  }

  /**
   * Adds the speechrecog channel and gives its identifier; throws when there is one or the session is closed.
   *
   * `language` (BCP 47) is what grammars are taken for when neither they nor the client name one.
   */
  addRecog(backend: RecogBackend, language = this.#options.recogDefaults.language): string {
    return this.#add(
      'speechrecog',
      (channel) =>
        new RecogResource(backend, {
          random: this.#deps.random,
          logger: this.#logger,
          events: channel,
          compileGrammar: this.#deps.compileGrammar,
          defaults: { ...this.#options.recogDefaults, language },
          strictBuiltins: this.#options.strictBuiltins,
          strictCancelIfQueue: this.#options.strictCancelIfQueue,
        }),
    );
  }

  /** Ends one channel (its m-line's port became 0): its work stops and its backend closes. Unknown ids are ignored. */
  removeChannel(channelId: string): void {
    for (const [resource, channel] of this.#channels) {
      if (channel.id !== channelId) continue;
      this.#channels.delete(resource);
      channel.close();
    }
  }

  /** Ends all channels (BYE); idempotent. TCP connections stay open a while for the client's next session. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#watch?.cancel();
    this.#grace?.cancel();
    for (const channel of this.#channels.values()) channel.close();
    this.#channels.clear();
    this.#deps.onSessionClosed(this);
  }

  /** The channel with this identifier, compared without case in its resource part. */
  channel(channelId: string): MrcpChannel | null {
    for (const channel of this.#channels.values()) {
      if (channel.id.toLowerCase() === channelId.toLowerCase()) return channel;
    }
    return null;
  }

  /** One request for a channel that is attached to `connection`. */
  receive(channel: MrcpChannel, connection: ChannelConnection, request: MrcpRequest): void {
    this.#touch();
    if (this.#isOutOfOrder(channel, connection, request.requestId)) {
      if (this.#options.requestIdPolicy === 'strict') {
        channel.refuse(request, failure(status.requestIdOutOfOrder));
        return;
      }
      this.#warnOfRequestId(request.requestId);
    }
    channel.lastRequestId = Math.max(channel.lastRequestId, request.requestId);
    channel.receive(request);
  }

  onChannelEvent(): void {
    this.#touch();
  }

  /** A channel was (re)attached, so a lost connection came back. */
  onChannelAttached(): void {
    this.#grace?.cancel();
    this.#grace = null;
  }

  onChannelConnectionLost(channel: MrcpChannel): void {
    if (this.#closed || this.#grace || this.#ending) return;
    this.#logger.info('MRCP channel lost its connection', { channel: channel.id });
    const end = () => this.#end(() => this.#delegate.onConnectionLost());
    this.#grace = this.#deps.clock.setTimer(end, this.#options.connectionLostGraceMs);
  }

  #add(name: ResourceName, create: (channel: MrcpChannel) => MrcpResource): string {
    if (this.#closed) throw new Error(`MRCP session ${this.id} is closed`);
    // Channel identifiers are <session>@<resource>, so a second one could not be told apart (RFC 6787 4.2).
    if (this.#channels.has(name) || this.#channels.size >= mrcpLimits.channelsPerSession)
      throw new Error(`MRCP session ${this.id} already has a ${name} channel`);
    const channel = new MrcpChannel(`${this.id}@${name}`, this, this.#logger);
    channel.use(create(channel));
    this.#channels.set(name, channel);
    return channel.id;
  }

  /**
   * RFC 6787 5.2: ids rise through the session. Only channels on the same TCP connection are compared with each other,
   * because two connections keep no order between them.
   */
  #isOutOfOrder(channel: MrcpChannel, connection: ChannelConnection, requestId: number): boolean {
    for (const other of this.#channels.values()) {
      if (other !== channel && other.connection !== connection) continue;
      if (requestId <= other.lastRequestId) return true;
    }
    return false;
  }

  #warnOfRequestId(requestId: number): void {
    if (this.#warnedOfRequestIds) return;
    this.#warnedOfRequestIds = true;
    this.#logger.warn('MRCP request-id does not rise; accepted by policy', { requestId });
  }

  #touch(): void {
    this.#lastActivityMs = this.#deps.clock.nowMs();
    if (this.#heard || this.#closed || this.#ending) return;
    this.#heard = true;
    this.#watchFor(this.#options.inactivityMs);
  }

  /** One timer for each session, set again for what is left instead of moved by every message. */
  #watchFor(delayMs: number): void {
    this.#watch?.cancel();
    this.#watch = this.#deps.clock.setTimer(() => {
      const leftMs = this.#leftMs();
      if (leftMs > 0) this.#watchFor(leftMs);
      else this.#end(() => this.#delegate.onInactive());
    }, delayMs);
  }

  /** How long the session may go on as it is; a client that connected and is silent has all of `inactivityMs`. */
  #leftMs(): number {
    const leftMs = this.#options.inactivityMs - (this.#deps.clock.nowMs() - this.#lastActivityMs);
    if (this.#heard) return leftMs;
    return this.#deps.mayBeConnected(this) ? Math.min(leftMs, this.#options.connectDeadlineMs) : 0;
  }

  /** Tells the SIP side that this session is over, once; it answers with `close`. */
  #end(tell: () => void): void {
    this.#ending = true;
    this.#watch?.cancel();
    this.#grace?.cancel();
    tell();
  }
}
