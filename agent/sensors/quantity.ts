/** What a number measures, in the unit that is sent. */
export interface Quantity {
  /** Of keys: "temperature". */
  readonly name: string;
  readonly unit: string;
  /** From the kernel's unit: 48199 m°C is 48.199 °C. */
  readonly convert: (value: number) => number;
  /** Outside of these, in `unit`, it is a fault and no reading. */
  readonly lowest: number;
  readonly highest: number;
  /** A bare count: a raw value without scale is the value. */
  readonly unscaled?: true;
}

// Division, because 21437 * 0.001 is 21.437000000000001.
const milli = (value: number) => value / 1_000;
const micro = (value: number) => value / 1_000_000;
const times = (factor: number) => (value: number) => value * factor;
const asIs = (value: number) => value;

const quantity = (
  name: string,
  unit: string,
  convert: (value: number) => number,
  [lowest, highest]: readonly [number, number] = [-1e12, 1e12],
): Quantity => ({ name, unit, convert, lowest, highest });

const temperature = quantity("temperature", "°C", milli, [-100, 400]);
const humidity = quantity("humidity", "%", milli, [0, 100]);
const voltage = quantity("voltage", "V", milli);
const current = quantity("current", "A", milli);

/** DS18B20 and its family, by their data sheet. */
export const w1Temperature = quantity("temperature", "°C", milli, [-55, 125]);

/**
 * IIO types and the kernel's unit of each.
 * @see https://www.kernel.org/doc/Documentation/ABI/testing/sysfs-bus-iio
 */
export const iioQuantities: Readonly<Record<string, Quantity>> = {
  temp: temperature,
  humidityrelative: humidity,
  pressure: quantity("pressure", "hPa", times(10), [1, 20_000]), // kPa
  voltage,
  current,
  power: quantity("power", "W", milli),
  energy: quantity("energy", "J", asIs),
  illuminance: quantity("illuminance", "lx", asIs, [0, 1e6]),
  concentration: quantity("concentration", "ppm", times(10_000), [0, 1e6]), // per cent
  massconcentration: quantity("massConcentration", "µg/m³", asIs, [0, 1e6]),
  resistance: quantity("resistance", "ohm", asIs, [0, 1e12]),
  accel: quantity("acceleration", "m/s²", asIs),
  anglvel: quantity("angularVelocity", "rad/s", asIs),
  magn: quantity("magneticField", "µT", times(100)), // gauss
  distance: quantity("distance", "m", asIs, [0, 1e6]),
  proximity: { ...quantity("proximity", "", asIs), unscaled: true },
  intensity: { ...quantity("intensity", "", asIs), unscaled: true },
  count: { ...quantity("count", "", asIs), unscaled: true },
};

/**
 * hwmon types.
 * @see https://www.kernel.org/doc/html/latest/hwmon/sysfs-interface.html
 */
export const hwmonQuantities: Readonly<Record<string, Quantity>> = {
  temp: temperature,
  humidity,
  in: voltage,
  curr: current,
  power: quantity("power", "W", micro),
  energy: quantity("energy", "J", micro),
  fan: quantity("fan", "rpm", asIs, [0, 1e6]),
  pwm: quantity("pwm", "%", (value) => (value * 100) / 255, [0, 100]), // 0 to 255
  freq: quantity("frequency", "Hz", asIs, [0, 1e12]),
};

/** Of a type that is in no table: sent as it comes, and only when somebody lists it. */
export const unknownQuantity = (type: string): Quantity => quantity(type, "", asIs);
