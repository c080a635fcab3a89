import { testDetectors } from './testing/test-detectors.ts';

testDetectors('mapper', { part: 1, of: 2 });
