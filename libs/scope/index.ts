export { SCOPES, coversWrites, isScope, type Scope } from './scope.js';
export { isMethodOverrideHeader, overridingMethodsOfHeaders, overridingMethodsOfQuery } from './method-override.js';
export { gitService, lfsOperation, type GitService, type LfsOperation } from './git-service.js';
export { countsAsRead, isReadMethod, isRefusedMethod, type ReadFacts } from './read-request.js';
export {
  MAX_OVERRIDE_BODY_BYTES,
  mayOverrideInBody,
  overridingMethodsOfBody,
  type BodyOverrides,
} from './body-override.js';
export { foldFieldName, markedParameters, nameMark, valueMark, type QueryParameter } from './query-parameter.js';
