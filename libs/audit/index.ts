export * from './event.js';
export * from './event-id.js';
export * from './redaction.js';
export * from './chain.js';
export * from './chain-walk.js';
export * from './flood.js';
export * from './journal-line.js';
export * from './csv.js';
