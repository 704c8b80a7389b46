/** Status codes of responses (RFC 6787 5.4); 201, 503 and 411-420 are never sent by this server. */
export const status = {
  success: 200,
  methodNotAllowed: 401,
  methodNotValidInState: 402,
  unsupportedHeader: 403,
  illegalHeaderValue: 404,
  noSuchResource: 405,
  mandatoryHeaderMissing: 406,
  operationFailed: 407,
  unsupportedEntity: 408,
  unsupportedHeaderValue: 409,
  requestIdOutOfOrder: 410,
  internalError: 501,
  versionNotSupported: 502,
  messageTooLarge: 504,
} as const;

export type StatusCode = (typeof status)[keyof typeof status];
