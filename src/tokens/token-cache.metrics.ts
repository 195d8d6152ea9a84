import { Injectable } from '@nestjs/common';
import { MetricsRegistry } from '../metrics/metrics.registry.js';
import { TokenCache } from './token.cache.js';

@Injectable()
export class TokenCacheMetrics {
  constructor(metrics: MetricsRegistry, cache: TokenCache) {
    metrics.observeCount(
      'token_lookups_total',
      'Tokens looked up: from memory (hit) or not (miss).',
      ['result'],
      () => [
        { labels: { result: 'hit' }, value: cache.hits },
        { labels: { result: 'miss' }, value: cache.misses },
      ],
    );
    metrics.observe('token_cache_entries', 'Tokens in memory.', [], () => [{ labels: {}, value: cache.size }]);
  }
}
