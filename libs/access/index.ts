export * from './stages.js';
export * from './reasons.js';
export * from './facts.js';
export * from './decision.js';
export * from './admit.js';
export * from './authenticate.js';
export * from './authorize.js';
export * from './decide.js';
