import { testDetectors } from './testing/test-detectors.ts';

testDetectors('mapper', { part: 2, of: 2 });
