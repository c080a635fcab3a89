import { testDetectors } from './testing/test-detectors.ts';

testDetectors('mapper');
