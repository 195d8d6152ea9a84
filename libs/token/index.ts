export * from './authorization.js';
export * from './expiry.js';
export * from './instant.js';
export * from './token-digest.js';
export * from './token-format.js';
export * from './token-lifecycle.js';
export * from './user-name.js';
export * from './validity.js';
export { parseOverlap, type OverlapReading } from './overlap.js';
