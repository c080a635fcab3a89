import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  claimRecord,
  positionRecord,
  releaseRecord,
  type ConsumedRecord,
  type OutgoingRecord,
} from '@astrolabe/records';
import { consumedRecord } from '@astrolabe/records/testing';
import { PartitionClaims } from './claims.ts';

const GROUP = 'group';
const at = (offset: bigint, record: OutgoingRecord): ConsumedRecord => consumedRecord({ ...record, offset });
const claim = (owner: string, offset: bigint) =>
  at(offset, claimRecord(GROUP, { owner, transactionalIds: [`${GROUP}-${owner}`] }, 0));
const release = (owner: string, offset: bigint) => at(offset, releaseRecord(GROUP, owner, 0));
const position = (offset: bigint) => at(offset, positionRecord(GROUP, 1n, { partition: 0, topicId: undefined }));
const ownersOf = (claims: readonly { readonly owner: string }[]) => claims.map(({ owner }) => owner);

function claimsOf(...records: readonly ConsumedRecord[]): PartitionClaims {
  const claims = new PartitionClaims(GROUP);
  claims.addCommitted(records);
  return claims;
}

test('everybody who claimed before and has not released must be fenced', () => {
  const claims = claimsOf(claim('a', 1n), claim('b', 2n), release('b', 3n), claim('me', 4n), position(5n));
  assert.deepEqual(ownersOf(claims.before('me')), ['a']);
  assert.equal(claims.isFollowed('me'), false);
});

test('an owner need not begin where somebody claimed later, who fences it', () => {
  assert.equal(claimsOf(claim('me', 1n), claim('a', 2n)).isFollowed('me'), true);
  assert.equal(claimsOf(claim('me', 1n), claim('a', 2n), claim('me', 3n)).isFollowed('me'), false);
  assert.equal(claimsOf(claim('me', 1n), claim('a', 2n), release('a', 3n)).isFollowed('me'), false);
});

test('an undecided claim counts, an undecided release does not', () => {
  const claims = claimsOf(claim('a', 1n));
  claims.addUndecided([release('a', 2n), claim('b', 3n), claim('me', 4n)]);
  assert.deepEqual(ownersOf(claims.before('me')), ['a', 'b']);
  claims.addCommitted([release('a', 2n), claim('b', 3n), claim('me', 4n), release('b', 5n)]);
  assert.deepEqual(claims.before('me'), []);
});

test('a release ends the claims before it, and not one behind it that was seen before it was decided', () => {
  const claims = claimsOf(claim('a', 1n));
  claims.addUndecided([claim('me', 2n), release('me', 3n), claim('a', 4n), claim('me', 5n)]);
  claims.addCommitted([claim('me', 2n), release('me', 3n)]);
  assert.deepEqual(ownersOf(claims.before('me')), ['a']);
  claims.addCommitted([release('a', 6n)]);
  assert.deepEqual(claims.before('me'), []);
});

test('an owner that has lost a partition is told from one that is only behind', () => {
  assert.equal(claimsOf(claim('a', 1n), claim('me', 2n)).wasTakenFrom('me'), false);
  assert.equal(claimsOf(claim('me', 1n), claim('a', 2n)).wasTakenFrom('me'), true);
  // The successor has removed what came before it.
  assert.equal(claimsOf(claim('me', 1n), claim('a', 2n), release('me', 3n)).wasTakenFrom('me'), true);
  assert.equal(
    claimsOf(claim('me', 1n), claim('a', 2n), release('me', 3n), release('a', 4n)).wasTakenFrom('me'),
    false,
  );
});

test('a log without a position of today may belong to a version without claims', () => {
  const earlier = at(1n, {
    ...positionRecord(GROUP, 1n, { partition: 0, topicId: undefined }),
    value: Buffer.from('{"nextOffset":"1"}'),
  });
  assert.equal(claimsOf().isFromBeforeClaims, true);
  assert.equal(claimsOf(earlier, claim('me', 2n)).isFromBeforeClaims, true);
  assert.equal(claimsOf(earlier, position(2n)).isFromBeforeClaims, false);
  assert.equal(claimsOf(position(1n), { ...earlier, offset: 2n }).isFromBeforeClaims, true);
});
