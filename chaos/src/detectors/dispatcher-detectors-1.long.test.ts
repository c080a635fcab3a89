import { testDetectors } from './testing/test-detectors.ts';

testDetectors('dispatcher', { part: 1, of: 3 });
