import { testLedgerChangelog } from '../testing/changelog-contract.ts';
import { openChangelogOnBroker } from '../testing/changelog-on-broker.ts';

testLedgerChangelog(openChangelogOnBroker);
