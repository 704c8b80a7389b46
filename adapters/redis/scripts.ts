import { createHash } from 'node:crypto';

import type { Cluster, Redis } from 'ioredis';

/** A Lua script over one key, sent by its digest, and whole when the server does not know it yet. */
export class RedisScript {
  readonly #text: string;
  readonly #digest: string;

  constructor(text: string) {
    this.#text = text;
    this.#digest = createHash('sha1').update(text).digest('hex');
  }

  async run(
    client: Redis | Cluster,
    key: string,
    ...args: readonly (string | number)[]
  ): Promise<readonly unknown[]> {
    const answer = await client.evalsha(this.#digest, 1, key, ...args).catch((err: unknown) => {
      if (!(err instanceof Error) || !err.message.startsWith('NOSCRIPT')) throw err;
      return client.eval(this.#text, 1, key, ...args);
    });
    return Array.isArray(answer) ? (answer as readonly unknown[]) : [answer];
  }
}

const now = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local function digits(number) return string.format('%.0f', number) end
`;

/**
 * A user is a hash: `d:<device>` is "<epoch> <node> <incarnation> <connection>", `e:<device>` the last epoch of a device
 * whether somebody has it or not.
 */
const slots = `
local function countSlots()
  local count, oldest, oldestEpoch = 0, nil, nil
  local fields = redis.call('HGETALL', KEYS[1])
  for i = 1, #fields, 2 do
    if string.sub(fields[i], 1, 2) == 'd:' then
      count = count + 1
      local epoch = tonumber(string.match(fields[i + 1], '^%d+'))
      if not oldest or epoch < oldestEpoch then oldest, oldestEpoch = fields[i], epoch end
    end
  end
  return count, oldest
end
`;

/** Arguments: device, holder, lease in ms, most devices, most marks. Gives the epoch, then device and slot of the ousted. */
export const claimScript = new RedisScript(`${now}${slots}
local slot, mark = 'd:' .. ARGV[1], 'e:' .. ARGV[1]
local epoch = digits(math.max(tonumber(redis.call('HGET', KEYS[1], mark) or '0') + 1, now))
local answer = { epoch }
local previous = redis.call('HGET', KEYS[1], slot)
if previous then
  answer[2], answer[3] = ARGV[1], previous
elseif redis.call('HLEN', KEYS[1]) >= tonumber(ARGV[4]) then
  local count, oldest = countSlots()
  if count >= tonumber(ARGV[4]) then
    answer[2], answer[3] = string.sub(oldest, 3), redis.call('HGET', KEYS[1], oldest)
    redis.call('HDEL', KEYS[1], oldest)
  end
end
redis.call('HSET', KEYS[1], slot, epoch .. ' ' .. ARGV[2], mark, epoch)
if redis.call('HLEN', KEYS[1]) > tonumber(ARGV[5]) then
  local fields = redis.call('HGETALL', KEYS[1])
  local held, marks = {}, 0
  for i = 1, #fields, 2 do
    local kind, device = string.sub(fields[i], 1, 2), string.sub(fields[i], 3)
    if kind == 'd:' then held[device] = true else marks = marks + 1 end
  end
  if marks > tonumber(ARGV[5]) then
    for i = 1, #fields, 2 do
      local kind, device = string.sub(fields[i], 1, 2), string.sub(fields[i], 3)
      if kind == 'e:' and not held[device] and tonumber(fields[i + 1]) <= now then
        redis.call('HDEL', KEYS[1], fields[i])
      end
    end
  end
end
redis.call('PEXPIRE', KEYS[1], ARGV[3])
return answer
`);

/** Arguments: device, epoch, holder, lease in ms, most devices. Gives the outcome, the epoch, and the slot of the ousted. */
export const renewScript = new RedisScript(`${slots}
local slot, mark = 'd:' .. ARGV[1], 'e:' .. ARGV[1]
local epoch = tonumber(ARGV[2])
local there = redis.call('HGET', KEYS[1], slot)
local last = redis.call('HGET', KEYS[1], mark) or '0'
local ousted = ''
if there then
  local number, holder = string.match(there, '^(%d+) (.*)$')
  local own = holder == ARGV[3]
  if own and tonumber(number) >= epoch then
    redis.call('PEXPIRE', KEYS[1], ARGV[4])
    return { 'kept', number, '' }
  end
  if tonumber(number) >= epoch then return { 'lost', number, '' } end
  if not own then ousted = there end
else
  if tonumber(last) > epoch then return { 'lost', last, '' } end
  if redis.call('HLEN', KEYS[1]) >= tonumber(ARGV[5]) and countSlots() >= tonumber(ARGV[5]) then
    return { 'lost', last, '' }
  end
end
redis.call('HSET', KEYS[1], slot, ARGV[2] .. ' ' .. ARGV[3])
if tonumber(last) < epoch then redis.call('HSET', KEYS[1], mark, ARGV[2]) end
redis.call('PEXPIRE', KEYS[1], ARGV[4])
return { 'restored', ARGV[2], ousted }
`);

/** Arguments: device, slot. Gives 1 when exactly this slot was there. */
export const releaseScript = new RedisScript(`
local slot = 'd:' .. ARGV[1]
if redis.call('HGET', KEYS[1], slot) ~= ARGV[2] then return 0 end
return redis.call('HDEL', KEYS[1], slot)
`);

/**
 * All nodes are one hash: id to "<ends at ms> <incarnation> <record as JSON>".
 *
 * Arguments: id, incarnation, record, lease in ms, 1 when first, most nodes. Gives the time, 1 when another incarnation
 * has the id, then the records of all that live.
 */
export const beatScript = new RedisScript(`${now}
local answer, superseded = {}, 0
local fields = redis.call('HGETALL', KEYS[1])
for i = 1, #fields, 2 do
  local id = fields[i]
  local ends, incarnation, record = string.match(fields[i + 1], '^(%d+) (%S+) (.*)$')
  if not ends or tonumber(ends) <= now then
    redis.call('HDEL', KEYS[1], id)
  elseif id ~= ARGV[1] then
    if #answer < tonumber(ARGV[6]) - 1 then answer[#answer + 1] = record end
  elseif incarnation ~= ARGV[2] and ARGV[5] ~= '1' then
    superseded = 1
    answer[#answer + 1] = record
  end
end
local lease = tonumber(ARGV[4])
if superseded == 0 then
  redis.call('HSET', KEYS[1], ARGV[1], digits(now + lease) .. ' ' .. ARGV[2] .. ' ' .. ARGV[3])
  answer[#answer + 1] = ARGV[3]
end
if redis.call('PTTL', KEYS[1]) < 2 * lease then redis.call('PEXPIRE', KEYS[1], 2 * lease) end
table.insert(answer, 1, superseded)
table.insert(answer, 1, digits(now))
return answer
`);

/** Arguments: id, incarnation. */
export const retireScript = new RedisScript(`
local there = redis.call('HGET', KEYS[1], ARGV[1])
if there and string.match(there, '^%d+ (%S+) ') == ARGV[2] then return redis.call('HDEL', KEYS[1], ARGV[1]) end
return 0
`);
