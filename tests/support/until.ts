/** Resolves when the condition holds: for facts that nothing announces. Rejects when it takes longer than the limit. */
export async function until(condition: () => boolean | Promise<boolean>, limitMs = 5_000): Promise<void> {
  const latest = performance.now() + limitMs;
  while (!(await condition())) {
    if (performance.now() > latest) throw new Error(`Not within ${limitMs} ms: ${condition}`);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}
