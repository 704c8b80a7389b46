import type { FastifyRequest } from 'fastify';

import { name } from '../../config/sections/fields.js';
import type { ApiCaller } from '../http/authentication.js';
import type { HttpErrorCode } from '../http/errors.js';

/** Request header field that names the tenant. */
export const tenantHeader = 'parley-tenant';

export type TenantChoice =
  | { readonly ok: true; readonly name: string }
  | {
      readonly ok: false;
      readonly status: 400 | 404;
      readonly code: HttpErrorCode;
      readonly message: string;
    };

/** The key's own tenant; else the one that the request names, else the default one. Of other tenants a key learns nothing. */
export function tenantOf(
  { headers }: Pick<FastifyRequest, 'headers'>,
  caller: Pick<ApiCaller, 'tenant'>,
  defaultTenant: string,
): TenantChoice {
  const asked = headers[tenantHeader];
  if (asked === undefined) return { ok: true, name: caller.tenant ?? defaultTenant };
  const parsed = name.safeParse(asked);
  if (!parsed.success)
    return {
      ok: false,
      status: 400,
      code: 'bad-request',
      message: `${tenantHeader} is not valid: ${parsed.error.issues[0]?.message ?? ''}`,
    };
  if (caller.tenant === null || caller.tenant === parsed.data) return { ok: true, name: parsed.data };
  return { ok: false, status: 404, code: 'not-found', message: 'there is no such tenant' };
}
