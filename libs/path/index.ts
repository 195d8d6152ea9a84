export { parseTarget, stripMount, type ParsedTarget } from './request-target.js';
export { PLAIN_PATHS, type PathClass, type PathRules } from './path-class.js';
export {
  judgePath,
  type CanonicalPath,
  type EncodedSlashes,
  type LenientJudgement,
  type PathJudgement,
  type PathOptions,
  type StrictJudgement,
} from './path-judgement.js';
export {
  compileExceptions,
  parseExceptionPattern,
  type CompiledExceptions,
  type ReadOnlyException,
} from './read-only-exception.js';
export { readingsOf } from './segment-readings.js';
export { pathReadings } from './upstream-readings.js';
