export * from './bounds.js';
export * from './challenge.js';
export * from './codes.js';
export * from './guidance.js';
export * from './problem.js';
export * from './request-explanation.js';
