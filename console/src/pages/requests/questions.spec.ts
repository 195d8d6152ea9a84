import { describe, expect, it } from 'vitest';
import { STAGES } from '../../../../libs/access/stages';
import { questionOf } from './questions';

describe('questionOf', () => {
  it.each(STAGES)('R101: the stage %s has a question', (stage) => {
    expect(questionOf(stage)).toMatch(/\?$/);
  });

  it('R101: a stage that is not known has none', () => {
    expect(questionOf('constructor')).toBeNull();
  });
});
