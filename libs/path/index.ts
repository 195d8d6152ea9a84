export { parseTarget, stripMount, type ParsedTarget } from './request-target.js';
export { PATH_READINGS, PLAIN_PATHS, type PathClass, type PathReading, type PathRules } from './path-class.js';
export {
  judgePath,
  type CanonicalPath,
  type LenientJudgement,
  type PathJudgement,
  type PathOptions,
  type StrictJudgement,
} from './path-judgement.js';
export {
  compilePatterns,
  parsePathPattern,
  type CompiledPatterns,
  type PathPattern,
  type PatternParsing,
  type ReadOnlyException,
} from './path-pattern.js';
export { compileBlockedPaths, type BlockedMethods, type BlockedPaths, type BlockedReach } from './blocked-path.js';
export { isRewritten } from './path-readings.js';
export { readingsOf } from './segment-readings.js';
export { pathReadings } from './upstream-readings.js';
