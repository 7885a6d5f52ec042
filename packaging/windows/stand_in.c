/* Stands in for homebody.exe and homebody-window.exe where the app cannot be frozen for Windows: a
 * payload for the installer under wine (packaging/check/wine.py). It is in no release.
 *
 * Says what it is and, called with "wait", stays until its input ends. */
#include <stdio.h>
#include <string.h>

int main(int count, char **words) {
    puts("stand-in for homebody");
    fflush(stdout);
    if (count > 1 && strcmp(words[1], "wait") == 0)
        while (getchar() != EOF) {
        }
    return 0;
}
