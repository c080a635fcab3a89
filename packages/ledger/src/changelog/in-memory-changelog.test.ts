import { createInMemoryChangelog } from './in-memory-changelog.ts';
import { testLedgerChangelog } from '../testing/changelog-contract.ts';

testLedgerChangelog(async () => createInMemoryChangelog(() => Date.now()));
