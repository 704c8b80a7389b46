import { allowedMethods } from './core.js';
import { getContentType, getHeader, getHeaders, getTokens } from './header-fields.js';
import type { SipRequest, SipResponse } from './message.js';
import { createResponse } from './response.js';
import { parseNameAddressList } from './uri.js';

/** Methods of the registry that we know and do not serve: 405 rather than 501 (RFC 3261 8.2.1, 21.5.2). */
const knownMethods: ReadonlySet<string> = new Set([
  ...allowedMethods,
  'REGISTER',
  'REFER',
  'SUBSCRIBE',
  'PUBLISH',
  'MESSAGE',
  'PRACK',
]);
const servedMethods: ReadonlySet<string> = new Set(allowedMethods);
const supportedOptions: ReadonlySet<string> = new Set(['timer']);
const servedSchemes: ReadonlySet<string> = new Set(['sip', 'sips', 'tel']);

/**
 * The inspection every request gets before anyone acts on it (RFC 3261 8.2.1 to 8.2.3); null when it passes.
 *
 * `toTag` goes into a refusal. Max-Forwards of 0 is no fault here: we are the last hop (RFC 3261 16.3 is for proxies).
 */
export function refuseRequest(request: SipRequest, toTag: string): SipResponse | null {
  return refuseMethod(request, toTag) ?? refuseHeaders(request, toTag) ?? refuseBody(request, toTag);
}

function refuseMethod(request: SipRequest, toTag: string): SipResponse | null {
  if (servedMethods.has(request.method)) return null;
  const status = knownMethods.has(request.method) ? 405 : 501;
  return createResponse(request, status, { toTag, headers: [['Allow', allowedMethods.join(', ')]] });
}

function refuseHeaders(request: SipRequest, toTag: string): SipResponse | null {
  const scheme = request.uri.slice(0, Math.max(0, request.uri.indexOf(':'))).toLowerCase();
  if (!servedSchemes.has(scheme)) return createResponse(request, 416, { toTag });
  const unsupported = [...getTokens(request, 'Require')].filter((option) => !supportedOptions.has(option));
  if (unsupported.length > 0)
    return createResponse(request, 420, { toTag, headers: [['Unsupported', unsupported.join(', ')]] });
  for (const name of ['Contact', 'Record-Route']) {
    const values = getHeaders(request, name).map((header) => header.value);
    if (!parseNameAddressList(values))
      return createResponse(request, 400, { toTag, reason: `Malformed ${name}` });
  }
  return null;
}

/** Bodies matter in INVITE and UPDATE alone; elsewhere they are ignored. */
function refuseBody(request: SipRequest, toTag: string): SipResponse | null {
  if (request.body.length === 0 || (request.method !== 'INVITE' && request.method !== 'UPDATE')) return null;
  const encoding = (getHeader(request, 'Content-Encoding') ?? 'identity').toLowerCase();
  if (encoding !== 'identity')
    return createResponse(request, 415, { toTag, headers: [['Accept-Encoding', 'identity']] });
  if (getContentType(request) !== 'application/sdp')
    return createResponse(request, 415, { toTag, headers: [['Accept', 'application/sdp']] });
  return null;
}
