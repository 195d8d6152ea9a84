export * from './hmac.js';
export * from './brand.js';
export * from './header-lines.js';
export * from './header-name.js';
export * from './repeated-lines.js';
export * from './application-kind.js';
export * from './json-names.js';
export * from './json-shape.js';
