import { Injectable } from '@nestjs/common';
import { MetricsRegistry } from '../metrics/metrics.registry.js';
import { PasswordHasher } from './password.hasher.js';

@Injectable()
export class PasswordMetrics {
  constructor(metrics: MetricsRegistry, hasher: PasswordHasher) {
    metrics.observe('password_checks', 'Passwords that are being checked, or wait for it.', ['state'], () => [
      { labels: { state: 'running' }, value: hasher.running },
      { labels: { state: 'waiting' }, value: hasher.waiting },
    ]);
  }
}
