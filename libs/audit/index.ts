export * from './event.js';
export * from './event-id.js';
export * from './redaction.js';
