import { testDetectors } from './testing/test-detectors.ts';

testDetectors('dispatcher', { part: 3, of: 3 });
