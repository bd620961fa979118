/*
 * floor ADDRESS PORT TOKEN INTERVAL_MS BYTES
 *
 * The least that a report can cost: reads the files of Pipit's default collectors, writes JSON of BYTES bytes, sends it as one
 * confirmable CoAP POST to that IPv4 address and takes the acknowledgement; every INTERVAL_MS until it is killed. It keeps no
 * queue, repeats nothing and checks nothing that it is not forced to. bench.ts compares Pipit with it.
 */
#include <arpa/inet.h>
#include <ctype.h>
#include <err.h>
#include <fcntl.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/vfs.h>
#include <time.h>
#include <unistd.h>

enum { TEXT_BYTES = 64 * 1024, DATAGRAM_BYTES = 2048, JSON_BYTES = 1400, LONGEST_TOKEN = 255 };

static char text[TEXT_BYTES];
static char zone[256];

/* Length of the file's text; 0 where there is none. A file of /proc may come in pieces of a page. */
static size_t read_text(const char *path) {
  size_t length = 0;
  ssize_t count;
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd >= 0) {
    while ((count = read(fd, text + length, sizeof text - 1 - length)) > 0) length += (size_t)count;
    close(fd);
  }
  text[length] = 0;
  return length;
}

/*
 * "/sys/class/thermal/thermal_zone0/temp" of the first zone that names the processor or its chip. Where there is none it is
 * looked for at each report, as Pipit does: a driver may be loaded later.
 */
static void find_zone(void) {
  glob_t found;
  if (zone[0]) return;
  if (glob("/sys/class/thermal/thermal_zone*/type", 0, NULL, &found) != 0) return;
  for (size_t index = 0; index < found.gl_pathc && zone[0] == 0; index++) {
    const char *type = found.gl_pathv[index];
    if (read_text(type) == 0) continue;
    for (char *at = text; *at; at++) *at = (char)tolower(*at);
    if (!strstr(text, "cpu") && !strstr(text, "soc")) continue;
    snprintf(zone, sizeof zone, "%.*s/temp", (int)(strlen(type) - strlen("/type")), type);
  }
  globfree(&found);
}

static double now_s(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* "MemAvailable:    2680192 kB" in bytes */
static double memory_bytes(const char *name) {
  const char *line = strstr(text, name);
  return line ? 1024 * strtod(line + strlen(name), NULL) : 0;
}

static double cpu_usage(void) {
  static double total_before, idle_before;
  double total = 0, idle = 0, usage;
  char *at = text;
  if (read_text("/proc/stat") > 3) at += 3; /* "cpu  4987 0 2398 197412 389 0 143 51 0 0" */
  for (int field = 0; field < 8; field++) {
    double ticks = strtod(at, &at);
    total += ticks;
    if (field == 3 || field == 4) idle += ticks;
  }
  usage = total > total_before ? 100 * (1 - (idle - idle_before) / (total - total_before)) : 0;
  total_before = total;
  idle_before = idle;
  return usage;
}

/* Bytes per second over all interfaces but lo. */
static void network_rates(double *rx_rate, double *tx_rate) {
  static double rx_before, tx_before, at_before;
  double rx = 0, tx = 0, at = now_s();
  read_text("/proc/net/dev");
  for (char *line = strchr(text, '\n'); line && (line = strchr(line + 1, '\n'));) {
    char *colon = strchr(line, ':'), *field = colon;
    if (!colon) break;
    if (strncmp(colon - 2, "lo", 2) == 0) continue;
    field++;
    for (int index = 0; index < 9; index++) {
      double value = strtod(field, &field);
      if (index == 0) rx += value;
      if (index == 8) tx += value;
    }
  }
  *rx_rate = (rx - rx_before) / (at - at_before);
  *tx_rate = (tx - tx_before) / (at - at_before);
  rx_before = rx;
  tx_before = tx;
  at_before = at;
}

/* JSON of the wished size: blanks fill it up. */
static size_t write_readings(char *json, size_t wanted) {
  struct timeval wall;
  struct statfs disk;
  double rx, tx, total, available, load = 0, uptime = 0, usage = cpu_usage(), usable;
  char temperature[48] = "";
  find_zone();
  if (zone[0] && read_text(zone) > 0)
    snprintf(temperature, sizeof temperature, "\"cpuTemperature\":%.1f,", strtod(text, NULL) / 1000);
  if (read_text("/proc/loadavg") > 0) load = strtod(text, NULL);
  read_text("/proc/meminfo");
  total = memory_bytes("MemTotal:");
  available = memory_bytes("MemAvailable:");
  if (statfs("/", &disk) != 0) err(1, "statfs /");
  usable = (double)(disk.f_blocks - disk.f_bfree + disk.f_bavail);
  network_rates(&rx, &tx);
  read_text("/proc/net/wireless");
  if (read_text("/proc/uptime") > 0) uptime = strtod(text, NULL);
  gettimeofday(&wall, NULL);
  int length = snprintf(
      json, JSON_BYTES,
      "[{\"ts\":%lld,\"values\":{\"cpuUsage\":%.1f,%s\"load1\":%.2f,\"memoryUsage\":%.1f,"
      "\"memoryAvailableMb\":%.1f,\"diskUsage\":%.1f,\"diskFreeGb\":%.1f,\"networkRxBps\":%.1f,\"networkTxBps\":%.1f,"
      "\"uptime\":%.0f}}]",
      (long long)wall.tv_sec * 1000 + wall.tv_usec / 1000, usage, temperature, load,
      100 * (total - available) / total, available / 1e6,
      100 * (double)(disk.f_blocks - disk.f_bfree) / usable,
      (double)disk.f_bavail * (double)disk.f_bsize / 1e9, rx, tx, uptime);
  while (length < (int)wanted && length < JSON_BYTES - 1) json[length++] = ' ';
  return (size_t)length;
}

static size_t segment(unsigned char *at, int delta, const char *value) {
  size_t length = strlen(value), head = 1;
  at[0] = (unsigned char)(delta << 4 | (length < 13 ? length : 13)); /* RFC 7252, 3.1 */
  if (length >= 13) at[head++] = (unsigned char)(length - 13);
  memcpy(at + head, value, length);
  return head + length;
}

static size_t write_request(unsigned char *datagram, unsigned id, const char *token, size_t bytes) {
  static const unsigned char json_format[] = {0x11, 50, 0xff};
  unsigned char *at = datagram;
  *at++ = 0x44; /* confirmable, a token of 4 bytes */
  *at++ = 0x02; /* POST */
  for (int repeat = 0; repeat < 3; repeat++) { /* message ID, then a token made of it */
    *at++ = (unsigned char)(id >> 8);
    *at++ = (unsigned char)id;
  }
  at += segment(at, 11, "api");
  at += segment(at, 0, "v1");
  at += segment(at, 0, token);
  at += segment(at, 0, "telemetry");
  memcpy(at, json_format, sizeof json_format);
  at += sizeof json_format;
  at += write_readings((char *)at, bytes);
  return (size_t)(at - datagram);
}

int main(int count, char **arguments) {
  unsigned char datagram[DATAGRAM_BYTES], answer[DATAGRAM_BYTES];
  struct sockaddr_in server = {.sin_family = AF_INET};
  struct timespec due;
  if (count != 6 || strlen(arguments[3]) > LONGEST_TOKEN ||
      inet_pton(AF_INET, arguments[1], &server.sin_addr) != 1)
    errx(64, "usage: floor ADDRESS PORT TOKEN INTERVAL_MS BYTES");
  server.sin_port = htons((unsigned short)atoi(arguments[2]));
  const char *token = arguments[3];
  long interval_ms = atol(arguments[4]);
  size_t bytes = (size_t)atol(arguments[5]);
  int udp = socket(AF_INET, SOCK_DGRAM, 0);
  if (udp < 0 || connect(udp, (struct sockaddr *)&server, sizeof server) != 0) err(1, "socket");

  clock_gettime(CLOCK_MONOTONIC, &due);
  for (unsigned id = 1;; id++) {
    size_t length = write_request(datagram, id & 0xffff, token, bytes);
    if (send(udp, datagram, length, 0) < 0) err(1, "send");
    ssize_t got = recv(udp, answer, sizeof answer, 0);
    if (got < 4 || answer[1] != 0x41 || memcmp(answer + 2, datagram + 2, 2) != 0)
      errx(1, "report %u: not its 2.01", id);
    due.tv_nsec += interval_ms % 1000 * 1000000;
    due.tv_sec += interval_ms / 1000 + due.tv_nsec / 1000000000;
    due.tv_nsec %= 1000000000;
    clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &due, NULL);
  }
}
