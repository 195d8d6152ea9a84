export * from './permission.js';
export * from './permission-warning.js';
export * from './token-creation.js';
