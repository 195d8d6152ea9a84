import type { ReactNode } from 'react';
import { ApiProblem } from '../api/problem';
import { Notice, ProblemNotice } from '../components/notice';
import { otherErrors, type PlacedWarnings, type Warning } from './field-texts';

/** For the `warning` of a field. */
export function warningAt(places: PlacedWarnings, ...fields: readonly string[]): ReactNode {
  const warnings = [...new Set(fields.flatMap((field) => places.get(field) ?? []))];
  if (warnings.length === 0) return undefined;
  return warnings.map(({ code, message }) => <div key={code}>{message}</div>);
}

/** Those that are about no field of the page. */
export function Warnings({ warnings }: { readonly warnings: readonly Warning[] | undefined }): ReactNode {
  return warnings?.map(({ code, message }) => (
    <Notice key={`${code} ${message}`} kind="warning">
      {message}
    </Notice>
  ));
}

interface TopProblemProps {
  readonly problem: Error | null;
  /** Those that show their errors themselves. */
  readonly fields: readonly string[];
}

/** Why something cannot be saved, unless it stands beside the fields. */
export function TopProblem({ problem, fields }: TopProblemProps): ReactNode {
  if (!(problem instanceof ApiProblem)) return <ProblemNotice problem={problem} />;
  const { errors } = problem.problem;
  const others = otherErrors(problem, fields);
  if (errors.length > 0 && others.length === 0) return null;
  return <ProblemNotice problem={new ApiProblem({ ...problem.problem, errors: others })} />;
}
