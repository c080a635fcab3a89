import type { KeyCheck } from '@astrolabe/operations';

export function describeCheck(check: KeyCheck): string {
  switch (check.kind) {
    case 'accepted':
      return 'accepted';
    case 'refused':
      return `refused (${check.status})`;
    case 'unclear':
      return `unclear: ${check.reason}`;
  }
}
