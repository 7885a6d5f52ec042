/* A driver that is not there: the calls of NVML that Homebody makes, answered from FAKE_NVML.

   FAKE_NVML holds statements, each ended by ';' and read anew at each call, so that a test can
   change the world between two readings. A number below 0 means that the card does not support
   that. Memory in bytes, load in per cent, degrees, milliwatts, millijoules.

     init CODE;  driver TEXT;  cuda NUMBER;  count CODE;
     card NAME|TOTAL|FREE|LOAD|DEGREES|MILLIWATTS|MILLIJOULES|MAJOR.MINOR;   one for each card
     lost INDEX;                                                            it answers no more
     mig INDEX|NAME|TOTAL|FREE;        a part of a card, which is split then (TOTAL 0: no part)
     process INDEX|PID|BYTES;          BYTES below 0: the driver does not tell

   Compiled with -DANCIENT it lacks what drivers before 2017 lacked. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct { unsigned long long total, free, used; } memory_t;
typedef struct { unsigned int gpu, memory; } use_t;
typedef struct { unsigned int pid; unsigned long long bytes; unsigned int gi, ci; } process_t;
typedef struct {
  char name[96];
  unsigned long long total, free;
  long long load, degrees, milliwatts, millijoules;
  int major, minor;
} card_t;

enum { OK = 0, UNINITIALIZED = 1, INVALID = 2, UNSUPPORTED = 3, NOT_FOUND = 6, SMALL = 7, LOST = 15 };

static int opened = 0;

/* Statement number `n` (from 0) that begins with `word`: what follows it, or NULL. */
static const char *statement(const char *word, int n) {
  static char found[256];
  const char *at = getenv("FAKE_NVML");
  size_t length = strlen(word);
  while (at && *at) {
    while (*at == ' ' || *at == '\n') at++;
    const char *end = strchr(at, ';');
    if (!end) return NULL;
    if (!strncmp(at, word, length) && at[length] == ' ' && n-- == 0) {
      size_t rest = (size_t)(end - at) - length - 1;
      if (rest >= sizeof found) rest = sizeof found - 1;
      memcpy(found, at + length + 1, rest);
      found[rest] = 0;
      return found;
    }
    at = end + 1;
  }
  return NULL;
}

static int number(const char *word, int otherwise) {
  const char *text = statement(word, 0);
  return text ? atoi(text) : otherwise;
}

/* Handles: 1 + index for a card, 1000 + n for the n-th `mig` statement. */
static int is_lost(long index) {
  const char *text;
  for (int n = 0; (text = statement("lost", n)); n++)
    if (atol(text) == index) return 1;
  return 0;
}

static int part_of(long n, long *index, char name[96], unsigned long long *total,
                   unsigned long long *free_) {
  const char *text = statement("mig", (int)n);
  if (!text) return 0;
  return sscanf(text, "%ld|%95[^|]|%llu|%llu", index, name, total, free_) == 4;
}

static int look(void *handle, card_t *card) {
  if (!opened) return UNINITIALIZED;
  long number_ = (long)handle, index = number_ - 1;
  char name[96];
  unsigned long long total = 0, free_ = 0;
  int part = number_ >= 1000;
  if (part && !part_of(number_ - 1000, &index, name, &total, &free_)) return INVALID;
  if (is_lost(index)) return LOST;
  const char *text = statement("card", (int)index);
  if (!text) return INVALID;
  if (sscanf(text, "%95[^|]|%llu|%llu|%lld|%lld|%lld|%lld|%d.%d", card->name, &card->total,
             &card->free, &card->load, &card->degrees, &card->milliwatts, &card->millijoules,
             &card->major, &card->minor) != 9)
    return INVALID;
  if (part) {
    strcpy(card->name, name);
    card->total = total;
    card->free = free_;
    card->load = card->degrees = card->milliwatts = card->millijoules = -1;
  }
  return OK;
}

#define LOOK card_t card; int status = look(handle, &card); if (status) return status
#define TELL(value) if ((value) < 0) return UNSUPPORTED

#ifndef ANCIENT
int nvmlInitWithFlags(unsigned int flags) {
  (void)flags;
  int status = number("init", 0);
  if (!status) opened++;
  return status;
}
#endif
int nvmlShutdown(void) { if (!opened) return UNINITIALIZED; opened--; return OK; }
const char *nvmlErrorString(int code) { (void)code; return "Says the fake"; }

static int words(const char *text, char *out, unsigned int size) {
  if (strlen(text) >= size) return SMALL;
  strcpy(out, text);
  return OK;
}
int nvmlSystemGetDriverVersion(char *out, unsigned int size) {
  const char *text = statement("driver", 0);
  return text ? words(text, out, size) : UNSUPPORTED;
}
int nvmlSystemGetCudaDriverVersion_v2(int *out) {
  *out = number("cuda", -1);
  return *out < 0 ? UNSUPPORTED : OK;
}
int nvmlDeviceGetCount_v2(unsigned int *out) {
  int n = 0;
  if (!opened) return UNINITIALIZED;
  while (statement("card", n)) n++;
  *out = (unsigned int)n;
  return number("count", 0);
}
int nvmlDeviceGetHandleByIndex_v2(unsigned int index, void **out) {
  if (!statement("card", (int)index)) return INVALID;
  if (is_lost((long)index)) return LOST;
  *out = (void *)(long)(index + 1);
  return OK;
}
int nvmlDeviceGetName(void *handle, char *out, unsigned int size) {
  LOOK;
  return words(card.name, out, size);
}
int nvmlDeviceGetUUID(void *handle, char *out, unsigned int size) {
  LOOK;
  char name[32];
  snprintf(name, sizeof name, (long)handle >= 1000 ? "MIG-%ld" : "GPU-%ld", (long)handle % 1000);
  return words(name, out, size);
}
int nvmlDeviceGetMemoryInfo(void *handle, memory_t *out) {
  LOOK;
  out->total = card.total;
  out->free = card.free;
  out->used = card.total - card.free;
  return OK;
}
int nvmlDeviceGetUtilizationRates(void *handle, use_t *out) {
  LOOK;
  TELL(card.load);
  out->gpu = (unsigned int)card.load;
  out->memory = 0;
  return OK;
}
int nvmlDeviceGetTemperature(void *handle, int sensor, unsigned int *out) {
  LOOK;
  (void)sensor;
  TELL(card.degrees);
  *out = (unsigned int)card.degrees;
  return OK;
}
int nvmlDeviceGetPowerUsage(void *handle, unsigned int *out) {
  LOOK;
  TELL(card.milliwatts);
  *out = (unsigned int)card.milliwatts;
  return OK;
}
int nvmlDeviceGetTotalEnergyConsumption(void *handle, unsigned long long *out) {
  LOOK;
  TELL(card.millijoules);
  *out = (unsigned long long)card.millijoules;
  return OK;
}
int nvmlDeviceGetCudaComputeCapability(void *handle, int *major, int *minor) {
  LOOK;
  TELL(card.major);
  *major = card.major;
  *minor = card.minor;
  return OK;
}

/* Where the n-th part of a card stands among the `mig` statements; -1: there is none. */
static long place_of(long index, long wanted, int whole) {
  long of, n;
  char name[96];
  unsigned long long total, free_;
  for (n = 0; part_of(n, &of, name, &total, &free_); n++)
    if (of == index && (whole || total) && wanted-- == 0) return n;
  return -1;
}
int nvmlDeviceGetMigMode(void *handle, unsigned int *current, unsigned int *pending) {
  LOOK;
  *current = *pending = place_of((long)handle - 1, 0, 1) >= 0;
  return *current ? OK : UNSUPPORTED;
}
int nvmlDeviceGetMaxMigDeviceCount(void *handle, unsigned int *out) {
  LOOK;
  *out = 7;
  return OK;
}
int nvmlDeviceGetMigDeviceHandleByIndex(void *handle, unsigned int n, void **out) {
  LOOK;
  long place = place_of((long)handle - 1, (long)n, 0);
  if (place < 0) return NOT_FOUND;
  *out = (void *)(1000 + place);
  return OK;
}

static int processes(void *handle, unsigned int *count, process_t *out) {
  LOOK;
  unsigned int found = 0, room = *count;
  const char *text;
  for (int n = 0; (text = statement("process", n)); n++) {
    long index;
    unsigned int pid;
    long long bytes;
    if (sscanf(text, "%ld|%u|%lld", &index, &pid, &bytes) != 3 || index != (long)handle - 1)
      continue;
    if (out && found < room) {
      out[found].pid = pid;
      out[found].bytes = (unsigned long long)bytes; /* -1 is "not available" */
      out[found].gi = out[found].ci = 0xffffffffu;
    }
    found++;
  }
  *count = found;
  return found > room ? SMALL : OK;
}
int nvmlDeviceGetComputeRunningProcesses_v3(void *handle, unsigned int *count, process_t *out) {
  return processes(handle, count, out);
}
/* A card lists a process that draws and computes in both lists. */
int nvmlDeviceGetGraphicsRunningProcesses_v3(void *handle, unsigned int *count, process_t *out) {
  return processes(handle, count, out);
}
