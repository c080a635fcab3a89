import { join } from 'node:path';

/**
 * Folder of a partition's copy: `<directory>/<group>/<topic>-<partition>`. Any group id makes one folder name, and none
 * leads elsewhere.
 */
export function partitionDirectory(
  directory: string,
  { groupId, topic, partition }: { readonly groupId: string; readonly topic: string; readonly partition: number },
): string {
  return join(directory, folderName(groupId), `${folderName(topic)}-${partition}`);
}

/** `encodeURIComponent` leaves `.` and `..` as they are. */
function folderName(text: string): string {
  return encodeURIComponent(text).replace(/^\.+/, (dots) => '%2E'.repeat(dots.length));
}
