/** Sets of values by key. A key whose set is empty is not in the map. */
export class SetsByKey<Key, Value> extends Map<Key, Set<Value>> {
  addTo(key: Key, value: Value): void {
    const values = this.get(key);
    if (values) values.add(value);
    else this.set(key, new Set([value]));
  }

  removeFrom(key: Key, value: Value): void {
    const values = this.get(key);
    values?.delete(value);
    if (values?.size === 0) this.delete(key);
  }
}
