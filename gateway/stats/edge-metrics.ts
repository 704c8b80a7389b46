import { only, type MetricCollector, type Sample } from './metric-collector.js';
import type { Readings, WebhookReading } from './readings.js';

/** Metrics of what people and systems connect to besides telephony: chat, routing, audio sockets, webhooks. */
export function registerEdges(collector: MetricCollector, readings: () => Readings): void {
  registerChat(collector, readings);
  registerRouting(collector, readings);
  registerAudioSockets(collector, readings);
  registerWebhooks(collector, readings);
}

function registerRouting(collector: MetricCollector, readings: () => Readings): void {
  const read = () => readings().routing;
  collector.gauge('parley_routing_connected', '1 while the user-to-node mapping is reached.', [], () =>
    only(read(), ({ connected }) => Number(connected)),
  );
  collector.gauge('parley_routing_devices', 'Devices claimed for connections of this node.', [], () =>
    only(read(), ({ devices }) => devices),
  );
  collector.gauge('parley_routing_nodes', 'Nodes that live, this one included.', [], () =>
    only(read(), ({ livingNodes }) => livingNodes),
  );
  collector.gauge('parley_routing_waiting', 'Messages to other nodes that wait for the wire.', [], () =>
    only(read(), ({ waitingEnvelopes }) => waitingEnvelopes),
  );
  collector.counter('parley_routing_events_total', 'What routing has done and met with.', ['event'], () =>
    Object.entries(read()?.events ?? {}).map(([event, count]) => [{ event }, count] as const),
  );
}

function registerChat(collector: MetricCollector, readings: () => Readings): void {
  const chat = () => readings().chat;
  const directions = (incoming: 'bytesIn' | 'framesIn', outgoing: 'bytesOut' | 'framesOut') => () => {
    const reading = chat();
    return reading === undefined || reading === null
      ? []
      : [
          [{ direction: 'in' }, reading[incoming]] as const,
          [{ direction: 'out' }, reading[outgoing]] as const,
        ];
  };
  const byLabel = (label: string, pick: 'closes' | 'refused') => () =>
    Object.entries(chat()?.[pick] ?? {}).map(([value, count]) => [{ [label]: value }, count] as const);
  collector.gauge('parley_chat_connections', 'Chat connections open.', [], () =>
    only(chat(), (reading) => reading.connections),
  );
  collector.gauge('parley_chat_waiting_hello', 'Chat connections that have not said who they are.', [], () =>
    only(chat(), (reading) => reading.waitingHello),
  );
  collector.gauge('parley_chat_paused', 'Chat connections that do not take what is sent.', [], () =>
    only(chat(), (reading) => reading.paused),
  );
  collector.counter(
    'parley_chat_frames_total',
    'Frames of chat clients.',
    ['direction'],
    directions('framesIn', 'framesOut'),
  );
  collector.counter(
    'parley_chat_bytes_total',
    'Bytes of the frames of chat clients.',
    ['direction'],
    directions('bytesIn', 'bytesOut'),
  );
  collector.counter(
    'parley_chat_closes_total',
    'Chat connections that ended, by close code.',
    ['code'],
    byLabel('code', 'closes'),
  );
  collector.counter(
    'parley_chat_refused_total',
    'Upgrades, frames and messages of chat clients that were not taken.',
    ['reason'],
    byLabel('reason', 'refused'),
  );
  collector.counter('parley_chat_slow_total', 'Chat clients closed because they took nothing.', [], () =>
    only(chat(), (reading) => reading.slow),
  );
  collector.counter(
    'parley_chat_dropped_signals_total',
    'Typing and marks left out for chat clients that take little.',
    [],
    () => only(chat(), (reading) => reading.droppedSignals),
  );
}

function registerWebhooks(collector: MetricCollector, readings: () => Readings): void {
  const each = (pick: (reading: WebhookReading) => number) => (): readonly Sample[] =>
    (readings().webhooks ?? []).map((reading) => [{ hook: reading.hook }, pick(reading)]);
  collector.counter(
    'parley_webhook_attempts_total',
    'Attempts to deliver an event, by what became of them.',
    ['hook', 'result'],
    () =>
      (readings().webhooks ?? []).flatMap(({ delivered, failed, hook }) => [
        [{ hook, result: 'delivered' }, delivered] as const,
        [{ hook, result: 'failed' }, failed] as const,
      ]),
  );
  collector.counter(
    'parley_webhook_dead_total',
    'Deliveries that were given up.',
    ['hook'],
    each(({ dead }) => dead),
  );
  collector.counter(
    'parley_webhook_attempt_seconds_total',
    'Time of all attempts together.',
    ['hook'],
    each(({ attemptSeconds }) => attemptSeconds),
  );
  collector.counter(
    'parley_webhook_delay_seconds_total',
    'Time from an event to its delivery, of all that were delivered.',
    ['hook'],
    each(({ delaySeconds }) => delaySeconds),
  );
  collector.gauge(
    'parley_webhook_running',
    'Deliveries in hand.',
    ['hook'],
    each(({ running }) => running),
  );
  collector.gauge(
    'parley_webhook_paused',
    '1 while a hook that failed too often is left alone.',
    ['hook'],
    each(({ paused }) => Number(paused)),
  );
}

function registerAudioSockets(collector: MetricCollector, readings: () => Readings): void {
  const read = () => readings().audioSockets;
  const by = (label: string, counts: ReadonlyMap<string, number> | undefined): readonly Sample[] =>
    Array.from(counts ?? [], ([value, count]) => [{ [label]: value }, count] as const);
  collector.gauge('parley_audio_socket_streams', 'Audio-socket streams open.', [], () =>
    only(read(), (reading) => reading.streams),
  );
  collector.counter('parley_audio_socket_frames_total', 'Audio frames over WebSocket.', ['result'], () => {
    const reading = read();
    return reading === undefined || reading === null
      ? []
      : [
          [{ result: 'in' }, reading.framesIn],
          [{ result: 'out' }, reading.framesOut],
          [{ result: 'dropped' }, reading.framesDropped],
        ];
  });
  collector.counter('parley_audio_socket_ends_total', 'Audio-socket sessions that ended.', ['ending'], () =>
    by('ending', read()?.endings),
  );
  collector.counter(
    'parley_audio_socket_refused_total',
    'Audio-socket connections that were refused.',
    ['cause'],
    () => by('cause', read()?.refusals),
  );
}
