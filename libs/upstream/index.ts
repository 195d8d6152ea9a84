export * from './connection-shares.js';
export * from './target.js';
export * from './headers.js';
export * from './line-decoder.js';
export * from './failures.js';
export * from './identity.js';
export * from './session-values.js';
export * from './trace-context.js';
