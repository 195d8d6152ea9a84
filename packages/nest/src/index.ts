export { Caller, Public, RequireScope } from './access.decorators.js';
export type { Scope, ScopegateCaller } from './decision.js';
export { rememberHandshake, type HandshakeOptions } from './handshake.js';
export { ScopegateGuard } from './scopegate.guard.js';
export { ScopegateModule } from './scopegate.module.js';
export type { ScopegateOptions } from './scopegate-options.js';
export type { SubjectRequest } from './subject.js';
