const format = new Intl.NumberFormat(undefined, { maximumFractionDigits: 2 });

/** A measured number as one reads it, and not as it was worked out. */
export const formatNumber = (value: number) => format.format(value);
