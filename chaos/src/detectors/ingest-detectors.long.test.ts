import { testDetectors } from './testing/test-detectors.ts';

testDetectors('ingest', { part: 1, of: 1 });
