const format = new Intl.NumberFormat(undefined, { maximumFractionDigits: 2 });

/** A number rounded for reading. */
export const formatNumber = (value: number) => format.format(value);
