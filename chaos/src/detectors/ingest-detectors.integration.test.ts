import { testDetectors } from './testing/test-detectors.ts';

testDetectors('ingest');
