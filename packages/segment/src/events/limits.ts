/**
 * Segment's documented limits, and the slack that its own SDKs and deliveries need.
 * Sources: segment-docs `src/connections/sources/catalog/libraries/server/http-api/index.md` ("Errors", "Max request
 * size") and `src/connections/rate-limits.md`, and the SDKs named below.
 */

/** 32 KB for an event, as the sender serialised it. Ruby counts 32,768 bytes, Go 32,000; the larger is accepted. */
export const maxEventBytes = 32_768;

/**
 * Segment measures before it adds its own fields (context, integrations, timestamps), so its partner endpoint and
 * webhooks can deliver more than 32 KB although the source accepted the event.
 */
export const maxDeliveredEventBytes = 65_536;

/**
 * 500 KB a batch. Go and Python read that as 500,000 bytes, Ruby (512,000) and Rust (524,288) as more, each without the
 * envelope, so a hard limit must be higher. 768 KiB leaves room for all of them, and one oversize event of that size
 * still fits a Kafka record (`message.max.bytes`, 1,048,588 by default) on its way to the dead letters.
 */
export const maxRequestBytes = 786_432;

/**
 * "The maximum is 2,500 events a batch"; Segment answers 200 and drops the events over it, so they get a verdict each.
 */
export const maxBatchEvents = 2500;

/** The largest batch that Segment's Actions webhook can be set to send ("max 4000"). */
export const maxWebhookItems = 4000;

/**
 * Beyond this a request is refused as a whole: naming hundreds of thousands of empty items one by one would amplify the
 * request.
 */
export const maxBatchItems = 10_000;

/** "messageId … must be less than 100 characters"; 100 itself is accepted. */
export const maxMessageIdCharacters = 100;

/**
 * Ours: Segment documents none for its ids. Each id becomes a record key and the mapper's state of a user, which is
 * kept as long as the topic, so unbounded ids would let one sender fill the memory of all. 512 bytes of UTF-8 hold
 * every id that systems make (UUIDs, addresses of at most 254 characters, hashes) and fit the 1,000 characters that the
 * Astrolabe API accepts.
 */
export const maxIdBytes = 512;

/** "10,000 properties per event", nested ones counted. */
export const maxEventMembers = 10_000;

/** Ours: Segment documents none. Deep enough for every real event, and shallow enough for recursive readers. */
export const maxEventDepth = 64;

/**
 * Ours: total bytes of the `context` and `integrations` beside a batch once every event has its copy. Without it 2,500
 * small events and one context of 400 KB, about a kilobyte as gzip, become a gigabyte of records. SDKs put some hundred
 * bytes there.
 */
export const maxSharedBytes = 16_777_216;
