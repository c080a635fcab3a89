import { testDetectors } from './testing/test-detectors.ts';

testDetectors('dispatcher', { part: 2, of: 3 });
