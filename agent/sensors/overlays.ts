/** How a Raspberry Pi learns about a chip that cannot announce itself; see the overlay README of its kernel. */
export interface Overlay {
  readonly sensors: string;
  /** For /boot/firmware/config.txt. */
  readonly line: string;
}

export const W1_LINE = "dtoverlay=w1-gpio,gpiopin=4";
export const I2C_LINE = "dtparam=i2c_arm=on";

/** The usual chips on I²C, by what people buy most. */
export const i2cOverlays: readonly Overlay[] = [
  { sensors: "BME280, BMP280", line: "dtoverlay=i2c-sensor,bme280,addr=0x76" },
  { sensors: "SHT3x", line: "dtoverlay=i2c-sensor,sht3x,addr=0x44" },
  { sensors: "BH1750", line: "dtoverlay=i2c-sensor,bh1750,addr=0x23" },
  {
    sensors: "ADS1115",
    line: "dtoverlay=ads1115,addr=0x48,cha_enable,cha_cfg=4,cha_gain=1",
  },
];
