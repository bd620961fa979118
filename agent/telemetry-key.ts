/**
 * What ThingsBoard stores and rule scripts can name (`msg.doorOpen`); at the top level `ts` and `values` are its own.
 * ThingsBoard keeps 255 characters; a shorter bound keeps a batch in one datagram.
 */
export const isTelemetryKey = (text: string): boolean =>
  /^(?!(?:ts|values)$)[A-Za-z][A-Za-z0-9_]{0,63}$/.test(text);
